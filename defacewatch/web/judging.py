"""What a capture is judged to be beside the baseline that stands now: what whoever approves has to see.

The check that took it judged it beside the baseline of its time. Where that is another by now, or no check
took it, it is compared again with what stands; where that cannot be done, it is said.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from defacewatch.baselines import Approval
from defacewatch.errors import DefacewatchError
from defacewatch.looks import Seen, verdict_of
from defacewatch.store.reviews import Review
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.web.console import Console

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Judgement:
    """`verdict` is beside the baseline of now, or, where it is `old`, beside that of the capture's time;
    `then` is what was said at that time, where it was compared again since. None: nothing is known."""

    verdict: Verdict | None = None
    then: Verdict | None = None
    old: bool = False

    @property
    def attack(self) -> bool:
        """Whether there was evidence of attack, now or then: that another baseline was approved since is no
        reason to forget it."""
        verdicts = (self.verdict, self.then)
        return any(verdict is not None and verdict.kind is VerdictKind.DEFACED for verdict in verdicts)


async def judged(console: Console, review: Review) -> Judgement:
    """What a capture is, beside what is approved now."""
    store, page = console.store, review.page.id
    check = await store.checks.taking(page, review.capture.id)
    told = None if check is None else check.verdict
    history = await store.baselines.history(page)
    now = [approval.capture for approval in history if approval.withdrawn_at is None]
    if told is not None and check is not None and _stood(history, check.at) == now:
        return Judgement(told)
    if review.stands or review.before is None:  # there is nothing to compare it with
        return Judgement(told, old=told is not None)
    fresh = await _again(console, review)
    return Judgement(told, old=told is not None) if fresh is None else Judgement(fresh, told)


def _stood(history: Iterable[Approval], at: datetime) -> list[str]:
    """The captures that were approved at that time."""
    return [a.capture for a in history if a.at <= at and (a.withdrawn_at is None or a.withdrawn_at > at)]


async def _again(console: Console, review: Review) -> Verdict | None:
    """The verdict beside the baseline that stands; None where what was kept of the capture is gone, or was
    read by another version of the program."""
    store, capture = console.store, review.capture
    try:
        context = await store.checks.context(review.page.id, now=console.clock())
        features = await store.reviews.features(capture.id, version=store.baselines.version)
        if features is None or context.baseline is None:
            return None
        look = await store.baselines.look(capture)
    except DefacewatchError as error:
        log.warning("a capture could not be compared again", capture=capture.id, error=str(error))
        return None
    return await asyncio.to_thread(verdict_of, context, Seen(look, features))
