"""What the pages call things, in the reader's language and time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from babel.numbers import format_decimal

from defacewatch import reasons
from defacewatch.accounts import Role, Scope
from defacewatch.alerts import DeliveryState
from defacewatch.deadlines import What
from defacewatch.errors import DefacewatchError
from defacewatch.incidents import PROGRAM, Event, Incident, Resolution, State
from defacewatch.language import N_, Translate, local_time, more, translator
from defacewatch.notify.content import incident_code
from defacewatch.notify.hostile import bounded, clean
from defacewatch.notify.refusals import RESOLUTIONS, refusal
from defacewatch.notify.sayings import DELIVERIES, DUES, EVENTS, STATES
from defacewatch.notify.ways import way
from defacewatch.signals import Severity, Signal
from defacewatch.store.reviews import Origin
from defacewatch.verdicts import VerdictKind

LONGEST = 400  # characters of a text that may come from a page

VERDICTS: Mapping[VerdictKind | None, str] = {
    VerdictKind.DEFACED: N_("Suspected attack"),
    VerdictKind.CHANGED: N_("Unusual change"),
    VerdictKind.UNREACHABLE: N_("Unreachable"),
    VerdictKind.UNKNOWN: N_("Not known"),
    VerdictKind.LEARNING: N_("Learning"),
    VerdictKind.CLEAN: N_("As approved"),
    None: N_("Not checked yet"),
}
WORST_FIRST = tuple(VERDICTS)

SEVERITIES: Mapping[Severity, str] = {
    Severity.HIGH: N_("high"),
    Severity.MEDIUM: N_("medium"),
    Severity.LOW: N_("low"),
    Severity.INFO: N_("note"),
}
HOST_ROLES: Mapping[str, str] = {
    "script": N_("code"),
    "frame": N_("frame"),
    "form": N_("form"),
    "link": N_("link"),
    "picture": N_("picture"),
    "style": N_("style or icon"),
    "media": N_("film, sound, object"),
}

ORIGINS: Mapping[Origin, str] = {
    Origin.FIRST: N_("First baseline"),
    Origin.ANNOUNCED: N_("After an announced update"),
    Origin.INCIDENT: N_("From an incident"),
    Origin.EARLIER: N_("Restoring an earlier look"),
    Origin.LEARNED: N_("New look"),
}
ROLES: Mapping[Role, str] = {
    Role.VIEWER: N_("viewer: reads"),
    Role.OFFICER: N_("officer: takes incidents"),
    Role.APPROVER: N_("approver: approves baselines"),
    Role.ADMIN: N_("administrator"),
}
SCOPES: Mapping[Scope, str] = {
    Scope.READ: N_("read"),
    Scope.ACT: N_("act"),
    Scope.ADMIN: N_("administer"),
}


UNATTENDED = "unattended"  # in the address of what a page without scripts asks for by itself


@dataclass(frozen=True)
class Words:
    """Texts for one reader: `language`, time `zone`, and what `now` is for ages; who the reader is (`person`
    None for the shared token), what their forms carry (`csrf`), and the officers' names by their keys; the
    page in another language is at `here` (empty: where it is) with `query`, the page itself at `path`. `idle`
    is how long they stay signed in without doing anything, where that ends it."""

    language: str
    zone: str
    now: datetime
    csrf: str = field(default="", repr=False)
    role: Role | None = None
    person: str | None = None
    officers: Mapping[str, str] = field(default_factory=dict, repr=False)
    here: str = ""
    query: str = ""
    path: str = ""
    idle: timedelta | None = None

    @property
    def again(self) -> str:
        """Where a page asks for itself that has no scripts: the same, and known to be nobody's doing."""
        return f"?{self.query}&{UNATTENDED}=1" if self.query else f"?{UNATTENDED}=1"

    @property
    def _(self) -> Translate:
        return translator(self.language)

    @property
    def administers(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def approves(self) -> bool:
        return self.role is not None and self.role.covers(Role.APPROVER)

    @property
    def acts(self) -> bool:
        return self.role is not None and self.role.covers(Role.OFFICER)

    def more(self, count: int) -> str:
        return more(count, self._)

    def verdict(self, kind: VerdictKind | None) -> str:
        return self._(VERDICTS[kind])

    def role_name(self, role: Role) -> str:
        return self._(ROLES[role])

    def origin(self, origin: Origin) -> str:
        return self._(ORIGINS[origin])

    def scope_name(self, scope: Scope) -> str:
        return self._(SCOPES[scope])

    def state(self, incident: Incident) -> str:
        if incident.resolved_as is not None:
            return f"{self._(STATES[State.RESOLVED])}: {self._(RESOLUTIONS[incident.resolved_as])}"
        return self._(STATES[incident.state])

    def refusal(self, error: DefacewatchError) -> str:
        """What is in the way of what was tried."""
        return refusal(error, self._, zone=self.zone, name_of=self.who)

    def way(self, via: str) -> str:
        """By which way somebody has done something."""
        return self.text(way(via, self._))

    def noted(self, event: Event, text: str) -> str:
        """What a line of a timeline says besides its event."""
        head, colon, reason = text.partition(": ")
        if event is Event.RESOLVED and head in RESOLUTIONS:
            return self._(RESOLUTIONS[Resolution(head)]) + self.text(colon + reason)
        return self.text(text)

    def event(self, event: Event) -> str:
        return self._(EVENTS[event])

    def delivery(self, state: DeliveryState) -> str:
        return self._(DELIVERIES[state])

    def severity(self, severity: Severity) -> str:
        return self._(SEVERITIES[severity])

    def host_role(self, role: str) -> str:
        """What a document names a host for."""
        return self._(HOST_ROLES[role])

    def who(self, name: str) -> str:
        """Somebody by name: an officer whom the roster knows by their key, or as it was written down."""
        return self._("the program") if name == PROGRAM else self.text(self.officers.get(name, name))

    def sentence(self, signal: Signal) -> str:
        """A signal's sentence; what the page put into it is cleaned and cut."""
        return self.text(signal.sentence(self._))

    def text(self, text: object) -> str:
        """A text that anybody may have written: one line, no control characters, not too long."""
        return _shown(str(text)[: LONGEST * 8])

    def code(self, incident: int) -> str:
        return incident_code(incident)

    def full_time(self, moment: datetime) -> str:
        return local_time(moment, self.zone)

    def short_time(self, moment: datetime) -> str:
        """The time of day, and the date where it is not today."""
        there = moment.astimezone(ZoneInfo(self.zone))
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        return f"{there:%H:%M:%S}" if there.date() == today else f"{there:%H:%M %d/%m/%Y}"

    def clock(self, moment: datetime) -> str:
        """Hours and minutes, and the day where it is another one."""
        there = moment.astimezone(ZoneInfo(self.zone))
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        return f"{there:%H:%M}" if there.date() == today else f"{there:%H:%M %d/%m}"

    def span(self, start: datetime, end: datetime) -> str:
        """From when until when, to the minute: the day once where both are on it, the year once."""
        first, last = (moment.astimezone(ZoneInfo(self.zone)) for moment in (start, end))
        if first.date() == last.date():
            return f"{first:%H:%M} – {last:%H:%M %d/%m/%Y}"
        begins = f"{first:%H:%M %d/%m}" if first.year == last.year else f"{first:%H:%M %d/%m/%Y}"
        return f"{begins} – {last:%H:%M %d/%m/%Y}"

    def percent(self, share: float) -> str:
        """A share (0..1) in per cent. One that is not whole never looks so."""
        return format_decimal(int(share * 1000) / 10, format="0.#", locale=self.language) + " %"

    def iso(self, moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat(timespec="seconds")

    def ago(self, moment: datetime) -> str:
        """'3 minutes ago', in the reader's language."""
        seconds = max(0, round((self.now - moment).total_seconds()))
        return _ago(seconds, self.language) if seconds else self._("just now")

    def until(self, moment: datetime) -> str:
        """'in 3 minutes', or '3 minutes ago' where that is over."""
        return _ago(round((self.now - moment).total_seconds()), self.language)

    def reason(self, reason: str) -> str:
        """Why something was not asked for, or not to be had."""
        return self.text(reasons.said(reason, self._))

    def due(self, what: What) -> str:
        return self._(DUES[what])

    def points(self, points: float) -> str:
        return _points(points, self.language)


# A wall says the same hundreds of times, and again a moment later.
@lru_cache(maxsize=8192)
def _shown(text: str) -> str:
    return bounded(clean(text), LONGEST)


@lru_cache(maxsize=8192)
def _ago(seconds: int, language: str) -> str:
    age = timedelta(seconds=-seconds)
    return format_timedelta(age, granularity="second", add_direction=True, locale=language)


@lru_cache(maxsize=1024)
def _points(points: float, language: str) -> str:
    return format_decimal(points, format="#,##0.#", locale=language)
