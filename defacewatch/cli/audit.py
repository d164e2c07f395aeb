"""`audit`: who did what, and whether the record is whole."""

from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.accountlines import audit_line
from defacewatch.audit import Broken, Entry, Head
from defacewatch.cli.common import Json, Session, print_json, print_table, say, with_session
from defacewatch.errors import DefacewatchError

app = typer.Typer(help="The audit log: append-only, chained, sealed.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="The latest N entries.")] = 200,
    as_json: Json = False,
) -> None:
    """Who did what, the latest first."""

    async def work(session: Session) -> list[Entry]:
        return await session.store.audit.list(limit=limit)

    entries = with_session(context, work)
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

    async def work(session: Session) -> tuple[Broken | None, Head, list[Entry]]:
        broken, head = await session.store.audit.verify()
        noted = await session.store.audit.list(limit=1, before=int(number) + 1) if expect else []
        return broken, head, noted

    broken, head, noted = with_session(context, work)
    if broken is not None:
        raise DefacewatchError(f"the audit log is broken: entry {broken.number} {broken.why}")
    if expect and [(entry.number, entry.digest) for entry in noted] != [(int(number), digest)]:
        raise DefacewatchError(
            f"the audit log is broken: entry {number} is not the one that was written down"
        )
    say(f"the audit log is whole: {head.number} entries; write down {head.number}:{head.digest}")
