"""Sessions of people, and tokens of programs. Of either secret the store has the hash alone."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from defacewatch.accounts import Account, ApiToken, Role, Scope, Session
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.identities import Identity
from defacewatch.language import N_
from defacewatch.store.accounts import account_of, locked
from defacewatch.store.accountschema import accounts, api_tokens, sessions
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.identities import is_bound

TOKEN = "dw_"  # noqa: S105 - what a token begins with, so that scanners for leaked ones know it
NOTED_EVERY = timedelta(minutes=1)  # how exactly is known when a session or token was used last
OUTSIDE, STRONG = "provider", "provider, with a second factor"  # what a session was begun by
AGENT = 200  # characters kept of what a browser calls itself
KNOWN_FOR = timedelta(days=90)  # for which an address counts as one that somebody signs in from


class Sessions:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def begin(
        self,
        account: Account,
        *,
        verified: str | Identity,
        address: str,
        agent: str,
        actor: Actor,
        now: datetime,
        instead_of: str = "",
        strong: bool = False,
    ) -> str:
        """Sign somebody in whose password (hashed) or identity at a provider was `verified`, with a second
        factor there if `strong`; the new session's id, 256 random bits. The session that the browser had
        before ends. Raises Conflict when the account has another password or identity by now, or is
        disabled: a change meanwhile ends sign-ins that are under way, too."""
        value = secrets.token_urlsafe(32)
        row = {"account": account.id, "hash": _hash(value), "begun_at": now, "seen_at": now}
        row |= {"address": address, "agent": agent[:AGENT]}
        outside = isinstance(verified, Identity)
        row["proof"] = (STRONG if strong else OUTSIDE) if outside else None
        async with self.engine.lasting() as db:
            owner = await locked(db, account.id)
            if isinstance(verified, Identity):
                still = await is_bound(db, account.id, verified)
            else:
                still = owner.password == verified
            if owner.disabled or not still:
                raise Conflict(N_("this account was changed meanwhile"))
            if instead_of:
                former = sessions.c.hash == _hash(instead_of), sessions.c.ended_at.is_(None)
                await db.execute(update(sessions).where(*former).values(ended_at=now))
            long_gone = sessions.c.account == account.id, sessions.c.seen_at < now - KNOWN_FOR
            await db.execute(delete(sessions).where(*long_gone))
            await db.execute(insert(sessions).values(**row))
            await db.execute(update(accounts).where(accounts.c.id == account.id).values(signed_in_at=now))
            of = f"account {account.name}"
            after = {"by": row["proof"]} if outside else None
            await db.run_sync(note, self.engine.audit_key, actor, Act.SIGNED_IN, at=now, of=of, after=after)
        return value

    async def find(
        self, value: str, *, idle: timedelta, longest: timedelta, now: datetime, unattended: bool = False
    ) -> tuple[Session, Account] | None:
        """The session with this id and whose it is, None when it has ended: by hand, unused for `idle`, or
        after `longest`. What a page asks by itself (`unattended`) is use for who may look alone: a screen on
        a wall stays in, and whoever may act does not, once nobody is there."""
        query = (
            select(sessions, *(c.label(f"of_{c.name}") for c in accounts.c))
            .join(accounts, sessions.c.account == accounts.c.id)
            .where(
                sessions.c.hash == _hash(value),
                sessions.c.ended_at.is_(None),
                sessions.c.seen_at > now - idle,
                sessions.c.begun_at > now - longest,
                accounts.c.disabled.is_(False),
            )
        )
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        if row is None:
            return None
        session, owner = session_of(row), _owner(row)
        counts = not unattended or owner.role is Role.VIEWER
        if counts and session.seen_at <= now - NOTED_EVERY:
            async with self.engine.writing() as db:
                await db.execute(update(sessions).where(sessions.c.id == row.id).values(seen_at=now))
            session = replace(session, seen_at=now)
        return session, owner

    async def running(
        self, account: int, *, idle: timedelta, longest: timedelta, now: datetime
    ) -> list[Session]:
        """Those of an account, the one used last first."""
        query = select(sessions).where(
            sessions.c.account == account,
            sessions.c.ended_at.is_(None),
            sessions.c.seen_at > now - idle,
            sessions.c.begun_at > now - longest,
        )
        async with self.engine.reading() as db:
            rows = await db.execute(query.order_by(sessions.c.seen_at.desc(), sessions.c.id.desc()))
            return [session_of(row) for row in rows]

    async def end(
        self,
        account: Account,
        *,
        actor: Actor,
        now: datetime,
        session: int | None = None,
        besides: int | None = None,
        act: Act = Act.SESSIONS_ENDED,
    ) -> int:
        """End one session of an account, or all of them `besides` one; how many have ended. Raises NotFound
        for a session that is not theirs or has ended."""
        which = [sessions.c.account == account.id, sessions.c.ended_at.is_(None)]
        if session is not None:
            which.append(sessions.c.id == session)
        if besides is not None:
            which.append(sessions.c.id != besides)
        async with self.engine.lasting() as db:
            await locked(db, account.id)
            ended = (await db.execute(update(sessions).where(*which).values(ended_at=now))).rowcount
            if session is not None and not ended:
                raise NotFound(f"there is no session {session}")
            of, after = f"account {account.name}", {"ended": ended}
            await db.run_sync(note, self.engine.audit_key, actor, act, at=now, of=of, after=after)
        return ended

    async def knows(self, account: int, address: str, now: datetime) -> bool:
        """Whether somebody has lately signed in to this account from this address."""
        query = select(sessions.c.id).where(
            sessions.c.account == account,
            sessions.c.address == address,
            sessions.c.begun_at > now - KNOWN_FOR,
        )
        async with self.engine.reading() as db:
            return (await db.scalar(query.limit(1))) is not None


class ApiTokens:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def make(
        self, account: Account, label: str, scope: Scope, *, expires: datetime, actor: Actor, now: datetime
    ) -> str:
        """A new token, which is shown this once."""
        value = TOKEN + secrets.token_urlsafe(32)
        row = {"account": account.id, "hash": _hash(value), "label": label, "scope": scope.value}
        after = {"label": label, "scope": scope.value, "expires": expires.isoformat()}
        async with self.engine.lasting() as db:
            await db.execute(insert(api_tokens).values(**row, created_at=now, expires_at=expires))
            of = f"account {account.name}"
            await db.run_sync(note, self.engine.audit_key, actor, Act.TOKEN_MADE, at=now, of=of, after=after)
        return value

    async def find(self, value: str, now: datetime) -> tuple[ApiToken, Account] | None:
        """The token and its owner, None when it is not (or no longer) one."""
        query = (
            select(api_tokens, *(c.label(f"of_{c.name}") for c in accounts.c))
            .join(accounts, api_tokens.c.account == accounts.c.id)
            .where(
                api_tokens.c.hash == _hash(value),
                api_tokens.c.revoked_at.is_(None),
                api_tokens.c.expires_at > now,
                accounts.c.disabled.is_(False),
            )
        )
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        if row is None:
            return None
        if row.used_at is None or row.used_at <= now - NOTED_EVERY:
            async with self.engine.writing() as db:
                await db.execute(update(api_tokens).where(api_tokens.c.id == row.id).values(used_at=now))
        return token_of(row), _owner(row)

    async def of(self, account: int) -> list[ApiToken]:
        """Those of an account that were not revoked, the newest first."""
        return (await self.by_account(account)).get(account, [])

    async def by_account(self, only: int | None = None) -> dict[int, list[ApiToken]]:
        """Those that were not revoked, the newest first, by their accounts (without those that have none)."""
        query = select(api_tokens).where(api_tokens.c.revoked_at.is_(None)).order_by(api_tokens.c.id.desc())
        if only is not None:
            query = query.where(api_tokens.c.account == only)
        found: dict[int, list[ApiToken]] = {}
        async with self.engine.reading() as db:
            for row in await db.execute(query):
                found.setdefault(row.account, []).append(token_of(row))
        return found

    async def revoke(self, account: Account, token: int, *, actor: Actor, now: datetime) -> None:
        """What is revoked already is done. Raises NotFound for one that is not theirs."""
        theirs = api_tokens.c.id == token, api_tokens.c.account == account.id
        revoked = update(api_tokens).where(*theirs, api_tokens.c.revoked_at.is_(None))
        async with self.engine.lasting() as db:
            row = (
                await db.execute(revoked.values(revoked_at=now).returning(api_tokens.c.label))
            ).one_or_none()
            if row is None:
                if await db.scalar(select(api_tokens.c.id).where(*theirs)) is None:
                    raise NotFound(f"there is no token {token}")
                return
            of, before = f"account {account.name}", {"label": row.label}
            await db.run_sync(
                note, self.engine.audit_key, actor, Act.TOKEN_REVOKED, at=now, of=of, before=before
            )


def session_of(row: Row[Any]) -> Session:
    times = row.begun_at, row.seen_at
    return Session(row.id, row.account, *times, row.address, row.agent, strong=row.proof == STRONG)


def token_of(row: Row[Any]) -> ApiToken:
    scope = Scope(row.scope)
    times = row.created_at, row.expires_at, row.used_at, row.revoked_at
    return ApiToken(row.id, row.account, row.label, scope, *times)


def _owner(row: Row[Any]) -> Account:
    """The account in a row that was joined."""
    return account_of(_Prefixed(row))  # type: ignore[arg-type]


class _Prefixed:
    """A row whose columns of the account are called of_…"""

    def __init__(self, row: Row[Any]) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, f"of_{name}")


def _hash(value: str) -> str:
    """Of 256 random bits: nothing to guess, so nothing to stretch."""
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
