"""Profiles: what normally moves on a page, learned from clean captures within bounds.

A part that moves weighs little or nothing when pages are compared. Because an attacker who moves in small
steps could teach anything away, what can be learned is bounded, and hosts of the kinds that are evidence of
attack (scripts, frames, forms, …) are learned only from the captures that a person looks at before approving.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from defacewatch import shots, tiles
from defacewatch.baselines import Baseline
from defacewatch.features import Document, Features, Screen

MOVING = 0.02  # share of clean captures in which a part must have differed to count as moving
ENTRIES = 4000  # of one map; those that moved least often go first
HOSTS = 300
COVERS = 100
ICON = "icon"  # of `usual`: the site's icon is not always the same
SEEN = "seen"  # as a role in `hosts`: a person has looked at captures that link there, hidden or not
NEW_TEXT = "text"  # of `usual` and `learned`: how much of the text is new
# At most this share (0..1) of the baseline's parts can count as moving, whatever a page has taught …
MOST: Mapping[str, float] = {"paths": 0.4, "words": 0.8, "identity": 0.4, "visible": 0.4, NEW_TEXT: 0.9,
                             "tiles": 0.4, "pictures": 0.6}  # fmt: skip
# … and this much more than what moved among the captures that a person approved: a part that left and never
# came back is forgiven out of this, once for all steps together, however small each of them is. News come and
# go, so in time all of a page's text may become usual; its structure and its identity may not.
BUDGET: Mapping[str, float] = {"paths": 0.15, "words": 0.7, "identity": 0.15, "visible": 0.2, NEW_TEXT: 0.8,
                               "tiles": 0.3, "pictures": 0.45}  # fmt: skip
# Of the parts, at once; the rest of the budget comes with the captures.
_LITTLE, _SOME = 0.05, 0.3
AT_ONCE: Mapping[str, float] = {
    "paths": _LITTLE,
    "words": _SOME,
    "identity": _LITTLE,
    "visible": _LITTLE,
    NEW_TEXT: _SOME,
    "tiles": 0.1,
    "pictures": 0.15,
}
SETTLED = 500  # clean captures after which all of it is there, about ten days
FADING = 0.98  # of what is usual, per capture that shows less

_HARMLESS_ROLES = frozenset(("link", "image", "style", "media"))

_Pair = tuple[Document, Document]
_Parts = Callable[[Document], frozenset[str]]


@dataclass(frozen=True)
class Profile:
    """How often each part differed from the baseline, over `samples` clean captures.

    Keys: `paths` and `words` 64-bit shingle hashes as decimal text, `identity` items of `Document.identity`,
    `visible` hashes of readable word shingles, `tiles` tile numbers, `pictures` paths of pictures, `hosts`
    'role host', `covers` names of new covers (of captures which a person looked at); values are counts of
    captures in which the part differed.
    `usual` holds shares (0..1) that ordinary updates reach: 'text' is how much of the text is new.
    `learned` holds the shares that moved among the captures which a person looked at, by the names of `MOST`.
    """

    page: str
    samples: int = 0
    paths: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    identity: Mapping[str, int] = field(default_factory=dict)
    visible: Mapping[str, int] = field(default_factory=dict)
    tiles: Mapping[str, int] = field(default_factory=dict)
    pictures: Mapping[str, int] = field(default_factory=dict)
    hosts: Mapping[str, int] = field(default_factory=dict)
    covers: Mapping[str, int] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)
    learned: Mapping[str, float] = field(default_factory=dict)

    def allowance(self, part: str) -> float:
        """The share (0..1) of a page's parts of one sort ('paths', 'words' …) that may count as moving."""
        budget = min(BUDGET[part], AT_ONCE[part] + BUDGET[part] * self.samples / SETTLED)
        return min(MOST[part], self.learned.get(part, 0.0) + budget)

    def moving(self, counts: Mapping[str, int], among: Iterable[str], share: float) -> frozenset[str]:
        """Those of the parts `among` that move, most often first, at most `share` of them."""
        parts = list(among)
        needed = max(1.0, MOVING * self.samples)
        found = [part for part in parts if counts.get(part, 0) >= needed]
        limit = int(share * len(parts))
        if len(found) > limit:
            found = sorted(found, key=lambda part: (-counts[part], part))[:limit]
        return frozenset(found)


def teach(
    profile: Profile,
    baseline: Baseline,
    features: Features,
    *,
    learning: bool = False,
    hidden: Collection[int] = (),
) -> Profile:
    """`profile` after one more clean capture of the page of `baseline`. Nothing is learned of the `hidden`
    tiles.

    `learning` says that a person will look at the capture before it is approved: only then are hosts of
    scripts, frames and other evidence of attack learned as well. Pure; the result is bounded in size.
    """
    if not baseline.looks:
        return profile
    look = max((known.features for known in baseline.looks), key=lambda known: _likeness(known, features))
    pairs = [(look.served, features.served)]
    if look.shown is not None and features.shown is not None:
        shown = (look.shown, features.shown)
        pairs = [*pairs, shown] if _same_page(look.served, features.served) else [shown]
    moved_tiles: Collection[int] = ()
    moved_pictures: Collection[str] = ()
    if look.screen is not None and features.screen is not None:
        moved_tiles = tiles.differing(look.screen, features.screen).difference(hidden)
        moved_pictures = shots.other_places(look.screen.shots, features.screen.shots)
    taught = replace(
        profile,
        page=baseline.page,
        samples=profile.samples + 1,
        paths=_counted(profile.paths, _moved(pairs, _paths, both=True), ENTRIES),
        words=_counted(profile.words, _moved(pairs, _words), ENTRIES),
        identity=_counted(profile.identity, _moved(pairs, _identity), ENTRIES),
        visible=_counted(profile.visible, _moved(pairs, _visible), ENTRIES),
        tiles=_counted(profile.tiles, map(str, moved_tiles), ENTRIES),
        pictures=_counted(profile.pictures, moved_pictures, ENTRIES),
        hosts=_counted(profile.hosts, _new_hosts(pairs, learning=learning), HOSTS),
    )
    newest = max(share_of_new(before.words, after.words) for before, after in pairs)
    if learning:
        taught = replace(taught, learned=_learned(taught, pairs, newest, look.screen))
        taught = replace(taught, covers=_counted(profile.covers, _new_covers(pairs), COVERS))
        if look.icon is not None and features.icon is not None and look.icon != features.icon:
            taught = replace(taught, usual={**taught.usual, ICON: 1.0})
    usual = min(taught.allowance(NEW_TEXT), max(newest, FADING * profile.usual.get(NEW_TEXT, 0.0)))
    return replace(taught, usual={**taught.usual, NEW_TEXT: round(usual, 4)})


def _paths(document: Document) -> frozenset[str]:
    return frozenset(map(str, document.paths))


def _words(document: Document) -> frozenset[str]:
    return frozenset(map(str, document.words))


def _identity(document: Document) -> frozenset[str]:
    return document.identity


def _visible(document: Document) -> frozenset[str]:
    return frozenset(map(str, document.visible or ()))


_PARTS: Mapping[str, _Parts] = {"paths": _paths, "words": _words, "identity": _identity, "visible": _visible}


def _moved(pairs: Iterable[_Pair], parts: _Parts, *, both: bool = False) -> frozenset[str]:
    """The parts that are gone, of `both` also those that are new."""
    moved: set[str] = set()
    for before, after in pairs:
        had, has = parts(before), parts(after)
        moved |= had ^ has if both else had - has
    return frozenset(moved)


def _learned(
    profile: Profile, pairs: Sequence[_Pair], newest: float, screen: Screen | None
) -> Mapping[str, float]:
    """The shares that have moved so far, of which `newest` is how much of the text is new, of the page whose
    approved `screen` this is."""
    counted = {part: getattr(profile, part).keys() for part in _PARTS}
    shares = {
        part: max(len(parts(before) & counted[part]) / max(1, len(parts(before))) for before, _ in pairs)
        for part, parts in _PARTS.items()
    }
    shares[NEW_TEXT] = newest
    if screen is not None:
        places = {shot.path for shot in screen.shots}
        shares["tiles"] = len(profile.tiles) / tiles.COUNT
        shares["pictures"] = len(places & profile.pictures.keys()) / max(1, len(places))
    return {
        part: round(min(MOST[part], max(share, profile.learned.get(part, 0.0))), 4)
        for part, share in shares.items()
    }


def _new_hosts(pairs: Iterable[_Pair], *, learning: bool) -> Iterator[str]:
    """'role host' of the hosts that are new. To where a hidden link leads the page need not link openly."""
    pairs = list(pairs)
    hidden = frozenset().union(*(after.hosts.get("hidden", frozenset()) for _, after in pairs))
    for before, after in pairs:
        for role, names in after.hosts.items():
            if learning or role in _HARMLESS_ROLES:
                new = names - before.hosts.get(role, frozenset())
                yield from (f"{role} {host}" for host in (new - hidden if role == "link" else new))
        if learning:
            linked = after.hosts.get("link", frozenset()) | hidden
            yield from (f"{SEEN} {host}" for host in linked - before.hosts.get("link", frozenset()))


def _new_covers(pairs: Iterable[_Pair]) -> Iterator[str]:
    for before, after in pairs:
        known = {cover.name for cover in before.covers}
        yield from (cover.name for cover in after.covers if cover.name and cover.name not in known)


def share_of_new(before: frozenset[int], after: frozenset[int]) -> float:
    """The share (0..1) of `after` that is not in `before`."""
    return len(after - before) / len(after) if after else 0.0


def _same_page(before: Document, after: Document) -> bool:
    """Whether a clean look was served the page at all: a wall that met plain HTTP alone teaches nothing."""
    common = not before.identity or not before.identity.isdisjoint(after.identity)
    return common and before.status == after.status


def _likeness(one: Features, other: Features) -> float:
    """How like two looks are in all that comparing goes by, so that the approved look which teaches is the
    one that a comparison takes."""
    likeness = _overlap(one.served.paths, other.served.paths) + _overlap(one.served.words, other.served.words)
    if one.shown is not None and other.shown is not None:
        likeness += _overlap(one.shown.paths, other.shown.paths)
        likeness += _overlap(one.shown.words, other.shown.words)
    if one.screen is not None and other.screen is not None:
        likeness += 1.0 - len(tiles.differing(one.screen, other.screen)) / tiles.COUNT
    return likeness


def _overlap(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / max(1, len(one | other))


def _counted(counts: Mapping[str, int], seen: Iterable[str], limit: int) -> Mapping[str, int]:
    """`counts` with one more for each part in `seen`, at most `limit` parts."""
    new = dict(counts)
    for part in set(seen):
        new[part] = new.get(part, 0) + 1
    if len(new) <= limit:
        return new
    return dict(sorted(new.items(), key=lambda entry: (-entry[1], entry[0]))[:limit])
