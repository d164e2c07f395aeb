"""`portals announce …`: maintenance windows and announced updates."""

from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    now_or,
    officer_or_name,
    print_json,
    print_table,
    say,
    utc_now,
    via,
    with_session,
)
from defacewatch.web.announce import announce_url, link_name
from defacewatch.windows import Window, checked

VIA = "cli"


def announce(
    context: typer.Context,
    portal: str,
    start: Annotated[str, typer.Option("--from", help="A local time, e.g. 2026-12-24T20:00.")],
    end: Annotated[str, typer.Option("--to", help="A local time; at most seven days later.")],
    reason: Annotated[str, typer.Option(help="What will be done.")],
    contact: Annotated[str, typer.Option(help="Whom to call meanwhile.")] = "",
    by: By = "",
) -> None:
    """Let changes of a portal pass for a time; what speaks of an attack is still told at once."""

    async def work(session: Session) -> int:
        first, last = now_or(start, session.settings), now_or(end, session.settings)
        name = officer_or_name(by, session.roster)
        window = checked(Window(portal, first, last, name, reason, contact, VIA), utc_now())
        return await session.store.windows.announce(window, now=utc_now(), source=via())

    say(f"announced: {with_session(context, work)}")


def announcements(context: typer.Context, portal: str | None = None, as_json: Json = False) -> None:
    """All that was announced, those withdrawn included."""

    async def work(session: Session) -> list[shapes.Line]:
        return [shapes.window_line(entry) for entry in await session.store.windows.every(portal=portal)]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = ("id", "portal", "from", "to", "by", "reason", "contact", "via", "withdrawn_by")
    print_table(columns, ([line[column] for column in columns] for line in lines))


def call_off(context: typer.Context, number: int, by: By = "") -> None:
    """Withdraw an announcement, by its number. What it let pass is looked at afresh."""

    async def work(session: Session) -> None:
        name = officer_or_name(by, session.roster)
        await session.store.windows.withdraw(number, by=name, now=utc_now(), via=via())

    with_session(context, work)
    say(f"withdrawn: {number}")


def announce_link(
    context: typer.Context,
    portal: str,
    renew: Annotated[bool, typer.Option(help="End the address that was given out before.")] = False,
) -> None:
    """The address by which the portal's agency announces updates itself. It is a secret of theirs."""

    async def work(session: Session) -> str:
        await session.store.portals.get(portal)
        issue = await session.issue(link_name(portal), renew=renew)
        return announce_url(session.settings.web.public_url, session.secret_key.encode(), portal, issue)

    say(with_session(context, work))
