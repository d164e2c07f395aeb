"""`python -m bench console`: what the pages of the console take, with a province in the store."""

import argparse
import asyncio
import os
import platform
import shutil
import statistics
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import aiohttp
from playwright.async_api import async_playwright

from bench.console.seeding import Seeded, found, seeded
from bench.console.serving import TOKEN, opened, serve
from defacewatch.fetch.chromium import find_chromium

TARGET = 0.150  # seconds, the 95th of a hundred answers
LARGEST = 500_000  # bytes of a page
TABS = ("", "roster", "preview", "handovers", "windows", "channels")
PAINTED = 1.0  # seconds until something is to be seen
PAINT = """new Promise(told => new PerformanceObserver(list => told(list.getEntries()[0].startTime))
    .observe({type: "paint", buffered: true}))"""


def main(arguments: list[str]) -> int:
    """Fill a store, serve it, ask for each page again and again; 0 when every target was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench console", description=__doc__)
    parser.add_argument("--portals", type=int, default=1000)
    parser.add_argument("--checks", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=60, help="answers of each page")
    parser.add_argument("--waiting", type=int, default=200, help="proposals that wait for approval")
    parser.add_argument("--watching", action="store_true", help="write meanwhile what a watch would")
    parser.add_argument("--keep", type=Path, help="keep the store here, or use the one that is")
    parser.add_argument("--serve", action="store_true", help="serve until interrupted, and measure nothing")
    asked = parser.parse_args(arguments)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="defacewatch-console-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _run(asked, folder)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)


def _run(asked: argparse.Namespace, folder: Path) -> int:
    filled = asyncio.run(_filled(folder, asked))
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(str(folder), theirs, asked.watching))
    server.start()
    theirs.close()
    try:
        port = ours.recv()
        if asked.serve:
            print(f"http://127.0.0.1:{port}/ (token: {TOKEN})", flush=True)
            server.join()
            return 0
        good = asyncio.run(_measured(port, filled, asked))
        ours.send(None)
        looks, checks = ours.recv()
        if asked.watching:
            print(f"written meanwhile: {looks} looks that found nothing, {checks} checks")
        return good
    finally:
        if server.is_alive():
            with suppress(OSError):
                ours.send(None)
        server.join(10)
        server.kill()


async def _filled(folder: Path, asked: argparse.Namespace) -> Seeded:
    store = await opened(folder)
    try:
        if await store.portals.all():
            view = (await store.wall.open_incidents(1))[0].view
            return await found(store, asked.checks, view.incident.id, view.campaign or 0)
        wanted = {"portals": asked.portals, "rows": asked.checks, "waiting": asked.waiting}
        return await seeded(store, **wanted, now=datetime.now(UTC))
    finally:
        await store.close()


async def _measured(port: int, filled: Seeded, asked: argparse.Namespace) -> int:
    times = asked.times
    beside = "with the writing of a watch beside it" if asked.watching else "nothing else"
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite;")
    print(
        f"{filled.portals} portals, {filled.checks} checks, {filled.waiting} proposals that wait;"
        f" {times} answers each, one at a time, {beside}"
    )
    print("\n| page | KB | p50 ms | p95 ms | |\n|---|---|---|---|---|")
    good = True
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        for name, path in _pages(filled).items():
            size, took = await _asked(session, path, times)
            p50, p95 = statistics.median(took), sorted(took)[max(0, int(0.95 * len(took)) - 1)]
            well = p95 < TARGET and (size < LARGEST or path.startswith("/api"))
            good &= well
            line = f"| {name} | {size / 1000:.0f} | {1000 * p50:.0f} | {1000 * p95:.0f} |"
            print(f"{line} {'reached' if well else 'not reached'} |")
    painted = await _painted(port)
    print(f"\nfirst paint of the wall in Chromium, worst of five: {1000 * painted:.0f} ms")
    return 0 if good and painted < PAINTED else 1


def _pages(filled: Seeded) -> dict[str, str]:
    """What is asked for, by name."""
    return {
        "wall, tiles": "/",
        "wall, rows": "/?view=rows",
        "wall, last page": "/?page=999",
        "wall, filtered": "/?q=xa+đông&owner=Sở+Y+tế&critical=1",
        "wall, search that finds nothing": "/?q=không+có",
        "incident": f"/incidents/{filled.incident}",
        "campaign": f"/campaigns/{filled.campaign}",
        "difference in words (made once)": f"/incidents/{filled.incident}/words",
        "difference as picture (made once)": f"/incidents/{filled.incident}/difference",
        "baselines": "/baselines",
        "baselines, by kind, last page": "/baselines?kind=learned&page=999",
        "baseline to review": f"/baselines/{filled.capture}",
        "portals": "/portals",
        "portal": f"/portals/{filled.portal}",
        "page": f"/pages/{filled.page}",
        "masks": f"/pages/{filled.page}/masks",
        "first steps": "/tour",
        **{f"duty{' ' if tab else ''}{tab}": f"/duty/{tab}".rstrip("/") for tab in TABS},
        "API, pages": "/api/v1/pages",
        "API, proposals": "/api/v1/baselines/proposals",
    }


async def _asked(session: aiohttp.ClientSession, path: str, times: int) -> tuple[int, list[float]]:
    """Size of a page, and the seconds that each answer took after the first."""
    took, body = [], b""
    for turn in range(times + 1):
        begun = time.perf_counter()
        async with session.get(path) as answer:
            body = await answer.read()
            answer.raise_for_status()
        if turn:
            took.append(time.perf_counter() - begun)
    return len(body), took


async def _painted(port: int) -> float:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.fill("#token", TOKEN)
        await page.click("main button")
        worst = 0.0
        for _ in range(5):
            await page.goto(f"http://127.0.0.1:{port}/")
            worst = max(worst, float(await page.evaluate(PAINT)) / 1000)
        await browser.close()
        return worst
