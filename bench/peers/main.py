"""Other monitors beside defacewatch, over the same portals on loopback in the same run.

changedetection.io (its plain fetcher, and its browser), webchanges and urlwatch (URL jobs, and browser jobs)
each learn the pages, look at them while nothing moves and while every text moves, and are timed from a
defacement to its notification at the shortest interval that they reach. Then defacewatch, at its defaults.
A browser visit costs seconds, so those with browsers look at a part of the pages (--browser-pages); what
follows from the number of pages is then computed for all, as bench/peers/costs.py says.

Exits 0 with figures, 1 when one of them could not be run to the end, 3 without environment or isolation.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from bench.environments import EnvironmentMissing
from bench.peers import lineup, ours, report
from bench.peers.costs import Measured
from bench.peers.lineup import PEERS, Peer
from bench.peers.ours import BEFORE, Ours
from bench.peers.pages import farmed
from bench.peers.phases import Course, Say
from bench.peers.receiver import Receiver
from bench.peers.trees import of_keeping
from bench.real import contain, corpus
from bench.scale.layout import Layout
from defacewatch.errors import DefacewatchError

FAILED, WIDTH = 3, 150  # WIDTH: characters, where the output is no terminal
SEED, PORT = 4, 20080


def main(argv: list[str]) -> int:
    """`python -m bench peers [options]`; its exit code."""
    options = _options(argv)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    wanted = tuple(peer for peer in PEERS if not options.only or peer.key in options.only)
    try:
        pythons = lineup.install(wanted)
    except EnvironmentMissing as error:
        sys.stderr.write(f"bench peers: {error}\n")
        return FAILED
    if not contain.offline():
        return contain.contained("peers", argv)
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {line}", soft_wrap=True)

    try:
        rows = asyncio.run(_measured(options, wanted, pythons, say))
    except DefacewatchError as error:
        sys.stderr.write(f"bench peers: {error}\n")
        return FAILED
    report.show(rows, options.pages, console)
    if options.json:
        report.write(options.json, rows, options.pages)
    return 1 if any(row.problem for row in rows) else 0


async def _measured(
    options: argparse.Namespace, wanted: Sequence[Peer], pythons: dict[str, Path], say: Say
) -> list[Measured]:
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-peers-")))
        if options.keep:
            work = options.keep
            work.mkdir(parents=True)
        folder = _corpus(options, say)
        layout = Layout(options.pages, options.seed, options.port)
        pages = await stack.enter_async_context(farmed(layout, folder))
        receiver = await stack.enter_async_context(Receiver())
        keeping = await of_keeping(work)
        rows = []
        for peer in wanted:
            some = pages.some(options.browser_pages) if peer.browser else pages
            course = Course(some, receiver, options.rounds, options.seed, say)
            rows.append(await _one(peer, pythons[peer.program], work / peer.key, course, keeping))
        if not options.only or ours.NAME in options.only:
            spans = options.minutes, options.before
            own = Ours(pages, layout, folder, work / ours.NAME, *spans, options.seed, say)
            rows.append(await _ours(own))
        return rows


async def _one(peer: Peer, python: Path, folder: Path, course: Course, keeping: float) -> Measured:
    """What came of one peer; what kept it from being run to the end is its problem."""
    folder.mkdir()
    found = Measured(peer.name, len(course.pages.fields), peer.note)
    course.receiver.messages.clear()
    try:
        monitor = lineup.monitor(peer, python, folder, keeping=keeping)
        found.batch = monitor.batch
        await course.run(monitor, found)
    except DefacewatchError as error:
        found.problem = str(error)
        course.say(f"{peer.name}: {error}")
    return found


async def _ours(own: Ours) -> Measured:
    own.folder.mkdir()
    found = Measured(
        ours.NAME, len(own.pages.fields), "daemon at its defaults: probes every 30 s, and captures"
    )
    try:
        await own.run(found)
    except DefacewatchError as error:
        found.problem = str(error)
        own.say(f"{ours.NAME}: {error}")
    return found


def _corpus(options: argparse.Namespace, say: Say) -> Path | None:
    try:
        return corpus.find(options.corpus, options.archive)
    except corpus.CorpusMissing as error:
        say(f"{error}: all pages are generated ones")
        return None


def _options(argv: list[str]) -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        "python -m bench peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    keys = [peer.key for peer in PEERS] + [ours.NAME]
    add("--pages", type=int, default=200)
    add("--browser-pages", type=int, default=20, help="of them, for those with a browser (default 20)")
    add("--rounds", type=int, default=1, help="of each kind (default 1)")
    add("--only", action="append", choices=keys, metavar="NAME", help=f"one of {', '.join(keys)}; repeatable")
    add(
        "--minutes",
        type=float,
        default=3.0,
        help="for which defacewatch is measured at its defaults (default 3)",
    )
    add(
        "--before",
        type=float,
        default=BEFORE,
        metavar="MINUTES",
        help=f"for which it has watched before that (default {BEFORE:.0f}: a round of captures)",
    )
    add("--seed", type=int, default=SEED)
    add("--port", type=int, default=PORT, help="of the farm; the next one is used too")
    add("--json", type=Path, metavar="FILE", help="write everything there")
    add("--keep", type=Path, help="keep what the monitors wrote in this new folder")
    corpus.add_options(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
