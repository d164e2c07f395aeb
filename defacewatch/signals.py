"""Signals: one observed difference each, with severity, points, a sentence and its evidence.

The kinds are a closed list. What each means for an officer, and what raises and lowers it, is in
docs/signals.md; the points a comparison gives come from `data/weights.yaml`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from defacewatch import reasons
from defacewatch.language import N_, Translate


class Role(StrEnum):
    """What a signal can do to a verdict.

    EVIDENCE of attack stands on its own and outranks status codes and error wording. REPLACEMENT is
    evidence too, unless the page is an outage page (an error page replaces everything as well) or there is
    a STAND_IN, which says that something harmless has taken the page's place. DIFFERENCE only says that
    something moved. OUTAGE says that the page is not being served. A NOTE weighs nothing.
    """

    EVIDENCE = "evidence"
    REPLACEMENT = "replacement"
    DIFFERENCE = "difference"
    STAND_IN = "stand-in"
    OUTAGE = "outage"
    NOTE = "note"


class Severity(StrEnum):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Kind(StrEnum):
    """The closed list of signal kinds."""

    DEFACE_PHRASE = "deface-phrase"
    SPAM_TERMS = "spam-terms"
    HIDDEN_LINKS = "hidden-links"
    DIALOG = "dialog"
    OFFSITE_REDIRECT = "offsite-redirect"
    SCRIPT_HOST = "script-host"
    FRAME_HOST = "frame-host"
    FORM_HOST = "form-host"
    PACKED_SCRIPT = "packed-script"
    ALTERED_SCRIPT = "altered-script"
    WORDING = "wording"
    MAKE_UP = "make-up"
    INLINE_SCRIPT = "inline-script"
    IDENTITY_LOST = "identity-lost"
    STRUCTURE = "structure"
    TEXT = "text"
    TITLE = "title"
    LINK_HOSTS = "link-hosts"
    RESOURCE_HOST = "resource-host"
    SCREEN = "screen"
    COLOUR = "colour"
    BLANK_SCREEN = "blank-screen"
    VISIBLE_TEXT = "visible-text"
    LANGUAGE = "language"
    COVER = "cover"
    PICTURES = "pictures"
    ICON = "icon"
    REFUSED_REQUEST = "refused-request"
    POPUP = "popup"
    DOWNLOAD = "download"
    TLS = "tls"
    TLS_KNOWN = "tls-known"
    TLS_EXPIRES_SOON = "tls-expires-soon"
    FETCH_FAILED = "fetch-failed"
    HTTP_ERROR = "http-error"
    MAINTENANCE = "maintenance"
    BOT_WALL = "bot-wall"
    ERROR_PAGE = "error-page"
    VACANT = "vacant"
    SERVED_AS_ERROR = "served-as-error"
    NOT_SHOWN = "not-shown"
    NOT_SERVED = "not-served"
    TRUNCATED = "truncated"
    BROWSER_FAILED = "browser-failed"
    MUTED = "muted"
    MASKED = "masked"


@dataclass(frozen=True)
class KindOf:
    """What a kind is: its role and its sentence, a format string over the signal's evidence."""

    role: Role
    sentence: str


KINDS: Mapping[Kind, KindOf] = {
    Kind.DEFACE_PHRASE: KindOf(Role.EVIDENCE, N_("words of a defacement in the {place}: “{phrases}”")),
    Kind.SPAM_TERMS: KindOf(Role.EVIDENCE, N_("gambling or spam wording that was not there: “{phrases}”")),
    Kind.HIDDEN_LINKS: KindOf(Role.EVIDENCE, N_("{count} hidden links to other sites ({hosts})")),
    Kind.DIALOG: KindOf(Role.EVIDENCE, N_("the page opens a dialog: “{text}”")),
    Kind.OFFSITE_REDIRECT: KindOf(Role.EVIDENCE, N_("visitors are sent to another site: {host}")),
    Kind.SCRIPT_HOST: KindOf(Role.EVIDENCE, N_("scripts from hosts that are not in the baseline: {hosts}")),
    Kind.FRAME_HOST: KindOf(Role.EVIDENCE, N_("frames from hosts that are not in the baseline: {hosts}")),
    Kind.FORM_HOST: KindOf(Role.EVIDENCE, N_("a form sends its data to another host: {hosts}")),
    Kind.PACKED_SCRIPT: KindOf(
        Role.EVIDENCE, N_("a new script inside the page unpacks hidden code ({count})")
    ),
    Kind.ALTERED_SCRIPT: KindOf(Role.EVIDENCE, N_("new code on the page {does}: {url}")),
    Kind.WORDING: KindOf(Role.EVIDENCE, N_("the new wording is that of defacements: {words}")),
    Kind.MAKE_UP: KindOf(Role.EVIDENCE, N_("the page is made up as defacements are: {traits}")),
    Kind.INLINE_SCRIPT: KindOf(Role.DIFFERENCE, N_("{count} new scripts inside the page")),
    Kind.IDENTITY_LOST: KindOf(
        Role.REPLACEMENT, N_("{share} % of what makes this page this organisation's is gone")
    ),
    Kind.STRUCTURE: KindOf(Role.DIFFERENCE, N_("{share} % of the page's structure is different")),
    Kind.TEXT: KindOf(Role.DIFFERENCE, N_("{share} % of the page's text is different")),
    Kind.TITLE: KindOf(Role.DIFFERENCE, N_("the title was “{before}” and is “{after}”")),
    Kind.LINK_HOSTS: KindOf(Role.DIFFERENCE, N_("links to hosts that are not in the baseline: {hosts}")),
    Kind.RESOURCE_HOST: KindOf(
        Role.DIFFERENCE, N_("pictures, styles or media from hosts that are not in the baseline: {hosts}")
    ),
    Kind.SCREEN: KindOf(Role.DIFFERENCE, N_("{share} % of the first screen looks different")),
    Kind.COLOUR: KindOf(Role.DIFFERENCE, N_("the colours of the page have shifted ({before} → {after})")),
    Kind.BLANK_SCREEN: KindOf(Role.DIFFERENCE, N_("the screen is blank")),
    Kind.VISIBLE_TEXT: KindOf(Role.DIFFERENCE, N_("{share} % of what could be read on the page is hidden")),
    Kind.LANGUAGE: KindOf(Role.DIFFERENCE, N_("the page is in another script: {before} → {after}")),
    Kind.COVER: KindOf(Role.DIFFERENCE, N_("something new covers {share} % of the first screen: {what}")),
    Kind.PICTURES: KindOf(
        Role.DIFFERENCE, N_("{count} of {total} lasting pictures are other ones ({where})")
    ),
    Kind.ICON: KindOf(Role.DIFFERENCE, N_("the site's icon is another one")),
    Kind.REFUSED_REQUEST: KindOf(
        Role.DIFFERENCE, N_("the page reaches for a forbidden address: {url} ({reason})")
    ),
    Kind.POPUP: KindOf(Role.DIFFERENCE, N_("the page opens another window: {url}")),
    Kind.DOWNLOAD: KindOf(Role.DIFFERENCE, N_("the page starts a download ({count})")),
    Kind.TLS: KindOf(Role.OUTAGE, N_("the certificate is not valid: {detail} (SHA-256 {fingerprint})")),
    Kind.TLS_KNOWN: KindOf(
        Role.NOTE, N_("the certificate is not valid, as when the baseline was approved: {detail}")
    ),
    Kind.TLS_EXPIRES_SOON: KindOf(Role.NOTE, N_("the certificate expires on {not_after}")),
    Kind.FETCH_FAILED: KindOf(Role.OUTAGE, N_("the page could not be fetched: {detail}")),
    Kind.HTTP_ERROR: KindOf(Role.OUTAGE, N_("the server answered with status {status}")),
    Kind.MAINTENANCE: KindOf(Role.OUTAGE, N_("the page says that it is under maintenance: “{phrase}”")),
    Kind.BOT_WALL: KindOf(Role.OUTAGE, N_("a bot wall answered instead of the page: “{phrase}”")),
    Kind.ERROR_PAGE: KindOf(Role.OUTAGE, N_("an error page stands in place of the page: “{phrase}”")),
    Kind.VACANT: KindOf(
        Role.STAND_IN,
        N_("a default, parked or suspended page stands in place of the page: “{phrase}”"),
    ),
    Kind.SERVED_AS_ERROR: KindOf(
        Role.OUTAGE, N_("the server answered with status {status}, and what it sent is no error page")
    ),
    Kind.NOT_SHOWN: KindOf(Role.OUTAGE, N_("the browser could not show the page that was served: {detail}")),
    Kind.NOT_SERVED: KindOf(
        Role.NOTE, N_("plain HTTP was not given the page that the browser was given: {detail}")
    ),
    Kind.TRUNCATED: KindOf(Role.NOTE, N_("the page is larger than the limit and was cut")),
    Kind.BROWSER_FAILED: KindOf(Role.NOTE, N_("our own browser failed: {detail}")),
    Kind.MUTED: KindOf(Role.NOTE, N_("muted as a false alarm: {kind}")),
    Kind.MASKED: KindOf(
        Role.NOTE, N_("left out by a mask ({masks}): {kind}, {counted} instead of {without} points")
    ),
}

# Where wording stands, as sentences say it.
PLACES: Mapping[str, str] = {
    "title": N_("title"),
    "heading": N_("heading"),
    "anchor": N_("text of a link"),
    "link": N_("text of a link to another site"),
    "meta": N_("description of the page"),
    "hidden": N_("hidden text"),
    "url": N_("address of a link"),
    "dialog": N_("dialog"),
    "text": N_("text"),
}

# What new code does, as sentences say it, and where it stands when that is not a file's address.
DOES: Mapping[str, str] = {
    "obfuscated": N_("hides what it does"),
    "rewrites": N_("rewrites the page"),
    "redirects": N_("sends visitors elsewhere"),
    "reaches": N_("reaches {hosts}"),
}
WHERE: Mapping[str, str] = {"in-page": N_("in the page itself"), "in-scripts": N_("in its scripts")}

# Marks of make-up, as sentences say them.
TRAITS: Mapping[str, str] = {
    "autoplay": N_("sound that starts by itself"),
    "black-page": N_("a black page"),
    "blink": N_("blinking text"),
    "contact": N_("an address to write to"),
    "copy-guard": N_("a guard against copying"),
    "falling": N_("falling characters"),
    "framed-text": N_("text framed with signs"),
    "glaring-text": N_("red or green letters"),
    "glow": N_("glowing letters"),
    "hacker-picture": N_("an emblem of hackers"),
    "leetspeak": N_("words spelled with digits"),
    "lent-picture": N_("a picture from a free image host"),
    "marquee": N_("running text"),
    "mirror-link": N_("a link to a list of defaced sites"),
    "no-right-click": N_("a blocked right mouse button"),
    "poster": N_("one picture and little else"),
    "terminal-font": N_("the typeface of a terminal"),
    "title-flash": N_("a moving title"),
    "typing": N_("text that types itself"),
}

# Writing systems, as sentences say them.
WRITING: Mapping[str, str] = {
    "Arabic": N_("Arabic"),
    "Burmese": N_("Burmese"),
    "Chinese": N_("Chinese"),
    "Cyrillic": N_("Cyrillic"),
    "Greek": N_("Greek"),
    "Hebrew": N_("Hebrew"),
    "Indic": N_("Indic"),
    "Japanese": N_("Japanese"),
    "Khmer": N_("Khmer"),
    "Korean": N_("Korean"),
    "Lao": N_("Lao"),
    "Latin": N_("Latin without Vietnamese marks"),
    "Thai": N_("Thai"),
    "Vietnamese": N_("Vietnamese"),
}

# Evidence that is in names of our own, by kind; all other evidence is the page's and is shown as it is.
_NAMED: Mapping[Kind, Mapping[str, Mapping[str, str]]] = {
    Kind.DEFACE_PHRASE: {"place": PLACES},
    Kind.MAKE_UP: {"traits": TRAITS},
    Kind.LANGUAGE: {"before": WRITING, "after": WRITING},
    Kind.ALTERED_SCRIPT: {"does": DOES, "url": WHERE},
}

# Evidence that may be a reason of our own why something was not asked for, or not to be had.
_REASONS: Mapping[Kind, str] = {
    Kind.REFUSED_REQUEST: "reason",
    Kind.FETCH_FAILED: "detail",
    Kind.NOT_SHOWN: "detail",
    Kind.NOT_SERVED: "detail",
    Kind.TLS: "detail",
    Kind.TLS_KNOWN: "detail",
}

NEAR_BITS = 10  # sketches that differ in at most this many of 64 bits are the same difference

# Outages behind which a page was received all the same: it can be judged, and is.
_SEEN_THROUGH = frozenset((Kind.TLS, Kind.SERVED_AS_ERROR, Kind.NOT_SHOWN))

_FORM = re.compile(r"([^:=~]*)([:=~])(.*)", re.DOTALL)  # the first mark tells; those after it are the page's
_SKETCH = re.compile(r"[0-9a-f]{16}")


class _Gaps(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


_KINDS: Mapping[str, KindOf] = {kind.value: of for kind, of in KINDS.items()}


def tells_of_attack(identity: str) -> bool:
    """Whether what an identity names may be evidence of attack; what no kind is known of is."""
    kind = _KINDS.get(re.split("[:=~]", identity, maxsplit=1)[0])
    return kind is None or kind.role in (Role.EVIDENCE, Role.REPLACEMENT)


def same_difference(one: str, other: str) -> bool:
    """Whether the signal identity `one` names a difference that `other` already names.

    Sketches are the same when they are near; a set is covered by one that holds all its parts. Anything
    else, what is malformed too, must be equal. Never raises: identities carry text that pages choose.
    """
    if one == other:
        return True
    form, form2 = _FORM.fullmatch(one), _FORM.fullmatch(other)
    if form is None or form2 is None or form.group(1, 2) != form2.group(1, 2):
        return False
    if form.group(2) == "~":
        return _near(form.group(3), form2.group(3))
    return form.group(2) == "=" and _within(form.group(3), form2.group(3))


def _near(one: str, other: str) -> bool:
    if not (_SKETCH.fullmatch(one) and _SKETCH.fullmatch(other)):
        return False
    return (int(one, 16) ^ int(other, 16)).bit_count() <= NEAR_BITS


def _within(one: str, other: str) -> bool:
    return set(one.split("|")) <= set(other.split("|"))


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _named(value: object, names: Mapping[str, str], translate: Translate) -> object:
    """`value`, a name or several, in words; what has no other name stays as it is."""
    if isinstance(value, (list, tuple)):
        return [_named(each, names, translate) for each in value]
    return translate(names[value]) if isinstance(value, str) and value in names else value


@dataclass(frozen=True)
class Signal:
    """One observed difference.

    `identity` names this exact difference: it is what a false alarm mutes, and what tells a further change
    of an open incident from the same one seen again. Its form is 'kind:exact text', 'kind=part|part' for a
    set of parts, or 'kind~16 hex digits' where the digits are a 64-bit sketch and near is the same (see
    `same_difference`).
    """

    kind: Kind
    points: float
    identity: str
    evidence: Mapping[str, object] = field(default_factory=dict)

    @property
    def role(self) -> Role:
        return KINDS[self.kind].role

    @property
    def hides_page(self) -> bool:
        """Whether nothing was received, or an error page in place of the page. Behind a certificate that is
        not valid a page was seen, and can be judged."""
        return self.role is Role.OUTAGE and self.kind not in _SEEN_THROUGH

    @property
    def severity(self) -> Severity:
        if self.role is Role.OUTAGE:
            return Severity.MEDIUM  # it adds no points: an outage is no difference
        if self.points <= 0:
            return Severity.INFO
        if self.points < 15:
            return Severity.LOW
        return Severity.MEDIUM if self.points < 40 else Severity.HIGH

    def sentence(self, translate: Translate, show: Callable[[object], object] = _listed) -> str:
        """The signal in a sentence, in the language of `translate`; `show` makes of each value of the
        evidence what is to stand in it."""
        shown = {key: show(self._in_words(key, value, translate)) for key, value in self.evidence.items()}
        if "does" in shown:
            shown["does"] = str(shown["does"]).replace("{hosts}", str(shown.get("hosts", "…")))
        return translate(KINDS[self.kind].sentence).format_map(_Gaps(shown))

    def _in_words(self, key: str, value: object, translate: Translate) -> object:
        """A value of the evidence, said in the language of `translate` as far as it is in words of ours."""
        if names := _NAMED.get(self.kind, {}).get(key):
            return _named(value, names, translate)
        is_reason = _REASONS.get(self.kind) == key and isinstance(value, str)
        return reasons.said(str(value), translate) if is_reason else value
