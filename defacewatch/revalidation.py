"""The cheap round: is what a page is made of still what the browser last loaded?

Each thing is asked for conditionally. One that has changed sends the browser to the page: a style sheet, a
picture or somebody else's script can deface a page whose document stays as it is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from defacewatch.captures import Material, Probe, Validators
from defacewatch.materials import has_changed, is_worth_asking, with_body

WITHIN = timedelta(seconds=10)  # for one thing; one that does not come says nothing
WHOLE = 120.0  # seconds for all of a page; what is left then waits for the next round
MEMORY = 100_000  # answers remembered: many pages are made of the same things


class Asking(Protocol):
    async def probe(
        self,
        url: str,
        *,
        now: datetime,
        validators: Validators | None = None,
        timeout: timedelta | None = None,
    ) -> Probe: ...


class Revalidation:
    """Asks for what pages are made of. An answer serves all pages that know the same thing in the same state,
    for `fresh`; what a page is made of then tells within its round and `fresh` together."""

    def __init__(
        self,
        http: Asking,
        materials: Callable[[str], Awaitable[tuple[Material, ...]]],
        *,
        clock: Callable[[], datetime],
        fresh: timedelta,
    ) -> None:
        self.http, self.materials, self.clock, self.fresh = http, materials, clock, fresh
        self.asked = 0  # requests made
        self._answers: OrderedDict[Material, tuple[datetime, Material | None]] = OrderedDict()
        self._asking: dict[Material, asyncio.Task[Material | None]] = {}

    async def changed(self, page_id: str) -> Material | None:
        """The first thing of a page that is another than the browser loaded, as it is to be known from now
        on: with the body that it has now. None where there is none."""
        things = [material for material in await self.materials(page_id) if is_worth_asking(material)]
        try:
            async with asyncio.timeout(WHOLE):
                return await self._first(things)
        except TimeoutError:
            return None

    async def _first(self, things: Sequence[Material]) -> Material | None:
        for material in things:
            found = await self._answer(replace(material, kind="", restless=0))
            if found is not None:
                return replace(found, kind=material.kind, restless=material.restless)
        return None

    async def _answer(self, material: Material) -> Material | None:
        known = self._answers.get(material)
        if known is not None and self.clock() - known[0] < self.fresh:
            return known[1]
        asking = self._asking.get(material)
        if asking is None:
            asking = self._asking[material] = asyncio.create_task(self._ask(material))
            asking.add_done_callback(lambda _: self._asking.pop(material, None))
        return await asyncio.shield(asking)

    async def _ask(self, material: Material) -> Material | None:
        """The thing as it is now, where it is another."""
        now = self.clock()
        self.asked += 1
        known = Validators(material.etag, material.last_modified, next(iter(material.hashes), None))
        probe = await self.http.probe(material.url, now=now, validators=known, timeout=WITHIN)
        found = None
        if has_changed(material, probe):
            body = probe.body_hash if probe.status == 200 and not probe.truncated else None
            found = with_body(material, body) if body else material
        self._answers.pop(material, None)
        self._answers[material] = now, found
        if len(self._answers) > MEMORY:
            self._answers.popitem(last=False)
        return found
