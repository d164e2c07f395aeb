"""What a look means for a page as the store knows it: rules of the path, without any I/O."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urldefrag

from defacewatch.alerts import AlertKind, Draft
from defacewatch.campaigns import Mark, marks_of
from defacewatch.captures import Failure, Look, Tier, Validators
from defacewatch.compare import compare
from defacewatch.features import Document, Features
from defacewatch.incidents import Incident
from defacewatch.masks import Apart, Cell, Outside, blocks_of, masked_by, tiles_of, without_hidden
from defacewatch.portals import Urgency
from defacewatch.profiles import Profile, teach
from defacewatch.records import Context, Kept, Outcome
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import BAD, Verdict, VerdictKind, judge, muted
from defacewatch.workers import TooMuch

KEEP_CLEAN_EVERY = timedelta(days=1)  # a clean capture is kept this often, as a trace of how the page looked
KEEP_EXPECTED_EVERY = timedelta(hours=1)  # one that shows what was announced, this often
KEEP_BAD_EVERY = timedelta(hours=6)  # one that shows what an open incident has already told, this often
REMIND_OF_CERTIFICATE = timedelta(days=7)
SUSPECT_AT = 10.0  # points of a probe that make the browser look, once per served document
SUSPECT_PAUSE = timedelta(
    minutes=2
)  # a page whose every probe is a little odd costs one capture in this time


@dataclass(frozen=True)
class Seen:
    """A look and what comparing needs of it (None: not modified, or nothing came).

    `blind` says why our own browser failed: such a look counts as a probe, whatever was asked for. `apart` is
    what lies outside of masked blocks, where there are any. `kept` are the addresses of pictures of the looks
    approved, by capture, that it has loaded as they were; None where nobody has asked.
    """

    look: Look
    features: Features | None
    blind: str | None = None
    apart: Apart | None = None
    kept: Mapping[str, frozenset[str]] | None = None


def fits(apart: Apart | None, context: Context) -> bool:
    """Whether what was set apart is so for the blocks masked in a context, and for the looks approved."""
    blocks = blocks_of(context.masks)
    if apart is None or not blocks:
        return apart is None and not blocks
    approved = context.baseline.looks if context.baseline is not None else ()
    return apart.blocks == blocks and apart.approved.keys() >= {look.capture for look in approved}


@dataclass(frozen=True)
class Judged:
    """A look with its verdict in one context: in another one it is to be judged again. `since` is when a
    probe had seen what it says, if one had before."""

    seen: Seen
    verdict: Verdict
    since: datetime | None = None


def nothing_came(look: Look) -> bool:
    return look.probe.failure is not None and not look.probe.html and look.rendering is None


def unreadable(look: Look, error: TooMuch) -> Look:
    """A look whose page could not be read within limits: it counts as one that crashed. What was served stays
    with it for evidence that needs no reading."""
    return Look(replace(look.probe, failure=Failure.CRASH, detail=str(error)))


def showing(looks: Sequence[Judged], settled: Verdict) -> Seen | None:
    """The latest capture that shows what was settled; None when the browser never saw it."""
    pictured = [
        judged.seen
        for judged in looks
        if judged.seen.look.rendering is not None
        and judged.seen.look.rendering.screenshot
        and (settled.kind not in BAD or judged.verdict.kind is settled.kind)
    ]
    return pictured[-1] if pictured else None


def marks_for(context: Context, verdict: Verdict, seen: Seen) -> frozenset[Mark]:
    """The traits by which an incident is found to belong to others."""
    looks = context.baseline.looks if context.baseline else ()
    made_by = next((d.generator for look in looks for d in _documents(look.features) if d.generator), "")
    return marks_of(
        context.page, context.portal, verdict, addresses=seen.look.probe.addresses, generator=made_by
    )


def _documents(features: Features) -> Iterator[Document]:
    yield features.served
    if features.shown is not None:
        yield features.shown


def validators_for(context: Context) -> Validators | None:
    """Validators only where 'not modified' repeats a verdict that still stands."""
    incident = context.incident
    told = incident is not None and incident.present and context.last in BAD
    return context.validators if told or context.last is VerdictKind.CLEAN else None


def is_silent(context: Context, verdict: Verdict, seen: Seen) -> bool:
    """Whether a look says nothing about the open incident.

    An unmodified document repeats the last verdict, and a clean probe cannot outvote a browser: a
    difference that only scripts make never shows in the document. Nor can a look that does not dwell
    outvote one that did, nor one that was compared with nothing, though something is approved.
    """
    if context.incident is None:
        return False
    if verdict.kind in (VerdictKind.CLEAN, VerdictKind.LEARNING) and _knows_less(
        context.incident, context, seen
    ):
        return True
    if seen.look.tier is Tier.RENDER:
        return False
    if seen.look.probe.not_modified and verdict.kind in BAD:
        return True
    if verdict.kind not in (VerdictKind.CLEAN, VerdictKind.LEARNING):
        return False
    if context.incident.verdict is VerdictKind.UNREACHABLE:
        return context.streak.failures > 0 and context.streak.tier is Tier.RENDER
    return context.incident.present


def dwelt(seen: Seen) -> bool:
    """Whether the page was watched for what its scripts do late."""
    return seen.look.rendering is not None and seen.look.rendering.dwelt


def took(seen: Seen) -> float:
    """Seconds that the browser took, without what it waited for its turn or dwelt on the page."""
    return 0.0 if seen.look.rendering is None else seen.look.rendering.elapsed


def _knows_less(incident: Incident, context: Context, seen: Seen) -> bool:
    """Whether a look could not see what the incident is about."""
    attacked = incident.present and incident.verdict in BAD
    return attacked and (context.unread or (incident.late and not dwelt(seen)))


def standing(context: Context) -> VerdictKind | None:
    """The verdict that a silent look leaves standing."""
    incident = context.incident
    if incident is not None and incident.intermittent and context.last is VerdictKind.CLEAN:
        return context.last  # it was away when the browser last looked
    return incident.verdict if incident is not None and incident.present else context.last


def since_captured(context: Context, at: datetime) -> timedelta:
    """How long the browser's last look is ago. A look that is still to come, by a clock that was set back
    since, is as good as none."""
    seen_at = context.captured_at
    return timedelta.max if seen_at is None or seen_at > at else at - seen_at


def pause_before(verdict: Verdict, revalidate_every: timedelta) -> timedelta:
    """How long after its last look the browser may leave a page whose document is another since."""
    return SUSPECT_PAUSE if verdict.score >= SUSPECT_AT else revalidate_every


def is_worth_keeping(outcome: Outcome) -> bool:
    verdict, kept_at = outcome.verdict, outcome.context.kept_at
    incident, window = outcome.change.incident, outcome.context.window
    if outcome.expected and window is not None:
        return kept_at is None or kept_at <= window.start or outcome.at - kept_at >= KEEP_EXPECTED_EVERY
    if verdict.kind in BAD and incident is not None and incident.capture is None:
        return True
    if verdict.wavered or outcome.change.event is not None or kept_at is None:
        return True
    return outcome.at - kept_at >= (KEEP_BAD_EVERY if verdict.kind in BAD else KEEP_CLEAN_EVERY)


def unseen_pictures(context: Context, features: Features | None) -> frozenset[str]:
    """The addresses (as far as shots keep them) of pictures which the approved looks show and this one does
    not: a slider that stands at another of its slides just now says nothing of them."""
    looks = context.baseline.looks if context.baseline else ()
    approved, shown = (
        {urldefrag(shot.url).url for screen in screens if screen for shot in screen.shots}
        for screens in ([look.features.screen for look in looks], [features.screen if features else None])
    )
    return frozenset(approved - shown)


def may_be_captured_later(context: Context, first: Judged) -> bool:
    """Whether a probe that the browser should follow shows no more than that the document is another."""
    quiet = context.incident is None and context.window is None and not context.streak.failures
    verdict = first.verdict
    return quiet and verdict.kind is VerdictKind.CLEAN and verdict.score < SUSPECT_AT


def proposed(kept: Kept, outcome: Outcome) -> Kept:
    """A capture of what was announced, proposed as the new look by whoever announced it."""
    window = outcome.context.window
    if window is None or outcome.verdict.kind is not VerdictKind.CHANGED:
        return kept
    return replace(kept, capture=replace(kept.capture, proposed_by=window.signed, proposed_at=outcome.at))


def next_validators(verdict: Verdict, look: Look) -> Validators | None:
    """Validators advance only with a look whose verdict is recorded, and never past an outage."""
    probe = look.probe
    if probe.not_modified:
        return None
    bad = verdict.kind is VerdictKind.UNREACHABLE or verdict.wavered or probe.failure is not None
    return Validators() if bad else probe.validators


def shows_other_pictures(judged: Judged) -> bool:
    """Whether it is bad, and among the reasons are pictures that are others."""
    return judged.verdict.kind in BAD and any(s.kind is Kind.PICTURES for s in judged.verdict.signals)


def taught_profile(context: Context, verdict: Verdict, seen: Seen) -> Profile | None:
    """Only a clean capture of a page without an open incident teaches the profile. What is masked teaches
    nothing: otherwise it would be forgiven when the mask has ended. Nor does a look at pictures that take
    turns, whose place would then be taken to move, whatever comes to stand there."""
    usable = verdict.kind is VerdictKind.CLEAN and not verdict.wavered and context.incident is None
    features, apart, baseline = seen.features, seen.apart, context.baseline
    if not usable or features is None or baseline is None or seen.kept:
        return None
    masked = masked_by(context.masks, apart)
    if masked is None:
        taught = teach(context.profile, baseline, features)
        return None if taught == context.profile else taught
    if masked.apart is None and any(mask.blocks for mask in context.masks):
        return None
    rests = {} if masked.apart is None else masked.apart.approved
    cells = masked.cells
    looks = tuple(
        replace(look, features=_bare(look.features, cells, rests.get(look.capture)))
        for look in baseline.looks
    )
    own = None if masked.apart is None else masked.apart.own
    bare = _bare(features, cells, own)
    taught = teach(context.profile, replace(baseline, looks=looks), bare, hidden=tiles_of(cells))
    return None if taught == context.profile else taught


def _bare(features: Features, cells: Collection[Cell], rest: Outside | None) -> Features:
    """Features without what is masked; of the screen the pictures alone."""
    served, shown, screen = features.served, features.shown, features.screen
    if rest is not None:
        served = replace(served, paths=rest.served.paths, words=rest.served.words)
        if shown is not None and rest.shown is not None:
            shown = replace(shown, paths=rest.shown.paths, words=rest.shown.words)
    if screen is not None:
        screen = replace(screen, shots=without_hidden(screen.shots, cells))
    return replace(features, served=served, shown=shown, screen=screen)


def certificate_draft(context: Context, verdict: Verdict, now: datetime) -> Draft | None:
    soon = next((s for s in verdict.signals if s.kind is Kind.TLS_EXPIRES_SOON), None)
    told = context.certificate_told_at
    if soon is None or (told is not None and now - told < REMIND_OF_CERTIFICATE):
        return None
    return Draft(AlertKind.CERTIFICATE, Urgency.NORMAL, dict(soon.evidence))


def judged(context: Context, seen: Seen) -> Judged:
    """A look with its verdict, which costs more than all else that a check does in this process."""
    return Judged(seen, verdict_of(context, seen))


def verdict_of(context: Context, seen: Seen) -> Verdict:
    """The verdict on one look: compared with the approved baseline, muted where a false alarm said so."""
    probe = seen.look.probe
    if probe.not_modified and probe.tls is None and not probe.refusals and context.last is not None:
        return Verdict(context.last, context.last_score)
    masked = masked_by(context.masks, seen.apart)
    kept = seen.kept or {}
    signals = compare(context.baseline, context.profile, seen.look, seen.features, masked, kept)
    if seen.blind is not None:
        signals = (*signals, Signal(Kind.BROWSER_FAILED, 0.0, "browser-failed", {"detail": seen.blind[:200]}))
    return judge(muted(signals, context.mutes), has_baseline=context.baseline is not None)
