"""Watch a farm of 200 to 10,000 portals on loopback with the real daemon, and measure what it costs.

Scenarios: `steady`, a page is defaced every 20 seconds, in five ways in turn, and restored when told;
`storm`, 200 pages at once; `isolation`, the same farm without and with 20 % tarpits and 5 % dead hosts.
Exits 0 with figures, 1 when a defacement was not told, the daemon ended badly or left something behind.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from bench.real import contain, corpus
from bench.scale import report
from bench.scale.layout import Layout, Trouble
from bench.scale.run import Plan, Run, measured
from bench.scale.subject import Pace
from defacewatch.errors import DefacewatchError

FAILED = 3
WIDTH = 130  # characters, where the output is no terminal
SEED, PORT = 4, 20080
SCENARIOS = ("steady", "storm", "isolation")
STORM = 200  # pages; of a small farm half of all
SMALL = 1000  # pages, up to which they are probed every 30 seconds


def main(argv: list[str]) -> int:
    """`python -m bench scale [options]`; its exit code."""
    options = read_options(argv)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    folder = None
    if not options.generated:
        if not contain.offline():
            return contain.contained("scale", argv)
        folder = _corpus(options, console)
    runs: list[Run] = []
    for plan in plans(options, folder):
        console.print(f"{plan.name}: {plan.layout.size} pages, {options.scenario}")
        try:
            say = partial(_say, console)
            kept = options.keep / plan.name if options.keep else None
            runs.append(asyncio.run(measured(plan, say=say, folder=kept)))
        except DefacewatchError as error:
            sys.stderr.write(f"bench scale: {error}\n")
            return FAILED
    report.show(runs, console)
    if options.json:
        report.write(options.json, runs)
    return 1 if any(report.problems(run) for run in runs) else 0


def _say(console: Console, line: str) -> None:
    console.print(f"  {line}")


def plans(options: argparse.Namespace, folder: Path | None) -> Iterator[Plan]:
    """The runs that were asked for."""
    usual = "30s" if max(options.sizes) <= SMALL else "60s"
    pace = Pace(options.probe or usual, options.revalidate, options.render, options.confirm)
    both = options.scenario == "isolation"
    for size in options.sizes:
        plan = Plan(
            Layout(size, options.seed, options.port),
            pace,
            options.minutes,
            options.warmup,
            deface_every=0.0 if both else options.deface_every,
            storm=min(STORM, size // 2) if options.scenario == "storm" else 0,
            troubles=frozenset(Trouble) if options.troubles else frozenset(),
            postgresql=options.store == "postgresql",
            corpus=folder,
            fresh=options.fresh,
            reading=options.reading,
            tiers=options.tiers,
            again=options.again,
            name=f"{size:,}",
        )
        if both:
            yield replace(plan, troubles=frozenset(), name=f"{size:,} healthy")
            yield replace(plan, troubles=frozenset(Trouble), fresh=False, name=f"{size:,} troubled")
        else:
            yield plan


def _corpus(options: argparse.Namespace, console: Console) -> Path | None:
    try:
        return corpus.find(options.corpus, options.archive)
    except corpus.CorpusMissing as error:
        console.print(f"{error}: all pages are generated ones")
        return None


def _sizes(text: str) -> list[int]:
    return [int(word.replace("_", "")) for word in text.split(",")]


def read_options(argv: list[str]) -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        "python -m bench scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sizes", type=_sizes, default=[1000], metavar="N,N", help="pages, e.g. 200,1000,5000,10000")
    add("--scenario", choices=SCENARIOS, default="steady")
    add("--minutes", type=float, default=10.0, help="that are measured (default 10)")
    add("--warmup", type=float, default=2.0, help="minutes before that (default 2)")
    add("--store", choices=("sqlite", "postgresql"), default="sqlite")
    add("--probe", help="interval (default 30s up to 1,000 pages, else 60s)")
    add("--revalidate", default="10m", help="interval (default 10m)")
    add("--render", default="30m", help="interval of the round of captures (default 30m)")
    add("--confirm", default="10s", help="wait before the second look (default 10s)")
    add(
        "--deface-every",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="in `steady`; 0: nothing is defaced",
    )
    add(
        "--troubles", action="store_true", help="20 %% tarpits and 5 %% dead hosts in the other scenarios too"
    )
    add("--again", type=float, default=0.0, help="minutes after which the daemon is started once more")
    add("--reading", action="store_true", help="read the console meanwhile, and time its pages")
    add(
        "--tiers",
        action="store_true",
        help="tell apart what the daemon's CPU is for, which takes some itself",
    )
    add("--generated", action="store_true", help="no real pages, so that no isolation is needed")
    add("--fresh", action="store_true", help="learn everything again")
    add("--seed", type=int, default=SEED)
    add("--port", type=int, default=PORT, help="of the farm; the next one is used too")
    add("--json", type=Path, metavar="FILE", help="write everything there")
    add("--keep", type=Path, metavar="FOLDER", help="leave the daemon's folder of each run in this new one")
    corpus.add_options(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
