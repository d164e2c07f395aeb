"""THE path: fetch → compare → judge → settle → advance → record."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol, TypeVar

import structlog

from defacewatch.alerts import draft
from defacewatch.calm import CalmPages, Reads
from defacewatch.captures import Failure, Look, Material, Tier, Validators
from defacewatch.dwelling import Dwelling
from defacewatch.errors import Conflict, DefacewatchError, Moved, Postponed
from defacewatch.features import Features
from defacewatch.incidents import FAILURES_BEFORE_ALERT, TOLD_APART, Change, advance, is_news
from defacewatch.keeping import Keeping
from defacewatch.looks import (
    SUSPECT_PAUSE,
    Judged,
    Seen,
    certificate_draft,
    dwelt,
    fits,
    is_silent,
    is_worth_keeping,
    judged,
    marks_for,
    may_be_captured_later,
    next_validators,
    nothing_came,
    pause_before,
    proposed,
    showing,
    shows_other_pictures,
    since_captured,
    standing,
    taught_profile,
    took,
    unreadable,
    unseen_pictures,
    validators_for,
)
from defacewatch.masks import Apart
from defacewatch.materials import made_of
from defacewatch.records import Context, Kept, Outcome, Quiet, Recorded
from defacewatch.verdicts import BAD, Verdict, VerdictKind, blinded, needs_another_look, settle
from defacewatch.windows import is_expected
from defacewatch.workers import TooMuch

log = structlog.get_logger(__name__)

BREAKS_AFTER = 3  # failures of our browser on one page, in a row, that make it the page's doing
RACES = 5  # how often a check that lost a race re-reads and repeats before it gives up

T = TypeVar("T")


class Fetch(Protocol):
    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look: ...
    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look: ...


class Checks(Protocol):
    async def context(self, page_id: str, *, now: datetime) -> Context: ...
    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool = False) -> Kept: ...
    async def record(self, outcome: Outcome) -> Recorded: ...
    async def quiet(self, looks: Sequence[Quiet]) -> frozenset[str]: ...
    async def materials_of(self, page_id: str) -> tuple[Material, ...]: ...


class Rank(IntEnum):
    """Who comes first when captures wait for the browser."""

    CONFIRM = 0  # somebody is about to be woken
    SUSPICION = 1
    CHANGED = 2  # something that the page is made of is another
    ROUND = 3


@dataclass(frozen=True)
class Result:
    """What a check said and where it was written."""

    outcome: Outcome
    recorded: Recorded


class Checker:
    """Looks at pages, one call a page. What must survive is in the store, not here.

    `renew` makes what is kept of a page readable, before the page is compared with it; `reads` reads the news
    of a page that was calm; `apart` sets apart what lies outside of masked blocks. `turns` tells which
    pictures of approved looks were loaded as they were; `crowded`, that as much waits to be read as is good;
    `later` has a page captured in its turn, where that is better than now.
    """

    def __init__(
        self,
        fetch: Fetch,
        checks: Checks,
        *,
        clock: Callable[[], datetime],
        confirm_after: timedelta,
        revalidate_every: timedelta,
        online: Callable[[], Awaitable[bool]],
        extract: Callable[[Look], Awaitable[Features]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        renew: Callable[[str], Awaitable[object]] | None = None,
        reads: Reads | None = None,
        apart: Callable[[Context, Look], Awaitable[Apart | None]] | None = None,
        turns: Callable[[Context, Look], Awaitable[Mapping[str, frozenset[str]]]] | None = None,
    ) -> None:
        self.fetch, self.checks, self.clock, self.online, self.sleep = fetch, checks, clock, online, sleep
        self.extract, self.renew, self.apart = extract, renew, apart
        self.crowded: Callable[[], bool] = lambda: False
        self.later: Callable[[str], bool] = lambda page_id: False
        self.confirm_after, self.revalidate_every, self.turns = confirm_after, revalidate_every, turns
        self.keeping = Keeping(checks)
        self.unkept: dict[str, str] = {}  # pages whose last capture could not be kept, and why
        self.held: set[str] = set()  # pages whose documents are on their way to a verdict
        self.owed: set[str] = set()  # pages under way that the browser will look at in its turn
        self.browser_failures: dict[str, list[datetime]] = {}  # of each page, in a row
        self.rendered_at: datetime | None = None  # when the browser last showed any page
        self.clean: set[str] = set()  # pages of which the last full check said so
        self.dwelling = Dwelling()
        self.calm = CalmPages(checks.quiet, reads=reads)

    async def probe_page(self, page_id: str, *, waited: bool = True) -> Result | None:
        """As `check_page`; None where one probe of a page that was calm has found it so still, or with
        a little news that may wait for the browser, which is only noted (`calm.flush` writes it). Raises
        Postponed where its document has to be read, too much waits for that, and this one has not `waited`:
        it is fetched again in its turn, as many documents would fill the memory."""
        calm = self.calm.get(page_id)
        if calm is None:
            return await self.check_page(page_id, waited=waited)
        now = self.clock()
        every = self.revalidate_every
        condition = self.calm.condition(page_id, calm.validators, now, every=every)
        look = await self.fetch.probe(calm.url, now=now, validators=condition)
        still = self.calm.is_still(calm, look)
        if not still and not waited and look.probe.html and self.crowded():
            raise Postponed
        if still or await self.calm.has_little_news(calm, look):
            self.calm.asked(page_id, now, every=every)
            self.calm.saw(calm, look.at)
            return None
        return await self.check_page(page_id, probed=None if look.probe.not_modified else look)

    async def check_page(
        self,
        page_id: str,
        *,
        render: bool = False,
        keep: bool = False,
        dry_run: bool = False,
        probed: Look | None = None,
        changed: Sequence[Material] = (),
        waited: bool = True,
        starved: bool = False,
    ) -> Result:
        """Look at one page until its verdict stands, and record it.

        `render` looks with the browser in any case; `keep` keeps its capture even of a clean page;
        `dry_run` records nothing. `probed` is a probe that has been made already, and `changed` what the page
        is made of that was found to be another, as it was given; `starved` has it come to the browser in
        turn with what is suspect. Raises NotFound for an unknown page, and Postponed as `probe_page` does
        where it has not `waited`; never for what a page does.
        """
        try:
            if self.renew is not None:
                await self.renew(page_id)
            self.owed.discard(page_id)
            began = self.clock()
            rank = Rank.SUSPICION if starved else Rank.CHANGED if changed else Rank.ROUND
            looks: list[Judged] = []
            for _ in range(RACES):
                context = await self.checks.context(page_id, now=self.clock())
                if any(of.seen.look.probe.not_modified for of in looks):
                    looks = []  # they say "as before", and before has moved
                again = [await self._set_apart(context, of.seen) for of in looks]
                looks = [await self._judged(context, seen) for seen in again]
                looks = looks or await self._look(context, rank if render else None, probed, waited)
                await self._confirm(context, looks)
                outcome, shown = await self._conclude(context, looks, began)
                if dry_run:
                    return Result(outcome, Recorded(None, None, None))
                outcome = await self._keep(await self._made_of(outcome, looks[-1].seen, changed), shown, keep)
                try:
                    recorded = await self.checks.record(outcome)
                except Moved:
                    continue  # somebody was faster: read again, and judge by what stands now
                owed = page_id in self.owed
                self.calm.settle(outcome, looks[-1].seen, revalidate_every=self.revalidate_every, owed=owed)
                self.calm.asked(page_id, began, every=self.revalidate_every)
                sound = outcome.verdict.kind is VerdictKind.CLEAN and not outcome.verdict.wavered
                (self.clean.add if sound else self.clean.discard)(page_id)
                return Result(outcome, recorded)
            raise Conflict(f"page {page_id} kept changing under the check; it will be looked at again")
        finally:
            self.held.discard(page_id)

    async def _made_of(self, outcome: Outcome, last: Seen, changed: Sequence[Material]) -> Outcome:
        """With what the page is made of, where the browser has seen it as it should be."""
        rendering = last.look.rendering
        if rendering is None or outcome.verdict.kind is not VerdictKind.CLEAN or outcome.verdict.wavered:
            return outcome
        page = outcome.context.page
        previous = await self.checks.materials_of(page.id)
        urls = (page.url, rendering.final_url)
        unseen = unseen_pictures(outcome.context, last.features)
        made = made_of(rendering.resources, page_urls=urls, previous=previous, called=changed, unseen=unseen)
        return replace(outcome, materials=made)

    async def _look(
        self, context: Context, render: Rank | None, probed: Look | None, waited: bool
    ) -> list[Judged]:
        """A probe, and the browser where it matters."""
        page = context.page
        if render is not None:
            seen = await self._render(context, render, dwell=self.dwelling.wants(context, due=True))
            return [await self._judged(context, seen)]
        look = probed
        if look is None:
            now, validators = self.clock(), validators_for(context)
            if validators is not None:
                validators = self.calm.condition(page.id, validators, now, every=self.revalidate_every)
            look = await self.fetch.probe(page.url, now=now, validators=validators)
            if look.probe.html and not waited and self.crowded():
                raise Postponed
        if look.probe.html:
            self.held.add(page.id)
        first = await self._judged(context, await self._seen(context, look))
        if not self._wants_browser(context, first.seen, first.verdict):
            return [first]
        if may_be_captured_later(context, first) and self.later(page.id):
            self.owed.add(page.id)
            return [first]
        seen = await self._render(context, Rank.SUSPICION, dwell=self.dwelling.wants(context, due=False))
        shown = await self._judged(context, seen)
        if first.verdict.kind not in BAD:
            return [shown]
        if shown.verdict.kind in BAD:
            return [replace(shown, since=first.seen.look.at)]
        return [first, shown]

    async def _confirm(self, context: Context, looks: list[Judged]) -> None:
        """Look again, later and in a fresh browser context, before anyone is woken or it is let rest.

        The page is to be seen again `confirm_after` from when it was first seen. A probe has seen it at once:
        this look begins sooner than that by as long as the browser took for the last one, and by a third of
        it at most. Where the browser saw it first, this look begins so long after that one began. But it is a
        quarter of that after the last one at least: two looks at one moment are as good as one. And it takes
        as long as the first time: what a script does late would be outvoted by looks that do not wait for it.
        """
        dwells = any(dwelt(of.seen) for of in looks)
        while needs_another_look([of.verdict.kind for of in looks]) and is_news(
            context.incident, looks[0].verdict, self.clock()
        ):
            if context.incident is None and all(is_expected(context.window, of.verdict) for of in looks):
                return  # nobody is woken
            after, passed = self.confirm_after.total_seconds(), took(looks[-1].seen)
            early, since = 0.0, looks[-1].since
            if since is not None:
                early, passed = min(passed, after / 3), max(passed, (self.clock() - since).total_seconds())
            await self.sleep(max(after / 4, after - early - passed))
            seen = await self._render(context, Rank.CONFIRM, dwell=dwells)
            looks.append(await self._judged(context, seen))

    async def _render(self, context: Context, rank: Rank, *, dwell: bool) -> Seen:
        """A look with the browser, tried once more when our own browser fails.

        A page that the browser fails on again and again, while it shows others, breaks it: that is a
        finding about the page. Otherwise the look counts as the probe that came with it.
        """
        page = context.page
        self.held.discard(page.id)  # it waits for somebody else than who reads documents
        for _ in range(2):
            look = await self.fetch.render(page.url, now=self.clock(), dwell=dwell, rank=rank)
            rendering = look.rendering
            if rendering is None or rendering.failure is not Failure.BROWSER:
                self.browser_failures.pop(page.id, None)
                self.rendered_at = self.clock()
                return await self._seen(context, look)
        failures = self.browser_failures.setdefault(page.id, [])
        failures.append(self.clock())
        others_show = self.rendered_at is not None and self.rendered_at > failures[0]
        if rendering is not None and len(failures) >= BREAKS_AFTER and others_show:
            crashed = replace(look, rendering=replace(rendering, failure=Failure.CRASH))
            return await self._seen(context, crashed)
        detail = (rendering.detail if rendering else "") or "failed"
        return replace(await self._seen(context, replace(look, rendering=None)), blind=detail)

    async def _seen(self, context: Context, look: Look) -> Seen:
        """What comparing needs of a look. A page that cannot be read within limits counts as a crash."""
        if look.probe.not_modified or nothing_came(look):
            return Seen(look, None)
        try:
            features = await self.extract(look)
        except TooMuch as error:
            log.warning("page not read", url=look.probe.url, error=str(error))
            return Seen(unreadable(look, error), None)
        return await self._set_apart(context, Seen(look, features))

    async def _judged(self, context: Context, seen: Seen) -> Judged:
        """A look with its verdict; where pictures are others, it is asked whether they only take turns."""
        found = await in_worker(judged, context, seen)
        if self.turns is None or not shows_other_pictures(found):
            return found
        kept = await self.turns(context, seen.look)
        return await in_worker(judged, context, replace(seen, kept=kept)) if any(kept.values()) else found

    async def _set_apart(self, context: Context, seen: Seen) -> Seen:
        """A look with what lies outside of the blocks that are masked now, from the looks approved now."""
        if seen.features is None or self.apart is None or fits(seen.apart, context):
            return seen
        return replace(seen, apart=await self.apart(context, seen.look))

    async def _keep(self, outcome: Outcome, shown: Seen | None, keep: bool) -> Outcome:
        """The capture that shows what the verdict says, put on disk before the row that names it."""
        if shown is None or shown.features is None or not (keep or is_worth_keeping(outcome)):
            return outcome
        page = outcome.context.page.id
        attack = outcome.verdict.kind is VerdictKind.DEFACED
        try:
            kept = await self.keeping.keep(page, shown.look, shown.features, attack=attack)
        except DefacewatchError as error:
            # an alert without its picture is better than none
            log.error("evidence not kept", page=page, error=str(error))
            self.unkept[page] = str(error)
            return outcome
        self.unkept.pop(page, None)
        if outcome.expected:
            kept = proposed(kept, outcome)
        incident = outcome.change.incident
        if incident is None or outcome.verdict.kind not in BAD:
            return replace(outcome, kept=kept)
        change = replace(outcome.change, incident=replace(incident, capture=kept.capture.id))
        return replace(outcome, kept=kept, change=change)

    def _wants_browser(self, context: Context, seen: Seen, verdict: Verdict) -> bool:
        """Whether a probe is reason enough for a capture now."""
        if verdict.kind is VerdictKind.UNREACHABLE:
            # before an outage is told: the browser may be let in where a probe is turned away
            return context.streak.failures + 1 == FAILURES_BEFORE_ALERT
        age = since_captured(context, seen.look.at)
        if is_expected(context.window, verdict) and context.incident is None:
            return age >= self.revalidate_every
        if context.last is VerdictKind.CHANGED and context.incident is None and context.window is None:
            return True  # what had been announced is over, and the browser may have seen more than a probe
        if verdict.kind in BAD and seen.features is not None:
            return is_news(context.incident, verdict, seen.look.at)
        if context.streak.failures and context.streak.tier is Tier.RENDER:
            # only the browser can end what only the browser sees
            return context.streak.failures < FAILURES_BEFORE_ALERT or age >= SUSPECT_PAUSE
        served = context.served_hash if seen.features is None else seen.features.served.dom_hash
        if served is None or served == context.captured_hash:
            return False
        if context.incident is not None and context.incident.present:
            return age >= SUSPECT_PAUSE
        return age >= pause_before(verdict, self.revalidate_every)

    async def _conclude(
        self, context: Context, looks: Sequence[Judged], began: datetime
    ) -> tuple[Outcome, Seen | None]:
        """One verdict from the looks, what it does to the page's incident, and the look that shows it."""
        verdict = settle([of.verdict for of in looks], wavers=context.wavers)
        if verdict.kind is VerdictKind.UNREACHABLE and not await self.online():
            verdict = blinded(verdict)
        last, shown = looks[-1].seen, showing(looks, verdict)
        tier = last.look.tier
        streak = context.streak.after(verdict.kind, tier)
        now = self.clock()
        expected = context.incident is None and is_expected(context.window, verdict)
        if expected:
            change = Change(None)
        elif is_silent(context, verdict, last):
            verdict = replace(verdict, kind=standing(context) or verdict.kind)
            change = Change(context.incident)
        else:
            change = advance(
                context.incident,
                context.page.id,
                verdict,
                now,
                seen_at=looks[0].seen.look.at,
                failures=streak.failures,
                late=all(dwelt(of.seen) for of in looks if of.verdict.kind in BAD),
                previous=context.previous,
            )
        features = last.features
        seen = shown.features if shown and shown.features else features
        told = draft(change, verdict, context.portal, seen_at=looks[0].seen.look.at)
        alerts = (told, certificate_draft(context, verdict, now))
        outcome = Outcome(
            context,
            at=now,
            tier=tier,
            verdict=verdict,
            change=change,
            streak=streak,
            looks=len(looks),
            captures=sum(of.seen.look.rendering is not None for of in looks),
            elapsed=(now - began).total_seconds(),
            validators=next_validators(verdict, last.look),
            served_hash=features.served.dom_hash if features else None,
            dom_hash=(seen.shown or seen.served).dom_hash if seen else None,
            screen_hash=seen.screen.page if seen and seen.screen else None,
            profile=await in_worker(taught_profile, context, verdict, last) if tier is Tier.RENDER else None,
            alerts=tuple(a for a in alerts if a is not None),
            browser_failed=last.blind is not None,
            expected=expected,
            marks=marks_for(context, verdict, last) if change.event in TOLD_APART else frozenset(),
        )
        return outcome, shown


async def in_worker(work: Callable[..., T], *args: object) -> T:
    """CPU work off the event loop."""
    return await asyncio.to_thread(work, *args)
