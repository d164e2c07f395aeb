"""Handovers: what a shift has left to the next, who has confirmed it, and the record to be filed."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.handovers import Handover
from defacewatch.language import N_
from defacewatch.notify.sayings import HEADLINES
from defacewatch.papers.docx import docx_of
from defacewatch.papers.paper import Paper
from defacewatch.reports.handover import handover_record
from defacewatch.reports.wording import Wording
from defacewatch.web.console import console_of, language_of, words_of
from defacewatch.web.desk import VIA, officer_of, page, roster_of, worked
from defacewatch.web.forms import texts_of
from defacewatch.web.printing import PRESS
from defacewatch.web.visitors import console_via

LISTED = 30
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
NOT_PART = N_("Only those who go and those who come confirm a handover.")
KINDS = {kind.value: said for kind, (_, said, _) in HEADLINES.items()}


async def show(request: web.Request) -> web.Response:
    """The latest one in full, or the one of `?id=`; the others as a list."""
    console = console_of(request)
    given = request.query.get("id", "")
    every = await console.store.handovers.last(LISTED)
    if given.isascii() and given.isdigit() and len(given) <= 18:
        return await _page(request, await console.store.handovers.get(int(given)), every)
    return await _page(request, every[0] if every else None, every)


async def confirm(request: web.Request) -> web.Response:
    """By whoever is signed in, for themselves."""
    console, number = console_of(request), int(request.match_info["id"])
    await texts_of(request)
    there = await console.store.handovers.get(number)
    me = officer_of(request, await roster_of(request))
    try:
        if me is None or me.key not in there.people:
            raise Conflict(NOT_PART)
        await console.store.handovers.confirm(
            number, officer=me.key, via=VIA, now=console.clock(), source=console_via(request)
        )
    except DefacewatchError as problem:
        every = await console.store.handovers.last(LISTED)
        return await _page(request, there, every, problem=problem)
    console.wake()
    return worked(f"/duty/handovers?id={number}", "confirmed")


async def record(request: web.Request) -> web.Response:
    """The record as a document, in the reader's language."""
    number = int(request.match_info["id"])
    return file_of(
        await asyncio.to_thread(docx_of, await paper_of(request, number)), f"handover-{number}.docx"
    )


async def printed(request: web.Request) -> web.Response:
    """The same as PDF."""
    number = int(request.match_info["id"])
    return file_of(
        await request.app[PRESS].pdf(await paper_of(request, number)), f"handover-{number}.pdf", PDF
    )


async def paper_of(request: web.Request, number: int) -> Paper:
    """The record of a handover, in the reader's language. Raises NotFound."""
    console = console_of(request)
    found = await console.store.handovers.get(number)
    wording = Wording(language_of(request), await roster_of(request))
    return handover_record(found, console.issuer(), wording)


def file_of(content: bytes, name: str, kind: str = DOCX) -> web.Response:
    disposition = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, headers=disposition, status=HTTPStatus.OK)


async def _page(
    request: web.Request,
    found: Handover | None,
    every: list[Handover],
    *,
    problem: DefacewatchError | None = None,
) -> web.Response:
    roster, words = await roster_of(request), words_of(request)
    summary: Mapping[str, object] = found.summary if found is not None else {}
    told = summary.get("alerts")
    incidents = summary.get("incidents")
    me = officer_of(request, roster)
    return page(
        request,
        "desk_handovers.html",
        "handovers",
        roster,
        problem=problem,
        handover=found,
        every=every,
        summary=summary,
        incidents=[one for one in incidents if isinstance(one, Mapping)]
        if isinstance(incidents, list)
        else [],
        told={words._(KINDS.get(str(k), str(k))): n for k, n in told.items()}
        if isinstance(told, Mapping)
        else {},
        to_confirm=found is not None and me is not None and me.key in found.missing,
    )
