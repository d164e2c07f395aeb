"""The processes of one browser and the memory that they hold, read from /proc (see proc(5)).

psutil finds children by reading the status of every process of the host; captures are watched several times a
second, and on a host with many processes that alone cost as much as parsing the page.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

import psutil

_HELD = re.compile(rb"^Rss(Anon|Shmem):\s*(\d+) kB", re.MULTILINE)
_PROC = Path("/proc")
_LISTED = (_PROC / "self" / "task" / str(os.getpid()) / "children").exists()  # not every kernel lists them
MOST = 500  # processes of one tree that are looked at


def tree(pid: int, *, whole: bool = True) -> list[int]:
    """`pid` and all that it started, parents first. Those that end meanwhile may be missing.

    Not `whole`: what only the main threads started. Those of Chromium start the processes that start those of
    pages, and the many others of a browser take most of the time that this takes.
    """
    found = [pid]
    for parent in found:
        found += [child for child in _children(parent, whole) if child not in found]
        if len(found) >= MOST:
            break
    return found[:MOST]


def memory(pid: int) -> tuple[int, int]:
    """Bytes of memory that the process has in use for itself, and together with others; without what is only
    mapped from files, which the kernel takes back when it needs to. Nothing when it is gone."""
    try:
        status = (_PROC / str(pid) / "status").read_bytes()
    except OSError:
        return 0, 0
    found = {kind: int(kilobytes) * 1024 for kind, kilobytes in _HELD.findall(status)}
    return found.get(b"Anon", 0), found.get(b"Shmem", 0)


def is_page(pid: int) -> bool:
    """Whether the process is one of Chromium's that show pages."""
    try:
        return b"--type=renderer" in (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def _children(pid: int, whole: bool) -> list[int]:
    found: list[int] = []
    tasks = _PROC / str(pid) / "task"
    try:
        for thread in os.listdir(tasks) if whole else (str(pid),):
            with suppress(FileNotFoundError):  # the thread has ended
                found += map(int, (tasks / thread / "children").read_bytes().split())
    except OSError:
        pass  # the process has
    if not found and whole and not _LISTED:
        with suppress(psutil.Error):
            found = [child.pid for child in psutil.Process(pid).children()]
    return found
