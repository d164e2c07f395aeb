"""How pages look by what was approved: see proposals, propose, approve, look back."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.approving import check_people, is_stranger
from defacewatch.captures import Capture
from defacewatch.errors import Conflict
from defacewatch.language import N_
from defacewatch.web.api import lines
from defacewatch.web.api.acting import signs_as, source
from defacewatch.web.api.cursors import moment_and, number, part
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Body, Pages, Said, Word
from defacewatch.web.console import console_of
from defacewatch.web.judging import judged
from defacewatch.web.review import CONFIRM, is_attack

TAG = "baselines"


class Approving(Body):
    """Approve exactly this capture, as the page's look, or with `also` as one besides those approved."""

    capture: Annotated[Word, Field(description="The capture that somebody has looked at.")]
    reason: Said
    against: Annotated[
        int,
        Field(
            ge=0,
            le=10**18 - 1,
            description="The page's `version` (`/baselines/{page}`) beside which they looked at it; 0: none.",
        ),
    ]
    attack: Annotated[
        bool, Field(description="They have looked at the evidence of attack, where there is some.")
    ] = False
    also: bool = False


class Proposing(Body):
    capture: Word


class Declining(Body):
    capture: Word
    reason: Said


@get("/baselines/proposals", lines.Proposals, tag=TAG)
async def proposals(request: web.Request, query: Pages) -> web.Response:
    """Captures that are proposed and wait for approval, the oldest proposal first."""
    after = moment_and("proposals", query.cursor, str)
    found = await console_of(request).store.baselines.proposals(after=after, limit=query.limit + 1)
    return part(request, "proposals", query, found, shapes.capture_line, _proposed)


@get("/baselines/{page}", lines.BaselineShown, tag=TAG)
async def baseline(request: web.Request) -> shapes.Line:
    """The looks of a page that are approved now."""
    store, page = console_of(request).store, request.match_info["page"]
    await store.portals.page(page)
    found = await store.baselines.get(page)
    looks = found.looks if found is not None else ()
    captures = [await store.baselines.capture(look.capture) for look in looks]
    approved = await store.baselines.history(page)
    version = approved[-1].id if approved else 0
    return {"page": page, "version": version, "looks": [shapes.capture_line(each) for each in captures]}


@get("/baselines/{page}/history", lines.Approvals, tag=TAG)
async def history(request: web.Request, query: Pages) -> web.Response:
    """Who approved what, when and why; newest first."""
    store, page = console_of(request).store, request.match_info["page"]
    before = number("approvals", query.cursor)
    await store.portals.page(page)
    found = reversed(await store.baselines.history(page))
    left = [one for one in found if before is None or one.id < before]
    return part(request, "approvals", query, left, shapes.approval_line, lambda one: (one.id,))


@post("/baselines/propose", lines.CaptureLine, tag=TAG)
async def propose(request: web.Request, body: Proposing) -> shapes.Line:
    """Propose a capture, so that somebody else can approve it."""
    console = console_of(request)
    by = await _signatory(request, body.capture)
    proposed = await console.store.baselines.propose(
        body.capture, by=by, now=console.clock(), via=source(request), roster=console.roster()
    )
    return shapes.capture_line(proposed)


@post("/baselines/approve", lines.ApprovalLine, tag=TAG, status=HTTPStatus.CREATED)
async def approve(request: web.Request, body: Approving) -> shapes.Line:
    """Approve a capture as the page's baseline. For a critical portal another person must have proposed it;
    409 where the rules forbid it, where something newer waits, or the page has another baseline by now."""
    console, by = console_of(request), signs_as(request)
    review = await console.store.reviews.of(body.capture)
    check_people(by, review.capture, console.roster(), review.portal)
    if not body.attack and is_attack(review, await judged(console, review)):
        raise Conflict(CONFIRM)
    approval = await console.store.baselines.approve(
        body.capture,
        by=by,
        reason=body.reason,
        also=body.also,
        now=console.clock(),
        via=source(request),
        against=body.against,
    )
    console.wake()
    return shapes.approval_line(approval)


@post("/baselines/decline", lines.CaptureLine, tag=TAG)
async def decline(request: web.Request, body: Declining) -> shapes.Line:
    """Turn a proposal down: it waits no more."""
    console = console_of(request)
    declined = await console.store.baselines.decline(
        body.capture, by=signs_as(request), reason=body.reason, now=console.clock(), via=source(request)
    )
    return shapes.capture_line(declined)


async def _signatory(request: web.Request, capture: str) -> str:
    console, name = console_of(request), signs_as(request)
    page = (await console.store.baselines.capture(capture)).page
    portal, _ = await console.store.portals.page(page)
    if is_stranger(name, console.roster(), portal):
        raise Conflict(N_("This portal is critical: only officers of the roster propose and approve."))
    return name


def _proposed(capture: Capture) -> tuple[datetime, str]:
    return capture.proposed_at or capture.at, capture.id


OPERATIONS = (proposals, baseline, history, propose, approve, decline)
