"""Signals of the first screen: tiles that are others or gone, colours that have shifted, nothing to see."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from defacewatch.compare import pictures
from defacewatch.compare.weights import weights
from defacewatch.features import Features, Screen
from defacewatch.masks import BLIND, Cell, seen, tiles_of, without_hidden
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Signal
from defacewatch.tiles import COUNT, FIRST, HIGH, Bytes, Strips, moves, unpacked

WHITE = 441.7  # RGB distance of black and white
_LEVELS = 21  # of one channel in a sketch of a colour
_GROUND = 0.25  # share of a page that its ground covers at the least
_LEFT = 0.5  # a ground has changed when no more than this share of it is left
_AVERAGE_MOST = 0.3  # of the whole way from black to white: a mean says no more, sliders move it too
_SHADES = 4  # bits of a channel that are one shade

Colour = tuple[int, int, int]


class Shift(NamedTuple):
    """How far a colour moved (0..1, of the distance of black and white), from which to which."""

    share: float
    before: Colour
    after: Colour


def screen_signals(
    before: Features,
    after: Features,
    profile: Profile,
    cells: Collection[Cell] = (),
    kept: Collection[str] = (),
) -> Iterator[Signal]:
    """How the screen differs from the approved one, where both are known, apart from masked `cells`. `kept`
    are the addresses of pictures that were loaded again as they were."""
    if before.screen is None or after.screen is None:
        return
    one, other = unpacked(before.screen.strips), unpacked(after.screen.strips)
    hidden = tiles_of(cells)
    allowed = min(profile.allowance("tiles"), max(0.0, BLIND - len(hidden) / COUNT))
    moving = {int(tile) for tile in profile.moving(profile.tiles, map(str, range(COUNT)), allowed)} | hidden
    share = share_of_tiles(one, other, moving)
    if points := weights().on_curve(Kind.SCREEN, share):
        evidence = {"share": round(100 * share)}
        yield Signal(Kind.SCREEN, points, f"screen~{after.screen.first:0>16}", evidence)
    shift = shift_of(one, other, moving, cells)
    if points := weights().on_curve(Kind.COLOUR, shift.share):
        named = {"before": _named(shift.before), "after": _named(shift.after)}
        yield Signal(Kind.COLOUR, points, f"colour~{colour_sketch(shift.after):016x}", named)
    if is_blank(before.screen, after.screen):
        points = weights().points[Kind.BLANK_SCREEN]["new"]
        yield Signal(Kind.BLANK_SCREEN, points, f"blank-screen~{colour_sketch(mean(other)):016x}", {})
    old, new = (replace(of, shots=without_hidden(of.shots, cells)) for of in (before.screen, after.screen))
    yield from pictures.picture_signals(old, new, profile, kept)


def share_of_tiles(before: Strips, after: Strips, moving: Collection[int]) -> float:
    """The share (0..1) of the first screen, apart from the tiles that always move, that is new or gone:
    whichever is more. What only moved up or down is neither."""
    found = moves(before, after)
    steady = COUNT - len(moving)
    return max(len(tiles.difference(moving)) for tiles in found) / steady if steady else 0.0


def shift_of(
    before: Strips, after: Strips, moving: Collection[int] = (), cells: Collection[Cell] = ()
) -> Shift:
    """How far the colours moved: those of the grounds that the page or its margins stand on, where these are
    others now, and else those of the first screen on the average. Masked `cells` do not count."""
    shifts = [_average(before, after, moving)]
    for columns in (slice(None), [0, -1]):
        old, new = (
            of.colours[:, columns][seen(len(of.colours), cells)[:, columns]] for of in (before, after)
        )
        shifts += _other_ground(old, new)
    return max(shifts, key=lambda shift: shift.share)


def _average(before: Strips, after: Strips, moving: Collection[int]) -> Shift:
    one, other = mean(before, moving), mean(after, moving)
    return Shift(min(_AVERAGE_MOST, _distance(one, other)), one, other)


def _other_ground(before: Bytes, after: Bytes) -> Iterator[Shift]:
    old, new = _ground(before), _ground(after)
    if old is None or new is None:
        return
    left = (np.linalg.norm(after - np.array(old, np.float32), axis=1) < 2**_SHADES).mean()
    had = (np.linalg.norm(before - np.array(old, np.float32), axis=1) < 2**_SHADES).mean()
    if left <= _LEFT * had:
        yield Shift(_distance(old, new), old, new)


def _ground(colours: Bytes) -> Colour | None:
    """The colour that covers most, when it covers enough to be a ground."""
    if not len(colours):
        return None
    shades = colours.astype(np.int32) >> 8 - _SHADES
    numbers = shades @ np.array([1 << 2 * _SHADES, 1 << _SHADES, 1])
    counts = np.bincount(numbers)
    most = int(counts.argmax())
    if counts[most] < _GROUND * len(colours):
        return None
    return _rounded(colours[numbers == most].mean(axis=0))


def mean(strips: Strips, moving: Collection[int] = ()) -> Colour:
    """The mean colour of the first screen, apart from some of its tiles."""
    tiles = strips.means[0:FIRST:HIGH].reshape(-1, 3)
    steady = [number for number in range(COUNT) if number not in moving]
    return _rounded(tiles[steady].mean(axis=0)) if steady else (0, 0, 0)


def _rounded(colour: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Colour:
    red, green, blue = np.rint(colour).astype(int).tolist()
    return red, green, blue


def _distance(one: Colour, other: Colour) -> float:
    return float(np.linalg.norm(np.subtract(one, other))) / WHITE


def colour_sketch(colour: Colour) -> int:
    """64 bits of which near colours differ in few: a bar of 21 bits for each channel."""
    sketch = 0
    for channel in colour:
        sketch = sketch << _LEVELS | (1 << round(channel * _LEVELS / 255)) - 1
    return sketch


def is_blank(before: Screen, after: Screen) -> bool:
    """Whether the screen shows one plain colour where it did not before."""
    if after.flat < 0.985 or before.flat >= 0.95:
        return False
    tiles = np.rint(unpacked(after.strips).means[0:FIRST:HIGH]).reshape(-1, 3)
    return len(np.unique(tiles, axis=0)) <= 4


def _named(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
