"""Accounts: who may sign in, with what. Every change is in the audit log, in the same transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exc, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.accounts import Account, Role
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.language import N_
from defacewatch.store.accountschema import accounts, api_tokens, recovery_codes, sessions
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine

CHANGED_MEANWHILE = N_("This account has been changed meanwhile. Look again before you change it.")
LAST_ADMIN = N_("this is the last administrator who can sign in")
SHOWN = ("name", "display", "officer", "role", "language", "disabled")  # what the log has of an account
_FIRST = 10  # the number of the advisory lock under which the first account, or the last admin, is decided


@dataclass(frozen=True)
class Credentials:
    """What a sign-in is checked against. Never shown."""

    account: Account
    password: str | None = field(repr=False)
    totp: str | None = field(repr=False)
    totp_step: int | None


class Accounts:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def every(self) -> list[Account]:
        async with self.engine.reading() as db:
            return [account_of(row) for row in await db.execute(select(accounts).order_by(accounts.c.name))]

    async def any(self) -> bool:
        """Whether there is an account at all."""
        async with self.engine.reading() as db:
            return (await db.scalar(select(accounts.c.id).limit(1))) is not None

    async def get(self, number: int) -> Account:
        """Raises NotFound."""
        async with self.engine.reading() as db:
            return account_of(await locked(db, number))

    async def named(self, name: str) -> Account:
        """Raises NotFound."""
        found = await self.credentials(name=name)
        if found is None:
            raise NotFound(f"there is no account {name}")
        return found.account

    async def credentials(self, *, name: str = "", number: int | None = None) -> Credentials | None:
        """Of an account by its name or number; None when there is none. Disabled ones too."""
        which = accounts.c.name == name if number is None else accounts.c.id == number
        async with self.engine.reading() as db:
            row = (await db.execute(select(accounts).where(which))).one_or_none()
        return None if row is None else Credentials(account_of(row), row.password, row.totp, row.totp_step)

    async def add(
        self,
        name: str,
        display: str,
        role: Role,
        *,
        actor: Actor,
        now: datetime,
        officer: str | None = None,
        language: str | None = None,
        password: str | None = None,
        first: bool = False,
    ) -> Account:
        """A new account; `password` is hashed already. Raises Conflict when the name is taken, or when it is
        to be the `first` and is not."""
        values: dict[str, Any] = {"name": name, "display": display, "officer": officer, "role": role.value}
        values |= {"language": language, "disabled": False, "password": password, "created_at": now}
        async with self.engine.lasting() as db:
            if first:
                await self.engine.exclusive(db, _FIRST)
                if await db.scalar(select(accounts.c.id).limit(1)) is not None:
                    raise Conflict(N_("there is an account already"))
            try:
                row = (await db.execute(insert(accounts).values(**values).returning(accounts))).one()
            except exc.IntegrityError:
                raise Conflict(N_("this user name is taken")) from None
            await self._note(db, actor, Act.ACCOUNT_ADDED, name, at=now, after=_shown(row))
        return account_of(row)

    async def change(
        self,
        number: int,
        *,
        actor: Actor,
        now: datetime,
        instead_of: Mapping[str, str | None] | None = None,
        **values: str | bool | None,
    ) -> Account:
        """Set role, disabled, language, officer or display. Whoever is disabled is signed out, and
        their tokens are revoked. Raises NotFound, and Conflict when nobody would be left who can
        administer, or when what was there is no longer what somebody saw (`instead_of`)."""
        act = Act.ACCOUNT_CHANGED
        if "disabled" in values:
            act = Act.ACCOUNT_DISABLED if values["disabled"] else Act.ACCOUNT_ENABLED
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, _FIRST)
            before = await locked(db, number)
            if any(before._mapping[name] != was for name, was in (instead_of or {}).items()):
                raise Conflict(CHANGED_MEANWHILE)
            changed = update(accounts).where(accounts.c.id == number).values(**values)
            after = (await db.execute(changed.returning(accounts))).one()
            if _administers(before) and not _administers(after):
                left = select(func.count()).where(
                    accounts.c.role == Role.ADMIN.value,
                    accounts.c.disabled.is_(False),
                    accounts.c.password.is_not(None),
                )
                if not await db.scalar(left):
                    raise Conflict(LAST_ADMIN)
            if after.disabled:
                await end_sessions(db, number, now)
                await _revoke_tokens(db, number, now)
            shown = _shown(before), _shown(after)
            await self._note(db, actor, act, after.name, at=now, before=shown[0], after=shown[1])
        return account_of(after)

    async def set_password(
        self, number: int, password: str, *, actor: Actor, now: datetime, instead_of: str | None = None
    ) -> None:
        """Set a password (hashed), and end all sessions. With `instead_of` the former hash ('' for none) must
        be that one, so that a link works once; by a link somebody takes an account back, so
        its tokens end too. Raises NotFound, and Conflict when it is another."""
        async with self.engine.lasting() as db:
            row = await locked(db, number)
            same = update(accounts).where(accounts.c.id == number)
            if instead_of is not None:
                same = same.where(func.coalesce(accounts.c.password, "") == instead_of)
            if (await db.execute(same.values(password=password))).rowcount != 1:
                raise Conflict(N_("this link has been used"))
            await end_sessions(db, number, now)
            if instead_of is not None:
                await _revoke_tokens(db, number, now)
            await self._note(db, actor, Act.PASSWORD_SET, row.name, at=now)

    async def rehash(self, number: int, password: str, *, instead_of: str) -> bool:
        """Keep the same password, hashed anew; False when it was changed meanwhile."""
        same = update(accounts).where(accounts.c.id == number, accounts.c.password == instead_of)
        async with self.engine.writing() as db:
            return (await db.execute(same.values(password=password))).rowcount == 1

    async def set_totp(
        self,
        number: int,
        sealed: str | None,
        codes: Collection[str],
        *,
        step: int | None = None,
        recovery: bool = False,
        actor: Actor,
        now: datetime,
    ) -> None:
        """Ask for codes of an authenticator from now on, or with None no longer; `codes` (hashed) replace the
        recovery codes. As `recovery`, done by somebody else for them, it signs them out and revokes their
        tokens. Raises NotFound."""
        async with self.engine.lasting() as db:
            row = await locked(db, number)
            if recovery:
                await end_sessions(db, number, now)
                await _revoke_tokens(db, number, now)
            values = {"totp": sealed, "totp_step": step}
            await db.execute(update(accounts).where(accounts.c.id == number).values(values))
            await _replace_codes(db, number, codes)
            await self._note(db, actor, Act.TOTP_ON if sealed else Act.TOTP_OFF, row.name, at=now)

    async def renew_codes(self, number: int, codes: Collection[str], *, actor: Actor, now: datetime) -> None:
        """Replace the recovery codes (hashed). Raises NotFound."""
        async with self.engine.lasting() as db:
            row = await locked(db, number)
            await _replace_codes(db, number, codes)
            await self._note(db, actor, Act.CODES_MADE, row.name, at=now)

    async def use_step(self, number: int, step: int) -> bool:
        """Take the code of a step; False when it, or a later one, was taken before."""
        newer = or_(accounts.c.totp_step.is_(None), accounts.c.totp_step < step)
        taking = update(accounts).where(accounts.c.id == number, newer).values(totp_step=step)
        async with self.engine.lasting() as db:
            return (await db.execute(taking)).rowcount == 1

    async def use_code(self, number: int, code: str, *, actor: Actor, now: datetime) -> bool:
        """Take a recovery code (hashed); False when there is none such that is unused."""
        fresh = update(recovery_codes).where(
            recovery_codes.c.account == number,
            recovery_codes.c.hash == code,
            recovery_codes.c.used_at.is_(None),
        )
        async with self.engine.lasting() as db:
            row = await locked(db, number)
            if (await db.execute(fresh.values(used_at=now))).rowcount != 1:
                return False
            await self._note(db, actor, Act.CODE_USED, row.name, at=now)
            return True

    async def codes_left(self, number: int) -> int:
        unused = select(func.count()).where(
            recovery_codes.c.account == number, recovery_codes.c.used_at.is_(None)
        )
        async with self.engine.reading() as db:
            return int(await db.scalar(unused) or 0)

    async def _note(
        self,
        db: AsyncConnection,
        actor: Actor,
        act: Act,
        name: str,
        *,
        at: datetime,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        key, of = self.engine.audit_key, f"account {name}"
        await db.run_sync(note, key, actor, act, at=at, of=of, before=before, after=after)


def account_of(row: Row[Any]) -> Account:
    return Account(
        row.id,
        row.name,
        row.display,
        Role(row.role),
        officer=row.officer,
        language=row.language,
        disabled=row.disabled,
        has_password=row.password is not None,
        has_totp=row.totp is not None,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


async def locked(db: AsyncConnection, number: int) -> Row[Any]:
    """An account, kept from others until the transaction ends. Whatever changes something of an account takes
    this first, before its sessions, codes and tokens, so that no two wait for each other. Raises NotFound."""
    query = select(accounts).where(accounts.c.id == number)
    row = (await db.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {number}")
    return row


async def end_sessions(db: AsyncConnection, number: int, now: datetime) -> None:
    running = sessions.c.account == number, sessions.c.ended_at.is_(None)
    await db.execute(update(sessions).where(*running).values(ended_at=now))


async def _revoke_tokens(db: AsyncConnection, number: int, now: datetime) -> None:
    working = api_tokens.c.account == number, api_tokens.c.revoked_at.is_(None)
    await db.execute(update(api_tokens).where(*working).values(revoked_at=now))


async def _replace_codes(db: AsyncConnection, number: int, codes: Collection[str]) -> None:
    await db.execute(delete(recovery_codes).where(recovery_codes.c.account == number))
    if codes:
        await db.execute(insert(recovery_codes), [{"account": number, "hash": code} for code in codes])


def _administers(row: Row[Any]) -> bool:
    """Whether somebody can sign in as an administrator: not who was only invited."""
    return row.role == Role.ADMIN.value and not row.disabled and row.password is not None


def _shown(row: Row[Any]) -> dict[str, object]:
    return {name: row._mapping[name] for name in SHOWN}
