"""What is printed and written: the figures of all runs beside each other, and what was amiss."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.resilience.report import machine
from bench.scale.attackers import CHANNELS, RECORD
from bench.scale.figures import growth
from bench.scale.results import SHARES, by_kind, figures, page_hour, waits
from bench.scale.run import Run

PAST = 30.0  # seconds that a defacement may be told after the interval in which it must have been seen


def show(runs: Sequence[Run], console: Console) -> None:
    """One column a run; then how cost grows, and what was amiss."""
    found = [figures(run) for run in runs]
    values = [{(one.section, one.name): one for one in of} for of in found]
    order = list(dict.fromkeys((one.section, one.name) for of in found for one in of))
    table = Table(title="scale")
    table.add_column("")
    for run in runs:
        table.add_column(run.plan.name, justify="right", no_wrap=True)
    section = ""
    for key in order:
        if key[0] != section:
            section = key[0]
            table.add_section()
            table.add_row(f"[bold]{section}[/bold]")
        unit = next(of[key].unit for of in values if key in of)
        cells = [number(of[key].value) if key in of else "–" for of in values]
        table.add_row(f"  {key[1]}{f' ({unit})' if unit else ''}", *cells)
    console.print(table)
    _show_kinds(runs, console)
    _show_growth(runs, console)
    for run in runs:
        _show_problems(run, console)
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()))


def number(value: float) -> str:
    """Three significant digits or whole thousands; '–' for what there is none of."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def _show_kinds(runs: Sequence[Run], console: Console) -> None:
    """From the defacement to the receipt, by what was done; the verdicts are those of the incidents."""
    table = Table(title="from defacement to receipt, seconds")
    for name in ("", "kind", "done", "told", "verdicts"):
        table.add_column(name)
    for what in (RECORD, *CHANNELS):
        for label, _ in SHARES:
            table.add_column(f"{what} {label}", justify="right")
    for run in runs:
        for kind, some in by_kind(run):
            verdicts = Counter(told.verdict for told in some if told.verdict)
            cells = [number(value) for what in (RECORD, *CHANNELS) for _, value in waits(some, what)]
            table.add_row(
                run.plan.name,
                kind,
                str(len(some)),
                str(sum(bool(told.at) for told in some)),
                ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()),
                *cells,
            )
    if table.row_count:
        console.print(table)


def _show_growth(runs: Sequence[Run], console: Console) -> None:
    sizes = [(run.plan.layout.size, page_hour(run) * run.plan.layout.size) for run in runs]
    if len({size for size, _ in sizes}) < 2:
        return
    table = Table(title="CPU of a page and hour, as the number of pages grows")
    for name in ("pages", "s", "against the fewest"):
        table.add_column(name, justify="right")
    for size, each, ratio in growth(sizes):
        table.add_row(f"{size:,}", number(each), f"{ratio:.2f}×")
    console.print(table)


def _show_problems(run: Run, console: Console) -> None:
    for problem in problems(run):
        console.print(f"✗ {run.plan.name}: {problem}", style="bold red")
    for incident, page in sorted(run.strays.items()):
        console.print(f"! {run.plan.name}: incident {incident} on a page that nobody defaced: {page}")
    for odd in run.odd:
        console.print(f"! {run.plan.name}: not clean when it had been learned: {odd}")


def problems(run: Run) -> list[str]:
    """What must not be: a bad end, something left behind, a defacement that was not told in time."""
    found = list(run.problems)
    if run.ended.status:
        found.append(f"SIGTERM ended the daemon with status {run.ended.status}")
    found += [f"left behind: {process}" for process in run.ended.left]
    for told in run.told:
        one = told.defacement
        if told.at or run.ended_at - one.at < run.allowed(one.kind) + PAST:
            continue
        found.append(f"page {one.number} ({one.kind}) was not told in {run.ended_at - one.at:.0f} s")
    return found


def write(file: Path, runs: Sequence[Run]) -> None:
    """Everything, samples and metrics included, as JSON."""
    file.write_text(
        json.dumps({"machine": machine(), "runs": [_plain(run) for run in runs]}, indent=1) + "\n"
    )


def _plain(run: Run) -> dict[str, Any]:
    plan = asdict(run.plan)
    plan["corpus"] = run.plan.corpus is not None
    plan["troubles"] = sorted(run.plan.troubles)
    return {
        "plan": plan,
        "figures": [_finite(asdict(one)) for one in figures(run)],
        "problems": problems(run),
        "strays": run.strays,
        "odd": run.odd,
        "told": [asdict(told) for told in run.told],
        "answers": run.answers,
        "counts": run.counts,
        "metrics": {"first": _series(run.first), "last": _series(run.last)},
        "samples": [
            {
                "at": sample.at - run.samples[0].at,
                "cpu": sample.tree.cpu,
                "rss": sample.tree.rss,
                "pss": sample.tree.pss,
                "pss_by": sample.tree.pss_by,
                "processes": sample.tree.processes,
                "zombies": sample.tree.zombies,
                "farm": sample.farm,
                "standins": sample.standins,
                "host": sample.host,
            }
            for sample in run.samples
        ],
    }


def _series(metrics: Any) -> dict[str, float]:
    return {
        name + ("{" + ",".join(f"{k}={v}" for k, v in labels) + "}" if labels else ""): value
        for (name, labels), value in metrics.items()
    }


def _finite(figure: dict[str, Any]) -> dict[str, Any]:
    """JSON knows neither NaN nor infinity."""
    return {**figure, "value": figure["value"] if math.isfinite(figure["value"]) else None}
