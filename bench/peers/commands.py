"""webchanges and urlwatch: commands that look at all pages once, report what changed, and end.

Neither has a daemon, so their users run them from cron or in a loop; here one run follows the other. Both get
the filter that turns HTML into text, as nobody could live with a report of every token, and report to a
webhook on loopback: webchanges by its `webhook`, urlwatch by its `slack` reporter, which is a webhook.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.peers.pages import Pages
from bench.peers.receiver import LARGEST, Receiver
from bench.peers.trees import LOOK_EVERY, Peak, Tree, spent
from defacewatch.errors import DefacewatchError

RUN_WITHIN = 3600.0  # seconds


@dataclass(frozen=True)
class Command:
    """One of them: its program in its environment, options that name its files, what goes into them."""

    program: Path
    options: tuple[str, ...]
    job: Mapping[str, Any]
    address: str  # the key of a job's URL
    settings: Mapping[str, Any]
    reporter: str
    environ: Mapping[str, str]


def webchanges(python: Path, environ: Mapping[str, str], *, chromium: str | None) -> Command:
    """webchanges: URL jobs, or with `chromium` browser jobs in that browser.

    Its browser jobs send If-None-Match too, and report the 304 of an unchanged page as an error
    (net::ERR_ABORTED): they are told not to.
    """
    job: dict[str, Any] = {"filters": ["html2text"]}
    if chromium is not None:
        environ = {**environ, "WEBCHANGES_BROWSER_PATH": chromium}
        job |= {"use_browser": True, "no_conditional_request": True}
    return Command(
        python.parent / "webchanges",
        ("--jobs", "jobs.yaml", "--config", "config.yaml", "--database", "snapshots.db"),
        job,
        "url",
        {"version_check": {"enabled": False}},
        "webhook",
        environ,
    )


def urlwatch(python: Path, environ: Mapping[str, str], *, browsers: Path | None) -> Command:
    """urlwatch: URL jobs, or with `browsers`, a folder that Playwright finds its browser in, browser jobs."""
    if browsers is not None:
        environ = {**environ, "PLAYWRIGHT_BROWSERS_PATH": str(browsers)}
    return Command(
        python.parent / "urlwatch",
        ("--urls", "jobs.yaml", "--config", "config.yaml", "--cache", "cache.db", "--hooks", "hooks.py"),
        {"filter": ["html2text"]},
        "navigate" if browsers else "url",
        {},
        "slack",
        environ,
    )


class Runs:
    """Runs of such a command, one after the other, in a folder of its own. `keeping` is the CPU time
    (seconds) that a keeper costs, which is none of the command's."""

    batch = True

    def __init__(self, command: Command, folder: Path, *, keeping: float) -> None:
        self.command, self.folder, self.keeping = command, folder, keeping
        self.peak = Peak()
        self.left: list[str] = []
        self._cpu = 0.0
        self._said = ""

    async def begin(self, pages: Pages, receiver: Receiver) -> None:
        """Write its files."""
        jobs = [{self.command.address: url, **self.command.job} for url in pages.urls]
        (self.folder / "jobs.yaml").write_text(yaml.safe_dump_all(jobs, allow_unicode=True), "utf-8")
        report = {
            "stdout": {"enabled": False},
            self.command.reporter: {
                "enabled": True,
                "webhook_url": receiver.url,
                # webchanges fails at the second of several messages (its HTTP client cannot be used again)
                "max_message_length": LARGEST,
            },
        }
        settings = yaml.safe_dump({**self.command.settings, "report": report})
        (self.folder / "config.yaml").write_text(settings, "utf-8")
        for name in ("jobs.yaml", "config.yaml"):
            (self.folder / name).chmod(0o600)  # both refuse files that others could have written

    def cpu(self) -> float:
        return self._cpu

    async def round(self, least: float) -> None:
        """One run. Raises DefacewatchError when it fails or does not end."""
        before = spent()
        tree = await Tree.grown(
            [str(self.command.program), *self.command.options],
            environ=self.command.environ,
            folder=self.folder,
            log=self.folder / "runs.log",
        )
        looking = asyncio.create_task(self._look(tree))
        try:
            async with asyncio.timeout(RUN_WITHIN):
                status, left = await tree.ended()
        except TimeoutError:
            await tree.felled()
            raise DefacewatchError(f"a run did not end in {RUN_WITHIN:.0f} s") from None
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        self._cpu += spent() - before - self.keeping
        self.left += left
        if status:
            raise DefacewatchError(f"a run exited {status}: {self._last_words()}")

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Run after run until the end of the block; the one that is under way then is waited for."""
        over = asyncio.Event()

        async def again() -> None:
            while not over.is_set():
                await self.round(0.0)

        running = asyncio.create_task(again())
        try:
            yield
        finally:
            over.set()
            await running

    async def failures(self) -> list[str]:
        lines = self._last_words().splitlines()
        return [line for line in lines if "Error" in line or "ERROR" in line][-3:]

    async def end(self) -> list[str]:
        return self.left

    async def _look(self, tree: Tree) -> None:
        while True:
            self.peak.note([tree.ledger.look()])
            await asyncio.sleep(LOOK_EVERY)

    def _last_words(self) -> str:
        log = self.folder / "runs.log"
        return log.read_text("utf-8", "replace").strip()[-600:] if log.exists() else "no log"
