"""Pages at whose last check nothing was amiss: what it takes to see, at little cost, that nothing is still.

What is here saves work and nothing else: it may be lost at any time. The store stays the judge. A page that
a person or another process has moved is forgotten as soon as its looks are noted, and checked in full.
"""

import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from defacewatch.captures import Look, Probe, Tier, TlsProblem, Validators
from defacewatch.compare.noise import normal_url
from defacewatch.compare.sameness import only_noise
from defacewatch.looks import Seen
from defacewatch.records import Outcome, Quiet
from defacewatch.verdicts import VerdictKind

SHELF = 96 * 1024 * 1024  # bytes of documents that are kept to compare with, compressed
LARGEST = 2 * 1024 * 1024  # characters of one


@dataclass(frozen=True)
class Calm:
    """A page as its last full check left it: the version of its state, what to ask conditionally with, and
    the way to its document (redirects, and what is wrong with the certificate)."""

    page: str
    url: str
    version: int
    validators: Validators
    way: tuple[str, ...] = ()


class CalmPages:
    """What is known of calm pages, and the looks that found nothing new and wait to be noted."""

    def __init__(self, note: Callable[[Sequence[Quiet]], Awaitable[frozenset[str]]]) -> None:
        self._note = note
        self._pages: dict[str, Calm] = {}
        self._documents: OrderedDict[str, bytes] = OrderedDict()
        self._shelved = 0
        self._quiet: dict[str, Quiet] = {}

    def get(self, page_id: str) -> Calm | None:
        return self._pages.get(page_id)

    def settle(self, outcome: Outcome, last: Seen) -> None:
        """Remember a page after a full check that has been recorded, or forget it."""
        page = outcome.context.page
        if not _is_calm(outcome, last):
            self.forget(page.id)
            return
        # `record` has moved the version by one
        validators = outcome.validators or outcome.context.validators
        way = _way(last.look.probe)
        self._pages[page.id] = Calm(page.id, page.url, outcome.context.version + 1, validators, way)
        if last.look.probe.html:
            self._shelve(page.id, last.look.probe.html)

    def forget(self, page_id: str) -> None:
        self._pages.pop(page_id, None)
        self._quiet.pop(page_id, None)
        self._shelved -= len(self._documents.pop(page_id, b""))

    def is_still(self, calm: Calm, look: Look) -> bool:
        """Whether a probe of a calm page found nothing that a full check could find more in."""
        probe = look.probe
        if probe.failure is not None or probe.refusals or _way(probe) != calm.way:
            return False
        if probe.not_modified:
            return True
        document = self._documents.get(calm.page)
        if document is None or not probe.html or probe.truncated or probe.status != 200:
            return False
        self._documents.move_to_end(calm.page)
        return only_noise(zlib.decompress(document).decode("utf-8", "replace"), probe.html)

    def saw(self, calm: Calm, at: datetime) -> None:
        """A look at a calm page that found nothing new; it is written with others, by `flush`."""
        self._quiet[calm.page] = Quiet(calm.page, calm.version, at)

    async def flush(self) -> frozenset[str]:
        """Write what waits. Pages that have moved since are forgotten, and returned. What cannot be written
        now waits for the next time; raises StoreError."""
        looks = list(self._quiet.values())
        if not looks:
            return frozenset()
        moved = await self._note(looks)
        for look in looks:
            if self._quiet.get(look.page) == look:
                del self._quiet[look.page]
        for page in moved:
            self.forget(page)
        return moved

    def _shelve(self, page_id: str, html: str) -> None:
        self._shelved -= len(self._documents.pop(page_id, b""))
        if len(html) > LARGEST:
            return
        document = zlib.compress(html.encode("utf-8", "replace"), 1)
        self._documents[page_id] = document
        self._shelved += len(document)
        while self._shelved > SHELF:
            self._shelved -= len(self._documents.popitem(last=False)[1])


def _way(probe: Probe) -> tuple[str, ...]:
    """How a probe came to its document, without what is another each time (session ids in addresses)."""
    hops = (f"{hop.status} {normal_url(hop.location)}" for hop in probe.hops)
    tls = probe.tls
    return (*hops, *(() if tls is None else (f"{tls.problem} {tls.fingerprint}",)))


def _is_calm(outcome: Outcome, last: Seen) -> bool:
    """Whether the next probe may be compared with this look alone: nothing is open, nothing is owed."""
    context, verdict, probe = outcome.context, outcome.verdict, last.look.probe
    captured = outcome.served_hash if outcome.tier is Tier.RENDER else context.captured_hash
    served = outcome.served_hash or context.served_hash
    return (
        verdict.kind is VerdictKind.CLEAN
        and not verdict.wavered
        and outcome.change.incident is None
        and context.baseline is not None
        and outcome.streak.failures == 0
        and not outcome.browser_failed
        and not outcome.alerts
        and probe.failure is None
        and not probe.refusals
        # of one that ends soon people are reminded, which is for the full check to do
        and (probe.tls is None or probe.tls.problem is not TlsProblem.EXPIRES_SOON)
        and served is not None
        and served == captured
    )
