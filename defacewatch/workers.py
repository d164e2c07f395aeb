"""Worker processes that read pages: what a page makes of our parser costs that page alone.

Parsing is C and regular expressions over text that an attacker wrote. A thread could neither be stopped nor
kept from taking all memory, and would hold the interpreter's lock meanwhile; a process has limits.
"""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from multiprocessing import get_context
from typing import TypeVar

import structlog

from defacewatch.errors import DefacewatchError

log = structlog.get_logger(__name__)

T = TypeVar("T")
MEMORY = 1536 * 1024 * 1024  # bytes of data a worker may have
PR_SET_PDEATHSIG = 1  # linux/prctl.h
TRIES = 2  # a worker that died may have died of the host's memory
ENOUGH = 1000  # pieces of work of a worker before another takes its place: memory in pieces grows
NICE = 5  # below the daemon, above the browser: what it has captured is to be read
START = 120.0  # seconds in which a worker has started, on however busy a machine


class TooMuch(DefacewatchError):
    """A page takes too long, or too much memory, to be read."""


class Workers:
    """A few processes for CPU work, each ended and made anew when it exceeds its limits.

    A pool of one process each, so that what a page does to its worker touches no other page, and so that we
    count ourselves when a worker has done enough: the pools of Python count those that are idle, lose count
    (https://github.com/python/cpython/issues/115634), and may at last have none left.
    """

    def __init__(self, count: int = 2, *, timeout: timedelta = timedelta(seconds=20)) -> None:
        self.count, self.timeout = count, timeout.total_seconds()
        self.waiting = 0  # how many wait for a worker
        self._slots = asyncio.Semaphore(count)
        self._workers = [_Worker() for _ in range(count)]
        self._free = list(self._workers)
        self._stopped = False

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` in a worker; both must be picklable. Raises TooMuch."""
        async with self._worker() as worker:
            for _ in range(0 if self._stopped else TRIES):
                pool = await worker.ready(work)
                try:
                    async with asyncio.timeout(self.timeout):
                        return await asyncio.get_running_loop().run_in_executor(pool, work, *args)
                except TimeoutError:
                    worker.end()
                    raise TooMuch(f"reading the page took more than {self.timeout:.0f} s") from None
                except MemoryError:
                    raise TooMuch("reading the page took more memory than a worker has") from None
                except BrokenProcessPool:
                    worker.end()
                    if self._stopped:
                        break
                except asyncio.CancelledError:
                    worker.end()  # it would go on, and whoever has it next would wait for that
                    raise
            raise TooMuch("reading the page ended the worker process")

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator["_Worker"]:
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        worker = self._free.pop()
        try:
            yield worker
        finally:
            self._free.append(worker)
            self._slots.release()

    def stop(self) -> None:
        """End all processes; none is started any more."""
        self._stopped = True
        for worker in self._workers:
            worker.end()


class _Worker:
    """One process at a time, which is started when there is work."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._done = 0

    async def ready(self, work: Callable[..., object]) -> ProcessPoolExecutor:
        """Its process, started and with all that `work` needs: no page is to answer for the time that this
        takes. Raises TooMuch."""
        if self._done >= ENOUGH:
            self.end()
        self._done += 1
        if self._pool is not None:
            return self._pool
        self._pool = pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_begin, initargs=(MEMORY,)
        )
        answers = pool._result_queue  # which a pool that is ended meanwhile has no more
        try:
            async with asyncio.timeout(START):
                await asyncio.get_running_loop().run_in_executor(pool, _meet, work)
        except (BrokenProcessPool, TimeoutError):
            self.end()
            raise TooMuch("no worker process can be started") from None
        except BaseException:
            self.end()
            raise
        # The process has its own end of this pipe. While we have one, too, whoever reads its answers waits
        # for ever for the rest of one in the middle of which it was killed.
        answers._writer.close()  # type: ignore[attr-defined]
        return pool

    def end(self) -> None:
        """End its process at once."""
        pool, self._pool, self._done = self._pool, None, 0
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(memory: int) -> None:
    """What a worker does first: it may not outgrow its memory, nor outlive the process that made it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _meet(work: Callable[..., object]) -> None:
    """Nothing: what `work` needs has been imported when it is here."""
