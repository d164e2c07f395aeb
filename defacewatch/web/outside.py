"""Signing in by a provider outside (OpenID Connect, authorization code with PKCE). It only proves who
somebody is: accounts, roles, sessions and the log are ours, and the password's form stays in any case."""

import json
import secrets
from collections import OrderedDict
from http import HTTPStatus
from typing import NamedTuple

import structlog
from aiohttp import hdrs, web

from defacewatch.accounts import Account, Role
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.identities import Claimed, address
from defacewatch.language import N_
from defacewatch.sealing import opened, sealed
from defacewatch.web.access import Secret, same
from defacewatch.web.console import Console, console_of
from defacewatch.web.login import code_form, enter, login_form
from defacewatch.web.provider import Provider, ProviderError
from defacewatch.web.proving import outside_ticket_for
from defacewatch.web.security import session_cookie, too_many

BEGIN, BACK = "/login/oidc", "/login/oidc/back"
COOKIE = "defacewatch_outside"
PURPOSE = "outside sign-in"
LASTS = 600  # seconds, from leaving for the provider to coming back
REMEMBERED = 4096  # sign-ins that have come back: none comes back twice
USED = web.AppKey("used states", OrderedDict[str, None])
DEAD = N_("The sign-in service does not answer. Sign in with your password, or try again in a moment.")
REFUSED = N_("The sign-in service has not signed you in. Begin again.")
UNBOUND = N_(
    "Nobody here is bound to this account of the sign-in service. Give your administrator its subject:"
)
NO_ROLE = N_("The sign-in service gives you no role here. Ask whoever keeps its groups.")
NO_ENTRY = N_("This account may not sign in.")

log = structlog.get_logger(__name__)


class Left(NamedTuple):
    """What a browser has left for the provider with; `to` is the page that it wanted."""

    state: str
    nonce: str
    verifier: str
    to: str


async def begin(request: web.Request) -> web.Response:
    """Lead to the provider; what this browser has to come back with is sealed into a cookie of its own."""
    provider, console = _provider(request), console_of(request)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    to = request.query.get("next", "/")[:100]
    try:
        leads = await provider.address(state=state, nonce=nonce, verifier=verifier)
    except ProviderError as error:
        log.error("the sign-in service fails", error=str(error))
        return await login_form(request, to, problem=DEAD, status=HTTPStatus.SERVICE_UNAVAILABLE)
    answer = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: leads})
    box = sealed(console.secret_key, PURPOSE, json.dumps([state, nonce, verifier, to]))
    name, secure = _cookie(console)
    answer.set_cookie(name, box, max_age=LASTS, httponly=True, samesite="Lax", secure=secure, path="/")
    return answer


async def back(request: web.Request) -> web.Response:
    """Somebody comes back: sign in whoever the provider says they are, if an account is bound to them. What
    does not belong to a sign-in that this browser has begun (any page can send a visitor here) is neither
    counted nor written down, and changes nothing."""
    console = console_of(request)
    _provider(request)
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":  # a picture, a frame, a script
        raise web.HTTPForbidden
    left = _left_with(request)
    if left is None:
        return await login_form(request, "/", problem=REFUSED)
    wait = console.access.wait(request.remote, Secret.OUTSIDE)
    if wait is not None:
        return too_many(request, wait)
    answer = await _back(request, left)
    name, secure = _cookie(console)
    answer.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
    return answer


async def _back(request: web.Request, left: Left) -> web.Response:
    provider, console = _provider(request), console_of(request)
    state, nonce, verifier, to = left
    _use(request, state)
    code, issuer = request.query.get("code", ""), request.query.get("iss")
    if not code or (issuer is not None and issuer.rstrip("/") != provider.trust.issuer.rstrip("/")):
        return await _refused(request, to, "no code")
    try:
        claimed = await provider.redeem(code, nonce=nonce, verifier=verifier)
    except ProviderError as error:
        return await _refused(request, to, str(error))
    account = await console.store.identities.account(claimed.identity) or await _bound(request, claimed)
    if account is None:
        await _note(request, None, "unknown subject")
        return await login_form(request, to, problem=UNBOUND, detail=claimed.identity.subject)
    if account.disabled:
        await _note(request, account, "disabled")
        return await login_form(request, to, problem=NO_ENTRY)
    kept = await _with_role(request, account, claimed)
    if kept is None:
        await _note(request, account, "no role")
        return await login_form(request, to, problem=NO_ROLE)
    return await _sign_in(request, kept, claimed, to)


async def _sign_in(request: web.Request, account: Account, claimed: Claimed, to: str) -> web.Response:
    """In, or on to the code of the account's own authenticator, unless the provider has seen a second
    factor."""
    console = console_of(request)
    found = await console.store.accounts.credentials(number=account.id)
    assert found is not None  # accounts are never deleted
    if found.totp is not None and not claimed.strong:
        return code_form(request, outside_ticket_for(console, account, claimed.identity), to)
    return await enter(request, found, to, identity=claimed.identity, strong=claimed.strong)


async def _bound(request: web.Request, claimed: Claimed) -> Account | None:
    """The account that a verified address binds, where that is believed: of the one officer who has it in the
    roster, and of no role above the most that the provider is believed to give. None, and nothing is bound,
    in every other case."""
    console = console_of(request)
    if claimed.email is None:
        return None
    officers = [
        officer.key
        for officer in console.roster().officers
        if officer.email is not None and address(officer.email) == claimed.email
    ]
    accounts = [one for one in await console.store.accounts.every() if one.officer in officers]
    if len(officers) != 1 or len(accounts) != 1 or accounts[0].disabled:
        return None
    if not _provider(request).trust.most.covers(accounts[0].role):
        return None
    actor = Actor(f"{claimed.identity.issuer} (e-mail)", request.remote or "")
    try:
        await console.store.identities.bind(
            accounts[0].id, claimed.identity, actor=actor, now=console.clock(), first=True
        )
    except Conflict:
        return None
    return accounts[0]


async def _with_role(request: web.Request, account: Account, claimed: Claimed) -> Account | None:
    """The account with the role that the provider gives it; None where it gives none, and lets in nobody
    without, whatever role was given by hand. A role above the most that is believed was given by hand, and
    stays. The only administrator stays one in any case, which is written down."""
    console, trust, role = console_of(request), _provider(request).trust, claimed.role
    by_hand = account.role is not trust.most and account.role.covers(trust.most)
    denied = claimed.unmatched and trust.deny_unmatched
    if role is None or (not denied and (by_hand or role is account.role)):
        return account
    if account.role is Role.ADMIN and await _is_alone(console, account):
        return await _kept(request, account, role)
    if denied:
        return None
    actor = Actor(trust.issuer, request.remote or "")
    try:
        return await console.store.accounts.change(
            account.id, role=role.value, actor=actor, now=console.clock()
        )
    except Conflict:  # of several, the last who has a password
        return await _kept(request, account, role)


async def _is_alone(console: Console, account: Account) -> bool:
    """Whether nobody else administers."""
    every = await console.store.accounts.every()
    return not any(one.role is Role.ADMIN and not one.disabled and one.id != account.id for one in every)


async def _kept(request: web.Request, account: Account, role: Role) -> Account:
    """Say that the only administrator stays one, whatever the provider says."""
    console, trust = console_of(request), _provider(request).trust
    log.error("the only administrator keeps the role", account=account.name, provider_says=role.value)
    actor, of = Actor(trust.issuer, request.remote or ""), f"account {account.name}"
    told = {"provider": role.value}
    await console.store.audit.note(actor, Act.ROLE_KEPT, at=console.clock(), of=of, after=told)
    return account


def _left_with(request: web.Request) -> Left | None:
    """The sign-in that this browser has begun and that comes back now, where it has not come back yet."""
    console = console_of(request)
    try:
        box = opened(console.secret_key, PURPOSE, request.cookies.get(_cookie(console)[0], ""), within=LASTS)
    except DefacewatchError:
        return None
    left = Left(*json.loads(box))
    fits = same(request.query.get("state", ""), left.state) and left.state not in request.app[USED]
    return left if fits else None


def _use(request: web.Request, state: str) -> None:
    used = request.app[USED]
    used[state] = None
    while len(used) > REMEMBERED:
        used.popitem(last=False)


async def _refused(request: web.Request, to: str, why: str) -> web.Response:
    log.warning("a sign-in by the provider was refused", why=why, remote=request.remote)
    await _note(request, None, why)
    return await login_form(request, to, problem=REFUSED)


async def _note(request: web.Request, account: Account | None, why: str) -> None:
    """Write down that somebody did not get in; an address from which many have not waits between tries."""
    console = console_of(request)
    console.access.failed(request.remote, Secret.OUTSIDE)
    of = f"account {account.name}" if account else "no account"
    nobody, after = Actor("nobody", request.remote or ""), {"wrong": f"provider: {why}"}
    await console.store.audit.note(nobody, Act.SIGN_IN_FAILED, at=console.clock(), of=of, after=after)


def _provider(request: web.Request) -> Provider:
    """Raises HTTPNotFound where none is configured."""
    provider = console_of(request).provider
    if provider is None:
        raise web.HTTPNotFound
    return provider


def _cookie(console: Console) -> tuple[str, bool]:
    secure = session_cookie(console)[1]
    return (f"__Host-{COOKIE}" if secure else COOKIE), secure
