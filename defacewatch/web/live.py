"""What has changed on the wall since somebody looked: one look at the store for all who watch."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from defacewatch.store.wall import WallPage
from defacewatch.web.filters import Choice, Filters, choose
from defacewatch.web.front import Front

log = structlog.get_logger(__name__)

PULSE = 2.0  # seconds between two looks while somebody watches
LATELY = 20.0  # seconds: whoever watches what was read longer ago must not be told that all is well
LINGERS = 30.0  # seconds for which looks are made after somebody has asked for one
STREAMS = 32  # who may watch at the same time; others ask again and again


@dataclass(frozen=True)
class Snapshot:
    """How all stood at one moment; `number` is that of the latest change."""

    number: int
    pages: tuple[WallPage, ...]
    front: Front
    _chosen: dict[Filters, Choice] = field(default_factory=dict, compare=False, repr=False)

    def choice(self, filters: Filters) -> Choice:
        """What `filters` leave of it: chosen once for all who look at the same."""
        if filters not in self._chosen:
            self._chosen[filters] = choose(self.pages, filters)
        return self._chosen[filters]


class Live:
    """Numbers what changes. `epoch` tells the numbers of this process from those of another.

    With `reuse`, whoever opens the wall sees it as whoever watches it does: as it was up to so many seconds
    ago. Looks are made ahead for that, as long as somebody has asked for one lately. What somebody does here
    is seen at once (`forget`)."""

    def __init__(
        self,
        look: Callable[[], Awaitable[tuple[tuple[WallPage, ...], Front]]],
        *,
        pulse: float = PULSE,
        reuse: float = 0.0,
    ) -> None:
        self.epoch = secrets.token_hex(4)
        self.ended = asyncio.Event()
        self._look, self._pulse, self._reuse = look, pulse, reuse
        self._recent: tuple[float, Snapshot] | None = None
        self._forgotten = 0  # times that what was read may be no more
        self._asked_at = self._read_began = float("-inf")
        self._number = 0
        self._known: dict[str, tuple[object, ...]] = {}
        self._known_front = Front()
        self._changed: dict[str, int] = {}
        self._front_changed = 0
        self._streams = 0
        self._looking = asyncio.Lock()
        self._beat = asyncio.Condition()
        self._latest: Snapshot | None = None
        self._read_at: float | None = None
        self._pulsing: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        return self._streams >= STREAMS

    @property
    def watched(self) -> bool:
        return self._streams > 0

    @property
    def sees(self) -> bool:
        """Whether the store could be read lately."""
        return self._read_at is not None and self._now() - self._read_at < LATELY

    async def look(self) -> Snapshot:
        """How all stands now."""
        async with self._looking:
            return await self._read()

    async def recent(self) -> Snapshot:
        """How all stands, or stood up to `reuse` seconds ago."""
        self._asked_at = asked = self._now()
        if self._reuse:
            self._keep_looking()
        async with self._looking:
            recent = self._recent  # one that began since is good enough, however long it took
            if self._reuse and recent is not None and recent[0] >= min(asked, self._now() - self._reuse):
                return recent[1]
            return await self._read()

    def forget(self) -> None:
        """Something was done: nobody is to be shown what was before."""
        self._forgotten += 1
        self._recent = None

    async def _read(self) -> Snapshot:
        self._read_began = began = self._now()
        forgotten = self._forgotten
        pages, front = await self._look()
        self._note(pages, front)
        self._read_at = self._now()
        snapshot = Snapshot(self._number, pages, front)
        self._recent = (began, snapshot) if forgotten == self._forgotten else None
        return snapshot

    async def glance(self) -> Snapshot | None:
        """The same for those who watch; None, and it is logged, when the store cannot be read."""
        try:
            return await self.look()
        except Exception:
            log.exception("the wall could not be read")
            self._read_at = self._recent = None
            return None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def changed(self, since: int) -> tuple[frozenset[str], bool]:
        """The pages that are others than they were at that number, and whether the front is."""
        pages = frozenset(page for page, number in self._changed.items() if number > since)
        return pages, self._front_changed > since

    def known(self, mark: str) -> int | None:
        """The number in a mark ('epoch-number') that we gave out; None for one of another process."""
        epoch, _, number = mark.partition("-")
        if epoch != self.epoch or not (number.isascii() and number.isdigit() and len(number) < 18):
            return None
        return int(number) if int(number) <= self._number else None

    def mark(self, number: int) -> str:
        return f"{self.epoch}-{number}"

    async def next(self) -> Snapshot | None:
        """The next look that is made, None where it fails; waits for it. Nothing is missed: it has what came
        before."""
        async with self._beat:
            await self._beat.wait()
            return self._latest

    async def end(self, _: web.Application) -> None:
        """Let go of all who watch."""
        self.ended.set()
        if self._pulsing is not None:
            self._pulsing.cancel()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this is held, looks are made."""
        self._streams += 1
        self._keep_looking()
        try:
            yield
        finally:
            self._streams -= 1
            if not self._wanted and self._pulsing is not None:
                self._pulsing.cancel()
                self._pulsing = None

    @property
    def _wanted(self) -> bool:
        if self.ended.is_set():
            return False
        return self._streams > 0 or (bool(self._reuse) and self._now() - self._asked_at < LINGERS)

    def _keep_looking(self) -> None:
        if self._wanted and (self._pulsing is None or self._pulsing.done()):
            self._pulsing = asyncio.create_task(self._turn())

    async def _turn(self) -> None:
        while self._wanted:
            began = self._read_began
            await asyncio.sleep(max(self._pulse / 2, self._pulse - (self._now() - began)))
            latest = await self.glance()
            async with self._beat:
                self._latest = latest
                self._beat.notify_all()

    def _note(self, pages: Sequence[WallPage], front: Front) -> None:
        """Give what is another now the next number. That a page was looked at again is no change."""
        now = {page.page: page.face for page in pages}
        moved = {name for name, face in now.items() if self._known.get(name) != face}
        gone = self._known.keys() - now.keys()
        if moved or gone or front != self._known_front:
            self._number += 1
            self._changed.update(dict.fromkeys(moved, self._number))
            for name in gone:
                self._changed.pop(name, None)
            self._front_changed = self._number  # it counts pages
            self._known, self._known_front = now, front
