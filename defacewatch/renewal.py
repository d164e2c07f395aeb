"""Features that another version of the engine made are made again from what was kept.

What another version made of a page means nothing to this one, and what is on the page by now is not what
somebody approved. So the approved look itself is read again, before anything is compared with it: page by
page, each before its first check, so that a large store does not keep the others waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from defacewatch.captures import Capture, Look
from defacewatch.errors import DefacewatchError
from defacewatch.features import Features

log = structlog.get_logger(__name__)

AT_ONCE = 2  # pages renewed ahead of their checks; those that are due renew their own meanwhile


class Kept(Protocol):
    """What it needs of the store."""

    async def outdated(self, version: int, *, page: str | None = None) -> list[Capture]: ...
    async def look(self, capture: Capture) -> Look: ...
    async def renew(self, capture_id: str, features: Features) -> None: ...
    async def is_approved(self, capture_id: str) -> bool: ...


class Renewal:
    """Makes the features of all captures that matter again, once a page, where they are not of `version`.

    What cannot be read again is said and left: the next start tries again, and until then a page whose
    approved looks are all among it counts as one that was never approved.
    """

    def __init__(self, kept: Kept, extract: Callable[[Look], Awaitable[Features]], *, version: int) -> None:
        self.kept, self.extract, self.version = kept, extract, version
        self.done: set[str] = set()  # pages of which nothing is left to do
        self.due: frozenset[str] | None = None  # all others than these, once that has been asked
        self.turns: dict[str, asyncio.Lock] = {}  # one for each page that is not done

    async def page(self, page_id: str) -> Sequence[Capture]:
        """Return once a page's captures can be compared with, the approved ones first; those that cannot.

        Raises what the store raises when it cannot be asked; the next call tries again.
        """
        if page_id in self.done or (self.due is not None and page_id not in self.due):
            return ()
        async with self.turns.setdefault(page_id, asyncio.Lock()):
            if page_id in self.done:
                return ()
            captures = await self.kept.outdated(self.version, page=page_id)
            left = [capture for capture in captures if not await self._renewed(capture)]
            self.done.add(page_id)
            self.turns.pop(page_id, None)
        return left

    async def begin(self) -> Sequence[str]:
        """Ask which pages have something to do, those with approved captures first; no other is asked about
        from then on."""
        pages = dict.fromkeys(capture.page for capture in await self.kept.outdated(self.version))
        self.due = frozenset(pages)
        return tuple(pages)

    async def all(self) -> None:
        """Every page that has something to do, those with approved captures first."""
        pages = await self.begin()
        if not pages:
            return
        log.info("reading kept captures again", pages=len(pages), version=self.version)
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(page: str) -> None:
            async with slots:
                try:
                    await self.page(page)
                except Exception:
                    log.exception("kept captures not read again", page=page)

        await asyncio.gather(*(one(page) for page in pages))
        log.info("kept captures read again", pages=len(pages))

    async def _renewed(self, capture: Capture) -> bool:
        """Whether a capture could be made again; whatever one of them does, the others have their turn."""
        try:
            await self.kept.renew(capture.id, await self.extract(await self.kept.look(capture)))
        except Exception as error:
            known = isinstance(error, DefacewatchError)
            about = {"page": capture.page, "capture": capture.id, "error": str(error) or repr(error)}
            if await self.kept.is_approved(capture.id):
                log.error(
                    f"the approved look of {capture.page} cannot be read again, so it is not watched:"
                    f" defacewatch learn {capture.page}, then approve what it proposes",
                    exc_info=not known,
                    **about,
                )
            else:
                log.warning("a kept capture cannot be read again", exc_info=not known, **about)
            return False
        return True
