"""One's own account: sessions, password, language, authenticator, tokens for programs. Everything here is
about whoever is signed in; whatever weighs asks for the password again."""

from datetime import timedelta
from http import HTTPStatus

import segno
from aiohttp import hdrs, web
from markupsafe import Markup

from defacewatch import totp
from defacewatch.accounts import Scope, checked_label, checked_language
from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.language import N_
from defacewatch.sealing import opened, sealed
from defacewatch.store.accounts import Credentials
from defacewatch.web.console import LANGUAGE_COOKIE, console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.proving import SECRET, Wait, prove_again
from defacewatch.web.security import too_many
from defacewatch.web.visitors import actor_of, owner_of, sign_in, visitor_of
from defacewatch.web.welcome import same_twice

NEW_SECRET = "new totp"  # noqa: S105 - the purpose of a secret that is not yet proved
ENROL_WITHIN = 900  # seconds
TOKEN_DAYS = (1, 366)
WRONG_PASSWORD = N_("Your password is not right.")
WRONG_CODE = N_("This code is not right. Look at the clock of your phone and try the next one.")
TOO_LATE = N_("That took too long. Begin again.")
NEEDS_CODE = N_("Your role needs a sign-in code. Set it up first; everything else opens then.")
DONE = {
    "password": N_("Your password was changed. All other sessions have ended."),
    "language": N_("Your language is set."),
    "totp-off": N_("Codes are no longer asked for."),
    "sessions": N_("The sessions have ended."),
    "revoked": N_("The token no longer works."),
}


async def show(request: web.Request) -> web.Response:
    missing = NEEDS_CODE if "code" in request.query and not owner_of(request).has_totp else None
    return await _page(request, problem=missing, done=DONE.get(request.query.get("done", "")))


async def password(request: web.Request) -> web.Response:
    """Change the password: all sessions end, and this browser gets a new one."""
    fields, console, account = await texts_of(request), console_of(request), owner_of(request)
    found = await _proved(request, fields)
    if not isinstance(found, Credentials):
        return found
    try:
        chosen = same_twice(fields.get("new", ""), fields.get("again", ""), account.name, account.display)
    except UsageError as problem:
        return await _page(request, problem=str(problem))
    actor, now = actor_of(request), console.clock()
    hashed = await console.hashing.hash(chosen)
    await console.store.accounts.set_password(account.id, hashed, actor=actor, now=now)
    return await sign_in(request, account, hashed, "/account?done=password")


async def language(request: web.Request) -> web.Response:
    console, account = console_of(request), owner_of(request)
    chosen = checked_language((await texts_of(request)).get("language", ""))
    actor = actor_of(request)
    await console.store.accounts.change(account.id, language=chosen, actor=actor, now=console.clock())
    answer = _done("language")
    answer.del_cookie(LANGUAGE_COOKIE)
    return answer


async def totp_begin(request: web.Request) -> web.Response:
    """Show a new secret, as a QR code too. Nothing changes until a code of it has come."""
    found = await _proved(request, await texts_of(request))
    if not isinstance(found, Credentials):
        return found
    return _enrol(request, totp.new_secret())


async def totp_confirm(request: web.Request) -> web.Response:
    """Turn codes on, once the app has shown that it has the secret; show the recovery codes."""
    fields, console, account = await texts_of(request), console_of(request), owner_of(request)
    try:
        purpose = f"{NEW_SECRET} {account.id}"
        secret = opened(console.secret_key, purpose, fields.get("secret", ""), within=ENROL_WITHIN)
    except DefacewatchError:
        return await _page(request, problem=TOO_LATE)
    step = totp.matching_step(secret, fields.get("code", "")[:64], console.clock())
    if step is None:
        return _enrol(request, secret, problem=WRONG_CODE)
    codes = totp.recovery_codes()
    await console.store.accounts.set_totp(
        account.id,
        sealed(console.secret_key, SECRET, secret),
        _hashed(request, codes),
        step=step,
        actor=actor_of(request),
        now=console.clock(),
    )
    return console.renderer.page("codes.html", words_of(request), codes=codes)


async def totp_off(request: web.Request) -> web.Response:
    found = await _proved(request, await texts_of(request))
    if not isinstance(found, Credentials):
        return found
    console = console_of(request)
    await console.store.accounts.set_totp(
        found.account.id, None, (), actor=actor_of(request), now=console.clock()
    )
    return _done("totp-off")


async def codes(request: web.Request) -> web.Response:
    """New recovery codes in place of those there are."""
    found = await _proved(request, await texts_of(request))
    if not isinstance(found, Credentials):
        return found
    console, made = console_of(request), totp.recovery_codes()
    if found.totp is None:
        raise web.HTTPBadRequest
    await console.store.accounts.renew_codes(
        found.account.id, _hashed(request, made), actor=actor_of(request), now=console.clock()
    )
    return console.renderer.page("codes.html", words_of(request), codes=made)


async def end_sessions(request: web.Request) -> web.Response:
    """End one session of one's own, or all others."""
    console, account, visitor = console_of(request), owner_of(request), visitor_of(request)
    which = (await texts_of(request)).get("session", "")
    one = _number(which) if which else None
    await console.store.sessions.end(
        account,
        session=one,
        besides=None if one is not None else visitor.session,
        actor=actor_of(request),
        now=console.clock(),
    )
    return _done("sessions")


async def make_token(request: web.Request) -> web.Response:
    """A token for a program, shown once."""
    fields, console, account = await texts_of(request), console_of(request), owner_of(request)
    found = await _proved(request, fields)
    if not isinstance(found, Credentials):
        return found
    try:
        label = checked_label(fields.get("label", ""))
        scope, days = Scope(fields.get("scope", "")), int(fields.get("days", "")[:4])
        if not TOKEN_DAYS[0] <= days <= TOKEN_DAYS[1]:
            raise ValueError
    except UsageError as problem:
        return await _page(request, problem=str(problem))
    except ValueError:
        raise web.HTTPBadRequest from None
    now = console.clock()
    value = await console.store.api_tokens.make(
        account, label, scope, expires=now + timedelta(days=days), actor=actor_of(request), now=now
    )
    return await _page(request, token=value)


async def revoke_token(request: web.Request) -> web.Response:
    console, account = console_of(request), owner_of(request)
    number = _number((await texts_of(request)).get("token", ""))
    await console.store.api_tokens.revoke(account, number, actor=actor_of(request), now=console.clock())
    return _done("revoked")


async def _proved(request: web.Request, fields: dict[str, str]) -> Credentials | web.Response:
    """The account of whoever asks, once they have given their password again; else what to answer."""
    found = await prove_again(request, owner_of(request), fields, code=False)
    if isinstance(found, Wait):
        return too_many(request, found.time)
    return await _page(request, problem=WRONG_PASSWORD) if found is None else found


async def _page(
    request: web.Request, *, problem: str | None = None, done: str | None = None, token: str | None = None
) -> web.Response:
    console, visitor, account = console_of(request), visitor_of(request), owner_of(request)
    store, now = console.store, console.clock()
    running = await store.sessions.running(account.id, idle=console.idle, longest=console.longest, now=now)
    return console.renderer.page(
        "account.html",
        words_of(request),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        account=account,
        officer=console.roster().officer(account.officer or ""),
        sessions=running,
        current=visitor.session,
        tokens=await store.api_tokens.of(account.id),
        codes_left=await store.accounts.codes_left(account.id),
        scopes=list(Scope),
        problem=problem,
        done=done,
        token=token,
    )


def _enrol(request: web.Request, secret: str, *, problem: str | None = None) -> web.Response:
    console, account = console_of(request), owner_of(request)
    code = segno.make(totp.address(secret, account.name), error="m", micro=False)
    return console.renderer.page(
        "enrol.html",
        words_of(request),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        picture=Markup(code.svg_inline(scale=5, dark="#000", light="#fff")),  # noqa: S704 - made of squares
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        box=sealed(console.secret_key, f"{NEW_SECRET} {account.id}", secret),
        problem=problem,
    )


def _hashed(request: web.Request, codes: list[str]) -> list[str]:
    return [totp.recovery_hash(console_of(request).secret_key, owner_of(request).id, code) for code in codes]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise web.HTTPBadRequest
    return int(text)


def _done(what: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/account?done={what}"})
