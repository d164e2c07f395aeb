"""What was seen of a page: a probe (plain HTTP) and, where a browser looked too, a capture.

A capture always travels with the probe made just before it, so a baseline knows both the document as
served and the page as shown, and each tier compares like with like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Tier(StrEnum):
    """`probe` looks over plain HTTP; `render` looks with the browser as well."""

    PROBE = "probe"
    RENDER = "render"


class Failure(StrEnum):
    """Why a look brought no page at all."""

    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROTOCOL = "protocol"
    REDIRECTS = "redirects"  # a loop, or too many
    REFUSED = "refused"  # our own guard would not go there
    CRASH = "crash"  # the page crashed its renderer, or never let go of it
    BROWSER = "browser"  # our browser failed, not the page; blames nobody


class TlsProblem(StrEnum):
    """What is wrong with a certificate."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_HOST = "wrong-host"
    UNKNOWN_ISSUER = "unknown-issuer"
    EXPIRES_SOON = "expires-soon"
    OTHER = "other"


@dataclass(frozen=True)
class TlsFinding:
    """A finding about the certificate: `fingerprint` is the SHA-256 of the leaf, hex."""

    problem: TlsProblem
    detail: str
    fingerprint: str | None = None
    not_after: datetime | None = None


@dataclass(frozen=True)
class Hop:
    """One redirect that was followed: what was asked for, the status, where it pointed."""

    url: str
    status: int
    location: str


@dataclass(frozen=True)
class Refusal:
    """A request that our guard refused: `reason` is a short English phrase ('private address 10.0.0.1')."""

    url: str
    reason: str


@dataclass(frozen=True)
class Validators:
    """What makes the next request conditional, and the hash of the body they belong to (SHA-256, hex)."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True)
class Probe:
    """One cheap look over plain HTTP.

    `html` is the decoded body ('' when there is none, when `not_modified`, or when it is not text);
    `body_hash` is the SHA-256 of the raw decompressed body. `truncated` says that the body was cut at
    the size limit. `elapsed` is in seconds. With a `failure`, `status` may still be known.
    """

    url: str
    at: datetime
    final_url: str
    status: int | None = None
    html: str = ""
    body_hash: str | None = None
    content_type: str | None = None
    not_modified: bool = False
    truncated: bool = False
    validators: Validators = Validators()
    hops: tuple[Hop, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    tls: TlsFinding | None = None
    refusals: tuple[Refusal, ...] = ()
    failure: Failure | None = None
    detail: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True)
class Resource:
    """Something the page loaded: `kind` as Chromium names it (document, stylesheet, script, image, xhr …);
    `status` is None when it failed."""

    url: str
    kind: str
    status: int | None


@dataclass(frozen=True)
class Rendering:
    """One look with the browser.

    `html` is the serialised DOM after scripts; `text` the visible text; `screenshot` a PNG, 1280 px wide,
    from the top of the page down to the height limit. `frames` are URLs of child frames. `hidden_links` are
    (href, anchor text) of links that the browser computes as not visible. With a `failure` of BROWSER the
    rest is empty and nothing is said about the page.
    """

    at: datetime
    final_url: str = ""
    status: int | None = None
    title: str = ""
    html: str = ""
    text: str = ""
    screenshot: bytes = b""
    page_height: int = 0
    resources: tuple[Resource, ...] = ()
    frames: tuple[str, ...] = ()
    hidden_links: tuple[tuple[str, str], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    dialogs: tuple[str, ...] = ()
    popups: tuple[str, ...] = ()
    downloads: int = 0
    console_errors: int = 0
    page_errors: int = 0
    failure: Failure | None = None
    detail: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True)
class Look:
    """What one look at a page brought: always a probe, and a rendering where the browser looked too."""

    probe: Probe
    rendering: Rendering | None = None

    @property
    def at(self) -> datetime:
        return self.probe.at

    @property
    def tier(self) -> Tier:
        return Tier.PROBE if self.rendering is None else Tier.RENDER


@dataclass(frozen=True)
class Phrase:
    """Wording that was found: `family` is 'deface', 'spam', 'maintenance', 'bot-wall' or 'error-page';
    `place` where it stands ('title', 'heading', 'anchor', 'link' for a link to another site, 'meta',
    'hidden', 'url', 'dialog', 'text').

    `strong` wording says it outright; `bare` wording opens a short text of its own, as a claim does and a
    report about one does not.
    """

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
    ('script', 'frame', 'form', 'link', 'image', 'style', 'media', 'refresh', 'jump', 'popup', 'refused') to
    host names. `inline_scripts` are hashes of the code in the page, `packed_scripts` of that which unpacks
    hidden code. `hidden_links` are (href, text) of hidden links to other sites, `dialogs` the folded texts
    of dialogs. `text_length` is in characters.
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


@dataclass(frozen=True)
class Screen:
    """What comparing needs of one screenshot.

    `first` and `page` are pHashes (hex, 64 bit) of the first screen and the whole page; `tiles` and
    `colours` are rows-first lists over the grid of the first screen (`columns` x `rows`): a 64-bit hash
    and a mean RGB colour each. `flat` is the share of tiles that show one plain colour, 0..1.
    """

    first: str
    page: str
    columns: int
    rows: int
    tiles: tuple[int, ...]
    colours: tuple[tuple[int, int, int], ...]
    flat: float


@dataclass(frozen=True)
class Features:
    """A look, reduced to what comparing needs. `version` names the code that made it: features of another
    version are made again from the kept blobs before they are compared. `tls` is what was wrong with the
    certificate: 'problem fingerprint', or None."""

    version: int
    served: Document
    shown: Document | None = None
    screen: Screen | None = None
    tls: str | None = None


@dataclass(frozen=True)
class Capture:
    """A look with the browser that was kept: its id and where its parts are (SHA-256 of each blob).

    `proposed_by` is set when somebody proposed it as baseline; `attack` when evidence of attack that needs
    no baseline was seen in it. `details` is what a console may show of it without the blobs (hops, headers,
    addresses, resources, TLS).
    """

    id: str
    page: str
    at: datetime
    served: str
    dom: str
    screenshot: str
    dom_hash: str
    screen_hash: str
    final_url: str
    status: int | None
    title: str
    attack: bool = False
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    details: Mapping[str, object] = field(default_factory=dict)
