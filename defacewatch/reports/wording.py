"""How reports say things: moments, spans, people and incidents, in the reader's language and time zone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from defacewatch.incidents import PROGRAM, Resolution
from defacewatch.language import N_, Translate, translator
from defacewatch.notify.hostile import safe
from defacewatch.roster import Roster
from defacewatch.rostering import names
from defacewatch.shifts import turns_at
from defacewatch.verdicts import VerdictKind

NOTHING = "–"
BLANK = "." * 12  # to be filled in by hand

VERDICTS: Mapping[VerdictKind, str] = {
    VerdictKind.DEFACED: N_("Suspected attack"),
    VerdictKind.CHANGED: N_("Unusual change"),
    VerdictKind.UNREACHABLE: N_("Unreachable"),
}
RESOLUTIONS: Mapping[Resolution | None, str] = {
    Resolution.RESTORED: N_("page restored"),
    Resolution.FALSE_ALARM: N_("false alarm"),
    Resolution.LEGITIMATE: N_("legitimate update"),
    Resolution.DRILL: N_("drill"),
    None: N_("not resolved"),
}


_UNITS = ((86400, N_("{n} d")), (3600, N_("{n} h")), (60, N_("{n} min")), (1, N_("{n} s")))


@dataclass(frozen=True)
class Wording:
    """Texts for one paper. People are known by the `roster`; times are those of its zone."""

    language: str
    roster: Roster

    @property
    def _(self) -> Translate:
        return translator(self.language)

    def when(self, moment: datetime | None) -> str:
        """A moment for the cell of a table, on two lines."""
        return NOTHING if moment is None else f"{moment.astimezone(self.roster.zone):%H:%M:%S\n%d/%m/%Y}"

    def moment(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.roster.zone):%H:%M %d/%m/%Y}"

    def day(self, day: date) -> str:
        return f"{day:%d/%m/%Y}"

    def long_day(self, day: date) -> str:
        """A date as documents are dated: days below ten and the first two months with a nought."""
        if self.language != "vi":
            return format_date(day, "d MMMM y", locale=self.language)
        month = f"{day.month:02}" if day.month < 3 else str(day.month)
        return f"ngày {day.day:02} tháng {month} năm {day.year}"

    def formal(self, moment: datetime) -> str:
        """A moment as a record begins with it."""
        there = moment.astimezone(self.roster.zone)
        clock = f"{there:%H giờ %M phút}" if self.language == "vi" else f"{there:%H:%M}"
        return f"{clock}, {self.long_day(there.date())}"

    def span(self, span: timedelta | None) -> str:
        """How long something took, in its two largest units."""
        if span is None:
            return NOTHING
        left, parts = round(span.total_seconds()), []
        for seconds, text in _UNITS:
            number, left = divmod(left, seconds)
            parts.append((number, text))
        first = next((place for place, (number, _text) in enumerate(parts) if number), len(parts) - 1)
        shown = [part for part in parts[first : first + 2] if part[0] or part is parts[first]]
        return " ".join(self._(text).format(n=number) for number, text in shown)

    def number(self, value: float) -> str:
        return format_decimal(value, "#,##0.#", locale=self.language)

    def share(self, value: float) -> str:
        """A share (0..1) in per cent; what is not quite all is never shown as all."""
        shown = min(value, 0.9999) if value < 1 else value
        return format_percent(shown, "#,##0.##%", locale=self.language)

    def people(self, keys: Iterable[str]) -> str:
        return ", ".join(safe(names(self.roster, [key]), 80) for key in keys) or NOTHING

    def shift(self, moment: datetime) -> str:
        """Which shifts ran then, by their names, or else by their teams; '' where they have none."""
        named = (turn.name or turn.team or "" for turn in turns_at(self.roster, moment))
        return ", ".join(dict.fromkeys(filter(None, named)))

    def person(self, key: str | None) -> str:
        if key is None:
            return NOTHING
        return self._("the monitor itself") if key == PROGRAM else self.people([key])
