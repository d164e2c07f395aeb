"""The roster in the console: the calendar, leave and swaps, and who may enter what."""

from datetime import UTC, datetime

import pytest

from defacewatch.accounts import Role
from defacewatch.audit import Act
from defacewatch.calling import Sending
from defacewatch.shifts import Absence
from defacewatch.store import Store
from tests.conftest import Clock
from tests.web.conftest import Around, Client, Serve, send
from tests.web.desks import ROSTER, local, shown, signed_in_as

PAGE = "/duty/roster"
LEAVE = {"officer": "an", "from": "2026-09-06T00:00", "to": "2026-09-07T00:00", "reason": "nghỉ phép"}
SWAP = {"officer": "an", "at": "2026-09-02T15:00", "instead": "cuc", "reason": "đi khám"}


@pytest.fixture
async def client(serve: Serve, around: Around, clock: Clock) -> Client:
    around.roster = ROSTER
    clock.now = local("2026-09-02T10:00")
    return await serve(sending=lambda: Sending(("email",)))


async def test_month_and_week_show_each_turn_on_the_day_on_which_it_begins(
    client: Client, store: Store
) -> None:
    await signed_in_as(client, store, "an")
    month = await shown(client, f"{PAGE}?month=2026-09")
    assert month.count('<li class="day') == 35
    week = await shown(client, f"{PAGE}?week=2026-09-02")
    assert week.count('<li class="day') == 7
    day = week.split('datetime="2026-09-02"')[1].split("</ul>")[0]
    assert [day.index(f"<b>{name}</b>") for name in ("Dung", "An", "Binh")] == sorted(
        day.index(f"<b>{name}</b>") for name in ("Dung", "An", "Binh")
    )
    assert "22:00–06:00" in day
    assert ' own"' in day
    for odd in ("month=x", "week=2026-99-99", "month=9999-01", "week=0001-01-01"):
        assert (await client.get(f"{PAGE}?{odd}")).status == 200


async def test_an_officer_enters_leave_of_their_own_and_takes_it_back(client: Client, store: Store) -> None:
    await signed_in_as(client, store, "an")
    assert (await send(client, "/duty/leave", LEAVE, page=PAGE)).status == 303
    (entered,) = await store.absences.every()
    assert (entered.absence.officer, entered.by, entered.absence.reason) == ("an", "an", "nghỉ phép")
    assert entered.absence.start.astimezone(UTC) == datetime(2026, 9, 5, 17, tzinfo=UTC)
    text = await shown(client, f"{PAGE}?week=2026-09-06")
    assert "away: An" in text
    assert "nobody is on duty" in text
    assert (await send(client, "/duty/absences/1/withdraw", {}, page=PAGE)).status == 303
    assert await store.absences.standing() == ()
    assert "nghỉ phép" in await shown(client, PAGE)  # in the history
    acts = [entry.act for entry in await store.audit.list(limit=2)]
    assert acts == [Act.ABSENCE_WITHDRAWN, Act.ABSENCE_ENTERED]
    again = await send(client, "/duty/absences/1/withdraw", {}, page=PAGE)
    assert again.status == 422


async def test_an_officer_takes_nobody_else_off_duty_and_takes_nothing_of_others_back(
    client: Client, store: Store, clock: Clock
) -> None:
    await store.absences.add([Absence("binh", clock(), local("2026-09-09T00:00"))], by="lan", now=clock())
    await signed_in_as(client, store, "cuc")
    refused = [
        await send(client, "/duty/leave", LEAVE, page=PAGE),
        await send(client, "/duty/swap", SWAP, page=PAGE),
        await send(client, "/duty/absences/1/withdraw", {}, page=PAGE),
    ]
    assert [answer.status for answer in refused] == [403] * 3
    assert len(await store.absences.standing()) == 1


async def test_an_officer_gives_a_turn_away_and_only_a_lead_gives_another_for_it(
    client: Client, serve: Serve, store: Store
) -> None:
    both = SWAP | {"back": "2026-09-04T15:00"}
    await signed_in_as(client, store, "an")
    assert (await send(client, "/duty/swap", both, page=PAGE)).status == 403
    assert (await send(client, "/duty/swap", SWAP, page=PAGE)).status == 303
    lead = await serve(sending=lambda: Sending(("email",)))
    await signed_in_as(lead, store, "lan")
    assert (await send(lead, "/duty/absences/1/withdraw", {}, page=PAGE)).status == 303
    assert (await send(lead, "/duty/swap", both, page=PAGE)).status == 303
    given, taken = await store.absences.standing()
    assert (given.officer, given.instead, given.start) == ("an", "cuc", local("2026-09-02T14:00"))
    assert (taken.officer, taken.instead, taken.start) == ("cuc", "an", local("2026-09-04T14:00"))
    assert (await send(client, "/duty/absences/2/withdraw", {}, page=PAGE)).status == 303
    assert await store.absences.standing() == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": " "}, "Say why"),
        ({"to": "2026-09-05T00:00"}, "leave ends after it begins"),
        ({"from": ""}, "both times are needed"),
        ({"instead": "an"}, "An cannot stand in for themselves"),
        ({"instead": "x"}, "no officer"),
    ],
)
async def test_what_cannot_be_is_said_and_what_was_written_is_kept(
    client: Client, store: Store, wrong: dict[str, str], said: str
) -> None:
    await signed_in_as(client, store, "lan", Role.ADMIN)
    answer = await send(client, "/duty/leave", LEAVE | wrong, page=PAGE)
    assert answer.status == 422
    text = await answer.text()
    assert said in text
    assert 'href="/duty/roster?lang=vi"' in text  # a page that can be asked for, whatever form was sent
    assert await store.absences.every() == ()


async def test_whoever_is_on_duty_then_cannot_stand_in(client: Client, store: Store) -> None:
    await signed_in_as(client, store, "lan", Role.ADMIN)
    whole = LEAVE | {"from": "2026-09-01T00:00", "to": "2026-09-05T00:00", "instead": "binh"}
    await store.absences.add(
        [Absence("binh", local("2026-09-02T14:00"), local("2026-09-02T22:00"))],
        by="lan",
        now=local("2026-09-01T00:00"),
    )
    answer = await send(client, "/duty/leave", whole, page=PAGE)
    assert answer.status == 422
    assert "Binh is away at 2026-09-02 14:00" in await answer.text()
    vi = await client.post(
        "/duty/leave?lang=vi", data=whole | {"csrf": await _csrf(client)}, allow_redirects=False
    )
    assert "Binh vắng lúc 2026-09-02 14:00" in await vi.text()


async def _csrf(client: Client) -> str:
    text = await shown(client, PAGE)
    return text.split('name="csrf" value="')[1][:40]


async def test_the_address_of_ones_own_calendar_is_shown_once_and_can_be_renewed(
    client: Client, store: Store
) -> None:
    await signed_in_as(client, store, "an")
    first = await (await send(client, "/duty/calendar-link", {}, page=PAGE)).text()
    url = first.split('<p class="secret">')[1].split("</p>")[0]
    path = url.removeprefix("http://127.0.0.1:8080")
    assert (await client.get(path)).status == 200
    await send(client, "/duty/calendar-link", {"renew": "1"}, page=PAGE)
    assert (await client.get(path)).status == 404
    acts = [entry.act for entry in await store.audit.list(limit=2)]
    assert acts == [Act.ADDRESS_RENEWED, Act.ADDRESS_GIVEN]


async def test_without_an_officer_of_the_roster_nothing_of_ones_own_can_be_done(
    client: Client, store: Store
) -> None:
    await signed_in_as(client, store, "xa", officer=False)
    assert "not linked with an officer" in await shown(client, PAGE)
    assert (await send(client, "/duty/calendar-link", {}, page=PAGE)).status == 422
