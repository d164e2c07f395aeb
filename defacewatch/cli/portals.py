"""`portals`: what is registered."""

from pathlib import Path
from typing import Annotated

import typer

from defacewatch import config, shapes
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    print_json,
    print_table,
    say,
    utc_now,
    via,
    who,
    with_session,
)

app = typer.Typer(help="Registered portals and their pages.", no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """All portals, those that are disabled included."""

    async def work(session: Session) -> None:
        portals = await session.store.portals.all(disabled=True)
        if as_json:
            print_json(shapes.portal_line(portal) for portal in portals)
            return
        print_table(
            ("portal", "name", "owner", "level", "pages", "from", "state"),
            (
                (
                    p.key,
                    p.name,
                    p.owner,
                    p.level,
                    len(p.pages),
                    p.source.value,
                    "disabled" if not p.enabled else "paused" if p.paused else "watched",
                )
                for p in portals
            ),
        )

    with_session(context, work)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="FILE.yaml or FILE.csv")],
    change: Annotated[
        bool, typer.Option("--change", help="Also change portals of the store that differ.")
    ] = False,
) -> None:
    """Register the portals of a YAML or CSV file in the store."""
    sheet = config.sheet_from(file)

    async def work(session: Session) -> None:
        imported = await session.store.portals.import_(
            sheet.portals, said=sheet.said, change=change, now=utc_now(), by=who(""), via=via()
        )
        changed = f", {len(imported.changed)} changed" if change else ""
        say(f"{len(imported.added)} portals added{changed}, {len(imported.same)} were there already")

    with_session(context, work)


@app.command()
def export(
    context: typer.Context,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, without contacts and intervals.")] = False,
) -> None:
    """All portals as YAML, as `portals import` and portals.yaml read it."""

    async def work(session: Session) -> None:
        write = config.portals_to_csv if as_csv else config.portals_to_yaml
        say(write(await session.store.portals.all()).rstrip("\r\n"))

    with_session(context, work)


@app.command()
def pause(
    context: typer.Context,
    portal: str,
    by: By = "",
    reason: Annotated[str, typer.Option(help="Why, for those who come later.")] = "",
) -> None:
    """Stop watching a portal for the time being."""

    async def work(session: Session) -> None:
        await session.store.portals.pause(portal, by=who(by), now=utc_now(), via=via(), reason=reason)
        say(f"{portal} is paused; `defacewatch portals resume {portal}` watches it again")

    with_session(context, work)


@app.command()
def resume(context: typer.Context, portal: str, by: By = "") -> None:
    """Watch a paused portal again."""

    async def work(session: Session) -> None:
        await session.store.portals.resume(portal, by=who(by), now=utc_now(), via=via())
        say(f"{portal} is watched")

    with_session(context, work)
