"""What a tree of processes costs: CPU time, memory, and by what kind of process, read from /proc.

CPU time is that of the living (utime, stime) and of the children that they have waited for (cutime, cstime).
The kernel adds a child's time, and that of its own waited-for children, to its parent's when the parent waits
for it. Chromium's renderers are children of its zygote, which waits for them; the browser waits for the rest;
the driver waits for the browser; the daemon for the driver; and an orphan becomes the keeper's (see
`bench.scale.keeper`). Nothing ignores SIGCHLD, in which case the kernel would add nothing. So the sum loses
only what a process spent that has ended and was not yet waited for, milliseconds at any time.

Checked against the same tree's cpuacct.usage (cgroup v1), two Chromiums one after the other with 24 renderers
that came and went: at most 0.5 s behind at any time of 90, and 90.52 s against 90.53 s at the end.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PROC = Path("/proc")


class Part(StrEnum):
    """The kinds of process in the daemon's tree."""

    DAEMON = "daemon"
    WORKER = "workers"
    DRIVER = "driver (node)"
    BROWSER = "chromium browser"
    ZYGOTE = "chromium zygote"
    RENDERER = "chromium renderer"
    GPU = "chromium gpu"
    UTILITY = "chromium utility"
    ENDED = "ended unseen"
    OTHER = "other"


CAPTURING = (Part.DRIVER, Part.BROWSER, Part.ZYGOTE, Part.RENDERER, Part.GPU, Part.UTILITY, Part.ENDED)


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat. `own` is its CPU time, `waited` that of the children that it waited for, both
    in seconds; `started` tells it from another with the same number."""

    pid: int
    parent: int
    name: str
    own: float
    waited: float
    started: int
    zombie: bool
    command: str = ""


@dataclass(frozen=True)
class Usage:
    """A tree at one moment. CPU in seconds since it began, memory in bytes; `pss` shares what is shared.
    `zombies` are those of the `processes` that have ended and were not yet waited for."""

    cpu: Mapping[Part, float] = field(default_factory=dict)
    rss: int = 0
    pss: int = 0
    processes: int = 0
    pss_by: Mapping[Part, int] = field(default_factory=dict)
    zombies: int = 0

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


class Ledger:
    """The tree under a keeper, looked at again and again; what a process was last seen with stays with its
    kind after it has ended. The keeper itself is not counted but for the orphans that it has reaped."""

    def __init__(self, keeper: int) -> None:
        self.keeper = keeper
        self._seen: dict[tuple[int, int], tuple[Part, float, float]] = {}

    def look(self) -> Usage:
        table = {process.pid: process for process in everything()}
        tree = [with_command(process) for process in _under(table, self.keeper)]
        root = next((process.pid for process in tree if process.parent == self.keeper), 0)
        rss, pss_by = 0, Counter[Part]()
        renderers = total = 0.0
        for process in tree:
            kind = part_of(process, root)
            if kind is Part.RENDERER:
                renderers += process.own
            else:
                self._seen[process.pid, process.started] = (kind, process.own, process.waited)
            resident, proportional = memory(process.pid)
            rss += resident
            pss_by[kind] += proportional
        total += sum(process.own + process.waited for process in tree)
        if self.keeper in table:
            total += table[self.keeper].waited
        zombies = sum(process.zombie for process in tree)
        cpu, pss = self._by_kind(renderers, total), sum(pss_by.values())
        return Usage(cpu, rss, pss, len(tree), dict(pss_by), zombies)

    def _by_kind(self, renderers: float, total: float) -> dict[Part, float]:
        """The zygotes' children are renderers; what was never seen is what is missing from the total."""
        cpu: dict[Part, float] = dict.fromkeys(Part, 0.0) | {Part.RENDERER: renderers}
        for kind, own, waited in self._seen.values():
            cpu[kind] += own
            if kind is Part.ZYGOTE:
                cpu[Part.RENDERER] += waited
        cpu[Part.ENDED] = max(0.0, total - sum(cpu.values()))
        return cpu


def part_of(process: Process, root: int) -> Part:
    """What a process is, by its command line."""
    words = process.command
    if process.pid == root:
        return Part.DAEMON
    for option, part in (
        ("--type=zygote", Part.ZYGOTE),
        ("--type=renderer", Part.RENDERER),
        ("--type=gpu-process", Part.GPU),
        ("--type=utility", Part.UTILITY),
    ):
        if option in words:
            return part
    if "/driver/node" in words or process.name == "node":
        return Part.DRIVER
    if "chrom" in words or "headless_shell" in words or "chrom" in process.name:
        return Part.BROWSER
    return Part.WORKER if "python" in words else Part.OTHER


def own_cpu(pid: int) -> float:
    """CPU seconds of one process and its waited-for children; 0 when it is gone."""
    found = _read(pid)
    return found.own + found.waited if found else 0.0


def host_cpu() -> float:
    """CPU seconds that this host has been busy since it was started, by /proc/stat."""
    first = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = map(int, first[:8])
    return (user + nice + system + irq + softirq + steal) * TICK


def descendants(pid: int) -> list[Process]:
    """The processes below `pid`, zombies left out, with their command lines."""
    table = {process.pid: process for process in everything()}
    return [with_command(process) for process in _under(table, pid) if not process.zombie]


def named(process: Process) -> str:
    """A process, for people."""
    return f"{process.pid} {process.command[:80] or process.name}"


def everything() -> Iterator[Process]:
    for entry in os.listdir(PROC):
        if entry.isdigit() and (found := _read(int(entry))) is not None:
            yield found


def with_command(process: Process) -> Process:
    with suppress(OSError):
        raw = (PROC / str(process.pid) / "cmdline").read_bytes()
        command = raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()
        return replace(process, command=command)
    return process


def memory(pid: int) -> tuple[int, int]:
    """Resident and proportional set size in bytes; 0 for a process that has just ended."""
    sizes = {"Rss:": 0, "Pss:": 0}
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name in sizes:
                sizes[name] = int(rest.split()[0]) * 1024
    return sizes["Rss:"], sizes["Pss:"]


def _under(table: Mapping[int, Process], root: int) -> list[Process]:
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = list(children.get(root, ()))
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process.pid, ())
    return found


def _read(pid: int) -> Process | None:
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return parsed(text)


def parsed(text: str) -> Process:
    """A process from its /proc/PID/stat (proc(5)); its name may hold spaces and brackets."""
    head, _, tail = text.rpartition(")")
    pid, _, name = head.partition(" (")
    words = tail.split()
    utime, stime, cutime, cstime = map(int, words[11:15])
    return Process(
        pid=int(pid),
        parent=int(words[1]),
        name=name,
        own=(utime + stime) * TICK,
        waited=(cutime + cstime) * TICK,
        started=int(words[19]),
        zombie=words[0] == "Z",
    )


def difference(later: Usage, earlier: Usage) -> dict[Part, float]:
    """CPU seconds by kind between two moments."""
    return {kind: later.cpu.get(kind, 0.0) - earlier.cpu.get(kind, 0.0) for kind in Part}
