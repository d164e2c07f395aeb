"""How many processors this process may use: a container often gets fewer than its host has."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def processors(*, cgroups: Path = CGROUPS, own: Path = OWN) -> float:
    """Those that it may run on, and no more than the quota of its control group lets it use, which may be a
    part of one."""
    return min((float(_affinity()), *_quotas(cgroups, own)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """In processors, of the groups that this process is in: of each kind its own and all above it, since the
    smallest holds. Where a container sees its group as the root, the folder by its full name is not there
    and the root's files say it."""
    lines: list[str] = []
    with suppress(OSError):
        lines = own.read_text().splitlines()
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        for top in {cgroups / controllers, cgroups / "cpu"} if controllers else {cgroups}:
            group = top / path.strip("/")
            for folder in (group, *(up for up in group.parents if up.is_relative_to(top))):
                quota = _quota_2(folder) if not controllers else _quota_1(folder)
                if quota is not None:
                    yield quota


def _quota_2(folder: Path) -> float | None:
    """`cpu.max`: "QUOTA PERIOD" in microseconds, or "max PERIOD"."""
    with suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return _share(int(quota), int(period))
    return None


def _quota_1(folder: Path) -> float | None:
    """As version 1 writes it: -1 where there is none."""
    with suppress(OSError, ValueError):
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        return _share(quota, int((folder / "cpu.cfs_period_us").read_text()))
    return None


def _share(quota: int, period: int) -> float | None:
    return quota / period if quota > 0 and period > 0 else None
