"""THE path: fetch → compare → judge → settle → advance → record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from defacewatch.alerts import AlertKind, Draft, draft
from defacewatch.captures import Features, Look, Tier, Validators
from defacewatch.compare import compare, extract
from defacewatch.errors import Conflict, Moved
from defacewatch.incidents import FAILURES_BEFORE_ALERT, Change, advance, is_news
from defacewatch.portals import Urgency
from defacewatch.profiles import Profile, teach
from defacewatch.records import Context, Kept, Outcome, Recorded
from defacewatch.signals import Kind
from defacewatch.verdicts import (
    BAD,
    Verdict,
    VerdictKind,
    blinded,
    judge,
    muted,
    needs_another_look,
    settle,
)

SUSPECT_AT = 10.0  # points of a probe that make the browser look, once per served document
SUSPECT_PAUSE = timedelta(
    minutes=2
)  # a page whose every probe is a little odd costs one capture in this time
KEEP_CLEAN_EVERY = timedelta(days=1)  # a clean capture is kept this often, as a trace of how the page looked
KEEP_BAD_EVERY = timedelta(hours=6)  # one that shows what an open incident has already told, this often
REMIND_OF_CERTIFICATE = timedelta(days=7)
RACES = 5  # how often a check that lost a race re-reads and repeats before it gives up

T = TypeVar("T")


class Fetch(Protocol):
    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look: ...
    async def render(self, url: str, *, now: datetime) -> Look: ...


class Checks(Protocol):
    async def context(self, page_id: str, *, now: datetime) -> Context: ...
    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool = False) -> Kept: ...
    async def record(self, outcome: Outcome) -> Recorded: ...


@dataclass(frozen=True)
class Seen:
    """A look and what comparing needs of it (None: not modified, or nothing came)."""

    look: Look
    features: Features | None


@dataclass(frozen=True)
class Result:
    """What a check said and where it was written."""

    outcome: Outcome
    recorded: Recorded


class Checker:
    """Looks at pages, one call a page. Holds no state of its own: what must survive is in the store."""

    def __init__(
        self,
        fetch: Fetch,
        checks: Checks,
        *,
        clock: Callable[[], datetime],
        confirm_after: timedelta,
        revalidate_every: timedelta,
        online: Callable[[], Awaitable[bool]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.fetch, self.checks, self.clock, self.online, self.sleep = fetch, checks, clock, online, sleep
        self.confirm_after, self.revalidate_every = confirm_after, revalidate_every

    async def check_page(
        self, page_id: str, *, render: bool = False, keep: bool = False, dry_run: bool = False
    ) -> Result:
        """Look at one page until its verdict stands, and record it.

        `render` looks with the browser in any case; `keep` keeps its capture even of a clean page;
        `dry_run` records nothing. Raises NotFound for an unknown page; never for what a page does.
        """
        began = self.clock()
        looks: list[Seen] = []
        for _ in range(RACES):
            context = await self.checks.context(page_id, now=self.clock())
            if any(seen.look.probe.not_modified for seen in looks):
                looks = []  # they say "as before", and before has moved
            looks = looks or await self._look(context, render)
            await self._confirm(context, looks)
            outcome = await self._conclude(context, looks, began)
            outcome = await self._keep(outcome, looks[-1], keep)
            if dry_run:
                return Result(outcome, Recorded(None, None, None))
            try:
                return Result(outcome, await self.checks.record(outcome))
            except Moved:
                continue  # a person or another process was faster: read again, and judge by what stands now
        raise Conflict(f"page {page_id} kept changing under the check; it will be looked at again")

    async def _look(self, context: Context, render: bool) -> list[Seen]:
        """A probe, and the browser where it matters."""
        url = context.page.url
        if render:
            return [await self._seen(await self.fetch.render(url, now=self.clock()))]
        validators = _conditional(context)
        probed = await self._seen(await self.fetch.probe(url, now=self.clock(), validators=validators))
        verdict = await in_worker(verdict_of, context, probed)
        if not self._wants_browser(context, probed, verdict):
            return [probed]
        shown = await self._seen(await self.fetch.render(url, now=self.clock()))
        agreed = (await in_worker(verdict_of, context, shown)).kind in BAD
        return [shown] if agreed or verdict.kind not in BAD else [probed, shown]

    async def _confirm(self, context: Context, looks: list[Seen]) -> None:
        """Look again, later and in a fresh browser context, before anyone is woken or it is let rest."""
        verdicts = [await in_worker(verdict_of, context, seen) for seen in looks]
        while needs_another_look([v.kind for v in verdicts]) and is_news(context.incident, verdicts[0]):
            await self.sleep(self.confirm_after.total_seconds())
            looks.append(await self._seen(await self.fetch.render(context.page.url, now=self.clock())))
            verdicts.append(await in_worker(verdict_of, context, looks[-1]))

    async def _seen(self, look: Look) -> Seen:
        return Seen(look, await in_worker(_features, look))

    async def _keep(self, outcome: Outcome, last: Seen, keep: bool) -> Outcome:
        """The confirming capture, put on disk before the row that names it."""
        rendering = last.look.rendering
        if rendering is None or not rendering.screenshot or last.features is None:
            return outcome
        if not (keep or _worth_keeping(outcome)):
            return outcome
        attack = outcome.verdict.kind is VerdictKind.DEFACED
        kept = await self.checks.keep(outcome.context.page.id, last.look, last.features, attack=attack)
        incident = outcome.change.incident
        if incident is None or outcome.verdict.kind not in BAD:
            return replace(outcome, kept=kept)
        change = replace(outcome.change, incident=replace(incident, capture=kept.capture.id))
        return replace(outcome, kept=kept, change=change)

    def _wants_browser(self, context: Context, seen: Seen, verdict: Verdict) -> bool:
        """Whether a probe is reason enough for a capture now."""
        if verdict.kind is VerdictKind.UNREACHABLE:
            return False
        if verdict.kind in BAD and seen.features is not None:
            return is_news(context.incident, verdict)
        age = timedelta.max if context.captured_at is None else seen.look.at - context.captured_at
        if context.streak.failures and context.streak.tier is Tier.RENDER:
            # only the browser can end what only the browser sees
            return context.streak.failures < FAILURES_BEFORE_ALERT or age >= SUSPECT_PAUSE
        served = context.served_hash if seen.features is None else seen.features.served.dom_hash
        if served is None or served == context.captured_hash:
            return False
        if context.incident is not None and context.incident.present:
            return age >= SUSPECT_PAUSE
        return age >= (SUSPECT_PAUSE if verdict.score >= SUSPECT_AT else self.revalidate_every)

    async def _conclude(self, context: Context, looks: Sequence[Seen], began: datetime) -> Outcome:
        """One verdict from the looks, and what it does to the page's incident."""
        verdicts = [await in_worker(verdict_of, context, seen) for seen in looks]
        verdict = settle(verdicts, wavers=context.wavers)
        if verdict.kind is VerdictKind.UNREACHABLE and not await self.online():
            verdict = blinded(verdict)
        last = looks[-1]
        tier = last.look.tier
        streak = context.streak.after(verdict.kind, tier)
        now = self.clock()
        if _silent(context, verdict, last):
            verdict = replace(verdict, kind=_standing(context) or verdict.kind)
            change = Change(context.incident)
        else:
            change = advance(
                context.incident,
                context.page.id,
                verdict,
                now,
                failures=streak.failures,
                previous=context.previous,
            )
        features = last.features
        alerts = (draft(change, verdict, context.portal), _certificate(context, verdict, now))
        return Outcome(
            context,
            at=now,
            tier=tier,
            verdict=verdict,
            change=change,
            streak=streak,
            looks=len(looks),
            elapsed=(now - began).total_seconds(),
            validators=_validators(verdict, last.look),
            served_hash=features.served.dom_hash if features else None,
            dom_hash=(features.shown or features.served).dom_hash if features else None,
            screen_hash=features.screen.page if features and features.screen else None,
            profile=_taught(context, verdict, features) if tier is Tier.RENDER else None,
            alerts=tuple(a for a in alerts if a is not None),
        )


async def in_worker(work: Callable[..., T], *args: object) -> T:
    """CPU work off the event loop."""
    return await asyncio.to_thread(work, *args)


def verdict_of(context: Context, seen: Seen) -> Verdict:
    """The verdict on one look: compared with the approved baseline, muted where a false alarm said so."""
    probe = seen.look.probe
    if probe.not_modified and probe.tls is None and not probe.refusals and context.last is not None:
        return Verdict(context.last, context.last_score)
    signals = compare(context.baseline, context.profile, seen.look, seen.features)
    return judge(muted(signals, context.mutes), has_baseline=context.baseline is not None)


def _features(look: Look) -> Features | None:
    probe = look.probe
    nothing_came = probe.failure is not None and not probe.html and look.rendering is None
    return None if probe.not_modified or nothing_came else extract(look)


def _conditional(context: Context) -> Validators | None:
    """Validators only where 'not modified' repeats a verdict that still stands."""
    incident = context.incident
    told = incident is not None and incident.present and context.last in BAD
    return context.validators if told or context.last is VerdictKind.CLEAN else None


def _silent(context: Context, verdict: Verdict, seen: Seen) -> bool:
    """Whether a look says nothing about the open incident.

    An unmodified document repeats the last verdict, and a clean probe cannot outvote a browser: a
    difference that only scripts make never shows in the document.
    """
    if seen.look.tier is Tier.RENDER or context.incident is None:
        return False
    if seen.look.probe.not_modified and verdict.kind in BAD:
        return True
    if verdict.kind is not VerdictKind.CLEAN:
        return False
    if context.incident.verdict is VerdictKind.UNREACHABLE:
        return context.streak.failures > 0 and context.streak.tier is Tier.RENDER
    return context.incident.present


def _standing(context: Context) -> VerdictKind | None:
    """The verdict that a silent look leaves standing."""
    incident = context.incident
    return incident.verdict if incident is not None and incident.present else context.last


def _worth_keeping(outcome: Outcome) -> bool:
    verdict, kept_at = outcome.verdict, outcome.context.kept_at
    if verdict.wavered or outcome.change.event is not None or kept_at is None:
        return True
    return outcome.at - kept_at >= (KEEP_BAD_EVERY if verdict.kind in BAD else KEEP_CLEAN_EVERY)


def _validators(verdict: Verdict, look: Look) -> Validators | None:
    """Validators advance only with a look whose verdict is recorded, and never past an outage."""
    probe = look.probe
    if probe.not_modified:
        return None
    bad = verdict.kind is VerdictKind.UNREACHABLE or verdict.wavered or probe.failure is not None
    return Validators() if bad else probe.validators


def _taught(context: Context, verdict: Verdict, features: Features | None) -> Profile | None:
    """Only a clean capture of a page without an open incident teaches the profile."""
    usable = verdict.kind is VerdictKind.CLEAN and not verdict.wavered and context.incident is None
    if not usable or features is None or context.baseline is None:
        return None
    taught = teach(context.profile, context.baseline, features)
    return None if taught == context.profile else taught


def _certificate(context: Context, verdict: Verdict, now: datetime) -> Draft | None:
    soon = next((s for s in verdict.signals if s.kind is Kind.TLS_EXPIRES_SOON), None)
    told = context.certificate_told_at
    if soon is None or (told is not None and now - told < REMIND_OF_CERTIFICATE):
        return None
    return Draft(AlertKind.CERTIFICATE, Urgency.NORMAL, dict(soon.evidence))
