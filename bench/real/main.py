"""The bench over real pages. Exits 0 with figures, 1 when it cannot go on, 3 without corpus or isolation."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.real import contain, corpus, report
from bench.real.said import CLEAN, Said
from bench.real.server import serving
from bench.real.stage import BenchFailed, staged
from bench.real.walk import Walk

MISSING = 3
WIDTH = 110  # characters, where the output is no terminal


def main(argv: list[str]) -> int:
    """`python -m bench real [--steps N] [--json FILE] …`; its exit code."""
    options = _options(argv)
    try:
        folder = corpus.find(options.corpus, options.archive)
    except corpus.CorpusMissing as error:
        sys.stderr.write(f"bench real: {error}\n")
        return MISSING
    if not contain.offline():
        return contain.contained("real", argv)
    try:
        return asyncio.run(_measured(options, folder))
    except BenchFailed as error:
        sys.stderr.write(f"bench real: {error}\n")
        return 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench real", description=__doc__)
    corpus.add_options(parser)
    parser.add_argument("--steps", type=int, default=8, help="versions after the learned ones")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--json", type=corpus.path, help="write everything to this file")
    parser.add_argument("--keep", type=corpus.path, help="keep the daemon's log and data in this new folder")
    return parser.parse_args(argv)


async def _measured(options: argparse.Namespace, folder: Path) -> int:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    began = time.monotonic()
    sites = corpus.chosen(corpus.sites(folder), steps=options.steps, seed=options.seed)
    attacks = corpus.defacements(folder, len(sites), seed=options.seed)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-real-")))
        if options.keep:
            stack.callback(shutil.copytree, work, options.keep, dirs_exist_ok=True)
        served = await stack.enter_async_context(serving(sites))
        stage = await stack.enter_async_context(staged(work, served))
        progress = stack.enter_context(Progress(*columns, console=console, transient=True))
        task = progress.add_task("real pages", total=2 + options.steps + len(sites))

        def tell(line: str) -> None:
            console.print(f"{time.monotonic() - began:6.0f} s  {line}", highlight=False, soft_wrap=True)

        def done(line: str) -> None:
            tell(line)
            progress.advance(task)

        walk = Walk(stage, served, tell)
        await walk.learn()
        done(f"{len(sites)} sites learned and approved")
        await stack.enter_async_context(stage.daemon())
        done(f"same page: {_summary(await walk.step(move=False))}")
        for number in range(1, options.steps + 1):
            done(f"step {number} of {options.steps}: {_summary(await walk.step())}")
        for site, attack in zip(served, attacks, strict=True):
            done(f"defaced: {_summary([await walk.deface(site, attack)])}")
    facts = {"steps": options.steps, "seed": options.seed, "seconds": round(time.monotonic() - began)}
    report.show(console, walk.said, served)
    console.print(f"{facts['seconds']} s on {report.machine()}")
    if options.json:
        report.write(options.json, walk.said, served, {"options": facts})
    return 0


def _summary(said: list[Said]) -> str:
    """Those that were not clean, and how many were."""
    clean = sum(one.verdict == CLEAN for one in said)
    loud = ", ".join(f"{one.site} {one.verdict} {one.score:g}" for one in said if one.verdict != CLEAN)
    return (
        f"{clean}/{len(said)} clean" + (f"; {loud}" if loud else "")
        if len(said) > 1
        else loud or f"{said[0].site} clean"
    )
