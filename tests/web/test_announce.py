"""An agency announces an update by its link."""

from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.alerts import AlertKind
from defacewatch.audit import Act
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.store.windows import BY_LINK
from defacewatch.web.access import FAILURES
from defacewatch.web.announce import announce_url, link_name
from tests.conftest import Clock
from tests.web.conftest import Around, Client, Serve
from tests.web.people import log_in, person
from tests.web.seeds import NOW, registered

KEY = b"k" * 32
GIVEN = {
    "from": "2026-09-02T20:00",
    "to": "2026-09-02T23:00",
    "by": "Lê Văn Tám",
    "reason": "Nâng cấp",
    "contact": "0900",
}


def path(portal: str = "hungyen", issue: int = 0, key: bytes = KEY) -> str:
    return announce_url("", key, portal, issue)


@pytest.fixture
async def client(serve: Serve, store: Store, clock: Clock) -> Client:
    await registered(store)
    clock.forward(seconds=(NOW - clock()).total_seconds())
    return await serve()


async def test_the_form_proposes_times_and_announces_nothing_yet(client: Client, store: Store) -> None:
    answer = await client.get(path())
    assert answer.status == 200
    text = await answer.text()
    assert 'type="datetime-local"' in text
    assert await store.windows.every() == ()


async def test_what_is_sent_is_announced_in_local_time_and_told(client: Client, store: Store) -> None:
    answer = await client.post(path(), data=GIVEN)
    assert answer.status == 200
    assert "Announced, thank you." in await answer.text()
    (entered,) = await store.windows.every()
    window = entered.window
    assert (window.by, window.reason, window.contact, window.via) == (
        "Lê Văn Tám",
        "Nâng cấp",
        "0900",
        "link",
    )
    assert f"{window.start:%H:%M %z}" == "13:00 +0000"
    assert window.end - window.start == timedelta(hours=3)
    assert await store.alerts.last((AlertKind.ANNOUNCED,)) is not None


@pytest.mark.parametrize(
    "wrong",
    [{"to": "2026-09-02T19:00"}, {"from": "soon"}, {"by": ""}, {"reason": " "}, {"to": "2026-09-12T19:00"}],
)
async def test_what_cannot_be_is_said_and_what_was_written_is_kept(
    client: Client, store: Store, wrong: dict[str, str]
) -> None:
    answer = await client.post(path(), data=GIVEN | wrong)
    assert answer.status == 422
    text = await answer.text()
    assert "Please check the times and what you wrote" in text
    assert "0900" in text
    assert await store.windows.every() == ()


async def test_forged_renewed_and_foreign_posts_are_refused(client: Client, store: Store) -> None:
    assert (await client.post(path(key=b"x" * 32), data=GIVEN)).status == 404
    assert (await client.post(path("other"), data=GIVEN)).status == 404
    assert (await client.post(path(), data=GIVEN, headers={"Sec-Fetch-Site": "cross-site"})).status == 403
    assert await store.links.renew(link_name("hungyen")) == 1
    assert (await client.post(path(), data=GIVEN)).status == 404
    assert (await client.get(path(issue=1))).status == 200
    for _ in range(FAILURES):
        last = await client.get(path(key=b"x" * 32))
    assert last.status == 429
    assert await store.windows.every() == ()


async def test_what_was_written_is_shown_as_text(client: Client) -> None:
    answer = await client.post(
        path(), data=GIVEN | {"reason": "<script>x</script>", "to": "2026-09-02T19:00"}
    )
    text = await answer.text()
    assert "<script>x" not in text
    assert "&lt;script&gt;" in text


async def test_whoever_has_the_link_speaks_as_no_officer_and_is_written_down_as_the_link(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = Roster((Officer("an", "Nguyễn Văn An", email="an@example.gov.vn"),))
    assert (await client.post(path(), data=GIVEN | {"by": "an"})).status == 200
    entry = (await store.audit.list(limit=1))[0]
    assert (entry.act, entry.who) == (Act.ANNOUNCED, "link:hungyen")
    alert = await store.alerts.last((AlertKind.ANNOUNCED,))
    assert alert is not None
    assert alert.facts["via"] == "link"
    await person(store, "binh", officer="an")
    assert (await log_in(client, "binh")).status == 303
    text = await (await client.get("/duty/windows")).text()
    assert "“an” (by the agency’s link)" in text
    assert "announced by Nguyễn Văn An" not in text


async def test_a_few_a_day_are_announced_by_a_link_and_those_on_duty_have_their_places(
    client: Client, store: Store, clock: Clock
) -> None:
    for _ in range(BY_LINK):
        assert (await client.post(path(), data=GIVEN)).status == 200
    refused = await client.post(path(), data=GIVEN)
    assert refused.status == 422
    assert "Call those on duty" in await refused.text()
    entered = (await store.windows.every())[0].window
    await store.windows.announce(replace(entered, by="an", via="console"), now=clock())
    clock.forward(days=1)
    later = {"from": "2026-09-04T20:00", "to": "2026-09-04T23:00"}
    assert (await client.post(path(), data=GIVEN | later)).status == 200
