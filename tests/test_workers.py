import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import psutil
import pytest

from defacewatch.workers import TooMuch, Workers


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(timeout=timedelta(seconds=60))
    yield made
    made.stop()


class SlowToCome:
    """`abs`, from a module that takes two seconds to be imported, once in a process."""

    here = False

    def __call__(self, number: int) -> int:
        return abs(number)

    def __setstate__(self, _: object) -> None:
        if not SlowToCome.here:
            time.sleep(2)
        SlowToCome.here = True

    def __getstate__(self) -> str:
        return "slow"


def eat(_: int) -> int:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


def worked_for(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def die(code: int) -> None:
    os._exit(code)


async def test_work_is_done_in_another_process(workers: Workers) -> None:
    assert await workers.run(os.getpid) != os.getpid()


async def test_it_is_known_how_much_waits_for_a_worker(workers: Workers) -> None:
    await workers.run(os.getpid)
    work = [asyncio.create_task(workers.run(time.sleep, 0.2)) for _ in range(5)]
    await asyncio.sleep(0)
    assert workers.waiting == 3
    work[4].cancel()
    await asyncio.gather(*work, return_exceptions=True)
    assert work[4].cancelled()
    assert workers.waiting == 0
    assert await workers.run(abs, -1) == 1


async def test_work_that_takes_too_long_is_ended_and_the_next_goes_on(workers: Workers) -> None:
    await workers.run(os.getpid)
    workers.timeout = 0.5
    with pytest.raises(TooMuch, match="more than"):
        await workers.run(time.sleep, 60)
    workers.timeout = 60.0
    assert await workers.run(abs, -1) == 1


async def test_the_start_of_a_worker_is_not_counted_as_work() -> None:
    workers = Workers(timeout=timedelta(seconds=1.5))
    assert await workers.run(SlowToCome(), -1) == 1
    workers.stop()


async def test_work_that_eats_memory_costs_itself_alone(workers: Workers) -> None:
    with pytest.raises(TooMuch, match="memory"):
        await workers.run(eat, 0)
    assert await workers.run(abs, -1) == 1


async def test_a_worker_that_dies_is_replaced_and_the_other_goes_on(workers: Workers) -> None:
    living = asyncio.create_task(workers.run(worked_for, 1.0))
    with pytest.raises(TooMuch, match="ended the worker"):
        await workers.run(die, 9)
    other = await living
    assert await workers.run(abs, -1) == 1
    assert psutil.pid_exists(other)


async def test_work_that_is_given_up_does_not_hold_up_what_comes_next(workers: Workers) -> None:
    await workers.run(os.getpid)
    workers.timeout = 10.0
    given_up = [asyncio.create_task(workers.run(time.sleep, 60)) for _ in range(workers.count)]
    await asyncio.sleep(0.5)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await workers.run(abs, -1) == 1


async def test_workers_that_have_done_enough_are_replaced_however_the_work_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.workers.ENOUGH", 20)
    workers = Workers(timeout=timedelta(seconds=5))
    seen: list[int] = []

    async def some() -> None:
        for _ in range(25):
            seen.append(await workers.run(os.getpid))

    await asyncio.gather(*(some() for _ in range(5)))
    served = Counter(seen)
    assert sum(served.values()) == 125
    assert max(served.values()) == 20
    processes = [psutil.Process(pid) for pid in served if psutil.pid_exists(pid)]
    workers.stop()
    assert (await asyncio.to_thread(psutil.wait_procs, processes, 10))[1] == []


async def test_no_worker_is_left_after_the_end(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    process = psutil.Process(pid)
    workers.stop()
    async with asyncio.timeout(10):
        await asyncio.to_thread(psutil.wait_procs, [process])
    assert not process.is_running()


async def test_workers_give_way_to_the_daemon(workers: Workers) -> None:
    assert psutil.Process(await workers.run(os.getpid)).nice() > psutil.Process().nice()
