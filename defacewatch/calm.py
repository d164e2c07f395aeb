"""Pages at whose last check nothing was amiss: what it takes to see, at little cost, that nothing is still.
An incident of theirs may wait to be resolved.

What is here saves work and nothing else: it may be lost at any time. The store stays the judge. A page that
a person or another process has moved is forgotten as soon as its looks are noted, and checked in full. What
is known survives a restart where `calmshelf` keeps it.

How long a page may be calm is counted from its last full check by a clock that nobody sets: a clock of the
host that is set back makes no page calm for longer. One that is set forward ends its calm early.
"""

import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from defacewatch.captures import Look, Probe, Tier, TlsProblem, Validators
from defacewatch.compare.domains import host_of
from defacewatch.compare.noise import normal_url
from defacewatch.compare.sameness import only_noise
from defacewatch.compare.updates import is_little_news
from defacewatch.looks import Seen, pause_before
from defacewatch.records import Outcome, Quiet
from defacewatch.verdicts import VerdictKind
from defacewatch.workers import TooMuch

SHELF = 96 * 1024 * 1024  # bytes of documents that are kept to compare with, compressed
LARGEST = 2 * 1024 * 1024  # characters of one
MOST_HEAVY = 10_000  # pages
PLAIN = 100_000  # pages
REREADS = 2.0  # a second, of documents that differ in noise; each takes some 80 ms of a worker

# Whether a document, compressed, and the next one, at an address, differ in a little news only.
Reads = Callable[[bytes, str, str], Awaitable[bool]]


@dataclass(frozen=True)
class Calm:
    """A page as its last full check left it: the version of its state, what to ask conditionally with, and
    the way to its document (redirects, and what is wrong with the certificate).

    `due` is when the browser has to look, if the document is not the one that it saw last; `fresh` is until
    when its last look is recent enough for a document with a little news to wait for the next (None: news do
    not wait, as of a page with an incident that nobody has resolved). `reread` is
    when a document that differs in noise is read in full once more, lest what noise is was a mistake.
    `meaning` are headers that say what the document is, or send its reader elsewhere. `since` is the moment
    of that check by the clock of the host and by one that nobody sets (seconds).
    """

    page: str
    url: str
    version: int
    validators: Validators
    way: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()
    due: datetime | None = None
    fresh: datetime | None = None
    reread: datetime | None = None
    since: tuple[datetime, float] | None = field(default=None, compare=False)


class CalmPages:
    """What is known of calm pages, and the looks that found nothing new and wait to be noted."""

    def __init__(
        self,
        note: Callable[[Sequence[Quiet]], Awaitable[frozenset[str]]],
        *,
        reads: Reads | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note, self._reads, self._monotonic = note, reads, monotonic
        self._pages: dict[str, Calm] = {}
        self._documents: OrderedDict[str, bytes] = OrderedDict()
        self._shelved = 0
        self._quiet: dict[str, Quiet] = {}
        self._plain: dict[str, datetime] = {}  # when pages are asked for without conditions
        self._heavy: set[str] = set()  # pages whose news take too long to read
        self._changed: dict[str, bool] = {}  # pages as `changes` gives them

    def get(self, page_id: str) -> Calm | None:
        return self._pages.get(page_id)

    def settle(
        self, outcome: Outcome, last: Seen, *, revalidate_every: timedelta, owed: bool = False
    ) -> None:
        """Remember a page after a full check that has been recorded, or forget it. `owed`: the browser is to
        look at it in its turn, until when its document is compared with this one."""
        context, page = outcome.context, outcome.context.page
        if not _is_calm(outcome, last):
            self.forget(page.id)
            return
        rendered = outcome.tier is Tier.RENDER
        seen_at = outcome.at if rendered else context.captured_at
        if seen_at is not None and seen_at > outcome.at:
            seen_at = None  # the clock was set back: nobody knows how long ago that is
        waits = not rendered and (outcome.served_hash or context.served_hash) != context.captured_hash
        if waits and seen_at is None:
            self.forget(page.id)
            return
        due = seen_at + pause_before(outcome.verdict, revalidate_every) if waits and seen_at else None
        before, probe = self._pages.get(page.id), last.look.probe
        as_before = before is not None and probe.not_modified
        reread = probe.at + _share(page.id) * self._reread_every(revalidate_every)
        if before is not None and before.reread is not None and as_before:
            reread = min(before.reread, reread)
        self._pages[page.id] = Calm(
            page.id,
            page.url,
            context.version + 1,  # `record` has moved it by one
            outcome.validators or context.validators,
            _way(probe),
            meaning=before.meaning if before and as_before else meaning_of(probe),
            reread=reread,
            due=outcome.at + revalidate_every if owed else due,
            fresh=seen_at + revalidate_every if seen_at and outcome.change.incident is None else None,
            since=(outcome.at, self._monotonic()),
        )
        self._changed.setdefault(page.id, False)
        if probe.html:
            self._shelve(page.id, probe.html)

    def _reread_every(self, revalidate_every: timedelta) -> timedelta:
        """Within which time documents that differ in noise are read in full: longer where there are many
        pages, so that this takes no more of a host than for some 1,000. A capture reads them, too."""
        return max(revalidate_every, timedelta(seconds=len(self._pages) / REREADS))

    def forget(self, page_id: str) -> None:
        if self._pages.pop(page_id, None) is not None:
            self._changed[page_id] = True
        self._quiet.pop(page_id, None)
        self._shelved -= len(self._documents.pop(page_id, b""))

    def known(self, page_id: str) -> tuple[Calm | None, bytes | None]:
        """What is known of a page, and its document, compressed."""
        return self._pages.get(page_id), self._documents.get(page_id)

    def changes(self) -> dict[str, bool]:
        """Pages of which something else is known (or nothing any more) than when this was last asked, and
        whether that is so of their documents too."""
        changed, self._changed = self._changed, {}
        return changed

    def change(self, pages: Mapping[str, bool] | None = None) -> None:
        """Have `changes` give these pages (None: all that are calm, with their documents) once more."""
        for page, document in (dict.fromkeys(self._pages, True) if pages is None else pages).items():
            self._changed[page] = self._changed.get(page, False) or document

    def take_over(self, calm: Calm, document: bytes | None) -> None:
        """Know of a page what another process has known, its document included as far as there is room."""
        self._pages[calm.page] = calm
        if document is not None and self._shelved + len(document) <= SHELF:
            self._documents[calm.page] = document
            self._shelved += len(document)

    def condition(self, page: str, known: Validators, now: datetime, *, every: timedelta) -> Validators:
        """What to ask for a document with. That it is "not modified" is believed for so long: then it is
        asked for without conditions, as a server may say so of another one (a file that was given the time of
        the one before, a cache). Where it comes as it was it is still not read. So it goes on until `asked`
        says that what came was looked at."""
        due = self._plain.get(page)
        if due is None:
            if len(self._plain) >= PLAIN:
                self._plain.clear()
            self._plain[page] = now + (2 * _share(page) - 1) * every
            return known
        if now < due <= now + every:  # else the clock was set back since
            return known
        return replace(known, etag=None, last_modified=None)

    def asked(self, page: str, now: datetime, *, every: timedelta) -> None:
        """What came when a page was asked for `now` was looked at, or was as it was."""
        due = self._plain.get(page)
        if due is not None and not now < due <= now + every:
            self._plain[page] = now + every

    def is_still(self, calm: Calm, look: Look) -> bool:
        """Whether a probe of a calm page found nothing that a full check could find more in."""
        probe = look.probe
        now = self._now(calm, look)
        if _is_odd(calm, probe) or (calm.due is not None and now >= calm.due):
            return False
        if probe.not_modified:
            return True
        document = None if calm.reread is not None and now >= calm.reread else self._document(calm, probe)
        return document is not None and only_noise(_unpacked(document), probe.html)

    async def has_little_news(self, calm: Calm, look: Look) -> bool:
        """Whether a probe of a calm page found its document with a little news in it that speaks of nothing,
        soon enough after the browser's last look that the next may wait."""
        probe = look.probe
        if self._reads is None or calm.fresh is None or calm.page in self._heavy:
            return False
        if self._now(calm, look) >= min(filter(None, (calm.fresh, calm.due, calm.reread))):
            return False
        document = None if _is_odd(calm, probe) else self._document(calm, probe)
        if document is None:
            return False
        try:
            return await self._reads(document, probe.html, probe.final_url)
        except TooMuch:
            # once, since that takes its worker's time, and the start of another
            if len(self._heavy) < MOST_HEAVY:
                self._heavy.add(calm.page)
            return False

    def _now(self, calm: Calm, look: Look) -> datetime:
        """The moment of a look, as a clock would say it that was not set back since the last check."""
        if calm.since is None:
            return look.at
        at, since = calm.since
        return max(look.at, at + timedelta(seconds=self._monotonic() - since))

    def _document(self, calm: Calm, probe: Probe) -> bytes | None:
        """What to compare the document of a probe with; None where that cannot be."""
        document = self._documents.get(calm.page)
        if document is None or not probe.html or probe.truncated or probe.status != 200:
            return None
        if meaning_of(probe) != calm.meaning:
            return None
        self._documents.move_to_end(calm.page)
        return document

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
        before = self._documents.pop(page_id, b"")
        self._shelved -= len(before)
        document = b"" if len(html) > LARGEST else zlib.compress(html.encode("utf-8", "replace"), 1)
        if document != before:
            self._changed[page_id] = True
        if not document:
            return
        self._documents[page_id] = document
        self._shelved += len(document)
        while self._shelved > SHELF:
            dropped, least = self._documents.popitem(last=False)
            self._shelved -= len(least)
            self._changed[dropped] = True


def reads_little_news(document: bytes, html: str, url: str) -> bool:
    """Work for a worker: whether a compressed document differs from `html` in a little news only."""
    return is_little_news(_unpacked(document), html, url)


def _unpacked(document: bytes) -> str:
    """At most as much as is ever put in; nothing where it is damaged, which is like no page."""
    try:
        return zlib.decompressobj().decompress(document, 4 * LARGEST).decode("utf-8", "replace")
    except zlib.error:
        return ""


def _is_odd(calm: Calm, probe: Probe) -> bool:
    return probe.failure is not None or bool(probe.refusals) or _way(probe) != calm.way


def _share(page_id: str) -> float:
    """Between a half and one, another for each page: they are not all to be read at once."""
    return 0.5 + zlib.crc32(page_id.encode()) / 2**33


def meaning_of(probe: Probe) -> tuple[str, ...]:
    """The headers that say what a document is, or send its reader elsewhere."""
    return tuple(probe.headers.get(name, "") for name in ("content-type", "refresh", "content-disposition"))


def _way(probe: Probe) -> tuple[str, ...]:
    """How a probe came to its document, without what is another each time (session ids in addresses)."""
    hops = (f"{hop.status} {host_of(hop.location, '')} {normal_url(hop.location)}" for hop in probe.hops)
    tls = probe.tls
    return (*hops, *(() if tls is None else (f"{tls.problem} {tls.fingerprint}",)))


def _is_calm(outcome: Outcome, last: Seen) -> bool:
    """Whether the next probe may be compared with this look alone: nothing is owed but a look of the
    browser's, and what incident there is waits for a person, not for the page."""
    context, verdict, probe = outcome.context, outcome.verdict, last.look.probe
    incident = outcome.change.incident
    return (
        verdict.kind is VerdictKind.CLEAN
        and not verdict.wavered
        and (incident is None or not incident.present)
        and context.baseline is not None
        and outcome.streak.failures == 0
        and not outcome.browser_failed
        and not outcome.alerts
        and probe.failure is None
        and not probe.refusals
        # of one that ends soon people are reminded, which is for the full check to do
        and (probe.tls is None or probe.tls.problem is not TlsProblem.EXPIRES_SOON)
        and (outcome.served_hash or context.served_hash) is not None
    )
