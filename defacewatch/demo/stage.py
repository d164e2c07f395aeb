"""The demo's stage: a portal, a mail server and a Bot API server on loopback, and the real daemon."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.demo.portal import DemoPortal
from defacewatch.errors import DefacewatchError

OFFICER = {"key": "an", "name": "Nguyễn Văn An", "email": "an@example.gov.vn", "telegram_user": 1001}
LEAD = {
    "key": "binh",
    "name": "Trần Thị Bình",
    "email": "binh@example.gov.vn",
    "telegram_user": 1002,
    "role": "shift_lead",
}
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PROBE_EVERY = 3  # seconds; the demo has no time to lose
STARTS_WITHIN = 40.0


@dataclass
class Stage:
    """Everything that the demo runs, and the addresses of it."""

    folder: Path
    portal: DemoPortal
    portal_url: str
    mailbox: Mailbox
    telegram: BotApi
    console: str
    token: str
    environ: Mapping[str, str]
    log: Path

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a `defacewatch` command; its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self._program(*words),
            env=self.environ,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()

    async def daemon(self, stack: AsyncExitStack) -> asyncio.subprocess.Process:
        """Start `defacewatch run` and wait until it is healthy. Raises DefacewatchError if it is not."""
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *self._program("run"),
                env=self.environ,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        stack.push_async_callback(stopped, process)
        ended = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                while not await self._healthy():
                    if ended.done():
                        raise DefacewatchError(f"the daemon ended at once; its log is {self.log}")
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise DefacewatchError(f"the daemon did not become healthy; its log is {self.log}") from None
        return process

    async def page(self) -> dict[str, Any]:
        """The state of the demo's page as the daemon's API tells it."""
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"}) as client,
            client.get(f"{self.console}/api/v1/pages") as answer,
        ):
            answer.raise_for_status()
            (page,) = (await answer.json())["pages"]
            return dict(page)

    async def _healthy(self) -> bool:
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.console}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _program(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "defacewatch", "--config", str(self.folder / "config"), *words]


@asynccontextmanager
async def staged(folder: Path, *, language: str, browser: str | None) -> AsyncIterator[Stage]:
    """Portal, mail server and Bot API server running, and the configuration written; no daemon yet."""
    async with AsyncExitStack() as stack:
        portal = DemoPortal()
        portal_url = await portal.start()
        stack.push_async_callback(portal.stop)
        mailbox = await stack.enter_async_context(Mailbox())
        telegram = await stack.enter_async_context(BotApi(users={1001, 1002}))
        port = free_port()
        console = f"http://127.0.0.1:{port}"
        token = secrets.token_hex(16)
        files = _configuration(portal_url, mailbox.port, telegram.url, console, port, language)
        (folder / "config").mkdir(parents=True)
        for name, content in files.items():
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            (folder / "config" / name).write_text(text, "utf-8")
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("DEFACEWATCH_")},
            "DEFACEWATCH_TELEGRAM_TOKEN": telegram.token,
            "DEFACEWATCH_STATUS_TOKEN": token,
            **({"DEFACEWATCH_BROWSER": browser} if browser else {}),
        }
        log = folder / "daemon.log"
        yield Stage(folder, portal, portal_url, mailbox, telegram, console, token, environ, log)


def _configuration(
    portal_url: str, smtp_port: int, telegram_url: str, console: str, port: int, language: str
) -> dict[str, object]:
    return {
        "defacewatch.yaml": {
            "watch": {
                "probe_every": f"{PROBE_EVERY}s",
                "revalidate_every": "6s",
                "render_every": "1m",
                "confirm_after": "2s",
                "allow_networks": ["127.0.0.0/8"],
            },
            "alerts": {
                "language": language,
                "telegram": {"api_url": telegram_url},
                "email": {"host": "127.0.0.1", "port": smtp_port},
            },
            "web": {"listen": f"127.0.0.1:{port}", "public_url": console},
        },
        "portals.yaml": {
            "portals": [
                {
                    "key": "songhong",
                    "name": "Cổng Thông tin điện tử tỉnh Sông Hồng",
                    "owner": "Văn phòng UBND tỉnh Sông Hồng",
                    "operator": "Trung tâm Công nghệ thông tin tỉnh",
                    "level": 3,
                    "pages": [{"url": portal_url}],
                }
            ]
        },
        "roster.yaml": {
            "officers": [OFFICER, LEAD],
            "shifts": [{"officers": ["an"], "days": EVERY_DAY, "from": "00:00", "to": "00:00"}],
        },
    }


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def stopped(process: asyncio.subprocess.Process) -> None:
    """End a daemon as a supervisor does: SIGTERM, and SIGKILL where that is not enough."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(20):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
