"""How captures in a row wear: memory of the tree from time to time, and by how much it grows."""

import asyncio
import math
import os
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from rich.console import Console

from bench.scale.processes import descendants, memory

# Captures of a soak between two looks at memory, which do not keep step with the browser being replaced after
# 200 (in a soak of 1,040 and more); and looks that there are at least.
EVERY, LEAST = 130, 8
AT_WORK = 0.2  # of the usual number of processes more or less: otherwise the browser was being replaced
LEFT_OUT = 0.25  # of all looks, at most
MOST_GROWTH = 0.01  # of RSS in 1,000 captures, and of what is not known about it

Look = Callable[[str], Awaitable[int]]  # a URL looked at; the size of the picture in bytes


@dataclass(frozen=True)
class Moment:
    """The tree after so many captures: sizes in bytes."""

    captures: int
    rss: int
    pss: int
    processes: int


def moment(captures: int, server: int) -> Moment:
    tree = [os.getpid(), *(process.pid for process in descendants(os.getpid()) if process.pid != server)]
    sizes = [memory(pid) for pid in tree]
    return Moment(captures, sum(rss for rss, _ in sizes), sum(pss for _, pss in sizes), len(tree))


async def soaked(
    looking: AbstractAsyncContextManager[Look],
    urls: Sequence[str],
    server: int,
    captures: int,
    console: Console,
    at_once: int,
) -> list[Moment]:
    """So many captures, some at once; the tree from time to time, and at last when all is stopped."""
    numbers = iter(range(captures))
    every = max(1, min(EVERY, captures // LEAST))
    moments: list[Moment] = []
    done = 0

    async def work(look: Look) -> None:
        nonlocal done
        for number in numbers:
            await look(urls[number % len(urls)])
            done += 1
            if done % every == 0:
                moments.append(moment(done, server))
                console.print(_line(moments[-1]))

    async with looking as look:
        await asyncio.gather(*(work(look) for _ in range(at_once)))
    await asyncio.sleep(1)
    return [*moments, moment(captures, server)]


def _line(at: Moment) -> str:
    sizes = f"RSS {at.rss / 2**20:.0f} MiB, PSS {at.pss / 2**20:.0f} MiB"
    return f"{at.captures} captures: {sizes}, {at.processes} processes"


def slope(captures: Sequence[int], sizes: Sequence[float]) -> tuple[float, float]:
    """How much of themselves sizes grow by in a thousand captures, by least squares, and the standard error
    of that; of too few nothing is known."""
    if len(captures) < 3:
        return 0.0, math.inf
    line = statistics.linear_regression(captures, sizes)
    off = [size - line.intercept - line.slope * at for at, size in zip(captures, sizes, strict=True)]
    spread = math.sqrt(sum(o * o for o in off) / (len(off) - 2))
    middle = statistics.mean(captures)
    width = math.sqrt(sum((at - middle) ** 2 for at in captures))
    mean = statistics.mean(sizes)
    return line.slope * 1000 / mean, spread / width * 1000 / mean


def grows(moments: Sequence[Moment], console: Console) -> tuple[float, float]:
    """Print how RSS and PSS grow; by how much RSS does, and how uncertain that is. PSS is a share of what
    others use as well: where another Chromium ran beside it for some of the time, it says little. Looks at a
    tree whose browser was being replaced are left out."""
    usual = statistics.median(at.processes for at in moments) if moments else 0
    at_work = [at for at in moments if abs(at.processes - usual) <= AT_WORK * usual]
    captures = [at.captures for at in at_work]
    slopes = {
        "RSS": slope(captures, [at.rss for at in at_work]),
        "PSS": slope(captures, [at.pss for at in at_work]),
    }
    for name, (grown, error) in slopes.items():
        console.print(f"{name} grows by {grown:+.2%} in 1,000 captures (standard error {error:.2%})")
    console.print(f"looks at memory: {len(at_work)}, and {len(moments) - len(at_work)} left out")
    grown, error = slopes["RSS"]
    # where much is left out, it may be processes that become more
    return grown, error if len(moments) - len(at_work) <= LEFT_OUT * len(moments) else math.inf
