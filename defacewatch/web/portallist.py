"""All portals that are registered, those that are paused or disabled included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from defacewatch.portals import Portal, Source
from defacewatch.store.wall import WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.console import console_of, words_of
from defacewatch.web.filters import Filters, options, rank_of
from defacewatch.web.wall import LIVE

SHOWN = 60  # portals on one page of the list
STATES = ("watched", "paused", "disabled", "file", "store")


@dataclass(frozen=True)
class Listed:
    """A portal of the list; `worst` of how its pages stand, `bare` of them have no baseline."""

    whole: Portal
    worst: VerdictKind | None
    bare: int
    incident: int | None

    @property
    def portal(self) -> str:
        return self.whole.key

    @property
    def name(self) -> str:
        return self.whole.name

    @property
    def owner(self) -> str | None:
        return self.whole.owner

    @property
    def operator(self) -> str | None:
        return self.whole.operator

    @property
    def level(self) -> int | None:
        return self.whole.level

    @property
    def critical(self) -> bool:
        return self.whole.critical

    @property
    def tags(self) -> Sequence[str]:
        return self.whole.tags

    @property
    def url(self) -> str:
        return " ".join(page.url for page in self.whole.pages)


_IN_STATE: dict[str, Callable[[Portal], bool]] = {
    "watched": lambda portal: portal.enabled and not portal.paused,
    "paused": lambda portal: portal.enabled and portal.paused,
    "disabled": lambda portal: not portal.enabled,
    "file": lambda portal: portal.source is Source.FILE,
    "store": lambda portal: portal.source is Source.STORE,
}


async def show(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    filters = Filters.of(request.query)
    state = request.query.get("state", "")
    every = await console.store.portals.all(disabled=True)
    listed = _listed(every, (await request.app[LIVE].look()).pages)
    kept = [one for one in listed if filters.keeps(one)]
    if state in _IN_STATE:
        kept = [one for one in kept if _IN_STATE[state](one.whole)]
    kept.sort(key=lambda one: (not one.whole.enabled, one.whole.name.casefold(), one.portal))
    last = max(1, -(-len(kept) // SHOWN))
    number = min(filters.page, last)
    return console.renderer.page(
        "portals.html",
        words,
        listed=kept[(number - 1) * SHOWN : number * SHOWN],
        found=len(kept),
        counts=_counts(every),
        filters=filters,
        state=state if state in STATES else "",
        page=number,
        last=last,
        owners=options(portal.owner for portal in every),
        operators=options(portal.operator for portal in every),
        levels=sorted({portal.level for portal in every if portal.level is not None}),
        tags=options(tag for portal in every for tag in portal.tags),
    )


def _listed(every: Sequence[Portal], pages: Sequence[WallPage]) -> list[Listed]:
    theirs: dict[str, list[WallPage]] = {}
    for page in pages:
        theirs.setdefault(page.portal, []).append(page)
    return [_one(portal, theirs.get(portal.key, [])) for portal in every]


def _one(portal: Portal, pages: Sequence[WallPage]) -> Listed:
    worst = min(pages, key=lambda page: rank_of(page.worst), default=None)
    return Listed(
        portal,
        None if worst is None else worst.worst,
        sum(not page.has_baseline for page in pages),
        next((page.incident for page in pages if page.incident is not None), None),
    )


def _counts(every: Sequence[Portal]) -> dict[str, int]:
    return {state: sum(1 for portal in every if _IN_STATE[state](portal)) for state in STATES}
