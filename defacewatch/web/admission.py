"""Whether a request may pass: who asks (visitors.py), what the route wants (rules.py), and that a form which
changes something comes from a page of ours."""

from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from defacewatch.accounts import Role
from defacewatch.language import N_
from defacewatch.web.console import VISITOR, Visitor, console_of, language_of, words_of
from defacewatch.web.forms import close_files, fields_of
from defacewatch.web.problems import problem
from defacewatch.web.rules import Open, Rule, largest, needs_code, rule_for
from defacewatch.web.security import (
    ANNOUNCE,
    API,
    CALENDAR,
    METRICS,
    OPEN_FILES,
    RETURN_TO,
    TAKE,
    failure,
    forged,
    session_cookie,
    set_session,
    shown_path,
    too_many,
)
from defacewatch.web.visitors import (
    by_cookie,
    by_token,
    comes_from_us,
    csrf_of,
    form_key,
    is_ours,
    keep_form_key,
)

READS = ("GET", "HEAD")
STALE = N_("This form is out of date, or does not come from this console. Load the page again.")
CSRF = "X-CSRF-Token"  # where a program in a browser sends what forms carry
TOKEN_NEEDED = N_("a token is needed: Authorization: Bearer …")
NO_CODE = N_("The owner of this token has to set up a sign-in code first.")
NOT_YOURS = N_("Your account may not do this.")

log = structlog.get_logger(__name__)


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through what the table of rules allows; a route without a rule is refused to everybody."""
    nowhere = request.match_info.http_exception is not None
    rule = None if nowhere else rule_for(request)
    if nowhere and request.path.startswith((CALENDAR, TAKE, ANNOUNCE)):
        # what is no such address at all is refused as one whose secret is wrong
        lost = isinstance(request.match_info.http_exception, web.HTTPNotFound)
        return forged(request) if lost else await handler(request)
    if rule in (Open.ALWAYS, Open.LINK) or request.path in OPEN_FILES:
        return await handler(request)
    if rule is Open.FORM:
        return await _form(request, handler)
    bearer = _bearer(request)
    if bearer is not None:
        return await _program(request, handler, bearer, rule)
    visitor = None if rule is Open.METRICS else await by_cookie(request)
    if visitor is None:
        return _refused(request)
    request[VISITOR] = visitor
    if nowhere:
        return await handler(request)
    if (most := largest(request)) is not None:
        if not _may(visitor, rule):
            return _forbidden(request)
        if (request.content_length or 0) > most:
            raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
        request = request.clone(client_max_size=most)
        request[VISITOR] = visitor
    try:
        return await _admitted(request, handler, visitor, rule)
    finally:
        close_files(request)


async def _admitted(
    request: web.Request, handler: Handler, visitor: Visitor, rule: Rule | None
) -> web.StreamResponse:
    """What somebody who has signed in may do, by a form of ours."""
    if request.method not in READS and not await _sent_by_us(request, visitor.csrf):
        return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(STALE))
    if needs_code(request, visitor.account, console_of(request).code_for, strong=visitor.strong):
        if request.path.startswith(API):
            return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(NO_CODE))
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/account?code"})
    answer = await handler(request) if _may(visitor, rule) else _forbidden(request)
    if visitor.renewed is not None and request.path != "/logout":
        set_session(console_of(request), answer, visitor.renewed)
    return answer


async def _form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A form for those who are not signed in."""
    key = form_key(request)
    csrf = csrf_of(console_of(request), key.value)
    request[VISITOR] = Visitor(None, csrf)
    if request.method not in READS and (key.fresh or not await _sent_by_us(request, csrf)):
        answer: web.StreamResponse = failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(STALE))
    else:
        answer = await handler(request)
    keep_form_key(request, answer, key)
    return answer


async def _program(
    request: web.Request, handler: Handler, bearer: str, rule: Rule | None
) -> web.StreamResponse:
    """Whoever brings a bearer token: the shared one reads, /metrics may have its own, those of accounts are
    for the API. No cookie goes with them, so no form can be forged."""
    access, metrics = console_of(request).access, console_of(request).metrics_token
    wait = access.wait(request.remote)
    visitor = await by_token(request, bearer) if request.path.startswith(API) else None
    if visitor is None:
        expected = metrics if rule is Open.METRICS else None
        if not access.admits(bearer, request.remote, expected=expected):
            return _refused(request) if wait is None else too_many(request, wait)
        visitor = Visitor(Role.VIEWER, "")
    request[VISITOR] = visitor
    if visitor.role is not Role.VIEWER and needs_code(request, visitor.account, console_of(request).code_for):
        return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(NO_CODE))
    may = rule is Open.METRICS or request.match_info.http_exception is not None or _may(visitor, rule)
    return await handler(request) if may else _forbidden(request)


def _may(visitor: Visitor, rule: Rule | None) -> bool:
    return isinstance(rule, Role) and visitor.role is not None and visitor.role.covers(rule)


def _forbidden(request: web.Request) -> web.Response:
    visitor: Visitor | None = request.get(VISITOR)
    who = visitor.account.name if visitor is not None and visitor.account is not None else "token"
    log.warning("refused by role", who=who, path=shown_path(request), remote=request.remote)
    return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(NOT_YOURS))


async def _sent_by_us(request: web.Request, csrf: str) -> bool:
    given: object = request.headers.get(CSRF) if request.path.startswith(API) else None
    ours = comes_from_us(request) and is_ours(given or (await fields_of(request)).get("csrf"), csrf)
    if not ours:
        log.warning("a forged form was refused", path=shown_path(request), remote=request.remote)
    return ours


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _refused(request: web.Request) -> web.Response:
    people = not request.path.startswith(API) and request.path != METRICS
    if people and request.method not in READS:
        return _signed_out(request)
    if request.path.startswith(API) or request.path == METRICS or request.method not in READS:
        said = words_of(request)._(TOKEN_NEEDED)
        answer = problem(HTTPStatus.UNAUTHORIZED, said)
        answer.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="defacewatch"'
        return answer
    back = request.path if RETURN_TO.fullmatch(request.path) else "/"
    lang = f"&lang={language_of(request)}" if "lang" in request.query else ""
    ended = "&ended=1" if session_cookie(console_of(request))[0] in request.cookies else ""
    address = f"/login?next={back}{ended}{lang}"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


def _signed_out(request: web.Request) -> web.Response:
    """The answer to a form of somebody whose session has ended: that nothing was done, and the way back."""
    back = request.path
    while not RETURN_TO.fullmatch(back):
        back = back.rpartition("/")[0] or "/"
    answer = console_of(request).renderer.page(
        "signedout.html", words_of(request), status=HTTPStatus.UNAUTHORIZED, back=back
    )
    answer.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="defacewatch"'
    return answer
