"""Baselines in the console: what waits for approval, how a page's baseline came about, what is different."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.approving import in_the_way
from defacewatch.baselines import Hurdle
from defacewatch.compare.reading import Reading
from defacewatch.portals import Page, Portal
from defacewatch.rostering import names
from defacewatch.store.reviews import Origin, Review, Reviews
from defacewatch.web.console import Console, acting, console_of, words_of
from defacewatch.web.differences import DIFFERENCES, moving_tiles
from defacewatch.web.incident import may_approve
from defacewatch.web.pictures import JPEG, answer
from defacewatch.web.review import MOST, row_address

SHOWN = 30  # on one page
WITHOUT_SHOWN = 20


async def waiting_page(request: web.Request) -> web.Response:
    """What waits for approval, the latest first, by kind."""
    console, words, actor = console_of(request), words_of(request), acting(request)
    kind, asked = _kind(request), _number(request, "page")

    counts, reviews, (bare, without) = await console.store.together(
        partial(_found, console.store.reviews, kind, asked)
    )
    found, number, pages = _page_of(counts, kind, asked)
    roster = console.roster()
    return console.renderer.page(
        "baselines.html",
        words,
        reviews=reviews,
        own=[] if actor is None else [r for r in reviews if _is_own(console, r, actor.key)],
        counts=[(origin, counts.get(origin, 0)) for origin in Origin],
        total=sum(counts.values()),
        found=min(found, MOST),
        kind=kind,
        number=number,
        pages=pages,
        without=without,
        bare=bare,
        person=lambda key: names(roster, [key]),
        done=_number(request, "done"),
        none_chosen="none" in request.query,
    )


async def _found(
    reviews: Reviews, kind: Origin | None, asked: int
) -> tuple[Mapping[Origin, int], list[Review], tuple[int, list[tuple[Portal, Page]]]]:
    """How many wait by kind, those of the page that was asked for, and the pages that have no baseline."""
    counts = await reviews.counts()
    number = _page_of(counts, kind, asked)[1]
    shown = await reviews.waiting(kind, limit=SHOWN, offset=(number - 1) * SHOWN)
    return counts, shown, await reviews.without(WITHOUT_SHOWN)


def _page_of(counts: Mapping[Origin, int], kind: Origin | None, asked: int) -> tuple[int, int, int]:
    """How many there are of a kind, which page of them is shown where `asked` is asked for, and how many
    pages there are."""
    found = sum(counts.values()) if kind is None else counts.get(kind, 0)
    pages = max(1, -(-found // SHOWN))
    return found, min(pages, max(1, asked)), pages


async def chosen(request: web.Request) -> web.Response:
    """To the first of those that were chosen (or of all of a kind), the others after it."""
    reviews, kind = console_of(request).store.reviews, _kind(request)
    if "all" in request.query and kind is not None:
        captures = await reviews.chosen(kind, limit=MOST)
    else:
        captures = await reviews.chosen(among=request.query.getall("c", [])[:MOST], limit=MOST)
    address = row_address(captures) if captures else "/baselines?none"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


async def history_page(request: web.Request) -> web.Response:
    """Every baseline that a page has had."""
    console = console_of(request)
    portal, page = await console.store.portals.page(request.match_info["page"])
    chapters = await console.store.reviews.history(page.id)
    roster = console.roster()
    return console.renderer.page(
        "history.html",
        words_of(request),
        portal=portal,
        page=page,
        chapters=chapters,
        current={chapter.approval.capture for chapter in chapters if chapter.approval.withdrawn_at is None},
        approves=may_approve(request),
        person=lambda key: names(roster, [key]),
    )


async def picture(request: web.Request) -> web.Response:
    """The difference between a capture and the baseline, as a picture."""
    console = console_of(request)
    review = await console.store.reviews.of(request.match_info["capture"])
    if review.before is None:
        raise web.HTTPNotFound
    moving = await moving_tiles(console, review.page.id)
    before, after = review.before.screenshot, review.capture.screenshot
    made = await request.app[DIFFERENCES].picture(before, after, moving)
    if made is None:
        raise web.HTTPNotFound
    return answer(made, JPEG)


async def words_page(request: web.Request) -> web.Response:
    """The difference between a capture and the baseline in words."""
    console, words = console_of(request), words_of(request)
    review = await console.store.reviews.of(request.match_info["capture"])
    reading = await reading_of(request, review)
    back, name = f"/baselines/{review.capture.id}", words.text(review.portal.name)
    return console.renderer.page("words.html", words, back=back, name=name, reading=reading)


async def reading_of(request: web.Request, review: Review) -> Reading | None:
    """What is another in the documents of a capture and its baseline; None where it cannot be made."""
    if review.before is None:
        return None
    return await request.app[DIFFERENCES].reading(review.before, review.capture)


def _is_own(console: Console, review: Review, key: str) -> bool:
    found = in_the_way(review.portal, review.capture, by=key, waiting=review.waiting, roster=console.roster())
    return found is Hurdle.OWN_PROPOSAL


def _kind(request: web.Request) -> Origin | None:
    given = request.query.get("kind")
    return Origin(given) if given in {origin.value for origin in Origin} else None


def _number(request: web.Request, name: str) -> int:
    given = request.query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 6 else 0
