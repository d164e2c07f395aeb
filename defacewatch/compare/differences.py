"""How one DOM differs from the approved one, as served and as shown, put together into one set of facts.

A look with the browser brings the document twice. Sets of new things are joined and shares take the larger
one, so nothing counts double.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from defacewatch.captures import Document, Phrase
from defacewatch.compare import domains, identity, sketch
from defacewatch.profiles import IDENTITY_SHARE, PATHS_SHARE, WORDS_SHARE, Profile, share_of_new

LITTLE_TEXT = 1500  # characters

_EMPTY: frozenset[str] = frozenset()
_EVIDENCE_ROLES = ("script", "frame", "form", "refresh", "jump")


@dataclass(frozen=True)
class Facts:
    """What is in a page and was not in the approved one. Shares are 0..1.

    `moved_to` is the host of another organisation that the page now comes from; `hosts` are new hosts by
    role. The sketches name the new state (`defacewatch.compare.sketch.simhash`).
    """

    phrases: frozenset[Phrase] = frozenset()
    hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hidden_links: tuple[tuple[str, str], ...] = ()
    moved_to: str | None = None
    dialogs: frozenset[str] = frozenset()
    downloads: int = 0
    inline_scripts: frozenset[str] = frozenset()
    packed_scripts: frozenset[str] = frozenset()
    had_packed_scripts: bool = False
    identity: float = 0.0
    structure: float = 0.0
    text: float = 0.0
    title: tuple[str, str] | None = None
    title_lost: float = 0.0
    structure_sketch: int = 0
    text_sketch: int = 0


def differences(before: Document, after: Document, profile: Profile) -> Facts:
    """The facts about one pair of documents of the same kind."""
    new_hosts = _new_hosts(before, after, profile)
    own, own_before = _host(after), _host(before)
    moved = (
        own if own and own_before and domains.registrable(own) != domains.registrable(own_before) else None
    )
    title_lost = _lost_words(before, after)
    return Facts(
        phrases=new_phrases(before, after),
        hosts=new_hosts,
        hidden_links=_new_hidden(before, after),
        moved_to=moved,
        dialogs=after.dialogs - before.dialogs,
        downloads=max(0, after.downloads - before.downloads),
        inline_scripts=after.inline_scripts - before.inline_scripts,
        packed_scripts=after.packed_scripts - before.packed_scripts,
        had_packed_scripts=bool(before.packed_scripts),
        identity=_identity_lost(before, after, profile),
        structure=_structure(before, after, profile),
        text=_text(before, after, profile),
        title=(before.title, after.title) if title_lost else None,
        title_lost=title_lost,
        structure_sketch=sketch.simhash(after.paths),
        text_sketch=sketch.simhash(after.words),
    )


def alone(after: Document) -> Facts:
    """The facts about a document when there is no approved one: wording and hidden links only.

    Where there is little else to read, a claim in the text weighs as much as one in a heading. Menus hide
    links to other sites too, so hidden links count only where there is spam wording about them.
    """
    phrases = after.phrases
    if after.text_length <= LITTLE_TEXT:
        phrases = tuple(
            replace(phrase, place="heading")
            if phrase.bare and phrase.strong and phrase.place == "text" and phrase.family == "deface"
            else phrase
            for phrase in phrases
        )
    spam = any(phrase.family == "spam" and phrase.place in ("hidden", "url") for phrase in phrases)
    return Facts(phrases=frozenset(phrases), hidden_links=after.hidden_links if spam else ())


def joined(served: Facts, shown: Facts) -> Facts:
    """One set of facts from those about the document as served and as shown.

    The sketches are those of the served document unless only the shown one differs: what is served is the
    same at every tier, and moves less.
    """
    return Facts(
        phrases=served.phrases | shown.phrases,
        hosts={
            role: served.hosts.get(role, _EMPTY) | shown.hosts.get(role, _EMPTY)
            for role in sorted(served.hosts.keys() | shown.hosts.keys())
        },
        hidden_links=tuple(dict.fromkeys((*served.hidden_links, *shown.hidden_links))),
        moved_to=served.moved_to or shown.moved_to,
        dialogs=served.dialogs | shown.dialogs,
        downloads=max(served.downloads, shown.downloads),
        inline_scripts=max(served.inline_scripts, shown.inline_scripts, key=len),
        packed_scripts=max(served.packed_scripts, shown.packed_scripts, key=len),
        had_packed_scripts=served.had_packed_scripts or shown.had_packed_scripts,
        identity=max(served.identity, shown.identity),
        structure=max(served.structure, shown.structure),
        text=max(served.text, shown.text),
        title=served.title or shown.title,
        title_lost=max(served.title_lost, shown.title_lost),
        structure_sketch=_steadier(served.structure, served.structure_sketch, shown.structure_sketch),
        text_sketch=_steadier(served.text, served.text_sketch, shown.text_sketch),
    )


def evidence_in(facts: Facts) -> Facts:
    """What `facts` about a page that stands in for the real one still say: evidence of attack only.

    The code in it says nothing: bot walls pack theirs as a rule.
    """
    return Facts(
        phrases=facts.phrases,
        hosts={role: facts.hosts[role] for role in _EVIDENCE_ROLES if role in facts.hosts},
        hidden_links=facts.hidden_links,
        moved_to=facts.moved_to,
        dialogs=facts.dialogs,
    )


def _steadier(share: float, served: int, shown: int) -> int:
    return served if share >= 0.25 else shown


def new_phrases(before: Document, after: Document) -> frozenset[Phrase]:
    """Wording of `after` that `before` does not have in any place."""
    known = {(phrase.family, phrase.phrase) for phrase in before.phrases}
    return frozenset(phrase for phrase in after.phrases if (phrase.family, phrase.phrase) not in known)


def _host(document: Document) -> str | None:
    return domains.host_of(document.url, "") or None


def _new_hosts(before: Document, after: Document, profile: Profile) -> Mapping[str, frozenset[str]]:
    """Hosts by role whose owner was not there in that role, is not the page's, and is not known to move."""
    own = {domains.registrable(host) for host in (_host(before), _host(after)) if host}
    new: dict[str, frozenset[str]] = {}
    for role, hosts in after.hosts.items():
        known = own | {domains.registrable(host) for host in before.hosts.get(role, _EMPTY)}
        if role == "jump":
            known |= {domains.registrable(host) for host in before.hosts.get("link", _EMPTY)}
        found = frozenset(
            host
            for host in hosts
            if domains.registrable(host) not in known and not _moves(profile, f"{role} {host}")
        )
        if found:
            new[role] = found
    return new


def _moves(profile: Profile, host: str) -> bool:
    return bool(profile.moving(profile.hosts, (host,), 1.0))


def _new_hidden(before: Document, after: Document) -> tuple[tuple[str, str], ...]:
    known = {domains.registrable(host) for host in before.hosts.get("link", _EMPTY)}
    known |= {domains.registrable(_host_of(href)) for href, _ in before.hidden_links}
    return tuple(
        (href, text) for href, text in after.hidden_links if domains.registrable(_host_of(href)) not in known
    )


def _host_of(href: str) -> str:
    return domains.host_of(href, "") or ""


def offsite_hosts(hidden: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The hosts that hidden links lead to, one an owner, without well-known services and public bodies."""
    owners: dict[str, str] = {}
    for href, _ in hidden:
        host = _host_of(href)
        if host and not domains.is_wellknown(host) and not domains.is_official(host):
            owners.setdefault(domains.registrable(host), host)
    return tuple(owners[owner] for owner in sorted(owners))


def _identity_lost(before: Document, after: Document, profile: Profile) -> float:
    moving = profile.moving(profile.identity, before.identity, IDENTITY_SHARE)
    return identity.lost_share(before.identity, after.identity, moving)


def _structure(before: Document, after: Document, profile: Profile) -> float:
    every = {str(path): path for path in before.paths}
    moving = {every[path] for path in profile.moving(profile.paths, every, PATHS_SHARE)}
    steady = before.paths - moving
    lost = len(steady - after.paths) / len(steady) if steady else 0.0
    fresh = after.paths - before.paths
    known = profile.moving(profile.paths, map(str, fresh), PATHS_SHARE)
    gained = (len(fresh) - len(known)) / len(after.paths) if after.paths else 0.0
    return max(lost, gained)


def _text(before: Document, after: Document, profile: Profile) -> float:
    every = {str(word): word for word in before.words}
    moving = {every[word] for word in profile.moving(profile.words, every, WORDS_SHARE)}
    steady = before.words - moving
    lost = len(steady - after.words) / len(steady) if steady else 0.0
    usual = min(0.95, profile.usual.get("text", 0.0))
    gained = max(0.0, share_of_new(before.words, after.words) - usual) / (1.0 - usual)
    return max(lost, gained)


def _lost_words(before: Document, after: Document) -> float:
    """How far the titles differ, 0..1, apart from numbers."""
    words, words2 = identity.title_words(before.title), identity.title_words(after.title)
    if words == words2:
        return 0.0
    return 1.0 - len(words & words2) / len(words | words2)
