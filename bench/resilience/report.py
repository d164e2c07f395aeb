"""What came of it: every incident told on every channel, how often, and how long after the restart."""

import os
import platform
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.resilience.moments import WANTED, Moment
from bench.resilience.rounds import Harness, Round
from bench.resilience.victim import CHANNELS, OFFICER
from defacewatch.alerts import DeliveryState

MEMORY_UNIT = 2**30


@dataclass
class Ending:
    """How the alert of one round ended. `waited` is the time from the restart until the last channel had
    its receipt (seconds; None when the daemon was killed after that)."""

    round: Round
    delivered: bool
    messages: int
    duplicates: int
    waited: float | None


@dataclass
class Report:
    store: str
    seed: int
    machine: Mapping[str, object]
    drained: float = 0.0
    endings: list[Ending] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    litter: tuple[int, int] = (0, 0)


def look_back(harness: Harness, report: Report, each: int) -> None:
    """Compare what the database says with what the servers accepted; what is amiss becomes a problem."""
    for done in harness.rounds:
        report.endings.append(_ending(harness, done, report.problems))
    met = Counter(done.counts_as for done in harness.rounds)
    report.problems += [
        f"only {met[moment]} of {each} kills met: {moment}" for moment in WANTED if met[moment] < each
    ]
    known = {number for done in harness.rounds for number in harness.gate.sight(done.page).incidents}
    told = {*harness.mailbox.incidents, *harness.telegram.incidents}
    report.problems += [
        f"incident {number} was told of, and no defaced page has it" for number in told - known
    ]
    report.litter = harness.victim.litter()


def _ending(harness: Harness, done: Round, problems: list[str]) -> Ending:
    sight = harness.gate.sight(done.page)
    before = len(problems)
    if len(sight.incidents) != 1:
        problems.append(f"{done.page} has {len(sight.incidents)} incidents after one defacement")
    if not sight.alerts:
        problems.append(f"{done.page}: no alert")
    for told in sight.alerts:
        sent = {
            m.channel
            for m in told.messages
            if m.state is DeliveryState.SENT and m.receipt and m.officer == OFFICER
        }
        problems += [f"alert {told.id} has no receipt of {channel}" for channel in sorted(CHANNELS - sent)]
    counts = [harness.arrived(i, channel) for i in sight.incidents for channel in sorted(CHANNELS)]
    if not counts or not all(counts):
        problems.append(f"{done.page}: not every channel's server has its message")
    times = [m.sent_at for told in sight.alerts for m in told.messages if m.sent_at is not None]
    waited = (max(times) - done.restarted).total_seconds() if times else None
    messages = sum(len(told.messages) for told in sight.alerts)
    return Ending(
        done,
        delivered=len(problems) == before,
        messages=sum(counts),
        duplicates=sum(counts) - messages,
        waited=None if waited is None or waited < 0 else waited,
    )


def machine() -> dict[str, object]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / MEMORY_UNIT, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def tables(report: Report) -> list[Table]:
    """The count by moment, and where the random kills fell."""
    table = Table(title="kill -9, by what the daemon was doing")
    columns = ("moment", "kills", "delivered", "messages", "duplicates", "p50 s", "max s")
    for name in columns:
        table.add_column(name, justify="left" if name == "moment" else "right", no_wrap=True)
    moments = [*WANTED, *(m for m in Moment if m not in WANTED)]
    for moment in moments:
        of_it = [e for e in report.endings if e.round.counts_as is moment]
        if of_it:
            table.add_row(*_row(moment, of_it))
    table.add_section()
    table.add_row(*_row("all", report.endings))
    fell = Table(title="where the random kills fell")
    fell.add_column("moment")
    fell.add_column("kills", justify="right")
    random = Counter(e.round.found for e in report.endings if e.round.wanted is Moment.RANDOM)
    for moment in Moment:
        if random[moment]:
            fell.add_row(moment, str(random[moment]))
    return [table, fell]


def _row(name: str, endings: Sequence[Ending]) -> tuple[str, ...]:
    waited = [e.waited for e in endings if e.waited is not None]
    return (
        name,
        str(len(endings)),
        str(sum(e.delivered for e in endings)),
        str(sum(e.messages for e in endings)),
        str(sum(e.duplicates for e in endings)),
        f"{statistics.median(waited):.1f}" if waited else "–",
        f"{max(waited):.1f}" if waited else "–",
    )


def show(report: Report, console: Console) -> None:
    for table in tables(report):
        console.print(table)
    rounds = [e.round for e in report.endings]
    gone = max((r.remains.seconds for r in rounds), default=0.0)
    orphans = sum(r.remains.orphans for r in rounds)
    healthy = [r.healthy for r in rounds] or [0.0]
    console.print(
        "p50 and max: from the restart to the last channel's receipt. Healthy again"
        f" {statistics.median(healthy):.1f} s (median), {max(healthy):.1f} s (longest) after a restart."
    )
    console.print(
        f"Children of the killed daemons ended by themselves within {gone:.1f} s; {orphans} had to be ended."
        f" Temporary files left: {report.litter[0]} entries, {report.litter[1] / 1e6:.1f} MB."
    )
    console.print(
        f"{report.machine['cpu']}, {report.machine['cores']} cores, {report.machine['memory_gib']} GiB,"
        f" {report.machine['system']}, Python {report.machine['python']}; {report.store}; seed {report.seed}"
    )
    for problem in report.problems:
        console.print(f"✗ {problem}", style="bold red")
    if not report.problems:
        console.print(f"✓ {len(rounds)} kills, every incident delivered on every channel", style="green")


def as_json(report: Report) -> dict[str, object]:
    return {
        "store": report.store,
        "seed": report.seed,
        "machine": dict(report.machine),
        "drained_seconds": round(report.drained, 1),
        "litter": {"entries": report.litter[0], "bytes": report.litter[1]},
        "problems": report.problems,
        "kills": [
            {
                "page": e.round.page,
                "wanted": e.round.wanted.name.lower(),
                "found": e.round.found.name.lower(),
                "killed_after_seconds": round(e.round.delay, 2),
                "children": e.round.remains.processes,
                "children_gone_after_seconds": round(e.round.remains.seconds, 2),
                "orphans": e.round.remains.orphans,
                "healthy_after_seconds": round(e.round.healthy, 2),
                "delivered": e.delivered,
                "messages": e.messages,
                "duplicates": e.duplicates,
                "delivered_after_seconds": None if e.waited is None else round(e.waited, 2),
            }
            for e in report.endings
        ],
    }
