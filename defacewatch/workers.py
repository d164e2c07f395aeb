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
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import TypeVar

import structlog

from defacewatch.errors import DefacewatchError

log = structlog.get_logger(__name__)

T = TypeVar("T")
_together: Barrier  # in a worker: where it meets the others of its pool
MEMORY = 1536 * 1024 * 1024  # bytes of data a worker may have
PR_SET_PDEATHSIG = 1  # linux/prctl.h
TRIES = 2  # a worker that died may have died of another page
NICE = 5  # below the daemon, above the browser: what it has captured is to be read
START = 120.0  # seconds in which workers have started, on however busy a machine


class TooMuch(DefacewatchError):
    """A page takes too long, or too much memory, to be read."""


class Workers:
    """A few processes for CPU work, ended and made anew when one exceeds its limits."""

    def __init__(self, count: int = 2, *, timeout: timedelta = timedelta(seconds=20)) -> None:
        self.count, self.timeout = count, timeout.total_seconds()
        self._pool: ProcessPoolExecutor | None = None
        self.waiting = 0  # how many wait for a worker
        self._slots = asyncio.Semaphore(count)
        self._starting = asyncio.Lock()
        self._again = asyncio.Lock()

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` in a worker; both must be picklable. Raises TooMuch."""
        async with self._slot():
            for attempt in range(TRIES):
                # what was in a pool that died is tried again one by one: only one of them ended it
                async with self._again if attempt else contextlib.nullcontext():
                    pool = await self._ready(work)
                    try:
                        async with asyncio.timeout(self.timeout):
                            return await asyncio.get_running_loop().run_in_executor(pool, work, *args)
                    except TimeoutError:
                        self._end(pool)
                        raise TooMuch(f"reading the page took more than {self.timeout:.0f} s") from None
                    except MemoryError:
                        raise TooMuch("reading the page took more memory than a worker has") from None
                    except BrokenProcessPool:
                        self._end(pool)
            raise TooMuch("reading the page ended the worker process")

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def stop(self) -> None:
        if self._pool is not None:
            self._end(self._pool)

    async def _ready(self, work: Callable[..., object]) -> ProcessPoolExecutor:
        """The pool with all its processes started: that takes its time, which no page is to answer for."""
        async with self._starting:
            if self._pool is not None:
                return self._pool
            context = get_context("spawn")
            self._pool = pool = ProcessPoolExecutor(
                self.count,
                mp_context=context,
                initializer=_begin,
                initargs=(MEMORY, context.Barrier(self.count)),
                max_tasks_per_child=1000,
            )
            loop = asyncio.get_running_loop()
            try:
                await asyncio.gather(*(loop.run_in_executor(pool, _meet, work) for _ in range(self.count)))
            except (BrokenProcessPool, BrokenBarrierError):
                self._end(pool)
                raise TooMuch("no worker process can be started") from None
            except BaseException:
                self._end(pool)
                raise
            return pool

    def _end(self, pool: ProcessPoolExecutor) -> None:
        """End a pool at once; what else it was doing is done again in the next one."""
        if self._pool is pool:
            self._pool = None
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(memory: int, together: Barrier) -> None:
    """What a worker does first: it may not outgrow its memory, nor outlive the process that made it."""
    global _together
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _together = together


def _meet(work: Callable[..., object]) -> None:
    """Wait for the other workers; what `work` needs has been imported when it is here."""
    _together.wait(START)
