"""What happens on a page while the browser looks at it, counted and kept within bounds."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from inspect import Parameter, Signature
from typing import Any

from playwright.async_api import (
    BrowserContext,
    CDPSession,
    Error,
    Page,
    Request,
    Response,
)

from defacewatch import reasons
from defacewatch.captures import Resource
from defacewatch.fetch.headers import sendable
from defacewatch.fetch.isolated import IsolatedWorld

RESOURCES = 500  # kept per capture
KEPT = 20  # dialogs and popups kept, and how many of them interrupt the script that opens them
PATIENCE = 200  # dialogs and popups, after which the page is held still
REQUESTS = 1000  # listened to per capture; a page that makes more is held still
TEXT = 500  # characters of a dialog
URL = 2048  # characters of an address
SCRIPTS = 100  # answers with a script file that are kept
_ASKED_FOR = frozenset(("document", "stylesheet", "script", "image", "font"))
ENDLESS = frozenset(
    {"eventsource", "websocket", "media", "ping"}
)  # kinds that keep no page from being settled
_ONE_EVENT = Signature([Parameter("event", Parameter.POSITIONAL_ONLY)])


class Events:
    """Listens from before the first request on. `lost` is done, with a reason, when no more can be seen."""

    def __init__(
        self, context: BrowserContext, page: Page, session: CDPSession, world: IsolatedWorld
    ) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.answer: Response | None = None  # to the main document's request
        self.broken: tuple[str, str] | None = (
            None  # address and error of the main document's request that failed
        )
        self.dialogs: list[str] = []
        self.popups: list[str] = []
        self.downloads = 0
        self._page, self._world, self._loop = page, world, loop
        self.scripts: list[Response] = []  # the answers with a script file, in the order that they came
        self._statuses: dict[Request, int | None] = {}
        self._answers: dict[Request, Response] = {}
        self.bodies: dict[str, str] = {}  # SHA-256 of bodies that were looked at, by address
        self._running: set[Request] = set()
        self._last = loop.time()
        self._requests = self._nuisances = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._network: tuple[tuple[Any, Any], ...] = (
            ("request", _plain(self._on_request)),
            ("response", _plain(self._on_response)),
            ("requestfinished", _plain(self._on_finished)),
            ("requestfailed", _plain(self._on_failed)),
        )
        for event, listener in self._network:
            page.on(event, listener)  # type: ignore[call-overload]
        page.on("download", self._on_download)
        page.on("crash", self._on_crash)
        context.on("close", self._on_close)
        context.on("page", self._on_window)
        # From the protocol and not from Playwright: without a listener, Playwright's driver dismisses each
        # dialog at once; and this tells of windows that the browser was started not to open.
        session.on("Page.javascriptDialogOpening", self._on_dialog)
        session.on("Page.windowOpen", self._on_window_open)

    @property
    def status(self) -> int | None:
        """What the server said to the main document's request."""
        return None if self.answer is None else self.answer.status

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What was loaded, in the order it was asked for."""
        return tuple(self._resource(request, status) for request, status in self._statuses.items())

    @property
    def unmarked(self) -> list[Response]:
        """The answers that carry nothing to ask for them again by, other than the document's: what style
        sheets, scripts, pictures and frames came with."""
        return [
            answer
            for request, answer in self._answers.items()
            if answer.status == 200
            and request.resource_type in _ASKED_FOR
            and answer is not self.answer
            and not any(_validators(answer))
        ]

    def _resource(self, request: Request, status: int | None) -> Resource:
        answer = self._answers.get(request)
        etag, last_modified = _validators(answer) if answer is not None else (None, None)
        url = request.url
        return Resource(
            url[:URL], request.resource_type, status, etag, last_modified, self.bodies.get(url[:URL])
        )

    @property
    def quiet(self) -> float:
        """For how many seconds nothing has been loading."""
        return 0.0 if self._running else self._loop.time() - self._last

    async def errors(self, *, within: float) -> tuple[int, int]:
        """Console errors and page errors, among the last 200 messages and errors that the driver keeps.

        Asked for at the end and not listened to: a page can make more than could be listened to.
        """
        try:
            async with asyncio.timeout(within):
                messages = await self._page.console_messages(filter="all")
                errors = await self._page.page_errors(filter="all")
        except (Error, TimeoutError):
            return 0, 0
        return sum(message.type == "error" for message in messages), len(errors)

    async def finish(self) -> None:
        """End what was started in answer to events."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_main_document(self, request: Request) -> bool:
        try:
            return request.is_navigation_request() and request.frame == self._page.main_frame
        except Error:  # the frame is not there yet, or not any more
            return False

    def _on_request(self, request: Request) -> None:
        self._requests += 1
        if self._requests > REQUESTS:
            for event, listener in self._network:
                self._page.remove_listener(event, listener)
            self._start(self._hold())
            return
        if not request.url.startswith(("http://", "https://", "ws://", "wss://")):
            return
        self._last = self._loop.time()
        if request.resource_type not in ENDLESS:
            self._running.add(request)
        if len(self._statuses) < RESOURCES:
            self._statuses[request] = None

    def _on_response(self, response: Response) -> None:
        request = response.request
        if request in self._statuses:
            self._statuses[request] = response.status
            self._answers[request] = response
            if request.resource_type == "script" and len(self.scripts) < SCRIPTS:
                self.scripts.append(response)
        if self._is_main_document(request):
            self.answer, self.broken = response, None

    def _on_finished(self, request: Request) -> None:
        self._last = self._loop.time()
        self._running.discard(request)

    def _on_failed(self, request: Request) -> None:
        self._on_finished(request)
        if self._is_main_document(request):
            self.broken = (request.url, request.failure or "failed")

    def _on_download(self, download: object) -> None:
        self.downloads += 1

    def _on_crash(self, page: Page) -> None:
        self.lose(reasons.CRASHED)

    def _on_close(self, context: BrowserContext) -> None:
        self.lose(reasons.GONE)

    def lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)

    def _on_dialog(self, event: dict[str, Any]) -> None:
        if len(self.dialogs) < KEPT:
            self.dialogs.append(str(event.get("message", ""))[:TEXT])
        self._nuisance()

    def _on_window_open(self, event: dict[str, Any]) -> None:
        self._keep_popup(str(event.get("url", "")))
        self._nuisance()

    def _on_window(self, page: Page) -> None:
        # Only a full browser opens windows at all; they are closed before they are looked at.
        if page is not self._page:
            self._keep_popup(page.url)
            self._start(_closed(page))

    def _keep_popup(self, url: str) -> None:
        if len(self.popups) < KEPT and url not in (*self.popups, "", "about:blank"):
            self.popups.append(url[:URL])

    def _nuisance(self) -> None:
        """A dialog or a window: a page that opens them without end is interrupted, and then held."""
        self._nuisances += 1
        if self._nuisances == PATIENCE:
            self._start(self._hold())
        elif self._nuisances % KEPT == 0:
            self._start(self._world.interrupt())

    async def _hold(self) -> None:
        if not await self._world.hold():
            self.lose("the page does not let go")


def _plain(listener: Callable[[Any], None]) -> Callable[[Any], None]:
    """`listener`, for what comes hundreds of times a page: at each event Playwright finds out how many
    parameters it has, in a tenth of the time where that is said beforehand."""

    def listen(event: Any) -> None:
        listener(event)

    listen.__signature__ = _ONE_EVENT  # type: ignore[attr-defined]
    return listen


def _validators(answer: Response) -> tuple[str | None, str | None]:
    """What an answer says to ask for it again by: its ETag, and when it was last modified."""
    headers = answer.headers
    return sendable(headers.get("etag")), sendable(headers.get("last-modified"))


async def _closed(page: Page) -> None:
    with suppress(Error):
        await page.close()
