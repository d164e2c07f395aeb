"""Signals that something is different: identity, structure, text, title, screen, behaviour."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from defacewatch.captures import Features, Look
from defacewatch.compare import domains, screen, text
from defacewatch.compare.attack import CLIP, PARTS, host_signals, owners
from defacewatch.compare.differences import Facts
from defacewatch.compare.weights import weights
from defacewatch.profiles import TILES_SHARE, Profile
from defacewatch.signals import Kind, Signal

_WHITE = 441.7  # RGB distance of black and white
_NUMBERED = re.compile(r"\w*\d\w*")  # a word with a digit: '5', '08h30', 'v2'


def changes_of(facts: Facts) -> Iterator[Signal]:
    """The differences in `facts` that are no evidence of attack by themselves."""
    shape = f"{facts.structure_sketch:016x}"
    yield from _share(Kind.IDENTITY_LOST, facts.identity, f"identity-lost~{shape}")
    yield from _share(Kind.STRUCTURE, facts.structure, f"structure~{shape}")
    yield from _share(Kind.TEXT, facts.text, f"text~{facts.text_sketch:016x}")
    if facts.title is not None and (points := weights().on_curve(Kind.TITLE, facts.title_lost)):
        before, after = facts.title
        evidence = {"before": before[:CLIP], "after": after[:CLIP]}
        yield Signal(Kind.TITLE, points, f"title:{_title_name(after)}", evidence)
    yield from host_signals(Kind.LINK_HOSTS, facts.hosts.get("link", ()))
    resources = [facts.hosts.get(role, frozenset()) for role in ("image", "style", "media")]
    yield from host_signals(Kind.RESOURCE_HOST, frozenset().union(*resources))
    if facts.inline_scripts:
        points = weights().points[Kind.INLINE_SCRIPT]["new"] * len(facts.inline_scripts)
        points = weights().bounded(Kind.INLINE_SCRIPT, points)
        identity = f"inline-script={'|'.join(sorted(facts.inline_scripts)[:PARTS])}"
        yield Signal(Kind.INLINE_SCRIPT, points, identity, {"count": len(facts.inline_scripts)})


def _title_name(title: str) -> str:
    """What names a title: its folded words in alphabetical order, so that neither a clock in it nor the order
    of a running title makes it another one. A title without words is named by its signs."""
    folded = text.fold(title)
    words = sorted(set(text.words(_NUMBERED.sub(" ", folded))))
    return (" ".join(words) or re.sub(r"[\d\s]+", "", folded))[:CLIP]


def _share(kind: Kind, share: float, identity: str) -> Iterator[Signal]:
    points = weights().on_curve(kind, share)
    if points > 0:
        yield Signal(kind, points, identity, {"share": round(100 * share)})


def behaviour_of(facts: Facts, look: Look) -> Iterator[Signal]:
    """What the page tried to do: forbidden addresses, windows, downloads."""
    new = facts.hosts.get("refused", frozenset())
    refusals = [*look.probe.refusals, *(look.rendering.refusals if look.rendering else ())]
    reasons = {refusal.url: refusal.reason for refusal in refusals}
    if new:
        table = weights().points[Kind.REFUSED_REQUEST]
        points = weights().bounded(Kind.REFUSED_REQUEST, table["new"] * len(new))
        url = next((url for url in reasons if _leads_to(url, new)), min(new))
        evidence = {"url": url[:CLIP], "reason": reasons.get(url, "")}
        yield Signal(Kind.REFUSED_REQUEST, points, f"refused-request={owners(new)}", evidence)
    windows = facts.hosts.get("popup", frozenset())
    for signal in host_signals(Kind.POPUP, windows):
        urls = [url for url in (look.rendering.popups if look.rendering else ()) if _leads_to(url, windows)]
        yield replace(signal, evidence={"url": (urls or sorted(windows))[0][:CLIP]})
    if facts.downloads:
        points = weights().points[Kind.DOWNLOAD]["new"]
        page = (look.rendering.final_url if look.rendering else "") or look.probe.final_url
        owner = domains.registrable(domains.host_of(page[:2000], "") or "")
        # what is downloaded is not known, only from whose page, and about how often
        identity = f"download:{owner} {facts.downloads.bit_length()}"
        yield Signal(Kind.DOWNLOAD, points, identity, {"count": facts.downloads})


def _leads_to(url: str, hosts: Collection[str]) -> bool:
    return any(host in url.lower() for host in hosts)


def screen_signals(before: Features, after: Features, profile: Profile) -> Iterator[Signal]:
    """How the first screen differs from the approved one, where both are known."""
    if before.screen is None or after.screen is None:
        return
    tiles = map(str, range(before.screen.columns * before.screen.rows))
    moving = {int(tile) for tile in profile.moving(profile.tiles, tiles, TILES_SHARE)}
    found = screen.difference(before.screen, after.screen, moving)
    yield from _share(Kind.SCREEN, found.share, f"screen~{after.screen.first:0>16}")
    points = weights().on_curve(Kind.COLOUR, found.colour / _WHITE)
    if points > 0:
        evidence = {"before": _named(found.before), "after": _named(found.after)}
        yield Signal(Kind.COLOUR, points, f"colour~{screen.colour_sketch(found.after):016x}", evidence)
    if screen.is_blank(before.screen, after.screen):
        points = weights().points[Kind.BLANK_SCREEN]["new"]
        identity = f"blank-screen~{screen.colour_sketch(screen.mean(after.screen)):016x}"
        yield Signal(Kind.BLANK_SCREEN, points, identity, {})


def _named(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
