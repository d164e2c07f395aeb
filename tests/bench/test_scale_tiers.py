"""CPU time that is told apart by what it was for, in the places where the daemon spends it."""

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bench.scale.accounting import TIER, Accounts, told_apart
from bench.scale.figures import samples, total
from bench.scale.subject import Subject
from bench.scale.tiers import BEGUN, SPENT, Tier, Where
from defacewatch import daemon
from defacewatch.agenda import Errand
from defacewatch.check import Checker
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.intervals import Intervals
from defacewatch.schedule import Schedule
from defacewatch.workers import Workers

MUCH, LITTLE = 0.15, 0.08  # seconds of CPU: what is spent on purpose, and more than all else takes here


@pytest.fixture(autouse=True)
def no_garbage() -> Iterator[None]:
    """What the collector would look through is of the tests before this one."""
    gc.disable()
    yield
    gc.enable()


def spend(seconds: float = MUCH) -> str:
    """CPU of this thread, however long that takes."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    return "spent"


def apart(accounts: Accounts) -> dict[tuple[Tier, Where], float]:
    """What is worth a word."""
    found = accounts.spent()
    found.pop((Tier.OTHER, Where.OTHER))  # of the whole process, the tests before this one included
    return {key: seconds for key, seconds in found.items() if seconds > LITTLE}


async def as_of(tier: Tier, work: Awaitable[object]) -> object:
    TIER.set(tier)
    return await work


async def test_time_is_told_apart_by_who_spends_it_and_where() -> None:
    async def turned() -> str:
        await asyncio.sleep(0)
        return spend()

    async def of_sqlite() -> object:
        async with aiosqlite.connect(":memory:") as connection:
            await connection.create_function("spend", 0, spend)
            async with connection.execute("SELECT spend()") as found:
                return await found.fetchone()

    workers = Workers(1)
    try:
        await workers.run(spend, 0.0)  # a process is there
        with told_apart() as accounts:
            done = [
                await asyncio.create_task(as_of(Tier.PROBE, turned())),
                await asyncio.create_task(as_of(Tier.TELLING, asyncio.to_thread(spend, MUCH))),
                await asyncio.create_task(as_of(Tier.REVALIDATE, of_sqlite())),
                await asyncio.create_task(as_of(Tier.CHECK, workers.run(spend))),
            ]
    finally:
        workers.stop()
    assert done == ["spent", "spent", ("spent",), "spent"]
    assert apart(accounts).keys() == {
        (Tier.PROBE, Where.LOOP),
        (Tier.TELLING, Where.THREADS),
        (Tier.REVALIDATE, Where.THREADS),
        (Tier.CHECK, Where.WORKERS),
    }
    assert all(seconds == pytest.approx(MUCH, rel=0.5) for seconds in apart(accounts).values())


async def test_an_errand_is_of_its_own_kind_and_so_is_what_it_begins() -> None:
    done: asyncio.Queue[Errand] = asyncio.Queue()

    async def run(page: str, errand: Errand) -> None:
        await asyncio.create_task(begun())  # a task of the errand's
        await done.put(errand)

    async def begun() -> None:
        spend()

    with told_apart() as accounts:
        schedule = Schedule(run, clock=lambda: datetime.now(UTC))
        moment = timedelta(seconds=0.2)
        schedule.apply({"page": Intervals(probe=moment, revalidate=moment, render=moment)})
        schedule.start()
        kinds: set[Errand] = set()
        while kinds != set(Errand):
            kinds.add(await done.get())
        await schedule.stop(timedelta(seconds=5))
    places = apart(accounts).keys()
    assert {(Tier.PROBE, Where.LOOP), (Tier.REVALIDATE, Where.LOOP), (Tier.CAPTURE, Where.LOOP)} == places
    assert accounts.begun[Tier.PROBE] >= 1
    assert accounts.begun[Tier.REVALIDATE] >= 1
    assert accounts.begun[Tier.CAPTURE] == 0  # that is counted where the browser is asked for one


async def test_what_a_probe_leads_to_is_told_from_it_and_a_capture_within_is_a_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def render(browser: Browser) -> str:
        await asyncio.sleep(0)
        spend(3 * MUCH)
        await asyncio.sleep(0)
        return "rendering"

    async def check_page(checker: Checker, page: str) -> Any:
        await asyncio.sleep(0)
        spend(2 * MUCH)
        await asyncio.sleep(0)
        return await Browser.render(browser)  # type: ignore[call-arg]

    async def probe() -> str:
        found = await Checker.check_page(checker, "page")
        await asyncio.sleep(0)
        spend()
        return str(found)

    monkeypatch.setattr(Browser, "render", render)
    monkeypatch.setattr(Checker, "check_page", check_page)
    browser = Browser(FilteringProxy(Guard([])), executable=None, timeout=timedelta(seconds=10))
    checker = object.__new__(Checker)
    with told_apart() as accounts:
        assert await asyncio.create_task(as_of(Tier.PROBE, probe())) == "rendering"
        assert accounts.begun == {Tier.CHECK: 1, Tier.CAPTURE: 1}
        await asyncio.create_task(as_of(Tier.CAPTURE, Checker.check_page(checker, "page")))
        assert accounts.begun == {Tier.CHECK: 1, Tier.CAPTURE: 2}, "that of a capture's errand is no probe's"
    found = apart(accounts)
    assert found[Tier.PROBE, Where.LOOP] == pytest.approx(MUCH, rel=0.5)
    assert found[Tier.CHECK, Where.LOOP] == pytest.approx(2 * MUCH, rel=0.5)
    assert found[Tier.CAPTURE, Where.LOOP] == pytest.approx((3 + 2 + 3) * MUCH, rel=0.2)


async def test_what_the_console_is_asked_is_the_consoles(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def listening(port: int) -> AsyncIterator[int]:
        served = asyncio.create_task(asyncio.to_thread(spend))
        yield port
        await served

    monkeypatch.setattr(daemon, "listening", listening)
    with told_apart() as accounts:
        async with vars(daemon)["listening"](8080) as port:
            assert port == 8080
    assert apart(accounts).keys() == {(Tier.CONSOLE, Where.THREADS)}
    assert vars(daemon)["listening"] is listening  # as it was


async def test_what_nobody_claims_is_told_as_that_and_what_somebody_claims_is_not() -> None:
    def other() -> float:
        found = samples(generate_latest(registry).decode())
        return total(found, SPENT, tier=Tier.OTHER, where=Where.OTHER)

    async def claimed() -> None:
        await asyncio.sleep(0)
        spend()

    registry = CollectorRegistry()
    with told_apart() as accounts:
        registry.register(accounts)
        before = other()
        await asyncio.create_task(as_of(Tier.PROBE, claimed()))
        assert other() - before < LITTLE
        thread = threading.Thread(target=spend)
        thread.start()
        thread.join()
        assert other() - before == pytest.approx(MUCH, abs=LITTLE)
        accounts.begun[Tier.PROBE] += 3
        found = samples(generate_latest(registry).decode())
    assert total(found, BEGUN, tier=Tier.PROBE) == 3


def test_the_command_that_is_accounted_for_is_the_command(tmp_path: Path) -> None:
    subject = Subject(tmp_path, "sqlite+aiosqlite:///x.db", {"token": "t"}, tiers=True)
    program = subject._program("--help")
    assert program[:3] == [sys.executable, "-m", "bench.scale.accounted"]
    root = Path(__file__).parents[2]
    done = subprocess.run([*program[:3], "--help"], cwd=root, capture_output=True, text=True, check=True)
    assert "Watches web portals for defacement" in done.stdout
