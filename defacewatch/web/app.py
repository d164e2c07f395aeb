"""The web application: its parts put together."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiohttp import web
from prometheus_client import CollectorRegistry

from defacewatch.accounts import Role
from defacewatch.calling import Sending, Sends
from defacewatch.identities import Trust
from defacewatch.language import Sentence
from defacewatch.reports.form import Issuer
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.web import (
    account,
    actions,
    announce,
    api,
    auditing,
    calendar,
    campaign,
    desks,
    differences,
    events,
    incident,
    incidentpaper,
    login,
    masks,
    operations,
    outside,
    pagehistory,
    people,
    pictures,
    portal,
    portalfiles,
    portalform,
    portallist,
    proposals,
    readers,
    review,
    take,
    tour,
    visitors,
    wall,
    welcome,
)
from defacewatch.web.access import Access
from defacewatch.web.admission import admit
from defacewatch.web.console import CONSOLE, Actor, Console, Registrar, console_of, signed_in
from defacewatch.web.live import PULSE
from defacewatch.web.outside import BACK
from defacewatch.web.printing import PRESS, Press, Printing
from defacewatch.web.provider import Provider
from defacewatch.web.remotes import behind
from defacewatch.web.rendering import Renderer
from defacewatch.web.security import harden
from defacewatch.web.sparkline import Sparklines
from defacewatch.web.thumbnails import thumbnail
from defacewatch.workers import Workers

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
    health: Callable[[], list[Sentence]],
    duty: Callable[[], list[str]],
    roster: Callable[[], Roster],
    registry: CollectorRegistry,
    registrar: Registrar,
    wake: Callable[[], None] = lambda: None,
    runbooks: Callable[[], Mapping[str, Runbook]] = dict,
    coverage: Callable[[], float | None] = lambda: None,
    sending: Callable[[], Sends] = Sending,
    trouble: Callable[[], Mapping[str, str]] = dict,
    issuer: Callable[[], Issuer] = Issuer,
    printing: Printing | None = None,
    actor: Callable[[web.Request], Actor | None] = signed_in,
    pulse: float = PULSE,
    reuse: float = 0.0,
    clock: Callable[[], datetime] = _utc_now,
    idle: timedelta = timedelta(hours=1),
    longest: timedelta = timedelta(hours=12),
    token_sign_in: bool = True,
    code_for: Role | None = None,
    proxies: Sequence[str] = (),
    oidc: Trust | None = None,
    oidc_secret: str | None = None,
) -> web.Application:
    """The application over an open store, which stays the caller's to close.

    `token` opens the status page and the API; `metrics_token` /metrics (None: the same token). `secret_key`
    signs sessions. With an https `public_url` cookies are for HTTPS alone. `health` gives the reasons why the
    daemon is not well, none when it is; `duty` the names of those on duty, `roster` everything about it;
    `registrar` reads and writes what is registered; `coverage` gives the share (0..1) of probes made in time;
    `sending` what can be told on, `trouble` which channels do not answer, `issuer` who files papers,
    `printing` makes PDF of them; `actor` who asks. Every `pulse` seconds the wall is looked at while somebody
    watches it, and who opens it sees it as it was at most `reuse` seconds ago. Sessions end unused for
    `idle`, or after `longest`; with `token_sign_in` the token opens one that reads; accounts from the role
    `code_for` on need an authenticator. What reverse proxies in `proxies` (networks) say of addresses is
    believed. `oidc` is a provider that signs people in, `oidc_secret` our secret there.
    Raises UsageError without a token.
    """
    app = web.Application(
        middlewares=[behind(proxies), harden, admit, wall.refreshing], client_max_size=LARGEST_REQUEST
    )
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
        registrar=registrar,
        wake=wake,
        runbooks=runbooks,
        coverage=coverage,
        sending=sending,
        trouble=trouble,
        issuer=issuer,
        actor=actor,
        registry=registry,
        clock=clock,
        idle=idle,
        longest=longest,
        token_sign_in=token_sign_in,
        code_for=code_for,
        provider=Provider(oidc, oidc_secret, back=f"{public_url}{BACK}", clock=clock) if oidc else None,
    )
    app[outside.USED] = OrderedDict()
    app[PRESS] = Press(printing)
    app[pictures.SMALL] = pictures.SmallPictures()
    app[pictures.TINY] = pictures.SmallPictures(thumbnail, pictures.TINY_KEPT)
    app[wall.SPARKLINES] = Sparklines(store)
    app[wall.LIVE] = wall.made_live(console, pulse=pulse, reuse=reuse)
    app.on_shutdown.append(app[wall.LIVE].end)
    app[readers.READERS] = Workers(1)
    app.on_cleanup.append(readers.end)
    app[differences.DIFFERENCES] = differences.Differences(store)
    app.on_cleanup.append(app[differences.DIFFERENCES].end)
    app.add_routes(
        [
            web.get("/", wall.wall_page),
            web.get(visitors.EVENTS, events.events),
            web.get(r"/incidents/{id:\d{1,18}}", incident.incident_page),
            web.get(r"/incidents/{id:\d{1,18}}/difference", differences.picture),
            web.get(r"/incidents/{id:\d{1,18}}/words", differences.words_page),
            web.get(r"/incidents/{id:\d{1,18}}/report.{form:[a-z]{3,4}}", incidentpaper.report),
            web.post(r"/incidents/{id:\d{1,18}}/{action:[a-z-]{1,16}}", actions.act),
            web.get(r"/incidents/{id:\d{1,18}}/{action:[a-z-]{1,16}}", actions.back),
            web.get(r"/campaigns/{id:\d{1,18}}", campaign.campaign_page),
            *masks.routes(),
            web.get("/pictures/{sha:[0-9a-f]{64}}", pictures.picture),
            web.get("/static/{name}", _static),
            web.get(r"/calendar/{whose:[\w.-]{1,64}}/{token:[0-9a-f]{40}}.ics", calendar.calendar),
            web.get("/login", login.form),
            web.post("/login", login.login),
            web.post("/login/code", login.code),
            web.get(outside.BEGIN, outside.begin),
            web.get(outside.BACK, outside.back),
            web.post("/logout", login.logout),
            web.get("/healthz", operations.healthz),
            web.get("/metrics", operations.metrics),
            web.get(announce.ROUTE, announce.form),
            web.post(announce.ROUTE, announce.announce),
            web.get(take.ROUTE, take.show),
            web.post(take.ROUTE, take.take),
            *api.routes(),
            *desks.routes(),
            *_account_routes(),
            *_baseline_routes(),
            *_portal_routes(),
        ]
    )
    return app


def _baseline_routes() -> list[web.RouteDef]:
    one = f"/baselines/{{capture:{review.CAPTURE}}}"
    return [
        web.get("/baselines", proposals.waiting_page),
        web.get("/baselines/review", proposals.chosen),
        web.get(r"/baselines/of/{page:[\w.-]{1,120}}", proposals.history_page),
        web.get(one, review.show),
        web.get(f"{one}/difference", proposals.picture),
        web.get(f"{one}/words", proposals.words_page),
        web.post(f"{one}/propose", review.propose),
        web.post(f"{one}/approve", review.approve),
        web.post(f"{one}/decline", review.decline),
        web.get(f"{one}/{{action:[a-z]{{1,16}}}}", review.back),
    ]


def _account_routes() -> list[web.RouteDef]:
    return [
        web.get(welcome.SETUP_ROUTE, welcome.setup),
        web.post(welcome.SETUP_ROUTE, welcome.setup),
        web.get(welcome.WELCOME_ROUTE, welcome.welcome),
        web.post(welcome.WELCOME_ROUTE, welcome.welcome),
        web.get("/account", account.show),
        web.post("/account/password", account.password),
        web.post("/account/language", account.language),
        web.post("/account/totp", account.totp_begin),
        web.post("/account/totp/confirm", account.totp_confirm),
        web.post("/account/totp/off", account.totp_off),
        web.post("/account/codes", account.codes),
        web.post("/account/sessions/end", account.end_sessions),
        web.post("/account/tokens", account.make_token),
        web.post("/account/tokens/revoke", account.revoke_token),
        web.get("/accounts", people.show),
        web.post("/accounts", people.add),
        web.post(r"/accounts/{account:\d{1,18}}/change", people.change),
        web.post(r"/accounts/{account:\d{1,18}}/disable", people.disable),
        web.post(r"/accounts/{account:\d{1,18}}/enable", people.enable),
        web.post(r"/accounts/{account:\d{1,18}}/link", people.link),
        web.post(r"/accounts/{account:\d{1,18}}/sign-out", people.sign_out),
        web.post(r"/accounts/{account:\d{1,18}}/totp-off", people.totp_off),
        web.post(r"/accounts/{account:\d{1,18}}/tokens/revoke", people.revoke_token),
        web.post(r"/accounts/{account:\d{1,18}}/identity", people.identity),
        web.get("/audit", auditing.show),
    ]


def _portal_routes() -> list[web.RouteDef]:
    key = r"/portals/{key:[a-z0-9][a-z0-9_.-]{0,63}}"
    return [
        web.get("/portals", portallist.show),
        web.get("/register", portalform.add_form),
        web.post("/register", portalform.add),
        web.get("/register/import", portalfiles.form),
        web.post("/register/import", portalfiles.preview),
        web.post("/register/import/confirm", portalfiles.confirm),
        web.get("/register/export.{form:yaml|csv}", portalfiles.export),
        web.get(key, portal.show),
        web.get(f"{key}/edit", portalform.edit_form),
        web.post(f"{key}/edit", portalform.edit),
        web.post(f"{key}/pause", portal.pause),
        web.post(f"{key}/resume", portal.resume),
        web.post(f"{key}/learn", portal.learn),
        web.get(f"{key}/{{action:pause|resume|learn}}", portal.back),
        web.get(r"/pages/{id:[\w.-]{1,90}}", pagehistory.show),
        web.post(r"/pages/{id:[\w.-]{1,90}}/mutes/{mute:\d{1,18}}/end", pagehistory.end_mute),
        web.get(r"/pages/{id:[\w.-]{1,90}}/mutes/{mute:\d{1,18}}/end", pagehistory.back),
        web.get("/tour", tour.show),
        web.post("/tour/learn", tour.learn),
        web.post("/tour/test", tour.test),
    ]


async def _static(request: web.Request) -> web.Response:
    try:
        return console_of(request).renderer.file(request.match_info["name"])
    except KeyError:
        raise web.HTTPNotFound from None
