"""The figures of the duty desk over a period: how soon was told, acknowledged, restored; false alarms,
channels, handovers, drills. A drill never counts among what was real.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from defacewatch.alerts import AlertKind
from defacewatch.handovers import Handover
from defacewatch.incidents import Event, Resolution, State
from defacewatch.portals import DRILL
from defacewatch.verdicts import VerdictKind

DAY = timedelta(days=1)

# What begins an interruption of the watch itself, and what ends it.
_INTERRUPTED = {
    AlertKind.BLIND: AlertKind.SIGHTED,
    AlertKind.BEHIND: AlertKind.CAUGHT_UP,
    AlertKind.CHANNEL_DOWN: AlertKind.CHANNEL_UP,
}
INTERRUPTIONS = frozenset(_INTERRUPTED) | frozenset(_INTERRUPTED.values())
_PER_CENT = re.compile(r"\d{1,3}(\.\d+)?%", re.ASCII)
_BAD_AGAIN = (Event.RETURNED, Event.CHANGED_AGAIN, Event.WORSENED)


@dataclass(frozen=True)
class Period:
    """The local days `first`..`last`, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def month(cls, year: int, month: int, zone: ZoneInfo) -> "Period":
        following = date(year + month // 12, month % 12 + 1, 1)
        return cls(date(year, month, 1), following - DAY, zone)

    @classmethod
    def month_before(cls, now: datetime, zone: ZoneInfo) -> "Period":
        """The last month that is over."""
        last = now.astimezone(zone).date().replace(day=1) - DAY
        return cls.month(last.year, last.month, zone)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it any more."""
        return datetime.combine(self.last + DAY, time(), self.zone)

    @property
    def is_month(self) -> bool:
        return self == Period.month(self.first.year, self.first.month, self.zone)

    @property
    def weeks(self) -> float:
        return ((self.last - self.first).days + 1) / 7

    def within(self, start: datetime, end: datetime) -> timedelta:
        """How much of what lasted from `start` to `end` lies in the period."""
        return max(min(end, self.end) - max(start, self.start), timedelta(0))


@dataclass(frozen=True)
class Story:
    """An incident as the figures need it. `told` has the officers who were told of it (not of what was done
    about it), each with the first receipt; `escalated_at` is when the first step beyond those on duty was
    taken; `calmed_at` since when the page has looked as approved again; `attacked_at` since when it was an
    attack."""

    incident: int
    page: str
    portal: str
    name: str
    url: str
    verdict: VerdictKind
    opened_at: datetime
    alerted_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    state: State = State.OPEN
    resolved_at: datetime | None = None
    resolved_as: Resolution | None = None
    told: Mapping[str, datetime] = field(default_factory=dict)
    escalated_at: datetime | None = None
    calmed_at: datetime | None = None
    attacked_at: datetime | None = None

    @property
    def drill(self) -> bool:
        return self.page.endswith(DRILL)

    @property
    def told_at(self) -> datetime | None:
        """When the first officer had it."""
        return min(self.told.values(), default=None)

    @property
    def restored_at(self) -> datetime | None:
        """When the page was well again: seen to be, or else said to be. None for what was no harm."""
        if self.resolved_as not in (None, Resolution.RESTORED):
            return None
        return self.calmed_at or self.resolved_at

    @property
    def in_time(self) -> bool | None:
        """Whether it was acknowledged before it went on to others; None where nobody had to."""
        if self.acknowledged_at is None:
            return None if self.escalated_at is None else False
        return self.escalated_at is None or self.acknowledged_at <= self.escalated_at

    def after(self, moment: datetime | None) -> timedelta | None:
        """How long after the first bad look something was."""
        return None if moment is None else max(moment - self.opened_at, timedelta(0))


@dataclass(frozen=True)
class Spread:
    """How long something took: median, nine tenths, longest (nearest rank); None where nothing was."""

    count: int
    p50: timedelta | None = None
    p90: timedelta | None = None
    longest: timedelta | None = None


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms that an officer was told of, by the Monday of their week."""

    officer: str
    weeks: Mapping[date, int]

    @property
    def total(self) -> int:
        return sum(self.weeks.values())


@dataclass(frozen=True)
class PortalFigures:
    """A portal's incidents by verdict, the false ones besides, and how long its pages could not be reached:
    `available` is the share (0..1) of the time so far in which they could, all pages taken together."""

    key: str
    name: str
    verdicts: Mapping[VerdictKind, int]
    false: int
    down: timedelta
    available: float


@dataclass(frozen=True)
class ChannelUse:
    """Deliveries on a channel: those that got through, were given up, still wait; attempts of all of them."""

    channel: str
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    attempts: int = 0


@dataclass(frozen=True)
class Interruption:
    """A time when the watch itself was not well: 'blind', 'behind', or 'channel-down' with its channel. `end`
    None: it still is."""

    kind: AlertKind
    start: datetime
    end: datetime | None = None
    channel: str = ""


@dataclass(frozen=True)
class Happened:
    """All that the store knows of a period: `stories` of incidents that were unresolved at some time of it,
    drills included; `pages` watched by portal."""

    stories: Sequence[Story] = ()
    channels: Sequence[ChannelUse] = ()
    interruptions: Sequence[Interruption] = ()
    handovers: Sequence[Handover] = ()
    pages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """The figures of a period as they stood `at`. `stories` and `drills` began in it; `carried` were
    unresolved when it began; `answered` is how many were acknowledged before they went on to others, and of
    how many."""

    period: Period
    at: datetime
    stories: tuple[Story, ...]
    drills: tuple[Story, ...]
    carried: tuple[Story, ...]
    alert: Spread
    acknowledge: Spread
    restore: Spread
    answered: tuple[int, int]
    false_alarms: tuple[FalseAlarms, ...]
    portals: tuple[PortalFigures, ...]
    channels: tuple[ChannelUse, ...]
    interruptions: tuple[Interruption, ...]
    handovers: tuple[Handover, ...]
    watched: tuple[int, int]

    @property
    def coverage(self) -> tuple[float, ...]:
        """The share (0..1) of probes that were made in time, as it was at the changes of shift."""
        said = (str(handover.summary.get("coverage", "")) for handover in self.handovers)
        return tuple(float(text[:-1]) / 100 for text in said if _PER_CENT.fullmatch(text))

    @property
    def unwell(self) -> timedelta:
        """For how long in the period the watch itself, or a channel, was not well; together counts once."""
        total, reached = timedelta(0), self.period.start
        for one in sorted(self.interruptions, key=lambda one: one.start):
            start, end = max(one.start, reached), one.end or self.at
            total += self.period.within(start, end) if end > start else timedelta(0)
            reached = max(reached, end)
        return total

    def ended(self) -> Counter[tuple[VerdictKind, Resolution | None]]:
        """Incidents by verdict and by how they ended (None: not yet)."""
        return Counter((story.verdict, story.resolved_as) for story in self.stories)


def figures_of(happened: Happened, period: Period, now: datetime) -> Figures:
    """The figures of a period from what happened."""
    real = [story for story in happened.stories if not story.drill]
    stories = tuple(story for story in real if story.opened_at >= period.start)
    judged = [story.in_time for story in stories if story.in_time is not None]
    return Figures(
        period,
        now,
        stories,
        tuple(s for s in happened.stories if s.drill and s.opened_at >= period.start),
        tuple(story for story in real if story.opened_at < period.start),
        spread(story.after(story.told_at) for story in stories),
        spread(story.after(story.acknowledged_at) for story in stories),
        spread(story.after(story.restored_at) for story in stories),
        (sum(judged), len(judged)),
        tuple(_false_alarms(stories, period.zone)),
        tuple(_portals(real, happened.pages, period, now)),
        tuple(sorted(happened.channels, key=lambda use: use.channel)),
        tuple(happened.interruptions),
        tuple(sorted(happened.handovers, key=lambda handover: handover.at)),
        (len(happened.pages), sum(happened.pages.values())),
    )


def spread(spans: Iterable[timedelta | None]) -> Spread:
    """The spread of those that are known."""
    known = sorted(span for span in spans if span is not None)
    if not known:
        return Spread(0)
    middle, nine_tenths = (known[-(-len(known) * share // 100) - 1] for share in (50, 90))
    return Spread(len(known), middle, nine_tenths, known[-1])


def calmed_at(events: Iterable[tuple[Event, datetime]]) -> datetime | None:
    """Since when a page has looked as approved again, by the events of its incident in order."""
    calm: datetime | None = None
    for event, at in events:
        if event is Event.CALMED:
            calm = calm or at
        elif event in _BAD_AGAIN:
            calm = None
    return calm


def interruptions(told: Iterable[tuple[AlertKind, str, datetime]], period: Period) -> list[Interruption]:
    """The interruptions that touch a period, from the alerts that tell of them (with the channel, or ''), in
    order."""
    begun: dict[tuple[AlertKind, str], datetime] = {}
    found = []
    for kind, channel, at in told:
        if kind in _INTERRUPTED:
            begun.setdefault((kind, channel), at)
            continue
        ill = next(ill for ill, well in _INTERRUPTED.items() if well is kind)
        start = begun.pop((ill, channel), None)
        if start is not None:
            found.append(Interruption(ill, start, at, channel))
    found += [Interruption(kind, start, None, channel) for (kind, channel), start in begun.items()]
    touching = [i for i in found if i.start < period.end and (i.end is None or i.end > period.start)]
    return sorted(touching, key=lambda one: (one.start, one.kind, one.channel))


def _false_alarms(stories: Iterable[Story], zone: ZoneInfo) -> list[FalseAlarms]:
    weeks: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for story in stories:
        if story.resolved_as is Resolution.FALSE_ALARM:
            day = story.opened_at.astimezone(zone).date()
            for officer in story.told:
                weeks[officer][day - timedelta(days=day.weekday())] += 1
    found = [FalseAlarms(officer, dict(sorted(counted.items()))) for officer, counted in weeks.items()]
    return sorted(found, key=lambda one: (-one.total, one.officer))


def _portals(
    real: Sequence[Story], pages: Mapping[str, int], period: Period, now: datetime
) -> list[PortalFigures]:
    """Portals that something happened to, those with most incidents first."""
    by_portal: defaultdict[str, list[Story]] = defaultdict(list)
    for story in real:
        by_portal[story.portal].append(story)
    found = []
    over = period.within(period.start, now)
    for key, all_of_it in by_portal.items():
        own = [story for story in all_of_it if story.opened_at >= period.start]
        outages = (story for story in all_of_it if story.verdict is VerdictKind.UNREACHABLE)
        spans = (period.within(story.opened_at, story.resolved_at or now) for story in outages)
        down = sum(spans, timedelta(0))
        watched = over * max(pages.get(key, 0), len({story.page for story in all_of_it}))
        found.append(
            PortalFigures(
                key,
                all_of_it[0].name,
                Counter(story.verdict for story in own),
                sum(story.resolved_as is Resolution.FALSE_ALARM for story in own),
                down,
                max(1 - down / watched, 0.0) if watched else 1.0,
            )
        )
    return sorted(found, key=lambda one: (-sum(one.verdicts.values()), one.key))
