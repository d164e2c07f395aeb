"""Which account of a provider outside is which of ours. Binding one is in the audit log."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.accounts import Account
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.identities import Identity
from defacewatch.language import N_
from defacewatch.store.accounts import account_of, end_sessions, locked
from defacewatch.store.accountschema import accounts, identities
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine


class Identities:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def account(self, identity: Identity) -> Account | None:
        """Whose it is; None while it is bound to nobody. Disabled ones too."""
        query = select(accounts).join(identities, identities.c.account == accounts.c.id).where(*_is(identity))
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        return None if row is None else account_of(row)

    async def of(self, issuer: str) -> dict[int, str]:
        """The subjects at a provider, by the account that they are bound to."""
        query = select(identities.c.account, identities.c.subject).where(identities.c.issuer == issuer)
        async with self.engine.reading() as db:
            return {row.account: row.subject for row in await db.execute(query)}

    async def bind(
        self, account: int, identity: Identity, *, actor: Actor, now: datetime, first: bool = False
    ) -> None:
        """From now on `identity` signs in to this account, in place of the one that its provider had for it
        before, whose sessions end; as the `first` only where there is none. Raises NotFound, and Conflict
        when it is somebody else's, or is not the first."""
        async with self.engine.lasting() as db:
            row = await locked(db, account)
            before = await _subject(db, account, identity.issuer)
            if before == identity.subject:
                return
            if before is not None and first:
                raise Conflict(N_("this account is bound already"))
            if before is not None:
                await db.execute(delete(identities).where(*_is(Identity(identity.issuer, before))))
                await end_sessions(db, account, now)
            values = {"issuer": identity.issuer, "subject": identity.subject}
            try:
                await db.execute(insert(identities).values(**values, account=account, bound_at=now))
            except exc.IntegrityError:
                raise Conflict(N_("this subject is bound to another account")) from None
            of, key = f"account {row.name}", self.engine.audit_key
            told = {"subject": before, "issuer": identity.issuer} if before is not None else None
            await db.run_sync(note, key, actor, Act.IDENTITY_BOUND, at=now, of=of, before=told, after=values)

    async def unbind(self, account: int, issuer: str, *, actor: Actor, now: datetime) -> None:
        """Nobody of this provider signs in to the account any more; it is signed out everywhere. Raises
        NotFound where none was bound."""
        async with self.engine.lasting() as db:
            row = await locked(db, account)
            before = await _subject(db, account, issuer)
            if before is None:
                raise NotFound(f"no subject of {issuer} is bound to {row.name}")
            await db.execute(delete(identities).where(*_is(Identity(issuer, before))))
            await end_sessions(db, account, now)
            of, key, told = (
                f"account {row.name}",
                self.engine.audit_key,
                {"issuer": issuer, "subject": before},
            )
            await db.run_sync(note, key, actor, Act.IDENTITY_UNBOUND, at=now, of=of, before=told)


async def is_bound(db: AsyncConnection, account: int, identity: Identity) -> bool:
    found = await db.scalar(select(identities.c.account).where(*_is(identity)))
    return found == account


async def _subject(db: AsyncConnection, account: int, issuer: str) -> str | None:
    query = select(identities.c.subject).where(identities.c.account == account, identities.c.issuer == issuer)
    found = await db.scalar(query)
    return None if found is None else str(found)


def _is(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    return identities.c.issuer == identity.issuer, identities.c.subject == identity.subject
