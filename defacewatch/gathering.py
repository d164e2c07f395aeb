"""Storm control: which of an officer's due deliveries on one channel travel in one message, and when.

A campaign is one thread: its first alert in full, then one message that tells of all its incidents and is
edited as they come. Whoever gets more than `CAP` messages a minute gets the rest in digests. Nothing is left
out: every delivery goes with some message, and keeps its receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from defacewatch.alerts import AlertKind, Delivery, Notice
from defacewatch.campaigns import Campaign
from defacewatch.incidents import Incident
from defacewatch.portals import Page, Portal
from defacewatch.roster import Officer
from defacewatch.verdicts import Verdict

CAP = 6  # messages of their own to one officer on one channel within a minute
MINUTE = timedelta(minutes=1)
DIGEST_EVERY = timedelta(seconds=20)
UPDATE_EVERY = timedelta(minutes=1)  # of a thread that cannot be edited, unless there is more to say
NOTIFY_AGAIN = timedelta(minutes=10)  # a thread that still grows makes itself heard again

# What may travel with others; everything else has buttons of its own, or is about the watch itself.
GATHERED = frozenset(
    {
        AlertKind.DEFACED,
        AlertKind.CHANGED,
        AlertKind.UNREACHABLE,
        AlertKind.CALMED,
        AlertKind.RECOVERED,
        AlertKind.CERTIFICATE,
        AlertKind.TAKEN,
    }
)
_WORST = (AlertKind.DEFACED, AlertKind.CHANGED, AlertKind.UNREACHABLE)


class Manner(StrEnum):
    """How deliveries go out."""

    ALONE = "alone"  # one, in a message of its own
    THREAD = "thread"  # with the others of its campaign
    DIGEST = "digest"  # with whatever else is due
    LATER = "later"  # not now


@dataclass(frozen=True)
class Due:
    """A delivery that is due to an officer on a channel: of which kind of alert, at which escalation step,
    about which campaign (None: none), since when."""

    delivery: int
    kind: AlertKind
    step: int
    since: datetime
    campaign: int | None = None


@dataclass(frozen=True)
class Thread:
    """What an officer has on one channel of a campaign: the message that tells of all of it, if there is one
    yet (its number), when it last made itself heard and was last changed, of how many incidents it told when
    it was heard, and the worst that it told of."""

    campaign: int
    message: int | None = None
    heard_at: datetime | None = None
    changed_at: datetime | None = None
    heard_of: int = 0
    worst: AlertKind | None = None


@dataclass(frozen=True)
class Plan:
    """What goes out now: these deliveries, in this manner; `loud` is to make itself heard, else the thread's
    message is edited. LATER says `until` when."""

    manner: Manner
    deliveries: tuple[int, ...] = ()
    campaign: int | None = None
    loud: bool = True
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """What a message that carries several deliveries tells of one of them: an incident with the verdict that
    was told of it (where it is among the first), or a certificate (`incident` None). `fresh` says that it is
    told of anew."""

    page: Page
    portal: Portal
    incident: Incident | None = None
    verdict: Verdict | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Gathered:
    """Everything a channel needs to write a message that carries several deliveries, `delivery` the first of
    them. Without a `campaign` it is a digest. `changes` is the receipt of the message that it takes the place
    of (None: a new one), `follows` that of the one that it answers; `late` says that nobody took something
    in time, `url` where it can be seen, `take_url` where all of it can be taken."""

    entries: tuple[Entry, ...]
    message: int
    delivery: Delivery
    to: Officer
    at: datetime
    language: str
    zone: str
    campaign: Campaign | None = None
    changes: str | None = None
    follows: str | None = None
    late: bool = False
    url: str | None = None
    take_url: str | None = None


class Channel(Protocol):
    """One way to reach somebody: 'telegram', 'email', or 'webhook:<name>'."""

    @property
    def name(self) -> str: ...

    @property
    def editable(self) -> bool:
        """Whether a message that was sent can be changed."""
        ...

    async def send(self, notice: Notice) -> str:
        """Send, and return the provider's receipt. Raises DeliveryError."""
        ...

    async def send_gathered(self, gathered: Gathered) -> str:
        """Send a message that carries several deliveries, or change the one that it takes the place of; the
        provider's receipt. Raises DeliveryError."""
        ...

    async def reachable(self) -> str:
        """Ask whether the provider is there, sending nothing; a line for `doctor`. Raises DeliveryError."""
        ...

    async def close(self) -> None: ...


def plan(
    due: Sequence[Due],
    threads: Sequence[Thread],
    counts: dict[int, int],
    *,
    sent: int,
    digested_at: datetime | None,
    editable: bool,
    now: datetime,
) -> Plan:
    """What of an officer's `due` deliveries (at least one) on one channel goes out `now`.

    `threads` are what this officer has on this channel of the campaigns in `due`; `counts` how many incidents
    those campaigns have; `sent` how many messages went there within the last minute, and `digested_at` when
    the last digest did. `editable` says whether the channel can change a message.
    """
    known = {thread.campaign: thread for thread in threads}
    first = min(due, key=_order)
    if first.kind not in GATHERED:
        return Plan(Manner.ALONE, (first.delivery,))
    waiting: list[datetime] = []
    for campaign in dict.fromkeys(d.campaign for d in sorted(due, key=_order) if d.campaign in known):
        assert campaign is not None
        some = [d for d in due if d.campaign == campaign and d.kind in GATHERED]
        loud, until = _hearing(known[campaign], some, counts.get(campaign, 0), now)
        if loud or editable or until <= now:
            return Plan(Manner.THREAD, tuple(d.delivery for d in some), campaign, loud or not editable)
        waiting.append(until)
    rest = [d for d in due if d.campaign not in known]
    if not rest:
        return Plan(Manner.LATER, tuple(d.delivery for d in due), until=min(waiting))
    first = min(rest, key=_order)
    if sent < CAP:
        return Plan(Manner.ALONE, (first.delivery,), first.campaign)
    gathered = tuple(d.delivery for d in rest)
    if digested_at is not None and now - digested_at < DIGEST_EVERY:
        return Plan(Manner.LATER, gathered, until=digested_at + DIGEST_EVERY)
    return Plan(Manner.DIGEST, gathered)


def _hearing(thread: Thread, due: Sequence[Due], count: int, now: datetime) -> tuple[bool, datetime]:
    """Whether an update of a thread makes itself heard now, and from when it may be sent in any case. The
    first does, and what is worse; and when there are twice as many incidents as when it was heard last,
    something that nobody took in time, or more after a long time: then not at once again."""
    if thread.heard_at is None or thread.changed_at is None:
        return True, now
    worst = min((_rank(d.kind) for d in due), default=len(_WORST))
    if worst < _rank(thread.worst):
        return True, now
    opened = worst < len(_WORST)
    grown = opened and count >= 2 * thread.heard_of
    aged = opened and now - thread.heard_at >= NOTIFY_AGAIN
    if grown or aged or any(d.step > 0 for d in due):
        until = thread.heard_at + DIGEST_EVERY
        return until <= now, until
    return False, thread.changed_at + UPDATE_EVERY


def worst_of(kinds: Sequence[AlertKind]) -> AlertKind | None:
    """The worst of the kinds that an incident opens with; None where there is none of those."""
    return min((kind for kind in kinds if kind in _WORST), key=_rank, default=None)


def _rank(kind: AlertKind | None) -> int:
    return _WORST.index(kind) if kind in _WORST else len(_WORST)


def _order(due: Due) -> tuple[bool, int, datetime, int]:
    """What cannot travel with others first, then the worst, then what has waited longest."""
    return (due.kind in GATHERED, _rank(due.kind), due.since, due.delivery)
