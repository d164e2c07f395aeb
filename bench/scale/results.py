"""Figures of a run, by section and name, ready to stand beside those of another run."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

from bench.scale.attackers import CHANNELS, RECORD, Told
from bench.scale.attacks import Kind
from bench.scale.figures import Histogram, Labels, histogram, quantile, slope, total
from bench.scale.processes import CAPTURING, Part, difference
from bench.scale.run import Run
from bench.scale.tiers import BEGUN, SPENT, Tier, Where

HOUR, DAY = 3600.0, 86400.0
MIB, KIB = 2**20, 2**10
LATENESS = "defacewatch_probe_lateness_seconds"
# Words in names of the daemon's gauges that say how well it keeps up.
GAUGES = frozenset(("coverage", "age", "missed", "waiting", "pending", "asked", "stretch"))
SHARES = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))


@dataclass(frozen=True)
class Figure:
    """One number of a run; NaN where there is none. `unit` stands behind it."""

    section: str
    name: str
    value: float
    unit: str = ""


def figures(run: Run) -> list[Figure]:
    """Everything that a run showed, in the order in which it is printed."""
    parts = _work, _cpu, _tiers, _memory, _timing, _telling, _console, _storage
    return [figure for part in parts for figure in part(run)]


def probes(run: Run) -> float:
    """Probes that the daemon made by itself; one that travels with a capture is none of them."""
    made = grown(run, "defacewatch_probes_total")
    return made or grown(run, "defacewatch_checks_total", tier="probe")


def captures(run: Run) -> float:
    return grown(run, "defacewatch_captures_total")


def grown(run: Run, name: str, **labels: str) -> float:
    """By how much the daemon's counter grew in the measured time."""
    return total(run.last, name, **labels) - total(run.first, name, **labels)


def cpu_seconds(run: Run) -> float:
    """CPU of the daemon's whole tree in the measured time."""
    return run.samples[-1].tree.total - run.samples[0].tree.total if run.samples else math.nan


def page_hour(run: Run) -> float:
    """CPU seconds for one page in one hour."""
    return cpu_seconds(run) / run.plan.layout.size / run.seconds * HOUR if run.seconds else math.nan


def _work(run: Run) -> Iterator[Figure]:
    yield Figure("work", "pages", run.plan.layout.size)
    yield Figure("work", "measured", run.seconds, "s")
    yield Figure("work", "healthy after", run.healthy, "s")
    yield Figure("work", "probes", _each(probes(run), run.seconds), "/s")
    yield Figure("work", "captures", _each(captures(run), run.seconds), "/s")
    for what, name in (("probes", "probes"), ("browser", "browsers"), ("files", "files")):
        asked = run.counts.get(name, 0) - run.began.get(name, 0)
        yield Figure("work", f"asked of the farm: {what}", _each(asked, run.seconds), "/s")
    yield Figure("work", "probes of one host at once, most", run.counts.get("most", math.nan))
    for (name, labels), value in sorted(run.last.items()):
        more = value - run.first.get((name, labels), 0.0)
        if name.startswith("defacewatch_") and name.endswith("_total") and more:
            yield Figure("work", f"counted: {_told(name, labels)}", more)


def _cpu(run: Run) -> Iterator[Figure]:
    if len(run.samples) < 2:
        return
    first, last = run.samples[0], run.samples[-1]
    by_part = difference(last.tree, first.tree)
    browsing = sum(by_part[part] for part in CAPTURING)
    own = by_part[Part.DAEMON] + by_part[Part.WORKER]
    host = last.host - first.host
    cores = os.cpu_count() or 1
    yield Figure("cpu", "daemon's tree", cpu_seconds(run), "s")
    yield Figure("cpu", "… share of the host", 100 * cpu_seconds(run) / run.seconds / cores, "%")
    yield Figure("cpu", "… for a page and hour", page_hour(run), "s")
    for part in Part:
        yield Figure("cpu", f"… {part}", by_part[part], "s")
    yield Figure("cpu", "daemon and workers, a check", 1000 * _each(own, probes(run) + captures(run)), "ms")
    yield Figure("cpu", "driver and browser, a capture", 1000 * _each(browsing, captures(run)), "ms")
    for (name, labels), value in sorted(run.last.items()):
        if name.startswith("defacewatch_cpu_seconds"):
            more = value - run.first.get((name, labels), 0.0)
            yield Figure("cpu", f"the daemon's own count: {_told(name, labels)}", more, "s")
    yield Figure("cpu", "farm", last.farm - first.farm, "s")
    yield Figure("cpu", "stand-ins", last.standins - first.standins, "s")
    yield Figure("cpu", "this bench", last.bench - first.bench, "s")
    if run.plan.postgresql:
        yield Figure("cpu", "PostgreSQL", last.database - first.database, "s")
    yield Figure("cpu", "host busy", 100 * host / run.seconds / cores, "%")


def _tiers(run: Run) -> Iterator[Figure]:
    """What the CPU of the daemon and its workers was for, where that was told apart; its browser's is for
    captures alone."""
    spent = {tier: {where: grown(run, SPENT, tier=tier, where=where) for where in Where} for tier in Tier}
    if len(run.samples) < 2 or not any(sum(places.values()) for places in spent.values()):
        return
    by_part = difference(run.samples[-1].tree, run.samples[0].tree)
    own = by_part[Part.DAEMON] + by_part[Part.WORKER]
    read = sum(places[Where.WORKERS] for places in spent.values())
    # to start them, what they are given and give back, and work that failed
    yield Figure("cpu by tier", "workers besides their work", by_part[Part.WORKER] - read, "s")
    for tier, places in spent.items():
        begun, whole = grown(run, BEGUN, tier=tier), sum(places.values())
        yield Figure("cpu by tier", f"{tier}: daemon and workers", whole, "s")
        yield Figure("cpu by tier", f"{tier}: share of theirs", 100 * whole / own, "%")
        for where, seconds in places.items():
            if seconds:
                yield Figure("cpu by tier", f"{tier}: … {where}", seconds, "s")
        if begun:
            yield Figure("cpu by tier", f"{tier}: begun", begun)
            yield Figure("cpu by tier", f"{tier}: each", 1000 * whole / begun, "ms")


def _memory(run: Run) -> Iterator[Figure]:
    for name, values in (
        ("RSS", [(s.at, float(s.tree.rss)) for s in run.samples]),
        ("PSS", [(s.at, float(s.tree.pss)) for s in run.samples]),
    ):
        sizes = [size for _, size in values]
        if sizes:
            yield Figure("memory", f"{name} at first", sizes[0] / MIB, "MiB")
            yield Figure("memory", f"{name} p50", quantile(sizes, 0.5) / MIB, "MiB")
            yield Figure("memory", f"{name} max", max(sizes) / MIB, "MiB")
            yield Figure("memory", f"{name} grows", slope(values) * HOUR / MIB, "MiB/h")
    counts = [float(s.tree.processes) for s in run.samples]
    if counts:
        yield Figure("memory", "processes, most", max(counts))
        yield Figure("memory", "zombies at once, most", max(s.tree.zombies for s in run.samples))
        yield Figure("memory", "zombies at the last look", run.samples[-1].tree.zombies)
    yield Figure("memory", "processes left behind", len(run.ended.left))
    yield Figure("memory", "stopped in", run.ended.seconds, "s")


def _timing(run: Run) -> Iterator[Figure]:
    yield from _lateness("lateness", histogram(run.last, run.first, LATENESS))
    if run.split is not None:
        yield from _lateness("lateness before the storm", histogram(run.split, run.first, LATENESS))
        yield from _lateness("lateness in the storm", histogram(run.last, run.split, LATENESS))
    gaps = run.counts.get("gaps", {})
    for name, share in (("p50", "0.5"), ("p99", "0.99"), ("max", "1")):
        yield Figure("timing", f"between two looks at a healthy page {name}", gaps.get(share, math.nan), "s")
    for label, values in _gauges(run).items():
        yield Figure("timing", f"{label} least", min(values))
        yield Figure("timing", f"{label} most", max(values))


def _lateness(name: str, found: Histogram) -> Iterator[Figure]:
    """A histogram knows quantiles to its buckets, and the largest only as a bound."""
    yield Figure("timing", f"{name} p50", found.quantile(0.5), "s")
    yield Figure("timing", f"{name} p99", found.quantile(0.99), "s")
    yield Figure("timing", f"{name} at most", found.at_most(), "s")


def _gauges(run: Run) -> dict[str, list[float]]:
    """The daemon's own gauges of how well it keeps up, whatever they are called, over the run."""
    found: dict[str, list[float]] = {}
    for sample in run.samples:
        for (name, labels), value in (sample.metrics or {}).items():
            is_gauge = not name.endswith(("_total", "_bucket", "_sum", "_count", "_created"))
            if name.startswith("defacewatch_") and is_gauge and GAUGES & set(name.split("_")):
                found.setdefault(_told(name, labels), []).append(value)
    return found


def _told(name: str, labels: Labels) -> str:
    """A series of the daemon's, for people."""
    short = name.removeprefix("defacewatch_").removesuffix("_total").replace("_", " ")
    return " ".join((short, *(f"{key}={text}" for key, text in labels)))


def _telling(run: Run) -> Iterator[Figure]:
    """From the farm's defacement to the channel's receipt; what was not told when the run ended is counted,
    and is in no quantile."""
    if not run.told:
        return
    done = [told for told in run.told if told.at]
    yield Figure("telling", "defaced", len(run.told))
    yield Figure("telling", "told", len(done))
    if done:
        began = min(told.defacement.at for told in run.told)
        yield Figure("telling", "first alert after", min(min(t.at.values()) for t in done) - began, "s")
        everywhere = [max(t.at.values()) for t in done if t.everywhere]
        if len(everywhere) == len(run.told):
            yield Figure("telling", "all told everywhere after", max(everywhere) - began, "s")
    for what in (RECORD, *CHANNELS):
        for label, value in waits(run.told, what):
            yield Figure("telling", f"{what} {label}", value, "s")
    shown = [t for t in done if t.defacement.shown_at is not None]
    late = [min(t.at.values()) - (t.defacement.shown_at or 0.0) for t in shown]
    for label, share in SHARES:
        yield Figure("telling", f"from first given away to first told {label}", quantile(late, share), "s")
    yield Figure("telling", "incidents on pages that nobody defaced", len(run.strays))


def _console(run: Run) -> Iterator[Figure]:
    """How long the console's pages took, where somebody read it."""
    for name, took in run.answers.items():
        for label, share in (("p50", 0.5), ("p95", 0.95)):
            what = f"{name} ({len(took)} answers) {label}"
            yield Figure("console", what, 1000 * quantile(took, share), "ms")


def by_kind(run: Run) -> list[tuple[Kind, list[Told]]]:
    """The defacements of each kind that there was."""
    some = ((kind, [told for told in run.told if told.defacement.kind is kind]) for kind in Kind)
    return [(kind, told) for kind, told in some if told]


def waits(some: list[Told], what: str) -> list[tuple[str, float]]:
    """p50, p99 and the longest time (seconds) until it was recorded or a channel had it, where it was."""
    found = [at - told.defacement.at for told in some if (at := told.when(what)) is not None]
    return [(label, quantile(found, share)) for label, share in SHARES]


def _storage(run: Run) -> Iterator[Figure]:
    before, after, size = run.before, run.after, run.plan.layout.size
    scale = 1000 / size * DAY / run.seconds if run.seconds else math.nan
    yield Figure("storage", "database", after.database / MIB, "MiB")
    yield Figure("storage", "blobs", after.blobs / MIB, "MiB")
    unit = "MiB/1,000 pages and day"
    yield Figure("storage", "database grows", (after.database - before.database) * scale / MIB, unit)
    yield Figure("storage", "blobs grow", (after.blobs - before.blobs) * scale / MIB, unit)
    yield Figure("storage", "new check rows", after.checks - before.checks)
    yield Figure("storage", "new captures kept", after.captures - before.captures)


def _each(what: float, of: float) -> float:
    return what / of if of else math.nan
