"""One visit of one page, in a browser context that nothing else shares: go, settle, observe, picture.

The time is one budget for the whole visit. A page that never finishes loading is observed as it stands while
there is time left for that; one that does not let go is held still first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import Error

from defacewatch import reasons
from defacewatch.captures import Failure, Rendering, Script
from defacewatch.fetch.budget import Budget
from defacewatch.fetch.chromium import Chromium
from defacewatch.fetch.chromium_errors import told
from defacewatch.fetch.events import URL
from defacewatch.fetch.gate import Turn
from defacewatch.fetch.icons import icon_of
from defacewatch.fetch.isolated import Unanswered
from defacewatch.fetch.observing import FREEZE, HEED, OBSERVE, SCROLL, Observed, observed, shows_others
from defacewatch.fetch.picture import picture_of
from defacewatch.fetch.proxy import ProxySession
from defacewatch.fetch.script_files import hashes_of, scripts_of
from defacewatch.fetch.scripting import asks_for_scripts
from defacewatch.fetch.tab import Tab

FRAMES = 100
REDIRECTS = 5  # by script or <meta>, that are followed; a page that still goes on is held
# Shares of the budget at which the next step begins at the latest, whatever the page does.
COMMITTED, LOADED, SETTLED = 0.7, 0.4, 0.6
LOAD_MOST = 10.0  # seconds that loading is waited for: what is not there by then is held back on purpose
LATE = 4.0  # seconds after which a page that has not answered is a slow one
QUIET = 0.5  # seconds without network traffic that make a page settled,
SETTLE_LEAST = 1.5  # at the earliest so many after it loaded (scripts start late),
SETTLE_MOST = 5.0  # at the latest so many
DWELL = 10.0  # seconds after loading at which a page is looked at that is watched for what comes late
AGAIN = 2  # pictures more at the most, of a page that has gone on while one was taken
BESIDES = 3.0  # seconds in which the script files and the icon are fetched, while the picture is taken
CHECKED = 5.0  # seconds in which a page that is held has to say what its style sheets ask

SACRIFICED = "the browsers took too much memory together, and a page was ended"
EXHAUSTED = "this host has run out of files, buffers, memory or threads: raise the limit of open files"

T = TypeVar("T")


class _Failed(Exception):
    """The visit ends here, as this failure."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure, self.detail = failure, detail


class Visit:
    """One URL, looked at once; with `dwell`, so late that what scripts do in ten seconds is seen.

    `tab` is what it opened, left to the caller to close; `late` is told when the page is slow to answer,
    and `answered` when it has answered at last.
    """

    def __init__(
        self,
        chromium: Chromium,
        session: ProxySession,
        url: str,
        *,
        timeout: float,
        max_height: int,
        dwell: bool = False,
        late: Callable[[], object] = lambda: None,
        answered: Callable[[], object] = lambda: None,
    ) -> None:
        self._chromium = chromium
        self._session = session
        self.url = url
        self._max_height = max_height
        self._budget = Budget(timeout)
        self._dwell = dwell
        self._late, self._answered = late, answered
        self._began = self._loaded = time.monotonic()
        self._seen = Observed()
        self._screenshot = b""
        self._scripts: tuple[Script, ...] = ()
        self._icon = b""
        self.tab: Tab | None = None
        self.sacrificed = False  # lost, and perhaps through our own fault

    async def run(self, slot: Turn, *, now: datetime) -> Rendering:
        """The visit, in at most its time; dwelling on the page is not counted.

        It takes a `slot` to look at the page: while that loads and comes to rest, others are looked at.
        """
        try:
            async with asyncio.timeout(self._budget.left(COMMITTED)):
                self.tab = tab = await Tab.open(self._chromium, self._session.server)
        except (Error, TimeoutError) as error:
            detail = f"no page could be opened: {told(str(error))[1]}"
            return Rendering(now, failure=Failure.BROWSER, detail=detail, elapsed=self._budget.used())
        return await self._watch(tab, slot, now)

    async def _watch(self, tab: Tab, slot: Turn, now: datetime) -> Rendering:
        self._page, self._world, self._events = tab.page, tab.world, tab.events
        failure, detail, dwelt = None, "", False
        try:
            await self._unless_lost(self._go())
            await self._unless_lost(self._settle())
            if self._dwell and not self._world.held:  # one that is held does nothing late
                self._check_shown()
                dwelt = True
                await self._unless_lost(self._budget.rest(DWELL - (time.monotonic() - self._loaded)))
            async with self._at_work(slot):
                if dwelt:
                    await self._unless_lost(self._calm())
                # Whoever waits so long for the place has seen what is late, as if that had been wanted.
                dwelt = dwelt or (not self._world.held and time.monotonic() - self._loaded >= DWELL)
                await self._look(tab)
        except _Failed as failed:
            failure, detail = failed.failure, failed.detail
            if failure is Failure.CRASH and self._chromium.sacrificed_at >= self._began:
                failure, detail, self.sacrificed = Failure.BROWSER, SACRIFICED, True
        errors = await self._events.errors(within=min(2.0, self._budget.left()))
        return self._rendering(errors, now, failure, detail, dwelt)

    @asynccontextmanager
    async def _at_work(self, slot: Turn) -> AsyncIterator[None]:
        await self._budget.turn(slot)
        try:
            yield
        finally:
            slot.release()

    async def _look(self, tab: Tab) -> None:
        """Observe the page as it stands now, and take its picture."""
        seen = await self._unless_lost(self._observe())
        self._check_shown()
        self._seen = seen
        besides = asyncio.create_task(self._fetch_besides(tab))
        try:
            self._screenshot = await self._unless_lost(self._picture(tab, seen.height, self._hold))
            await self._unless_lost(self._catch_up(tab))
            await besides
            await self._unless_lost(self._check_held(tab))
        finally:
            besides.cancel()
            await asyncio.gather(besides, return_exceptions=True)

    async def _unless_lost(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        try:
            waited: set[asyncio.Future[Any]] = {task, self._events.lost}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise _Failed(Failure.CRASH, self._events.lost.result())
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _go(self) -> None:
        slow = asyncio.get_running_loop().call_later(LATE, self._late)
        try:
            async with asyncio.timeout(self._budget.left(COMMITTED)):
                await self._page.goto(self.url, wait_until="commit", timeout=0)
        except TimeoutError:
            raise _Failed(Failure.TIMEOUT, reasons.NO_ANSWER_IN_TIME) from None
        except Error as error:
            if "ERR_ABORTED" in str(error):
                await asyncio.sleep(0.3)  # a download is told of a moment after it
            raise self._why(str(error)) from None
        finally:
            slow.cancel()
        self._answered()

    async def _settle(self) -> None:
        """Wait until the page has loaded and been quiet, having scrolled through it; or until it is time."""
        scroll = f"({SCROLL})({{height: {self._max_height}, pause: 50}})"
        for _ in range(REDIRECTS):
            with suppress(Error):
                await self._page.wait_for_load_state(
                    "load", timeout=max(1.0, min(LOAD_MOST, self._budget.left(LOADED)) * 1000)
                )
            self._loaded, began = time.monotonic(), self._budget.used()
            try:
                await self._world.evaluate(scroll, within=max(0.1, min(3.0, self._budget.left(SETTLED))))
                break
            except Unanswered as unanswered:
                if unanswered.late:
                    await self._hold()
                    return
        else:
            await self._hold()
            return
        await self._quiet(began, SETTLE_LEAST)

    async def _quiet(self, began: float, least: float) -> None:
        """Wait until nothing has been loading for a while, `least` seconds after `began` or later."""
        while self._budget.left(SETTLED) > 0:
            since = self._budget.used() - began
            if since > SETTLE_MOST or (since > least and self._events.quiet > QUIET):
                return
            await asyncio.sleep(0.05)

    async def _calm(self) -> None:
        """Wait until a page that was dwelt on is quiet again: it may have gone elsewhere just now."""
        with suppress(Error):
            await self._page.wait_for_load_state(
                "load", timeout=max(1.0, min(LOAD_MOST, self._budget.left(LOADED))) * 1000
            )
        await self._quiet(self._budget.used(), 0)

    async def _hold(self) -> None:
        if not await self._world.hold():
            raise _Failed(Failure.CRASH, reasons.HELD)

    async def _observe(self) -> Observed:
        """What the page shows, what moves brought to a rest before: the picture is to show the same.

        A page that does not answer is held and asked again.
        """
        try:
            await self._freeze()
            return await self._ask(0.4)
        except Unanswered as unanswered:
            if unanswered.late:
                await self._hold()
            else:
                await asyncio.sleep(QUIET)  # it went elsewhere just now, perhaps for the last time
        try:
            return await self._ask(0.5)
        except Unanswered:
            await self._hold()
        try:
            return await self._ask(0.6)
        except Unanswered as unanswered:
            raise _Failed(Failure.CRASH, reasons.HANGS.format(reason=unanswered)) from None

    async def _freeze(self) -> None:
        within = max(0.1, min(2.0, self._budget.left() * 0.2))
        await self._world.evaluate(f"({FREEZE})(), ({HEED})()", within=within)

    async def _catch_up(self, tab: Tab) -> None:
        """Take the picture again where the page has gone on to other pictures since it was observed, as
        sliders do, on a busy host more often than not. Its scripts are not made to rest for it: style sheets
        can tell (`@media (scripting: none)`), and would show us what nobody else sees. What was observed
        first stays, but for where its pictures are."""
        for _ in range(AGAIN):
            if self._world.held or self._budget.left(SETTLED) <= 0:
                return
            try:
                if not await self._world.evaluate(f"({HEED})()", within=min(1.0, self._budget.left() * 0.1)):
                    return
                await self._freeze()
                now = await self._ask(0.3)
                if not shows_others(self._seen.pictures, now.pictures):
                    return
                self._screenshot = await self._picture(tab, now.height, self._let_be)
            except Unanswered:
                return
            self._seen = replace(self._seen, height=now.height, pictures=now.pictures, boxes=now.boxes)

    async def _ask(self, share: float) -> Observed:
        answer = await self._world.evaluate(OBSERVE, within=self._budget.left() * share)
        try:
            return observed(answer)
        except ValueError as error:
            raise Unanswered(str(error)) from None

    async def _picture(self, tab: Tab, height: int, hold: Callable[[], Awaitable[None]]) -> bytes:
        most, budget = self._max_height, self._budget
        taken = await picture_of(tab.devtools, height, most=most, budget=budget, hold=hold)
        if taken is None:
            raise _Failed(Failure.CRASH, reasons.NO_PICTURE)
        return taken

    async def _let_be(self) -> None:
        """In place of holding a page of which there is a picture already."""
        raise Unanswered("no other picture in time", late=True)

    async def _check_held(self, tab: Tab) -> None:
        """One that is held and asks whether scripts run has shown us what it liked."""
        within = max(1.0, min(CHECKED, self._budget.left()))
        if self._world.held and await asks_for_scripts(tab.devtools, self._seen.html, within=within):
            raise _Failed(Failure.CRASH, reasons.ASKS)

    async def _fetch_besides(self, tab: Tab) -> None:
        """What the page is made of and does not show."""
        within = min(BESIDES, self._budget.left() * 0.4)
        self._scripts, self._icon, self._events.bodies = await asyncio.gather(
            scripts_of(self._events.scripts, url=URL, within=within),
            icon_of(
                self._page.url,
                self._seen.icon,
                proxy=self._session.server,
                user_agent=self._chromium.identity["userAgent"],
                within=within,
            ),
            hashes_of(self._events.unmarked, url=URL, within=within),
        )

    def _check_shown(self) -> None:
        """What was observed must be the site's and neither Chromium's nor our proxy's error page."""
        url = self._page.url
        if url.startswith("chrome-error:"):
            raise self._why("the page went nowhere")
        answer = self._events.answer
        # Over https the proxy can neither answer for the site nor take the mark from what the site answers.
        plain = answer is not None and answer.url.startswith("http:") and answer.url == urldefrag(url).url
        if answer is not None and plain and self._session.mark in answer.headers:
            raise self._proxy_said(url) or self._why(reasons.NO_ANSWER)
        if self._session.exhausted:  # what is not on the page may be missing through our own fault
            raise _Failed(Failure.BROWSER, EXHAUSTED)

    def _why(self, error: str) -> _Failed:
        """Why no page came, told by whoever knows best: the browser, our proxy, the network stack."""
        url, error = self._events.broken or (self.url, error)
        if self._events.downloads:
            return _Failed(Failure.PROTOCOL, reasons.DOWNLOAD)
        said = self._proxy_said(url)
        if said is not None:
            return said
        return _Failed(*told(error))

    def _proxy_said(self, url: str) -> _Failed | None:
        place = _place(url)
        for refusal in self._session.refusals:
            if _place(refusal.url) == place:
                return _Failed(Failure.REFUSED, refusal.reason)
        failure = self._session.failures.get(place)
        if failure is Failure.BROWSER:
            return _Failed(failure, EXHAUSTED)
        return None if failure is None else _Failed(failure, reasons.OUT_OF_REACH.format(place=place))

    def _rendering(
        self, errors: tuple[int, int], now: datetime, failure: Failure | None, detail: str, dwelt: bool
    ) -> Rendering:
        page, events, seen = self._page, self._events, self._seen
        if failure is Failure.BROWSER:
            return Rendering(now, failure=failure, detail=detail, elapsed=self._budget.used())
        shown = page.url if seen.html else self.url
        return Rendering(
            at=now,
            final_url=shown[:URL],
            status=events.status,
            title=seen.title,
            html=seen.html,
            text=seen.text,
            screenshot=self._screenshot,
            page_height=seen.height,
            resources=events.resources,
            frames=tuple(frame.url[:URL] for frame in page.frames if frame != page.main_frame)[:FRAMES],
            hidden_links=seen.hidden_links,
            hidden_texts=seen.hidden_texts,
            inset=seen.inset,
            covers=seen.covers,
            pictures=seen.pictures,
            boxes=seen.boxes,
            scripts=self._scripts,
            icon=self._icon,
            dwelt=dwelt,
            refusals=tuple(self._session.refusals),
            dialogs=tuple(events.dialogs),
            popups=tuple(events.popups),
            downloads=events.downloads,
            console_errors=errors[0],
            page_errors=errors[1],
            failure=failure,
            detail=detail,
            elapsed=self._budget.used(),
        )


def _place(url: str) -> str:
    """'host:port' as the proxy names it."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or {'https': 443}.get(parts.scheme, 80)}"
