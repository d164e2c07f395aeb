"""Changes of shift: who hands over to whom, what is handed over, and who has confirmed."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from defacewatch.alerts import AlertKind, Delivery, DeliveryState, Notice, Wanted, takes
from defacewatch.calling import Sending
from defacewatch.errors import Conflict, NotFound
from defacewatch.handing import HandingOver
from defacewatch.handovers import CONFIRM_WITHIN, Handover, last_change
from defacewatch.incidents import Resolution
from defacewatch.notify import message
from defacewatch.notify.content import incident_code
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Absence, Rotation, Shift, Slot, Team
from defacewatch.shifttests import ShiftTest
from defacewatch.store import Store
from defacewatch.telling import first_wanted
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


async def test_a_drill_is_not_handed_over(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T13:50")
    page = await registered(store)
    drill = await store.portals.drill_page(page.rpartition("-")[0], now=clock())
    await checked(store, drill.id, DEFACED, clock())
    clock.forward(minutes=10)
    await handing(store, clock).watch()
    (handover,) = await store.handovers.last()
    summary = handover.summary
    assert (summary["unresolved"], summary["incidents"], summary["alerts"]) == (0, [], {})


async def test_what_is_left_is_counted_and_told_to_both_shifts(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T13:50")
    await checked(store, await registered(store), DEFACED, clock())
    (view,) = await store.incidents.list()
    other = await registered(store, "b")
    await checked(store, other, DEFACED, clock())
    (muted,) = await store.incidents.list(page=other)
    await store.incidents.resolve(
        muted.incident.id, as_=Resolution.FALSE_ALARM, by="an4", now=clock(), via="cli"
    )
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
        "Trang có phần được bỏ qua (báo nhầm, vùng bỏ qua): 1",
        f"{incident_code(view.incident.id)}: ",
        "chưa ai tiếp nhận",
        "Cảnh báo từ lần giao ca trước: nghi tấn công 2",
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


async def changed(store: Store, clock: Clock, roster: Roster = ROSTER) -> HandingOver:
    """A change of shift at 14:00, with Telegram and e-mail on; an1 and binh1 come."""
    at(clock, "2026-09-02T14:00")
    handing = HandingOver(
        store, lambda: roster, clock, sending=lambda: Sending(("telegram", "email", "webhook:siem"))
    )
    assert await handing.watch()
    return handing


TWO = Roster(
    (*(replace(one, telegram_user=n) for n, one in enumerate(OFFICERS, 1)), LEAD), rotations=ROSTER.rotations
)


async def test_the_message_of_a_handover_tests_each_channel_of_those_who_come(
    store: Store, clock: Clock
) -> None:
    await changed(store, clock, TWO)
    found = [(test.officer, test.channel) for test in await store.channel_tests.last()]
    assert found == [("an1", "telegram"), ("an1", "email"), ("binh1", "telegram"), ("binh1", "email")]
    alert = await store.alerts.last((AlertKind.HANDOVER,))
    assert alert is not None
    for officer, channel, is_test in (("an1", "email", True), ("an4", "email", False), ("an1", "x", False)):
        sent = Delivery(1, alert.id, channel, officer, DeliveryState.SENDING, 1, 0, clock(), None)
        said = message.text(Notice(alert, "vi", "Asia/Ho_Chi_Minh", delivery=sent))
        assert ("Tin này dùng để thử kênh" in said) is is_test


async def test_channels_that_nobody_answers_are_named_with_the_handover_that_nobody_confirms(
    store: Store, clock: Clock
) -> None:
    handing = await changed(store, clock)
    (handover,) = await store.handovers.last()
    for officer in ("an4", "binh4", "an1"):
        channel = "email" if officer == "an1" else None
        await store.handovers.confirm(handover.id, officer=officer, via="email", now=clock(), channel=channel)
    clock.forward(minutes=15)
    assert await handing.watch()
    assert not await handing.watch()
    alert = await store.alerts.last((AlertKind.HANDOVER_OPEN,))
    assert alert is not None
    assert alert.facts["unproved"] == [{"officer": "binh 1", "channel": "email", "error": None}]
    assert "Kênh chưa xác nhận: binh 1 – email: chưa trả lời" in message.text(
        Notice(alert, "vi", "Asia/Ho_Chi_Minh")
    )
    assert await store.alerts.last((AlertKind.CHANNEL_UNPROVED,)) is None


async def test_a_second_channel_that_is_not_answered_is_told_though_the_handover_is_confirmed(
    store: Store, clock: Clock
) -> None:
    handing = await changed(store, clock, TWO)
    (handover,) = await store.handovers.last()
    for officer in handover.people:
        await store.handovers.confirm(
            handover.id, officer=officer, via="telegram", now=clock(), channel="telegram"
        )
    clock.forward(minutes=14, seconds=59)
    assert not await handing.watch()
    clock.forward(seconds=1)
    assert await handing.watch()
    assert not await handing.watch()
    alert = await store.alerts.last((AlertKind.CHANNEL_UNPROVED,))
    assert alert is not None
    assert alert.facts["to"] == ["lead"]
    said = message.text(Notice(alert, "en", "Asia/Ho_Chi_Minh"))
    for line in ("an 1 – email: not answered", "binh 1 – email: not answered", "`defacewatch alert tests`"):
        assert line in said, line
    assert "telegram" not in said


async def test_a_test_that_cannot_be_delivered_is_told_at_once_on_what_works(
    store: Store, clock: Clock
) -> None:
    handing = await changed(store, clock, TWO)
    handover = await store.alerts.claim(clock())
    assert handover is not None
    await store.alerts.expand(handover.id, [Wanted("email", "an1")], step=1, next_step_at=None, now=clock())
    mailed = await store.alerts.claim_delivery("email", now=clock())
    assert mailed is not None
    await store.alerts.failed(mailed.id, "SMTP: 550 no such user", next_at=None, now=clock())
    assert await handing.watch()
    alert = await store.alerts.last((AlertKind.CHANNEL_UNPROVED,))
    assert alert is not None
    assert alert.facts["unproved"] == [
        {"officer": "an 1", "channel": "email", "error": "SMTP: 550 no such user"}
    ]
    wanted = first_wanted(alert, TWO, ("telegram", "email", "webhook:siem"), clock())
    assert wanted == (Wanted("email", "lead"), Wanted("webhook:siem", None))
    assert not await handing.watch()


async def test_whoever_leads_and_is_silent_is_told_of_to_the_leadership(store: Store, clock: Clock) -> None:
    boss = Officer("boss", "Boss", Duty.LEADERSHIP, email="boss@example.gov.vn")
    teams = tuple(replace(team, lead=team.officers[0]) for team in TEAMS)
    roster = Roster((*OFFICERS, boss), rotations=(Rotation(teams, SLOTS, date(2026, 9, 1)),))
    handing = await changed(store, clock, roster)
    clock.forward(minutes=15)
    assert await handing.watch()
    alert = await store.alerts.last((AlertKind.HANDOVER_OPEN,))
    assert alert is not None
    assert alert.facts["to"] == ["an1", "boss"]


async def test_whoever_leads_and_confirms_nothing_is_told_of_to_the_leadership_without_tests_too(
    store: Store, clock: Clock
) -> None:
    boss = Officer("boss", "Boss", Duty.LEADERSHIP, email="boss@example.gov.vn")
    teams = tuple(replace(team, lead=team.officers[0]) for team in TEAMS)
    rotation = Rotation(teams, SLOTS, date(2026, 9, 1))
    off = ShiftTest(enabled=False)
    handing = await changed(store, clock, Roster((*OFFICERS, boss), rotations=(rotation,), shift_test=off))
    clock.forward(minutes=15)
    assert await handing.watch()
    alert = await store.alerts.last((AlertKind.HANDOVER_OPEN,))
    assert alert is not None
    assert alert.facts["to"] == ["an1", "boss"]


async def test_the_time_for_an_answer_is_configured_and_may_be_none_at_all(
    store: Store, clock: Clock
) -> None:
    off = replace(TWO, shift_test=ShiftTest(enabled=False))
    await changed(store, clock, off)
    assert await store.channel_tests.last() == []
    clock.forward(hours=8)
    soon = replace(TWO, shift_test=ShiftTest(within=timedelta(minutes=5)))
    handing = HandingOver(store, lambda: soon, clock, sending=lambda: Sending(("email",)))
    assert await handing.watch()
    clock.forward(minutes=5)
    assert await handing.watch()
    assert await store.alerts.last((AlertKind.CHANNEL_UNPROVED,)) is not None


async def test_whoever_hears_of_a_change_late_has_the_same_time_to_answer(store: Store, clock: Clock) -> None:
    at(clock, "2026-09-02T15:30")  # nothing ran at 14:00
    late = HandingOver(store, lambda: TWO, clock, sending=lambda: Sending(("telegram", "email")))
    assert await late.watch()
    assert await store.alerts.last((AlertKind.HANDOVER_OPEN,)) is None
    clock.forward(minutes=14)
    assert not await late.watch()
    clock.forward(minutes=1)
    assert await late.watch()
    alert = await store.alerts.last((AlertKind.HANDOVER_OPEN,))
    assert alert is not None
    assert len(list(alert.facts["unproved"])) == 4  # type: ignore[call-overload]


async def test_a_channel_that_is_not_for_handovers_gets_a_short_test_of_its_own(
    store: Store, clock: Clock
) -> None:
    sms = "gateway:sms"
    people = tuple(replace(one, phone="0900 000 001", gateways=(sms,)) for one in OFFICERS)
    roster = Roster((*people, LEAD), rotations=ROSTER.rotations)
    at(clock, "2026-09-02T14:00")
    sending = Sending(("email", sms), {sms: ["defaced"]})
    assert await HandingOver(store, lambda: roster, clock, sending=lambda: sending).watch()
    found = [(test.officer, test.channel) for test in await store.channel_tests.last()]
    assert found == [("an1", "email"), ("an1", sms), ("binh1", "email"), ("binh1", sms)]
    wanted = []
    while (alert := await store.alerts.claim(clock())) is not None:
        usable = [c for c in sending.channels if takes(sending.kinds, c, alert.kind)]
        wanted.append((alert.kind, [*first_wanted(alert, roster, usable, clock())]))
        await store.alerts.expand(alert.id, wanted[-1][1], step=1, next_step_at=None, now=clock())
    everybody = [Wanted("email", key) for key in ("an4", "binh4", "an1", "binh1")]
    assert wanted == [
        (AlertKind.HANDOVER, everybody),
        (AlertKind.TEST, [Wanted(sms, "an1")]),
        (AlertKind.TEST, [Wanted(sms, "binh1")]),
    ]
    sent = await store.alerts.claim_delivery(sms, now=clock())
    assert sent is not None
    await store.alerts.sent(sent.id, "HTTP 200, a8f1", now=clock())
    assert (await store.channel_tests.last())[1].receipt == "HTTP 200, a8f1"


async def test_tests_that_were_turned_off_are_told_of_no_more(store: Store, clock: Clock) -> None:
    soon = replace(TWO, shift_test=ShiftTest(within=timedelta(minutes=5)))
    await changed(store, clock, soon)
    off = replace(TWO, shift_test=ShiftTest(enabled=False))
    clock.forward(minutes=6)
    handing = HandingOver(store, lambda: off, clock, sending=lambda: Sending(("email",)))
    assert not await handing.watch()
    assert await store.alerts.last((AlertKind.CHANNEL_UNPROVED,)) is None
