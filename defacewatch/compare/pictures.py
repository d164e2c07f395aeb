"""The signal of pictures that are others now: the emblem, the large one in the first screen, or most of them.

What is known to move (thumbnails of the news, slides) is left out, within a bound. A picture that is only
gone weighs little: pictures load late or not at all on the best of days.
"""

import math
import re
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urldefrag

from defacewatch.compare.weights import weights
from defacewatch.features import Screen, Shot
from defacewatch.profiles import Profile
from defacewatch.shots import Swap, is_ground, swaps
from defacewatch.signals import Kind, Signal

HEAD = 250  # pixels: the head of the page,
FIRST = 800  # the first screen
EMBLEM = 2500  # square pixels: smaller pictures in the head are icons
LARGE = 120_000
LEAD = 30_000  # from here on the largest in the first screen is what a visitor sees of the page
GROUND = 768_000  # a background so large is that of the page: its colour says more than its look
SEVERAL = 3  # pictures from which on a share of them says something
SHOWN = 3  # named in the evidence

# How sites name what stands in their head for good, and what changes with the news.
_EMBLEM = re.compile(r"logo|brand|banner|emblem|masthead|header|quoc-?huy|bieu-?trung")
_PAGE = re.compile(r"^(html[^>]*>)?(body[^>]*>)?")  # whose classes say nothing of a picture
_PASSING = re.compile(r"slid|carousel|swiper|owl|news|tin-|article|post|thumb|item|story|advert|quang-?cao")


def picture_signals(
    before: Screen, after: Screen, profile: Profile, kept: Collection[str] = ()
) -> Iterator[Signal]:
    """The lasting pictures of `before` that are nowhere in `after`. `kept` are the addresses of pictures that
    the page had loaded before and has loaded again as they were."""
    lasting = lasting_pictures(before.shots, profile)
    steady = {id(shot) for shot in lasting}
    every = [swap for swap in swaps(before.shots, after.shots) if id(swap.before) in steady]
    found = [swap for swap in every if not _written_over(swap) and not _takes_turns(swap, kept)]
    if not found:
        return
    lead = max((shot for shot in lasting if _is_first(shot)), key=lambda shot: shot.area, default=None)
    weighed = sorted(((_points(swap, lead), swap) for swap in found), key=lambda each: -each[0])
    found = [swap for _, swap in weighed]
    item = weights().points[Kind.PICTURES]["item"]
    points = weighed[0][0] + sum(min(item, more) for more, _ in weighed[1:])
    points = max(points, _together(found, lasting))
    worst = found[0]
    yield Signal(
        Kind.PICTURES,
        weights().bounded(Kind.PICTURES, points),
        f"pictures~{(worst.after or worst.before).hash:016x}",
        {"count": len(found), "total": len(lasting), "where": [_name(swap.before) for swap in found[:SHOWN]]},
    )


def lasting_pictures(shots: Sequence[Shot], profile: Profile) -> list[Shot]:
    """The pictures that the profile does not know to move. No more than a share can move, unless it is the
    only one."""
    paths = sorted({shot.path for shot in shots})
    allowed = profile.allowance("pictures") if len(paths) > 1 else 1.0
    moving = profile.moving(profile.pictures, paths, allowed)
    return [shot for shot in shots if shot.path not in moving]


def _written_over(swap: Swap) -> bool:
    """Whether a background is the one it was, as far as is known: what stands on it is another thing."""
    before, after = swap.before, swap.after
    return is_ground(before) and (after is None or after.url == before.url or before.area >= GROUND)


def _takes_turns(swap: Swap, kept: Collection[str]) -> bool:
    """Whether a picture and the one in its place are both the page's own, as slides of a slider are."""
    before, after = swap.before, swap.after
    if after is None or after.url == before.url:
        return False
    return urldefrag(before.url).url in kept and urldefrag(after.url).url in kept


def _is_first(shot: Shot) -> bool:
    """Whether a picture of some size stands in the first screen. Backgrounds are not looked at one by one."""
    return shot.top < FIRST and shot.area >= LEAD and not is_ground(shot)


def _points(swap: Swap, lead: Shot | None) -> float:
    table = weights().points[Kind.PICTURES]
    before, after = swap.before, swap.after
    names = f"{_PAGE.sub('', before.path)} {before.url}".lower()
    overwritten = after is not None and after.url == before.url
    passing = not overwritten and _PASSING.search(names) is not None
    points = table["item"]
    if before is lead or (before.area >= LARGE and before.top < FIRST):
        points = table["passing" if passing else "large"]
    elif before.area >= EMBLEM and before.top < HEAD:
        lasts = overwritten or (_EMBLEM.search(names) is not None and not passing)
        points = table["emblem" if lasts else "head"]
    return points if after is not None else table["gone"] * points


def _together(found: Sequence[Swap], lasting: Sequence[Shot]) -> float:
    """Points for many at once: the share of all that is other, counted by their sides."""
    gone = weights().points[Kind.PICTURES]["gone"]
    if len(found) < SEVERAL:
        return 0.0
    other = sum(_side(swap.before) * (1.0 if swap.after is not None else gone) for swap in found)
    swapped = {id(swap.before) for swap in found}
    total = sum(_side(shot) for shot in lasting if id(shot) in swapped or not is_ground(shot))
    return weights().on_curve(Kind.PICTURES, other / total)


def _side(shot: Shot) -> float:
    return math.sqrt(shot.area)


def _name(shot: Shot) -> str:
    """What a picture is called: the name of its file, or its place."""
    name = shot.url.partition("?")[0].rpartition("/")[2] if not shot.url.startswith("data:") else ""
    return (name or shot.path)[:60]
