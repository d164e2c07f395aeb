"""The pages that all monitors look at: a part of the scale bench's farm, or all of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.scale.attacks import Kind
from bench.scale.farmhand import Farmer, Field
from bench.scale.helping import farm_process
from bench.scale.layout import Layout
from bench.scale.mirrored import MIRROR, PROJECTS
from bench.scale.serving import MEDIAN
from defacewatch.demo.stage import free_port

AS_THEY_ARE = frozenset({*PROJECTS, MIRROR.name})  # real pages: what they say does not move
BY_ANY = BY_CLIENT, BY_BROWSER = "probes", "browsers"  # who asks, as the farm counts
SETTLES = 2.5  # seconds after which every moving page has moved, one update a second being published


@dataclass(frozen=True)
class Pages:
    """Some pages of the farm, by number."""

    farmer: Farmer
    fields: tuple[Field, ...]

    @property
    def urls(self) -> list[str]:
        return [field.url for field in self.fields]

    @property
    def moving(self) -> frozenset[int]:
        """Those whose text moves when the farm publishes."""
        return frozenset(field.number for field in self.fields if field.name not in AS_THEY_ARE)

    def some(self, count: int) -> "Pages":
        """So many of them, evenly out of all."""
        size = len(self.fields)
        if count >= size:
            return self
        return Pages(self.farmer, tuple(self.fields[n * size // count] for n in range(count)))

    async def stand_still(self) -> None:
        """From now on every page is as it was at first (its tokens apart); nothing has been counted."""
        await self.farmer.begin(update_every=0.0)

    async def move(self) -> None:
        """From now on the text of every moving page is another one each second."""
        await self.farmer.begin(update_every=1.0)
        await asyncio.sleep(SETTLES)

    async def asked(self, by: Sequence[str] = BY_ANY) -> dict[int, int]:
        """How often each page's document was asked for since it was last said how they move."""
        counts: Mapping[str, Mapping[str, int]] = (await self.farmer.counts(pages=True))["pages"]
        return {field.number: sum(counts[str(field.number)][name] for name in by) for field in self.fields}

    async def delay(self, median: float = MEDIAN) -> None:
        """Let answers take so long (seconds), and none be an error."""
        await self.farmer.mode(latency=median, failing=False, troubles=[])

    async def deface(self, field: Field) -> float:
        """Replace a page; when that was, in seconds since 1970."""
        return (await self.farmer.deface([field.number], Kind.WHOLE))[0].at

    async def restore(self, some: Sequence[Field]) -> None:
        await self.farmer.restore([field.number for field in some])


@asynccontextmanager
async def farmed(layout: Layout, corpus: Path | None) -> AsyncIterator[Pages]:
    """All pages of a farm that runs until the end of the block; answers take as long as real servers' do."""
    control = free_port()
    async with farm_process(layout, corpus, control), aiohttp.ClientSession() as client:
        pages = Pages(farmer := Farmer(client, control), tuple(await farmer.pages()))
        await pages.delay()
        yield pages
