"""What each labelled step of the corpus was: its classes, recorded in events.yaml, and the rules they follow.

The rules see titles, sizes and addresses only, as `events.txt` gives them, in this order:

1. the page after it is ten times larger than an untitled page before it: `back` from an outage;
2. the title after it speaks of an error: `error-page`, and a step away from such a title is `back`;
3. the page after it has no title and fewer than 8,000 bytes: `bot-wall`;
4. another host is given after it than before, or fewer than half of the words of both titles are common,
   or it shrank below 3,000 bytes (a stub that leads elsewhere): `moved`, to another site or page;
5. any other: `redesign`.

An outage (`error-page`, `bot-wall`) lasts until the next labelled step or until a version three times its
size. A step into it or within it is of its class; the step out of it is `back`. A site that begins with a
page of fewer than 8,000 bytes, of which the next is ten times the size, begins with a `bot-wall`.
"""

import re
import sys
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import yaml

ORDINARY, REDESIGN, MOVED = "ordinary", "redesign", "moved"
ERROR_PAGE, BOT_WALL, BACK, SIMULATED = "error-page", "bot-wall", "back", "simulated"
OUTAGES = frozenset((ERROR_PAGE, BOT_WALL))
FILE = Path(__file__).with_name("events.yaml")

_LINE = re.compile(r"(\S+) (\d+)->(\d+) pc=\S+ wc=\S+ (\(.*\)) => (\(.*\))$")
_ERROR = re.compile(r"\b(?:errors?|timed out|unavailable|not found|forbidden|denied)\b", re.IGNORECASE)
_STUB, _WALL, _OVER = 3_000, 8_000, 3  # bytes, bytes, times


@dataclass(frozen=True)
class Seen:
    """A page beside a labelled step."""

    size: int
    title: str
    address: str


@dataclass(frozen=True)
class Event:
    """A labelled step of a site."""

    site: str
    before: int
    after: int
    kind: str


def read(file: Path) -> Iterator[Event]:
    """The events of a corpus: classified as recorded, or by the rules where nothing is recorded."""
    known = _recorded()
    for line in file.read_text("utf-8").splitlines():
        if found := _LINE.match(line):
            site, before, after = found[1], int(found[2]), int(found[3])
            pages = [Seen(*literal_eval(found[place])[:3]) for place in (4, 5)]
            kind = known.get((site, before, after)) or _kind(*pages)
            yield Event(site, before, after, kind)


def classes(events: Sequence[Event], versions: Sequence[tuple[int, int]], *, site: str) -> Mapping[int, str]:
    """The class of the step to each version; `versions` are (number, bytes) of one site, in order."""
    mine = [event for event in events if event.site == site]
    found: dict[int, str] = {}
    outage, size, before = "", 0, 0
    if len(versions) > 1 and versions[0][1] < _WALL and versions[1][1] > 10 * versions[0][1]:
        outage, size = BOT_WALL, versions[0][1]
    for number, length in versions:
        # Versions may be left out of a corpus: a step can have more than one event on its way.
        between = [event.kind for event in mine if before <= event.before and event.after <= number]
        if between:
            kind = between[-1]
            outage, size = (kind, length) if kind in OUTAGES else ("", 0)
        elif outage and length > _OVER * size:
            kind, outage = BACK, ""
        else:
            kind = outage or ORDINARY
        found[number] = kind
        before = number
    return found


@cache
def _recorded() -> Mapping[tuple[str, int, int], str]:
    if not FILE.is_file():
        return {}
    rows = yaml.safe_load(FILE.read_text("utf-8"))["events"]
    return {(row["site"], row["step"][0], row["step"][1]): row["class"] for row in rows}


def _kind(before: Seen, after: Seen) -> str:
    if not before.title and after.size > 10 * before.size:
        return BACK
    if _ERROR.search(after.title):
        return ERROR_PAGE
    if _ERROR.search(before.title):
        return BACK
    if not after.title and after.size < _WALL:
        return BOT_WALL
    if _is_another_page(before, after) or after.size < _STUB:
        return MOVED
    return REDESIGN


def _is_another_page(before: Seen, after: Seen) -> bool:
    hosts = [urlsplit(page.address).hostname for page in (before, after)]
    if all(hosts) and hosts[0] != hosts[1]:
        return True
    one, other = (set(re.findall(r"[\w-]+", page.title.lower())) for page in (before, after))
    return bool(one and other) and len(one & other) < 0.5 * len(one | other)


def main(corpus: str) -> None:
    """Print the classes of a corpus's events as events.yaml has them."""
    print("# Classes of the labelled steps, by the rules of events.py: site, step and class alone.\nevents:")
    for event in read(Path(corpus) / "events.txt"):
        step = f"[{event.before}, {event.after}]"
        print(f"  - {{site: {event.site}, step: {step}, class: {event.kind}}}")


if __name__ == "__main__":
    main(sys.argv[1])
