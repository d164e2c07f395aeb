"""How much memory all browsers together may hold, and how much they do."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from defacewatch.fetch import processes

EACH = 1024 * 1024 * 1024  # bytes that one process of Chromium may hold
BASE = 256 * 1024 * 1024  # … that a Chromium takes before it shows a page,
PLACE = 640 * 1024 * 1024  # and what those pages take that one place at work keeps in flight
SHARE = 0.75  # of what there is, at most
SHORT = 0.75  # of the ceiling, beyond which fewer pages are begun
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


def ceiling(working: int) -> int:
    """Bytes that the browsers may hold where `working` captures work at once, on this host."""
    return min(BASE + working * PLACE, int(SHARE * _there_is()))


def _there_is() -> int:
    limits = [psutil.virtual_memory().total]
    for name in _LIMITS:
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return min(limits)


@dataclass(frozen=True)
class Memory:
    """Bytes that the processes of one Chromium hold: each of those that show `pages`, each of the `others`,
    and all `together`."""

    pages: dict[int, int]
    others: dict[int, int]
    together: int

    def beyond(self, each: int) -> list[int]:
        """The processes that hold more than `each`."""
        return [pid for pid, held in (self.pages | self.others).items() if held > each]


def measured(pids: Iterable[int]) -> Memory:
    """What these processes hold.

    What the others share they share with pages (pictures of them, above all), where it is counted already.
    Proportional sizes (smaps_rollup) would say it exactly, and cost a hundred times as much.
    """
    pages, others, together = dict[int, int](), dict[int, int](), 0
    for pid in pids:
        own, shared = processes.memory(pid)
        if processes.is_page(pid):
            pages[pid] = own + shared
            together += own + shared
        else:
            others[pid] = own + shared
            together += own
    return Memory(pages, others, together)
