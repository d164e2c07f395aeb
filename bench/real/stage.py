"""The real daemon over the served sites, with a mail server and a Bot API server that keep what it sends."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bench.real.server import ServedSite
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.demo.stage import free_port, stopped

WATCH: Mapping[str, object] = {
    "probe_every": "5s",
    "revalidate_every": "5s",
    "render_every": "1m",
    "confirm_after": "1s",
    "browsers": 2,
    "allow_networks": ["127.0.0.0/8"],
}
STARTS_WITHIN = 60.0  # seconds
OFFICER = {"key": "an", "name": "An", "email": "an@example.gov.vn", "telegram_user": 1001}
KEPT = ("DEFACEWATCH_BROWSER",)  # what the environment may say to the daemon
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class BenchFailed(Exception):
    """The bench cannot go on; one line says why."""


@dataclass
class Stage:
    """What the bench talks to: the daemon's commands, its API, and what officers received."""

    folder: Path
    mailbox: Mailbox
    telegram: BotApi
    console: str
    token: str
    environ: Mapping[str, str]
    client: aiohttp.ClientSession
    commands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a `defacewatch` command; its exit code and what it printed."""
        async with self.commands:
            process = await self._started(asyncio.subprocess.PIPE, *words)
            printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()

    async def ask(self, path: str) -> dict[str, Any]:
        """What the daemon's API answers."""
        async with self.client.get(f"{self.console}/api/v1/{path}") as answer:
            answer.raise_for_status()
            return dict(await answer.json())

    async def pages(self) -> dict[str, dict[str, Any]]:
        """How the pages stand, by portal."""
        found: dict[str, dict[str, Any]] = {}
        cursor = ""
        while True:
            part = await self.ask(f"pages?limit=1000{cursor}")
            found |= {page["portal"]: page for page in part["pages"]}
            if part["next"] is None:
                return found
            cursor = f"&cursor={part['next']}"

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[None]:
        """`defacewatch run`, healthy; stopped at the end of the block. Raises BenchFailed."""
        with (self.folder / "daemon.log").open("wb") as log:
            process = await self._started(log.fileno(), "run")
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                while not await self._healthy():
                    if process.returncode is not None:
                        raise BenchFailed(f"the daemon ended at once; its log is {self.folder}/daemon.log")
                    await asyncio.sleep(0.2)
            yield
        except TimeoutError as error:
            raise BenchFailed(f"the daemon does not answer; its log is {self.folder}/daemon.log") from error
        finally:
            await stopped(process)

    async def _started(self, output: int, *words: str) -> asyncio.subprocess.Process:
        program = (sys.executable, "-m", "defacewatch", "--config", str(self.folder / "config"))
        return await asyncio.create_subprocess_exec(
            *program,
            *words,
            env=self.environ,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def _healthy(self) -> bool:
        try:
            async with self.client.get(f"{self.console}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def staged(folder: Path, sites: Sequence[ServedSite]) -> AsyncIterator[Stage]:
    """Mail server and Bot API server running, and the configuration written; no daemon yet."""
    token = secrets.token_hex(16)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        Mailbox() as mailbox,
        BotApi(users={1001}) as telegram,
        aiohttp.ClientSession(headers=headers) as client,
    ):
        port = free_port()
        console = f"http://127.0.0.1:{port}"
        (folder / "config").mkdir(parents=True)
        for name, content in _configuration(sites, mailbox.port, telegram.url, console, port).items():
            (folder / "config" / name).write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
        environ = {
            **{k: v for k, v in os.environ.items() if k in KEPT or not k.startswith("DEFACEWATCH_")},
            "DEFACEWATCH_TELEGRAM_TOKEN": telegram.token,
            "DEFACEWATCH_STATUS_TOKEN": token,
        }
        yield Stage(folder, mailbox, telegram, console, token, environ, client)


def _configuration(
    sites: Sequence[ServedSite], smtp_port: int, telegram_url: str, console: str, port: int
) -> dict[str, object]:
    return {
        "defacewatch.yaml": {
            "watch": dict(WATCH),
            "alerts": {
                "language": "en",
                "telegram": {"api_url": telegram_url},
                "email": {"host": "127.0.0.1", "port": smtp_port},
            },
            "web": {"listen": f"127.0.0.1:{port}", "public_url": console},
        },
        "portals.yaml": {
            "portals": [
                {
                    "key": site.key,
                    "name": f"{site.label} {site.site.name}",
                    "owner": "bench",
                    "operator": "bench",
                    "level": 1,
                    "pages": [{"url": site.url}],
                }
                for site in sites
            ]
        },
        "roster.yaml": {
            "officers": [OFFICER],
            "shifts": [{"officers": ["an"], "days": EVERY_DAY, "from": "00:00", "to": "00:00"}],
        },
    }
