"""What every handler works with, and how it gets at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from markupsafe import Markup
from prometheus_client import CollectorRegistry

from defacewatch.language import LANGUAGES
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.web.access import Access
from defacewatch.web.rendering import Renderer
from defacewatch.web.words import Words

VIEWER = "viewer"  # the role that may look and do nothing
LANGUAGE_COOKIE = "defacewatch_language"


@dataclass(frozen=True)
class Actor:
    """Who acts: `key` is what is written down, `name` what is shown, `role` what they may do."""

    key: str
    name: str
    role: str


def nobody(request: web.Request) -> Actor | None:
    """A token tells nobody apart from others: with it, the console is for reading."""
    return None


@dataclass(frozen=True)
class Console:
    """The parts behind the handlers. `health` gives the reasons why the daemon is not well, `duty` the names
    of those on duty now, `roster` all of it; they are called with every request that shows them. `secret_key`
    signs addresses; `wake` says that an alert was recorded, `runbooks` gives what is to be done, `coverage`
    the share (0..1) of probes made in time (None: not known yet); `actor` tells who asks."""

    store: Store
    access: Access
    renderer: Renderer
    language: str
    zone: str
    public_url: str
    metrics_token: str | None
    metrics_enabled: bool
    health: Callable[[], list[str]]
    duty: Callable[[], list[str]]
    roster: Callable[[], Roster]
    registry: CollectorRegistry
    clock: Callable[[], datetime]
    secret_key: bytes = field(repr=False)
    wake: Callable[[], None] = lambda: None
    runbooks: Callable[[], Mapping[str, Runbook]] = dict
    coverage: Callable[[], float | None] = lambda: None
    actor: Callable[[web.Request], Actor | None] = nobody


CONSOLE = web.AppKey("console", Console)


def console_of(request: web.Request) -> Console:
    return request.app[CONSOLE]


def language_of(request: web.Request) -> str:
    """The language that the reader chose: for this request, else for good, else the configured one."""
    for chosen in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return console_of(request).language


def words_of(request: web.Request) -> Words:
    console = console_of(request)
    return Words(language_of(request), console.zone, console.clock())


def acting(request: web.Request) -> Actor | None:
    """Who asks, when that is somebody who may change something."""
    actor = console_of(request).actor(request)
    return None if actor is None or actor.role == VIEWER else actor


def csrf_field(request: web.Request) -> Markup:
    """What goes into each form, so that none can be sent from elsewhere in somebody's name."""
    return Markup()
