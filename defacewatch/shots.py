"""Pictures of a page, and which of them are other ones now: by what they look like, wherever they stand."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from defacewatch.features import Shot

_FAR = 0.36  # of the steps that two pictures show, those that may differ
_NOISE = 8  # steps that may always differ
_PATTERN = 12  # steps that make a pattern, known in whatever colours; with fewer the colours must be near
_COLOUR_FAR = 34.0  # RGB distance of mean colours that is another colour
_DRAWN = ("img", "video", "input", "svg", "picture")  # elements that are pictures; of others it is the ground
_OVERLAP = 0.5  # share of their common area by which two boxes are the same place

_Place = tuple[str, int]


@dataclass(frozen=True)
class Swap:
    """A picture that is nowhere on the page any more, and what stands in its place (None: it is gone)."""

    before: Shot
    after: Shot | None


def swaps(before: Sequence[Shot], after: Sequence[Shot]) -> tuple[Swap, ...]:
    """The pictures of `before` that `after` does not show, as often as `before` did.

    What only moved, as the slides of a slider do, is no swap. A picture stands in another's place when it is
    at the same place of the DOM, has the same address, or covers the same part of the page; one that `before`
    showed elsewhere is in nobody's place.
    """
    left = dict(zip(_places(after), after, strict=True))
    lost: dict[_Place, Shot] = {}
    for place, shot in zip(_places(before), before, strict=True):
        if place in left and alike(shot, left[place]):
            del left[place]
        else:
            lost[place] = shot
    for place, shot in list(lost.items()):
        moved = next((where for where, other in left.items() if alike(shot, other)), None)
        if moved is not None:
            del left[moved], lost[place]
    fresh = {place: shot for place, shot in left.items() if not any(alike(shot, other) for other in before)}
    return tuple(Swap(shot, _instead(place, shot, fresh)) for place, shot in lost.items())


def other_places(before: Sequence[Shot], after: Sequence[Shot]) -> frozenset[str]:
    """The paths at which `after` shows other pictures. What is only gone may just have loaded late."""
    return frozenset(swap.before.path for swap in swaps(before, after) if swap.after is not None)


def is_ground(shot: Shot) -> bool:
    """Whether a picture is the background of something else, so that it shows what stands on it as well."""
    return re.split(r"[#.]", shot.path.rpartition(">")[2], maxsplit=1)[0] not in _DRAWN


def alike(one: Shot, other: Shot) -> bool:
    """Whether two pictures look the same. A pattern is the same in other colours too, as a style of mourning
    shows it."""
    steps = max(one.hash.bit_count(), other.hash.bit_count())
    if (one.hash ^ other.hash).bit_count() > max(_NOISE, _FAR * steps):
        return False
    return steps > _PATTERN or math.dist(one.colour, other.colour) <= _COLOUR_FAR


def _places(shots: Sequence[Shot]) -> Iterator[_Place]:
    """The place of each in the DOM: its path, and how many of that path came before."""
    seen: Counter[str] = Counter()
    for shot in shots:
        yield shot.path, seen[shot.path]
        seen[shot.path] += 1


def _instead(place: _Place, shot: Shot, fresh: Mapping[_Place, Shot]) -> Shot | None:
    """What stands in the place of a picture that is lost."""
    if place in fresh:
        return fresh[place]
    same = (other for other in fresh.values() if shot.url and other.url == shot.url)
    over = (other for other in fresh.values() if _common(shot, other) >= _OVERLAP)
    return next(same, None) or next(over, None)


def _common(one: Shot, other: Shot) -> float:
    """The share of the area of both boxes that both cover."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one.area + other.area - width * height)
