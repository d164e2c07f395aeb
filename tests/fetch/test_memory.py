import asyncio
import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from defacewatch.fetch import memory, processes
from defacewatch.fetch.memory import Memory, ceiling, measured

GB = 1024**3
Total = namedtuple("Total", "total")


def there_is(monkeypatch: pytest.MonkeyPatch, total: int, limit: Path) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Total(total))
    monkeypatch.setattr(memory, "_LIMITS", (str(limit),))


def test_the_ceiling_grows_with_the_captures_that_work_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_is(monkeypatch, 64 * GB, tmp_path / "none")
    assert ceiling(2) == 1.5 * GB
    assert ceiling(8) - ceiling(2) == 6 * (ceiling(3) - ceiling(2))
    assert ceiling(32) > 16 * GB


def test_the_ceiling_leaves_a_part_of_what_this_host_or_container_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = tmp_path / "memory.max"
    there_is(monkeypatch, 8 * GB, limit)
    assert ceiling(32) == 6 * GB
    limit.write_text("max\n")
    assert ceiling(32) == 6 * GB
    limit.write_text(f"{2 * GB}\n")
    assert ceiling(32) == 1.5 * GB


def test_what_pages_share_with_the_browser_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {1: (100, 90), 2: (10, 50), 3: (20, 40), 4: (0, 0)}
    monkeypatch.setattr(processes, "memory", held.__getitem__)
    monkeypatch.setattr(processes, "is_page", {1: False, 2: True, 3: True, 4: False}.__getitem__)
    assert measured(held) == Memory({2: 60, 3: 60}, {1: 190, 4: 0}, together=220)
    assert measured(held).beyond(60) == [1]


async def test_memory_that_processes_share_is_told_apart() -> None:
    code = "import mmap; m = mmap.mmap(-1, 30_000_000); m[:] = b'x' * 30_000_000; print(flush=True); input()"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    await process.stdout.readline()
    _, shared = processes.memory(process.pid)
    await process.communicate(b"\n")
    assert 30_000_000 <= shared < 40_000_000
