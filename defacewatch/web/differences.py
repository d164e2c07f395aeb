"""Before and after, worked out: a picture of what is another, and the difference of the documents in words.

Both are made of what an attacker sent, so a worker process makes them, with limits, and once. The page of an
incident does not wait for them: they are asked for by whoever shows it. They are made one after the other,
and few wait: whoever asks for more is told to come again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog
from aiohttp import web

from defacewatch.captures import Capture
from defacewatch.compare.overlay import overlay
from defacewatch.compare.reading import Reading, read_difference
from defacewatch.errors import DefacewatchError
from defacewatch.evidence import gather
from defacewatch.language import N_
from defacewatch.masks import cells_of, tiles_of
from defacewatch.profiles import Profile
from defacewatch.store import Store
from defacewatch.tiles import COUNT
from defacewatch.web.console import Console, console_of, words_of
from defacewatch.web.pictures import JPEG, answer
from defacewatch.web.problems import Unavailable
from defacewatch.workers import Workers

KEPT = 24  # of either kind, for the incidents that were looked at last
UNFINISHED = 4  # of either kind, at the most
LATER = 10  # seconds until somebody may ask again
MANY = N_("Too many differences are being worked out. Try again in {seconds} s.")

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Made(Generic[T]):
    """Things that take long to make, each made once; the last few are kept."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[object, asyncio.Task[T | None]] = OrderedDict()

    def get(self, key: object, make: Callable[[], Awaitable[T]]) -> "asyncio.Task[T | None]":
        """The task that makes it; None of it where it cannot be made. Raises Unavailable where too many are
        being made already."""
        known = self._tasks.get(key)
        if known is None or (known.done() and (known.cancelled() or known.result() is None)):
            if sum(not task.done() for task in self._tasks.values()) >= UNFINISHED:
                raise Unavailable(MANY, later=LATER, seconds=LATER)
            self._tasks[key] = known = asyncio.create_task(_tried(make))
        self._tasks.move_to_end(key)
        over = [old for old, task in self._tasks.items() if task.done()][: max(0, len(self._tasks) - KEPT)]
        for old in over:  # what is being made, somebody waits for
            del self._tasks[old]
        return known

    async def end(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


async def _tried(make: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await make()
    except (DefacewatchError, ValueError) as error:
        log.warning("a difference could not be made", error=str(error))
        return None


class Differences:
    """`workers` are started when the first difference is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.workers = Workers(1)
        self._turn = asyncio.Lock()  # what waits for the worker holds no screenshots meanwhile
        self._pictures: Made[bytes] = Made()
        self._readings: Made[Reading] = Made()

    async def reading(self, before: Capture, after: Capture) -> Reading | None:
        """What is another in the documents of two captures; None where it cannot be made.
        Raises Unavailable."""
        return await asyncio.shield(
            self._readings.get((before.dom, after.dom), lambda: self._read(before.dom, after.dom))
        )

    async def picture(self, before: str, after: str, moving: frozenset[int]) -> bytes | None:
        """What is another in two screenshots, as a JPEG; None where it cannot be made. Raises
        Unavailable."""
        return await asyncio.shield(
            self._pictures.get((before, after, moving), lambda: self._paint(before, after, moving))
        )

    async def end(self, _: web.Application) -> None:
        await self._pictures.end()
        await self._readings.end()
        await asyncio.to_thread(self.workers.stop)

    async def _read(self, before: str, after: str) -> Reading:
        async with self._turn:
            one, other = [
                (await self._store.pictures(blob)).decode("utf-8", "replace") for blob in (before, after)
            ]
            return await self.workers.run(read_difference, one, other)

    async def _paint(self, before: str, after: str, moving: frozenset[int]) -> bytes:
        async with self._turn:
            one, other = [await self._store.pictures(blob) for blob in (before, after)]
            return await self.workers.run(overlay, one, other, moving)


DIFFERENCES: web.AppKey[Differences] = web.AppKey("differences")


async def picture(request: web.Request) -> web.Response:
    """The difference between before and after of an incident, as a picture."""
    console = console_of(request)
    evidence = await gather(console.store, int(request.match_info["id"]))
    before, after = evidence.proof.before, evidence.proof.after
    if before is None or after is None:
        raise web.HTTPNotFound
    moving = await moving_tiles(console, evidence.view.page.id)
    made = await request.app[DIFFERENCES].picture(before, after, moving)
    if made is None:
        raise web.HTTPNotFound
    return answer(made, JPEG)


async def words_page(request: web.Request) -> web.Response:
    """The difference of the documents in words, on its own page; the incident's takes it from there."""
    console, words, number = console_of(request), words_of(request), int(request.match_info["id"])
    reading = await reading_of(request, number)
    back, name = f"/incidents/{number}", words.code(number)
    return console.renderer.page("words.html", words, back=back, name=name, reading=reading)


async def reading_of(request: web.Request, incident: int) -> Reading | None:
    """What is another in the documents before and after of an incident; None where it cannot be made."""
    evidence = await gather(console_of(request).store, incident)
    if evidence.before is None or evidence.capture is None:
        return None
    return await request.app[DIFFERENCES].reading(evidence.before, evidence.capture)


async def moving_tiles(console: Console, page: str) -> frozenset[int]:
    """The tiles of the page that are known to move, or masked."""
    context = await console.store.checks.context(page, now=console.clock())
    return known_to_move(context.profile) | tiles_of(cells_of(mask.rectangle for mask in context.masks))


def known_to_move(profile: Profile) -> frozenset[int]:
    """The tiles of the first screen of which a profile knows that they move."""
    found = profile.moving(profile.tiles, map(str, range(COUNT)), profile.allowance("tiles"))
    return frozenset(map(int, found))
