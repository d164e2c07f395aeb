"""The wall: every portal at a glance, worst first, and what is open in front."""

from collections.abc import Callable
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from defacewatch.web.admission import READS
from defacewatch.web.console import Console, console_of, words_of
from defacewatch.web.filters import Choice, Filters, Seat, options, verdict_name
from defacewatch.web.front import look_at, said_of, situation, worst_of
from defacewatch.web.live import Live, Snapshot
from defacewatch.web.sparkline import Sparkline, Sparklines
from defacewatch.web.tour import NAMES, unfinished
from defacewatch.web.visitors import EVENTS
from defacewatch.web.words import Words

LIVE: web.AppKey[Live] = web.AppKey("live")
SPARKLINES: web.AppKey[Sparklines] = web.AppKey("sparklines")

Lines = Callable[[Seat], Sparkline]


def made_live(console: Console, *, pulse: float, reuse: float) -> Live:
    return Live(partial(look_at, console), pulse=pulse, reuse=reuse)


@web.middleware
async def refreshing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever has done something sees the wall as it is since."""
    try:
        return await handler(request)
    finally:
        if request.method not in READS:
            request.app[LIVE].forget()


async def wall_page(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    live = request.app[LIVE]
    filters = Filters.of(request.query)
    snapshot = await live.recent()
    choice = snapshot.choice(filters)
    values: dict[str, object] = {
        **front_values(console, words, snapshot, choice, filters),
        "mark": live.mark(snapshot.number),
        "query": filters.address("", page=choice.page).removeprefix("?"),
        "stream": filters.address(EVENTS, page=choice.page),
        "owners": options(page.owner for page in snapshot.pages),
        "operators": options(page.operator for page in snapshot.pages),
        "levels": sorted({page.level for page in snapshot.pages if page.level is not None}),
        "tags": options(tag for page in snapshot.pages for tag in page.tags),
        "tour": await unfinished(console, words, snapshot.pages),
        "names": NAMES,
        "line": await lines(request, choice.seats, words),
    }
    made = console.renderer.text("wall.html", words, **values)
    return web.Response(text=made, content_type="text/html")


def front_values(
    console: Console, words: Words, snapshot: Snapshot, choice: Choice, filters: Filters
) -> dict[str, object]:
    """What the parts above and around the tiles are made of."""
    pages, front = snapshot.pages, snapshot.front
    return {
        "front": front,
        "situation": situation(pages, front, words),
        "worst": worst_of(pages, front),
        "portals": len({page.portal for page in pages if not page.paused}),
        "watched": sum(not page.paused for page in pages),
        "paused": len({page.portal for page in pages if page.paused}),
        "pages": len(pages),
        "choice": choice,
        "filters": filters,
        "verdict_name": verdict_name,
        **said_of(console, front, words),
    }


async def lines(request: web.Request, seats: tuple[Seat, ...], words: Words) -> Lines:
    """The lines of the last day of these seats, in one query."""
    made = await request.app[SPARKLINES].of([seat.page for seat in seats], words.now)
    return lambda seat: made[seat.page.page]
