"""What is printed and written: a row a monitor, and each beside defacewatch at the same time to detect."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.peers.costs import Beside, Measured, as_shipped, beside
from bench.resilience.report import machine

MIB = 2**20
TARGETS = (("changedetection.io, browser", 20.0), ("webchanges, URL job", 1.0))  # times our cost, at least


def show(rows: Sequence[Measured], pages: int, console: Console) -> None:
    """The tables; what could not be run is a row with the reason."""
    console.print(_measures(rows, pages))
    if (ours := _ours(rows)) is not None:
        console.print(_equal(rows, ours, pages))
        for line in verdicts(rows, ours, pages):
            console.print(line, style="bold green" if line.startswith("✓") else "bold red")
    for row in rows:
        for remark in row.remarks:
            console.print(f"! {row.name}: {remark}", soft_wrap=True)
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()))


def verdicts(rows: Sequence[Measured], ours: Measured, pages: int) -> list[str]:
    """Reached or not, a line a target whose peer was measured; two where it ran over fewer pages than all:
    what would be over all, at the time that it could keep there, and what was over its own."""
    found = []
    for name, least in TARGETS:
        peer = next((row for row in rows if row.name == name and not row.problem), None)
        if peer is None:
            continue
        both, shipped = beside(peer, ours, pages), as_shipped(peer, ours)
        found.append(_verdict(name, both, least, f"over {pages} pages"))
        if shipped is not None and not math.isclose(shipped.told_by, both.told_by):
            found.append(
                _verdict(name, shipped, least, f"as defacewatch is shipped, over {peer.pages} pages")
            )
    return found


def _verdict(name: str, both: Beside, least: float, over: str) -> str:
    sign = "✓" if both.ratio >= least else "✗"
    times, told_by = number(both.ratio), number(both.told_by)
    return f"{sign} {name} costs {times} times as much, told within {told_by} s {over}; to reach: {least:g}"


def number(value: float) -> str:
    """Three significant digits or whole thousands; '–' for what there is none of."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "never"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write(file: Path, rows: Sequence[Measured], pages: int) -> None:
    """Everything as JSON."""
    ours = _ours(rows)
    content = {
        "machine": machine(),
        "pages": pages,
        "monitors": [_plain(row, ours, pages) for row in rows],
        "targets": verdicts(rows, ours, pages) if ours else [],
    }
    file.write_text(json.dumps(_finite(content), indent=1, ensure_ascii=False) + "\n", "utf-8")


def _measures(rows: Sequence[Measured], pages: int) -> Table:
    table = Table(box=SIMPLE, title="monitors side by side: CPU of the whole process tree")
    table.add_column("", no_wrap=True)
    for name in (
        "pages",
        "CPU-s\na check",
        "text\nmoved",
        "checks\na minute",
        "RSS\nMiB",
        "PSS\nMiB",
        "looks\nevery s",
        "told s\np50",
        "told s\nmax",
        f"p50 over\n{pages} pages",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("how it is run, or why it is not", min_width=30, overflow="fold")
    for row in rows:
        cells = [number(value) for value in _figures(row, pages)]
        table.add_row(
            row.name, str(row.pages), *cells, f"not to the end: {row.problem}" if row.problem else row.note
        )
    return table


def _figures(row: Measured, pages: int) -> list[float]:
    return [
        row.unchanged_check,
        row.changed_check,
        row.rate,
        row.rss / MIB or math.nan,
        row.pss / MIB or math.nan,
        row.interval,
        row.p50,
        row.longest,
        row.reached(pages),
    ]


def _equal(rows: Sequence[Measured], ours: Measured, pages: int) -> Table:
    table = Table(
        box=SIMPLE,
        title=f"CPU of a page and hour when half of all defacements are told in the same time, {pages} pages",
    )
    table.caption = "as shipped: at defacewatch's own time to tell, where it could keep that over its pages"
    at_once = "told by, s", "its CPU-s", "defacewatch's", "times"
    for name in ("beside defacewatch", *at_once, *(f"as shipped:\n{name}" for name in at_once)):
        table.add_column(name, justify="left" if name == "beside defacewatch" else "right")
    for row in rows:
        if row is not ours and not row.problem:
            cells = (*_cells(beside(row, ours, pages)), *_cells(as_shipped(row, ours)))
            table.add_row(row.name, *cells)
    return table


def _cells(both: Beside | None) -> list[str]:
    if both is None:
        return ["–"] * 4
    return [number(value) for value in (both.told_by, both.theirs, both.ours, both.ratio)]


def _ours(rows: Sequence[Measured]) -> Measured | None:
    return next((row for row in rows if row.name == "defacewatch" and not row.problem), None)


def _plain(row: Measured, ours: Measured | None, pages: int) -> dict[str, Any]:
    both = shipped = None
    if ours and row is not ours and not row.problem:
        both, shipped = beside(row, ours, pages), as_shipped(row, ours)
    return {
        **asdict(row),
        "unchanged_check": row.unchanged_check,
        "changed_check": row.changed_check,
        "checks_a_minute": row.rate,
        "rss": row.rss,
        "pss": row.pss,
        "p50": row.p50,
        "longest": row.longest,
        "p50_over_all": row.reached(pages),
        "beside": _ratio(both),
        "as_shipped": _ratio(shipped),
    }


def _ratio(both: Beside | None) -> dict[str, float] | None:
    return {**asdict(both), "ratio": both.ratio} if both else None


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity: None."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
