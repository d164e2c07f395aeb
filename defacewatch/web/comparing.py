"""Comparisons that pages show: one at a time, since each takes a processor for a while, and remembered."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

from defacewatch.verdicts import Verdict

KEPT = 128  # verdicts, of the captures that were looked at last


class Comparisons:
    """Verdicts on captures, by what they were made of."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Verdict] = OrderedDict()
        self._turn = asyncio.Lock()

    async def verdict(
        self, key: Hashable, compare: Callable[[], Awaitable[Verdict | None]]
    ) -> Verdict | None:
        """What `compare` says; at once where it has said so before. Whoever comes meanwhile waits for their
        turn, and has read nothing yet: what is compared is read by `compare`. None, and what it raises, is
        not remembered."""
        async with self._turn:
            known = self._known.get(key)
            if known is None:
                known = await compare()
                if known is None:
                    return None
                self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return known
