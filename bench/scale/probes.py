"""What a probe costs beside a bare conditional request: `python -m bench probes`.

A server in a process of its own, 300 hosts on loopback, connections kept; asked in turn by aiohttp alone and
by the checker, from the probe to the row in SQLite. Times are of this process, in milliseconds a page.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

import aiohttp
import psutil
from aiohttp import web
from rich.console import Console
from rich.table import Table

from defacewatch.calm import Calm, meaning_of, reads_little_news
from defacewatch.captures import Look, Tier
from defacewatch.check import Checker
from defacewatch.compare import VERSION, extract
from defacewatch.features import Features
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.portals import Page, Portal
from defacewatch.records import Quiet
from defacewatch.store import Store
from defacewatch.workers import Workers

HOSTS = 300
FULL = 60  # pages that are read in full, for which all must be done
BLOCK = (
    '<div class="tin" id="tin-{n}"><h3><a href="/tin-tuc/{n}">Bản tin số {n} của Ủy ban tỉnh</a></h3>'
    "<p>Ngày 02/09, lãnh đạo tỉnh đã dự lễ khai mạc và phát biểu chỉ đạo hội nghị {n}.</p>"
    '<img src="/anh/{n}.jpg" alt="Ảnh {n}"><span class="ngay">02/09/2026</span></div>'
)
HEAD = (
    '<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Cổng thông tin tỉnh</title>'
    '<meta name="csrf-token" content="{token}"></head><body><h1>Cổng thông tin điện tử</h1>'
)
SIZE = 100_000  # bytes of a page


def document(token: str = "a" * 32, news: str = "") -> bytes:
    """A page of about 100 KB."""
    made, number = [HEAD.format(token=token), news], 0
    length = len(made[0])
    while length < SIZE:
        made.append(BLOCK.format(n=number))
        length += len(made[-1].encode())
        number += 1
    return "".join([*made, "</body></html>"]).encode()


def serve(ready: Connection) -> None:
    """The server's process: /tagged answers conditions, /same never does, /token is another each time in a
    token, /moved in a headline."""
    body, count = document(), 0

    async def tagged(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers={"ETag": '"1"'})
        return answer(body, ETag='"1"')

    async def same(request: web.Request) -> web.Response:
        return answer(body)

    async def token(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return answer(document(f"{count:032x}"))

    async def moved(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return answer(document(news=f"<h2>Tin mới thứ {'ba' * (count % 50)}</h2>"))

    def answer(content: bytes, **headers: str) -> web.Response:
        return web.Response(body=content, content_type="text/html", charset="utf-8", headers=headers)

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.get(f"/{h.__name__}", h) for h in (tagged, same, token, moved)])
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=600)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


@dataclass(frozen=True)
class Bench:
    store: Store
    checker: Checker
    session: aiohttp.ClientSession
    pages: dict[str, str]  # page id: URL


@asynccontextmanager
async def made(path: str, port: int) -> AsyncIterator[Bench]:
    """A checker over a fresh store whose pages are calm, as far as a bench can make them so."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-probes-")))
        store = await Store.open(
            f"sqlite+aiosqlite:///{folder}/store.db",
            baselines=folder / "baselines",
            evidence=folder / "evidence",
            version=VERSION,
        )
        stack.push_async_callback(store.close)
        urls = [f"http://127.1.{n // 200 + 1}.{n % 200 + 1}:{port}/{path}" for n in range(HOSTS)]
        portals = [
            Portal(f"p{n}", f"Portal {n}", pages=(Page(f"page{n}", f"p{n}", url),))
            for n, url in enumerate(urls)
        ]
        await store.portals.apply(portals, now=datetime.now(UTC))
        pages = {page.id: page.url for portal in await store.portals.all() for page in portal.pages}
        http = HttpFetcher(Guard(["127.0.0.0/8"]), timeout=timedelta(seconds=30))
        stack.push_async_callback(http.close)
        workers = Workers()
        stack.callback(workers.stop)

        async def read(look: Look) -> Features:
            return await workers.run(extract, look)

        async def reads(document: bytes, html: str, url: str) -> bool:
            return await workers.run(reads_little_news, document, html, url)

        async def online() -> bool:
            return True

        checker = Checker(
            Fetcher(http, None),
            store.checks,
            clock=lambda: datetime.now(UTC),
            confirm_after=timedelta(0),
            revalidate_every=timedelta(minutes=10),
            online=online,
            extract=read,
            reads=reads,
        )
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=600))
        )
        yield Bench(store, checker, session, pages)


async def calmed(bench: Bench) -> None:
    """Let each page be as a clean check has left it."""
    for page_id, url in bench.pages.items():
        context = await bench.store.checks.context(page_id, now=datetime.now(UTC))
        look = await bench.checker.fetch.probe(url, now=datetime.now(UTC))
        fresh = datetime.now(UTC) + timedelta(days=1)
        calm = Calm(
            page_id,
            url,
            context.version,
            look.probe.validators,
            meaning=meaning_of(look.probe),
            fresh=fresh,
        )
        bench.checker.calm._pages[page_id] = calm
        bench.checker.calm._shelve(page_id, look.probe.html)


async def bare(bench: Bench) -> None:
    for url in bench.pages.values():
        async with bench.session.get(url, headers={"If-None-Match": '"1"'}) as answer:
            await answer.read()


async def watched(bench: Bench) -> None:
    """The whole path, written to the store every hundred looks, as the daemon does at this size."""
    for number, page_id in enumerate(bench.pages):
        if await bench.checker.probe_page(page_id) is not None:
            raise SystemExit("a page that should be still was not")
        if number % 100 == 99:
            await bench.checker.calm.flush()


async def noted(bench: Bench) -> None:
    """The store's share alone."""
    now = datetime.now(UTC)
    looks = [Quiet(page_id, bench.checker.calm._pages[page_id].version, now) for page_id in bench.pages]
    for start in range(0, len(looks), 100):
        await bench.store.checks.quiet(looks[start : start + 100])


async def full(bench: Bench) -> None:
    """A document read in full in a worker, compared, judged, recorded, and left to the browser."""

    def leave(*_: object) -> bool:
        return False

    with patch.object(bench.checker, "_wants_browser", leave):
        for page_id in list(bench.pages)[:FULL]:
            result = await bench.checker.check_page(page_id)
            assert result.outcome.tier is Tier.PROBE


class Meter:
    """Processor time of this process and its workers, without the server's."""

    def __init__(self, server: int) -> None:
        self.server = server

    async def of(self, work: Callable[[Bench], Awaitable[None]], bench: Bench, pages: int) -> float:
        """Milliseconds a page."""
        start = self._seconds()
        await work(bench)
        return (self._seconds() - start) / pages * 1000

    def _seconds(self) -> float:
        own, ended = psutil.Process(), os.times()  # … those of workers that were replaced
        spent = time.process_time() + ended.children_user + ended.children_system
        for child in own.children(recursive=True):
            if child.pid != self.server:
                times = child.cpu_times()
                spent += times.user + times.system
        return spent


async def measure(port: int, server: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds a page by what was measured, a value a round; all in turn in each round."""
    meter, found = Meter(server), defaultdict[str, list[float]](list)
    async with AsyncExitStack() as stack:
        benches = {
            path: await stack.enter_async_context(made(path, port))
            for path in ("tagged", "same", "token", "moved")
        }
        for bench in benches.values():
            await calmed(bench)
            await bare(bench)
        unread = await stack.enter_async_context(made("moved", port))
        for _ in range(rounds):
            for path, bench in benches.items():
                found[f"{path}: bare GET"].append(await meter.of(bare, bench, HOSTS))
                found[f"{path}: whole path"].append(await meter.of(watched, bench, HOSTS))
            found["any page: read in full"].append(await meter.of(full, unread, FULL))
            found["the store's share of a look that found nothing"].append(
                await meter.of(noted, benches["tagged"], HOSTS)
            )
    return found


def main(argv: Sequence[str]) -> int:
    """Print what probes cost; 0 when a probe of an unchanged page keeps to its target."""
    parser = argparse.ArgumentParser(prog="bench probes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    options = parser.parse_args(argv)
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        port, pid = here.recv(), server.pid or 0
        found = asyncio.run(measure(port, pid, options.rounds))
    finally:
        server.kill()
        server.join()
    middle = {what: statistics.median(values) for what, values in found.items()}
    table = Table("what", "ms a page, median", "lowest to highest", "× bare conditional GET")
    base = middle["tagged: bare GET"]
    for what, values in found.items():
        spread = f"{min(values):.3f} – {max(values):.3f}"
        table.add_row(what, f"{middle[what]:.3f}", spread, f"{middle[what] / base:.2f}")
    console = Console(width=110)
    console.print(table)
    share = middle["the store's share of a look that found nothing"]
    allowed = 2 * base + share
    console.print(
        f"unchanged page, whole path: {middle['tagged: whole path']:.3f} ms of at most {allowed:.3f}"
        f" (2 × {base:.3f} + the store's {share:.3f});"
        f" changed page of {SIZE // 1000} KB: {middle['moved: whole path']:.1f} ms of at most 8"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0 if middle["tagged: whole path"] <= allowed else 1
