"""Chromium without Playwright: the DevTools protocol over its pipe, as little of it as a picture takes.

A yardstick for `bench captures`, not for use: nothing here bears a hostile page.
(https://chromedevtools.github.io/devtools-protocol/; messages are JSON, each ended by a NUL, on descriptors 3
and 4 of the browser.)
"""

import asyncio
import base64
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--ignore-certificate-errors",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--force-color-profile=srgb",
    "--disable-features=Translate,MediaRouter,OptimizationHints,PaintHolding",
)
# Frames are drawn when they are asked for, and never by themselves.
BEGIN_FRAME = (
    "--enable-begin-frame-control",
    "--run-all-compositor-stages-before-draw",
    "--disable-checker-imaging",
)
WIDTH, HEIGHT = 1280, 800
FRAME_EVERY = 0.02  # seconds between two frames, while a picture is taken


class Devtools:
    """A running headless shell; `begin_frame` says that its frames must be asked for."""

    def __init__(self, incoming: asyncio.StreamReader, outgoing: asyncio.WriteTransport, begin_frame: bool):
        self._incoming, self._outgoing = incoming, outgoing
        self.begin_frame = begin_frame
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded: dict[str, asyncio.Future[None]] = {}

    async def read(self) -> None:
        buffer = bytearray()
        while chunk := await self._incoming.read(1 << 20):
            buffer += chunk
            while (end := buffer.find(0)) >= 0:
                self._take(json.loads(buffer[:end]))
                del buffer[: end + 1]

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            answer = self._answers.pop(message["id"])
            if not answer.done():
                answer.set_result(message)
        elif message["method"] == "Page.loadEventFired":
            loaded = self._loaded.pop(message["sessionId"], None)
            if loaded is not None and not loaded.done():
                loaded.set_result(None)

    async def send(self, method: str, session: str | None = None, **options: Any) -> dict[str, Any]:
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": self._number, "method": method, "params": options}
        self._outgoing.write(
            json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        )
        said = await answer
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']}")
        return dict(said["result"])

    async def picture(self, url: str, *, kind: str, fast: bool, most: int) -> bytes:
        """A picture of the page down to `most` CSS pixels, as soon as it has loaded, in a fresh context."""
        context = (await self.send("Target.createBrowserContext"))["browserContextId"]
        target = await self.send(
            "Target.createTarget",
            url="about:blank",
            browserContextId=context,
            width=WIDTH,
            height=HEIGHT,
            enableBeginFrameControl=self.begin_frame,
        )
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        session = attached["sessionId"]
        await self.send("Page.enable", session)
        loaded = self._loaded[session] = asyncio.get_running_loop().create_future()
        await self.send("Page.navigate", session, url=url)
        await loaded
        asked = await self.send(
            "Runtime.evaluate", session, expression="document.documentElement.scrollHeight"
        )
        tall = max(HEIGHT, min(int(asked["result"]["value"]), most))
        taking = asyncio.create_task(
            self.send(
                "Page.captureScreenshot",
                session,
                format=kind,
                clip={"x": 0, "y": 0, "width": WIDTH, "height": tall, "scale": 1},
                captureBeyondViewport=tall > HEIGHT,
                optimizeForSpeed=fast,
            )
        )
        while self.begin_frame and not taking.done():
            with suppress(RuntimeError):  # the one before is still being drawn
                await self.send("HeadlessExperimental.beginFrame", session)
            await asyncio.wait({taking}, timeout=FRAME_EVERY)
        data = base64.b64decode((await taking)["data"])
        await self.send("Target.disposeBrowserContext", browserContextId=context)
        return data


@asynccontextmanager
async def devtools(executable: str, *, begin_frame: bool = False) -> AsyncIterator[Devtools]:
    """A headless shell to the end of the block."""
    profile = tempfile.mkdtemp(prefix="bench-captures-")
    pid, ours_in, ours_out = _spawned(executable, profile, begin_frame)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    incoming, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb")
    )
    outgoing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(ours_out, "wb"))
    browser = Devtools(reader, outgoing, begin_frame)
    reading = asyncio.create_task(browser.read())
    try:
        yield browser
    finally:
        with suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(5):
                await browser.send("Browser.close")
        reading.cancel()
        incoming.close()
        outgoing.close()
        await asyncio.to_thread(os.waitpid, pid, 0)
        shutil.rmtree(profile, ignore_errors=True)


def _spawned(executable: str, profile: str, begin_frame: bool) -> tuple[int, int, int]:
    """The browser's process id, and our ends of its pipes: to read from, to write to."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Away from 3 and 4, which they become in the browser.
    high = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 20) for number in (theirs_in, theirs_out)]
    silent = os.open(os.devnull, os.O_RDWR)
    flags = (*FLAGS, *(BEGIN_FRAME if begin_frame else ()), f"--user-data-dir={profile}")
    places = zip((*high, silent, silent, silent), (3, 4, 0, 1, 2), strict=True)
    pid = os.posix_spawn(
        executable,
        [executable, *flags],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, number, place) for number, place in places],
        setpgroup=0,
    )
    for number in (theirs_in, theirs_out, *high, silent):
        os.close(number)
    return pid, ours_in, ours_out
