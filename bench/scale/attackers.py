"""Who defaces pages during a run, and when each defacement was told on which channel."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from bench.scale.attacks import Kind
from bench.scale.farm import Defacement
from bench.scale.farmhand import Farmer, Field
from bench.scale.layout import Layout
from bench.scale.standins import Postman, Receipt
from bench.scale.storage import Opened, Stored
from bench.scale.subject import page_of

CHANNELS = ("telegram", "email")
RECORD = "record"  # no channel: when its alert was recorded
LOOK_EVERY = 1.0  # seconds between looks at what has arrived
IN_TURN = tuple(Kind)


@dataclass
class Told:
    """A defacement, the verdict of the incident that it led to, when that was recorded, and when each channel
    had the message (seconds since 1970)."""

    defacement: Defacement
    verdict: str | None = None
    recorded: float | None = None
    at: dict[str, float] = field(default_factory=dict)

    @property
    def everywhere(self) -> bool:
        return len(self.at) == len(CHANNELS)

    def when(self, what: str) -> float | None:
        """When it was recorded, or a channel had it; None: it has not."""
        return self.recorded if what == RECORD else self.at.get(what)


class Watch:
    """Matches what the channels received with what was done to the farm."""

    def __init__(self, farmer: Farmer, postman: Postman, stored: Stored, fields: Sequence[Field]) -> None:
        self.farmer, self.postman, self.stored = farmer, postman, stored
        self.numbers = {page_of(field): field.number for field in fields}
        self.told: dict[int, Told] = {}
        self.strays: dict[int, str] = {}  # incidents of pages that nobody defaced

    async def defaced(self, numbers: Iterable[int], kind: Kind) -> None:
        for one in await self.farmer.deface(numbers, kind):
            self.told[one.number] = Told(one)

    async def restore(self, some: Iterable[Told]) -> None:
        numbers = [told.defacement.number for told in some]
        if numbers:
            await self.farmer.restore(numbers)
            for number in numbers:
                self.told[number].defacement.restored_at = time.time()

    async def look(self) -> None:
        """Take over what has arrived since the last time."""
        seen = len(self.postman.receipts)
        receipts = (await self.postman.collect())[seen:]
        if receipts:
            known = await asyncio.to_thread(self.stored.incidents)
            for receipt in receipts:
                self._take(receipt, known)

    async def finish(self) -> None:
        """What the farm knows of each defacement, the first time that it was given away included."""
        await self.look()
        for one in await self.farmer.defaced():
            self.told[one.number].defacement = one

    def _take(self, receipt: Receipt, known: Mapping[int, Opened]) -> None:
        for incident in receipt.incidents:
            opened = known.get(incident, Opened("", "", 0.0))
            told = self.told.get(self.numbers.get(opened.page, -1))
            if told is None or receipt.at < told.defacement.at:
                self.strays[incident] = f"{opened.page} {opened.verdict}"
                continue
            told.verdict, told.recorded = opened.verdict, opened.at
            told.at.setdefault(receipt.channel, receipt.at)


class Attacker:
    """Defaces pages that nothing ails, each at most once a run: an incident stays open until a person ends
    it, and what it has told is not told again."""

    def __init__(self, watch: Watch, fields: Sequence[Field], layout: Layout) -> None:
        self.watch = watch
        dice = Random(layout.seed)
        healthy = [f for f in fields if layout.places[f.number].trouble is None]
        dice.shuffle(healthy)
        # those that can be defaced in fewest ways first, so that no kind runs out of pages before its time
        self.left = sorted(healthy, key=lambda one: Kind.SCRIPT in one.kinds)

    async def steadily(self, every: float, until: float) -> None:
        """One page every so many seconds, the kinds in turn, until a moment of the event loop's clock."""
        loop = asyncio.get_running_loop()
        due, turn = loop.time(), 0
        while loop.time() < until:
            if loop.time() >= due:
                await self._one(IN_TURN[turn % len(IN_TURN)])
                due, turn = due + every, turn + 1
            await self._settle()
            await asyncio.sleep(LOOK_EVERY)

    async def storm(self, count: int, until: float) -> None:
        """So many whole pages at once; they stay defaced."""
        some, self.left = self.left[:count], self.left[count:]
        await self.watch.defaced([one.number for one in some], Kind.WHOLE)
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            await self.watch.look()
            await asyncio.sleep(LOOK_EVERY)

    async def _one(self, kind: Kind) -> None:
        found = next((one for one in self.left if kind in one.kinds), None)
        if found is not None:
            self.left.remove(found)
            await self.watch.defaced([found.number], kind)

    async def _settle(self) -> None:
        """Restore what has been told everywhere, as its owner would."""
        await self.watch.look()
        told = (t for t in self.watch.told.values() if t.defacement.restored_at is None)
        await self.watch.restore([t for t in told if t.everywhere])
