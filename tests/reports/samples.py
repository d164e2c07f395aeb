"""A month with something of everything: what happened, and an office that reports it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from defacewatch.alerts import AlertKind
from defacewatch.figures import ChannelUse, Figures, Happened, Interruption, Period, Story, figures_of
from defacewatch.handovers import Confirmed, Handover
from defacewatch.incidents import Resolution, State
from defacewatch.reports.form import Issuer
from defacewatch.reports.wording import Wording
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Shift
from defacewatch.verdicts import VerdictKind

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOVEMBER = Period.month(2026, 11, ZONE)
MADE = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
HOSTILE = '<b>=HYPERLINK("http://evil.example/")</b> {{ 7*7 }} \u202egnp.exe\x00'

ROSTER = Roster(
    (
        Officer("an", "Nguyễn Văn An"),
        Officer("binh", "Trần Thị Bình"),
        Officer("cuong", "Lê Mạnh Cường"),
        Officer("giang", "Đặng Hương Giang", Duty.SHIFT_LEAD),
    ),
    (Shift(("cuong",), time(14), time(22), days=frozenset(range(7)), name="Ca 2"),),
)
ISSUER = Issuer(
    "Sở Khoa học và Công nghệ tỉnh Sông Hồng",
    "Trung tâm Giám sát an toàn thông tin",
    "Sông Hồng",
    "TTGS",
    "GIÁM ĐỐC",
    "Hoàng Minh Đức",
    ("Ủy ban nhân dân tỉnh (để báo cáo)", "Công an tỉnh (phòng A05)", "Lãnh đạo Sở"),
)


def wording(language: str = "vi") -> Wording:
    return Wording(language, ROSTER)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def story(
    number: int,
    opened: str,
    verdict: VerdictKind = VerdictKind.DEFACED,
    *,
    portal: str = "songhong",
    name: str = "Cổng Thông tin điện tử tỉnh Sông Hồng",
    told: float | None = 20,
    officers: tuple[str, ...] = ("an",),
    taken: float | None = 180,
    by: str = "an",
    ended: float | None = 3600,
    as_: Resolution | None = Resolution.RESTORED,
    escalated: float | None = None,
    drill: bool = False,
) -> Story:
    """An incident; times are seconds after it was opened."""
    at = local(opened)

    def after(seconds: float | None) -> datetime | None:
        return None if seconds is None else at + timedelta(seconds=seconds)

    received = after(told)
    return Story(
        number,
        f"{portal}-drill" if drill else f"{portal}-1a2b3c4d",
        portal,
        name,
        f"https://{portal}.gov.vn/",
        verdict,
        at,
        after(11),
        by if taken is not None else None,
        after(taken),
        State.OPEN if ended is None else State.RESOLVED,
        after(ended),
        None if ended is None else as_,
        {} if received is None else dict.fromkeys(officers, received),
        after(escalated),
    )


def happened(*more: Story) -> Happened:
    both = ("an", "binh")
    stories = (
        story(98, "2026-10-30T22:10", VerdictKind.UNREACHABLE, portal="skhcn",
              name="Sở Khoa học và Công nghệ", ended=2 * 86400 + 7200, by="binh"),
        story(101, "2026-11-02T09:12:08", told=14, taken=95, ended=5400, officers=both),
        story(102, "2026-11-05T02:41:30", told=31, taken=1260, ended=9000, escalated=612, by="giang"),
        story(103, "2026-11-11T14:20:00", VerdictKind.CHANGED, taken=300, ended=2400,
              as_=Resolution.FALSE_ALARM, officers=both),
        story(104, "2026-11-12T14:25:00", VerdictKind.CHANGED, taken=340, ended=2800,
              as_=Resolution.FALSE_ALARM),
        story(105, "2026-11-18T08:00:00", VerdictKind.CHANGED, portal="dichvucong",
              name="Cổng Dịch vụ công tỉnh Sông Hồng", taken=200, ended=4000, as_=Resolution.LEGITIMATE),
        story(106, "2026-11-20T03:00:00", VerdictKind.UNREACHABLE, portal="skhcn",
              name="Sở Khoa học và Công nghệ", taken=500, ended=5460, by="binh"),
        story(107, "2026-11-28T23:50:00", told=None, taken=None, ended=None, escalated=600),
        story(110, "2026-11-21T15:00:00", told=9, taken=62, ended=70, as_=Resolution.DRILL, drill=True,
              by="cuong"),
        *more,
    )  # fmt: skip
    return Happened(
        stories,
        (ChannelUse("telegram", 41, 3, 0, 52), ChannelUse("email", 58, 0, 0, 58)),
        (
            Interruption(AlertKind.BLIND, local("2026-11-09T01:00"), local("2026-11-09T01:12")),
            Interruption(
                AlertKind.CHANNEL_DOWN, local("2026-11-14T10:00"), local("2026-11-14T12:30"), "telegram"
            ),
        ),
        (handover(), handover(2, "2026-11-03T22:00", full=True)),
        {"songhong": 4, "dichvucong": 2, "skhcn": 1, "syt": 3},
    )


def handover(number: int = 1, at: str = "2026-11-03T14:00", *, full: bool = False) -> Handover:
    """One that the second of those who come has not confirmed, unless `full`."""
    moment = local(at)
    confirmed = {
        "an": Confirmed(moment + timedelta(minutes=1, seconds=5), "telegram"),
        "binh": Confirmed(moment + timedelta(minutes=2), "email"),
    }
    if full:
        confirmed["cuong"] = Confirmed(moment + timedelta(minutes=3), "cli")
    summary = {
        "goes": "Nguyễn Văn An",
        "comes": "Trần Thị Bình, Lê Mạnh Cường",
        "incidents": [
            {"code": "SC-000101", "portal": "Cổng Thông tin điện tử tỉnh Sông Hồng", "verdict": "defaced",
             "by": "Nguyễn Văn An"},
            {"code": "SC-000100", "portal": HOSTILE, "verdict": "changed", "by": None},
        ],
        "unresolved": 3,
        "blind": 1,
        "paused": 0,
        "muted": 1,
        "windows": 1,
        "proposals": 2,
        "coverage": "99.8%",
        "channels": "telegram",
        "since": "2026-11-03T06:00:00+07:00",
        "alerts": {"defaced": 1, "changed": 2, "handover": 1},
    }  # fmt: skip
    escalated = None if full else moment + timedelta(minutes=15)
    return Handover(moment, ("an",), ("binh", "cuong"), summary, number, confirmed, escalated)


def november(*more: Story) -> Figures:
    return figures_of(happened(*more), NOVEMBER, MADE)
