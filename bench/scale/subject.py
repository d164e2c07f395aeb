"""The daemon under measurement: its configuration, its commands, its life under a keeper, its metrics."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bench.scale.farmhand import Field
from bench.scale.figures import Labels, samples
from bench.scale.processes import descendants
from bench.scale.standins import TELEGRAM_USER
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError
from defacewatch.portals import page_id

OFFICER = "an"
METRICS_TOKEN = "the-token-of-the-scale-bench"
STARTS_WITHIN = 300.0  # seconds; 10,000 portals are applied and planned first
STOPS_WITHIN = 60.0
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_KEPT = ("DEFACEWATCH_BROWSER",)


@dataclass(frozen=True)
class Pace:
    """How often pages are looked at, as the configuration says it ('30s')."""

    probe: str = "30s"
    revalidate: str = "10m"
    render: str = "30m"
    confirm: str = "10s"


@dataclass(frozen=True)
class Ending:
    """How the daemon ended: exit status, processes left behind, how long it took (seconds)."""

    status: int
    left: tuple[str, ...]
    seconds: float


def page_of(field: Field) -> str:
    """The id that the daemon gives a page of the farm."""
    return page_id(key_of(field.number), field.url)


def key_of(number: int) -> str:
    return f"p{number:05d}"


class Subject:
    """`defacewatch` on a folder of its own, which is also its working directory. With `tiers` the daemon's
    metrics tell apart what its CPU time is for (see `bench.scale.accounting`)."""

    def __init__(self, folder: Path, store: str, standins: Mapping[str, Any], *, tiers: bool = False) -> None:
        self.folder, self.store, self.standins, self.tiers = folder, store, standins, tiers
        self.port = free_port()
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.log = folder / "daemon.log"
        self.process: asyncio.subprocess.Process | None = None
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DEFACEWATCH_") or k in _KEPT}
        self.environ: Mapping[str, str] = {
            **kept,
            "DEFACEWATCH_TELEGRAM_TOKEN": str(standins["token"]),
            "DEFACEWATCH_METRICS_TOKEN": METRICS_TOKEN,
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),  # the program beside this bench
        }

    @property
    def keeper(self) -> int:
        assert self.process is not None
        return self.process.pid

    def configure(self, fields: Iterable[Field], pace: Pace) -> None:
        """Write the three files."""
        files = {
            "defacewatch.yaml": _general(self.store, pace, self.standins, self.port),
            "portals.yaml": {"portals": [_portal(field) for field in fields]},
            "roster.yaml": _ROSTER,
        }
        (self.folder / "config").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            # the C emitter: ten thousand portals take the other a minute
            text = yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
            (self.folder / "config" / name).write_text(text, "utf-8")

    async def command(self, *words: str, allowed: Sequence[int] = (0,)) -> str:
        """Run a `defacewatch` command; its output. Raises DefacewatchError for another exit code."""
        process = await asyncio.create_subprocess_exec(
            *self._program(*words),
            env=self.environ,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, said = await process.communicate()
        if process.returncode not in allowed:
            tail = said.decode("utf-8", "replace")[-2000:]
            raise DefacewatchError(f"defacewatch {' '.join(words)} exited {process.returncode}: {tail}")
        return printed.decode()

    async def start(self) -> float:
        """Start the daemon under a keeper; seconds until it is healthy. Raises DefacewatchError if never."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.scale.keeper", *self._program("run")),
                env=self.environ,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        async with aiohttp.ClientSession() as client:
            while not await self._healthy(client):
                if self.process.returncode is not None:
                    raise DefacewatchError(f"the daemon does not start: {self.last_words()}")
                if time.monotonic() - began > STARTS_WITHIN:
                    raise DefacewatchError(f"the daemon is not healthy: {self.last_words()}")
                await asyncio.sleep(0.2)
        return time.monotonic() - began

    async def stop(self) -> Ending:
        """SIGTERM, and what the keeper says of the end. SIGKILL where that is not enough."""
        process, self.process = self.process, None
        if process is None or process.stdout is None:
            return Ending(0, (), 0.0)
        began = time.monotonic()
        process.terminate()
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                said = await process.stdout.read()
                await process.wait()
        except TimeoutError:
            for child in descendants(process.pid):
                os.kill(child.pid, 9)
            said = await process.stdout.read()
            await process.wait()
        last = json.loads(said or b'{"status": -1, "left": ["the keeper itself failed"]}')
        return Ending(last["status"], tuple(last["left"]), time.monotonic() - began)

    async def metrics(self, client: aiohttp.ClientSession) -> dict[tuple[str, Labels], float]:
        """What /metrics shows now. Raises DefacewatchError when the daemon does not answer."""
        url, headers = f"http://127.0.0.1:{self.port}/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"}
        try:
            async with client.get(url, headers=headers) as answer:
                answer.raise_for_status()
                return samples(await answer.text())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DefacewatchError(f"the daemon's metrics: {error!r}: {self.last_words()}") from error

    def status_token(self) -> str:
        """With which everything may be read, once the daemon has started."""
        return (self.folder / "data/status.token").read_text("utf-8").strip()

    def last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-1500:] if self.log.exists() else "no log"

    async def _healthy(self, client: aiohttp.ClientSession) -> bool:
        try:
            async with client.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _program(self, *words: str) -> list[str]:
        program = "bench.scale.accounted" if self.tiers else "defacewatch"
        return [sys.executable, "-m", program, "--config", str(self.folder / "config"), *words]


_ROSTER = {
    "officers": [
        {
            "key": OFFICER,
            "name": "Nguyễn Văn An",
            "email": "an@example.gov.vn",
            "telegram_user": TELEGRAM_USER,
        }
    ],
    "shifts": [{"officers": [OFFICER], "days": EVERY_DAY, "from": "00:00", "to": "00:00"}],
    "escalation": [{"after": "0s", "to": "on_duty"}],
}


def _general(store: str, pace: Pace, standins: Mapping[str, Any], port: int) -> dict[str, object]:
    return {
        "store": {"url": store},
        "watch": {
            "probe_every": pace.probe,
            "revalidate_every": pace.revalidate,
            "render_every": pace.render,
            "confirm_after": pace.confirm,
            "allow_networks": ["127.0.0.0/8"],
        },
        "alerts": {
            "language": "vi",
            "telegram": {"api_url": standins["telegram"]},
            "email": {"host": "127.0.0.1", "port": standins["smtp"]},
        },
        "web": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
    }


def _portal(field: Field) -> dict[str, object]:
    """`changed` is told on all channels too, so that every kind of defacement is timed on both."""
    return {
        "key": key_of(field.number),
        "name": f"{field.name} ({key_of(field.number)})",
        "changed_urgency": "high",
        "pages": [{"url": field.url}],
    }
