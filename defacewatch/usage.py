"""What this process and those that it started use of the host: processor time and memory, by part."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

DAEMON, WORKERS, DRIVER, BROWSER = "daemon", "workers", "driver", "browser"


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time by part since each process began, of processes that have ended and were
    waited for as well; `memory` in bytes, what is shared divided among those who share it (PSS)."""

    cpu: Mapping[str, float]
    memory: int


def measured() -> Usage:
    """As it is now. Reads a few files of each process: some milliseconds."""
    own = psutil.Process()
    cpu: defaultdict[str, float] = defaultdict(float)
    memory = 0
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            spent = times.user + times.system
            if process.pid != own.pid:
                spent += times.children_user + times.children_system
            cpu[_part(process, own.pid)] += spent
            memory += process.memory_full_info().pss
    return Usage(dict(cpu), memory)


def _part(process: psutil.Process, own: int) -> str:
    if process.pid == own:
        return DAEMON
    name = process.name().lower()
    if name.startswith("node"):
        return DRIVER
    if "chrom" in name or "headless" in name:
        return BROWSER
    return WORKERS
