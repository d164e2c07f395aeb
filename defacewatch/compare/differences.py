"""How one DOM differs from the approved one, as served and as shown, put together into one set of facts.

A look with the browser brings the document twice. Sets of new things are joined and shares take the larger
one, so nothing counts double.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from defacewatch.compare import arrivals, domains, identity, sketch, visible, wording
from defacewatch.compare.arrivals import Circle, NewCode
from defacewatch.compare.letters import Shift, shift
from defacewatch.features import Document, Phrase
from defacewatch.profiles import NEW_TEXT, Profile, share_of_new

ADDED = 0.6  # what is new in the structure weighs less than what is gone: widgets come and go
LITTLE_TEXT = 1500  # characters
REDESIGN = 0.55  # share of the identity that counts as lost at most while the page says whose it is
BLANK = 30  # characters that can be read: with fewer, what a page says of itself is not shown

_EMPTY: frozenset[str] = frozenset()
_SHOWING_ROLES = frozenset(("image", "frame", "media"))
_EVIDENCE_ROLES = ("script", "frame", "form", "refresh", "sent", "jump")


@dataclass(frozen=True)
class Facts:
    """What is in a page and was not in the approved one. Shares are 0..1.

    `moved_to` is the host of another organisation that the page now comes from; `hosts` are new hosts by
    role. The sketches name the new state (`defacewatch.compare.sketch.simhash`). `telling` and `traits` are
    new ones of `Document`; `replaced` is the share of the identity that is gone, whatever the page says of
    itself; `rebuilt` is the share of the steady structure that is gone, whatever was added to it.
    `cut` says that the page has grown too large to be read whole.
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
    unseen: float = 0.0
    title: tuple[str, str] | None = None
    title_lost: float = 0.0
    structure_sketch: int = 0
    text_sketch: int = 0
    visible_sketch: int = 0
    telling: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    replaced: float = 0.0
    rebuilt: float = 0.0
    letters: Shift | None = None
    new_code: frozenset[NewCode] = frozenset()
    circle: Circle = field(default_factory=Circle)
    cut: bool = False


def differences(before: Document, after: Document, profile: Profile) -> Facts:
    """The facts about one pair of documents of the same kind."""
    new_hosts = arrivals.new_hosts(before, after, profile)
    own, own_before = arrivals.host_of(after), arrivals.host_of(before)
    moved = (
        own if own and own_before and domains.registrable(own) != domains.registrable(own_before) else None
    )
    title_lost = _lost_words(before, after)
    structure, rebuilt = _structure(before, after, profile)
    return Facts(
        phrases=new_phrases(before, after),
        hosts=new_hosts,
        hidden_links=arrivals.new_hidden(before, after, profile),
        moved_to=moved,
        dialogs=after.dialogs - before.dialogs,
        downloads=max(0, after.downloads - before.downloads),
        inline_scripts=after.inline_scripts - before.inline_scripts,
        packed_scripts=arrivals.new_packed(before, after),
        had_packed_scripts=bool(before.packed_scripts),
        identity=_identity_lost(before, after, profile),
        structure=structure,
        text=_text(before, after, profile),
        unseen=_unseen(before, after, profile),
        title=(before.title, after.title) if title_lost else None,
        title_lost=title_lost,
        structure_sketch=sketch.simhash(after.paths),
        text_sketch=sketch.simhash(after.words),
        visible_sketch=sketch.simhash(after.visible or ()),
        telling=after.telling - before.telling,
        traits=after.traits - before.traits,
        replaced=identity.lost_share(before.identity, after.identity, ()),
        rebuilt=rebuilt,
        letters=shift(before.letters, after.letters),
        new_code=arrivals.new_code(before, after),
        circle=arrivals.circle(before, after, new_hosts),
        cut=after.cut and not before.cut,
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
    telling = after.telling if wording.is_certain(after.telling) else _EMPTY
    hidden = after.hidden_links if spam else ()
    return Facts(phrases=frozenset(phrases), hidden_links=hidden, telling=telling)


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
        unseen=max(served.unseen, shown.unseen),
        title=served.title or shown.title,
        title_lost=max(served.title_lost, shown.title_lost),
        structure_sketch=_steadier(served.structure, served.structure_sketch, shown.structure_sketch),
        text_sketch=_steadier(served.text, served.text_sketch, shown.text_sketch),
        visible_sketch=shown.visible_sketch,
        telling=served.telling | shown.telling,
        traits=served.traits | shown.traits,
        replaced=max(served.replaced, shown.replaced),
        rebuilt=max(served.rebuilt, shown.rebuilt),
        new_code=served.new_code | shown.new_code,
        circle=served.circle.joined(shown.circle),
        cut=served.cut or shown.cut,
        letters=max(served.letters, shown.letters, key=lambda moved: moved[0] if moved else 0.0),
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
        telling=facts.telling,
        traits=facts.traits,
        replaced=facts.replaced,
        circle=facts.circle,
    )


def _steadier(share: float, served: int, shown: int) -> int:
    return served if share >= 0.25 else shown


def new_phrases(before: Document, after: Document) -> frozenset[Phrase]:
    """Wording of `after` that `before` does not have in any place."""
    known = {(phrase.family, phrase.phrase) for phrase in before.phrases}
    return frozenset(phrase for phrase in after.phrases if (phrase.family, phrase.phrase) not in known)


def _identity_lost(before: Document, after: Document, profile: Profile) -> float:
    """How much of the identity is gone. Where the page says whose it is, or shows nothing at all yet, nobody
    else's page stands in its place, however new it looks."""
    moving = profile.moving(profile.identity, before.identity, profile.allowance("identity"))
    lost, named = identity.kept(before.identity, after.identity, moving, after.links)
    capped = (named and not _is_blank(after)) or _is_shell(after)
    return min(lost, REDESIGN) if capped else lost


def _is_blank(document: Document) -> bool:
    """Whether a page, as far as is known, shows nothing of what its markup says."""
    return document.visible is not None and document.visible_length < BLANK


def _is_shell(document: Document) -> bool:
    """Whether a document shows nothing by itself: scripts are to fill it."""
    shows = document.text_length or document.visible_length or document.covers or document.dialogs
    return not shows and "script" in document.hosts and _SHOWING_ROLES.isdisjoint(document.hosts)


def _structure(before: Document, after: Document, profile: Profile) -> tuple[float, float]:
    """How much of the structure differs: of the steady part what is gone, and of all of it what is new,
    whichever is more; and the former alone."""
    allowed = profile.allowance("paths")
    every = {str(path): path for path in before.paths}
    moving = {every[path] for path in profile.moving(profile.paths, every, allowed)}
    steady = before.paths - moving
    lost = len(steady - after.paths) / len(steady) if steady else 0.0
    fresh = after.paths - before.paths
    share = min(1.0, allowed * len(after.paths) / len(fresh)) if fresh else 0.0
    known = profile.moving(profile.paths, map(str, fresh), share)
    gained = (len(fresh) - len(known)) / len(after.paths) if after.paths else 0.0
    return max(lost, ADDED * gained), lost


def _text(before: Document, after: Document, profile: Profile) -> float:
    """How much of the text differs beyond what it usually does: of all of it, since where most of it moves
    the little that is steady says little."""
    every = {str(word): word for word in before.words}
    moving = {every[word] for word in profile.moving(profile.words, every, profile.allowance("words"))}
    steady = before.words - moving
    lost = len(steady - after.words) / len(before.words) if before.words else 0.0
    usual = profile.usual.get(NEW_TEXT, 0.0)
    gone = share_of_new(after.words, before.words) - usual
    gained = share_of_new(before.words, after.words) - usual
    return max(0.0, min(lost, gone), gained)


def _unseen(before: Document, after: Document, profile: Profile) -> float:
    if before.visible is None or after.visible is None:
        return 0.0
    every = {str(word): word for word in before.visible}
    moving = profile.moving(profile.visible, every, profile.allowance("visible"))
    return visible.hidden_share(before, after, [every[word] for word in moving])


def _lost_words(before: Document, after: Document) -> float:
    """How far the titles differ, 0..1, apart from numbers."""
    words, words2 = identity.title_words(before.title), identity.title_words(after.title)
    if words == words2:
        return 0.0
    return 1.0 - len(words & words2) / len(words | words2)
