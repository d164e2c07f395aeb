"""Kill -9 of the daemon, at least ten times each: with an alert recorded but unclaimed, claimed, being sent,
sent but not yet recorded, and at random. After the restart every incident must have been delivered.

The daemon is the real one, a process over SQLite or PostgreSQL; site, mail server and Bot API server are on
loopback. One store and one continuous run: every kill is one more defaced page.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from bench.resilience.moments import WANTED, Gate
from bench.resilience.report import Report, as_json, look_back, machine, show
from bench.resilience.rounds import Harness, Round
from bench.resilience.servers import HeldBotApi, HeldMailbox, Hold, Site
from bench.resilience.victim import TELEGRAM_USER, Victim
from defacewatch.errors import DefacewatchError
from tests.postgres import Cluster

SPARE = 10  # pages beyond the kills that are asked for: some miss their moment
WIDTH = 110  # characters of the report in a file


def main(argv: list[str]) -> int:
    """Run it; 0 when every moment was met often enough and every incident was delivered."""
    options = _options(argv)
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
    with ExitStack() as stack:
        folder = Path(options.folder or stack.enter_context(_temporary()))
        url = f"sqlite+aiosqlite:///{folder / 'defacewatch.db'}"
        if options.postgresql:
            url = stack.enter_context(_postgresql())
        report = asyncio.run(
            measured(folder, url, each=options.each, seed=options.seed, say=lambda *r: _tell(console, *r))
        )
    show(report, console)
    if options.json:
        Path(options.json).write_text(json.dumps(as_json(report), indent=1) + "\n", "utf-8")
    return 1 if report.problems else 0


async def measured(
    folder: Path,
    url: str,
    *,
    each: int,
    seed: int,
    spare: int = SPARE,
    say: Callable[[int, Round], None] = lambda number, done: None,
    hurry: bool = False,
) -> Report:
    """Kill, restart and look back. `folder` is for the daemon's files, `url` names its (empty) store.

    `hurry` fakes the minute that a lease takes to end: each restart finds the dead daemon's leases over; and
    random kills come sooner.
    """
    report = Report(url.partition(":")[0], seed, machine())
    dice = random.Random(seed)
    async with AsyncExitStack() as stack:
        hold = Hold()
        site = await stack.enter_async_context(Site(each * len(WANTED) + spare))
        mailbox, telegram = HeldMailbox(hold), HeldBotApi(hold, {TELEGRAM_USER})
        await stack.enter_async_context(mailbox)
        await stack.enter_async_context(telegram)
        victim = Victim(folder, site, mailbox, telegram, url)
        await victim.learn()
        gate = stack.enter_context(_gate(url))
        harness = Harness(victim, site, mailbox, telegram, hold, gate, hurry=hurry)
        stack.push_async_callback(victim.stop)
        await harness.run(each, dice, say)
        report.drained = await harness.drain()
        if status := await victim.stop():
            report.problems.append(f"SIGTERM ended the daemon with status {status}")
        try:
            await victim.command("db", "check")
        except DefacewatchError as error:
            report.problems.append(str(error))
        look_back(harness, report, each)
    return report


@contextmanager
def _gate(url: str) -> Iterator[Gate]:
    gate = Gate(url)
    try:
        yield gate
    finally:
        gate.close()


@contextmanager
def _temporary() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="defacewatch-kills-", ignore_cleanup_errors=True) as folder:
        yield folder


@contextmanager
def _postgresql() -> Iterator[str]:
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster.url(cluster.database())
    finally:
        cluster.stop()


def _tell(console: Console, number: int, done: Round) -> None:
    missed = "" if done.wanted in (done.found, done.counts_as) else f" (wanted: {done.wanted})"
    console.print(f"{number:3}  killed {done.delay:4.1f} s after the defacement, {done.found}{missed}")


def _options(argv: list[str]) -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        "python -m bench kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=10, metavar="N", help="kills at each moment (default 10)")
    parser.add_argument("--seed", type=int, default=2, help="of the order and of the random kills")
    parser.add_argument("--postgresql", action="store_true", help="over a PostgreSQL cluster of its own")
    parser.add_argument("--folder", help="an empty folder to use and keep, instead of a temporary one")
    parser.add_argument("--json", metavar="FILE", help="write the result there, kill by kill")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
