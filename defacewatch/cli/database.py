"""`db`: back up, restore, check and shrink the store."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from defacewatch.audit import Actor
from defacewatch.cli.common import Session, Settled, open_store, say, user, utc_now, via, with_session
from defacewatch.errors import DefacewatchError

app = typer.Typer(help="The store, its backup and its health.", no_args_is_help=True)


@app.command()
def backup(context: typer.Context, file: Path) -> None:
    """A consistent snapshot of store, baselines and evidence, also while the daemon runs."""

    async def work(session: Session) -> None:
        saved = await session.store.upkeep.backup(file)
        say(f"{file}: {saved.rows} rows, {saved.blobs} blobs, {saved.bytes} bytes")
        if saved.problems:
            raise DefacewatchError("\n".join(saved.problems))

    with_session(context, work)


@app.command()
def restore(
    context: typer.Context,
    file: Path,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in the store.")] = False,
) -> None:
    """Put a backup back, after verifying all of it. Stop the daemon first. All have to sign in anew."""
    settled: Settled = context.obj

    async def work() -> None:
        store = await open_store(settled.settings())
        try:
            await store.audit.refuse_another_key()
            actor = Actor(f"{user()} (system)", via())
            await store.upkeep.restore(file, force=force, actor=actor, now=utc_now())
            await store.audit.replaced()
        finally:
            await store.close()

    asyncio.run(work())
    say(f"{file} is restored")


@app.command()
def check(context: typer.Context) -> None:
    """Look for damage: tables, rows that name missing evidence, hashes. Exits 3 if there is any."""

    async def work(session: Session) -> list[str]:
        return await session.store.upkeep.check()

    problems = with_session(context, work)
    if problems:
        raise DefacewatchError("\n".join(problems))
    say("the store is sound")


@app.command()
def vacuum(context: typer.Context) -> None:
    """Make the database file anew, without gaps; on PostgreSQL there is nothing to do.

    Needed once, on a store that an older defacewatch made: from then on the file shrinks while the daemon
    runs. Stop the daemon first: until this is done nothing can be recorded. It takes as much free disk as
    the database is large.
    """

    async def work(session: Session) -> tuple[bool, int, int]:
        store = session.store
        before = (await store.sizes()).database
        await store.upkeep.rebuild()
        return store.engine.sqlite, before, (await store.sizes()).database

    sqlite, before, after = with_session(context, work)
    if sqlite:
        say(f"the database took {before} bytes and takes {after}; from now on it shrinks by itself")
    else:
        say("nothing to do: PostgreSQL gives room back by itself (autovacuum)")
