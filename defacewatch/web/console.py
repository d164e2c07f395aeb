"""What every handler works with, and how it gets at it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import hdrs, web
from markupsafe import Markup
from prometheus_client import CollectorRegistry

from defacewatch.accounts import Account, Role
from defacewatch.calling import Sending, Sends
from defacewatch.language import LANGUAGES, Sentence
from defacewatch.portals import Portal
from defacewatch.registering import Sheet
from defacewatch.reports.form import Issuer
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.web.access import Access
from defacewatch.web.comparing import Comparisons
from defacewatch.web.guessing import Guesses, Tries
from defacewatch.web.hashing import Hashing
from defacewatch.web.provider import Provider
from defacewatch.web.rendering import Renderer
from defacewatch.web.words import UNATTENDED, Words

VIEWER = "viewer"  # the role that may look and do nothing
LANGUAGE_COOKIE = "defacewatch_language"


@dataclass(frozen=True)
class Visitor:
    """Who sent a request. `role` None: nobody has signed in; without `account` it is the shared token
    that did. `csrf` is what their forms carry, `renewed` a cookie that takes the place of theirs; `strong`: a
    provider has seen a second factor. `until` is when the session of an account ends without further use."""

    role: Role | None
    csrf: str = field(repr=False)
    account: Account | None = None
    session: int | None = None
    token: int | None = None  # of a program
    renewed: str | None = field(default=None, repr=False)
    strong: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class Actor:
    """Who acts: `key` is what is written down, `name` what is shown, `role` what they may do."""

    key: str
    name: str
    role: str


class Registrar(Protocol):
    """Reads and writes registrations in the forms of the configuration (config.Registrar)."""

    @property
    def sheet(self) -> Callable[[bytes, str], Sheet]:
        """Reads a file that was sent, in a worker process."""
        ...

    def portal(self, values: Mapping[str, object]) -> Portal: ...
    def tags(self, text: str) -> Sequence[str]: ...
    def yaml(self, portals: Iterable[Portal]) -> str: ...
    def csv(self, portals: Iterable[Portal]) -> str: ...
    def duration(self, span: timedelta) -> str: ...
    def place(self, key: str) -> str | None: ...


def signed_in(request: web.Request) -> Actor | None:
    """Who has signed in by name, as the roster knows them. A token tells nobody apart from others: with it,
    the console is for reading."""
    visitor: Visitor | None = request.get(VISITOR)
    if visitor is None or visitor.account is None or visitor.role is None:
        return None
    account = visitor.account
    return Actor(account.signs_as, account.display, visitor.role.value)


@dataclass(frozen=True)
class Console:
    """The parts behind the handlers. `health` gives the reasons why the daemon is not well, `duty` the names
    of those on duty now, `roster` all of it; they are called with every request that shows them. `secret_key`
    signs addresses; `wake` says that an alert was recorded, `runbooks` gives what is to be done, `coverage`
    the share (0..1) of probes made in time (None: not known yet), `sending` what can be told on, `trouble`
    the channels that do not answer and what they said, `issuer` who files papers; `actor` tells who asks;
    `registrar` reads and writes what is registered. A session ends unused for `idle`, or after `longest`;
    `token_sign_in` tells whether the shared token opens one, `code_for` from which role on an authenticator
    is needed; `provider` signs people in from outside."""

    store: Store
    access: Access
    renderer: Renderer
    language: str
    zone: str
    public_url: str
    metrics_token: str | None
    metrics_enabled: bool
    health: Callable[[], list[Sentence]]
    duty: Callable[[], list[str]]
    roster: Callable[[], Roster]
    registry: CollectorRegistry
    clock: Callable[[], datetime]
    secret_key: bytes = field(repr=False)
    registrar: Registrar
    idle: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=12)
    token_sign_in: bool = True
    code_for: Role | None = None
    provider: Provider | None = None
    guesses: Guesses = field(default_factory=Guesses)
    tries: Tries = field(default_factory=Tries)
    hashing: Hashing = field(default_factory=Hashing)
    comparisons: Comparisons = field(default_factory=Comparisons, repr=False)
    wake: Callable[[], None] = lambda: None
    runbooks: Callable[[], Mapping[str, Runbook]] = dict
    coverage: Callable[[], float | None] = lambda: None
    sending: Callable[[], Sends] = Sending
    trouble: Callable[[], Mapping[str, str]] = dict
    issuer: Callable[[], Issuer] = Issuer
    actor: Callable[[web.Request], Actor | None] = signed_in


CONSOLE = web.AppKey("console", Console)
VISITOR = web.RequestKey("visitor", Visitor)  # who sent a request


def console_of(request: web.Request) -> Console:
    return request.app[CONSOLE]


def language_of(request: web.Request) -> str:
    """The language that the reader chose: for this request, else in this browser, else for their account,
    else the configured one."""
    for chosen in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    visitor: Visitor | None = request.get(VISITOR)
    if visitor is not None and visitor.account is not None and visitor.account.language is not None:
        return visitor.account.language
    return console_of(request).language


def words_of(request: web.Request) -> Words:
    console = console_of(request)
    visitor: Visitor | None = request.get(VISITOR)
    officers = {officer.key: officer.name for officer in console.roster().officers}
    here, query = _where(request)
    words = Words(
        language_of(request),
        console.zone,
        console.clock(),
        officers=officers,
        here=here,
        query=query,
        path=request.path,
    )
    if visitor is None:
        return words
    account = visitor.account
    known = replace(words, csrf=visitor.csrf, role=visitor.role, person=account.display if account else None)
    return replace(known, idle=console.idle) if account is not None and known.acts else known


def _where(request: web.Request) -> tuple[str, str]:
    """Where the page can be asked for in another language: its path (empty: where it is), and what it was
    asked. What answers a form that has no page of its own is asked for where the form stands."""
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        asked = [(name, value) for name, value in request.query.items() if name not in ("lang", UNATTENDED)]
        return "", urlencode(asked)
    page = request.path
    while not _is_page(request.app, page):
        page = page.rpartition("/")[0] or "/"
    return "" if page == request.path else page, ""


def _is_page(app: web.Application, path: str) -> bool:
    """Whether `path` can be asked for."""
    for resource in app.router.resources():
        told = resource.get_info()
        fits = "pattern" in told and told["pattern"].fullmatch(path) is not None
        if (fits or told.get("path") == path) and any(route.method == hdrs.METH_GET for route in resource):
            return True
    return path == "/"


def acting(request: web.Request) -> Actor | None:
    """Who asks, when that is somebody who may change something."""
    actor = console_of(request).actor(request)
    return None if actor is None or actor.role == VIEWER else actor


def csrf_field(request: web.Request) -> Markup:
    """What goes into each form, so that none can be sent from elsewhere in somebody's name."""
    visitor: Visitor | None = request.get(VISITOR)
    token = visitor.csrf if visitor is not None else ""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)
