"""Captures as those who judge see them: beside what is approved, what is another in pictures and words."""

from dataclasses import asdict

from aiohttp import web

from defacewatch import shapes
from defacewatch.captures import Tier
from defacewatch.compare.reading import Reading
from defacewatch.store.reviews import Review
from defacewatch.web import differences, pictures, proposals
from defacewatch.web.api import reviewlines as lines
from defacewatch.web.api.described import File, get
from defacewatch.web.api.shared import Query
from defacewatch.web.console import acting, console_of, words_of
from defacewatch.web.incident import may_approve
from defacewatch.web.judging import judged
from defacewatch.web.pagehistory import CHECKS, DAYS, Times, times_of
from defacewatch.web.review import approvers, hurdle_of, is_attack, proposed_with
from defacewatch.windows import Window

TAG = "baselines"
JPEG = File(pictures.JPEG[0], "What is another is marked.")
NOTHING = Reading()


@get("/baselines/waiting", lines.Waiting, tag=TAG)
async def waiting(request: web.Request) -> shapes.Line:
    """How many proposals wait, by kind."""
    store = console_of(request).store.reviews
    counts = {origin.value: count for origin, count in (await store.counts()).items()}
    return {"counts": counts, "without": (await store.without(1))[0]}


@get("/captures/{capture}/review", lines.Review, tag=TAG)
async def review(request: web.Request, query: Query) -> shapes.Line:
    """A capture beside the baseline that it would replace: what is another, what is in the way of approving
    it, and who can."""
    return await _line(request, await console_of(request).store.reviews.of(request.match_info["capture"]))


@get("/captures/{capture}/difference", JPEG, tag=TAG)
async def difference(request: web.Request) -> web.StreamResponse:
    """What is another in the pictures of a capture and its baseline. 404 where there are no two."""
    return await proposals.picture(request)


@get("/captures/{capture}/words", lines.Reading, tag=TAG)
async def words(request: web.Request) -> shapes.Line:
    """What is another in the documents of a capture and its baseline, in words."""
    found = await console_of(request).store.reviews.of(request.match_info["capture"])
    return _reading(await proposals.reading_of(request, found))


@get("/incidents/{id}/difference", JPEG, tag="incidents")
async def incident_difference(request: web.Request) -> web.StreamResponse:
    """What is another in the pictures before and after of an incident. 404 where there are no two."""
    return await differences.picture(request)


@get("/incidents/{id}/words", lines.Reading, tag="incidents")
async def incident_words(request: web.Request) -> shapes.Line:
    """What is another in the documents before and after of an incident, in words."""
    return _reading(await differences.reading_of(request, int(request.match_info["id"])))


@get("/pictures/{sha}", File("image/png", "The picture."), tag="watching")
async def picture(request: web.Request) -> web.StreamResponse:
    """A picture by its hash, as incidents (`before`, `after`) and captures (`screenshot`) name it."""
    return await pictures.picture(request)


@get("/pages/{page}/history", lines.PageHistory, tag="watching")
async def history(request: web.Request) -> shapes.Line:
    """How long a page takes to answer, and what is left of the days on which nothing was found."""
    store, page = console_of(request).store, request.match_info["page"]
    await store.portals.page(page)
    recent = await store.checks.history(page, CHECKS)
    return {
        "page": page,
        "probes": _times(times_of(recent, Tier.PROBE)),
        "renders": _times(times_of(recent, Tier.RENDER)),
        "days": [
            {
                "day": shapes.moment(day.day),
                "tier": day.tier.value,
                "verdict": day.verdict.value,
                "checks": day.checks,
                "looks": day.looks,
                "elapsed": day.elapsed,
                "longest": day.longest,
            }
            for day in await store.checks.days(page, DAYS)
        ],
    }


async def _line(request: web.Request, review: Review) -> shapes.Line:
    console, translate, actor = console_of(request), words_of(request)._, acting(request)
    judgement, portal, capture = await judged(console, review), review.portal, review.capture
    verdict = judgement.verdict
    used = await proposed_with(console, review, actor)
    can = await approvers(console, portal, capture, used) if review.waiting else ()
    judge = actor if may_approve(request) else None
    hurdle = None if judge is None else hurdle_of(request, review, judge, used)
    window = review.window
    return {
        "capture": shapes.capture_line(capture),
        "portal": portal.key,
        "page": review.page.id,
        "origin": review.origin.value,
        "before": None if review.before is None else shapes.capture_line(review.before),
        "looks": review.looks,
        "version": review.version,
        "waiting": review.waiting,
        "stands": review.stands,
        "earlier": None if review.earlier is None else review.earlier.id,
        "newer": review.newer,
        "older": review.older,
        "incident": None if review.incident is None else review.incident.id,
        "window": None if window is None else _window(window),
        "verdict": None if verdict is None else verdict.kind.value,
        "score": 0.0 if verdict is None else verdict.score,
        "signals": [shapes.signal_line(signal, translate) for signal in verdict.signals] if verdict else [],
        "forgotten": [shapes.signal_line(signal, translate) for signal in judgement.forgotten],
        "attack": not review.stands and is_attack(review, judgement),
        "hurdle": None if hurdle is None else hurdle.value,
        "approvers": [account.display for account in can],
    }


def _reading(found: Reading | None) -> shapes.Line:
    reading = found or NOTHING
    return {
        "made": found is not None,
        "blocks": [
            {"kind": block.kind, "hidden": block.hidden, "pieces": [asdict(piece) for piece in block.pieces]}
            for block in reading.blocks
        ],
        "more": reading.more,
        "same": reading.same,
        "hosts_added": [{"role": role, "host": host} for role, host in reading.hosts_added],
        "hosts_removed": [{"role": role, "host": host} for role, host in reading.hosts_removed],
    }


def _window(window: Window) -> shapes.Line:
    return {"id": window.id, "by": window.signed, "reason": window.reason, "via": window.via}


def _times(times: Times | None) -> shapes.Line | None:
    return None if times is None else asdict(times)


OPERATIONS = (
    waiting,
    review,
    difference,
    words,
    incident_difference,
    incident_words,
    picture,
    history,
)
