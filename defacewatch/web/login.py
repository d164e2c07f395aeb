"""Signing in: with an account (and a code, where it has an authenticator), or with the shared token, which
reads."""

from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import hdrs, web

from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict
from defacewatch.identities import Identity
from defacewatch.language import N_
from defacewatch.store.accounts import Credentials
from defacewatch.web.access import Secret
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.proving import (
    OUTSIDE,
    Wait,
    check_code,
    check_password,
    counted_as,
    forgive,
    of_outside_ticket,
    of_ticket,
    ticket_for,
)
from defacewatch.web.security import RETURN_TO, session_cookie, set_session, too_many
from defacewatch.web.visitors import actor_of, by_cookie, sign_in, visitor_of

WRONG = N_("The user name or the password is not right.")
WRONG_TOKEN = N_("This token is not right.")
WRONG_CODE = N_("This code is not right, or was used before. Wait for the next one.")
TOO_LATE = N_("That took too long. Sign in again.")
TOO_OFTEN = N_("Too many codes were not right. Sign in again.")
DONE = {"password": N_("Your password is set. Sign in with it.")}


async def form(request: web.Request) -> web.Response:
    return await login_form(
        request,
        request.query.get("next", "/"),
        done=DONE.get(request.query.get("done", "")),
        ended="ended" in request.query,
    )


async def login(request: web.Request) -> web.Response:
    """Open a session, or ask for a code first, and go on to where the reader wanted to go."""
    fields = await texts_of(request)
    back = fields.get("next", "/")
    if fields.get("token"):
        return await _by_token(request, fields["token"], back)
    found = await check_password(request, fields.get("user", "").strip().lower(), fields.get("password", ""))
    if isinstance(found, Wait):
        return too_many(request, found.time)
    if found is None:
        return await login_form(request, back, problem=WRONG)
    if found.totp is not None:
        return code_form(request, ticket_for(console_of(request), found), back)
    return await enter(request, found, back)


async def code(request: web.Request) -> web.Response:
    """The second step: a code of the authenticator, or a recovery code."""
    fields = await texts_of(request)
    ticket, back = fields.get("ticket", ""), fields.get("next", "/")
    console = console_of(request)
    outside = await of_outside_ticket(console, ticket) if ticket.startswith(OUTSIDE) else None
    found = outside[0] if outside else await of_ticket(console, ticket)
    if found is None or found.totp is None:
        return await login_form(request, back, problem=TOO_LATE)
    if not console_of(request).tries.take(ticket.rpartition(".")[2]):
        return await login_form(request, back, problem=TOO_OFTEN)
    right = await check_code(request, found, fields.get("code", "")[:64])
    if isinstance(right, Wait):
        return too_many(request, right.time)
    if not right:
        return code_form(request, ticket, back, problem=WRONG_CODE)
    return await enter(request, found, back, identity=outside[1] if outside else None)


async def enter(
    request: web.Request,
    found: Credentials,
    back: str,
    *,
    identity: Identity | None = None,
    strong: bool = False,
) -> web.Response:
    """Begin the session, unless the account was changed since its password, or `identity` at a provider, was
    checked."""
    key, _ = await counted_as(request, found.account.name, found)  # before this address is known
    try:
        verified = identity or found.password or ""
        answer = await sign_in(request, found.account, verified, _local(back), strong=strong)
    except Conflict:
        return await login_form(request, back, problem=TOO_LATE)
    forgive(request, key)
    return answer


async def logout(request: web.Request) -> web.Response:
    console, visitor = console_of(request), visitor_of(request)
    if visitor.account is not None and visitor.session is not None:
        await console.store.sessions.end(
            visitor.account,
            session=visitor.session,
            actor=actor_of(request),
            now=console.clock(),
            act=Act.SIGNED_OUT,
        )
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/login"})
    name, secure = session_cookie(console)
    answer.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def _by_token(request: web.Request, token: str, back: str) -> web.Response:
    """A session for the shared token: it reads, and is for screens on a wall."""
    console = console_of(request)
    wait = console.access.wait(request.remote, Secret.FORM)
    right = console.access.admits(token.strip(), request.remote, kind=Secret.FORM)
    if not console.token_sign_in or not right:
        return (
            await login_form(request, back, problem=WRONG_TOKEN) if wait is None else too_many(request, wait)
        )
    await _end_former(request)
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: _local(back)})
    set_session(console, answer, console.access.open_session())
    return answer


async def _end_former(request: web.Request) -> None:
    """End the session that this browser had by name: nobody could end it from here later."""
    console, former = console_of(request), await by_cookie(request)
    if former is None or former.account is None or former.session is None:
        return
    actor = Actor(former.account.name, request.remote or "")
    await console.store.sessions.end(
        former.account, session=former.session, actor=actor, now=console.clock(), act=Act.SIGNED_OUT
    )


async def login_form(
    request: web.Request,
    back: str,
    *,
    status: HTTPStatus = HTTPStatus.FORBIDDEN,
    problem: str | None = None,
    detail: str | None = None,
    done: str | None = None,
    ended: bool = False,
) -> web.Response:
    """The form. As long as there is no account it is the token's alone. `ended`: there was a session, which
    is over."""
    console = console_of(request)
    return console.renderer.page(
        "login.html",
        words_of(request),
        status=status if problem else HTTPStatus.OK,
        here="/login",
        query=_next(back),
        back=_local(back),
        problem=problem,
        detail=detail,
        done=done,
        ended=ended,
        provider=console.provider.trust.name if console.provider else None,
        accounts=await console.store.accounts.any(),
        token=console.token_sign_in,
    )


def code_form(request: web.Request, ticket: str, back: str, *, problem: str | None = None) -> web.Response:
    return console_of(request).renderer.page(
        "code.html",
        words_of(request),
        status=HTTPStatus.FORBIDDEN if problem else HTTPStatus.OK,
        ticket=ticket,
        here="/login",
        query=_next(back),
        back=_local(back),
        problem=problem,
    )


def _next(back: str) -> str:
    """What an address of the form says of where it leads."""
    return urlencode({"next": back}) if _local(back) == back != "/" else ""


def _local(back: str) -> str:
    """`back` if it is one of our own pages, else the front page."""
    return back if RETURN_TO.fullmatch(back) else "/"
