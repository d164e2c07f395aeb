"""Links by which people choose a password: the first administrator's, which is printed at the start, and
those that an administrator gives to others. Each ends, and works once."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.accounts import SOMEBODY_ELSE, Account, Role, checked_label, checked_name
from defacewatch.audit import Actor
from defacewatch.errors import Conflict, UsageError
from defacewatch.language import N_
from defacewatch.passwords import checked
from defacewatch.signing import signature
from defacewatch.store import Store
from defacewatch.store.accounts import Credentials
from defacewatch.web.access import same
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.security import failure, forged
from defacewatch.web.visitors import sign_in

SETUP, WELCOME = "/setup/", "/welcome/"
SETUP_ROUTE = SETUP + r"{issue:\d{1,12}}/{ends:\d{1,12}}/{token:[0-9a-f]{40}}"
WELCOME_ROUTE = WELCOME + r"{account:\d{1,18}}/{ends:\d{1,12}}/{token:[0-9a-f]{40}}"
LINK = "setup"  # under which the store counts the links that were given out
SETUP_LASTS = timedelta(hours=24)
WELCOME_LASTS = timedelta(hours=72)
DIFFER = N_("the two passwords are not the same")


async def setup_url(store: Store, public_url: str, secret_key: bytes, now: datetime) -> str | None:
    """A link by which the first administrator is made; it ends those before it. None where there is an
    account."""
    if await store.accounts.any():
        return None
    issue, ends = await store.links.renew(LINK), int((now + SETUP_LASTS).timestamp())
    return f"{public_url}{SETUP}{issue}/{ends}/{signature(secret_key, 'setup', issue, ends)}"


def welcome_url(public_url: str, secret_key: bytes, found: Credentials, now: datetime) -> str:
    """A link by which somebody chooses a password; the password that they have meanwhile stays, and once they
    have another the link is over."""
    ends = int((now + WELCOME_LASTS).timestamp())
    return f"{public_url}{WELCOME}{found.account.id}/{ends}/{_sign(secret_key, found, ends)}"


async def setup(request: web.Request) -> web.Response:
    """The form for the first administrator, and making them."""
    refused = await _setup_refused(request)
    if refused is not None:
        return refused
    if request.method != "POST":
        return _page(request, "setup.html", given={})
    console, fields = console_of(request), await texts_of(request)
    try:
        name, display = checked_name(fields.get("user", "")), checked_label(fields.get("display", ""))
        if console.roster().officer(name) is not None:
            raise UsageError(SOMEBODY_ELSE)
        kept = await console.hashing.hash(_twice(fields, name, display))
        account = await console.store.accounts.add(
            name,
            display,
            Role.ADMIN,
            password=kept,
            actor=Actor(name, request.remote or ""),
            now=console.clock(),
            first=True,
        )
    except (UsageError, Conflict) as problem:
        return _page(request, "setup.html", given=fields, problem=str(problem))
    await console.store.links.renew(LINK)
    return await sign_in(request, account, kept, "/account")


async def welcome(request: web.Request) -> web.Response:
    """The form for a password, and setting it."""
    console = console_of(request)
    found = await console.store.accounts.credentials(number=int(request.match_info["account"]))
    ends = int(request.match_info["ends"])
    expected = _sign(console.secret_key, found, ends) if found is not None else ""
    if found is None or not same(request.match_info["token"], expected):
        return forged(request)
    if found.account.disabled or _over(request, ends):
        return failure(
            request, HTTPStatus.GONE, words_of(request)._("This link has ended. Ask for a new one.")
        )
    if request.method != "POST":
        return _page(request, "welcome.html", account=found.account)
    try:
        password = _twice(await texts_of(request), found.account.name, found.account.display)
        await console.store.accounts.set_password(
            found.account.id,
            await console.hashing.hash(password),
            actor=Actor(found.account.name, request.remote or ""),
            now=console.clock(),
            instead_of=found.password or "",
        )
    except (UsageError, Conflict) as problem:
        return _page(request, "welcome.html", account=found.account, problem=str(problem))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/login?done=password"})


async def _setup_refused(request: web.Request) -> web.Response | None:
    console = console_of(request)
    issue, ends = int(request.match_info["issue"]), int(request.match_info["ends"])
    if not same(request.match_info["token"], signature(console.secret_key, "setup", issue, ends)):
        return forged(request)
    over = issue != await console.store.links.issue(LINK) or _over(request, ends)
    if over or await console.store.accounts.any():
        text = words_of(request)._(
            "This link has ended, or was used. A new one is printed at the next start."
        )
        return failure(request, HTTPStatus.GONE, text)
    return None


def _over(request: web.Request, ends: int) -> bool:
    return console_of(request).clock() >= datetime.fromtimestamp(ends, UTC)


def _twice(fields: dict[str, str], *names: str) -> str:
    """The password that was typed twice. Raises UsageError."""
    return same_twice(fields.get("password", ""), fields.get("again", ""), *names)


def same_twice(password: str, again: str, *names: str) -> str:
    """A new password, typed twice alike. Raises UsageError."""
    if password != again:
        raise UsageError(DIFFER)
    return checked(password, *names)


def _page(
    request: web.Request,
    template: str,
    *,
    problem: str | None = None,
    account: Account | None = None,
    given: dict[str, str] | None = None,
) -> web.Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return console_of(request).renderer.page(
        template, words_of(request), status=status, problem=problem, account=account, given=given or {}
    )


def _sign(secret_key: bytes, found: Credentials, ends: int) -> str:
    return signature(secret_key, "welcome", found.account.id, ends, found.password or "")
