"""Raised watch: the periods in which everything is quicker, by date or by Vietnam's public holidays."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import holidays

# What a holiday is called here, and a piece of what the library calls its days.
HOLIDAYS: Mapping[str, str] = {
    "new_year": "New Year's Day",
    "tet": "Lunar New Year",
    "hung_kings": "Hung Kings",
    "reunification": "Reunification Day",
    "labour": "Labor Day",
    "national_day": "National Day",
    "culture": "Cultural Day",
}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class RaisedWatch:
    """A period of dates (inclusive, local) with shorter intervals. `hasten` divides the times of escalation,
    and with `urgent_changes` a change is told like an attack, on all channels at once."""

    name: str
    first: date
    last: date
    probe_every: timedelta | None = None
    render_every: timedelta | None = None
    hasten: float = 1.0
    urgent_changes: bool = False


@dataclass(frozen=True)
class HolidayWatch:
    """A raised watch, `like` this one, on each of these holidays (keys of `HOLIDAYS`), from `before` days
    before to `after` days after."""

    like: RaisedWatch
    holidays: frozenset[str]
    before: int = 0
    after: int = 0

    def periods(self, around: date) -> Iterator[RaisedWatch]:
        """The periods of the year around a day. Holidays that follow one another, with what is added to them,
        are one period, and so are days off that are put beside one."""
        days = {
            day + offset * _DAY
            for year in (around.year - 1, around.year, around.year + 1)
            for day in _days(year, self.holidays)
            for offset in range(-self.before, self.after + 1)
        }
        for first, last in _runs(days):
            if abs((first - around).days) <= 366:
                yield replace(self.like, first=first, last=last)


def raised_on(watches: Sequence[RaisedWatch], rules: Sequence[HolidayWatch], day: date) -> RaisedWatch | None:
    """The raised watch that runs on a day; of several, the one with the shortest probe interval."""
    running = [watch for watch in watches if watch.first <= day <= watch.last]
    running += [watch for rule in rules for watch in rule.periods(day) if watch.first <= day <= watch.last]
    return min(running, key=lambda watch: watch.probe_every or timedelta.max, default=None)


def upcoming(
    watches: Sequence[RaisedWatch], rules: Sequence[HolidayWatch], day: date, *, days: int = 366
) -> tuple[RaisedWatch, ...]:
    """The raised watches that run on a day or begin within so many, by their first day."""
    every = [*watches, *(watch for rule in rules for watch in rule.periods(day))]
    there = [watch for watch in every if watch.last >= day and watch.first <= day + days * _DAY]
    return tuple(sorted(there, key=lambda watch: (watch.first, watch.last, watch.name)))


@lru_cache(maxsize=64)
def _days(year: int, names: frozenset[str]) -> frozenset[date]:
    """The days of holidays of these names in a year, and the days off that were moved beside one of them.
    Tết follows the lunar calendar; the library has it, with what the government decided year by year."""
    known = holidays.country_holidays("VN", years=year, language="en_US")
    wanted = [HOLIDAYS[name] for name in names]
    found = {day for day, called in known.items() if any(piece in called for piece in wanted)}
    moved = {day for day in known if day not in found and not any(p in known[day] for p in HOLIDAYS.values())}
    while beside := {day for day in moved if day - _DAY in found or day + _DAY in found}:
        found |= beside
        moved -= beside
    return frozenset(found)


def _runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Runs of days that follow one another: first and last."""
    run: list[date] = []
    for day in sorted(days):
        if run and day - run[-1] > _DAY:
            yield run[0], run[-1]
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1]
