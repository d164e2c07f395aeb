import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from defacewatch.fetch import processes

CHILD = "import sys; held = b'x' * 50_000_000; print(flush=True); sys.stdin.read()"
PARENT = f"""
import subprocess, sys
pipe = subprocess.PIPE
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdin=pipe, stdout=pipe)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
child.communicate()
"""


@asynccontextmanager
async def family() -> AsyncIterator[tuple[int, int]]:
    """A process with a child that holds 50 MB."""
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdin=pipe, stdout=pipe)
    assert parent.stdout is not None
    yield parent.pid, int(await parent.stdout.readline())
    await parent.communicate(b"")


async def test_a_tree_is_a_process_and_all_that_it_started() -> None:
    async with family() as (parent, child):
        assert processes.tree(parent) == processes.tree(parent, whole=False) == [parent, child]
        assert {parent, child} <= set(processes.tree(os.getpid()))
        assert set(processes.tree(parent)) == {parent, *(p.pid for p in psutil.Process(parent).children())}


async def test_what_a_process_holds_is_told_without_the_files_that_it_maps() -> None:
    async with family() as (_, child):
        own, shared = processes.memory(child)
        assert 50_000_000 < own + shared < psutil.Process(child).memory_info().rss


async def test_a_process_that_is_gone_holds_nothing_and_is_the_whole_of_its_tree() -> None:
    async with family() as (_, child):
        pass
    assert (processes.memory(child), processes.is_page(child)) == ((0, 0), False)
    assert processes.tree(child) == [child]
