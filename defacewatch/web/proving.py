"""Whether somebody is who they say: password and code, with a limit on guessing, and in the same time for
names that nobody has."""

import asyncio
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from defacewatch.accounts import Account
from defacewatch.audit import Act, Actor
from defacewatch.passwords import hashed, is_dated, verified
from defacewatch.sealing import opened
from defacewatch.signing import signature
from defacewatch.store.accounts import Credentials
from defacewatch.totp import matching_step, recovery_hash
from defacewatch.web.access import same
from defacewatch.web.console import Console, console_of

TICKET_LASTS = timedelta(minutes=5)  # from the password to the code
SECRET = "totp"  # noqa: S105 - the purpose under which secrets of authenticators are sealed


@dataclass(frozen=True)
class Wait:
    """Too many have guessed: try again after this time."""

    time: timedelta


async def check_password(request: web.Request, name: str, password: str) -> Credentials | Wait | None:
    """The account, if this is its password; None for anything else, which counts and is logged."""
    console = console_of(request)
    found = await console.store.accounts.credentials(name=name)
    key = await _counted_as(request, name, found)
    if (wait := _wait(request, key)) is not None:
        return wait
    usable = found is not None and not found.account.disabled
    kept = found.password if usable and found is not None else None
    if not await verify(console, kept, password) or found is None or kept is None:
        await _failed(request, key, found.account if found else None, "password")
        return None
    if is_dated(kept):
        await console.store.accounts.rehash(found.account.id, await hash_(console, password), instead_of=kept)
    return found


async def check_code(request: web.Request, found: Credentials, code: str) -> Wait | bool:
    """Whether a code is right: one of the authenticator, taken once, or an unused recovery code."""
    console, account, now = console_of(request), found.account, console_of(request).clock()
    key = await _counted_as(request, account.name, found)
    if (wait := _wait(request, key)) is not None:
        return wait
    secret = opened(console.secret_key, SECRET, found.totp or "")
    step = matching_step(secret, code, now, used=found.totp_step)
    if step is not None and await console.store.accounts.use_step(account.id, step):
        return True
    recovery = recovery_hash(console.secret_key, account.id, code)
    actor = Actor(account.name, request.remote or "")
    if await console.store.accounts.use_code(account.id, recovery, actor=actor, now=now):
        return True
    await _failed(request, key, account, "code")
    return False


async def forgive(request: web.Request, found: Credentials) -> None:
    """Somebody has signed in all the way: their failures are forgotten."""
    console_of(request).guesses.succeeded(await _counted_as(request, found.account.name, found))


def ticket_for(console: Console, found: Credentials) -> str:
    """Says, for five minutes, that somebody knew the password of an account."""
    ends = int((console.clock() + TICKET_LASTS).timestamp())
    return f"{found.account.id}.{ends}.{_sign(console, found, ends)}"


async def of_ticket(console: Console, ticket: str) -> Credentials | None:
    """Whose ticket it is; None when it is none, has ended, or the password was changed."""
    number, _, rest = ticket.partition(".")
    ends, _, given = rest.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 13 for part in (number, ends)):
        return None
    found = await console.store.accounts.credentials(number=int(number))
    if found is None or found.account.disabled or not same(given, _sign(console, found, int(ends))):
        return None
    return found if console.clock() < datetime.fromtimestamp(int(ends), UTC) else None


async def verify(console: Console, kept: str | None, password: str) -> bool:
    async with console.hashing:
        return await asyncio.to_thread(verified, kept, password)


async def hash_(console: Console, password: str) -> str:
    async with console.hashing:
        return await asyncio.to_thread(hashed, password)


async def _counted_as(request: web.Request, name: str, found: Credentials | None) -> str:
    """Under which failures are counted: by name, and for an address that the account knows by both."""
    console, address = console_of(request), request.remote or ""
    number = found.account.id if found is not None else 0  # asked in any case: it takes time
    known = await console.store.sessions.knows(number, address, console.clock())
    return f"{name} {_network(address)}" if known else name


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64 if parsed.version == 6 else 32), strict=False))


def _wait(request: web.Request, key: str) -> Wait | None:
    console = console_of(request)
    waits = (console.access.wait(request.remote), console.guesses.wait(key, console.clock()))
    longest = max((wait for wait in waits if wait is not None), default=None)
    return None if longest is None else Wait(longest)


async def _failed(request: web.Request, key: str, account: Account | None, what: str) -> None:
    """Count and log a failure. A name that nobody has is not written down: it may be a password."""
    console = console_of(request)
    console.access.failed(request.remote)
    console.guesses.failed(key, console.clock())
    await console.store.audit.note(
        Actor("nobody", request.remote or ""),
        Act.SIGN_IN_FAILED,
        at=console.clock(),
        of=f"account {account.name}" if account else "no account",
        after={"wrong": what},
    )


def _sign(console: Console, found: Credentials, ends: int) -> str:
    return signature(console.secret_key, "ticket", found.account.id, ends, found.password or "")
