"""Alerts and their deliveries: something somebody must hear, and each attempt on one channel."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from defacewatch.campaigns import Campaign
from defacewatch.deadlines import Deadline
from defacewatch.errors import DefacewatchError
from defacewatch.incidents import Change, Event, Incident
from defacewatch.portals import Page, Portal, Urgency
from defacewatch.roster import Officer
from defacewatch.runbooks import Runbook
from defacewatch.verdicts import Verdict, VerdictKind


class AlertKind(StrEnum):
    DEFACED = "defaced"
    CHANGED = "changed"
    UNREACHABLE = "unreachable"
    CALMED = "calmed"  # the page of an open incident looks as approved again
    RECOVERED = "recovered"  # an outage ended
    CERTIFICATE = "certificate"  # a certificate expires soon
    BLIND = "blind"  # this monitor cannot see: its own connectivity is gone
    SIGHTED = "sighted"  # and it is back
    BEHIND = "behind"  # this host does not keep up: pages are not seen within their interval
    CAUGHT_UP = "caught-up"  # and it does again
    CHANNEL_DOWN = "channel-down"  # a channel does not answer: told on the others
    CHANNEL_UP = "channel-up"  # and it does again
    CHANNEL_UNPROVED = "channel-unproved"  # an officer has not answered the test of a channel
    AUDIT_BROKEN = "audit-broken"  # the audit log is not as the program wrote it
    ANNOUNCED = "announced"  # changes of a portal are expected for a time
    WATCH_RAISED = "watch-raised"  # a raised watch begins
    WATCH_LOWERED = "watch-lowered"  # and is over
    WATCH_REDUCED = "watch-reduced"  # somebody has taken something out of the watch
    HANDOVER = "handover"  # a shift hands over to the next
    HANDOVER_OPEN = "handover-open"  # and somebody has not confirmed it
    DEADLINE = "deadline"  # the time to restore or to report is nearly over, or over
    TAKEN = "taken"  # somebody has taken an incident: for those who were told of it
    TEST = "test"


class DeliveryState(StrEnum):
    PENDING = "pending"  # to be sent at `next_at`
    SENDING = "sending"  # claimed, and perhaps sent: after the lease it is sent again
    SENT = "sent"
    FAILED = "failed"  # given up; somebody else was asked


@dataclass(frozen=True)
class Draft:
    """An alert that is about to be recorded. `officer` names the only one to tell (a test)."""

    kind: AlertKind
    urgency: Urgency
    facts: Mapping[str, object] = field(default_factory=dict)
    officer: str | None = None


@dataclass(frozen=True)
class Alert:
    """Something somebody must hear. `step` is the next escalation step to take, due at `next_step_at`
    (None: no further step); `reached` is when the one before was due. `facts` are what its text needs besides
    the incident."""

    id: int
    kind: AlertKind
    urgency: Urgency
    at: datetime
    incident: int | None = None
    page: str | None = None
    step: int = 0
    next_step_at: datetime | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    officer: str | None = None
    reached: datetime | None = None

    @property
    def about(self) -> str:
        """The kind of alert that its story began with: that a change is gone is of no more urgency than it
        was."""
        return str(self.facts.get("of", self.kind.value))


@dataclass(frozen=True)
class Wanted:
    """A delivery to be made: the channel, the officer's key (None for a webhook), the escalation step."""

    channel: str
    officer: str | None
    step: int = 0


@dataclass(frozen=True)
class Delivery:
    """One message on one channel: to an officer (by key), or a webhook ('webhook:<name>', officer None)."""

    id: int
    alert: int
    channel: str
    officer: str | None
    state: DeliveryState
    attempts: int
    step: int
    created_at: datetime
    next_at: datetime | None
    receipt: str | None = None
    error: str | None = None
    sent_at: datetime | None = None
    message: int | None = None  # that carries it with others


@dataclass(frozen=True)
class Notice:
    """Everything a channel needs to write a message. Pictures are JPEG, or None where there is none.

    `deadline` is when the alert moves on to `next_to` unless it is acknowledged. `confirmed_at` is the
    time of the confirming look, `evidence_url` where the status page shows the incident, `take_url`
    where its officer takes it, `runbook` what is to be done. `delivery` is the
    row that is being sent: its id makes duplicates recognisable, its step says whether this is an escalation.
    `campaign` is what the incident belongs to, `together` how many incidents do; `clocks` run for an attack.
    """

    alert: Alert
    language: str
    zone: str
    portal: Portal | None = None
    page: Page | None = None
    incident: Incident | None = None
    verdict: Verdict | None = None
    confirmed_at: datetime | None = None
    deadline: datetime | None = None
    next_to: str | None = None
    before: bytes | None = None
    after: bytes | None = None
    capture: str | None = None
    evidence_url: str | None = None
    take_url: str | None = None
    runbook: Runbook = field(default_factory=Runbook)
    to: Officer | None = None
    delivery: Delivery | None = None
    campaign: Campaign | None = None
    together: int = 0
    clocks: tuple[Deadline, ...] = ()


class DeliveryError(DefacewatchError):
    """A message was not delivered. `permanent` stops the retries on this channel (a bad address, a chat that
    does not exist; not what the configuration can mend, as a wrong password or token); `retry_after` is the
    provider's own wish."""

    def __init__(self, text: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.retry_after = retry_after


def handover_of(alert: Alert) -> int | None:
    """The handover that a message of this alert can be answered with, by its number."""
    number = alert.facts.get("handover")
    answered = alert.kind in (AlertKind.HANDOVER, AlertKind.TEST)
    return number if answered and isinstance(number, int) else None


def takes(kinds: Mapping[str, Collection[str]], channel: str, kind: AlertKind) -> bool:
    """Whether a channel is for a kind of alert: `kinds` names those that are for some alone. Tests go
    everywhere."""
    return kind is AlertKind.TEST or channel not in kinds or kind in kinds[channel]


def is_unheard(told: Iterable[tuple[str | None, DeliveryState]]) -> bool:
    """Whether something was given up, and no officer was or still may be reached. `told` has the officer
    (None or '': a webhook) and the state of each delivery."""
    outcomes = [(officer, state is DeliveryState.FAILED) for officer, state in told]
    return any(failed for _, failed in outcomes) and all(failed for officer, failed in outcomes if officer)


BACKOFF = tuple(timedelta(seconds=s) for s in (5, 15, 30, 60, 120, 300, 600))
FAIL_OVER_AFTER = 2  # failed attempts on a channel before somebody or something else is tried as well
GIVE_UP_AFTER = timedelta(hours=24)
TELL_AGAIN_AFTER = timedelta(minutes=10)  # when all were given up and nobody has heard of an alert
LEASE = timedelta(seconds=60)  # longer than any channel's time-out, so nothing is sent twice in parallel


KIND_OF_VERDICT = {  # the worst first
    VerdictKind.DEFACED: AlertKind.DEFACED,
    VerdictKind.CHANGED: AlertKind.CHANGED,
    VerdictKind.UNREACHABLE: AlertKind.UNREACHABLE,
}
OF_ITSELF = frozenset({AlertKind.BLIND, AlertKind.BEHIND})  # what is wrong with the watch, not with a page
TO_LEADERSHIP = frozenset({AlertKind.WATCH_REDUCED})  # told to those on duty and, at once, to the leadership
ESCALATES = frozenset({AlertKind.DEFACED, AlertKind.CHANGED, AlertKind.UNREACHABLE, *OF_ITSELF})


def urgency_for(kind: AlertKind, portal: Portal) -> Urgency:
    """How urgent an alert about a page of a portal is."""
    return portal.defaced_urgency if kind is AlertKind.DEFACED else portal.changed_urgency


def draft(
    change: Change, verdict: Verdict, portal: Portal, *, seen_at: datetime | None = None
) -> Draft | None:
    """The alert that a change of an incident calls for, or None. `seen_at` is when the first look was bad."""
    if not change.alert or change.incident is None or change.event is None:
        return None
    if change.event is Event.RESOLVED:
        return Draft(AlertKind.RECOVERED, Urgency.NORMAL)
    if change.event is Event.CALMED:
        return Draft(AlertKind.CALMED, Urgency.NORMAL, {"of": change.incident.verdict.value})
    kind = KIND_OF_VERDICT[verdict.kind]
    urgency = urgency_for(kind, portal)
    facts: dict[str, object] = {"event": change.event.value, "intermittent": verdict.intermittent}
    if seen_at is not None:
        facts["seen_at"] = seen_at.isoformat()
    if change.held_by is not None:
        facts["held_by"] = change.held_by
    return Draft(kind, urgency, facts)


def retry_at(
    attempts: int, now: datetime, *, created_at: datetime, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after `attempts` failures (1 = the first), or None to give up.

    A provider's `retry_after` is honoured where it is longer than our own step.
    """
    step = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    due = now + max(step, retry_after or timedelta(0))
    return None if due - created_at > GIVE_UP_AFTER else due
