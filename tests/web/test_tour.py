"""The first steps: where somebody is follows from the store, and each step does what a command does."""

import re

import pytest

from defacewatch.accounts import Role
from defacewatch.alerts import Wanted
from defacewatch.audit import Act
from defacewatch.errors import Conflict
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.conftest import Clock
from tests.store.samples import NOW, captured, features, look, portal
from tests.web.conftest import Around, Client, send
from tests.web.people import log_in, person
from tests.web.seeds import screenshot
from tests.web.test_portals import admin, text

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
    await store.lessons.took(lesson.id, 2, now=clock())
    assert "2 of 3 captures" in await text(admin, "/tour")
    capture = await proposed(store, page)
    await store.lessons.end(lesson.id, now=clock(), capture=capture, verdict=VerdictKind.LEARNING)

    assert step(await text(admin, "/tour")) == 3
    assert (await send(admin, "/tour/approve", {"capture": capture}, page="/tour")).status == 409
    yes = {"capture": capture, "reason": "đăng ký lần đầu"}
    assert (await send(admin, "/tour/approve", yes, page="/tour")).status == 303
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


async def test_a_look_with_evidence_of_attack_is_not_approved_in_passing(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    page = (await store.portals.get("a")).pages[0].id
    capture = await proposed(store, page, attack=True)
    assert "There is evidence of attack" in await text(admin, "/tour")
    answer = await send(admin, "/tour/approve", {"capture": capture, "reason": "x"}, page="/tour")
    assert answer.status == 409
    assert not await store.baselines.is_approved(capture)


async def test_who_proposed_it_does_not_approve_a_critical_page(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a", critical=True)], now=NOW)
    page = (await store.portals.get("a")).pages[0].id
    capture = await proposed(store, page)
    assert "A second person has to." in await text(admin, "/tour")
    answer = await send(admin, "/tour/approve", {"capture": capture, "reason": "x"}, page="/tour")
    assert answer.status == 409
    await person(store, "binh", Role.APPROVER)
    await log_in(admin, "binh")
    answer = await send(admin, "/tour/approve", {"capture": capture, "reason": "x"}, page="/tour")
    assert answer.status == 303


async def test_a_page_with_a_baseline_is_not_approved_here_again(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a"), portal("b")], now=NOW)
    page = (await store.portals.get("a")).pages[0].id
    first = await captured(store, page, at=NOW)
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    other = await proposed(store, page)
    answer = await send(admin, "/tour/approve", {"capture": other, "reason": "x"}, page="/tour")
    assert answer.status == 409


@pytest.mark.parametrize("to", ["", "nobody"])
async def test_a_test_for_nobody_is_refused(admin: Client, store: Store, to: str) -> None:
    page = (await store.portals.import_([portal("a")], now=NOW)).added[0]
    one = (await store.portals.get(page)).pages[0].id
    first = await captured(store, one, at=NOW)
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    assert (await send(admin, "/tour/test", {"to": to}, page="/portals")).status == 409
    assert await store.trials.last() is None
