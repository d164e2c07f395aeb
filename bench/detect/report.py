"""The tables that the bench prints, and everything as JSON. Figures and names of sites, no page text."""

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.detect.figures import percentile
from bench.detect.score import LEARNING, LEGITIMATE, Missed, Outcome
from bench.detect.targets import Row, Target, clustered, targets

GROUPS = (LEARNING, LEGITIMATE, "stress", "replacement", "partial", "hidden", "injected", "slow")
VERDICTS = ("clean", "changed", "defaced", "unreachable")
WANTED = {"changed": "at least changed", "not-defaced": "not defaced"}


@dataclass(frozen=True)
class Result:
    """What a run came to: `planned` are the rows that ought to have cases, `missed` the cases that were not
    judged, `late` the kinds that show too late for most captures."""

    outcomes: Sequence[Outcome]
    missed: Sequence[Missed]
    planned: Sequence[Row]
    late: frozenset[str]
    seed: int

    def targets(self) -> list[Target]:
        return list(targets(self.outcomes, late=self.late, seed=self.seed, planned=self.planned))


def show(console: Console, result: Result, *, html_only: bool) -> None:
    """The table of kinds, the targets, and the CPU time."""
    outcomes = result.outcomes
    console.print(_kinds(result, split=not html_only))
    console.print(_targets(result.targets()))
    approvals = sum(one.approved for one in outcomes)
    steps = [one for one in outcomes if one.group == LEGITIMATE and one.row == "ordinary"]
    told = sum(one.verdict in ("changed", "defaced") for one in steps)
    console.print(f"{told} of {len(steps)} ordinary updates told, {approvals} looks approved by an officer")
    console.print(_times(outcomes))
    for line in _little(outcomes):
        console.print(line)


def _little(outcomes: Sequence[Outcome]) -> list[str]:
    """How many documents a probe would not have read in full, and what would have been said of those."""
    lines = []
    for what, some in (
        ("ordinary updates", [one for one in outcomes if one.group == LEGITIMATE and one.row == "ordinary"]),
        ("attacks", [one for one in outcomes if one.group not in (LEARNING, LEGITIMATE, "stress")]),
        ("stress", [one for one in outcomes if one.group == "stress"]),
    ):
        asked = [one for one in some if one.little is not None]
        little = [one for one in asked if one.little]
        bad = Counter(f"{one.row} of {one.site}" for one in little if one.probe in ("changed", "defaced"))
        lines.append(
            f"{what}: {len(little)} of {len(asked)} documents are taken for little news;"
            f" read in full, {bad.total()} of them are told"
            + "".join(f", {number} {row}" for row, number in bad.most_common())
        )
    return lines


def write(file: Path, result: Result, facts: dict[str, Any]) -> None:
    """Every outcome as JSON, with the targets, what was missed and what had no case at all."""
    content = {
        **facts,
        "targets": [asdict(target) for target in result.targets()],
        "not_measured": [list(row) for row in _empty(result)],
        "missed": [asdict(one) for one in result.missed],
        "outcomes": [asdict(one) | {"reached": one.reached} for one in result.outcomes],
    }
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _empty(result: Result) -> list[Row]:
    """The rows that were planned and of which nothing was judged."""
    judged = {(one.group, one.row) for one in result.outcomes}
    missed = {(one.group, one.row) for one in result.missed}
    return sorted({*result.planned, *missed} - judged)


def _kinds(result: Result, *, split: bool) -> Table:
    table = Table(box=SIMPLE, title="what was said")
    table.add_column("kind", no_wrap=True)
    table.add_column("css")
    for name in ("n", "no look", *VERDICTS):
        table.add_column(name, justify="right")
    table.add_column("wanted")
    table.add_column("rate", justify="right")
    table.add_column("95 %", justify="right")
    table.add_column("sites", justify="right")
    table.add_column("score", justify="right")
    for group in GROUPS:
        rows: dict[tuple[str, bool | None], list[Outcome]] = {}
        for one in result.outcomes:
            if one.group == group:
                rows.setdefault((one.row, one.css if split else True), []).append(one)
        missed = Counter((o.row, o.css if split else True) for o in result.missed if o.group == group)
        for row in (row for owner, row in _empty(result) if owner == group):
            if not any(named == row for named, _ in missed):
                rows[row, None] = []
        rows |= {key: rows.get(key, []) for key in missed}
        if rows:
            table.add_section()
            table.add_row(f"[bold]{group}[/bold]")
        for (row, css), some in sorted(rows.items(), key=lambda item: (item[0][0], not item[0][1])):
            name = f"{row} (late)" if row in result.late else row
            shown = {True: "yes", False: "no", None: ""}[css] if split else ""
            count = missed[row, css] if css is not None else 0
            table.add_row(f"  {name}", shown, *_cells(some, count, result.seed))
    return table


def _cells(some: Sequence[Outcome], missed: int, seed: int) -> list[str]:
    if not some:
        return ["0", str(missed or ""), *("" for _ in VERDICTS), "", "not measured"]
    counts = Counter(one.verdict for one in some)
    found = clustered(some, lambda one: one.reached, seed=seed)
    expect = some[0].expect
    return [
        str(len(some)),
        str(missed or ""),
        *(str(counts[verdict] or "") for verdict in VERDICTS),
        WANTED.get(expect, expect),
        f"{100 * found.value:.1f} %",
        f"{100 * found.low:.0f}–{100 * found.high:.0f}",
        str(found.sites),
        f"{statistics.median(one.score for one in some):.1f}",
    ]


def _targets(found: Sequence[Target]) -> Table:
    table = Table(box=SIMPLE, title="targets")
    for name in ("what", "to reach", "measured", ""):
        table.add_column(name)
    for target in found:
        reached = {True: "reached", False: "[bold]not reached[/bold]", None: "not measured"}[target.reached]
        table.add_row(target.what, target.wanted, target.measured, reached)
    return table


def _times(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=SIMPLE, title="CPU time, ms")
    for name in ("", "looks", "median", "p95"):
        table.add_column(name, justify="right" if name else "left")
    parts = (
        ("compare + judge, a capture", [one.capture_ms for one in outcomes]),
        ("compare + judge, a probe", [one.probe_ms for one in outcomes]),
        ("extract, pictures decoded and hashed", [one.extract_ms for one in outcomes]),
        ("page size, KB", [one.size / 1000 for one in outcomes if one.size]),
    )
    for name, values in parts:
        known = [value for value in values if value is not None]
        if known:
            table.add_row(
                name, str(len(known)), f"{percentile(known, 0.5):.1f}", f"{percentile(known, 0.95):.1f}"
            )
    return table
