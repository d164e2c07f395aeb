"""How often each page is due, and where in its intervals: by a hash, tightened by a raised watch. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from defacewatch.agenda import Due, Errand
from defacewatch.portals import Portal
from defacewatch.raising import RaisedWatch

TICK = 0.1  # seconds between two looks at what has become due
CRITICAL = 2.0  # weight of a critical portal's pages
SOONER = 0.05  # of its interval by which a capture may come sooner than it has to
REVALIDATE_SHARE = 0.75  # of `revalidate_every`; the rest is how old an answer for another page may be


@dataclass(frozen=True)
class Intervals:
    """How often a page is probed, asked for what it is made of (None: never), and captured in any case."""

    probe: timedelta
    render: timedelta
    revalidate: timedelta | None = None
    weight: float = 1.0

    def every(self, errand: Errand) -> float | None:
        """Seconds; None: not at all."""
        if errand is Errand.PROBE:
            return self.probe.total_seconds()
        if errand is Errand.RENDER:
            return self.render.total_seconds()
        return None if self.revalidate is None else self.revalidate.total_seconds() * REVALIDATE_SHARE


def fresh_for(revalidate_every: timedelta) -> timedelta:
    """How old an answer for another page may be, so that a change is found within `revalidate_every`."""
    return revalidate_every * (1 - REVALIDATE_SHARE)


def intervals(
    portals: Iterable[Portal], default: Intervals, watch: RaisedWatch | None
) -> dict[str, Intervals]:
    """The intervals of every page that is watched, by page id. A raised watch shortens, never lengthens."""
    planned: dict[str, Intervals] = {}
    for portal in portals:
        if not portal.enabled or portal.paused:
            continue
        for page in portal.pages:
            probe, render = page.probe_every or default.probe, page.render_every or default.render
            if watch is not None:
                probe = min(probe, watch.probe_every or probe)
                render = min(render, watch.render_every or render)
            weight = CRITICAL if portal.critical else default.weight
            revalidate = default.revalidate if default.revalidate and default.revalidate < render else None
            planned[page.id] = Intervals(probe, render, revalidate, weight)
    return planned


def offset(page_id: str, interval: timedelta, errand: str) -> timedelta:
    """Where in its interval a page is due: even over the pages, and the same after every restart."""
    digest = hashlib.sha256(f"{errand}:{page_id}".encode()).digest()
    return interval * (int.from_bytes(digest[:8]) / 2**64)


def place_of(page_id: str, every: float, errand: Errand) -> float:
    """As `offset`, in seconds."""
    return offset(page_id, timedelta(seconds=every), errand).total_seconds()


def next_capture(due: Due, now: float) -> float:
    """When a page that is captured `now` is captured again: an interval later (what was put off is not made
    up for), or a little sooner, nearer to its own place. After a restart, or a lesson for all, captures come
    in a wave that would come again in every round; so it ebbs away within twenty."""
    last, place = now + due.every, place_of(due.page, due.every, due.errand)
    beyond = (last - place + TICK) % due.every - TICK  # less than nothing: it comes just before its place
    return last - min(beyond, SOONER * due.every)
