"""Tells apart what the daemon's CPU time is for, without a word of it in the daemon.

A context variable says the tier. Tasks inherit their maker's context, callbacks of the event loop are run
in one, and what is given to a thread is given from one; so it is enough to set the variable where a tier
begins (an errand of the schedule, a capture, a connection of the browser's proxy, messenger, console),
and to read it where time is spent: around each step of the event loop, each piece of work of a thread, and
each of a worker process. CPU time is that of the thread (time.thread_time) or, in a worker, of the process.

What this does not see: a connection that is kept belongs to the tier that opened it, whoever asks over it
next; captures of several pages share one Chromium, whose messages belong to captures all together; the moment
in which an answer comes from a thread is nobody's; work of a worker that fails says nothing. A thread's work
counts when it has ended, so that between two looks `OTHER` is wrong by what runs at either.
"""

import asyncio
import threading
import time
from asyncio import base_events, events
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any

import aiosqlite
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from bench.scale.tiers import BEGUN, SPENT, Tier, Timed, Where
from defacewatch import daemon
from defacewatch.agenda import Due, Errand, Lane
from defacewatch.check import Checker
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.proxy import ProxySession
from defacewatch.messenger import Messenger
from defacewatch.schedule import Schedule
from defacewatch.workers import Workers

ERRANDS = {Errand.PROBE: Tier.PROBE, Errand.REVALIDATE: Tier.REVALIDATE, Errand.RENDER: Tier.CAPTURE}
TIER: ContextVar[Tier] = ContextVar("tier", default=Tier.OTHER)


class Accounts(Collector):
    """CPU seconds by tier and place, and how often each tier was begun."""

    def __init__(self) -> None:
        self.loop: defaultdict[Tier, float] = defaultdict(float)  # of the event loop's thread alone
        self.elsewhere: defaultdict[tuple[Tier, Where], float] = defaultdict(float)
        self.begun: Counter[Tier] = Counter()
        self._lock = threading.Lock()

    def add(self, tier: Tier, where: Where, seconds: float) -> None:
        with self._lock:
            self.elsewhere[tier, where] += seconds

    def spent(self) -> dict[tuple[Tier, Where], float]:
        """All of it, what this process used and nobody claims included."""
        with self._lock:
            found = {**self.elsewhere, **{(tier, Where.LOOP): each for tier, each in self.loop.items()}}
        here = sum(seconds for (_, where), seconds in found.items() if where is not Where.WORKERS)
        return {**found, (Tier.OTHER, Where.OTHER): time.process_time() - here}

    def show(self) -> None:
        """Have them on the /metrics page."""
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        spent = CounterMetricFamily(SPENT, "CPU time of the daemon and its workers", labels=["tier", "where"])
        for (tier, where), seconds in self.spent().items():
            spent.add_metric([tier, where], max(0.0, seconds))
        begun = CounterMetricFamily(BEGUN, "How often each was begun", labels=["tier"])
        for tier, times in self.begun.items():
            begun.add_metric([tier], times)
        yield from (spent, begun)


@contextmanager
def told_apart() -> Iterator[Accounts]:
    """While entered, whatever runs in this process is accounted for."""
    accounts = Accounts()
    with ExitStack() as stack:
        for owner, name, make in (
            (events.Handle, "_run", partial(_step, accounts.loop)),
            (base_events.BaseEventLoop, "run_in_executor", partial(_given_to_thread, accounts)),
            (aiosqlite.Connection, "_execute", partial(_asked_of_sqlite, accounts)),
            (Workers, "run", partial(_given_to_worker, accounts)),
            (Schedule, "_run", partial(_errand, accounts)),
            (Checker, "check_page", partial(_check, accounts)),
            (Browser, "render", partial(_render, accounts)),
            (Browser, "start", partial(_within, Tier.CAPTURE)),
            (ProxySession, "_serve", partial(_within, Tier.CAPTURE)),
            (Messenger, "start", partial(_within, Tier.TELLING)),
            (daemon, "listening", _console),
        ):
            before = getattr(owner, name)
            setattr(owner, name, wraps(before)(make(before)))
            stack.callback(setattr, owner, name, before)
        yield accounts


def _step(
    spent: defaultdict[Tier, float], run: Callable[[events.Handle], None]
) -> Callable[[events.Handle], None]:
    now = time.thread_time

    def step(handle: events.Handle) -> None:
        context, began = handle._context, now()  # type: ignore[attr-defined]
        run(handle)
        spent[context.get(TIER, Tier.OTHER)] += now() - began  # as it is by the step's end

    return step


def _timed(accounts: Accounts, work: Callable[..., Any]) -> Callable[..., Any]:
    """`work` for a thread, accounted for by whoever gives it away."""
    tier = TIER.get()

    def timed(*args: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return work(*args, **named)
        finally:
            accounts.add(tier, Where.THREADS, time.thread_time() - began)

    return timed


def _given_to_thread(accounts: Accounts, run: Callable[..., Any]) -> Callable[..., Any]:
    def given(
        loop: asyncio.AbstractEventLoop, executor: Executor | None, work: Callable[..., Any], *args: Any
    ) -> Any:
        if not isinstance(executor, ProcessPoolExecutor):
            work = _timed(accounts, work)
        return run(loop, executor, work, *args)

    return given


def _asked_of_sqlite(accounts: Accounts, execute: Callable[..., Any]) -> Callable[..., Any]:
    def asked(connection: aiosqlite.Connection, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return execute(connection, _timed(accounts, work), *args, **named)

    return asked


def _given_to_worker(accounts: Accounts, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def given(workers: Workers, work: Callable[..., Any], *args: object) -> Any:
        found, seconds = await run(workers, Timed(work), *args)
        accounts.add(TIER.get(), Where.WORKERS, seconds)
        return found

    return given


def _errand(accounts: Accounts, run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def errand(schedule: Schedule, due: Due, lane: Lane) -> None:
        tier = ERRANDS[due.errand]  # the task is this errand's own: nothing to put back
        TIER.set(tier)
        if tier is not Tier.CAPTURE:
            accounts.begun[tier] += 1
        await run(schedule, due, lane)

    return errand


def _check(accounts: Accounts, check: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def checked(checker: Checker, *args: Any, **named: Any) -> Any:
        if TIER.get() is not Tier.PROBE:
            return await check(checker, *args, **named)
        accounts.begun[Tier.CHECK] += 1
        with _tier(Tier.CHECK):
            return await check(checker, *args, **named)

    return checked


def _render(accounts: Accounts, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def render(browser: Browser, *args: Any, **named: Any) -> Any:
        accounts.begun[Tier.CAPTURE] += 1
        with _tier(Tier.CAPTURE):
            return await run(browser, *args, **named)

    return render


def _within(tier: Tier, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def within(*args: Any, **named: Any) -> Any:
        with _tier(tier):
            return await run(*args, **named)

    return within


def _console(listening: Callable[..., Any]) -> Callable[..., Any]:
    @asynccontextmanager
    async def listens(*args: Any, **named: Any) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            with _tier(Tier.CONSOLE):
                address = await stack.enter_async_context(listening(*args, **named))
            yield address

    return listens


@contextmanager
def _tier(tier: Tier) -> Iterator[None]:
    before = TIER.set(tier)
    try:
        yield
    finally:
        TIER.reset(before)
