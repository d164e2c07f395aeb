"""Whether somebody is who they say: password and code, with a limit on guessing, and in the same time for
names that nobody has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from defacewatch.accounts import Account
from defacewatch.audit import Act, Actor
from defacewatch.errors import DefacewatchError
from defacewatch.identities import Identity
from defacewatch.passwords import is_dated
from defacewatch.sealing import opened, sealed
from defacewatch.signing import signature
from defacewatch.store.accounts import Credentials
from defacewatch.totp import matching_step, recovery_hash
from defacewatch.web.access import Secret, network_of, same
from defacewatch.web.console import Console, console_of

LONGEST_NAME = 64  # characters of a user name that are looked at
TICKET_LASTS = timedelta(minutes=5)  # from the password to the code
OUTSIDE = "outside:"  # what the tickets of those begin with whom a provider has sent
SECRET = "totp"  # noqa: S105 - the purpose under which secrets of authenticators are sealed


@dataclass(frozen=True)
class Wait:
    """Too many have guessed: try again after this time."""

    time: timedelta


@dataclass(frozen=True)
class _Attempt:
    """One that was counted as a failure before it is tried: those beside it wait as if it had been.
    `address` None: it counts for the account alone."""

    console: Console
    address: str | None
    key: str
    at: datetime
    before: datetime

    def take_back(self) -> None:
        """It was right, or was not tried."""
        self.console.guesses.take_back(self.key, self.at, self.before)
        if self.address is not None:
            self.console.access.take_back(self.address, Secret.PASSWORD, self.at)


async def check_password(
    request: web.Request, name: str, password: str, *, again: bool = False
) -> Credentials | Wait | None:
    """The account, if this is its password; None for anything else, which counts and is logged. `again`: of
    somebody who has signed in. Raises HTTPServiceUnavailable when too many wait to be checked."""
    console, name = console_of(request), name[:LONGEST_NAME]
    found = await console.store.accounts.credentials(name=name)
    attempt = await _begin(request, name, found, again)
    if isinstance(attempt, Wait):
        return attempt
    kept = found.password if found is not None and not found.account.disabled else None
    try:
        right = await console.hashing.verify(kept, password)
        if right and found is not None and kept is not None:
            attempt.take_back()
            return await _up_to_date(console, found, kept, password)
    except web.HTTPServiceUnavailable:
        attempt.take_back()
        raise
    await _failed(request, found.account if found else None, "password")
    return None


async def check_code(
    request: web.Request, found: Credentials, code: str, *, again: bool = False
) -> Wait | bool:
    """Whether a code is right: one of the authenticator, taken once, or an unused recovery code."""
    console, account, now = console_of(request), found.account, console_of(request).clock()
    attempt = await _begin(request, account.name, found, again)
    if isinstance(attempt, Wait):
        return attempt
    secret = opened(console.secret_key, SECRET, found.totp or "")
    step = matching_step(secret, code, now, used=found.totp_step)
    right = step is not None and await console.store.accounts.use_step(account.id, step)
    if not right:
        recovery = recovery_hash(console.secret_key, account.id, code)
        actor = Actor(account.name, request.remote or "")
        right = await console.store.accounts.use_code(account.id, recovery, actor=actor, now=now)
    if right:
        attempt.take_back()
    else:
        await _failed(request, account, "code")
    return right


async def prove_again(
    request: web.Request, account: Account, fields: Mapping[str, str], *, code: bool
) -> Credentials | Wait | None:
    """The account of whoever has signed in, once they gave their password again, and with `code` one of their
    authenticator where they have it; None when either is wrong."""
    found = await check_password(request, account.name, fields.get("password", ""), again=True)
    if not isinstance(found, Credentials):
        return found
    if code and found.totp is not None:
        right = await check_code(request, found, fields.get("code", "")[:64], again=True)
        if right is not True:
            return right or None
    console_of(request).guesses.succeeded(_again(found))
    return found


def forgive(request: web.Request, key: str) -> None:
    """Somebody has signed in all the way: their failures are forgotten."""
    console_of(request).guesses.succeeded(key)


async def counted_as(request: web.Request, name: str, found: Credentials | None) -> tuple[str, bool]:
    """Under which failures are counted, and whether the account knows the address: by name, but apart for an
    address that it knows. No name that is typed can be taken for a key of the other kinds."""
    console, address = console_of(request), request.remote or ""
    number = found.account.id if found is not None else 0  # asked in any case: it takes time
    known = await console.store.sessions.knows(number, address, console.clock())
    return (f"known {number} {network_of(address)}" if known else f"name {name}"), known


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


def outside_ticket_for(console: Console, account: Account, identity: Identity) -> str:
    """Says, for five minutes, that a provider knows somebody."""
    box = json.dumps([account.id, identity.issuer, identity.subject])
    return OUTSIDE + sealed(console.secret_key, OUTSIDE, box)


async def of_outside_ticket(console: Console, ticket: str) -> tuple[Credentials, Identity] | None:
    """Whose ticket it is; None when it is none, has ended, or the identity is bound to another by now."""
    try:
        within = int(TICKET_LASTS.total_seconds())
        box = opened(console.secret_key, OUTSIDE, ticket.removeprefix(OUTSIDE), within=within)
    except DefacewatchError:
        return None
    number, issuer, subject = json.loads(box)
    found, identity = await console.store.accounts.credentials(number=number), Identity(issuer, subject)
    bound = await console.store.identities.account(identity)
    if found is None or found.account.disabled or bound is None or bound.id != number:
        return None
    return found, identity


async def _up_to_date(console: Console, found: Credentials, kept: str, password: str) -> Credentials:
    """The account with its password hashed as it is today."""
    if not is_dated(kept):
        return found
    fresh = await console.hashing.hash(password)
    done = await console.store.accounts.rehash(found.account.id, fresh, instead_of=kept)
    return replace(found, password=fresh) if done else found


def _again(found: Credentials) -> str:
    return f"again {found.account.id}"


async def _begin(request: web.Request, name: str, found: Credentials | None, again: bool) -> _Attempt | Wait:
    """Count an attempt, or say how long to wait. An address from which many have failed keeps nobody out who
    has signed in from there before; and who has signed in counts for the account alone. Nothing is awaited
    between looking and counting."""
    console, address = console_of(request), request.remote or ""
    key, known = (_again(found), True) if again and found else await counted_as(request, name, found)
    now = console.clock()
    waits = (
        console.guesses.wait(key, now),
        None if known else console.access.wait(address, Secret.PASSWORD),
    )
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        return Wait(longest)
    if not again:
        console.access.failed(address, Secret.PASSWORD, now)
    return _Attempt(console, None if again else address, key, now, console.guesses.failed(key, now))


async def _failed(request: web.Request, account: Account | None, what: str) -> None:
    """Log a failure. A name that nobody has is not written down: it may be a password."""
    console = console_of(request)
    await console.store.audit.note(
        Actor("nobody", request.remote or ""),
        Act.SIGN_IN_FAILED,
        at=console.clock(),
        of=f"account {account.name}" if account else "no account",
        after={"wrong": what},
    )


def _sign(console: Console, found: Credentials, ends: int) -> str:
    return signature(console.secret_key, "ticket", found.account.id, ends, found.password or "")
