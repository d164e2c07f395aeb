"""What stands in for a page: an error page, a maintenance page, a bot wall, a default or parked page.

A page that says so is believed only as far as it looks the part. What a server, a wall or an operator puts
there is short, says little else than what is wrong, and is plain: sound, frames of other sites or long other
texts are how a defacement that is served as an error, or under a title such as 'Bảo trì', gives itself away.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from defacewatch.compare import domains, makeup, phrases
from defacewatch.compare.differences import new_phrases
from defacewatch.compare.identity import lost_share
from defacewatch.features import Document, Features, Phrase
from defacewatch.signals import Kind

LOST = 0.55  # share of the identity that is gone from a page that something else stands in for
FIRST_ERROR = 400
SHORT = 2500  # characters: a page that only says that it is not there says no more
VERY_SHORT = 600  # … where no baseline tells what should be there
EACH = 300  # characters of text that one phrase about an outage speaks for
ENOUGH = 6  # so many different phrases speak for any length
TRACE = 20_000  # characters of a stack trace
TITLE_ALONE = 30  # characters below a title that alone says what the page is
TERSE = 160  # characters of an error page that says nothing known
LISTING = 20_000  # characters of a bare listing of files

KINDS = {"maintenance": Kind.MAINTENANCE, "bot-wall": Kind.BOT_WALL, "error-page": Kind.ERROR_PAGE}
GATE = "password"  # the 'phrase' that a field for one on a short page is
_BODY = ("heading", "text")
_TRACES = frozenset(("traceback most recent call last", "stack trace", "exception report", "call stack"))
_LEADS = ("link", "refresh", "jump")
_LOUD = frozenset(("media", "popup"))


class StandIn(NamedTuple):
    """What stands there: the kind of signal that it is, and the phrase that says so."""

    kind: Kind
    phrase: str


def stand_in(before: Document | None, after: Document) -> StandIn | None:
    """What `after` is, where it stands in for `before` (None: nothing is approved) and says so."""
    if is_blank(after) and not after.phrases and (before is None or not is_blank(before)):
        return StandIn(Kind.ERROR_PAGE, "")
    if before is None:
        return _unapproved(after)
    error = is_error(before, after)
    if _is_other(before, after):
        vacant = _vacant(before, after)
        if vacant is not None and vacant.phrase != GATE:
            return vacant
        return _outage(before, after, after.phrases, error=error) or vacant  # 'your session has expired'
    return _outage(before, after, new_phrases(before, after), error=True) if error else None


def is_error_page(before: Document, after: Document) -> bool:
    """Whether a page that came with an error status is an error page: the approved page with such a status,
    one that says so, or one that says next to nothing."""
    if not _is_other(before, after) or stand_in(before, after) is not None:
        return True
    plain = not _is_pictured(after) and not any(
        _is_strange(host, after.url) for role in _LEADS for host in after.hosts.get(role, ())
    )
    return after.text_length <= TERSE and plain and not _is_loud(before, after, weak=1)


def is_error(before: Document | None, after: Document) -> bool:
    """Whether `after` came with an error status that was not approved."""
    return is_error_status(after.status, before)


def is_error_status(status: int | None, approved: Document | None) -> bool:
    if status is None or status < FIRST_ERROR:
        return False
    return approved is None or status != approved.status


def is_empty(document: Document) -> bool:
    """Whether a document has nothing to show: no text, title or links, nothing that it loads or draws."""
    shows = document.text_length or document.title or document.drawn
    return not (shows or document.hosts or document.inline_scripts)


def is_blank(document: Document) -> bool:
    """Whether a document is empty, or breaks off before anything that could be seen: it only names styles and
    scripts of its own site."""
    if document.text_length or document.title or document.inline_scripts or document.drawn:
        return False
    own = _owner(document.url)
    return document.hosts.keys() <= {"style", "script"} and all(
        domains.registrable(host) == own for hosts in document.hosts.values() for host in hosts
    )


def approved_in_part(approved: Features) -> Document | None:
    """What is known of a page that the browser was given when its look was approved, and plain HTTP was not:
    what was shown, and what else was served. None where it was served, or was not looked at with a browser.

    Against what stood in for it, the page itself would be a replaced one ever after.
    """
    served, shown = approved.served, approved.shown
    if shown is None or _is_served(served, shown):
        return None
    return replace(
        shown,
        phrases=(*shown.phrases, *served.phrases),
        hosts={
            role: shown.hosts.get(role, frozenset()) | served.hosts.get(role, frozenset())
            for role in sorted(shown.hosts.keys() | served.hosts.keys())
        },
        hidden_links=(*shown.hidden_links, *served.hidden_links),
        traits=shown.traits | served.traits,
        telling=shown.telling | served.telling,
    )


def _is_served(served: Document, shown: Document) -> bool:
    """Whether plain HTTP was given the page that the browser was."""
    if is_empty(served) or is_error(shown, served):
        return False
    if shown.identity and served.identity.isdisjoint(shown.identity):
        return False
    return stand_in(shown, served) is None


def _unapproved(after: Document) -> StandIn | None:
    if after.text_length > (SHORT if is_error(None, after) else VERY_SHORT):
        return None
    for family, kind in (*KINDS.items(), ("vacant", Kind.VACANT)):
        said = sorted(p.phrase for p in after.phrases if p.family == family and p.strong and p.bare)
        if said:
            return StandIn(kind, said[0])
    return None


def _is_other(before: Document, after: Document) -> bool:
    """Whether a page lacks what makes it this organisation's."""
    return lost_share(before.identity, after.identity, ()) >= LOST


def _vacant(before: Document, after: Document) -> StandIn | None:
    """A default page, a listing of files, a parked or suspended page. They may be full of foreign scripts."""
    said = [phrase for phrase in after.phrases if phrase.family == "vacant" and phrase.strong]
    named = sorted(p.phrase for p in said if p.bare and p.place in ("title", "heading"))
    told = sorted(p.phrase for p in said if p.place in _BODY)
    if _is_loud(before, after, weak=2, frames=False):
        return None
    if named and after.text_length <= LISTING:
        return StandIn(Kind.VACANT, named[0])
    if told and after.text_length <= EACH * (len(told) + 1):
        return StandIn(Kind.VACANT, told[0])
    return None


def _outage(before: Document, after: Document, found: Collection[Phrase], *, error: bool) -> StandIn | None:
    """An error page, maintenance page or bot wall, by the phrases `found` in it."""
    about = [phrase for phrase in found if phrase.family in KINDS]
    spoken = {phrase.phrase for phrase in about} | ({"status"} if error and _names_status(after) else set())
    sure = [
        phrase for phrase in about if phrase.strong and (phrase.bare or phrase.place in ("title", *_BODY))
    ]
    said = any(phrase.place not in ("title", "url", "meta") and phrase.bare for phrase in about)
    terse = said and after.text_length <= TERSE and not _is_pictured(after)
    if not (sure or terse or (error and spoken)) or _is_loud(before, after, weak=2 if sure else 1):
        return None
    said = any(phrase.place in (*_BODY, "anchor") for phrase in (sure or about))
    if not (terse or (_speaks(spoken, after) if said else _says_no_more(about, after, error=error))):
        return None
    return _named(sure) or _named(about) or StandIn(Kind.ERROR_PAGE, str(after.status))


def _speaks(spoken: Collection[str], after: Document) -> bool:
    """Whether what was `spoken` about an outage speaks for all of the text."""
    if _TRACES.isdisjoint(spoken) or "image" in after.hosts:
        return len(spoken) >= ENOUGH or after.text_length <= EACH * (len(spoken) + 1)
    return after.text_length <= TRACE


def _says_no_more(about: Iterable[Phrase], after: Document, *, error: bool) -> bool:
    """Whether there is nothing below a title, or beside the markup of a wall, that alone says what it is."""
    limit = TERSE if error or any(phrase.place == "url" for phrase in about) else TITLE_ALONE
    return after.text_length <= limit and not _is_pictured(after)


def _named(said: Iterable[Phrase]) -> StandIn | None:
    every = list(said)
    for family, kind in KINDS.items():
        phrases_said = sorted(phrase.phrase for phrase in every if phrase.family == family)
        if phrases_said:
            return StandIn(kind, phrases_said[0])
    return None


def _names_status(document: Document) -> bool:
    """Whether a title or heading names the status that the page came with. (Phrases are folded, and know no
    numbers.)"""
    return any(str(document.status) in text for text in (document.title, *document.headings))


def _is_loud(before: Document, after: Document, *, weak: int, frames: bool = True) -> bool:
    """Whether a page has what no error page has: sound, dialogs, frames of other sites, the make-up of a
    defacement, or words of one (of `weak` wording so many, since walls speak of attacks too)."""
    if any(after.hosts.get(role, frozenset()) - before.hosts.get(role, frozenset()) for role in _LOUD):
        return True
    if after.dialogs - before.dialogs or makeup.is_loud(after.traits - before.traits, weak):
        return True
    if frames and any(_is_strange(host, after.url) for host in after.hosts.get("frame", ())):
        return True
    words = {(p.phrase, p.strong) for p in new_phrases(before, after) if p.family == "deface"}
    return any(strong for _, strong in words) or len(words) >= weak


def _is_pictured(document: Document) -> bool:
    """Whether a page shows pictures: what it says may be in them."""
    return document.drawn or "image" in document.hosts


def _is_strange(host: str, url: str) -> bool:
    """Whether a host is neither the page's, nor a well-known service, nor a bot wall's."""
    if domains.registrable(host) == _owner(url) or domains.is_wellknown(host):
        return False
    return phrases.bot_wall_markup(host) is None


def _owner(url: str) -> str:
    return domains.registrable(domains.host_of(url[:2000], "") or "")
