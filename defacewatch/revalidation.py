"""The cheap round: is what a page is made of still what the browser last loaded?

Each thing is asked for conditionally. One that has changed sends the browser to the page: a style sheet, a
picture or somebody else's script can deface a page whose document stays as it is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from defacewatch.captures import Failure, Material, Probe, Validators
from defacewatch.materials import body_hash_of, given, has_changed, is_worth_asking

WITHIN = timedelta(seconds=10)  # for one thing; one that does not come says nothing
WHOLE = 120.0  # seconds for all of a page; the next round begins with what is left then
MORE = 10.0  # seconds for what else has changed, once something has: the browser is to come soon
BEHIND = timedelta(hours=1)  # that a thing which did not come in time waits behind those that do
MEMORY = 100_000  # answers remembered: many pages are made of the same things;
LASTS = timedelta(days=1)  # for so long, as addresses with a version in them are never asked for again
_NEVER = datetime.min.replace(tzinfo=UTC)


class Asking(Protocol):
    async def probe(
        self,
        url: str,
        *,
        now: datetime,
        validators: Validators | None = None,
        timeout: timedelta | None = None,
    ) -> Probe: ...


@dataclass(frozen=True)
class Found:
    """What a round found: the things that are others than the browser loaded, each as it was `given`.
    `cut` says that its time was over before all had been asked for."""

    changed: tuple[Material, ...] = ()
    cut: bool = False

    @property
    def word(self) -> str:
        """`changed`, `cut` or `same`: a round that was not finished has not found the page unchanged."""
        if self.changed:
            return "changed"
        return "cut" if self.cut else "same"


@dataclass(frozen=True)
class _Answer:
    at: datetime
    changed: Material | None
    late: bool


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
        self._answers: OrderedDict[Material, _Answer] = OrderedDict()
        self._asking: dict[Material, asyncio.Task[_Answer]] = {}

    async def ask(self, page_id: str) -> Found:
        """Ask for all that a page is made of, what was not asked for the longest time first.

        It goes on for a while after the first change: a server that answers us otherwise than browsers does
        so for many things, and one look of the browser then tells of all of them.
        """
        things = [material for material in await self.materials(page_id) if is_worth_asking(material)]
        changed: list[Material] = []
        loop = asyncio.get_running_loop()
        end = loop.time() + WHOLE
        try:
            async with asyncio.timeout_at(end) as limit:
                for material in self._in_turn(things):
                    got = (await self._answer(_bare(material))).changed
                    if got is None:
                        continue
                    if not changed:
                        limit.reschedule(min(end, loop.time() + MORE))
                    changed.append(replace(got, kind=material.kind, restless=material.restless))
        except TimeoutError:
            return Found(tuple(changed), cut=True)
        return Found(tuple(changed))

    def _in_turn(self, things: Iterable[Material]) -> list[Material]:
        """Where the last round stopped, this one goes on; things that take all the time there is keep no
        other from its turn, and still have theirs. What need not be asked for again comes first."""

        def turn(material: Material) -> tuple[bool, datetime]:
            last = self._answers.get(_bare(material))
            if last is None:
                return True, _NEVER
            return not self._is_fresh(last), last.at + BEHIND if last.late else last.at

        return sorted(things, key=turn)

    def _is_fresh(self, answer: _Answer) -> bool:
        # none where the clock was set back since: nobody knows how old it is
        return timedelta(0) <= self.clock() - answer.at < self.fresh

    async def _answer(self, material: Material) -> _Answer:
        known = self._answers.get(material)
        if known is not None and self._is_fresh(known):
            return known
        asking = self._asking.get(material)
        if asking is None:
            asking = self._asking[material] = asyncio.create_task(self._ask(material))
            asking.add_done_callback(lambda _: self._asking.pop(material, None))
        return await asyncio.shield(asking)

    async def _ask(self, material: Material) -> _Answer:
        now = self.clock()
        self.asked += 1
        known = Validators(material.etag, material.last_modified, body_hash_of(material))
        probe = await self.http.probe(material.url, now=now, validators=known, timeout=WITHIN)
        changed = given(material, probe) if has_changed(material, probe) else None
        answer = _Answer(now, changed, late=probe.failure is Failure.TIMEOUT)
        self._answers.pop(material, None)
        self._answers[material] = answer
        while len(self._answers) > MEMORY or next(iter(self._answers.values())).at < now - LASTS:
            self._answers.popitem(last=False)
        return answer


def _bare(material: Material) -> Material:
    """`material` without what pages may differ in that are made of it."""
    return replace(material, kind="", restless=0)
