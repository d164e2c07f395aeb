"""The daemon as a process: configured, started, killed with nothing said, and what of it stays behind."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
import yaml

from bench.resilience.servers import HeldBotApi, HeldMailbox, Site
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError

OFFICER, TELEGRAM_USER = "an", 1001
CHANNELS = frozenset({"telegram", "email"})
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 30.0
GONE_WITHIN = 10.0  # seconds in which the children of a killed daemon should end by themselves


@dataclass(frozen=True)
class Remains:
    """What a killed daemon left: its child processes, how long the last of them lived on (seconds), and how
    many had to be ended because they did not."""

    processes: int
    seconds: float
    orphans: int


class Victim:
    """`defacewatch run` on a folder of its own. The log of all its lives is `daemon.log` there."""

    def __init__(
        self, folder: Path, site: Site, mailbox: HeldMailbox, telegram: HeldBotApi, store: str
    ) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.port = free_port()
        (folder / "config").mkdir(parents=True)
        self.temporary.mkdir()
        for name, content in _configuration(site, mailbox.port, telegram.url, self.port, store).items():
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            (folder / "config" / name).write_text(text, "utf-8")
        self.environ: Mapping[str, str] = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith("DEFACEWATCH_") or k.endswith("BROWSER")
            },
            "DEFACEWATCH_TELEGRAM_TOKEN": telegram.token,
            "TMPDIR": str(self.temporary),
        }
        self.process: asyncio.subprocess.Process | None = None

    async def command(self, *words: str) -> str:
        """Run a `defacewatch` command; what it printed. Raises DefacewatchError when it fails."""
        process = await asyncio.create_subprocess_exec(
            *self._program(*words),
            env=self.environ,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        if process.returncode:
            raise DefacewatchError(f"defacewatch {' '.join(words)} failed: {printed.decode()}")
        return printed.decode()

    async def learn(self) -> None:
        """Take a capture of every page, and approve it."""
        await self.command("learn", "--samples", "1", "--every", "1s", "--by", "an")
        await self.command("baseline", "approve", "--all-proposed", "--by", "binh")

    async def start(self) -> float:
        """Start it, and return the seconds until it is healthy. Raises DefacewatchError if it never is."""
        began = time.monotonic()
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._program("run"),
                env=self.environ,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with aiohttp.ClientSession() as client:
            while not await self._healthy(client):
                if self.process.returncode is not None or time.monotonic() - began > STARTS_WITHIN:
                    raise DefacewatchError(f"the daemon does not start; see {self.folder / 'daemon.log'}")
                await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def kill(self) -> Remains:
        """SIGKILL, and wait until its children have ended too; those that do not are ended."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        at = time.monotonic()
        self.process = None
        while alive := [child for child in children if _alive(child)]:
            if time.monotonic() - at > GONE_WITHIN:
                for child in alive:
                    child.kill()
                break
            await asyncio.sleep(0.05)
        return Remains(len(children), time.monotonic() - at, len(alive))

    async def stop(self) -> int:
        """SIGTERM; the exit status, 0 when it was not running."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    def litter(self) -> tuple[int, int]:
        """Entries left in its temporary folder, and the bytes in them."""
        files = [file for file in self.temporary.rglob("*") if file.is_file() and not file.is_symlink()]
        return len(list(self.temporary.iterdir())), sum(file.stat().st_size for file in files)

    async def _healthy(self, client: aiohttp.ClientSession) -> bool:
        try:
            async with client.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _program(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "defacewatch", "--config", str(self.folder / "config"), *words]


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _configuration(site: Site, smtp_port: int, telegram_url: str, port: int, store: str) -> dict[str, object]:
    """Quick looks, no pause before the second one, one officer, and nobody to escalate to."""
    return {
        "defacewatch.yaml": {
            "store": {"url": store},
            "watch": {
                "probe_every": "2s",
                "render_every": "1h",
                "confirm_after": "0s",
                "timeout": "15s",
                "allow_networks": ["127.0.0.0/8"],
            },
            "alerts": {
                "language": "vi",
                "telegram": {"api_url": telegram_url},
                "email": {"host": "127.0.0.1", "port": smtp_port},
            },
            "web": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
        },
        "portals.yaml": {
            "portals": [
                {
                    "key": "songhong",
                    "name": "Các xã của tỉnh Sông Hồng",
                    "pages": [{"url": site.url_of(n)} for n in range(1, site.pages + 1)],
                }
            ]
        },
        "roster.yaml": {
            "officers": [
                {
                    "key": OFFICER,
                    "name": "Nguyễn Văn An",
                    "email": "an@example.gov.vn",
                    "telegram_user": TELEGRAM_USER,
                }
            ],
            "shifts": [
                {
                    "officers": [OFFICER],
                    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "from": "00:00",
                    "to": "00:00",
                }
            ],
            "escalation": [{"after": "0s", "to": "on_duty"}],
        },
    }
