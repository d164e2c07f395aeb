"""What every monitor goes through: it learns, looks at pages that stand still and that move, and is timed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bench.peers.costs import Measured, Spell
from bench.peers.pages import Pages
from bench.peers.receiver import Receiver
from bench.peers.trees import Peak
from bench.scale.farmhand import Field

LEAST = 20.0  # seconds of a round over pages that stand still: an idle server costs something too
DEFACED = 30  # pages, at most
SPAN = 10.0  # seconds over which they are defaced, at least
PATIENCE = 60.0  # seconds beyond three intervals in which a defacement may be told
QUIET, QUIET_WITHIN = 3.0, 300.0  # seconds without a message, and the longest wait for that
_POLL = 0.1

Say = Callable[[str], None]


class Monitor(Protocol):
    """What a monitor is asked."""

    batch: bool
    peak: Peak

    async def begin(self, pages: Pages, receiver: Receiver) -> None: ...
    async def round(self, least: float) -> None: ...
    def cpu(self) -> float: ...
    def watching(self) -> AbstractAsyncContextManager[None]: ...
    async def failures(self) -> list[str]: ...
    async def end(self) -> list[str]: ...


@dataclass(frozen=True)
class Course:
    """A monitor's way through all phases; `rounds` of each kind. It has told all when nothing has come for
    `quiet` seconds; pages are defaced over `span` seconds at least."""

    pages: Pages
    receiver: Receiver
    rounds: int
    seed: int
    say: Say
    quiet: float = QUIET
    span: float = SPAN

    async def run(self, monitor: Monitor, into: Measured) -> None:
        """Measure it. Raises DefacewatchError where it cannot go on; `into` holds what came before that."""
        await self.pages.stand_still()
        try:
            await monitor.begin(self.pages, self.receiver)
            await monitor.round(0.0)
            await self._quiet(into)
            self.say(f"{into.name}: has learned {len(self.pages.fields)} pages")
            for _ in range(self.rounds):
                into.unchanged.append(await self._still(monitor))
            self.say(
                f"{into.name}: {into.unchanged_check:.3f} CPU-s a check, {into.rate:.0f} checks a minute"
            )
            for _ in range(self.rounds):
                into.changed.append(await self._moved(monitor, into))
            self.say(f"{into.name}: {into.changed_check:.3f} CPU-s where the text has moved")
            calm = into.unchanged
            into.interval = (
                len(self.pages.fields) * sum(o.seconds for o in calm) / sum(o.checks for o in calm)
            )
            async with monitor.watching():
                await self._defaced(into)
            count = len(into.waits)
            self.say(f"{into.name}: told {count} of {count + into.untold}, p50 {into.p50:.1f} s")
            into.remarks += [f"it says: {failure[:120]}" for failure in (await monitor.failures())[:3]]
        finally:
            into.remarks += [f"left behind: {process}" for process in await monitor.end()]

    async def _still(self, monitor: Monitor) -> Spell:
        asked, cpu, at = await self.pages.asked(), monitor.cpu(), time.monotonic()
        await monitor.round(LEAST)
        seconds, cpu, later = time.monotonic() - at, monitor.cpu() - cpu, await self.pages.asked()
        checks = sum(later[n] - asked[n] for n in later)
        peak = monitor.peak
        return Spell(cpu, seconds, 0, checks, peak.rss, peak.pss, peak.processes)

    async def _moved(self, monitor: Monitor, into: Measured) -> Spell:
        """There and back: a text moves between any two looks at it, and at last to what it was at first; then
        until all has been told. Every look at a moving page is at a new text, but those after its first look
        on the way back."""
        began = time.time()
        await self.pages.move()
        asked, cpu, at = await self.pages.asked(), monitor.cpu(), time.monotonic()
        await monitor.round(0.0)
        there = await self.pages.asked()
        await self.pages.stand_still()
        await monitor.round(0.0)
        await self._quiet(into)
        seconds, cpu, back = time.monotonic() - at, monitor.cpu() - cpu, await self.pages.asked()
        moving = self.pages.moving
        moved = sum(there[n] - asked[n] for n in moving) + sum(min(1, back[n]) for n in moving)
        still = sum(there[n] - asked[n] + back[n] for n in there) - moved
        told = sum(
            self.receiver.told(f.url, began) is not None for f in self.pages.fields if f.number in moving
        )
        if told < len(moving):
            into.remarks.append(f"of {len(moving)} pages whose text had moved {told} were told")
        peak = monitor.peak
        return Spell(cpu, seconds, moved, still, peak.rss, peak.pss, peak.processes)

    async def _defaced(self, into: Measured) -> None:
        """One page after the other, at moments that are spread evenly over an interval."""
        fields = list(self.pages.fields)
        Random(self.seed).shuffle(fields)
        fields = fields[:DEFACED]
        span = max(self.span, into.interval)
        began, done = time.monotonic(), dict[Field, float]()
        for n, field in enumerate(fields):
            await asyncio.sleep(max(0.0, began + (n + 0.5) * span / len(fields) - time.monotonic()))
            done[field] = await self.pages.deface(field)
        until = time.monotonic() + 3 * into.interval + PATIENCE
        while len(into.waits) < len(done) and time.monotonic() < until:
            await asyncio.sleep(_POLL)
            into.waits = self._told(done)
        into.untold = len(done) - len(into.waits)
        await self.pages.restore(fields)

    def _told(self, done: dict[Field, float]) -> list[float]:
        found = ((self.receiver.told(field.url, at), at) for field, at in done.items())
        return [told - at for told, at in found if told is not None]

    async def _quiet(self, into: Measured) -> None:
        try:
            async with asyncio.timeout(QUIET_WITHIN):
                await self.receiver.quiet(self.quiet)
        except TimeoutError:
            into.remarks.append(f"it still told of something after {QUIET_WITHIN:.0f} s")
