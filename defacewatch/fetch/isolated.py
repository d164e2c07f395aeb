"""Asking a page without trusting it: our scripts run in an isolated world of the DevTools protocol.

The world sees the page's DOM and none of its JavaScript, so a page that replaces `getComputedStyle` or
`Array.prototype` cannot blind us. (https://chromedevtools.github.io/devtools-protocol/tot/Page/)
"""

import asyncio
from contextlib import suppress
from typing import Any

from playwright.async_api import CDPSession, Error

WORLD = "defacewatch"
HOLD = 3.0


class Unanswered(Exception):
    """The page went elsewhere while it was asked; or, `late`, did not answer in time."""

    def __init__(self, detail: str, *, late: bool = False) -> None:
        super().__init__(detail)
        self.late = late


class IsolatedWorld:
    """The isolated world of a page's main frame, reached through the page's DevTools session."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session
        self.held = False
        self._frame: str | None = None  # the main frame's id, which stays the same wherever the page goes
        self._aborts: set[asyncio.Task[None]] = set()

    async def evaluate(self, expression: str, *, within: float) -> Any:
        """The JSON value of `expression` (promises awaited), in at most `within` seconds, or Unanswered."""
        try:
            async with asyncio.timeout(within):
                answer = await self.session.send(
                    "Runtime.evaluate",
                    {
                        "expression": expression,
                        "contextId": await self._context(),
                        "returnByValue": True,
                        "awaitPromise": True,
                        "timeout": within * 1000,
                    },
                )
        except TimeoutError:
            raise Unanswered("no answer in time", late=True) from None
        except Error as error:
            raise Unanswered(str(error).strip().partition("\n")[0][:500]) from None
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"].get("exception", {})
            raise Unanswered(str(thrown.get("description", "terminated"))[:500])
        return answer["result"].get("value")

    async def _context(self) -> int:
        """The world in the document that is there now; asked for each time, as each document has its own."""
        if self._frame is not None:
            with suppress(Error):  # there is another main frame, or none at this moment
                return await self._world_of(self._frame)
        tree = await self.session.send("Page.getFrameTree")
        self._frame = str(tree["frameTree"]["frame"]["id"])
        return await self._world_of(self._frame)

    async def _world_of(self, frame: str) -> int:
        world = await self.session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD})
        return int(world["executionContextId"])

    async def interrupt(self) -> None:
        """End the script that is running now; the page goes on with its next task."""
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(1):
                await self.session.send("Runtime.terminateExecution")

    async def hold(self) -> bool:
        """Make the page stand still as it is: nowhere else to go, no more scripts of its own.

        False when it did not obey within HOLD seconds.
        """
        if not self.held:
            self.held = True
            self.session.on("Fetch.requestPaused", self._turn_back)
        # Sent together: the answers of a page that makes noise come late. One that navigates just now may
        # refuse some of it, which is well.
        try:
            async with asyncio.timeout(HOLD):
                await asyncio.gather(
                    self.session.send("Emulation.setScriptExecutionDisabled", {"value": True}),
                    self.session.send("Runtime.terminateExecution"),
                    self.session.send("Fetch.enable", {"patterns": [{"resourceType": "Document"}]}),
                    return_exceptions=True,
                )
        except TimeoutError:
            return False
        return True

    async def crash(self) -> None:
        """End the page's renderer, which works whatever keeps it busy."""
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(1):
                await self.session.send("Page.crash")

    def _turn_back(self, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._abort(event["requestId"]))
        self._aborts.add(task)
        task.add_done_callback(self._aborts.discard)

    async def _abort(self, request: str) -> None:
        with suppress(Error):  # the page gave it up by itself
            await self.session.send("Fetch.failRequest", {"requestId": request, "errorReason": "Aborted"})
