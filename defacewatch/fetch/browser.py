"""The browser as the rest of the program sees it: a URL in, a rendering out, whatever the page does.

One Chromium serves many captures. It is replaced after a number of them at a moment when it has none (which
captures that can wait let it come to after twice as many), and killed when it no longer answers; captures in
flight keep the one that they began with.
"""

import asyncio
import os
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from playwright.async_api import Error

from defacewatch.captures import Failure, Rendering
from defacewatch.errors import DefacewatchError
from defacewatch.fetch.chromium import Chromium
from defacewatch.fetch.gate import Gate, Place, Turn
from defacewatch.fetch.memory import EACH, SHORT, ceiling
from defacewatch.fetch.proxy import FilteringProxy, ProxySession
from defacewatch.fetch.rendering import Visit
from defacewatch.fetch.tab import Tab
from defacewatch.fetch.untraced import untraced
from defacewatch.metrics import BROWSER_STARTS

GROWN = 640 * 1024 * 1024  # bytes of a Chromium's processes that show no page: with more it is replaced
MEMORY_EVERY = 0.5  # seconds between two looks at that, while captures are in flight
WAITING = 3  # captures begun for each that may work: they load and come to rest
SLOW = 8  # and those besides that wait for sites that are slow to answer, while their pages are empty
HURRIED = 1  # the highest rank of captures that somebody may be woken for
PATIENCE = 30.0  # seconds in which a worn Chromium comes to rest, while captures that are in no hurry wait
ANSWER = 3.0  # seconds in which a browser that is well answers
MOMENT = 2.0  # seconds in which a page is closed as a rule
CLOSE = 20.0  # seconds in which a browser that has to work through a page's noise closes that page

GONE = "the browser died or hangs"

log = structlog.get_logger(__name__)


class _Wait:
    """A capture's wait for a server that is slow to answer, with a place among those that do: its page is
    empty so long, and nothing that a Chromium would have to come to rest from."""

    def __init__(self, chromium: Chromium, place: Place, slow: Gate, at_rest: asyncio.Event) -> None:
        self._chromium, self._place, self._slow, self._at_rest = chromium, place, slow, at_rest
        self._waits = False

    def begin(self) -> None:
        if self._place.move(self._slow):
            self._waits = True
            self._chromium.waiting += 1
            if self._chromium.at_work == 0:
                self._at_rest.set()

    def end(self) -> None:
        self.over()
        self._place.back()

    def over(self) -> None:
        self._chromium.waiting -= self._waits
        self._waits = False


class Browser:
    """Captures pages. `timeout` is a wall clock over one capture; `working` bounds how many work at once.

    `executable` None means Playwright's own Chromium; `sandbox` None means on, unless we are root, for whom
    Chromium has none. Heights are in CSS pixels; `memory`, `together` and `grown` are bytes that one process,
    all of them (None: what `working` takes), and those of one Chromium that show no page may hold. Waiting
    for a turn is not counted against the timeout.
    """

    def __init__(
        self,
        proxy: FilteringProxy,
        *,
        executable: str | None,
        timeout: timedelta,
        working: int = 2,
        recycle_after: int = 100,
        max_height: int = 4000,
        sandbox: bool | None = None,
        memory: int = EACH,
        together: int | None = None,
        grown: int = GROWN,
    ) -> None:
        self._proxy = proxy
        self._executable = executable
        self._timeout = timeout.total_seconds()
        self._recycle_after = recycle_after
        self._max_height = max_height
        self._sandbox = os.geteuid() != 0 if sandbox is None else sandbox
        self._memory, self._together, self._grown = memory, together or ceiling(working), grown
        self._at_once = working
        self._begun, self._slow = Gate(working * WAITING), Gate(working * SLOW)
        self._working = Gate(working)
        self._launching = asyncio.Lock()
        self._current: Chromium | None = None
        self._running: set[Chromium] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._busy = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._put_off = 0  # captures that wait for it
        self._stopped = False

    async def start(self) -> None:
        """Start Chromium. Raises DefacewatchError, in one line, when there is none that starts."""
        self._stopped = False
        if not self._sandbox and os.geteuid() == 0:
            log.warning(
                "chromium runs without its sandbox because this process is root;"
                " run as an unprivileged user or in the container"
            )
        await self._ready()
        self._watch = asyncio.create_task(self._watch_memory())

    async def stop(self) -> None:
        """End every Chromium; captures in flight end as failures of the browser."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        async with self._launching:
            self._current, self._stopped = None, True
            for chromium in list(self._running):
                self._end(chromium)
            while self._tasks:
                await asyncio.gather(*self._tasks)

    async def alive(self) -> bool:
        """Whether a Chromium is there that answers; one that should be there is started for it."""
        try:
            chromium = await self._ready()
        except (DefacewatchError, Error, OSError, TimeoutError):
            return False
        chromium.users += 1
        try:
            return await chromium.answers(ANSWER)
        finally:
            self._give_back(chromium)

    @property
    def waiting(self) -> int:
        """How many captures wait for their turn."""
        return self._begun.waiting + self._working.waiting + self._put_off

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Rendering:
        """Look at `url` (http or https). What goes wrong is said in the rendering, never raised. When more
        wait than can be served, those of the lowest `rank` come first.

        With `dwell` it is looked at ten seconds after it has loaded, so that what its scripts do late is
        seen; others work meanwhile, and the wall clock gets that much longer.
        """
        if not url.lower().startswith(("http://", "https://")):
            return Rendering(now, failure=Failure.REFUSED, detail="not http or https")
        while True:
            await self._let_rest(rank)
            async with self._begun.place(rank) as place:
                if self._rests(rank) > 0:
                    continue  # it has become worn while this one waited for its place
                return await self._render(url, place, now=now, dwell=dwell, rank=rank)

    async def _render(self, url: str, place: Place, *, now: datetime, dwell: bool, rank: int) -> Rendering:
        try:
            chromium = await self._ready()
        except (DefacewatchError, Error, OSError, TimeoutError) as error:
            log.error("chromium does not start", error=str(error))
            return Rendering(now, failure=Failure.BROWSER, detail=str(error)[:200])
        chromium.users += 1
        chromium.served += 1
        self._busy.set()
        wait = _Wait(chromium, place, self._slow, self._at_rest)
        try:
            async with self._proxy.session() as session:
                visit = Visit(
                    chromium,
                    session,
                    url,
                    timeout=self._timeout,
                    max_height=self._max_height,
                    dwell=dwell,
                    late=wait.begin,
                    answered=wait.end,
                )
                turn = Turn(self._working, rank)
                return await untraced(partial(self._capture, visit, chromium, session, turn, now))
        except OSError as error:  # no listener for the proxy's session: we are out of file descriptors
            log.error("no proxy session", error=str(error))
            return Rendering(now, failure=Failure.BROWSER, detail=str(error)[:200])
        finally:
            wait.over()
            self._give_back(chromium)

    async def _capture(
        self, visit: Visit, chromium: Chromium, session: ProxySession, turn: Turn, now: datetime
    ) -> Rendering:
        try:
            rendering = await visit.run(turn, now=now)
        finally:
            chromium.users += 1
            closing = self._start(self._leave(chromium, visit.tab))
        await asyncio.wait({closing}, timeout=MOMENT)
        well = rendering.failure is not Failure.BROWSER and chromium.browser.is_connected()
        if (closing.done() and well) or await chromium.answers(ANSWER):
            if rendering.failure is Failure.BROWSER and not session.exhausted and not visit.sacrificed:
                self._retire(chromium)  # what is tried again is tried in another
            return rendering
        # Chromium died, or hangs, or a page made such noise that the driver still has to work through it.
        # Nobody else begins with it; it is killed when it cannot close this visit in good time.
        log.warning("chromium does not answer, and is replaced", url=visit.url)
        self._retire(chromium)
        if rendering.failure is None or (rendering.failure is Failure.CRASH and well):
            return rendering
        chromium.kill()
        return Rendering(now, failure=Failure.BROWSER, detail=GONE, elapsed=rendering.elapsed)

    async def _leave(self, chromium: Chromium, tab: Tab | None) -> None:
        """Close what the visit opened; a Chromium that cannot is killed, with what else it still does."""
        closed = False
        try:
            closed = tab is None or await tab.close(CLOSE)
        finally:
            if not closed:
                log.warning("chromium hangs, and is killed", pid=chromium.process.pid)
                self._retire(chromium)
                chromium.kill()
            self._give_back(chromium)

    async def _ready(self) -> Chromium:
        """The Chromium for the next capture, started when there is none, or none that should go on."""
        async with self._launching:
            current = self._current
            if current is not None and current.browser.is_connected() and not self._is_worn(current):
                return current
            self._current = None
            self._at_rest.set()
            if self._stopped:
                raise DefacewatchError("the browser was stopped")
            if current is not None and current.users == 0:
                self._end(current)
            self._current = await Chromium.launch(self._executable, sandbox=self._sandbox)
            self._running.add(self._current)
            BROWSER_STARTS.inc()
            log.debug(
                "chromium started", version=self._current.browser.version, pid=self._current.process.pid
            )
            return self._current

    def _is_worn(self, chromium: Chromium) -> bool:
        """Whether the next capture is to have another one: two with pages in them take the memory of two, so
        at a moment when nobody uses this one; where there is none for long, all the same."""
        if chromium.users == 0:
            return chromium.served >= self._recycle_after
        if chromium.at_work == 0:
            return chromium.served >= 2 * self._recycle_after
        tired = time.monotonic() - chromium.worn_at >= PATIENCE
        return tired or chromium.served >= 3 * self._recycle_after

    def _rests(self, rank: int) -> float:
        """For how many seconds more a capture of this rank lets the Chromium that there is come to rest."""
        current = self._current
        if rank <= HURRIED or current is None or current.at_work == 0:
            return 0.0
        if current.served < 2 * self._recycle_after or not current.browser.is_connected():
            return 0.0
        current.worn_at = min(current.worn_at, time.monotonic())
        self._at_rest.clear()
        return max(0.0, current.worn_at + PATIENCE - time.monotonic())

    async def _let_rest(self, rank: int) -> None:
        while (left := self._rests(rank)) > 0:
            self._put_off += 1
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._at_rest.wait()
            finally:
                self._put_off -= 1

    def _give_back(self, chromium: Chromium) -> None:
        chromium.users -= 1
        if chromium.at_work == 0:
            self._at_rest.set()
        if chromium is not self._current and chromium.users == 0:
            self._end(chromium)
        if not any(running.users for running in self._running):
            self._busy.clear()

    def _retire(self, chromium: Chromium) -> None:
        """No further captures for this one, and its end once it has none."""
        if self._current is chromium:
            self._current = None
            self._at_rest.set()
        if chromium.users == 0:
            self._end(chromium)

    def _end(self, chromium: Chromium) -> None:
        if chromium in self._running:
            self._running.remove(chromium)
            self._start(chromium.end())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watch_memory(self) -> None:
        """Kill the processes of pages that eat memory, before they take the host's."""
        while True:
            await self._busy.wait()
            try:
                self._bound_memory()
            except Exception:  # without this pages have no bounds
                log.exception("the browsers' memory could not be looked at")
            await asyncio.sleep(MEMORY_EVERY)

    def _bound_memory(self) -> None:
        """A page that takes too much for itself is ended, the largest where all together take too much; and
        before it comes to that, fewer are begun."""
        memory = {chromium: chromium.measure() for chromium in self._running}
        hungry = [(chromium, pid) for chromium, held in memory.items() for pid in held.beyond(self._memory)]
        for chromium, pid in hungry:
            log.warning("a page took too much memory, and its process was killed")
            chromium.end_page(pid)
        together = sum(held.together for held in memory.values())
        pages = [
            (size, pid, chromium) for chromium, held in memory.items() for pid, size in held.pages.items()
        ]
        if together > self._together and pages and not hungry:
            _, pid, chromium = max(pages, key=lambda page: page[0])
            log.warning("all pages took too much memory, and the largest was ended", bytes=together)
            chromium.sacrifice(pid)
        short = together > SHORT * self._together
        self._begun.resize(self._at_once * (1 if short else WAITING))
        for chromium, held in memory.items():
            if sum(held.others.values()) > self._grown:
                self._retire(chromium)
