"""Incidents: one story from the first bad verdict to its resolution, moved by pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from defacewatch.errors import Conflict
from defacewatch.language import N_
from defacewatch.portals import DRILL
from defacewatch.signals import same_difference
from defacewatch.verdicts import BAD, Verdict, VerdictKind

FAILURES_BEFORE_ALERT = 3  # `unreachable` in a row
PAUSE = timedelta(minutes=2)  # after an alert, before the same incident's next change is told
REMEMBERED = 1000  # differences of an incident; beyond that only the latest are
PROGRAM = "defacewatch"  # who acts when no person does


class State(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    RESTORED = "restored"
    FALSE_ALARM = "false-alarm"
    LEGITIMATE = "legitimate"
    DRILL = "drill"  # an attack that was rehearsed


class Event(StrEnum):
    """What happened to an incident: the lines of its timeline."""

    OPENED = "opened"
    WORSENED = "worsened"  # the same story, a worse verdict
    CHANGED_AGAIN = "changed-again"  # a difference that was not there before
    CALMED = "calmed"  # the page looks as approved again; a person still has to resolve it
    RETURNED = "returned"  # and then the difference came back
    UNREACHABLE = "unreachable"  # an open attack's page went away
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"  # to an officer, who has it from then on
    RESOLVED = "resolved"
    COMMENT = "comment"
    TICKED = "ticked"  # a step of the runbook is done
    UNTICKED = "unticked"


TOLD_APART = frozenset({Event.OPENED, Event.WORSENED})  # from then on it may belong to others
ADDED = frozenset({Event.OPENED, Event.WORSENED, Event.CHANGED_AGAIN})  # these brought new differences
CHANGED_FURTHER = N_(
    "This page has changed further since what you were shown. Judge by the latest alert, or by the incident"
    " as it is now."
)

NO_INCIDENT = N_("there is no incident {number}")
IS_TAKEN = N_("incident {incident} was acknowledged by {by} at {at}")
ALREADY_RESOLVED = N_("incident {incident} is already resolved as {resolution}")
IS_A_DRILL = N_("incident {number} is a drill: end it with `defacewatch drills end {number}`")
NOT_RESTORED = N_(
    "incident {incident} cannot be resolved as restored: the latest check of {page} was not clean; run"
    " `defacewatch check` after the page is back"
)
NOT_APPROVED = N_(
    "incident {incident} cannot be resolved as legitimate: the approved baseline does not match; approve the"
    " new look first (defacewatch baseline approve CAPTURE --reason TEXT)"
)


class Line(Protocol):
    """A line of a timeline, as far as rules need it: its number grows."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def event(self) -> Event: ...
    @property
    def capture(self) -> str | None: ...


@dataclass(frozen=True)
class Shown:
    """How much of an incident somebody was shown before they judged it: a page all lines up to number `line`;
    a message the `capture` that it told of, or what there was when it was sent (`at`; None where that is not
    known)."""

    line: int | None = None
    capture: str | None = None
    at: datetime | None = None

    def misses(self, timeline: Sequence[Line]) -> bool:
        """Whether differences came later: a false alarm mutes all of an incident's, so it must not mute what
        its officer has not been shown."""
        added = [line for line in timeline if line.event in ADDED]
        if self.line is not None:
            return any(line.id > self.line for line in added)
        seen = [line.id for line in timeline if self.capture and line.capture == self.capture]
        if seen:
            return any(line.id > seen[-1] for line in added)
        if self.at is None:  # it may be the first alert
            return len(added) > 1
        return any(line.at.replace(microsecond=0) > self.at for line in added)


@dataclass(frozen=True)
class Incident:
    """One incident of one page. `id` is 0 until the store gives one; `version` is for the store's race check.

    `attacked_at` is since when it has been an attack (None: it is none); `differences` are the identities of
    everything alerted so far; `present` says whether the last check
    still saw a difference; `late` that only looks which dwell on the page are known to see it; `capture` is
    the latest one that shows it, `previous` the incident before.
    """

    page: str
    verdict: VerdictKind
    opened_at: datetime
    id: int = 0
    state: State = State.OPEN
    alerted_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    resolved_as: Resolution | None = None
    differences: frozenset[str] = frozenset()
    intermittent: bool = False
    present: bool = True
    late: bool = False
    capture: str | None = None
    previous: int | None = None
    attacked_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Change:
    """What a check does to a page's incident: the incident as it is now (None: there is none), what
    happened (None: nothing new), and whether somebody must hear of it. `held_by` had taken the change that
    now is an attack, which nobody has."""

    incident: Incident | None
    event: Event | None = None
    alert: bool = False
    held_by: str | None = None


def advance(
    incident: Incident | None,
    page: str,
    verdict: Verdict,
    now: datetime,
    *,
    seen_at: datetime | None = None,
    failures: int = 0,
    late: bool = False,
    capture: str | None = None,
    previous: int | None = None,
) -> Change:
    """Move the unresolved incident of `page` by one settled verdict.

    `seen_at` is the time of the first look that was bad, where it is not `now`; `failures` counts the
    `unreachable` verdicts in a row, this one included; `late` says that of its looks only those that
    dwelt on the page were bad; `capture` is the confirming capture; `previous` the page's last resolved
    incident, linked when a new one opens. `unknown` moves nothing: nothing is known.
    """
    if incident is not None and incident.state is State.RESOLVED:
        raise ValueError("a resolved incident does not advance; pass None and `previous`")
    if verdict.kind in BAD:
        if incident is None:
            fresh = Incident(
                page,
                verdict.kind,
                seen_at or now,
                alerted_at=now,
                differences=verdict.differences,
                intermittent=verdict.intermittent,
                late=late,
                capture=capture,
                previous=previous,
                attacked_at=(seen_at or now) if verdict.kind is VerdictKind.DEFACED else None,
            )
            return Change(fresh, Event.OPENED, alert=True)
        return _still_bad(incident, verdict, now, seen_at=seen_at, late=late, capture=capture)
    if verdict.kind is VerdictKind.UNREACHABLE:
        if failures < FAILURES_BEFORE_ALERT:
            return Change(incident)
        if incident is None:
            fresh = Incident(page, verdict.kind, now, alerted_at=now, capture=capture, previous=previous)
            return Change(fresh, Event.OPENED, alert=True)
        if incident.verdict is VerdictKind.UNREACHABLE or failures > FAILURES_BEFORE_ALERT:
            return Change(incident)
        return Change(incident, Event.UNREACHABLE)
    if verdict.kind in (VerdictKind.CLEAN, VerdictKind.LEARNING) and incident is not None:
        return _clean(incident, now)  # before a baseline exists, no evidence is as clean as a page gets
    return Change(incident)


def is_news(incident: Incident | None, verdict: Verdict, now: datetime) -> bool:
    """Whether a bad `verdict` says something that the open incident has not told yet.

    A page that is different at every look is told of again after a pause, not at every look: an attacker
    must not be able to drown other portals' alerts.
    """
    if incident is None or not incident.present or incident.verdict is VerdictKind.UNREACHABLE:
        return True
    if verdict.kind is VerdictKind.DEFACED and incident.verdict is not VerdictKind.DEFACED:
        return True
    paused = incident.alerted_at is not None and now - incident.alerted_at < PAUSE
    return not paused and bool(_new_differences(incident, verdict))


def _new_differences(incident: Incident, verdict: Verdict) -> frozenset[str]:
    return frozenset(
        d for d in verdict.differences if not any(same_difference(d, told) for told in incident.differences)
    )


def _still_bad(
    incident: Incident,
    verdict: Verdict,
    now: datetime,
    *,
    seen_at: datetime | None,
    late: bool,
    capture: str | None,
) -> Change:
    """What somebody took as a change or an outage, and is an attack now, is open again: an attack is told
    until somebody has taken it as one."""
    fresh = _new_differences(incident, verdict)
    if not is_news(incident, verdict, now):
        late = incident.late or (late and bool(fresh))  # not told yet, and looked for all the same
        return Change(replace(incident, late=late, capture=capture or incident.capture))
    attacked = verdict.kind is VerdictKind.DEFACED and incident.verdict is not VerdictKind.DEFACED
    worse = attacked or incident.verdict is VerdictKind.UNREACHABLE
    event = Event.WORSENED if worse else Event.CHANGED_AGAIN if fresh else Event.RETURNED
    moved = replace(
        incident,
        verdict=verdict.kind if worse else incident.verdict,
        alerted_at=now,
        differences=fresh | (incident.differences if len(incident.differences) < REMEMBERED else frozenset()),
        intermittent=verdict.intermittent or event is Event.RETURNED,
        present=True,
        late=incident.late or late,
        capture=capture or incident.capture,
        attacked_at=(seen_at or now) if attacked else incident.attacked_at,
    )
    if attacked and incident.state is State.ACKNOWLEDGED:
        moved = replace(moved, state=State.OPEN, acknowledged_by=None, acknowledged_at=None)
        return Change(moved, event, alert=True, held_by=incident.acknowledged_by)
    return Change(moved, event, alert=True)


def _clean(incident: Incident, now: datetime) -> Change:
    """An outage that ends resolves itself and is told; anything else waits for a person.

    What comes and goes is not announced each time: an intermittent difference stays present.
    """
    if incident.verdict is VerdictKind.UNREACHABLE:
        over = replace(
            incident,
            state=State.RESOLVED,
            resolved_as=Resolution.RESTORED,
            resolved_by=PROGRAM,
            resolved_at=now,
            present=False,
        )
        return Change(over, Event.RESOLVED, alert=True)
    if not incident.present or incident.intermittent:
        return Change(incident)
    return Change(replace(incident, present=False, late=False), Event.CALMED, alert=True)


def acknowledge(incident: Incident, *, by: str, now: datetime) -> Incident:
    """`incident` taken by an officer. Raises Conflict, with who and when, if somebody already has it."""
    if incident.state is State.ACKNOWLEDGED:
        by, at = incident.acknowledged_by or "", incident.acknowledged_at
        raise Conflict(IS_TAKEN, incident=incident.id, by=by, at=at)
    if incident.state is State.RESOLVED:
        raise Conflict(ALREADY_RESOLVED, incident=incident.id, resolution=incident.resolved_as)
    return replace(incident, state=State.ACKNOWLEDGED, acknowledged_by=by, acknowledged_at=now)


def assign(incident: Incident, *, to: str, now: datetime) -> Incident:
    """`incident` given to an officer, who has it from now on; one that nobody had counts as taken now. Raises
    Conflict when it is theirs already, or resolved."""
    if incident.state is State.RESOLVED:
        raise Conflict(f"incident {incident.id} is already resolved as {incident.resolved_as}")
    if incident.acknowledged_by == to:
        raise Conflict(f"incident {incident.id} is assigned to {to} already")
    since = incident.acknowledged_at or now
    return replace(incident, state=State.ACKNOWLEDGED, acknowledged_by=to, acknowledged_at=since)


def resolve(
    incident: Incident, *, as_: Resolution, by: str, now: datetime, matches_baseline: bool
) -> Incident:
    """`incident` closed by a person.

    `matches_baseline` says that the page's latest check was clean against the approved baseline; without
    it only a false alarm can be resolved. Raises Conflict otherwise, or if it is already resolved.
    """
    if incident.state is State.RESOLVED:
        raise Conflict(ALREADY_RESOLVED, incident=incident.id, resolution=incident.resolved_as)
    if (as_ is Resolution.DRILL) is not incident.page.endswith(DRILL):
        drill = incident.page.endswith(DRILL)
        raise Conflict(IS_A_DRILL if drill else N_("incident {number} is no drill"), number=incident.id)
    if as_ is Resolution.RESTORED and not matches_baseline:
        raise Conflict(NOT_RESTORED, incident=incident.id, page=incident.page)
    if as_ is Resolution.LEGITIMATE and not matches_baseline:
        raise Conflict(NOT_APPROVED, incident=incident.id)
    return replace(incident, state=State.RESOLVED, resolved_as=as_, resolved_by=by, resolved_at=now)
