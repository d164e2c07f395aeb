"""What a capture costs beside bare Playwright on the same pages: `python -m bench captures`.

All ways take turns on each page in each round. CPU seconds are those of this process and all below it,
without the server of the pages. The whole path of a capture is from the URL to the features, read in a
worker.
`--soak N` makes N captures in a row instead, and tells how memory grows and whether a process is left.
"""

import argparse
import asyncio
import json
import os
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import async_playwright
from rich.console import Console
from rich.table import Table

from bench.real.corpus import path
from bench.scale.capture_pages import served
from bench.scale.devtools import devtools
from bench.scale.processes import Part, Process, descendants, everything, part_of, with_command
from bench.scale.wear import MOST_GROWTH, grows, soaked
from defacewatch.captures import Look, Probe
from defacewatch.check import Rank
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.rereading import Rereading
from defacewatch.workers import Workers

MOST = 4000  # CSS pixels of a picture's height, in all ways
CLOSING = 0.3  # seconds after a capture in which its context is closed, which counts
TIMEOUT = timedelta(seconds=60)
BARE, WHOLE = "bare Playwright, PNG", "defacewatch, whole path"
ANEW = "defacewatch, all read anew"
TARGET = 1.2  # of bare Playwright that the whole path may cost
FIRST = 2  # rounds that are left out: what a page has been twice is remembered from then on
AT_ONCE = 2
ENDLESS = 100_000  # captures

Way = Callable[[str], Awaitable[int]]  # a URL looked at; the size of the picture in bytes


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one capture by kind of process, and bytes of its picture."""

    cpu: Mapping[Part, float]
    picture: int

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


def spent(server: int) -> dict[Part, float]:
    """CPU seconds so far by kind; what this process has waited for counts as ended.

    Zombies count: a zygote waits for its renderers when it has the time, and until then their CPU is theirs.
    """
    here, own = os.getpid(), os.times()
    found = dict.fromkeys(Part, 0.0)
    found[Part.DAEMON] = own.user + own.system
    found[Part.ENDED] = own.children_user + own.children_system
    children: dict[int, list[Process]] = {}
    for process in everything():
        children.setdefault(process.parent, []).append(process)
    waiting = [(child, Part.OTHER) for child in children.get(here, ()) if child.pid != server]
    while waiting:
        process, above = waiting.pop()
        part = above if process.zombie else part_of(with_command(process), here)
        waiting += ((child, part) for child in children.get(process.pid, ()))
        found[Part.RENDERER if part is Part.ZYGOTE else part] += process.own + process.waited
    return found


async def cost_of(way: Way, url: str, server: int) -> Cost:
    before = spent(server)
    picture = await way(url)
    await asyncio.sleep(CLOSING)
    after = spent(server)
    return Cost({part: after[part] - before[part] for part in Part}, picture)


class Ours:
    """The whole path: capture and features, as the daemon goes it; what is as it was is not read again."""

    def __init__(self, browser: Browser, reading: Rereading, probes: Mapping[str, Probe]) -> None:
        self.browser, self.reading, self.probes = browser, reading, probes

    async def __call__(self, url: str) -> int:
        rendering = await self.browser.render(url, now=datetime.now(UTC), rank=Rank.ROUND)
        if rendering.failure is not None:
            raise SystemExit(f"{url} was not shown: {rendering.failure} {rendering.detail}")
        await self.reading.read(Look(self.probes[url], rendering))
        return len(rendering.screenshot)

    @property
    def anew(self) -> "Ours":
        """The same, with every page read in full (most of its lines are new to the workers, too)."""
        return Ours(self.browser, Rereading(self.reading.workers, room=0), self.probes)


@asynccontextmanager
async def ours(
    urls: Sequence[str], at_once: int = AT_ONCE, *, recycle_after: int = 100
) -> AsyncIterator[Ours]:
    guard = Guard(["127.0.0.0/8"])
    proxy = FilteringProxy(guard)
    browser = Browser(
        proxy,
        executable=find_chromium(None),
        timeout=TIMEOUT,
        working=at_once,
        recycle_after=recycle_after,
        max_height=MOST,
    )
    workers, http = Workers(), HttpFetcher(guard, timeout=TIMEOUT)
    probes = {url: await http.probe(url, now=datetime.now(UTC)) for url in urls}
    await http.close()
    await browser.start()
    try:
        yield Ours(browser, Rereading(workers), probes)
    finally:
        await browser.stop()
        workers.stop()


@asynccontextmanager
async def bare(kind: str) -> AsyncIterator[Way]:
    """The least that Playwright can be asked for: one browser, a fresh context a page, a picture of it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )

        async def look(url: str) -> int:
            context = await browser.new_context(
                viewport={"width": 1280, "height": 800}, ignore_https_errors=True
            )
            page = await context.new_page()
            await page.goto(url, wait_until="load")
            height = await page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": 1280, "height": max(800, min(int(height), MOST))}
            picture = await page.screenshot(full_page=True, type=kind, clip=clip)  # type: ignore[arg-type]
            await context.close()
            return len(picture)

        yield look
        await browser.close()


@asynccontextmanager
async def raw(executable: str, *, kind: str, fast: bool, begin_frame: bool) -> AsyncIterator[Way]:
    async with devtools(executable, begin_frame=begin_frame) as browser:

        async def look(url: str) -> int:
            return len(await browser.picture(url, kind=kind, fast=fast, most=MOST))

        yield look


async def measured(
    urls: Mapping[str, str], server: int, rounds: int, *, floors: bool = True
) -> dict[str, dict[str, list[Cost]]]:
    """By way and page, a cost a round; the first rounds, in which much is done once only, are left out.
    Without `floors` only bare Playwright's is among the ways that cost less."""
    async with AsyncExitStack() as stack:
        # One browser, as bare Playwright has: what another one's start costs is no capture's.
        own = await stack.enter_async_context(ours(list(urls.values()), recycle_after=ENDLESS))
        ways: dict[str, Way] = {
            BARE: await stack.enter_async_context(bare("png")),
            WHOLE: own,
            ANEW: own.anew,
        }
        if floors:
            ways["bare Playwright, JPEG"] = await stack.enter_async_context(bare("jpeg"))
        if floors and (executable := find_chromium(None)):
            for name, kind, fast, begin_frame in (
                ("protocol alone, PNG", "png", False, False),
                ("protocol alone, PNG for speed", "png", True, False),
                ("protocol alone, JPEG", "jpeg", False, False),
                ("begin-frame control, PNG", "png", False, True),
                ("begin-frame control, PNG for speed", "png", True, True),
            ):
                ways[name] = await stack.enter_async_context(
                    raw(executable, kind=kind, fast=fast, begin_frame=begin_frame)
                )
        found: dict[str, dict[str, list[Cost]]] = {way: {name: [] for name in urls} for way in ways}
        for number in range(1 - FIRST, rounds + 1):
            for name, url in urls.items():
                for way, look in ways.items():
                    cost = await cost_of(look, url, server)
                    if number > 0:
                        found[way][name].append(cost)
        return found


def told(console: Console, found: Mapping[str, Mapping[str, Sequence[Cost]]]) -> float:
    """Print the costs; the ratio of the whole path to bare Playwright."""
    middle = {
        way: statistics.mean(statistics.median(cost.total for cost in costs) for costs in pages.values())
        for way, pages in found.items()
    }
    table = Table("way", "CPU s", "lowest–highest round", "× bare", "picture KB", "of it (ms)")
    for way, pages in found.items():
        rounds = [
            statistics.mean(cost.total for cost in costs) for costs in zip(*pages.values(), strict=True)
        ]
        every = [cost for costs in pages.values() for cost in costs]
        parts = {part: statistics.mean(cost.cpu[part] for cost in every) * 1000 for part in Part}
        table.add_row(
            way,
            f"{middle[way]:.3f}",
            f"{min(rounds):.3f}–{max(rounds):.3f}",
            f"{middle[way] / middle[BARE]:.2f}",
            f"{statistics.mean(cost.picture for cost in every) / 1000:.0f}",
            ", ".join(
                f"{part.value.removeprefix('chromium ')} {ms:.0f}" for part, ms in parts.items() if ms > 2
            ),
        )
    console.print(table)
    each = Table("page", BARE, WHOLE, "×", ANEW, "×")
    for name in found[BARE]:
        one, *others = (statistics.median(c.total for c in found[way][name]) for way in (BARE, WHOLE, ANEW))
        each.add_row(name, f"{one:.3f}", *(cell for o in others for cell in (f"{o:.3f}", f"{o / one:.2f}")))
    console.print(each)
    return middle[WHOLE] / middle[BARE]


def main(argv: Sequence[str]) -> int:
    """Print what captures cost, or how they wear; 0 when they keep to their target."""
    parser = argparse.ArgumentParser(prog="bench captures", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-floors", action="store_true", help="bare Playwright and defacewatch alone")
    parser.add_argument("--https", action="store_true", help="the pages over TLS, as most portals are")
    parser.add_argument("--soak", type=int, metavar="N", help="make N captures in a row instead")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="captures of a soak (default 2)")
    parser.add_argument("--corpus", type=path, default=path("~/.cache/defacewatch-corpus"))
    parser.add_argument("--pages", nargs="*", help="only these pages")
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    options = parser.parse_args(argv)
    console = Console(width=150)
    with served(options.corpus, tls=options.https) as (urls, server):
        if options.pages:
            urls = {name: url for name, url in urls.items() if name in options.pages}
        if options.soak:
            looking = ours(list(urls.values()), options.at_once)
            moments = asyncio.run(
                soaked(looking, list(urls.values()), server, options.soak, console, options.at_once)
            )
            figures: object = [asdict(one) for one in moments]
            # multiprocessing keeps a helper process of its own (its resource tracker) beside this one.
            left = [p for p in descendants(os.getpid()) if p.pid != server and "tracker" not in p.command]
            grown, error = grows(moments[:-1], console)
            console.print(f"{len(left)} processes left")
            if error > MOST_GROWTH:
                console.print("too uncertain to tell whether memory grows: make more captures")
            well = not left and grown <= MOST_GROWTH >= error
        else:
            found = asyncio.run(measured(urls, server, options.rounds, floors=not options.no_floors))
            figures = {
                way: {name: [{**c.cpu, "picture": c.picture} for c in costs] for name, costs in pages.items()}
                for way, pages in found.items()
            }
            ratio = told(console, found)
            console.print(f"whole path: {ratio:.2f} × bare Playwright, of at most {TARGET}")
            well = ratio <= TARGET
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0 if well else 1
