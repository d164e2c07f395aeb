"""Profiles: what normally moves on a page, learned from clean captures within bounds.

A part that moves weighs little or nothing when pages are compared. Because an attacker who moves in small
steps could teach anything away, what can be learned is bounded, and hosts of the kinds that are evidence of
attack (scripts, frames, forms, …) are learned only from the captures that a person looks at before approving.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from defacewatch.baselines import Baseline
from defacewatch.captures import Document, Features, Screen

MOVING = 0.02  # share of clean captures in which a part must have differed to count as moving
PATHS_SHARE = 0.4  # at most this share of the baseline's parts can count as moving
WORDS_SHARE = 0.7
IDENTITY_SHARE = 0.4
TILES_SHARE = 0.4
ENTRIES = 4000  # of one map; those that moved least often go first
HOSTS = 300
USUAL_TEXT = 0.8  # new text that can become usual, share 0..1
FADING = 0.98  # of what is usual, per capture that shows less

_HARMLESS_ROLES = frozenset(("link", "image", "style", "media"))
_HASH_FAR = 14  # bits of a tile's hash that must differ
_COLOUR_FAR = 28.0  # RGB distance of mean colours that is another colour


@dataclass(frozen=True)
class Profile:
    """How often each part differed from the baseline, over `samples` clean captures.

    Keys: `paths` and `words` 64-bit shingle hashes as decimal text, `identity` items of `Document.identity`,
    `tiles` tile numbers, `hosts` 'role host'; values are counts of captures in which the part differed.
    `usual` holds shares (0..1) that ordinary updates reach: 'text' is how much of the text is new.
    """

    page: str
    samples: int = 0
    paths: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    identity: Mapping[str, int] = field(default_factory=dict)
    tiles: Mapping[str, int] = field(default_factory=dict)
    hosts: Mapping[str, int] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)

    def moving(self, counts: Mapping[str, int], among: Iterable[str], share: float) -> frozenset[str]:
        """Those of the parts `among` that move, most often first, at most `share` of them."""
        parts = list(among)
        needed = max(1.0, MOVING * self.samples)
        found = [part for part in parts if counts.get(part, 0) >= needed]
        limit = int(share * len(parts))
        if len(found) > limit:
            found = sorted(found, key=lambda part: (-counts[part], part))[:limit]
        return frozenset(found)


def teach(profile: Profile, baseline: Baseline, features: Features, *, learning: bool = False) -> Profile:
    """`profile` after one more clean capture of the page of `baseline`.

    `learning` says that a person will look at the capture before it is approved: only then are hosts of
    scripts, frames and other evidence of attack learned as well. Pure; the result is bounded in size.
    """
    if not baseline.looks:
        return profile
    look = max(baseline.looks, key=lambda known: _likeness(known.features.served, features.served)).features
    pairs = [(look.served, features.served)]
    if look.shown is not None and features.shown is not None:
        shown = (look.shown, features.shown)
        pairs = [*pairs, shown] if _same_page(look.served, features.served) else [shown]
    paths = {str(path) for before, after in pairs for path in before.paths ^ after.paths}
    lost = {str(word) for before, after in pairs for word in before.words - after.words}
    identity = {item for before, after in pairs for item in before.identity - after.identity}
    hosts = {
        f"{role} {host}"
        for before, after in pairs
        for role, names in after.hosts.items()
        if learning or role in _HARMLESS_ROLES
        for host in names - before.hosts.get(role, frozenset())
    }
    tiles: Collection[int] = ()
    if look.screen is not None and features.screen is not None:
        tiles = differing_tiles(look.screen, features.screen)
    newest = max(share_of_new(before.words, after.words) for before, after in pairs)
    usual = min(USUAL_TEXT, max(newest, FADING * profile.usual.get("text", 0.0)))
    return replace(
        profile,
        page=baseline.page,
        samples=profile.samples + 1,
        paths=_counted(profile.paths, paths, ENTRIES),
        words=_counted(profile.words, lost, ENTRIES),
        identity=_counted(profile.identity, identity, ENTRIES),
        tiles=_counted(profile.tiles, map(str, tiles), ENTRIES),
        hosts=_counted(profile.hosts, hosts, HOSTS),
        usual={"text": round(usual, 4)},
    )


def share_of_new(before: frozenset[int], after: frozenset[int]) -> float:
    """The share (0..1) of `after` that is not in `before`."""
    return len(after - before) / len(after) if after else 0.0


def differing_tiles(before: Screen, after: Screen) -> frozenset[int]:
    """Numbers of the tiles that differ (all of them when the grids do)."""
    if (before.columns, before.rows) != (after.columns, after.rows):
        return frozenset(range(before.columns * before.rows))
    pairs = zip(before.tiles, after.tiles, before.colours, after.colours, strict=True)
    return frozenset(
        number
        for number, (tile, tile2, colour, colour2) in enumerate(pairs)
        if (tile ^ tile2).bit_count() > _HASH_FAR or colour_distance(colour, colour2) > _COLOUR_FAR
    )


def colour_distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Euclidean distance of two RGB colours, 0..442."""
    return math.dist(one, other)


def _same_page(before: Document, after: Document) -> bool:
    """Whether a clean look was served the page at all: a wall that met plain HTTP alone teaches nothing."""
    common = not before.identity or not before.identity.isdisjoint(after.identity)
    return common and before.status == after.status


def _likeness(one: Document, other: Document) -> float:
    common = len(one.paths & other.paths)
    return common / max(1, len(one.paths | other.paths))


def _counted(counts: Mapping[str, int], seen: Iterable[str], limit: int) -> Mapping[str, int]:
    """`counts` with one more for each part in `seen`, at most `limit` parts."""
    new = dict(counts)
    for part in seen:
        new[part] = new.get(part, 0) + 1
    if len(new) <= limit:
        return new
    return dict(sorted(new.items(), key=lambda entry: (-entry[1], entry[0]))[:limit])
