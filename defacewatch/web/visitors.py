"""Who asks: a person with an account, somebody with the shared token, or a program."""

import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.accounts import Account, Role, allowed
from defacewatch.audit import Actor
from defacewatch.identities import Identity
from defacewatch.signing import signature
from defacewatch.store.sessions import TOKEN
from defacewatch.web.access import same
from defacewatch.web.console import VISITOR, Console, Visitor, console_of
from defacewatch.web.security import session_cookie, set_session
from defacewatch.web.words import UNATTENDED

FORM_COOKIE = "defacewatch_form"
EVENTS = "/events"  # the news of the wall
# What is loaded with a page: its pictures, style sheets and scripts.
PART = re.compile(r"/(?:pictures|static)/.+|/(?:incidents|baselines)/[^/]+/difference")
BY_ITSELF = "X-Unattended"  # what our scripts say when they ask for a page without anybody's doing


@dataclass(frozen=True)
class FormKey:
    """What ties a form that needs no sign-in to the browser that asked for it."""

    value: str
    fresh: bool


def visitor_of(request: web.Request) -> Visitor:
    """Who was admitted. Raises HTTPForbidden where nobody was."""
    visitor: Visitor | None = request.get(VISITOR)
    if visitor is None:
        raise web.HTTPForbidden
    return visitor


def owner_of(request: web.Request) -> Account:
    """The account of whoever is signed in. Raises HTTPForbidden for those without one (the shared token)."""
    account = visitor_of(request).account
    if account is None:
        raise web.HTTPForbidden
    return account


def actor_of(request: web.Request) -> Actor:
    """As the audit log names whoever asks."""
    visitor: Visitor | None = request.get(VISITOR)
    who = visitor.account.name if visitor is not None and visitor.account is not None else "nobody"
    return Actor(who, request.remote or "")


def console_via(request: web.Request) -> str:
    """From where somebody acts in the console, and with which account, where the log has the officer's key
    for who: two accounts, or one that was linked with another officer since, are told apart."""
    actor = actor_of(request)
    return f"console:{actor.source} account {actor.who}"


async def by_cookie(request: web.Request) -> Visitor | None:
    """The visitor of a session's cookie, whichever kind it is of."""
    console, now = console_of(request), console_of(request).clock()
    value = request.cookies.get(session_cookie(console)[0])
    if not value:
        return None
    renewed = console.access.renewed(value) if console.token_sign_in else None
    if renewed is not None:
        csrf = csrf_of(console, f"token {value.partition('.')[0]}")  # when it began: stays when it is renewed
        return Visitor(Role.VIEWER, csrf, renewed=renewed if renewed != value else None)
    idle, longest, by_itself = console.idle, console.longest, is_unattended(request)
    found = await console.store.sessions.find(
        value, idle=idle, longest=longest, now=now, unattended=by_itself
    )
    if found is None:
        return None
    session, account = found
    until = min(session.seen_at + idle, session.begun_at + longest)
    csrf = csrf_of(console, value)
    return Visitor(account.role, csrf, account, session.id, strong=session.strong, until=until)


def is_unattended(request: web.Request) -> bool:
    """Whether a page of ours asks by itself: for news, for a picture or a style sheet, by its script, or
    without one by loading itself. Its parts come with what a wall shows anew while nobody sits there."""
    if request.path == EVENTS or PART.fullmatch(request.path):
        return True
    by_itself = BY_ITSELF in request.headers or UNATTENDED in request.query
    return by_itself or request.headers.get("Sec-Fetch-Dest") == "image"


async def by_token(request: web.Request, value: str) -> Visitor | None:
    """The visitor of an API token."""
    console = console_of(request)
    if not value.startswith(TOKEN):
        return None
    found = await console.store.api_tokens.find(value, console.clock())
    if found is None:
        return None
    token, account = found
    return Visitor(allowed(account.role, token.scope), "", account, token=token.id)


def csrf_of(console: Console, session: str) -> str:
    """The token that the forms of a session carry."""
    return signature(console.secret_key, "form", session)


def form_key(request: web.Request) -> FormKey:
    value = request.cookies.get(_form_cookie(console_of(request)), "")
    return FormKey(value, False) if len(value) == 43 else FormKey(secrets.token_urlsafe(32), True)


def keep_form_key(request: web.Request, answer: web.StreamResponse, key: FormKey) -> None:
    if key.fresh:
        console = console_of(request)
        secure = session_cookie(console)[1]
        name = _form_cookie(console)
        answer.set_cookie(name, key.value, httponly=True, samesite="Strict", secure=secure, path="/")


def is_ours(given: object, expected: str) -> bool:
    """Whether a form carries the token that it was given."""
    return bool(expected) and isinstance(given, str) and same(given, expected)


def comes_from_us(request: web.Request) -> bool:
    """Whether a browser that says where a form comes from says that it is ours. `Origin` is null on our own
    pages, since they send no referrer."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get(hdrs.ORIGIN)
    if origin in (None, "null"):
        return True
    return origin in (console_of(request).public_url, f"{request.scheme}://{request.host}")


async def sign_in(
    request: web.Request, account: Account, verified: str | Identity, back: str, *, strong: bool = False
) -> web.Response:
    """Begin a session, which has an id of its own and ends the one before, and lead on. Raises Conflict when
    the account is disabled, or its password (hashed) or identity is no longer the one that was `verified`.
    `strong`: a provider has seen a second factor."""
    console = console_of(request)
    value = await console.store.sessions.begin(
        account,
        verified=verified,
        address=request.remote or "",
        agent=request.headers.get(hdrs.USER_AGENT, ""),
        actor=Actor(account.name, request.remote or ""),
        now=console.clock(),
        instead_of=request.cookies.get(session_cookie(console)[0], ""),
        strong=strong,
    )
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: back})
    set_session(console, answer, value)
    return answer


def _form_cookie(console: Console) -> str:
    return f"__Host-{FORM_COOKIE}" if session_cookie(console)[1] else FORM_COOKIE
