"""Learning on request: the daemon takes captures of pages, and proposes what it has learned."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.errors import NotFound
from defacewatch.store.lessons import SAMPLES, Lesson
from defacewatch.web.api import lines
from defacewatch.web.api.acting import signs_as, source, watched
from defacewatch.web.api.cursors import part, word
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Body, Pages, Word
from defacewatch.web.console import console_of
from defacewatch.web.tour import ask_for_all

TAG = "watching"


class OfLessons(Pages):
    page: Word | None = None
    portal: Word | None = None


class Learning(Body):
    page: Annotated[Word | None, Field(description="This page alone; all of the portal by default.")] = None


@get("/lessons", lines.Lessons, tag=TAG, also=(HTTPStatus.NOT_FOUND,))
async def lessons(request: web.Request, query: OfLessons) -> web.Response:
    """The latest lesson of each page that has had one, by page: how far it is, and what came of it."""
    store, after = console_of(request).store, word("lessons", query.cursor)
    wanted = None if query.page is None else {query.page}
    if query.portal is not None:
        theirs = {page.id for page in (await store.portals.get(query.portal)).pages}
        wanted = theirs if wanted is None else theirs & wanted
    found = await store.lessons.some(query.limit + 1, after=after, page_ids=wanted)
    return part(request, "lessons", query, found, _line, lambda lesson: (lesson.page,))


@post("/portals/{portal}/learn", lines.Asked, tag=TAG, status=HTTPStatus.ACCEPTED, also=())
async def learn(request: web.Request, body: Learning) -> shapes.Line:
    """Have the pages of a portal learned, or one of them. The daemon takes the captures and proposes one for
    each; `lessons` says how far it is. Pages that wait for it already are not asked for again."""
    console = console_of(request)
    portal = await watched(request)
    pages = [page.id for page in portal.pages if body.page in (None, page.id)]
    if not pages:
        raise NotFound(f"portal {portal.key} has no page {body.page}")
    asked = await console.store.lessons.ask(
        pages, by=signs_as(request), via=source(request), samples=SAMPLES, now=console.clock()
    )
    return {"asked": list(asked)}


@post("/lessons", lines.Asked, tag=TAG, status=HTTPStatus.ACCEPTED, also=())
async def learn_all(request: web.Request) -> shapes.Line:
    """Have every page learned that is watched and has no baseline yet."""
    asked = await ask_for_all(console_of(request), by=signs_as(request), via=source(request))
    return {"asked": list(asked)}


def _line(lesson: Lesson) -> shapes.Line:
    return {
        "id": lesson.id,
        "page": lesson.page,
        "asked_at": shapes.moment(lesson.asked_at),
        "by": lesson.by,
        "samples": lesson.samples,
        "taken": lesson.taken,
        "attempts": lesson.attempts,
        "ended_at": shapes.moment(lesson.ended_at),
        "capture": lesson.capture,
        "verdict": None if lesson.verdict is None else lesson.verdict.value,
        "trouble": lesson.error,
    }


OPERATIONS = (lessons, learn, learn_all)
