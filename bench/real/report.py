"""What the bench prints and writes: figures and names of sites, never what a page says."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.real.said import (
    CHANNELS,
    CLEAN,
    DEFACED,
    DEFACEMENT,
    EVENT,
    UNSEEN,
    UPDATE,
    VERDICTS,
    Said,
    counts,
    percentile,
    times,
)
from bench.real.server import ServedSite

SHARES = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))


def machine() -> str:
    """The machine in one line: processors, memory, system, Python."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    model = f" ({names[0]})" if names else ""
    return f"{cores} cores{model}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text("utf-8").splitlines() if file.is_file() else []


def figures(said: Sequence[Said]) -> dict[str, dict[str, float | int | None]]:
    """Seconds from defacement to receipt, by channel."""
    found: dict[str, dict[str, float | int | None]] = {}
    for channel in CHANNELS:
        values = times(said, channel)
        found[channel] = {"n": len(values)} | {name: percentile(values, share) for name, share in SHARES}
    return found


def write(file: Path, said: Sequence[Said], sites: Sequence[ServedSite], facts: dict[str, Any]) -> None:
    """Everything as JSON."""
    content = {
        **facts,
        "machine": machine(),
        "counts": {kind: dict(found) for kind, found in counts(said).items()},
        "receipt": figures(said),
        "sites": [{"site": s.site.name, "group": s.site.group, "side": s.site.side} for s in sites],
        "steps": [asdict(one) for one in said],
    }
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def show(console: Console, said: Sequence[Said], sites: Sequence[ServedSite]) -> None:
    """The tables."""
    console.print(_kinds(said))
    console.print(_sites(said, sites))
    console.print(_receipts(said))
    for one in said:
        if one.verdict != (DEFACED if one.kind == DEFACEMENT else CLEAN):
            what = one.page or f"{one.versions[0]}→{one.versions[1]}"
            signs = ", ".join(f"{kind} {points:g}" for kind, points in one.signals.items())
            line = f"{one.site} {what} ({one.kind}): {one.verdict} {one.score:g}: {signs}"
            console.print(line, highlight=False, soft_wrap=True)


def _kinds(said: Sequence[Said]) -> Table:
    table = Table("step", "n", *VERDICTS, "messages", title="What was said", box=SIMPLE)
    for kind, found in counts(said).items():
        told = sum(one.messages for one in said if one.kind == kind)
        cells = (str(found[verdict]) for verdict in VERDICTS)
        table.add_row(kind, str(found.total()), *cells, str(told))
    return table


def _sites(said: Sequence[Said], sites: Sequence[ServedSite]) -> Table:
    columns = ("site", "side", "versions", "updates", "events", "defaced", *CHANNELS)
    table = Table(*columns, title="Steps clean of all; seconds from defacement to receipt", box=SIMPLE)
    for site in sites:
        mine = [one for one in said if one.site == site.site.name]
        attack = next((one for one in mine if one.kind == DEFACEMENT), None)
        received = attack.received if attack else {}
        table.add_row(
            site.site.name,
            site.site.side,
            f"{site.site.versions[0].number}–{site.site.versions[-1].number}",
            *(_clean_of_all([one for one in mine if one.kind == kind]) for kind in (UPDATE, EVENT)),
            f"{attack.verdict} {attack.score:g}" if attack else UNSEEN,
            *(f"{received[channel]:.1f}" if channel in received else "–" for channel in CHANNELS),
        )
    return table


def _clean_of_all(said: Sequence[Said]) -> str:
    return f"{sum(one.verdict == CLEAN for one in said)}/{len(said)}" if said else "–"


def _receipts(said: Sequence[Said]) -> Table:
    table = Table(
        "channel", "n", *(name for name, _ in SHARES), title="Seconds from defacement to receipt", box=SIMPLE
    )
    for channel, found in figures(said).items():
        table.add_row(channel, *("–" if value is None else f"{value:g}" for value in found.values()))
    return table
