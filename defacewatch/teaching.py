"""Learning that somebody asked for in the console, done beside the watch."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from defacewatch.captures import Look, Validators
from defacewatch.check import Fetch, Rank
from defacewatch.errors import DefacewatchError
from defacewatch.features import Features
from defacewatch.language import N_, Translate
from defacewatch.learn import learn_page
from defacewatch.store import Store
from defacewatch.store.lessons import ATTEMPTS, LEASE, Lesson

AT_ONCE = 4  # lessons; most of one is waiting, and the browser has a limit of its own
EVERY = timedelta(seconds=5)  # between two samples
GAVE_UP = N_("It could not be learned: it ended the program, or took too long, again and again.")
NO_PICTURE = N_("No picture of it could be made.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counted:
    """A fetcher that tells when it has made a capture, and does not wait in front of what wakes somebody."""

    fetch: Fetch
    took: Callable[[], Awaitable[None]]

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look:
        return await self.fetch.probe(url, now=now, validators=validators)

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        look = await self.fetch.render(url, now=now, dwell=dwell, rank=max(rank, Rank.CHANGED))
        await self.took()
        return look


class Teaching:
    """Works on lessons that wait. `extract` reads a look, `renew` reads what another version has read."""

    def __init__(
        self,
        store: Store,
        fetch: Fetch,
        extract: Callable[[Look], Awaitable[Features]],
        *,
        renew: Callable[[str], Awaitable[object]],
        clock: Callable[[], datetime],
        translate: Callable[[], Translate],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        tick: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.store, self.fetch, self.extract, self.renew = store, fetch, extract, renew
        self.clock, self.translate, self.sleep, self.tick = clock, translate, sleep, tick

    async def all(self) -> None:
        """All lessons that are due, several at a time."""

        async def some() -> None:
            while await self.one():
                pass

        async def begun(lesson: Lesson) -> None:
            await self._given(lesson)
            await some()

        first = await self.store.lessons.claim(self.clock())
        if first is not None:  # most of the time there is none, and one question tells
            await asyncio.gather(begun(first), *(some() for _ in range(AT_ONCE - 1)))

    async def one(self) -> bool:
        """One lesson that is due. False where none is."""
        lesson = await self.store.lessons.claim(self.clock())
        return lesson is not None and await self._given(lesson)

    async def _given(self, lesson: Lesson) -> bool:
        """Hold a lesson that was claimed, or note why not."""
        if lesson.attempts > ATTEMPTS:
            await self._failed(lesson, self.translate()(GAVE_UP))
            return True
        try:
            await self._held(lesson)
        except DefacewatchError as error:
            await self._failed(lesson, str(error))
        except Exception as error:
            log.exception("a page could not be learned", page=lesson.page)
            await self._failed(lesson, type(error).__name__)
        return True

    async def _held(self, lesson: Lesson) -> None:
        """Work on a lesson and hold it meanwhile, however long the browser is waited for; where it was lost
        to another all the same, it is left to them."""
        work, hold = (asyncio.ensure_future(one) for one in (self._learn(lesson), self._hold(lesson)))
        try:
            await asyncio.wait((work, hold), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
            else:
                log.warning("a lesson was lost to another", page=lesson.page, attempt=lesson.attempts)
        finally:
            work.cancel()
            hold.cancel()
            await asyncio.gather(work, hold, return_exceptions=True)

    async def _hold(self, lesson: Lesson) -> None:
        """Renew the lease until the lesson is another's."""
        held = True
        while held:
            await self.tick(LEASE.total_seconds() / 6)
            try:
                held = await self.store.lessons.hold(lesson, now=self.clock())
            except DefacewatchError as error:
                log.warning("a lesson could not be held", page=lesson.page, error=str(error))

    async def _learn(self, lesson: Lesson) -> None:
        taken = 0

        async def took() -> None:
            nonlocal taken
            taken += 1
            await self.store.lessons.took(lesson, taken, now=self.clock())

        await self.renew(lesson.page)
        learned = await learn_page(
            lesson.page,
            fetch=Counted(self.fetch, took),
            extract=self.extract,
            checks=self.store.checks,
            baselines=self.store.baselines,
            samples=lesson.samples,
            every=EVERY,
            by=lesson.by,
            clock=self.clock,
            sleep=self.sleep,
        )
        if learned.capture is None:
            translate = self.translate()
            said = "; ".join(signal.sentence(translate) for signal in learned.verdict.signals)
            await self._failed(lesson, said or translate(NO_PICTURE))
            return
        kind = learned.verdict.kind
        await self.store.lessons.end(lesson, now=self.clock(), capture=learned.capture.id, verdict=kind)
        log.info("page learned", page=lesson.page, capture=learned.capture.id, verdict=kind.value)

    async def _failed(self, lesson: Lesson, error: str) -> None:
        log.warning("page not learned", page=lesson.page, error=error)
        await self.store.lessons.end(lesson, now=self.clock(), error=error[:500])
