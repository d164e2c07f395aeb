"""The signal of something new that is laid over the first screen: a picture, a frame, a message."""

from collections.abc import Iterator
from dataclasses import replace

from defacewatch.captures import Cover, Rendering
from defacewatch.compare import domains, noise, text
from defacewatch.compare.sketch import hash64
from defacewatch.compare.weights import weights
from defacewatch.features import Document
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Signal

COVERS = 20  # of one page; the largest count
FEW_WORDS = 12  # a cover that says no more than these shows a picture or a frame
TEXT = 1000  # characters of a cover's text that count
SHOWN = 80

_ALIKE = 0.5  # share of the words of two covers that makes them the same
_AS_LARGE = 0.15  # two covers of the same kind are as large as each other within this share of the screen
_FRAMES = frozenset(("iframe", "frame", "embed", "object"))
_CONSENT = ("cookie", "cookies", "consent", "gdpr", "dong y", "chap nhan")


def covers_of(rendering: Rendering | None) -> tuple[Cover, ...]:
    """What comparing needs of a page's covers, the largest first."""
    if rendering is None:
        return ()
    found = sorted(rendering.covers, key=lambda cover: (-cover.share, cover.tag, cover.url))[:COVERS]
    return tuple(
        replace(cover, tag=cover.tag[:40], url=cover.url[:500], text=cover.text[:TEXT], name=_name(cover))
        for cover in found
    )


def _name(cover: Cover) -> str:
    """What tells a cover from others: the element, the owner of what it shows, its words, and where it has
    few of them the address of its picture. Frames of others show another address each time."""
    # numbers count down and tell the time, so they do not name it
    words = _words(cover)
    said = [word[:SHOWN] for word in words if word.isalpha()][:FEW_WORDS]
    owner = domains.registrable(_host(cover.url))
    shown = ""
    if cover.url and len(words) <= FEW_WORDS and not (owner and cover.tag in _FRAMES):
        shown = f"{hash64(noise.normal_url(cover.url)):016x}"
    named = [part for part in (owner[:SHOWN], shown, *said) if part]
    return " ".join([cover.tag[:40], *named])[: SHOWN * 2] if named else ""


def cover_signals(before: Document, after: Document, profile: Profile) -> Iterator[Signal]:
    """The new cover that weighs most, of those that did not come and go while the page was learned."""
    own = domains.registrable(_host(after.url))
    found = [
        (_points(cover, before, own), cover)
        for cover in after.covers
        if cover.name not in profile.covers and not _known(cover, before)
    ]
    points, cover = max(found, key=lambda each: each[0], default=(0.0, None))
    if cover is None or points <= 0:
        return
    what = cover.text.strip() or ("" if cover.url.startswith("data:") else cover.url) or cover.tag
    evidence = {"share": round(100 * cover.share), "what": what[:SHOWN]}
    yield Signal(Kind.COVER, points, f"cover:{cover.name or cover.tag}", evidence)


def _points(cover: Cover, before: Document, own: str) -> float:
    table = weights().points[Kind.COVER]
    points = weights().on_curve(Kind.COVER, cover.share)
    host = _host(cover.url)
    if len(_words(cover)) <= FEW_WORDS and host and domains.registrable(host) != own:
        points *= 1.0 if domains.is_wellknown(host) or domains.is_official(host) else table["alien"]
    if any(phrase in f" {' '.join(_words(cover))} " for phrase in map(" {} ".format, _CONSENT)):
        points *= table["consent"]
    if any(_as_before(cover, known) for known in before.covers):
        points *= table["renewed"]
    return weights().bounded(Kind.COVER, points)


def _known(cover: Cover, before: Document) -> bool:
    """Whether the approved page has this cover: the same element, from the same host, saying the same."""
    words = set(_words(cover))
    for known in before.covers:
        said = set(_words(known))
        same = len(words & said) >= _ALIKE * len(words | said)
        if same and cover.tag == known.tag and _host(cover.url) == _host(known.url):
            return True
    return False


def _as_before(cover: Cover, known: Cover) -> bool:
    """Whether a cover is where the approved page has one too, which says something else now."""
    same = cover.tag == known.tag and _host(cover.url) == _host(known.url)
    return same and cover.share <= known.share + _AS_LARGE


def _words(cover: Cover) -> tuple[str, ...]:
    return text.words(text.fold(cover.text[:TEXT]))


def _host(url: str) -> str:
    return domains.host_of(url[:2000], "") or ""
