"""What this process and those that it started use of the host: processor time and memory, by part."""

import ctypes
import shutil
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_ARENA_MAX, _ARENAS = (
    -8,
    2,
)  # M_ARENA_MAX of glibc's mallopt(3): heaps, of which each keeps what is free in it

DAEMON, WORKERS, DRIVER, BROWSER = "daemon", "workers", "driver", "browser"


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time by part since each process began, of processes that have ended and were
    waited for as well; `memory` in bytes, what is shared divided among those who share it (PSS)."""

    cpu: Mapping[str, float]
    memory: int


def spare_memory() -> None:
    """Let threads share few heaps: a heap a thread holds on to what one large page once took. glibc alone;
    elsewhere this does nothing."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give what is free in the heaps back to the system (malloc_trim(3)); some milliseconds."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


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


def free_at(folder: Path) -> int:
    """The free bytes of the disk that a folder is on, or will be on once it is made."""
    there = next((p for p in (folder.absolute(), *folder.absolute().parents) if p.exists()), Path("/"))
    return shutil.disk_usage(there).free


def _part(process: psutil.Process, own: int) -> str:
    if process.pid == own:
        return DAEMON
    name = process.name().lower()
    if name.startswith("node"):
        return DRIVER
    if "chrom" in name or "headless" in name:
        return BROWSER
    return WORKERS
