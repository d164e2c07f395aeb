"""defacewatch over the same pages: the daemon at its defaults, and what its interval is made of.

At its defaults (a probe every 30 seconds, revalidation every 10 minutes, captures every 30 minutes) the whole
tree is measured for some minutes, captures included, when it has watched for a round of captures: like the
others it has then seen every page once. Then, without rounds of captures, what a probe costs,
of a page that is as it was and of one whose text has moved. Pages are defaced at last, at the defaults again:
who tells of incidents has more to do than who watches. What remains of the first figure does not follow the
interval of probes: see `costs`.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from bench.peers.costs import HOUR, Measured, Spell
from bench.peers.pages import BY_BROWSER, BY_CLIENT, Pages
from bench.peers.phases import DEFACED, PATIENCE, Say
from bench.peers.trees import LOOK_EVERY, Peak
from bench.scale.attackers import Watch
from bench.scale.attacks import Kind
from bench.scale.farmhand import Field
from bench.scale.helping import helping
from bench.scale.layout import Layout
from bench.scale.preparing import STORE, Prepared, Preparing, stage
from bench.scale.processes import Ledger
from bench.scale.standins import Postman
from bench.scale.storage import Stored
from bench.scale.subject import Pace, Subject
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError

NAME = "defacewatch"
EVERY = 30.0  # seconds between two probes of a page, by default
RENDERED = timedelta(minutes=30)
CAPTURE_TAKES = timedelta(seconds=1)  # of this host, about
WARM_UP = 75.0  # seconds after the start that are not measured: first all documents are read
BEFORE = 33.0  # minutes of watching before it is measured at its defaults, by default: a round of captures
_ONLY_PROBES = Pace(revalidate="24h", render="24h")


@dataclass(frozen=True)
class Ours:
    """`minutes` is how long the daemon is measured at its defaults, `before` for how long it has watched."""

    pages: Pages
    layout: Layout
    corpus: Path | None
    folder: Path
    minutes: float
    before: float
    seed: int
    say: Say

    async def run(self, into: Measured) -> None:
        """Measure it. Raises DefacewatchError where it cannot go on."""
        async with self._standing_in() as (addresses, postman):
            prepared = await self._prepared(addresses)
            every = timedelta(seconds=EVERY)
            over = max(RENDERED, CAPTURE_TAKES * len(self.pages.fields))
            await asyncio.to_thread(stage, prepared, self.folder, STORE, pace=every, captures_over=over)
            subject = Subject(self.folder, STORE, addresses)
            calm = [f for f in self.pages.fields if not any(f.url in odd for odd in prepared.odd)]
            Random(self.seed).shuffle(calm)
            some, rest = calm[: min(DEFACED, len(calm) // 2)], calm[min(DEFACED, len(calm) // 2) :]
            into.interval = EVERY
            peak = Peak()
            warm = max(WARM_UP, self.before * 60, over.total_seconds() if self.before else 0.0)
            self.say(f"{NAME}: watching for {warm / 60:.0f} minutes before it is measured")
            async with _running(subject, self.pages.fields, Pace(), into, peak, warm) as daemon:
                usual, captures = await daemon.usual(self.pages, self.minutes * 60)
                self.say(f"{NAME}: {usual.cpu:.1f} CPU-s in {usual.seconds:.0f} s, {captures} captures")
            async with _running(subject, rest, _ONLY_PROBES, into, peak) as daemon:
                await daemon.probes(Pages(self.pages.farmer, tuple(rest)), into)
                self.say(f"{NAME}: {into.unchanged_check:.4f} CPU-s a probe, with what an idle daemon costs")
            await self.pages.stand_still()
            async with _running(subject, self.pages.fields, Pace(), into, peak):
                await self._defaced(postman, some, into)
            into.unchanged = [replace(one, rss=peak.rss, pss=peak.pss) for one in into.unchanged]
            _tell(usual, captures, len(self.pages.fields), into)

    @asynccontextmanager
    async def _standing_in(self) -> AsyncIterator[tuple[Mapping[str, Any], Postman]]:
        control = free_port()
        async with (
            helping("bench.scale.standins", f"--control={control}") as (_, said),
            aiohttp.ClientSession() as client,
        ):
            if not said:
                raise DefacewatchError("the mail server and the Bot API server do not start")
            yield json.loads(said), Postman(client, control)

    async def _prepared(self, addresses: Mapping[str, Any]) -> Prepared:
        await self.pages.stand_still()
        await self.pages.delay(0.0)
        preparing = Preparing(self.layout, corpus=self.corpus is not None, fresh=False, say=self.say)
        prepared = await preparing.prepared(self.pages.fields, addresses)
        await self.pages.delay()
        return prepared

    async def _defaced(self, postman: Postman, some: Sequence[Field], into: Measured) -> None:
        """One page after the other, at moments that are spread evenly over an interval."""
        watch = Watch(self.pages.farmer, postman, Stored(self.folder, STORE), some)
        await postman.collect()
        began = time.monotonic()
        for n, field in enumerate(some):
            await asyncio.sleep(max(0.0, began + (n + 0.5) * EVERY / len(some) - time.monotonic()))
            await watch.defaced([field.number], Kind.WHOLE)
        until = time.monotonic() + 3 * EVERY + PATIENCE
        while time.monotonic() < until and not all(told.at for told in watch.told.values()):
            await asyncio.sleep(LOOK_EVERY)
            await watch.look()
        told = list(watch.told.values())
        into.waits = [min(one.at.values()) - one.defacement.at for one in told if one.at]
        into.untold = sum(not one.at for one in told)
        self.say(f"{NAME}: told {len(into.waits)} of {len(told)}, p50 {into.p50:.1f} s")
        await self.pages.restore(some)


class _Daemon:
    """The running daemon, and what its tree costs."""

    def __init__(self, subject: Subject, client: aiohttp.ClientSession, peak: Peak) -> None:
        self.subject, self.client, self.peak = subject, client, peak
        self.ledger = Ledger(subject.keeper)

    async def usual(self, pages: Pages, seconds: float) -> tuple[Spell, int]:
        """So many seconds in which nothing moves; and how many captures were among the looks."""
        await pages.stand_still()
        before = await self._captures()
        spell = await self._spell(pages, seconds, moving=frozenset())
        return spell, await self._captures() - before

    async def probes(self, pages: Pages, into: Measured) -> None:
        """Two intervals of probes in which nothing moves, and one in which each sees another text."""
        await pages.stand_still()
        into.unchanged.append(await self._spell(pages, 2 * EVERY, moving=frozenset()))
        await pages.move()
        into.changed.append(await self._spell(pages, EVERY, moving=pages.moving))
        seen = sum((await pages.asked((BY_BROWSER,))).values())
        if seen:
            into.remarks.append(f"{seen} documents were asked for by its browser while texts moved")

    async def _spell(self, pages: Pages, seconds: float, *, moving: frozenset[int]) -> Spell:
        asked, cpu, at = await pages.asked((BY_CLIENT,)), self.ledger.look().total, time.monotonic()
        await asyncio.sleep(seconds)
        spent, passed, later = (
            self.ledger.look().total - cpu,
            time.monotonic() - at,
            await pages.asked((BY_CLIENT,)),
        )
        moved = sum(later[n] - asked[n] for n in moving)
        still = sum(later[n] - asked[n] for n in later) - moved
        return Spell(spent, passed, moved, still, self.peak.rss, self.peak.pss, self.peak.processes)

    async def note(self) -> None:
        """Note memory for as long as this runs."""
        while True:
            self.peak.note([self.ledger.look()])
            await asyncio.sleep(LOOK_EVERY)

    async def _captures(self) -> int:
        found = await self.subject.metrics(self.client)
        return int(sum(value for (name, _), value in found.items() if name == "defacewatch_captures_total"))


@asynccontextmanager
async def _running(
    subject: Subject,
    fields: Sequence[Field],
    pace: Pace,
    into: Measured,
    peak: Peak,
    warm: float = WARM_UP,
) -> AsyncIterator[_Daemon]:
    """The daemon on these pages, `warm` seconds after its start; its memory is noted from the start."""
    subject.configure(fields, pace)
    await subject.start()
    try:
        async with aiohttp.ClientSession() as client:
            daemon = _Daemon(subject, client, peak)
            noting = asyncio.create_task(daemon.note())
            try:
                await asyncio.sleep(warm)
                yield daemon
            finally:
                noting.cancel()
                with suppress(asyncio.CancelledError):
                    await noting
    finally:
        into.remarks += [f"left behind: {process}" for process in (await subject.stop()).left]


def _tell(usual: Spell, captures: int, pages: int, into: Measured) -> None:
    """What does not follow the interval of probes, and the memory at the defaults."""
    hours = usual.seconds / HOUR
    whole = usual.cpu / pages / hours
    into.constant = max(0.0, whole - into.unchanged_check * HOUR / EVERY)
    into.remarks.append(
        f"at its defaults {whole:.2f} CPU-s a page and hour, of which {into.constant:.2f} for captures,"
        " revalidation and what else does not follow the interval"
    )
    if captures:
        each = (usual.cpu - into.unchanged_check * usual.checks) / captures
        into.remarks.append(
            f"a capture costs {each:.2f} CPU-s ({captures} in {usual.seconds:.0f} s);"
            " a page whose text has moved gets one within 10 minutes, beside the probe above"
        )
