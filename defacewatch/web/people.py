"""Accounts, for administrators: who there is, adding, roles, disabling, links for passwords, signing out."""

from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.accounts import SOMEBODY_ELSE, Account, Role, checked_label, checked_name
from defacewatch.audit import Act
from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.identities import Identity, checked_subject
from defacewatch.language import N_
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.proving import Wait, prove_again
from defacewatch.web.security import too_many
from defacewatch.web.visitors import actor_of, owner_of, visitor_of
from defacewatch.web.welcome import welcome_url

NO_OFFICER = N_("there is no officer of this key in the roster")
YOURSELF = N_("For your own account use “My account”.")
OWN_OFFICER = N_("With which officer your own account is linked, another administrator changes.")
SHOWN = ("display", "role", "officer")  # of an account, in the form that changes it
UNPROVED = N_("Give your own password for this, and a new sign-in code if you have set one up.")
NOT_BOUND = N_("No subject is bound to this account.")
DONE = {
    "changed": N_("The account was changed."),
    "disabled": N_("The account is disabled, and signed out everywhere."),
    "enabled": N_("The account can sign in again."),
    "identity": N_("How they sign in by the provider was changed."),
    "revoked": N_("The token no longer works."),
    "signed-out": N_("The account is signed out everywhere."),
    "totp-off": N_("Codes are no longer asked for. Let them set up a new authenticator soon."),
}


async def show(request: web.Request) -> web.Response:
    return await _page(request, done=DONE.get(request.query.get("done", "")))


async def add(request: web.Request) -> web.Response:
    """Add an account; its owner chooses the password by a link, which is shown once."""
    console, fields = console_of(request), await texts_of(request)
    if (refused := await _unproved(request, fields)) is not None:
        return refused
    try:
        account = await console.store.accounts.add(
            name := checked_name(fields.get("user", "")),
            checked_label(fields.get("display", "")),
            _role(fields),
            officer=_officer(request, name, fields),
            actor=actor_of(request),
            now=console.clock(),
        )
    except (UsageError, Conflict) as problem:
        return await _page(request, problem=str(problem), given=fields)
    return await _with_link(request, account)


async def change(request: web.Request) -> web.Response:
    """Set role, name and officer. A role that approves or administers is given for a password, and another
    officer: under that name somebody signs. Nobody gives themselves another name."""
    console, fields, account = console_of(request), await texts_of(request), await _account(request)
    raised = _role(fields) is not account.role and _role(fields).covers(Role.APPROVER)
    relinked = (fields.get("officer") or None) != account.officer
    if relinked and account.id == owner_of(request).id:
        return await _page(request, problem=OWN_OFFICER)
    if (raised or relinked) and (refused := await _unproved(request, fields)) is not None:
        return refused
    try:
        await console.store.accounts.change(
            account.id,
            role=_role(fields).value,
            display=checked_label(fields.get("display", "")),
            officer=_officer(request, account.name, fields),
            actor=actor_of(request),
            now=console.clock(),
            instead_of={name: fields[f"was_{name}"] or None for name in SHOWN if f"was_{name}" in fields},
        )
    except (UsageError, Conflict) as problem:
        return await _page(request, problem=str(problem))
    return _done("changed")


async def disable(request: web.Request) -> web.Response:
    return await _set_disabled(request, True)


async def enable(request: web.Request) -> web.Response:
    return await _set_disabled(request, False)


async def link(request: web.Request) -> web.Response:
    """A link by which the owner chooses a new password; noted, since whoever has it may become them."""
    account = await _account(request)
    if account.disabled:
        raise web.HTTPBadRequest
    if (refused := await _unproved(request, await texts_of(request), of=account)) is not None:
        return refused
    return await _with_link(request, account)


async def sign_out(request: web.Request) -> web.Response:
    console, account = console_of(request), await _account(request)
    await console.store.sessions.end(account, actor=actor_of(request), now=console.clock())
    return _done("signed-out")


async def totp_off(request: web.Request) -> web.Response:
    """For somebody who has lost the phone and the recovery codes. They are signed out, and their
    tokens are revoked."""
    console, account, actor = console_of(request), await _account(request), actor_of(request)
    if (refused := await _unproved(request, await texts_of(request), of=account)) is not None:
        return refused
    await console.store.accounts.set_totp(
        account.id, None, (), recovery=True, actor=actor, now=console.clock()
    )
    return _done("totp-off")


async def revoke_token(request: web.Request) -> web.Response:
    """End a token of somebody's programs. It takes something away, so it asks for no proof."""
    console, account = console_of(request), await _account(request)
    number = (await texts_of(request)).get("token", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise web.HTTPBadRequest
    await console.store.api_tokens.revoke(account, int(number), actor=actor_of(request), now=console.clock())
    return _done("revoked")


async def identity(request: web.Request) -> web.Response:
    """Bind a subject of the provider to an account, or none: whoever has it there becomes them here."""
    console, fields, account = console_of(request), await texts_of(request), await _account(request)
    if console.provider is None:
        raise web.HTTPNotFound
    if (refused := await _unproved(request, fields)) is not None:
        return refused
    actor, now, issuer = actor_of(request), console.clock(), console.provider.trust.issuer
    try:
        if fields.get("subject", "").strip():
            who = Identity(issuer, checked_subject(fields["subject"]))
            await console.store.identities.bind(account.id, who, actor=actor, now=now)
        else:
            await console.store.identities.unbind(account.id, issuer, actor=actor, now=now)
    except NotFound:
        return await _page(request, problem=NOT_BOUND)
    except (UsageError, Conflict) as problem:
        return await _page(request, problem=str(problem))
    return _done("identity")


async def _set_disabled(request: web.Request, disabled: bool) -> web.Response:
    console, account = console_of(request), await _account(request)
    try:
        await console.store.accounts.change(
            account.id, disabled=disabled, actor=actor_of(request), now=console.clock()
        )
    except Conflict as problem:
        return await _page(request, problem=str(problem))
    return _done("disabled" if disabled else "enabled")


async def _unproved(
    request: web.Request, fields: dict[str, str], *, of: Account | None = None
) -> web.Response | None:
    """What to answer to an administrator who has not given their own password, and their code where they have
    an authenticator; None when they have. What is done `of` an account is refused for one's own: there it is
    at /account, and takes what one knows."""
    mine = owner_of(request)
    if of is not None and of.id == mine.id:
        return await _page(request, problem=YOURSELF)
    found = await prove_again(request, mine, fields, code=True)
    if isinstance(found, Wait):
        return too_many(request, found.time)
    return None if found is not None else await _page(request, problem=UNPROVED, given=fields)


async def _account(request: web.Request) -> Account:
    try:
        return await console_of(request).store.accounts.get(int(request.match_info["account"]))
    except NotFound:
        raise web.HTTPNotFound from None


async def _with_link(request: web.Request, account: Account) -> web.Response:
    console = console_of(request)
    found = await console.store.accounts.credentials(number=account.id)
    assert found is not None  # accounts are never deleted
    actor, now = actor_of(request), console.clock()
    await console.store.audit.note(actor, Act.LINK_GIVEN, at=now, of=f"account {account.name}")
    url = welcome_url(console.public_url, console.secret_key, found, now)
    return await _page(request, link=url, link_for=account)


async def _page(
    request: web.Request,
    *,
    problem: str | None = None,
    done: str | None = None,
    link: str | None = None,
    link_for: Account | None = None,
    given: dict[str, str] | None = None,
) -> web.Response:
    console, mine = console_of(request), visitor_of(request).account
    provider = console.provider
    accounts = await console.store.accounts.every()
    return console.renderer.page(
        "accounts.html",
        words_of(request),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        accounts=accounts,
        tokens=await console.store.api_tokens.by_account(),
        officers=console.roster().officers,
        provider=provider.trust.name if provider else None,
        subjects=await console.store.identities.of(provider.trust.issuer) if provider else {},
        mine=mine.id if mine else None,
        roles=list(Role),
        problem=problem,
        done=done,
        link=link,
        link_for=link_for,
        given=given or {},
    )


def _role(fields: dict[str, str]) -> Role:
    try:
        return Role(fields.get("role", ""))
    except ValueError:
        raise web.HTTPBadRequest from None


def _officer(request: web.Request, name: str, fields: dict[str, str]) -> str | None:
    """The key of an officer, or None. Raises UsageError for one that the roster does not have, and when the
    user name is the key of another: what they do would be taken for what that one did."""
    key, roster = fields.get("officer", ""), console_of(request).roster()
    if key and roster.officer(key) is None:
        raise UsageError(NO_OFFICER)
    if name != key and roster.officer(name) is not None:
        raise UsageError(SOMEBODY_ELSE)
    return key or None


def _done(what: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/accounts?done={what}"})
