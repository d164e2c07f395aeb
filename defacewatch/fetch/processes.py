"""The processes of one browser and the memory that they hold, read from /proc (see proc(5)).

psutil finds children by reading the status of every process of the host; captures are watched several times a
second, and on a host with many processes that alone cost as much as parsing the page.
"""

import os
import re
from contextlib import suppress

import psutil

_HELD = re.compile(rb"^Rss(Anon|Shmem):\s*(\d+) kB", re.MULTILINE)
_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # not every kernel lists them
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
        status = _read(f"/proc/{pid}/status")
    except OSError:
        return 0, 0
    found = {kind: int(kilobytes) * 1024 for kind, kilobytes in _HELD.findall(status)}
    return found.get(b"Anon", 0), found.get(b"Shmem", 0)


def is_page(pid: int) -> bool:
    """Whether the process is one of Chromium's that show pages."""
    try:
        return b"--type=renderer" in _read(f"/proc/{pid}/cmdline")
    except OSError:
        return False


def _children(pid: int, whole: bool) -> list[int]:
    found: list[int] = []
    tasks = f"/proc/{pid}/task"
    try:
        for thread in os.listdir(tasks) if whole else (str(pid),):
            with suppress(FileNotFoundError):  # the thread has ended
                found += map(int, _read(f"{tasks}/{thread}/children").split())
    except OSError:
        pass  # the process has
    if not found and whole and not _LISTED:
        with suppress(psutil.Error):
            found = [child.pid for child in psutil.Process(pid).children()]
    return found


def _read(path: str) -> bytes:
    """All of a file. Raises OSError."""
    # A plain path and no buffer: hundreds of these are read during a capture, and a pathlib.Path costs more
    # than the file that it names.
    with open(path, "rb", buffering=0) as file:
        return file.read()
