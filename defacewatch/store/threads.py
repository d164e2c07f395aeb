"""Whole transactions in threads.

A transaction that is done all the time is a plain function of a plain connection, which a thread runs from
beginning to end. What it packs and unpacks (features, profiles) takes longer than its queries, and would hold
up the event loop; and on SQLite an asynchronous connection goes to a thread and back for every call, a dozen
times in the smallest transaction, each of which costs more than a statement.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

T = TypeVar("T")


APART = 3  # threads for what is read for people: however much that is, the watch does not wait for it


class InThreads:
    """Transactions, each run by one of `threads` threads as a whole; one call is one transaction. There are
    `APART` threads more: `reader` needs as many connections as both together. `steady` reads all of a
    transaction as it was at one moment."""

    def __init__(
        self, threads: int, *, reader: Engine, writer: Engine, laster: Engine, steady: Engine | None = None
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._apart = ThreadPoolExecutor(APART, thread_name_prefix="store-apart")
        self._reader, self._writer, self._laster = reader, writer, laster
        self._steady = steady or reader

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._reader, work)

    async def read_apart(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._steady, work, self._apart)

    async def write(self, work: Callable[[Connection], T], *, lasting: bool) -> T:
        return await self._run(self._laster if lasting else self._writer, work)

    async def bare(self, work: Callable[[Connection], T]) -> T:
        """Outside of any transaction, as some pragmas of SQLite want to be run."""
        return await self._run(self._reader.execution_options(begin=None), work)

    async def close(self) -> None:
        """Ends what is running first, though whoever asked for it may be gone."""
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._apart.shutdown)
        self._reader.dispose()
        self._laster.dispose()

    async def _run(
        self, engine: Engine, work: Callable[[Connection], T], threads: ThreadPoolExecutor | None = None
    ) -> T:
        def whole() -> T:
            with engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(threads or self._threads, whole)
