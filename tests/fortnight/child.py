"""The daemon under faked time, as a process of its own: its store, outbox, channels, bot, console and watches
of itself as the daemon wires them, over a clock that stands still until it is told what time it is.

What the daemon does by timers of its own (looks at pages, watches of itself) is done at the steps of that
clock."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import holidays.countries.vietnam  # noqa: F401 - loaded when first asked, by each daemon anew
import structlog
from sqlalchemy import engine as sql
from sqlalchemy import select

from defacewatch import logs
from defacewatch.alerts import BACKOFF, DeliveryState
from defacewatch.captures import Look
from defacewatch.check import Checker
from defacewatch.cli.common import Settled, session
from defacewatch.cli.service import make_daemon
from defacewatch.compare import extract
from defacewatch.config import Settings
from defacewatch.daemon import BLIND_EVERY, CHANNELS_EVERY, Daemon
from defacewatch.errors import DefacewatchError
from defacewatch.eyes import Eyes, forbid_listener
from defacewatch.features import Features
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.messenger import Messenger
from defacewatch.schedule import Schedule
from defacewatch.store.alertschema import alerts, deliveries
from tests.fortnight.plain import PlainFetcher

log = structlog.get_logger(__name__)

SETTLES_EVERY = 0.003  # real seconds between two looks at whether a step is done
BOT_PAUSES = (0.2, 1.0)  # real seconds: the bot's own, of simulated time, are a minute at most
SECOND = timedelta(seconds=1)
TOGETHER = timedelta(minutes=2)  # in which what was tried so often that it waits ten is tried at once


@dataclass(frozen=True)
class Step:
    """What time it is, and which pages are due (by id): True where the browser's round is."""

    now: datetime
    looks: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Stood:
    """That a step is done: nothing more is to be done before `due`."""

    due: datetime | None


class Stepped(Daemon):
    """The daemon, whose time is moved by hand."""

    def at(self, now: datetime) -> "Stepped":
        self.now, self.clock = now, lambda: self.now
        self.turning = 0  # turns of the outbox that are under way
        self.running: dict[str, asyncio.Task[None]] = {}
        self.asleep: list[tuple[datetime, asyncio.Future[None], str]] = []
        self.watched_at: dict[str, datetime] = {}
        return self

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            self.eyes = self._opened_eyes(stack)
            await self._serve(stack)
            self.entered = await self.store.absences.standing()
            self.messenger = self._make_messenger(self.settings)
            await self.messenger.start()
            self.schedule = Schedule(_no_errand, clock=self.clock)  # empty: what is due is told with the step
            self._make_selfwatches()
            self.ready.set()
            await self.stopping.wait()
            for task in self.running.values():
                task.cancel()
            await self.messenger.stop(3.0)

    async def step(self, step: Step) -> Stood:
        """Let everything happen that is due at this time."""
        self.now = step.now
        self.entered = await self.store.absences.standing()
        for due, rest, _ in self.asleep:
            if due <= self.now:
                rest.set_result(None)
        self.asleep = [sleeper for sleeper in self.asleep if sleeper[0] > self.now]
        await self._now_and_then("itself", BLIND_EVERY, self._itself)
        await self._now_and_then("channels", CHANNELS_EVERY, self._channels)
        for page, render in step.looks:
            if page not in self.running:
                self.running[page] = asyncio.create_task(self._check(page, render), name=page)
        while not await self._is_still():  # noqa: ASYNC110 - what other loops do is asked for
            await asyncio.sleep(SETTLES_EVERY)
        return Stood(await self._due())

    async def _now_and_then(self, name: str, seconds: float, turn: Callable[[], Awaitable[None]]) -> None:
        last = self.watched_at.get(name)
        if last is None or self.now - last >= timedelta(seconds=seconds):
            self.watched_at[name] = self.now
            await turn()

    async def _check(self, page: str, render: bool) -> None:
        try:
            await self.eyes.checker.check_page(page, render=render)
        except DefacewatchError as error:
            log.error("check failed", page=page, error=str(error))
        finally:
            del self.running[page]

    async def _is_still(self) -> bool:
        """Whether nothing is under way, and nothing is due."""
        sleeping = {page for _, _, page in self.asleep}
        if self.turning or self.running.keys() - sleeping:
            return False
        if all(at > self.now for at, _ in await self.store.engine.read(_coming)):
            return not self.turning
        self.messenger.outbox.wake()
        return False

    async def _due(self) -> datetime | None:
        """When there is something to do again, in full seconds; what has been tried for long is tried
        together."""
        coming = [rounded(at, to) for at, to in await self.store.engine.read(_coming)]
        return min([*coming, *(due for due, _, _ in self.asleep)], default=None)

    async def _sleep(self, seconds: float) -> None:
        """Until so many simulated seconds have passed."""
        task = asyncio.current_task()
        assert task is not None
        rest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asleep.append((self.now + timedelta(seconds=seconds), rest, task.get_name()))
        await rest

    def _opened_eyes(self, stack: AsyncExitStack) -> Eyes:
        watch = self.settings.watch
        guard = Guard([str(network) for network in watch.allow_networks])
        forbid_listener(guard, *self.settings.web.listen)
        http = HttpFetcher(guard, timeout=watch.timeout)
        stack.push_async_callback(http.close)
        checker = Checker(
            PlainFetcher(http),
            self.store.checks,
            clock=self.clock,
            confirm_after=watch.confirm_after,
            revalidate_every=watch.revalidate_every,
            online=_online,
            extract=extracted,
            sleep=self._sleep,
        )
        canaries = SimpleNamespace(online=_online)
        return cast(Eyes, SimpleNamespace(guard=guard, checker=checker, canaries=canaries))

    def _make_messenger(self, settings: Settings) -> Messenger:
        messenger = super()._make_messenger(settings)
        outbox = messenger.outbox
        for name in ("expand_one", "send_one"):  # before its loops begin
            setattr(outbox, name, self._counted(getattr(outbox, name)))
        if messenger.bot is not None:
            messenger.bot.pauses = BOT_PAUSES
        return messenger

    def _counted(self, turn: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        async def counted(*arguments: str) -> bool:
            self.turning += 1
            try:
                return await turn(*arguments)
            finally:
                self.turning -= 1

        return counted


def _coming(db: sql.Connection) -> list[tuple[datetime, timedelta]]:
    """When each step and each delivery is due, and how exactly that is to be kept."""
    unfinished = deliveries.c.state.in_([DeliveryState.PENDING.value, DeliveryState.SENDING.value])
    steps = select(alerts.c.next_step_at).where(alerts.c.next_step_at.is_not(None))
    sends = select(deliveries.c.next_at, deliveries.c.attempts).where(unfinished)
    coming = [(at, SECOND) for at in db.scalars(steps)]
    return coming + [
        (at, TOGETHER if attempts >= len(BACKOFF) else SECOND) for at, attempts in db.execute(sends)
    ]


def rounded(at: datetime, to: timedelta) -> datetime:
    """The next full second, or minute, that is not before `at`."""
    over = (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) % to
    return at if not over else at + to - over


async def _no_errand(page: str, errand: object) -> None:
    raise AssertionError(f"the schedule has no pages, and runs {page}")


async def _online() -> bool:
    return True


async def extracted(look: Look) -> Features:
    return await asyncio.to_thread(extract, look)


def serve(pipe: Connection, folder: Path, environ: Mapping[str, str], now: datetime) -> None:
    """The process: a daemon over the configuration in `folder`, beginning at `now`. It answers each Step with
    Stood; None stops it."""
    with (folder / "daemon.log").open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    logs.configure("text", level=30)
    asyncio.run(_served(pipe, folder, environ, now))


async def _served(pipe: Connection, folder: Path, environ: Mapping[str, str], now: datetime) -> None:
    orders: asyncio.Queue[Step | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def told() -> None:
        try:
            orders.put_nowait(pipe.recv())
        except EOFError:  # nobody is there any more
            loop.remove_reader(pipe.fileno())
            orders.put_nowait(None)

    loop.add_reader(pipe.fileno(), told)
    async with session(Settled(folder / "config", environ)) as opened:
        daemon = _stepped(make_daemon(opened, folder / "config"), now)
        running = asyncio.create_task(daemon.run())
        ready = asyncio.create_task(daemon.ready.wait())
        await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        pipe.send(Stood(None))
        while (order := await orders.get()) is not None:
            pipe.send(await daemon.step(order))
        daemon.stop()
        await running


def _stepped(daemon: Daemon, now: datetime) -> Stepped:
    """The daemon that the command would run, on faked time."""
    stepped = Stepped(
        daemon.settings,
        daemon.store,
        folder=daemon.folder,
        environ=daemon.environ,
        clock=daemon.clock,
        secret_key=daemon.secret_key,
        status_token=daemon.status_token,
        metrics_token=daemon.metrics_token,
    )
    return stepped.at(now)
