"""One visit of one page, in a browser context that nothing else shares: go, settle, observe, picture.

The time is one budget for the whole visit. A page that never finishes loading is observed as it stands while
there is time left for that; one that does not let go is held still first.
"""

import asyncio
import base64
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import CDPSession, Error

from defacewatch.captures import Failure, Rendering
from defacewatch.fetch.budget import Budget
from defacewatch.fetch.chromium import Chromium
from defacewatch.fetch.chromium_errors import told
from defacewatch.fetch.events import URL
from defacewatch.fetch.isolated import Unanswered
from defacewatch.fetch.proxy import ProxySession
from defacewatch.fetch.tab import HEIGHT, WIDTH, Tab

HTML = 10 * 1024 * 1024  # bytes
SCRIPT_LIMITS = (
    "{links: 20000, hidden: 200, url: 2048, anchor: 200, title: 1000, html: 10485760, text: 1048576}"
)
FRAMES = 100
REDIRECTS = 5  # by script or <meta>, that are followed; a page that still goes on is held
# Shares of the budget at which the next step begins at the latest, whatever the page does.
COMMITTED, LOADED, SETTLED = 0.7, 0.5, 0.7
LOAD_MOST = 10.0  # seconds that loading is waited for: what is not there by then is held back on purpose
QUIET = 0.5  # seconds without network traffic that make a page settled,
SETTLE_LEAST = 1.5  # at the earliest so many after it loaded (scripts start late),
SETTLE_MOST = 5.0  # at the latest so many

EXHAUSTED = "this host has run out of files, buffers, memory or threads: raise the limit of open files"

_scripts = files("defacewatch.fetch") / "scripts"
OBSERVE, SCROLL, FREEZE = (
    (_scripts / name).read_text("utf-8").strip() for name in ("observe.js", "scroll.js", "freeze.js")
)

T = TypeVar("T")


class _Failed(Exception):
    """The visit ends here, as this failure."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure, self.detail = failure, detail


class Visit:
    """One URL, looked at once. `tab` is what it opened, left to the caller to close."""

    def __init__(
        self, chromium: Chromium, session: ProxySession, url: str, *, timeout: float, max_height: int
    ) -> None:
        self._chromium = chromium
        self._session = session
        self._url = url
        self._max_height = max_height
        self._budget = Budget(timeout)
        self.tab: Tab | None = None

    async def run(self, slot: asyncio.Semaphore, *, now: datetime) -> Rendering:
        """The visit, in at most its time.

        It takes a `slot` once the page answers: pages that only keep us waiting do not keep others waiting.
        """
        try:
            async with asyncio.timeout(self._budget.left(COMMITTED)):
                self.tab = tab = await Tab.open(self._chromium, self._session.server)
        except (Error, TimeoutError) as error:
            detail = f"no page could be opened: {told(str(error))[1]}"
            return Rendering(now, failure=Failure.BROWSER, detail=detail, elapsed=self._budget.used())
        return await self._watch(tab, slot, now)

    async def _watch(self, tab: Tab, slot: asyncio.Semaphore, now: datetime) -> Rendering:
        self._page, self._world, self._events = tab.page, tab.world, tab.events
        failure, detail = None, ""
        facts: dict[str, Any] = {}
        picture = b""
        try:
            await self._unless_lost(self._go())
            await self._budget.turn(slot)
            try:
                await self._unless_lost(self._settle())
                observed = await self._unless_lost(self._observe())
                self._check_shown()
                facts = observed
                picture = await self._unless_lost(self._picture(tab.devtools, facts["height"]))
            finally:
                slot.release()
        except _Failed as failed:
            failure, detail = failed.failure, failed.detail
        errors = await self._events.errors(within=min(2.0, self._budget.left()))
        return self._rendering(facts, picture, errors, now, failure, detail)

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
        try:
            async with asyncio.timeout(self._budget.left(COMMITTED)):
                await self._page.goto(self._url, wait_until="commit", timeout=0)
        except TimeoutError:
            raise _Failed(Failure.TIMEOUT, "no answer in time") from None
        except Error as error:
            if "ERR_ABORTED" in str(error):
                await asyncio.sleep(0.3)  # a download is told of a moment after it
            raise self._why(str(error)) from None

    async def _settle(self) -> None:
        """Wait until the page has loaded and been quiet, having scrolled through it; or until it is time."""
        scroll = f"({SCROLL})({{height: {self._max_height}, pause: 50}})"
        for _ in range(REDIRECTS):
            with suppress(Error):
                await self._page.wait_for_load_state(
                    "load", timeout=max(1.0, min(LOAD_MOST, self._budget.left(LOADED)) * 1000)
                )
            loaded = self._budget.used()
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
        while self._budget.left(SETTLED) > 0:
            since = self._budget.used() - loaded
            if since > SETTLE_MOST or (since > SETTLE_LEAST and self._events.quiet > QUIET):
                return
            await asyncio.sleep(0.05)

    async def _hold(self) -> None:
        if not await self._world.hold():
            raise _Failed(Failure.CRASH, "the page does not let go")

    async def _observe(self) -> dict[str, Any]:
        """Title, DOM, text, height and hidden links; a page that does not answer is held and asked again."""
        expression = f"({OBSERVE})({SCRIPT_LIMITS})"
        try:
            return dict(await self._world.evaluate(expression, within=self._budget.left() * 0.4))
        except Unanswered as unanswered:
            if unanswered.late:
                await self._hold()
            else:
                await asyncio.sleep(QUIET)  # it went elsewhere just now, perhaps for the last time
        try:
            return dict(await self._world.evaluate(expression, within=self._budget.left() * 0.5))
        except Unanswered:
            await self._hold()
        try:
            return dict(await self._world.evaluate(expression, within=self._budget.left() * 0.6))
        except Unanswered as unanswered:
            raise _Failed(Failure.CRASH, f"the page does not let go: {unanswered}") from None

    async def _picture(self, devtools: CDPSession, height: int) -> bytes:
        with suppress(Unanswered):
            await self._world.evaluate(f"({FREEZE})()", within=max(0.1, min(2.0, self._budget.left() * 0.3)))
        clip = {"x": 0, "y": 0, "width": WIDTH, "scale": 1}
        clip["height"] = max(HEIGHT, min(height, self._max_height))
        for share in (0.6, 1.0):
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(self._budget.left() * share):
                    answer = await devtools.send(
                        "Page.captureScreenshot",
                        {"format": "png", "clip": clip, "captureBeyondViewport": True},
                    )
                return base64.b64decode(answer["data"])
            if share < 1:
                await self._hold()
        raise _Failed(Failure.CRASH, "no picture of the page could be taken")

    def _check_shown(self) -> None:
        """What was observed must be the site's and neither Chromium's nor our proxy's error page."""
        url = self._page.url
        if url.startswith("chrome-error:"):
            raise self._why("the page went nowhere")
        answer = self._events.answer
        # Over https the proxy can neither answer for the site nor take the mark from what the site answers.
        plain = answer is not None and answer.url.startswith("http:") and answer.url == urldefrag(url).url
        if answer is not None and plain and self._session.mark in answer.headers:
            raise self._proxy_said(url) or self._why("no answer of the site")
        if self._session.exhausted:  # what is not on the page may be missing through our own fault
            raise _Failed(Failure.BROWSER, EXHAUSTED)

    def _why(self, error: str) -> _Failed:
        """Why no page came, told by whoever knows best: the browser, our proxy, the network stack."""
        url, error = self._events.broken or (self._url, error)
        if self._events.downloads:
            return _Failed(Failure.PROTOCOL, "a download and not a page")
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
        return None if failure is None else _Failed(failure, f"{place} cannot be reached")

    def _rendering(
        self,
        facts: dict[str, Any],
        picture: bytes,
        errors: tuple[int, int],
        now: datetime,
        failure: Failure | None,
        detail: str,
    ) -> Rendering:
        page, events = self._page, self._events
        if failure is Failure.BROWSER:
            return Rendering(now, failure=failure, detail=detail, elapsed=self._budget.used())
        shown = page.url if facts else self._url
        return Rendering(
            at=now,
            final_url=shown[:URL],
            status=events.status,
            title=facts.get("title", ""),
            html=facts.get("html", "").encode()[:HTML].decode(errors="ignore"),
            text=facts.get("text", ""),
            screenshot=picture,
            page_height=facts.get("height", 0),
            resources=events.resources,
            frames=tuple(frame.url[:URL] for frame in page.frames if frame != page.main_frame)[:FRAMES],
            hidden_links=tuple((href, text) for href, text in facts.get("hiddenLinks", ())),
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
