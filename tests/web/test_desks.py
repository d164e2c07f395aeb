"""Handovers, maintenance windows and channel tests in the console."""

from dataclasses import replace

import pytest

from defacewatch.accounts import Role
from defacewatch.alerts import AlertKind
from defacewatch.audit import Act
from defacewatch.calling import Sending
from defacewatch.handovers import Handover
from defacewatch.shifttests import ShiftTest
from defacewatch.store import Store
from defacewatch.web import maintenance
from tests.conftest import Clock
from tests.web.conftest import Around, Client, Serve, send
from tests.web.desks import ROSTER, local, shown, signed_in_as
from tests.web.seeds import HOSTILE, registered

WINDOWS, CHANNELS, HANDOVERS = "/duty/windows", "/duty/channels", "/duty/handovers"
NEW = {"portal": "hungyen", "from": "2026-09-02T15:00", "to": "2026-09-02T18:00", "reason": "Nâng cấp"}


@pytest.fixture
async def client(serve: Serve, around: Around, clock: Clock) -> Client:
    around.roster = ROSTER
    clock.now = local("2026-09-02T14:05")
    return await serve(sending=lambda: Sending(("email",)))


async def handed_over(store: Store, **summary: object) -> int:
    at = local("2026-09-02T14:00")
    there = Handover(at, ("dung",), ("an",), summary)
    number = await store.handovers.begin(there, now=at, tests=(("an", "email"),))
    assert number is not None
    return number


async def test_whoever_comes_reads_the_handover_and_confirms_it(client: Client, store: Store) -> None:
    incidents = [{"code": "SC-000001", "portal": HOSTILE, "verdict": "defaced", "by": None}]
    number = await handed_over(store, unresolved=1, incidents=incidents, alerts={"defaced": 2, "x": 1})
    await signed_in_as(client, store, "an")
    text = await shown(client, HANDOVERS)
    assert "SC-000001" in text
    assert "suspected defacement attack: 2" in text
    assert "<img src=x" not in text
    assert (await send(client, f"{HANDOVERS}/{number}/confirm", {}, page=HANDOVERS)).status == 303
    done = await store.handovers.get(number)
    assert done.missing == ("dung",)
    assert done.confirmed["an"].via == "console"
    assert "in the console" in await shown(client, f"{HANDOVERS}?id={number}")
    record = await client.get(f"{HANDOVERS}/{number}/record.docx")
    assert (await record.read())[:2] == b"PK"


async def test_others_confirm_nothing(client: Client, store: Store) -> None:
    number = await handed_over(store)
    await signed_in_as(client, store, "lan", Role.ADMIN)
    assert "confirm the handover" not in await shown(client, HANDOVERS)
    answer = await send(client, f"{HANDOVERS}/{number}/confirm", {}, page=HANDOVERS)
    assert answer.status == 422
    assert (await store.handovers.get(number)).missing == ("dung", "an")


async def test_a_window_is_announced_told_and_ended(client: Client, store: Store, clock: Clock) -> None:
    await registered(store)
    await signed_in_as(client, store, "an")
    assert (await send(client, WINDOWS, NEW, page=WINDOWS)).status == 303
    (entered,) = await store.windows.every()
    assert (entered.window.by, entered.window.via, entered.window.end) == (
        "an",
        "console",
        local("2026-09-02T18:00"),
    )
    assert await store.alerts.last((AlertKind.ANNOUNCED,)) is not None
    assert "Call it off" in await shown(client, WINDOWS)
    preview = "/duty/preview?at=2026-09-02T16:00&portal=hungyen&kind="
    assert "this would wake nobody" in await shown(client, preview + "changed")
    assert "this would wake nobody" not in await shown(client, preview + "defaced")
    clock.forward(minutes=56)
    assert "End it now" in await shown(client, WINDOWS)
    assert (await send(client, f"{WINDOWS}/1/end", {}, page=WINDOWS)).status == 303
    assert "ended early" in await shown(client, WINDOWS)
    assert [e.act for e in await store.audit.list(limit=2)] == [Act.CALLED_OFF, Act.ANNOUNCED]


async def test_of_many_windows_the_first_are_listed_and_the_others_counted(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "AHEAD", 1)
    await registered(store)
    await signed_in_as(client, store, "an")
    for _ in range(3):
        assert (await send(client, WINDOWS, NEW, page=WINDOWS)).status == 303
    page = await shown(client, WINDOWS)
    assert page.count("Call it off") == 1
    assert "and 2 more" in page


@pytest.mark.parametrize(
    "wrong", [{"portal": "x"}, {"to": "2026-09-02T14:30"}, {"reason": ""}, {"from": "soon"}]
)
async def test_a_window_that_cannot_be_is_refused(
    client: Client, store: Store, wrong: dict[str, str]
) -> None:
    await registered(store)
    await signed_in_as(client, store, "an")
    answer = await send(client, WINDOWS, NEW | wrong, page=WINDOWS)
    assert answer.status == 422
    assert 'role="alert"' in await answer.text()
    assert await store.windows.every() == ()


async def test_a_lead_shows_renews_and_revokes_the_link_of_an_agency_and_others_do_not(
    client: Client, serve: Serve, store: Store
) -> None:
    await registered(store)
    await signed_in_as(client, store, "an")
    form = {"portal": "hungyen"}
    assert (await send(client, "/duty/announce-link", form, page=WINDOWS)).status == 403
    lead = await serve()
    await signed_in_as(lead, store, "lan")
    first = await (await send(lead, "/duty/announce-link", form, page=WINDOWS)).text()
    path = first.split('<p class="secret">http://127.0.0.1:8080')[1].split("</p>")[0]
    assert (await client.get(path)).status == 200
    revoked = await send(lead, "/duty/announce-link", form | {"revoke": "1"}, page=WINDOWS)
    assert 'class="secret"' not in await revoked.text()
    assert (await client.get(path)).status == 404


async def test_a_test_is_sent_to_oneself_once_a_minute_and_its_receipt_is_shown(
    client: Client, store: Store, clock: Clock
) -> None:
    await signed_in_as(client, store, "an")
    form = {"officer": "an", "channel": "email"}
    assert (await send(client, f"{CHANNELS}/test", form, page=CHANNELS)).status == 303
    alert = await store.alerts.last((AlertKind.TEST,))
    assert alert is not None
    assert (alert.officer, alert.facts) == ("an", {"by": "an", "channel": "email"})
    again = await send(client, f"{CHANNELS}/test", form, page=CHANNELS)
    assert again.status == 422
    assert "An was sent a test less than a minute ago" in await again.text()
    clock.forward(seconds=61)
    assert (await send(client, f"{CHANNELS}/test", form, page=CHANNELS)).status == 303
    entry, *_ = await store.audit.list(limit=1)
    assert (entry.act, entry.who, entry.object) == (Act.CHANNEL_TESTED, "an", "officer an")


async def test_a_test_of_others_is_for_those_who_arrange(client: Client, store: Store) -> None:
    await signed_in_as(client, store, "an")
    assert (await send(client, f"{CHANNELS}/test", {"officer": "cuc"}, page=CHANNELS)).status == 403
    off = {"officer": "an", "channel": "telegram"}
    answer = await send(client, f"{CHANNELS}/test", off, page=CHANNELS)
    assert "no channel that is on reaches An" in await answer.text()
    assert await store.alerts.last((AlertKind.TEST,)) is None


async def test_an_officer_says_that_the_test_of_the_shift_has_arrived(client: Client, store: Store) -> None:
    await handed_over(store)
    await signed_in_as(client, store, "an")
    assert "waits for the answer" in await shown(client, CHANNELS)
    form = {"channel": "email"}
    assert (await send(client, f"{CHANNELS}/received", form, page=CHANNELS)).status == 303
    (test,) = await store.channel_tests.last()
    assert test.via == "console"
    assert [e.act for e in await store.audit.list(limit=1)] == [Act.CHANNEL_RECEIVED]
    unknown = await send(client, f"{CHANNELS}/received", {"channel": "x"}, page=CHANNELS)
    assert unknown.status == 422


async def test_old_tests_are_shown_as_old_where_they_are_turned_off(
    client: Client, store: Store, around: Around, clock: Clock
) -> None:
    await handed_over(store)
    clock.forward(hours=1)
    await signed_in_as(client, store, "an")
    assert "Channels that this shift has proved" in await shown(client, "/")
    around.roster = replace(ROSTER, shift_test=ShiftTest(enabled=False))
    clock.forward(seconds=10)
    assert "Channels that this shift has proved" not in await shown(client, "/")
    assert "what is shown of them is old" in await shown(client, CHANNELS)
