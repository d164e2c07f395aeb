import asyncio
import os
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import FrameType

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


def made_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def work_for_long(begun: Path) -> None:
    """Says in a pipe which process it is, as soon as somebody listens there."""
    begun.write_text(str(os.getpid()))
    time.sleep(600)


def die_while_answering() -> None:
    """As who is killed when the first bytes of an answer have left."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and "result_queue" not in frame.f_locals:
        frame = frame.f_back
    assert frame is not None
    os.write(frame.f_locals["result_queue"]._writer.fileno(), struct.pack("!i", 1000) + b"the beginning")
    os._exit(9)


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
    await asyncio.gather(*(workers.run(worked_for, 0.5) for _ in range(workers.count)))
    living = asyncio.create_task(workers.run(worked_for, 3.0))
    with pytest.raises(TooMuch, match="ended the worker"):
        await workers.run(die, 9)
    assert not living.done()
    other = await living
    assert await workers.run(abs, -1) == 1
    assert psutil.Process(other).status() != psutil.STATUS_ZOMBIE


async def test_work_that_is_given_up_is_ended_and_does_not_hold_up_what_comes_next(
    workers: Workers, tmp_path: Path
) -> None:
    begun = [tmp_path / str(number) for number in range(workers.count)]
    given_up = [asyncio.create_task(workers.run(work_for_long, pipe)) for pipe in map(made_pipe, begun)]
    pids = [int(await asyncio.to_thread(pipe.read_text)) for pipe in begun]
    processes = list(map(psutil.Process, pids))
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await workers.run(abs, -1) == 1
    assert (await asyncio.to_thread(psutil.wait_procs, processes, 10))[1] == []


async def test_a_worker_that_dies_in_the_middle_of_an_answer_is_not_waited_for(workers: Workers) -> None:
    with pytest.raises(TooMuch, match="ended the worker"):
        await workers.run(die_while_answering)
    assert await workers.run(abs, -1) == 1


async def test_nothing_is_started_after_the_end(workers: Workers, tmp_path: Path) -> None:
    begun = made_pipe(tmp_path / "begun")
    running = asyncio.create_task(workers.run(work_for_long, begun))
    process = psutil.Process(int(await asyncio.to_thread(begun.read_text)))
    workers.stop()
    for late in (running, workers.run(os.getpid)):
        with pytest.raises(TooMuch):
            await late
    assert (await asyncio.to_thread(psutil.wait_procs, [process], 10))[1] == []
    assert [worker for worker in workers._workers if worker._pool is not None] == []


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
    assert len(served) >= 7
    workers.stop()


async def test_no_worker_is_left_after_the_end(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    process = psutil.Process(pid)
    workers.stop()
    async with asyncio.timeout(10):
        await asyncio.to_thread(psutil.wait_procs, [process])
    assert not process.is_running()


async def test_workers_give_way_to_the_daemon(workers: Workers) -> None:
    assert psutil.Process(await workers.run(os.getpid)).nice() > psutil.Process().nice()
