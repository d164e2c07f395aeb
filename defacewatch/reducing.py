"""That less is watched, or told less loudly: whoever does it may be an insider, so others hear of it.

Acts that come close together are told in one alert, which waits `GATHER` for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum

from defacewatch.alerts import AlertKind, Draft
from defacewatch.portals import Page, Portal, Urgency

GATHER = timedelta(minutes=1)  # from the first act to the alert
NAMED = 200  # acts that an alert keeps by name; of the rest it keeps the number
USUAL = (timedelta(seconds=30), timedelta(minutes=30))  # probe and capture of a page that says nothing else


class What(StrEnum):
    """How the watch of a portal was reduced."""

    PAUSED = "paused"
    NOT_CRITICAL = "not-critical"
    PAGES = "pages"  # dropped, or moved to another address
    SLOWER = "slower"
    QUIETER = "quieter"  # told with less urgency


@dataclass(frozen=True)
class Reduced:
    """One act: of which portal (its name), and in which words (a reason, addresses)."""

    what: What
    portal: str
    detail: str = ""


def reductions(before: Portal, after: Portal) -> tuple[Reduced, ...]:
    """What of the watch a new registration of a portal takes away."""
    return tuple(Reduced(what, after.name, detail) for what, detail in _lost(before, after))


def _lost(before: Portal, after: Portal) -> Iterator[tuple[What, str]]:
    if not before.enabled:
        return
    if before.critical and not after.critical:
        yield What.NOT_CRITICAL, ""
    there = {page.url: page for page in after.pages}
    if gone := [page.url for page in before.pages if page.url not in there]:
        yield What.PAGES, _some(gone)
    stay = [page for page in before.pages if page.url in there]
    if slower := [page.url for page in stay if _slower(page, there[page.url])]:
        yield What.SLOWER, _some(slower)
    told = [(portal.defaced_urgency, portal.changed_urgency) for portal in (before, after)]
    if any(old is Urgency.HIGH and new is not Urgency.HIGH for old, new in zip(*told, strict=True)):
        yield What.QUIETER, ""


def _slower(before: Page, after: Page) -> bool:
    pairs = ((before.probe_every, after.probe_every), (before.render_every, after.render_every))
    return any((new or usual) > (old or usual) for (old, new), usual in zip(pairs, USUAL, strict=True))


def _some(urls: Sequence[str]) -> str:
    return ", ".join(urls[:3]) + (f" (+{len(urls) - 3})" if len(urls) > 3 else "")


def reduced(
    acts: Sequence[Reduced], by: str, via: str, *, before: Mapping[str, object] | None = None
) -> Draft:
    """The alert that tells of `acts`, with what one that has not gone out yet tells already."""
    known = before or {}
    listed, count = known.get("reduced"), known.get("count")
    lines = [*(listed if isinstance(listed, list) else ()), *(_line(act, by, via) for act in acts)]
    total = (count if isinstance(count, int) else 0) + len(acts)
    return Draft(AlertKind.WATCH_REDUCED, Urgency.HIGH, {"reduced": lines[:NAMED], "count": total})


def _line(act: Reduced, by: str, via: str) -> dict[str, str]:
    return {**asdict(act), "by": by, "via": via}
