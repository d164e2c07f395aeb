"""`audit`: who did what, and whether the record is whole."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from defacewatch import shapes
from defacewatch.accountlines import audit_line
from defacewatch.audit import Broken, Entry, Head
from defacewatch.cli.common import Json, Settled, open_store, print_json, print_table, say
from defacewatch.errors import DefacewatchError
from defacewatch.store import Store

T = TypeVar("T")

app = typer.Typer(help="The audit log: append-only, chained, sealed.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="The latest N entries.")] = 200,
    as_json: Json = False,
) -> None:
    """Who did what, the latest first."""

    async def work(store: Store) -> list[Entry]:
        return await store.audit.list(limit=limit)

    entries = _with_store(context, work)
    if as_json:
        print_json(audit_line(entry) for entry in entries)
        return
    print_table(
        ("number", "at", "who", "from", "act", "object", "before", "after"),
        (
            (e.number, shapes.moment(e.at), e.who, e.source, e.act, e.object, e.before, e.after)
            for e in entries
        ),
    )


@app.command()
def verify(
    context: typer.Context,
    expect: Annotated[
        str, typer.Option(metavar="NUMBER:DIGEST", help="An entry that was written down elsewhere.")
    ] = "",
) -> None:
    """Whether no entry was changed, added or taken away. Exits 3 with the first that was."""
    number, _, digest = expect.partition(":")
    if expect and not (number.isascii() and number.isdigit() and digest):
        raise typer.BadParameter(f"{expect!r} is not NUMBER:DIGEST", param_hint="--expect")

    async def work(store: Store) -> tuple[Broken | None, Head, list[Entry]]:
        broken, head = await store.audit.verify()
        if broken is None:
            await store.audit.witness()
        noted = await store.audit.list(limit=1, before=int(number) + 1) if expect else []
        return broken, head, noted

    broken, head, noted = _with_store(context, work)
    if broken is not None:
        raise DefacewatchError(f"the audit log is broken: entry {broken.number} {broken.why}")
    if expect and [(entry.number, entry.digest) for entry in noted] != [(int(number), digest)]:
        raise DefacewatchError(
            f"the audit log is broken: entry {number} is not the one that was written down"
        )
    say(f"the audit log is whole: {head.number} entries; write down {head.number}:{head.digest}")


def _with_store(context: typer.Context, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run `work` on the store as it is: what looks at the log adds nothing to it, whatever the secret key."""
    settled: Settled = context.obj

    async def run() -> T:
        store = await open_store(settled.settings())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
