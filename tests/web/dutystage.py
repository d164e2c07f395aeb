"""The duty desk of the stage: four teams in three shifts, with what their days leave behind: leave and a
swap, handovers with tests of channels, announced windows, drills."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from defacewatch.alerts import AlertKind, Wanted
from defacewatch.calling import Sending
from defacewatch.drillreport import watch_at
from defacewatch.handing import situation
from defacewatch.handovers import Handover
from defacewatch.incidents import Resolution
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.rostering import on_leave, swapped
from defacewatch.shifts import Absence, Rotation, Slot, Team
from defacewatch.store import Store
from defacewatch.windows import LINK, Window
from tests.store.samples import DEFACED, MINUTE, NOW, features, look, outcome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AN = Officer("an", "Nguyễn Văn An", email="an@example.gov.vn", telegram_user=101, phone="0900 000 001")
BINH = Officer("binh", "Trần Thị Bình", Duty.SHIFT_LEAD, email="binh@example.gov.vn", phone="0900 000 002")
OFFICERS = (
    AN,
    BINH,
    Officer("cuc", "Hoàng Thị Cúc", email="cuc@example.gov.vn", telegram_user=103, phone="0900 000 003"),
    Officer("dung", "Đỗ Tiến Dũng", telegram_user=104, phone="0900 000 004"),
    Officer("hai", "Phan Văn Hải", Duty.SHIFT_LEAD, email="hai@example.gov.vn", phone="0900 000 005"),
    Officer("lan", "Vũ Thị Lan", email="lan@example.gov.vn", telegram_user=106),
    Officer("mai", "Ngô Thị Mai", email="mai@example.gov.vn"),
    Officer("minh", "Bùi Đức Minh", telegram_user=108, phone="0900 000 008"),
    Officer("thang", "Lê Quang Thắng", Duty.LEADERSHIP, email="thang@example.gov.vn", phone="0900 000 009"),
    Officer("tuan", "Đặng Anh Tuấn", Duty.ADMIN),
)
TEAMS = (
    Team("kip-1", "Kíp 1", ("binh",), ("dung",), lead="binh"),
    Team("kip-2", "Kíp 2", ("cuc",), ("hai",), lead="hai"),
    Team("kip-3", "Kíp 3", ("lan",), ("minh",)),
    Team("kip-4", "Kíp 4", ("an",), ("mai",)),
)
SLOTS = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(14), time(22)), Slot("Ca 3", time(22), time(6)))
ROSTER = Roster(
    OFFICERS,
    rotations=(Rotation(TEAMS, SLOTS, date(2026, 8, 24)),),  # on the 2nd of September team 4 has the first
    raised_watch=(
        RaisedWatch("Quốc khánh 2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15), hasten=2),
        RaisedWatch("Kỳ họp Hội đồng nhân dân tỉnh", date(2026, 10, 12), date(2026, 10, 14)),
    ),
    outside=(Officer("pa05", "Phòng PA05 Công an tỉnh", Duty.OUTSIDE, email="pa05@example.gov.vn"),),
).with_gateways(("gateway:sms",))
SENDING = Sending(("telegram", "email", "gateway:sms"))
TROUBLE = "connect to sms.example.gov.vn:443: timed out after 10 s"
CHANGE = NOW.replace(hour=7, minute=0)  # of shifts, on the day that is looked at: 14:00 local


async def tell(store: Store, now: datetime, **receipts: str | None) -> None:
    """Let everything that waits be told: each `channel=receipt` to whom it was meant, failed where None."""
    for channel, receipt in receipts.items():
        while (one := await store.alerts.claim_delivery(channel.replace("_", ":"), now=now)) is not None:
            if receipt is None:
                await store.alerts.failed(one.id, "502 SMPP: destination unreachable", next_at=None, now=now)
            else:
                await store.alerts.sent(one.id, f"{receipt} {one.id}", now=now)


async def heard(store: Store, now: datetime, wanted: Mapping[AlertKind, Sequence[Wanted]]) -> None:
    """Claim all that is due; what is `wanted` of a kind is made, of others nothing."""
    while (alert := await store.alerts.claim(now)) is not None:
        told = list(wanted.get(alert.kind, ()))
        await store.alerts.expand(alert.id, told, step=1, next_step_at=None, now=now)


async def hand_over(
    store: Store,
    at: datetime,
    goes: Sequence[str],
    comes: Sequence[str],
    tests: Sequence[tuple[str, str]],
    *,
    now: datetime | None = None,
) -> int:
    """A change of shift with its tests of channels, told `now` (None: at once); its number. Messages by SMS
    do not arrive."""
    now = now or at
    left = await situation(store, ROSTER, at - 8 * HOUR, now) | {"coverage": "99,9 %"}
    number = await store.handovers.begin(Handover(at, tuple(goes), tuple(comes), left), now=now, tests=tests)
    assert number is not None
    await heard(store, now, {AlertKind.HANDOVER: [Wanted(channel, officer) for officer, channel in tests]})
    await tell(store, now + MINUTE, telegram="message", email="250 2.0.0 queued as", gateway_sms=None)
    return number


async def shifts_before(store: Store) -> None:
    """The two changes of shift before the one that runs, and a drill in between."""
    for at, goes, comes, proved in (
        (CHANGE - 16 * HOUR, ("cuc", "hai"), ("lan", "minh"), {"lan": "telegram", "minh": "telegram"}),
        (CHANGE - 8 * HOUR, ("lan", "minh"), ("an", "mai"), {"an": "telegram", "mai": "email"}),
    ):
        people = {one.key: one for one in ROSTER.officers}
        tests = [(key, channel) for key in comes for channel in people[key].channels]
        number = await hand_over(store, at, goes, comes, tests)
        for minute, key in enumerate((*goes, *comes), start=2):
            said = {"officer": key, "via": proved.get(key, "console"), "now": at + minute * MINUTE}
            await store.handovers.confirm(number, **said, channel=proved.get(key))  # type: ignore[arg-type]
    drill = await rehearse(store, "phohien", CHANGE - 5 * HOUR)
    at = CHANGE - 5 * HOUR + 3 * MINUTE
    await store.incidents.acknowledge(drill, by="an", via="telegram", now=at)
    await store.incidents.resolve(drill, as_=Resolution.DRILL, by="binh", now=at + 5 * MINUTE, via="cli")


async def rehearse(store: Store, portal: str, at: datetime) -> int:
    """A drill on a portal; its incident."""
    page = await store.portals.drill_page(portal, now=at)
    context = await store.checks.context(page.id, now=at)
    kept = await store.checks.keep(page.id, look("d", at, title="Hacked by DIEN TAP"), features("d"))
    incident = (await store.checks.record(outcome(context, DEFACED, at, kept=kept))).incident
    assert incident is not None
    await store.drills.begun(incident, watch_at(ROSTER, at), by="binh")
    await heard(store, at, {AlertKind.DEFACED: [Wanted("telegram", "an")]})
    await tell(store, at, telegram="message")
    return incident


async def arrange(store: Store, now: datetime, said: str) -> None:
    """Leave for which nobody stands in, a swap, and leave that was taken back."""
    leave = Absence("an", CHANGE + DAY, CHANGE + DAY + 8 * HOUR, None, said or "khám sức khỏe định kỳ")
    await store.absences.add((leave,), by="an", now=now - 20 * HOUR, via="console")
    why = said or "đổi ca theo nguyện vọng"
    halves = swapped(ROSTER, "cuc", CHANGE + 8 * HOUR, "an", back=CHANGE + 2 * DAY + 8 * HOUR, reason=why)
    await store.absences.add(halves, by="binh", now=now - 3 * HOUR, via="console")
    until = CHANGE + 6 * DAY
    gone = on_leave(ROSTER, "minh", CHANGE + 5 * DAY, until, instead="tuan", reason=said or "nghỉ phép năm")
    (number,) = await store.absences.add((gone,), by="minh", now=now - 2 * DAY, via="telegram")
    await store.absences.withdraw(number, by="hai", now=now - DAY, via="console")


async def announce(store: Store, now: datetime, said: str) -> None:
    """A window that runs, one that an agency has announced by its link, one that is over, one called off."""
    phone = said or "0912 000 111"

    def window(
        portal: str, start: datetime, hours: int, by: str, reason: str, via: str = "console"
    ) -> Window:
        return Window(portal, start, start + hours * HOUR, said or by, said or reason, phone, via)

    over = now - 30 * HOUR
    await store.windows.announce(
        window("phohien", over, 3, "hai", "nâng cấp máy chủ cơ sở dữ liệu"), now=over - HOUR
    )
    off = window("khoaichau", now + DAY, 2, "hai", "thay chứng thư số")
    number = await store.windows.announce(off, now=now - 6 * HOUR)
    await store.windows.withdraw(number, by="binh", now=now - 5 * HOUR, via="console")
    await store.windows.announce(window("songhong", now - HOUR, 2, "binh", "đổi giao diện"), now=now - HOUR)
    night = CHANGE + DAY + 9 * HOUR
    linked = window("myhao", night, 4, "Trần Văn Hòa", "chuyển sang hạ tầng mới, có gián đoạn", LINK)
    await store.windows.announce(linked, now=now - 40 * MINUTE)
    await heard(store, now, {})


async def ask_for_tests(store: Store, now: datetime) -> None:
    """Tests that somebody asked for: by Telegram it arrives, by SMS it does not."""
    for officer, channel in (("an", "telegram"), ("cuc", "gateway:sms")):
        await store.channel_tests.ask(officer, channel, by="binh", via="console", now=now - 2 * HOUR)
        await heard(store, now - 2 * HOUR, {AlertKind.TEST: [Wanted(channel, officer)]})
        await tell(store, now - 2 * HOUR, telegram="message", gateway_sms=None)
