"""Signals that something is different: identity, structure, text, title, screen, behaviour."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from defacewatch.captures import Features, Look
from defacewatch.compare import screen
from defacewatch.compare.attack import CLIP, host_signals
from defacewatch.compare.differences import Facts
from defacewatch.compare.weights import weights
from defacewatch.profiles import TILES_SHARE, Profile
from defacewatch.signals import Kind, Signal

_WHITE = 441.7  # RGB distance of black and white


def changes_of(facts: Facts) -> Iterator[Signal]:
    """The differences in `facts` that are no evidence of attack by themselves."""
    shape = f"{facts.structure_sketch:016x}"
    yield from _share(Kind.IDENTITY_LOST, facts.identity, f"identity-lost~{shape}")
    yield from _share(Kind.STRUCTURE, facts.structure, f"structure~{shape}")
    yield from _share(Kind.TEXT, facts.text, f"text~{facts.text_sketch:016x}")
    if facts.title is not None and (points := weights().on_curve(Kind.TITLE, facts.title_lost)):
        before, after = facts.title
        yield Signal(
            Kind.TITLE, points, f"title:{after[:CLIP]}", {"before": before[:CLIP], "after": after[:CLIP]}
        )
    yield from host_signals(Kind.LINK_HOSTS, facts.hosts.get("link", ()))
    resources = [facts.hosts.get(role, frozenset()) for role in ("image", "style", "media")]
    yield from host_signals(Kind.RESOURCE_HOST, frozenset().union(*resources))
    if facts.inline_scripts:
        points = weights().points[Kind.INLINE_SCRIPT]["new"] * len(facts.inline_scripts)
        points = weights().bounded(Kind.INLINE_SCRIPT, points)
        yield Signal(Kind.INLINE_SCRIPT, points, "inline-script", {"count": len(facts.inline_scripts)})


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
        yield Signal(Kind.REFUSED_REQUEST, points, f"refused-request={'|'.join(sorted(new)[:50])}", evidence)
    windows = facts.hosts.get("popup", frozenset())
    for signal in host_signals(Kind.POPUP, windows):
        urls = [url for url in (look.rendering.popups if look.rendering else ()) if _leads_to(url, windows)]
        yield replace(signal, evidence={"url": (urls or sorted(windows))[0][:CLIP]})
    if facts.downloads:
        points = weights().points[Kind.DOWNLOAD]["new"]
        yield Signal(Kind.DOWNLOAD, points, "download", {"count": facts.downloads})


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
        yield Signal(Kind.COLOUR, points, "colour", evidence)
    if screen.is_blank(before.screen, after.screen):
        yield Signal(Kind.BLANK_SCREEN, weights().points[Kind.BLANK_SCREEN]["new"], "blank-screen", {})


def _named(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
