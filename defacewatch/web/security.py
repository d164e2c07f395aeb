"""The outer layer of every request: which headers go out, how an error looks."""

import re
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from defacewatch.errors import ConfigError, Conflict, DefacewatchError, NotFound, UsageError
from defacewatch.language import LANGUAGES, N_
from defacewatch.web.access import Secret
from defacewatch.web.console import LANGUAGE_COOKIE, Console, console_of, words_of
from defacewatch.web.problems import Invalid, Refused, Unavailable, Wrong, problem

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
API = "/api/"
METRICS = "/metrics"
HEALTH = "/healthz"
# What is behind these has its secret in the address.
CALENDAR, TAKE, ANNOUNCE = "/calendar/", "/take/", "/announce/"
SECRETS = (CALENDAR, TAKE, ANNOUNCE, "/setup/", "/welcome/")
OPEN_FILES = frozenset(f"/static/{name}" for name in ("console.css", "accounts.css", "mark.svg"))  # of forms
RETURN_TO = re.compile(
    r"/(?:incidents/\d{1,18}|campaigns/\d{1,18}|baselines(?:/\d{8}-[0-9a-f]{10})?|accounts?|tour"
    r"|portals(?:/[a-z0-9][a-z0-9_.-]{0,63})?|pages/[\w.-]{1,90}(?:/masks)?|duty(?:/[a-z]{1,16})?)?",
    re.ASCII,
)  # where a login may lead
YEAR = 365 * 24 * 3600
ERRORS = {
    HTTPStatus.BAD_REQUEST: N_("The request could not be understood."),
    HTTPStatus.FORBIDDEN: N_("This is not for you, or the form did not come from this console."),
    HTTPStatus.NOT_FOUND: N_("There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("This address does not take that kind of request."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("The request is too large."),
    HTTPStatus.TOO_MANY_REQUESTS: N_("Too many wrong attempts. Wait a few minutes and try again."),
    HTTPStatus.SERVICE_UNAVAILABLE: N_("The store does not answer just now. Try again in a moment."),
}
WAIT_SECONDS = N_("Too many wrong attempts. Try again in {seconds} s.")
WAIT_MINUTES = N_("Too many wrong attempts. Try again in {minutes} min.")
OTHERWISE = N_("Something went wrong here. It is in the log.")

log = structlog.get_logger(__name__)


def shown_path(request: web.Request) -> str:
    """The path as the log may have it: of an address that is a secret, the form of the route alone."""
    if not request.path.startswith(SECRETS):
        return request.path
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else f"/{request.path.split('/')[1]}/…"


def session_cookie(console: Console) -> tuple[str, bool]:
    """The name of the session's cookie and whether it is for HTTPS alone."""
    secure = console.public_url.startswith("https://")
    return ("__Host-defacewatch" if secure else "defacewatch_session"), secure


def set_session(console: Console, answer: web.StreamResponse, value: str) -> None:
    name, secure = session_cookie(console)
    answer.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure, path="/")


def failure(
    request: web.Request, status: int, text: str | None = None, wrong: Sequence[Wrong] = ()
) -> web.Response:
    """An error as the asker can read it: problem+json for programs, a page for people."""
    words = words_of(request)
    message = text or words._(ERRORS.get(HTTPStatus(status), OTHERWISE))
    if request.path.startswith(API):
        return problem(status, message, wrong)
    if request.path in (METRICS, HEALTH):
        return web.Response(text=message + "\n", status=status)
    return console_of(request).renderer.page("error.html", words, status=status, message=message)


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers carry the security headers, errors included; nothing of an error's inside goes out."""
    try:
        answer = await handler(request)
    except Exception as error:
        answer = _failed(request, error)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    chosen = request.query.get("lang")
    if chosen in LANGUAGES and not request.path.startswith(API):
        secure = session_cookie(console_of(request))[1]
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=secure)
    return answer


def _failed(request: web.Request, error: Exception) -> web.Response:
    api, words = request.path.startswith(API), words_of(request)
    match error:
        case web.HTTPException():
            return _refused(request, error)
        case NotFound():
            return failure(request, HTTPStatus.NOT_FOUND, error.said(words._) if api else None)
        case Invalid():
            return failure(request, error.status, str(error), error.wrong)
        case ConfigError() if api:  # of what was to be imported
            wrong = [Wrong("", "body", line) for line in error.problems]
            return failure(request, HTTPStatus.UNPROCESSABLE_ENTITY, str(error), wrong)
        case Refused():
            return failure(request, HTTPStatus.FORBIDDEN, error.said(words._))
        case UsageError():
            return failure(request, HTTPStatus.BAD_REQUEST, error.said(words._))
        case Conflict() if api:
            return failure(request, HTTPStatus.CONFLICT, error.said(words._))
        case Unavailable():
            answer = failure(request, HTTPStatus.SERVICE_UNAVAILABLE, error.said(words._))
            if error.later is not None:
                answer.headers[hdrs.RETRY_AFTER] = str(error.later)
            return answer
        case RecursionError():  # JSON that is nested deeper than anything we take
            return failure(request, HTTPStatus.BAD_REQUEST)
        case DefacewatchError():
            log.error("web request failed", path=shown_path(request), error=str(error))
            return failure(request, HTTPStatus.SERVICE_UNAVAILABLE)
    log.error("web request failed", path=shown_path(request), exc_info=error)
    return failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _refused(request: web.Request, error: web.HTTPException) -> web.Response:
    answer = failure(request, error.status)
    for kept in (hdrs.ALLOW, hdrs.RETRY_AFTER):
        if kept in error.headers:
            answer.headers[kept] = error.headers[kept]
    return answer


def forged(request: web.Request) -> web.Response:
    """The answer to an address whose secret is wrong: all alike, logged, and counted against the asker."""
    console = console_of(request)
    log.warning("a forged link was refused", kind=request.path.split("/")[1], remote=request.remote)
    wait = console.access.wait(request.remote, Secret.LINK)
    if wait is not None:
        return too_many(request, wait)
    console.access.failed(request.remote, Secret.LINK)
    return failure(request, HTTPStatus.NOT_FOUND)


def too_many(request: web.Request, wait: timedelta) -> web.Response:
    """The answer to who has to wait, with how long that is."""
    seconds = int(wait.total_seconds()) + 1
    text = WAIT_SECONDS if seconds < 100 else WAIT_MINUTES
    said = words_of(request)._(text).format(seconds=seconds, minutes=-(-seconds // 60))
    answer = failure(request, HTTPStatus.TOO_MANY_REQUESTS, said)
    answer.headers[hdrs.RETRY_AFTER] = str(seconds)
    return answer
