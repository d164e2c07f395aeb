"""Signals that something is different: identity, structure, text, title, screen, behaviour."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from defacewatch.captures import Look
from defacewatch.compare import domains, icon, text
from defacewatch.compare.differences import Facts
from defacewatch.compare.foreign import CLIP, host_signals, owners, parts
from defacewatch.compare.letters import language_signals
from defacewatch.compare.sketch import hash64
from defacewatch.compare.weights import weights
from defacewatch.features import Features
from defacewatch.profiles import ICON, Profile
from defacewatch.signals import Kind, Signal

_NUMBERED = re.compile(r"\w*\d\w*")  # a word with a digit: '5', '08h30', 'v2'


def changes_of(facts: Facts) -> Iterator[Signal]:
    """The differences in `facts` that are no evidence of attack by themselves."""
    shape = f"{facts.structure_sketch:016x}"
    yield from _share(Kind.IDENTITY_LOST, facts.identity, f"identity-lost~{shape}")
    # what cannot be read of a page that has grown too large counts as different
    least = 1.0 if facts.cut else 0.0
    yield from _share(Kind.STRUCTURE, max(facts.structure, least), f"structure~{shape}")
    yield from _share(Kind.TEXT, max(facts.text, least), f"text~{facts.text_sketch:016x}")
    yield from _share(Kind.VISIBLE_TEXT, facts.unseen, f"visible-text~{facts.visible_sketch:016x}")
    yield from language_signals(facts.letters)
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
        identity = f"inline-script={parts(facts.inline_scripts)}"
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


def icon_signals(before: Features, after: Features, profile: Profile) -> Iterator[Signal]:
    """Another icon of the site; where what it looks like is not known, another address of it. An icon of
    another address counts as another one too where the site had none that could be seen."""
    table = weights().points[Kind.ICON]
    if before.icon is not None and after.icon is not None:
        if icon.looks_other(before.icon, after.icon) and ICON not in profile.usual:
            yield Signal(Kind.ICON, table["new"], f"icon:{after.icon}", {})
    elif after.icon is not None and before.shown is not None and _names_other_icon(before, after):
        yield Signal(Kind.ICON, table["new"], f"icon:{after.icon}", {})
    elif icon.has_other_address(before.served, after.served):
        yield Signal(Kind.ICON, table["address"], f"icon:{hash64(after.served.icon):016x}", {})


def _names_other_icon(before: Features, after: Features) -> bool:
    return bool(after.served.icon) and after.served.icon != before.served.icon
