"""Changes of shift: who hands over to whom, what is handed over, and who has confirmed."""

import asyncio
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from defacewatch.alerts import AlertKind, Notice
from defacewatch.errors import Conflict, NotFound
from defacewatch.handing import HandingOver
from defacewatch.handovers import CONFIRM_WITHIN, Handover, last_change
from defacewatch.notify import message
from defacewatch.notify.content import incident_code
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Absence, Rotation, Shift, Slot, Team
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import DEFACED, checked, registered

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SLOTS = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(14), time(22)), Slot("Ca 3", time(22), time(6)))
TEAMS = tuple(Team(f"kip-{n}", f"Kíp {n}", (f"an{n}",), (f"binh{n}",), "lead") for n in (1, 2, 3, 4))
OFFICERS = tuple(
    Officer(f"{name}{n}", f"{name} {n}", email="x@example.gov.vn")
    for n in (1, 2, 3, 4)
    for name in ("an", "binh")
)
LEAD = Officer("lead", "Lead", Duty.SHIFT_LEAD, email="lead@example.gov.vn")
ROSTER = Roster((*OFFICERS, LEAD), rotations=(Rotation(TEAMS, SLOTS, date(2026, 9, 1)),))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def at(clock: Clock, text: str) -> None:
    clock.forward(seconds=(local(text) - clock()).total_seconds())


def handing(store: Store, clock: Clock, roster: Roster = ROSTER) -> HandingOver:
    """As a process has it that has just started."""
    return HandingOver(store, lambda: roster, clock, lambda: {"coverage": "100.0%", "channels": "telegram"})


def test_a_change_of_shift_is_found_for_a_while_with_who_goes_and_who_comes() -> None:
    change = (local("2026-09-02T14:00"), ("an4", "binh4"), ("an1", "binh1"))
    assert last_change(ROSTER, local("2026-09-02T13:59")) is None
    for moment in ("2026-09-02T14:00", "2026-09-02T15:59"):
        assert last_change(ROSTER, local(moment)) == change
    assert last_change(ROSTER, local("2026-09-02T16:00")) is None


def test_leave_that_begins_within_a_shift_is_a_change_and_a_shift_that_goes_on_is_none() -> None:
    away = Absence("an1", local("2026-09-02T16:00"), local("2026-09-02T22:00"), "an3")
    roster = Roster(ROSTER.officers, rotations=ROSTER.rotations, absences=(away,))
    change = last_change(roster, local("2026-09-02T16:30"))
    assert change == (local("2026-09-02T16:00"), ("an1", "binh1"), ("an3", "binh1"))
    same = Shift(("an1",), time(6), time(14), days=frozenset(range(7)))
    after = Shift(("an1",), time(14), time(22), days=frozenset(range(7)))
    assert last_change(Roster(OFFICERS, (same, after)), local("2026-09-02T14:30")) is None


async def test_each_change_is_handed_over_once_also_over_restarts_and_by_two_processes(
    store: Store, clock: Clock
) -> None:
    at(clock, "2026-09-02T13:30")
    assert not await handing(store, clock).watch()
    clock.forward(minutes=31)
    both = await asyncio.gather(handing(store, clock).watch(), handing(store, clock).watch())
    assert sorted(both) == [False, True]
    assert not await handing(store, clock).watch()
    (handover,) = await store.handovers.last(5)
    assert (handover.outgoing, handover.incoming) == (("an4", "binh4"), ("an1", "binh1"))
    clock.forward(hours=8)
    assert await handing(store, clock).watch()
    assert [one.at for one in await store.handovers.last(5)] == [
        local("2026-09-02T22:00"),
        local("2026-09-02T14:00"),
    ]


async def test_what_is_left_is_counted_and_told_to_both_shifts(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T13:50")
    await checked(store, await registered(store), DEFACED, clock())
    (view,) = await store.incidents.list()
    clock.forward(minutes=10)
    await handing(store, clock).watch()
    alert = await store.alerts.last((AlertKind.HANDOVER,))
    assert alert is not None
    assert alert.facts["to"] == ["an4", "binh4", "an1", "binh1"]
    said = message.text(Notice(alert, "vi", "Asia/Ho_Chi_Minh"))
    for line in (
        "GIAO CA",
        "Giao: an 4, binh 4",
        "Nhận: an 1, binh 1",
        "Sự cố chưa đóng: 1",
        f"{incident_code(view.incident.id)}: ",
        "chưa ai tiếp nhận",
        "Cảnh báo từ lần giao ca trước: nghi tấn công 1",
        "kỳ: 100.0%",
        "Kênh không trả lời: telegram",
    ):
        assert line in said, line
    assert len(message.telegram_html(Notice(alert, "en", "Asia/Ho_Chi_Minh"))) < 2000


async def test_everybody_confirms_once_and_whoever_has_nothing_to_do_with_it_cannot(
    store: Store, clock: Clock
) -> None:
    at(clock, "2026-09-02T14:00")
    await handing(store, clock).watch()
    (handover,) = await store.handovers.last()
    confirm = store.handovers.confirm
    assert (await confirm(handover.id, officer="an4", via="telegram", now=clock())).missing == (
        "binh4",
        "an1",
        "binh1",
    )
    again = await confirm(handover.id, officer="an4", via="email", now=clock() + timedelta(minutes=1))
    assert again.confirmed["an4"].via == "telegram"
    with pytest.raises(Conflict, match="is between an4, binh4, an1, binh1"):
        await confirm(handover.id, officer="lead", via="cli", now=clock())
    with pytest.raises(NotFound):
        await confirm(99, officer="an4", via="cli", now=clock())


async def test_what_nobody_confirms_is_told_to_who_leads_once(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T14:00")
    await handing(store, clock).watch()
    (handover,) = await store.handovers.last()
    await store.handovers.confirm(handover.id, officer="an4", via="cli", now=clock())
    clock.forward(seconds=CONFIRM_WITHIN.total_seconds() - 1)
    assert not await handing(store, clock).watch()
    clock.forward(seconds=1)
    assert await handing(store, clock).watch()
    assert not await handing(store, clock).watch()
    alert = await store.alerts.last((AlertKind.HANDOVER_OPEN,))
    assert alert is not None
    assert (alert.facts["to"], alert.facts["missing"]) == (["lead"], "binh 4, an 1, binh 1")
    assert "Chưa xác nhận: binh 4, an 1, binh 1" in message.text(Notice(alert, "vi", "Asia/Ho_Chi_Minh"))


async def test_what_everybody_has_confirmed_is_not_told_on(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T14:00")
    await handing(store, clock).watch()
    (handover,) = await store.handovers.last()
    for officer in handover.people:
        await store.handovers.confirm(handover.id, officer=officer, via="cli", now=clock())
    clock.forward(hours=1)
    assert not await handing(store, clock).watch()
    assert (await store.handovers.get(handover.id)).missing == ()


def test_somebody_who_goes_and_comes_confirms_once() -> None:
    handover = Handover(local("2026-09-02T14:00"), ("an1", "binh1"), ("an3", "binh1"), {})
    assert handover.people == ("an1", "binh1", "an3")
