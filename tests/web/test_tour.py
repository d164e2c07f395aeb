"""The first steps: where somebody is follows from the store, and each step does what a command does."""

import json
import re
from hashlib import sha256

import pytest

from defacewatch.accounts import Role
from defacewatch.alerts import Wanted
from defacewatch.audit import Act
from defacewatch.captures import Capture
from defacewatch.errors import Conflict
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store, baselines, reviews
from defacewatch.store.lessons import NAMED
from defacewatch.store.rows import Columns, capture_of
from defacewatch.verdicts import VerdictKind
from defacewatch.web import tour
from tests.conftest import Clock
from tests.store.samples import NOW, captured, features, look, portal
from tests.store.statements import asked
from tests.web.conftest import Around, Client, send
from tests.web.people import log_in, person
from tests.web.seeds import screenshot
from tests.web.test_portals import admin, text
from tests.web.test_review import decide, form_of

__all__ = ["admin"]


def step(page: str) -> int:
    """The step at which a page says that somebody is."""
    steps = re.findall(r'<li class="(done|now|then)"', page)
    return steps.index("now") + 1 if "now" in steps else len(steps) + 1


async def proposed(store: Store, page: str, *, by: str = "an", attack: bool = False) -> str:
    kept = await store.checks.keep(
        page, look("a", NOW, screenshot=screenshot()), features("a"), attack=attack
    )
    return (await store.baselines.keep_capture(kept, proposed_by=by, profile=None, now=NOW)).id


async def test_the_wall_leads_an_administrator_and_nobody_else(client: Client, store: Store) -> None:
    await person(store, "an", Role.ADMIN)
    await person(store, "binh", Role.APPROVER)
    await log_in(client, "binh")
    assert "/tour" not in await text(client, "/")
    assert "An administrator does these steps" in await text(client, "/tour")
    await log_in(client, "an")
    wall = await text(client, "/")
    assert 'href="/tour"' in wall
    assert step(wall) == 1


async def test_from_the_first_portal_to_the_end(
    admin: Client, store: Store, around: Around, clock: Clock
) -> None:
    around.roster = Roster((Officer("an", "Nguyễn Văn An", email="an@example.gov.vn"),))
    assert step(await text(admin, "/tour")) == 1
    first = {"name": "Cổng a", "pages-0-url": "https://a.gov.vn/"}
    answer = await send(admin, "/register?then=tour", first, page="/tour")
    assert answer.headers["Location"] == "/tour"
    page = (await store.portals.get("a")).pages[0].id

    assert step(await text(admin, "/tour")) == 2
    assert (await send(admin, "/tour/learn", {}, page="/tour")).status == 303
    shown = await text(admin, "/tour")
    assert "0 of 3 captures" in shown
    assert 'http-equiv="refresh"' in shown
    assert 'data-every="3"' in shown
    lesson = await store.lessons.claim(clock())
    assert lesson is not None
    await store.lessons.took(lesson, 2, now=clock())
    assert "2 of 3 captures" in await text(admin, "/tour")
    capture = await proposed(store, page)
    await store.lessons.end(lesson, now=clock(), capture=capture, verdict=VerdictKind.LEARNING)

    assert step(await text(admin, "/tour")) == 3
    way = f"/baselines/{capture}?then=tour"
    assert f'href="{way}&amp;' in await text(admin, "/tour")
    form = form_of(await text(admin, way))
    status, to = await decide(admin, capture, form=form, why="đăng ký lần đầu")
    assert (status, to) == (303, "/tour")
    assert await store.baselines.is_approved(capture)

    assert step(await text(admin, "/tour")) == 4
    assert (await send(admin, "/tour/test", {"to": "an"}, page="/tour")).status == 303
    assert "On its way" in await text(admin, "/tour")
    again = await send(admin, "/tour/test", {"to": "an"}, page="/tour")
    assert again.status == 409
    assert "less than a minute ago" in await again.text()
    with pytest.raises(Conflict):
        await store.channel_tests.ask("an", None, by="x", via="test", now=clock())
    alert = await store.alerts.claim(clock())
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=clock())
    delivery = await store.alerts.claim_delivery("email", now=clock())
    assert delivery is not None
    await store.alerts.failed(delivery.id, "550 unknown", next_at=None, now=clock())
    assert "550 unknown" in await text(admin, "/tour")
    assert step(await text(admin, "/tour")) == 4
    await store.alerts.sent(delivery.id, "250 ok", now=clock())
    assert step(await text(admin, "/tour")) == 5
    assert "/tour" not in await text(admin, "/")
    found = [entry.act for entry in await store.audit.list(limit=20)]
    assert {Act.PORTALS_IMPORTED, Act.LEARNING_ASKED, Act.APPROVED, Act.TEST_SENT} <= set(found)


async def test_what_needs_more_than_a_glance_is_not_approved_from_here(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a"), portal("b", critical=True)], now=NOW)
    attacked, own = [
        await proposed(store, (await store.portals.get(key)).pages[0].id, attack=key == "a") for key in "ab"
    ]
    shown = await text(admin, "/tour")
    assert "There is evidence of attack" in shown
    assert "A second person has to." in shown
    assert f"/baselines/{attacked}" not in shown
    assert f"/baselines/{own}" not in shown
    answer = await send(admin, "/tour/approve", {"capture": own, "reason": "x"}, page="/tour")
    assert answer.status in (403, 404)
    assert not await store.baselines.is_approved(own)


@pytest.mark.parametrize("to", ["", "nobody"])
async def test_a_test_for_nobody_is_refused(admin: Client, store: Store, to: str) -> None:
    page = (await store.portals.import_([portal("a")], now=NOW)).added[0]
    one = (await store.portals.get(page)).pages[0].id
    first = await captured(store, one, at=NOW)
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    assert (await send(admin, "/tour/test", {"to": to}, page="/portals")).status == 409
    assert await store.trials.last() is None


async def test_of_many_proposals_the_tour_and_the_wall_read_a_few(
    admin: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"tinh{number}" for number in range(tour.SHOWN + 5)]
    await store.portals.import_([portal(key) for key in keys], now=NOW)
    for key in keys:
        await proposed(store, (await store.portals.get(key)).pages[0].id)
    read: list[str] = []

    def noting(row: Columns) -> Capture:
        read.append(row["id"])
        return capture_of(row)

    for module in (baselines, reviews):
        monkeypatch.setattr(module, "capture_of", noting)
    assert step(await text(admin, "/tour")) == 3
    assert len(read) == tour.SHOWN
    read.clear()
    assert step(await text(admin, "/")) == 3
    assert len(read) == 1


async def test_of_many_lessons_the_tour_reads_those_that_it_shows_and_whether_any_is_under_way(
    admin: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour, "SHOWN", 2)
    await store.portals.import_([portal(key) for key in "abcde"], now=NOW)
    assert (await send(admin, "/tour/learn", {}, page="/tour")).status == 303
    with asked(store) as seen:
        page = await text(admin, "/tour")
    assert page.count("<progress") == 2
    assert "and 3 more" in page
    assert "Under way. This page loads itself again." in page
    (named,) = [seen[statement] for statement in seen if "max(lessons.id)" in statement]
    assert len(named) == 2
    while (lesson := await store.lessons.claim(NOW)) is not None:
        if lesson.page.startswith("e-"):
            break
        assert await store.lessons.end(lesson, now=NOW, error="x")
    assert "Under way." in await text(admin, "/tour")  # the last of them, which is not shown
    assert lesson is not None
    assert await store.lessons.end(lesson, now=NOW, error="x")
    assert "Under way." not in await text(admin, "/tour")


async def test_learning_all_leaves_out_what_is_paused_and_is_one_short_entry_in_the_audit_log(
    admin: Client, store: Store
) -> None:
    keys = [f"tinh{number:02}" for number in range(NAMED + 5)]
    await store.portals.import_([portal(key) for key in keys], now=NOW)
    ids = sorted([(await store.portals.get(key)).pages[0].id for key in keys[1:]])
    await store.portals.pause(keys[0], by="an", now=NOW, via="console", reason="x")
    assert (await send(admin, "/tour/learn", {}, page="/tour")).status == 303
    assert sorted(await store.lessons.latest()) == ids
    (entry,) = await store.audit.list(limit=1)
    assert entry.act == Act.LEARNING_ASKED
    digest = sha256("\n".join(ids).encode()).hexdigest()
    assert json.loads(entry.after) == {"count": len(ids), "digest": digest, "pages": ids[:NAMED]}
