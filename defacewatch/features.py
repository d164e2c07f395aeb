"""What comparing needs of a look: features, made once of what was seen, and kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from defacewatch.captures import Cover


@dataclass(frozen=True)
class Phrase:
    """Wording that was found: `family` is 'deface', 'spam', 'maintenance', 'bot-wall', 'error-page' or
    'vacant' (a server's default page, a parked or suspended one); `place` where it stands ('title',
    'heading', 'anchor', 'link' for a link to another site, 'meta', 'hidden', 'url', 'dialog', 'text').
    `strong` wording says it outright; `bare` wording opens a short text of its own, as a claim does and a
    report about one does not."""

    family: str
    place: str
    phrase: str
    strong: bool = True
    bare: bool = True


@dataclass(frozen=True)
class Document:
    """What comparing needs of one DOM (as served, or as shown after scripts).

    `url` is where it came from after redirects, `status` what the server said. `paths` are 64-bit hashes of
    element-path shingles, `words` of word shingles of the main text; `identity` the texts that make the
    page this organisation's ('title …', 'link …', 'path …', 'asset …', 'heading …'). `hosts` maps a role
    ('script', 'frame', 'form', 'link', 'hidden' (of links), 'image', 'style', 'media', 'refresh', 'jump',
    'sent', 'reach', 'popup', 'refused') to host names. `inline_scripts` are hashes of the code in the page,
    `packed_scripts` of all that unpacks hidden code, `doings` what the code of a hash does of what attacks do
    (see `compare.scripts`). `hidden_links` are (href, text) of hidden links to other sites, `dialogs` the
    folded texts of dialogs. `text_length` is in characters.

    `visible` are hashes of word shingles of what can be read on the page, of `visible_length` characters
    (None and 0 where that is not known: as served). `scripts` maps the address of a script file, without
    cache-busters, to the hash of its code ('' where its text is not known). `traits` are marks of how the
    page is made up ('black-page', 'marquee' …), `telling` those of its words that the model of wording knows,
    `letters` the share (0..1) of each writing system among its letters. `icon` is the address of its icon,
    without cache-busters, '' when it names none. `links` counts its links to the same site. `drawn` says that
    it shows drawings: pictures in its own markup, canvases, backgrounds (see `compare.drawings`). `cut` says
    that the page is too large to be read whole. `generator` is what it names as the program that made it.
    """

    url: str
    status: int | None
    dom_hash: str
    title: str
    headings: tuple[str, ...]
    paths: frozenset[int]
    words: frozenset[int]
    identity: frozenset[str]
    hosts: Mapping[str, frozenset[str]]
    inline_scripts: frozenset[str]
    packed_scripts: frozenset[str]
    phrases: tuple[Phrase, ...]
    hidden_links: tuple[tuple[str, str], ...]
    dialogs: frozenset[str]
    downloads: int
    text_length: int
    visible: frozenset[int] | None = None
    visible_length: int = 0
    scripts: Mapping[str, str] = field(default_factory=dict)
    doings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    telling: frozenset[str] = frozenset()
    letters: Mapping[str, float] = field(default_factory=dict)
    icon: str = ""
    links: int = 0
    covers: tuple[Cover, ...] = ()
    cut: bool = False
    drawn: bool = False
    generator: str = ""


@dataclass(frozen=True)
class Shot:
    """A `Picture` in the screenshot: a 64-bit difference hash and a mean RGB colour of what it shows."""

    path: str
    url: str
    left: int
    top: int
    width: int
    height: int
    hash: int
    colour: tuple[int, int, int]

    @property
    def area(self) -> int:
        """In square CSS pixels."""
        return self.width * self.height


@dataclass(frozen=True)
class Screen:
    """What comparing needs of one screenshot.

    `first` and `page` are pHashes (hex, 64 bit) of the first screen and the whole page. `flat` is the share
    of the first screen's tiles that show one plain colour, 0..1. `strips` is the page row by row, which
    finds a tile again at whatever height (see `tiles`), `shots` what its pictures look like.
    """

    first: str
    page: str
    flat: float
    strips: str
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True)
class Features:
    """A look, reduced to what comparing needs. `version` names the code that made it: features of another
    version are made again from the kept blobs before they are compared. `tls` is what was wrong with the
    certificate: 'problem fingerprint', or None. `icon` names the icon's looks (None: not known)."""

    version: int
    served: Document
    shown: Document | None = None
    screen: Screen | None = None
    tls: str | None = None
    icon: str | None = None
