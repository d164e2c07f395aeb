"""What the process tree of a command costs."""

import asyncio
import os
import sys
from pathlib import Path

from bench.peers.trees import Peak, Tree, of_keeping, spent
from bench.scale.processes import Usage

BUSY = "sum(range(10_000_000))"


async def grown(folder: Path, *command: str) -> Tree:
    return await Tree.grown(command, environ=os.environ, folder=folder, log=folder / "log")


async def test_what_an_orphan_costs_is_counted(tmp_path: Path) -> None:
    keeping, before = await of_keeping(tmp_path), spent()
    # nobody in the command waits for the busy one: its parent, the inner shell, ends at once
    busy = f'({sys.executable} -c \'{BUSY}; open("done", "w")\' &)'
    wait = "while [ ! -e done ]; do sleep 0.1; done; sleep 0.5"
    tree = await grown(tmp_path, "/bin/sh", "-c", f"{busy}; {wait}")
    status, left = await tree.ended()
    assert (status, left) == (0, [])
    assert spent() - before - keeping > 0.1


async def test_a_script_and_what_it_started_are_ended_together(tmp_path: Path) -> None:
    os.mkfifo(up := tmp_path / "up")
    tree = await grown(tmp_path, "/bin/sh", "-c", f"sleep 600 & echo up > {up}; wait")
    assert await asyncio.to_thread(up.read_text) == "up\n"
    assert await tree.felled() == []
    assert not tree.alive


def test_a_peak_is_of_all_trees_at_one_moment() -> None:
    peak = Peak()
    peak.note([Usage(rss=5, pss=3, processes=1), Usage(rss=5, pss=4, processes=2)])
    peak.note([Usage(rss=9, pss=9, processes=1)])
    assert (peak.rss, peak.pss, peak.processes) == (10, 9, 3)
