"""Addresses that are secrets: how often each was given out anew. A new one ends those before it."""

from datetime import datetime

from sqlalchemy import insert, select, update

from defacewatch.audit import Act, Actor
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.schema import meta


class Links:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def issue(self, name: str) -> int:
        """Which issue of the address of this name holds; 0 as long as it was never renewed."""
        async with self.engine.reading() as db:
            return int(await db.scalar(select(meta.c.value).where(meta.c.key == _key(name))) or 0)

    async def renew(self, name: str, *, actor: Actor | None = None, now: datetime | None = None) -> int:
        """End the address that was given out; the issue that holds from now on. With `actor` and `now` it is
        noted who did."""
        async with self.engine.lasting() as db:
            key = meta.c.key == _key(name)
            last = await db.scalar(select(meta.c.value).where(key).with_for_update())
            issue = int(last or 0) + 1
            if last is None:
                await db.execute(insert(meta).values(key=_key(name), value=str(issue)))
            else:
                await db.execute(update(meta).where(key).values(value=str(issue)))
            if actor is not None and now is not None:
                seal, after = self.engine.audit_key, {"issue": issue}
                await db.run_sync(
                    note, seal, actor, Act.ADDRESS_RENEWED, at=now, of=f"address {name}", after=after
                )
            return issue


def _key(name: str) -> str:
    return f"link:{name}"
