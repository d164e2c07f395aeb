"""All portals that are registered, those that are paused or disabled included."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from defacewatch.portals import Source
from defacewatch.store import Store
from defacewatch.store.wall import ListedPortal, WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.console import console_of, words_of
from defacewatch.web.filters import Filters, options, rank_of

SHOWN = 60  # portals on one page of the list
STATES: dict[str, Callable[[ListedPortal], bool]] = {
    "watched": lambda portal: portal.enabled and not portal.paused,
    "paused": lambda portal: portal.enabled and portal.paused,
    "disabled": lambda portal: not portal.enabled,
    "file": lambda portal: portal.source is Source.FILE,
    "store": lambda portal: portal.source is Source.STORE,
}


@dataclass(frozen=True)
class Line:
    """A portal of the list; `worst` of how its pages stand, `bare` of them have no baseline."""

    portal: ListedPortal
    worst: VerdictKind | None
    bare: int


async def show(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    filters = Filters.of(request.query)
    state = request.query.get("state", "")
    found = await console.store.together(partial(_found, console.store, filters, STATES.get(state)))
    every, kept, number, listed = found
    return console.renderer.page(
        "portals.html",
        words,
        listed=listed,
        found=len(kept),
        counts={name: sum(map(belongs, every)) for name, belongs in STATES.items()},
        filters=filters,
        state=state if state in STATES else "",
        page=number,
        last=_pages(kept),
        owners=options(portal.owner for portal in every),
        operators=options(portal.operator for portal in every),
        levels=sorted({portal.level for portal in every if portal.level is not None}),
        tags=options(tag for portal in every for tag in portal.tags),
    )


async def _found(
    store: Store, filters: Filters, belongs: Callable[[ListedPortal], bool] | None
) -> tuple[list[ListedPortal], list[ListedPortal], int, list[Line]]:
    """All portals; those that are asked for, in their order; which page of them is shown, and its lines."""
    every = await store.wall.portals()
    kept = [portal for portal in every if filters.keeps(portal) and (belongs is None or belongs(portal))]
    kept.sort(key=lambda portal: (not portal.enabled, portal.name.casefold(), portal.portal))
    number = min(filters.page, _pages(kept))
    shown = kept[(number - 1) * SHOWN : number * SHOWN]
    pages = await store.wall.pages([portal.portal for portal in shown])
    return every, kept, number, _lines(shown, pages)


def _pages(kept: Sequence[ListedPortal]) -> int:
    return max(1, -(-len(kept) // SHOWN))


def _lines(shown: Iterable[ListedPortal], pages: Sequence[WallPage]) -> list[Line]:
    theirs: dict[str, list[WallPage]] = {}
    for page in pages:
        theirs.setdefault(page.portal, []).append(page)
    return [_line(portal, theirs.get(portal.portal, [])) for portal in shown]


def _line(portal: ListedPortal, pages: Sequence[WallPage]) -> Line:
    worst = min(pages, key=lambda page: rank_of(page.worst), default=None)
    bare = sum(not page.has_baseline for page in pages)
    return Line(portal, None if worst is None else worst.worst, bare)
