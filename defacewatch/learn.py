"""Learning a page: several captures make its profile, and one is proposed as baseline."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.captures import Capture, Look
from defacewatch.check import Fetch, in_worker
from defacewatch.compare import compare
from defacewatch.compare.standins import approved_in_part
from defacewatch.features import Features
from defacewatch.looks import unreadable
from defacewatch.portals import Page
from defacewatch.profiles import Profile, teach
from defacewatch.records import Context, Kept
from defacewatch.verdicts import Verdict, VerdictKind, judge
from defacewatch.workers import TooMuch

DWELLS = 1  # the sample that waits for what comes late, counted from 0


class Learned(Protocol):
    """What learning needs of the store."""

    async def context(self, page_id: str, *, now: datetime) -> Context: ...
    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool = False) -> Kept: ...


class Proposals(Protocol):
    async def keep_capture(
        self, kept: Kept, *, proposed_by: str, profile: Profile | None, now: datetime
    ) -> Capture: ...


@dataclass(frozen=True)
class Lesson:
    """What came of learning one page: the proposed capture, or why there is none. `verdict` is on the
    proposed capture, judged without a baseline: `defaced` means evidence of attack that needs none."""

    page: Page
    capture: Capture | None
    verdict: Verdict
    samples: int


async def learn_page(
    page_id: str,
    *,
    fetch: Fetch,
    extract: Callable[[Look], Awaitable[Features]],
    checks: Learned,
    baselines: Proposals,
    samples: int,
    every: timedelta,
    by: str,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
) -> Lesson:
    """Take `samples` captures, `every` apart; learn what moves among them; propose the last.

    A page that has an approved baseline keeps it, and its profile learns only from samples that are clean
    against it. A sample with evidence of attack teaches nothing. One that plain HTTP was not given the page
    for is proposed only where there is no better. The second sample dwells, so that what
    the page's own scripts do late is known to be the page's.
    """
    context = await checks.context(page_id, now=clock())
    seen: list[tuple[Look, Features, Verdict]] = []
    worst = Verdict(VerdictKind.UNREACHABLE)
    for number in range(samples):
        if number:
            await sleep(every.total_seconds())
        look = await fetch.render(context.page.url, now=clock(), dwell=number == DWELLS)
        try:
            features = await extract(look)
        except TooMuch as error:
            signals = compare(None, Profile(page_id), unreadable(look, error), None)
            worst = judge(signals, has_baseline=False)
            continue
        signals = await in_worker(compare, None, Profile(page_id), look, features)
        verdict = judge(signals, has_baseline=False)
        if look.rendering is not None and look.rendering.screenshot:
            seen.append((look, features, verdict))
        worst = verdict
    usable = [sample for sample in seen if _is_usable(sample[2])]
    usable.sort(key=lambda sample: approved_in_part(sample[1]) is None)
    attacked = [sample for sample in seen if sample[2].kind is VerdictKind.DEFACED]
    if not usable and not attacked:
        return Lesson(context.page, None, worst, len(seen))
    look, features, verdict = (attacked or usable)[-1]
    profile = None if attacked else await in_worker(_profile, context, usable)
    kept = await checks.keep(page_id, look, features, attack=bool(attacked))
    capture = await baselines.keep_capture(kept, proposed_by=by, profile=profile, now=clock())
    return Lesson(context.page, capture, verdict, len(seen))


def _is_usable(verdict: Verdict) -> bool:
    """Whether a sample shows the page. A bad certificate does not hide it: once a person has approved the
    look, that very certificate is known."""
    return verdict.kind is not VerdictKind.DEFACED and not any(s.hides_page for s in verdict.signals)


def _profile(context: Context, samples: list[tuple[Look, Features, Verdict]]) -> Profile:
    """What moves among the samples: against the approved baseline where there is one, else the last."""
    if context.baseline is None:
        last = samples[-1][1]
        proposed = Baseline(context.page.id, 0, (ApprovedLook("", last),))
        profile = Profile(context.page.id)
        for _, features, _ in samples[:-1]:
            profile = teach(profile, proposed, features, learning=True)
        return profile
    profile = context.profile
    for look, features, _ in samples:
        signals = compare(context.baseline, profile, look, features)
        if judge(signals).kind is VerdictKind.CLEAN:
            profile = teach(profile, context.baseline, features)
    return profile
