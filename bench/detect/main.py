"""Measure the engine on real pages. Exits 0 with figures, 3 without corpus or isolation."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench.detect import kinds, made, material, peering, peers, planning, report, simulate, subjects
from bench.detect.cache import Cache, source
from bench.detect.looking import look
from bench.detect.plan import LATE, Case, Plan
from bench.detect.score import LEARNING, LEGITIMATE, Missed, Outcome, Sight, Work, scored
from bench.detect.served import Straight
from bench.detect.subjects import Subject
from bench.detect.targets import Row
from bench.environments import EnvironmentMissing
from bench.real import contain, corpus
from bench.real.report import machine

MISSING = 3
WIDTH = 150  # characters, where the output is no terminal
UPDATES = 12  # simulated versions of the demo portal and the mirror
STEPS = (LEGITIMATE, LEARNING)


def main(argv: list[str]) -> int:
    """`python -m bench detect [--side fit|report] [--html-only] …`; its exit code."""
    options = _options(argv)
    try:
        folder = corpus.find(options.corpus, options.archive)
    except corpus.CorpusMissing as error:
        sys.stderr.write(f"bench detect: {error}\n")
        return MISSING
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if options.peers:
        try:
            peers.installed(options.looks / "peers")
        except EnvironmentMissing as error:
            sys.stderr.write(f"bench detect: {error}\n")
            return MISSING
    if not (options.html_only or options.rescore or contain.offline()):
        return contain.contained("detect", argv)
    began = time.monotonic()
    plan = Plan(folder, options.side, options.seed, options.html_only, options.only, options.limit)
    if options.simulate:
        return _simulated(console, plan, options)
    found = everything(plan)
    sight = _sight(options)
    works = planned(plan, found, sight, options.looks, dwelling=options.dwell and not plan.html_only)
    if isinstance(sight, Cache) and not options.rescore:
        failed = asyncio.run(look(console, works, sight, fresh=options.fresh))
        console.print(f"looked at everything in {time.monotonic() - began:.0f} s, {failed} looks failed")
    outcomes, missed = measured(console, works)
    late = frozenset(kind.name for kind in kinds.kinds().values() if kind.late > LATE)
    result = report.Result(outcomes, missed, rows(plan), late, plan.seed)
    report.show(console, result, html_only=plan.html_only)
    if options.peers:
        peering.show(console, peering.rows(works, outcomes, options.looks / "peers", seed=plan.seed))
    console.print(f"{len(material.strays())} pages that are no defacements left out (strays.yaml)")
    seconds = round(time.monotonic() - began)
    console.print(f"side {plan.side}, seed {plan.seed}, {seconds} s on {machine()}")
    if options.json:
        chosen = {name: getattr(options, name) for name in ("rescore", "only", "limit", "dwell")}
        facts = {"side": plan.side, "seed": plan.seed, "html_only": plan.html_only, "seconds": seconds}
        report.write(options.json, result, facts | chosen)
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench detect", description=__doc__)
    corpus.add_options(parser)
    parser.add_argument("--side", choices=("fit", "report"), default="report")
    parser.add_argument("--html-only", action="store_true", help="probes alone: no browser, quick")
    kept = "~/.cache/defacewatch-bench"
    parser.add_argument(
        "--looks", type=corpus.path, default=corpus.path(kept), help="where looks are kept between runs"
    )
    parser.add_argument("--fresh", action="store_true", help="look at everything again")
    parser.add_argument(
        "--rescore", action="store_true", help="judge the looks that are there, whichever code made them"
    )
    parser.add_argument(
        "--simulate", type=int, default=0, metavar="DAYS", help="false alarms of so many days"
    )
    parser.add_argument(
        "--dwell",
        action="store_true",
        help="look at every sixth legitimate step as a capture that dwells; off, none of them dwells, while"
        " every sixth capture of a deployment does",
    )
    parser.add_argument("--only", default="", metavar="GROUP|KIND", help="this group or kind alone")
    parser.add_argument("--limit", type=int, default=0, help="at most so many pages, and of each kind")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="ask other monitors too; installs them (700 MB) beside the looks, which needs the package index",
    )
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--json", type=corpus.path, help="write every judged case to this file")
    return parser.parse_args(argv)


def _simulated(console: Console, plan: Plan, options: argparse.Namespace) -> int:
    sight = _sight(options)
    every = simulate.lives(plan, options.simulate)
    if isinstance(sight, Cache) and not options.rescore:
        works = simulate.works(every, plan, sight, options.simulate)
        asyncio.run(look(console, works, sight, fresh=options.fresh))
    found = simulate.show(console, every, sight, options.simulate)
    if options.json:
        content = {"simulated": True, "days": options.simulate, "pages": [asdict(one) for one in found]}
        options.json.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return 0


def _sight(options: argparse.Namespace) -> Sight:
    """Where looks come from: straight from the bytes, or from the cache, of this capture code or of any."""
    if options.html_only:
        return Straight()
    return Cache(options.looks, "" if options.rescore else source())


def everything(plan: Plan) -> list[Subject]:
    """The pages of a side; with a limit, so many of the corpus and so many simulated."""
    real = subjects.of_corpus(plan.corpus, plan.side)
    simulated = made.subjects(plan.corpus, plan.side, updates=UPDATES, seed=plan.seed)
    if plan.limit:
        real = sorted(plan.dice("subjects").sample(real, min(plan.limit, len(real))), key=lambda s: s.name)
        simulated = simulated[: plan.limit]
    return [*real, *simulated]


def rows(plan: Plan) -> list[Row]:
    """The rows of attacks and of stress that ought to have cases."""
    every = [*kinds.kinds().values(), *kinds.replacing(plan.corpus, plan.side).values()]
    return sorted({(kind.group, kinds.row_of(kind.name)) for kind in every if plan.wants(kind)})


def planned(
    plan: Plan, found: Sequence[Subject], sight: Sight, kept: Path, *, dwelling: bool = False
) -> list[Work]:
    """What is done to each page; pages that nothing is done to are left out when only attacks are wanted."""
    on: dict[str, list[Case]] = {subject.name: [] for subject in found}
    for case in planning.cases(plan, found, kept):
        on[case.subject].append(case)
    walks = plan.only in ("", *STEPS)
    return [Work(one, tuple(on[one.name]), plan, sight, dwelling) for one in found if walks or on[one.name]]


def measured(console: Console, works: Sequence[Work]) -> tuple[list[Outcome], list[Missed]]:
    """All outcomes and all that was missed, in an order that does not depend on which process was first."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    every: list[Outcome | Missed] = []
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("pages judged", total=len(works))
        for done in scored(works):
            every += done
            progress.advance(task)
    only = works[0].plan.only if works else ""
    every = [one for one in every if only in ("", one.group, one.row)]
    every.sort(key=lambda one: (one.group, one.row, one.site, one.version, getattr(one, "page", "")))
    missed = [one for one in every if isinstance(one, Missed)]
    return [one for one in every if isinstance(one, Outcome)], missed
