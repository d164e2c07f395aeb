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
    """One cheap look over plain HTTP: `html` is the decoded body ('' when there is none, when `not_modified`,
    or when it is not text), `body_hash` the SHA-256 of the raw decompressed body. `truncated` says that the
    body was cut at the size limit. `elapsed` is in seconds. With a `failure`, `status` may still be known."""

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
    `status` is None when it failed. The validators are those it came with, `body_hash` the SHA-256 (hex) of
    its decoded body, where that was looked at: of what carries no validators, within bounds."""

    url: str
    kind: str
    status: int | None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True)
class Material:
    """One thing that a page is made of besides its document, and how to ask whether it is still the same.

    `kind` is that of the `Resource`; `hashes` are SHA-256 (hex) of the bodies that it is known to have had,
    the latest first. `restless` counts how often it was another one while the page looked as approved.
    """

    url: str
    kind: str
    etag: str | None = None
    last_modified: str | None = None
    hashes: tuple[str, ...] = ()
    restless: int = 0


@dataclass(frozen=True)
class Script:
    """A script file that the page loaded: its address and its text (bounded)."""

    url: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture or large background that the page shows: `path` names the place in the DOM
    ('header#top>a.logo>img'); the box is in CSS pixels of the page."""

    path: str
    url: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Box:
    """A block of the page and where it stands, in CSS pixels of the page. `parent` is the number of the block
    that it stands in, directly (-1: in the root); `classes` and `name` (its id) are as the page has them."""

    parent: int
    tag: str
    name: str
    classes: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Cover:
    """An element laid over a good part of the first screen: `share` (0..1) of it, what it shows, and for a
    frame or a picture where that comes from. `name` tells it from others, '' where nothing does."""

    tag: str
    url: str
    text: str
    share: float
    name: str = ""


@dataclass(frozen=True)
class Rendering:
    """One look with the browser.

    `html` is the serialised DOM after scripts; `text` the visible text; `screenshot` a PNG, 1280 px wide,
    from the top of the page down to the height limit. `frames` are URLs of child frames. `hidden_links` are
    (href, anchor text) of links that are not visible, `hidden_texts` the texts of such elements. `inset` are
    texts that are shown and not in `html`: from style sheets, shadow trees, frames of the same site. `icon`
    is as the server sent it (b'' for none). `boxes` are blocks in document order, as far as they can be seen.
    `dwelt` says that the page was watched for ten seconds for what
    scripts do late. With a `failure` of BROWSER the rest is empty and nothing is said about the page.
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
    hidden_texts: tuple[str, ...] = ()
    inset: tuple[str, ...] = ()
    covers: tuple[Cover, ...] = ()
    pictures: tuple[Picture, ...] = ()
    boxes: tuple[Box, ...] = ()
    scripts: tuple[Script, ...] = ()
    icon: bytes = b""
    dwelt: bool = False
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
class Capture:
    """A look with the browser that was kept: its id and where its parts are (SHA-256 of each blob): `served`
    and `dom` are documents, `screenshot` a picture, `facts` everything else. `proposed_by` is set when
    somebody proposed it as baseline; `attack` when evidence of attack that needs no baseline was seen in it.
    `details` is what a console may show without the blobs (hops, headers, addresses, resources, TLS), also
    once they have `expired`."""

    id: str
    page: str
    at: datetime
    served: str
    dom: str
    screenshot: str
    facts: str
    dom_hash: str
    screen_hash: str
    final_url: str
    status: int | None
    title: str
    attack: bool = False
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    expired: bool = False
