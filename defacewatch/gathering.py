"""Storm control: which of an officer's due deliveries on one channel travel in one message, and when.

A campaign is one thread: its first alert in full, and its first attack, then one message that tells of all
its incidents and is edited as they come. Whoever gets more than `CAP` messages a minute gets the rest in
digests. Nothing is left out: every delivery goes with some message, and keeps its receipt. What ought to be
heard is never put into a silent edit: it waits until there may be a sound again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from defacewatch.alerts import KIND_OF_VERDICT, AlertKind, Notice
from defacewatch.campaigns import Campaign
from defacewatch.incidents import Incident, State
from defacewatch.portals import Page, Portal
from defacewatch.roster import Officer
from defacewatch.verdicts import Verdict

CAP = 6  # messages of their own to one officer on one channel within a minute
MINUTE = timedelta(minutes=1)
DIGEST_EVERY = timedelta(seconds=20)
UPDATE_EVERY = timedelta(minutes=1)  # of a thread that cannot be edited, unless there is more to say
EDIT_EVERY = timedelta(seconds=5)  # of one that can; and between two sounds where pages join one by one
FEW = 2  # that join a thread at a time: for so few its next sound need not wait for long
MORE_EVERY = timedelta(seconds=8)  # … where each is a message more and some came just now, or the cap is near
FOR_OTHERS = 3  # messages within the minute, beyond which what tells of no attack leaves room for one
PATIENCE = timedelta(seconds=20)  # for which an incident waits for that; what else there is, a minute
CHANGED = ", changed"  # how a receipt ends of a message that was changed, which makes no sound
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
        AlertKind.DEADLINE,
        AlertKind.TAKEN,
    }
)
OPENING = tuple(KIND_OF_VERDICT.values())  # an incident; the worst first
LINES = 12  # incidents that a message tells with their signs; of the rest it says the codes
TOGETHER = 150  # deliveries in one message: no more incidents than it has room to name


class Manner(StrEnum):
    """How deliveries go out."""

    ALONE = "alone"  # one, in a message of its own
    THREAD = "thread"  # with the others of its campaign
    DIGEST = "digest"  # with whatever else is due
    LATER = "later"  # not now


@dataclass(frozen=True)
class Due:
    """A delivery that is due to an officer on a channel, or was put off: of which kind of alert, at which
    escalation step, about which campaign (None: none), since when, after how many attempts. `grave`: of a
    critical portal, or of an incident that has become worse. `apart`: never with others (a drill)."""

    delivery: int
    kind: AlertKind
    step: int
    since: datetime
    campaign: int | None = None
    attempts: int = 0
    grave: bool = False
    apart: bool = False

    @property
    def gathers(self) -> bool:
        return self.kind in GATHERED and not self.apart


@dataclass(frozen=True)
class Thread:
    """What an officer has on one channel of a campaign: the message that tells of all of it, if there is one
    yet (its number), when it last made itself heard and was last changed, of how many incidents it told when
    it was heard, and the worst that it told of. `full` are the kinds that were told alone, in full; `taken`
    says that somebody has some of its incidents."""

    campaign: int
    message: int | None = None
    heard_at: datetime | None = None
    changed_at: datetime | None = None
    heard_of: int = 0
    worst: AlertKind | None = None
    full: frozenset[AlertKind] = frozenset()
    taken: bool = False


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
    told of anew, `kinds` by which alerts, `facts` what each of them says besides."""

    page: Page
    portal: Portal
    incident: Incident | None = None
    verdict: Verdict | None = None
    fresh: bool = False
    kinds: frozenset[AlertKind] = frozenset()
    facts: tuple[Mapping[str, object], ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is something to see: that somebody took it is none."""
        return self.fresh and self.kinds != {AlertKind.TAKEN}


@dataclass(frozen=True)
class Gathered:
    """Everything a channel needs to write a message that carries several deliveries. Without a `campaign` it
    is a digest. `changes` is the receipt of the message that it takes the place of (None: a new one),
    `follows` that of the one that it answers, `replaces` that of an older message of the same thread. `late`
    says that nobody took something in time, `deadline` until when somebody has to and `next_to` to whom it
    goes then, `url` where it can be seen, `take_url` where all of it can be taken. `name` is the same for
    every attempt to send exactly this, and for nothing else."""

    entries: tuple[Entry, ...]
    message: int
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
    replaces: str | None = None
    deadline: datetime | None = None
    next_to: str | None = None
    name: str = ""

    @property
    def open(self) -> tuple[int, ...]:
        """The incidents that nobody has."""
        return tuple(
            entry.incident.id
            for entry in self.entries
            if entry.incident is not None and entry.incident.state is State.OPEN
        )

    @property
    def up_to(self) -> int:
        """The highest number of an incident that is told of: what came later was not shown."""
        return max((entry.incident.id for entry in self.entries if entry.incident is not None), default=0)


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
    counts: Mapping[int, int],
    *,
    sent: int,
    digested_at: datetime | None,
    failing: bool = False,
    editable: bool,
    now: datetime,
) -> Plan:
    """What goes out `now` of an officer's deliveries on one channel (at least one), those that are `due` and
    those that were put off: of all that can, what matters most.

    `threads` are what this officer has on this channel of the campaigns in `due`; `counts` how many incidents
    those campaigns have; `sent` how many messages were heard there within the last minute, and `digested_at`
    when the last digest was made. `failing` says that something waits there that could not be sent before,
    `editable` whether the channel can change a message.
    """
    known = {thread.campaign: thread for thread in threads}
    full = sent >= CAP
    plans: list[tuple[tuple[int, datetime, int], Plan]] = []
    loose: list[Due] = []
    for campaign in dict.fromkeys(d.campaign for d in due if d.gathers):
        some = [d for d in due if d.campaign == campaign and d.gathers]
        thread = None if campaign is None else known.get(campaign)
        if campaign is None or thread is None:
            loose += some
            continue
        count = counts.get(campaign, 0)
        # What makes no sound need not wait for what does, nor go in a digest with it; but while one is near,
        # nothing is under way that would hold it up.
        numbers = {d.delivery for d in some if editable and _is_silent(thread, (d,), count, now)}
        silent = [d for d in some if d.delivery in numbers]
        heard = [d for d in some if d.delivery not in numbers]
        sound = None if digested_at is None else digested_at + DIGEST_EVERY
        if full:
            loose += heard
        elif heard:
            one = _of_thread(thread, some, count, sent=sent, editable=editable, now=now)
            plans.append((min(map(_order, some)), one))
            sound = one.until
        near = bool(heard) and (sound is None or sound <= now + EDIT_EVERY)
        if silent and not near:
            one = _of_thread(thread, silent, count, sent=sent, editable=editable, now=now)
            plans.append((min(map(_order, silent)), one))
    plans += [(_order(d), Plan(Manner.ALONE, (d.delivery,))) for d in due if not d.gathers]
    if loose:
        failing = failing or any(d.attempts for d in loose)
        one = _of_loose(loose, digested_at, sent=sent, failing=failing, now=now)
        plans.append((min(map(_order, loose)), one))
    going = [entry for entry in plans if entry[1].manner is not Manner.LATER]
    if going:
        return min(going, key=lambda entry: (not entry[1].loud, entry[0]))[1]
    until = min(one.until for _, one in plans if one.until is not None)
    return Plan(Manner.LATER, tuple(d.delivery for d in due), until=until)


def _of_loose(
    due: Sequence[Due], digested_at: datetime | None, *, sent: int, failing: bool, now: datetime
) -> Plan:
    """What goes out of what has no thread yet. Where a message failed, the next one carries all that waits:
    the channel may have room for one."""
    full = sent >= CAP
    pressing = [d for d in due if _presses(d)]
    piled = len(due) > 1 and now - min(d.since for d in due) >= EDIT_EVERY  # has waited for its turn
    if not full and (failing or pressing or (sent < FOR_OTHERS and not piled)):
        first = min(pressing if pressing and not failing else due, key=_order)
        same = [d for d in due if d.campaign == first.campaign]
        if failing and len(same) > 1 and first.campaign is not None:
            return Plan(Manner.THREAD, _first(same), first.campaign)
        if len(due) == 1 or not failing:
            return Plan(Manner.ALONE, (first.delivery,), first.campaign)
        return Plan(Manner.DIGEST, _first(due))
    if not failing and not pressing:
        until = min(d.since + (PATIENCE if d.kind in OPENING else UPDATE_EVERY) for d in due)
        if sent >= CAP - 1 and until > now:  # lest the next attack have to wait for its turn
            return Plan(Manner.LATER, tuple(d.delivery for d in due), until=min(until, now + EDIT_EVERY))
        if len(due) == 1 and not full:
            return Plan(Manner.ALONE, (due[0].delivery,), due[0].campaign)
    if digested_at is not None and timedelta(0) <= now - digested_at < DIGEST_EVERY:
        return Plan(Manner.LATER, tuple(d.delivery for d in due), until=digested_at + DIGEST_EVERY)
    return Plan(Manner.DIGEST, _first(due))


def _presses(due: Due) -> bool:
    """Whether it waits for nothing that tells of no attack, which leaves it the last place below the cap:
    that pages are well again would else have the next attack wait for its turn."""
    return due.kind in (AlertKind.DEFACED, AlertKind.DEADLINE) or due.grave or due.step > 0


def _of_thread(
    thread: Thread, due: Sequence[Due], count: int, *, sent: int, editable: bool, now: datetime
) -> Plan:
    """What goes out of a campaign that this officer knows. Its first attack goes in full, like its first
    alert. A silent edit carries only what need not be heard; between two sounds there is a pause."""
    attacks = [d for d in due if d.kind is AlertKind.DEFACED]
    failed = any(d.attempts for d in attacks)
    if attacks and not failed and AlertKind.DEFACED not in thread.full | {thread.worst}:
        return Plan(Manner.ALONE, (min(attacks, key=_order).delivery,), thread.campaign)
    numbers = _first(due)
    heard_at, changed_at = (
        moment if moment is not None and moment <= now else None
        for moment in (thread.heard_at, thread.changed_at)
    )
    if heard_at is None or changed_at is None or _at_once(thread, due):
        return Plan(Manner.THREAD, numbers, thread.campaign)
    if _to_be_heard(thread, due, count, now - heard_at):
        joining = sum(_to_be_heard(thread, (d,), count, now - heard_at) for d in due)
        until = heard_at + _pause(joining, sent, editable=editable)
        if until <= now:
            return Plan(Manner.THREAD, numbers, thread.campaign)
    else:
        until = changed_at + (EDIT_EVERY if editable else UPDATE_EVERY)
        if until <= now:
            return Plan(Manner.THREAD, numbers, thread.campaign, loud=not editable)
    return Plan(Manner.LATER, numbers, thread.campaign, until=until)


def _pause(joining: int, sent: int, *, editable: bool) -> timedelta:
    """Between two sounds of a thread that `joining` wait for, `sent` heard within the minute: five seconds
    where pages join one by one and there is room below the cap, eight near it, and 20 for a flood. Where each
    sound is a message more: five seconds for three within the minute, then eight, and 20 near the cap."""
    near = sent >= CAP - 1
    if joining > FEW or (near and not editable):
        return DIGEST_EVERY
    return EDIT_EVERY if sent < (CAP - 1 if editable else MINUTE // DIGEST_EVERY) else MORE_EVERY


def _is_silent(thread: Thread, due: Sequence[Due], count: int, now: datetime) -> bool:
    """Whether an update is edited into a message that was heard, at the cap too: it makes no sound."""
    if thread.heard_at is None or thread.changed_at is None or max(thread.heard_at, thread.changed_at) > now:
        return False  # the clock was set back: nobody knows how long ago that is
    return not _at_once(thread, due) and not _to_be_heard(thread, due, count, now - thread.heard_at)


def _at_once(thread: Thread, due: Sequence[Due]) -> bool:
    """Whether an update is heard without delay: it is worse than anything before, or grave."""
    worst = min((_rank(d.kind) for d in due), default=len(OPENING))
    return worst < _rank(thread.worst) or any(d.grave and d.kind in OPENING for d in due)


def _to_be_heard(thread: Thread, due: Sequence[Due], count: int, silent: timedelta) -> bool:
    """Whether an update makes itself heard when there may be a sound again: an attack on a further page as
    long as nobody has any of it, twice as many incidents, something that nobody took in time, a deadline, or
    more after a long time."""
    if any(d.step > 0 or d.kind is AlertKind.DEADLINE for d in due):
        return True
    opened = [d for d in due if d.kind in OPENING]
    if any(d.kind is AlertKind.DEFACED for d in opened) and not thread.taken:
        return True
    return bool(opened) and (count >= 2 * thread.heard_of or silent >= NOTIFY_AGAIN)


def _first(due: Sequence[Due]) -> tuple[int, ...]:
    """What matters most, as much as one message can name; the rest waits for the next."""
    first = {d.delivery for d in sorted(due, key=_order)[:TOGETHER]}
    return tuple(d.delivery for d in due if d.delivery in first)


def worst_of(kinds: Sequence[AlertKind]) -> AlertKind | None:
    """The worst of the kinds that an incident opens with; None where there is none of those."""
    return min((kind for kind in kinds if kind in OPENING), key=_rank, default=None)


def _rank(kind: AlertKind | None) -> int:
    return OPENING.index(kind) if kind in OPENING else len(OPENING)


def _order(due: Due) -> tuple[int, datetime, int]:
    """Attacks first, then what has a message of its own, then what is worst; then what has waited longest."""
    rank = 0 if due.kind is AlertKind.DEFACED else 1 if not due.gathers else 1 + _rank(due.kind)
    return (rank, due.since, due.delivery)
