"""One measured run: farm and stand-ins as processes of their own, the real daemon, and who defaces pages."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bench.scale.attackers import Attacker, Told, Watch
from bench.scale.attacks import Kind
from bench.scale.farmhand import Farmer
from bench.scale.figures import Labels
from bench.scale.helping import farm_process, helping
from bench.scale.layout import Layout, Trouble
from bench.scale.preparing import STORE, Preparing, stage
from bench.scale.processes import Ledger, Usage, descendants, host_cpu, own_cpu
from bench.scale.reading import Reader
from bench.scale.serving import MEDIAN
from bench.scale.standins import Postman
from bench.scale.storage import Sizes, Stored
from bench.scale.subject import Ending, Pace, Subject, key_of, page_of
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError
from tests.postgres import Cluster

SAMPLE_EVERY = 5.0  # seconds
SCRAPE_EVERY = 3  # samples, of which one has the daemon's metrics with it
CAPTURE_TAKES = timedelta(seconds=1)  # of this host, about: what a long-running daemon could have captured

Metrics = Mapping[tuple[str, Labels], float]


@dataclass(frozen=True)
class Plan:
    """What is run. Times in seconds; `deface_every` 0: nothing is defaced. `storm`: so many pages at once, in
    the middle of the time that is measured. `again`: minutes after which the daemon is started once more,
    before the warm-up; 0: it is not."""

    layout: Layout
    pace: Pace = field(default_factory=Pace)
    minutes: float = 10.0
    warmup: float = 2.0
    again: float = 0.0
    deface_every: float = 20.0
    storm: int = 0
    troubles: frozenset[Trouble] = frozenset()
    update_every: float = 7200.0
    reading: bool = False  # the console, meanwhile
    tiers: bool = False  # tell apart what the daemon's CPU time is for, which takes some
    postgresql: bool = False
    corpus: Path | None = None
    fresh: bool = False
    name: str = ""


@dataclass(frozen=True)
class Sample:
    """The host at one moment; CPU in seconds since each began, `at` on the monotonic clock."""

    at: float
    tree: Usage
    farm: float
    standins: float
    bench: float
    database: float
    host: float
    metrics: Metrics | None = None


@dataclass
class Run:
    """What came of it. `samples` are of the measured time; `split` is the metrics when the storm began."""

    plan: Plan
    samples: list[Sample] = field(default_factory=list)
    first: Metrics = field(default_factory=dict)
    split: Metrics | None = None
    last: Metrics = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    answers: dict[str, list[float]] = field(default_factory=dict)  # seconds, by the console's page
    strays: dict[int, str] = field(default_factory=dict)
    before: Sizes = field(default_factory=lambda: Sizes(0, 0, 0, 0))
    after: Sizes = field(default_factory=lambda: Sizes(0, 0, 0, 0))
    began: dict[str, Any] = field(default_factory=dict)  # what the farm had counted when it began, and
    counts: dict[str, Any] = field(default_factory=dict)  # … at its end
    ended: Ending = field(default_factory=lambda: Ending(0, (), 0.0))
    ended_at: float = 0.0  # seconds since 1970
    healthy: float = 0.0
    odd: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def allowed(self, kind: Kind) -> float:
        """The seconds within which a defacement of that kind must have been told."""
        pace = self.plan.pace
        seen = pace.probe if kind in (Kind.WHOLE, Kind.LINKS) else pace.revalidate
        return _seconds(seen) + _seconds(pace.confirm)

    @property
    def seconds(self) -> float:
        return self.samples[-1].at - self.samples[0].at if len(self.samples) > 1 else 0.0


async def measured(plan: Plan, *, say: Callable[[str], None], folder: Path | None = None) -> Run:
    """Prepare the store, run the daemon, and measure it. Raises DefacewatchError when something does not run.

    `folder` is kept; without it a temporary one is used.
    """
    run = Run(plan)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(aiohttp.ClientSession())
        control, postbox = free_port(), free_port()
        farm = await stack.enter_async_context(farm_process(plan.layout, plan.corpus, control))
        standins, addresses = await stack.enter_async_context(standins_process(postbox))
        farmer, postman = Farmer(client, control), Postman(client, postbox)
        fields = await farmer.pages()
        preparing = Preparing(plan.layout, corpus=plan.corpus is not None, fresh=plan.fresh, say=say)
        prepared = await preparing.prepared(fields, addresses)
        run.odd = prepared.odd
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="defacewatch-scale-")))
        cluster, url = stack.enter_context(_store(plan))
        pace, rounds = _seconds(plan.pace.probe), _seconds(plan.pace.render)
        over = max(timedelta(seconds=rounds), CAPTURE_TAKES * len(fields))
        await asyncio.to_thread(
            stage, prepared, folder, url, pace=timedelta(seconds=pace), captures_over=over
        )
        subject = Subject(folder, url, addresses, tiers=plan.tiers)
        subject.configure(fields, plan.pace)
        await farmer.begin(update_every=plan.update_every)
        await farmer.mode(latency=MEDIAN, failing=True, troubles=[t.value for t in plan.troubles])
        say(f"starting the daemon on {len(fields)} pages")
        stack.push_async_callback(subject.stop)  # also one that never gets well
        run.healthy = await subject.start()
        if plan.again:
            await asyncio.sleep(plan.again * 60)
            say("starting the daemon again")
            first = await subject.stop()
            if first.status or first.left:
                run.problems.append(f"the first daemon ended with {first.status} and left {first.left}")
            run.healthy = await subject.start()
        observer = _Observer(subject, client, farm, standins, cluster)
        await asyncio.sleep(plan.warmup * 60)
        stored = Stored(folder, url)
        watch = Watch(farmer, postman, stored, fields)
        if plan.reading:
            reader = Reader(subject, key_of(fields[0].number), page_of(fields[0]), run.answers)
            reading = asyncio.create_task(reader.read())
            stack.callback(reading.cancel)
        await _observed(run, observer, watch, Attacker(watch, fields, plan.layout), stored, say)
        run.told, run.strays = list(watch.told.values()), watch.strays
        run.ended_at = time.time()
        run.ended = await subject.stop()
    return run


async def _observed(
    run: Run,
    observer: "_Observer",
    watch: Watch,
    attacker: Attacker,
    stored: Stored,
    say: Callable[[str], None],
) -> None:
    """The time that is measured: samples are taken while pages are defaced."""
    plan, loop = run.plan, asyncio.get_running_loop()
    run.began = await watch.farmer.counts()
    run.before = await asyncio.to_thread(stored.sizes)
    run.first = await observer.subject.metrics(observer.client)
    until = loop.time() + plan.minutes * 60
    say(f"measuring for {plan.minutes:g} minutes")
    attack = asyncio.create_task(_attack(run, observer, attacker, until))
    number = 0
    try:
        while True:
            run.samples.append(await observer.sample(scrape=number % SCRAPE_EVERY == 0))
            number += 1
            if loop.time() >= until or attack.done():
                break
            await asyncio.sleep(min(SAMPLE_EVERY, max(0.0, until - loop.time())))
        await attack
    finally:
        attack.cancel()
    run.last = await observer.subject.metrics(observer.client)
    run.counts = await watch.farmer.counts()
    run.after = await asyncio.to_thread(stored.sizes)
    await watch.finish()


async def _attack(run: Run, observer: "_Observer", attacker: Attacker, until: float) -> None:
    plan, loop = run.plan, asyncio.get_running_loop()
    if plan.storm:
        calm = plan.minutes * 60 / 3
        await asyncio.sleep(calm)
        run.split = await observer.subject.metrics(observer.client)
        await attacker.storm(plan.storm, until)
    elif plan.deface_every:
        await attacker.steadily(plan.deface_every, until)
    else:
        await asyncio.sleep(until - loop.time())


class _Observer:
    """Takes samples of the daemon's tree and of everything that shares the host with it."""

    def __init__(
        self,
        subject: Subject,
        client: aiohttp.ClientSession,
        farm: int,
        standins: int,
        cluster: Cluster | None,
    ) -> None:
        self.subject, self.client, self.farm, self.standins = subject, client, farm, standins
        self.postmaster = _postmaster(cluster) if cluster else None
        self.ledger = Ledger(subject.keeper)

    async def sample(self, *, scrape: bool) -> Sample:
        sample = await asyncio.to_thread(self._look)
        if scrape:
            return replace(sample, metrics=await self.subject.metrics(self.client))
        return sample

    def _look(self) -> Sample:
        own = os.times()
        database = 0.0
        if self.postmaster is not None:
            database = own_cpu(self.postmaster) + sum(p.own for p in descendants(self.postmaster))
        return Sample(
            time.monotonic(),
            self.ledger.look(),
            own_cpu(self.farm),
            own_cpu(self.standins),
            own.user + own.system,
            database,
            host_cpu(),
        )


@asynccontextmanager
async def standins_process(control: int) -> AsyncIterator[tuple[int, Mapping[str, Any]]]:
    async with helping("bench.scale.standins", f"--control={control}") as (process, line):
        if not line:
            raise DefacewatchError("the mail server and the Bot API server do not start")
        yield process, json.loads(line)


@contextmanager
def _store(plan: Plan) -> Iterator[tuple[Cluster | None, str]]:
    """The store's URL, and the PostgreSQL cluster that it is in, if any."""
    if not plan.postgresql:
        yield None, STORE
        return
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster, cluster.url(cluster.database())
    finally:
        cluster.stop()


def _postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def _seconds(text: str) -> float:
    """An interval as the configuration has it ('30s', '10m', '1h')."""
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]
