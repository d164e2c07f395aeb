"""What a capture is judged to be beside the baseline that stands now: what whoever approves has to see.

The check that took it judged it beside the baseline of its time, without what false alarms had muted. Where
that baseline is another by now, something was muted, or no check took it, it is compared again with what
stands, and nothing muted: what is approved becomes normal, so no more is left out than by masks in force,
which never leave out evidence. Where that cannot be done, it is said.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from defacewatch.baselines import Approval
from defacewatch.errors import DefacewatchError
from defacewatch.looks import Seen, verdict_of
from defacewatch.signals import Kind, Signal, tells_of_attack
from defacewatch.store.reviews import Review
from defacewatch.verdicts import MUTED, Verdict, VerdictKind
from defacewatch.web.console import Console

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Judgement:
    """`verdict` is beside the baseline of now with nothing muted, or, where it is `old`, as the check said it
    at the capture's time; `then` is what was said at that time, where it was compared again since; `moved`
    says that the baseline is another since. None: nothing is known."""

    verdict: Verdict | None = None
    then: Verdict | None = None
    old: bool = False
    moved: bool = True

    @property
    def attack(self) -> bool:
        """Whether there was evidence of attack, now or then: that another baseline was approved since is no
        reason to forget it. What was muted and cannot be compared again may have been some."""
        verdicts = (self.verdict, self.then)
        defaced = any(verdict is not None and verdict.kind is VerdictKind.DEFACED for verdict in verdicts)
        hidden = self.verdict is not None and any(_hides_attack(signal) for signal in self.verdict.signals)
        return defaced or hidden

    @property
    def forgotten(self) -> tuple[Signal, ...]:
        """The signs of an attack at that time that those of now do not tell of, the strongest first."""
        if self.then is None or self.then.kind is not VerdictKind.DEFACED:
            return ()
        if self.verdict is not None and self.verdict.kind is VerdictKind.DEFACED:
            return ()
        return tuple(sorted(self.then.signals, key=lambda signal: -signal.points))


async def judged(console: Console, review: Review) -> Judgement:
    """What a capture is, beside what is approved now."""
    store, page = console.store, review.page.id
    check = await store.checks.taking(page, review.capture.id)
    told = None if check is None else check.verdict
    history = await store.baselines.history(page)
    now = [approval.capture for approval in history if approval.withdrawn_at is None]
    moved = told is None or check is None or _stood(history, check.at) != now
    if not moved and told is not None and not any(s.kind is Kind.MUTED for s in told.signals):
        return Judgement(told)
    if review.stands or review.before is None:  # there is nothing to compare it with
        return Judgement(told, old=moved and told is not None)
    fresh = await _again(console, review)
    if fresh is None:
        return Judgement(told, old=moved and told is not None)
    return Judgement(fresh, told, moved=moved)


def _hides_attack(signal: Signal) -> bool:
    return signal.kind is Kind.MUTED and tells_of_attack(signal.identity.removeprefix(MUTED))


def _stood(history: Iterable[Approval], at: datetime) -> list[str]:
    """The captures that were approved at that time."""
    return [a.capture for a in history if a.at <= at and (a.withdrawn_at is None or a.withdrawn_at > at)]


async def _again(console: Console, review: Review) -> Verdict | None:
    """The verdict beside the baseline that stands, nothing muted; None where what was kept of the capture is
    gone, or was read by another version of the program."""
    store, capture = console.store, review.capture
    try:
        context = await store.checks.context(review.page.id, now=console.clock())
        unmuted = replace(context, mutes=frozenset())
        masked = frozenset(mask.id for mask in context.masks)  # one that runs out moves nothing

        async def compare() -> Verdict | None:
            features = await store.reviews.features(capture.id, version=store.baselines.version)
            if features is None or context.baseline is None:
                return None
            seen = Seen(await store.baselines.look(capture), features)
            return await asyncio.to_thread(verdict_of, unmuted, seen)

        return await console.comparisons.verdict((capture.id, context.version, masked), compare)
    except DefacewatchError as error:
        log.warning("a capture could not be compared again", capture=capture.id, error=str(error))
        return None
