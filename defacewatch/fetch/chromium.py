"""One Chromium: finding it, starting it with nothing it does not need, and ending it for certain.

Playwright talks to it through a pipe, so there is no debugging port that a page could reach. Each Chromium
has a driver process of its own: whatever hangs, both can be killed without touching another Chromium.
"""

import asyncio
import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import playwright
import psutil
from playwright.async_api import Browser, Error, Playwright, async_playwright

from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.fetch import processes
from defacewatch.fetch.memory import Memory, measured

HEADLESS_SHELLS = ("/usr/bin/chromium-headless-shell", "chromium-headless-shell")
FULL_BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
PACKAGE = Path(playwright.__file__).parent / "driver" / "package"
START_TIMEOUT = 30.0  # seconds; a cold start on a busy small host takes up to ten
WHOLE = 10  # looks at its memory, of which one looks for all of its processes
NICE = 10  # of the browser and its driver: captures take what probes leave of the processors
END_TIMEOUT = 5.0  # seconds for a polite end, before the process group is killed

ARGUMENTS = (
    # Traffic: everything through the capture's proxy, no name resolved here, nothing sent by itself.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-domain-reliability",
    "--no-pings",
    # What a page may use of the host.
    "--js-flags=--max-old-space-size=256",
    "--block-new-web-contents",
    "--disable-3d-apis",
    "--disable-notifications",
    "--disable-speech-api",
    # The same page gives the same picture: animated images stay at their first frame, images are decoded
    # before they are drawn, and glyphs do not depend on the host. Playwright's own pointer settings repeated,
    # since the last --blink-settings wins.
    "--blink-settings=imageAnimationPolicy=2,primaryHoverType=2,availableHoverTypes=2,"
    "primaryPointerType=4,availablePointerTypes=4",
    "--disable-checker-imaging",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    # No navigator.webdriver: see `identity`.
    "--disable-blink-features=AutomationControlled",
)
# Of what Playwright adds: what lets a page open windows, use a software GPU, or flood the browser.
NOT_WANTED = ("--disable-popup-blocking", "--enable-unsafe-swiftshader", "--disable-ipc-flooding-protection")
LANGUAGES = "vi-VN,vi"
NO_PROXY_BUT_OURS = "http://127.0.0.1:9"  # discard: what belongs to no capture goes nowhere
ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "FONTCONFIG_PATH",
)


def find_chromium(named: str | None) -> str | None:
    """The executable to start: `named`, a headless shell, Playwright's own, a full browser, in this order.

    The headless shell costs about a third of the full browser's CPU time. None means Playwright's own (or
    that there is none at all, which starting it will say). Raises NotFound when `named` cannot be executed.
    """
    if named:
        found = shutil.which(named)
        if found is None:
            raise NotFound(f"the browser {named!r} is not a program that can be executed")
        return found
    for name in HEADLESS_SHELLS:
        if found := shutil.which(name):
            return found
    if _playwright_has_its_own():
        return None
    return next((found for name in FULL_BROWSERS if (found := shutil.which(name))), None)


def shell_revision() -> str:
    """The revision of the headless shell that belongs to this Playwright."""
    listed = json.loads((PACKAGE / "browsers.json").read_text())["browsers"]
    return next((entry["revision"] for entry in listed if entry["name"] == "chromium-headless-shell"), "")


def _playwright_has_its_own() -> bool:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = (
        PACKAGE / ".local-browsers" if named == "0" else Path(named) if named else cache / "ms-playwright"
    )
    return (folder / f"chromium_headless_shell-{shell_revision()}" / "INSTALLATION_COMPLETE").exists()


class Chromium:
    """A running Chromium: `browser` is Playwright's handle, `process` the leader of its process group."""

    def __init__(self, driver: Playwright, browser: Browser, process: psutil.Process) -> None:
        self._driver = driver
        self._driver_process = psutil.Process(process.ppid())
        self._profile = _profile_of(process)
        self.browser = browser
        self.process = process
        self.users = 0
        self.served = 0
        self.waiting = 0  # of the users, those whose servers have not answered yet
        self.worn_at = float("inf")  # when it was first to come to rest (monotonic)
        self.sacrificed_at = float(
            "-inf"
        )  # when a page of it was last ended for the others' sake (monotonic)
        self._counted = 0
        self._step_back()

    def _step_back(self) -> None:
        """Lower the priority of the browser and its driver; what they start from now on inherits it."""
        for process in [self._driver_process, self.process, *self.process.children(recursive=True)]:
            with suppress(psutil.Error):
                process.nice(min(19, psutil.Process().nice() + NICE))

    @classmethod
    async def launch(cls, executable: str | None, *, sandbox: bool) -> "Chromium":
        """Start one. Raises DefacewatchError, in one line, when that does not work."""
        before = set(psutil.Process().children())
        try:
            async with asyncio.timeout(START_TIMEOUT):
                driver = await async_playwright().start()
        except TimeoutError:
            _end_started(before)
            raise DefacewatchError("Playwright's driver does not start: no answer in time") from None
        mark = f"--defacewatch={uuid.uuid4().hex}"  # tells this Chromium's process from every other
        try:
            async with asyncio.timeout(2 * START_TIMEOUT):  # where the driver does not keep to its own time
                browser = await driver.chromium.launch(
                    executable_path=executable,
                    chromium_sandbox=sandbox,
                    args=[*ARGUMENTS, mark],
                    ignore_default_args=list(NOT_WANTED),
                    env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
                    proxy={"server": NO_PROXY_BUT_OURS},
                    timeout=START_TIMEOUT * 1000,
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
            return cls(driver, browser, _marked(mark))
        except BaseException as error:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(END_TIMEOUT):
                    await driver.stop()
            if isinstance(error, TimeoutError):
                _end_started(before)
            if isinstance(error, (Error, TimeoutError)):
                reason = (str(error).strip() or "no answer in time").splitlines()[0]
                raise DefacewatchError(
                    f"Chromium ({executable or 'of Playwright'}) does not start: {reason}"
                ) from None
            raise

    @property
    def at_work(self) -> int:
        """How many of its users have pages."""
        return self.users - self.waiting

    @property
    def identity(self) -> dict[str, Any]:
        """What the same version of an ordinary Chrome on Linux says of itself, as the DevTools protocol's
        Emulation.setUserAgentOverride takes it: a page that hides from automation is to show itself to us."""
        major = self.browser.version.partition(".")[0]
        brands = {"Chromium": major, "Google Chrome": major, "Not:A-Brand": "8"}
        return {
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{major}.0.0.0 Safari/537.36",
            "acceptLanguage": LANGUAGES,
            "platform": "Linux x86_64",
            "userAgentMetadata": {
                "brands": [{"brand": brand, "version": version} for brand, version in brands.items()],
                "platform": "Linux",
                "platformVersion": "",
                "architecture": "x86",
                "model": "",
                "mobile": False,
            },
        }

    async def answers(self, within: float) -> bool:
        """Whether the browser process does what it is told within so many seconds."""
        try:
            async with asyncio.timeout(within):
                session = await self.browser.new_browser_cdp_session()
                await session.send("Browser.getVersion")
                await session.detach()
        except (Error, TimeoutError):
            return False
        return True

    def measure(self) -> Memory:
        """What its processes hold; all of them only now and then, for that takes long, else those of pages
        at least."""
        self._counted += 1
        return measured(processes.tree(self.process.pid, whole=self._counted % WHOLE == 0))

    def end_page(self, pid: int) -> None:
        """Kill one of its processes. That fails the captures of its own page only, for contexts never share
        a renderer."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def sacrifice(self, pid: int) -> None:
        """End a page that has done no wrong, for the sake of the others. Nothing tells which process shows
        which page: any that is lost at that moment may have been this one, see `Visit`."""
        self.sacrificed_at = time.monotonic()
        self.end_page(pid)

    def kill(self) -> None:
        """End the whole process group, now."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """End browser and driver, politely where they listen, and leave nothing behind."""
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(END_TIMEOUT):
                await self.browser.close()
        self.kill()
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(END_TIMEOUT):
                await self._driver.stop()
        await asyncio.to_thread(_end_driver, self._driver_process)
        await asyncio.to_thread(shutil.rmtree, self._profile, ignore_errors=True)


def _end_started(before: Collection[psutil.Process]) -> None:
    """Kill the drivers that were started since, and what they have started: they cannot be asked to end."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if process not in before and str(PACKAGE) in " ".join(process.cmdline()):
                for started in [*process.children(recursive=True), process]:
                    started.kill()


def _end_driver(process: psutil.Process) -> None:
    """The driver removes its temporary folders before it goes; one that does not go is killed.

    Not waited for as a child: asyncio does that.
    """
    deadline = time.monotonic() + END_TIMEOUT
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()


def _marked(mark: str) -> psutil.Process:
    """The process that the driver started: the first, going down from this one, with the mark."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if mark in process.cmdline():
                return process
    raise DefacewatchError("Chromium ended as soon as it was started")


def _profile_of(process: psutil.Process) -> str:
    """The temporary profile folder that Playwright made: it removes it, unless it is killed first."""
    option = "--user-data-dir="
    return next(word.removeprefix(option) for word in process.cmdline() if word.startswith(option))
