"""What the daemon writes while the console is asked: looks that found nothing, and full checks.

Nothing is fetched, shown or compared: only what the store does for a watch is done, through the same calls
and in the process that serves, as the daemon does it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle

from defacewatch.captures import Tier
from defacewatch.daemon import NOTE_EVERY
from defacewatch.errors import Moved
from defacewatch.incidents import advance
from defacewatch.records import Context, Outcome, Quiet
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind

LOOKS = 33  # a second that found nothing: 1,000 pages, each every 30 s
FULL = 1  # checks a second that go the whole way


class Watching:
    """`looks` and `checks` are what was written so far."""

    def __init__(self, store: Store, pages: Sequence[str]) -> None:
        self._store, self._next, self._others = store, cycle(pages), cycle(reversed(pages))
        self._version: dict[str, int] = {}
        self.looks = self.checks = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(self._calm(), self._full())

    async def _calm(self) -> None:
        while True:
            some = [next(self._next) for _ in range(round(LOOKS * NOTE_EVERY))]
            for page in some:
                if page not in self._version:
                    self._version[page] = (await self._context(page)).version
            quiet = [Quiet(page, self._version[page], datetime.now(UTC)) for page in some]
            moved = await self._store.checks.quiet(quiet)
            for page in moved:
                del self._version[page]
            self.looks += len(quiet) - len(moved)
            await asyncio.sleep(NOTE_EVERY)

    async def _full(self) -> None:
        while True:
            context = await self._context(next(self._others))
            verdict, now = Verdict(VerdictKind.CLEAN), datetime.now(UTC)
            streak = context.streak.after(verdict.kind, Tier.RENDER)
            change = advance(context.incident, context.page.id, verdict, now, failures=streak.failures)
            try:
                await self._store.checks.record(Outcome(context, now, Tier.RENDER, verdict, change, streak))
                self.checks += 1
            except Moved:
                pass  # a look that was written meanwhile
            await asyncio.sleep(1 / FULL)

    async def _context(self, page: str) -> Context:
        return await self._store.checks.context(page, now=datetime.now(UTC))
