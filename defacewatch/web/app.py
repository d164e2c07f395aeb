"""The web application: its parts put together."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CollectorRegistry

from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.web import (
    actions,
    announce,
    api,
    calendar,
    campaign,
    differences,
    events,
    incident,
    login,
    operations,
    pictures,
    take,
    wall,
)
from defacewatch.web.access import Access
from defacewatch.web.console import CONSOLE, Actor, Console, console_of, nobody
from defacewatch.web.live import PULSE
from defacewatch.web.rendering import Renderer
from defacewatch.web.security import admit, harden
from defacewatch.web.sparkline import Sparklines
from defacewatch.web.thumbnails import thumbnail

LARGEST_REQUEST = 16 * 1024  # bytes; the longest thing anybody sends is a token


def _utc_now() -> datetime:
    return datetime.now(UTC)


def make_app(
    *,
    store: Store,
    secret_key: bytes,
    token: str,
    metrics_token: str | None,
    metrics_enabled: bool,
    zone: str,
    language: str,
    public_url: str,
    health: Callable[[], list[str]],
    duty: Callable[[], list[str]],
    roster: Callable[[], Roster],
    registry: CollectorRegistry,
    wake: Callable[[], None] = lambda: None,
    runbooks: Callable[[], Mapping[str, Runbook]] = dict,
    coverage: Callable[[], float | None] = lambda: None,
    actor: Callable[[web.Request], Actor | None] = nobody,
    pulse: float = PULSE,
    clock: Callable[[], datetime] = _utc_now,
) -> web.Application:
    """The application over an open store, which stays the caller's to close.

    `token` opens the status page and the API; `metrics_token` /metrics (None: the same token). `secret_key`
    signs sessions. With an https `public_url` cookies are for HTTPS alone. `health` gives the reasons why the
    daemon is not well, none when it is; `duty` the names of those on duty,
    `roster` everything about it; `coverage` the share (0..1) of probes made in time; `actor` who asks, where
    that is known. Every `pulse` seconds the wall is looked at while somebody watches it. Raises UsageError
    without a token.
    """
    app = web.Application(middlewares=[harden, admit], client_max_size=LARGEST_REQUEST)
    app[CONSOLE] = console = Console(
        store=store,
        access=Access(token, secret_key, clock=clock),
        renderer=Renderer(),
        language=language,
        zone=zone,
        public_url=public_url,
        metrics_token=metrics_token,
        metrics_enabled=metrics_enabled,
        health=health,
        duty=duty,
        roster=roster,
        secret_key=secret_key,
        wake=wake,
        runbooks=runbooks,
        coverage=coverage,
        actor=actor,
        registry=registry,
        clock=clock,
    )
    app[pictures.SMALL] = pictures.SmallPictures()
    app[pictures.TINY] = pictures.SmallPictures(thumbnail, pictures.TINY_KEPT)
    app[wall.SPARKLINES] = Sparklines(store)
    app[wall.LIVE] = wall.made_live(console, pulse=pulse)
    app.on_shutdown.append(app[wall.LIVE].end)
    app[differences.DIFFERENCES] = differences.Differences(store)
    app.on_cleanup.append(app[differences.DIFFERENCES].end)
    app.add_routes(
        [
            web.get("/", wall.wall_page),
            web.get(wall.EVENTS, events.events),
            web.get(r"/incidents/{id:\d{1,18}}", incident.incident_page),
            web.get(r"/incidents/{id:\d{1,18}}/difference", differences.picture),
            web.get(r"/incidents/{id:\d{1,18}}/words", differences.words_page),
            web.post(r"/incidents/{id:\d{1,18}}/{action:[a-z-]{1,16}}", actions.act),
            web.get(r"/incidents/{id:\d{1,18}}/{action:[a-z-]{1,16}}", actions.back),
            web.get(r"/campaigns/{id:\d{1,18}}", campaign.campaign_page),
            web.get("/pictures/{sha:[0-9a-f]{64}}", pictures.picture),
            web.get("/static/{name}", _static),
            web.get(r"/calendar/{whose:[\w.-]{1,64}}/{token:[0-9a-f]{40}}.ics", calendar.calendar),
            web.get("/login", login.form),
            web.post("/login", login.login),
            web.post("/logout", login.logout),
            web.get("/healthz", operations.healthz),
            web.get("/metrics", operations.metrics),
            web.get(announce.ROUTE, announce.form),
            web.post(announce.ROUTE, announce.announce),
            web.get(take.ROUTE, take.show),
            web.post(take.ROUTE, take.take),
            *api.routes(),
        ]
    )
    return app


async def _static(request: web.Request) -> web.Response:
    try:
        return console_of(request).renderer.file(request.match_info["name"])
    except KeyError:
        raise web.HTTPNotFound from None
