"""`masks`: parts of pages that people leave out of the comparison, why, and until when."""

from datetime import timedelta
from typing import Annotated

import typer

from defacewatch import masking
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    print_json,
    print_table,
    say,
    signatory,
    utc_now,
    via,
    with_session,
)
from defacewatch.errors import UsageError
from defacewatch.masklines import mask_line, region_line
from defacewatch.masks import LONGEST, USUAL, Mask, Rectangle, Standing
from defacewatch.portals import Page, Portal
from defacewatch.shapes import Line
from defacewatch.workers import Workers

app = typer.Typer(help="Parts of pages that are left out of the comparison.", no_args_is_help=True)

Px = Annotated[int, typer.Option(min=0, max=4000, help="px of the page as it is captured, 1280 wide.")]


@app.command("list")
def list_(
    context: typer.Context,
    page: Annotated[str | None, typer.Argument(help="Only of this page.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: Json = False,
) -> None:
    """Masks that apply or wait for a second person, the newest first."""

    async def work(session: Session) -> list[Line]:
        only = None if page is None else (await _page(session, page))[1].id
        portals = {of.id: portal for portal in await session.store.portals.all() for of in portal.pages}
        now = utc_now()
        lines = [
            mask_line(mask, critical=mask.page in portals and portals[mask.page].critical, now=now)
            for mask in await session.store.masks.every(page=only)
        ]
        over = (Standing.EXPIRED.value, Standing.ENDED.value)
        return [line for line in lines if all_ or line["state"] not in over]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    print_table(
        ("id", "page", "state", "rectangle", "blocks", "reason", "by", "until", "confirmed by", "ended by"),
        (
            (
                line["id"],
                line["page"],
                line["state"],
                f"{line['left']},{line['top']} {line['width']}x{line['height']}",
                len(line["blocks"]),
                line["reason"],
                line["by"],
                line["expires"],
                line["confirmed_by"],
                line["ended_by"],
            )
            for line in lines
        ),
    )


@app.command()
def blocks(context: typer.Context, page: str, as_json: Json = False) -> None:
    """The blocks of the page's approved look that a mask can name, and where they stand."""

    async def work(session: Session) -> list[Line]:
        sheet = await masking.sheet_of(session.store, (await _page(session, page))[1].id)
        return [region_line(region.path, region.box) for region in sheet.regions]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = ("block", "left", "top", "width", "height")
    print_table(columns, ([line[column] for column in columns] for line in lines))


@app.command()
def add(
    context: typer.Context,
    page: str,
    left: Px,
    top: Px,
    width: Px,
    height: Px,
    reason: Annotated[str, typer.Option(help="Why this part moves, and means nothing.")],
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST.days, help="How long it holds, in days.")
    ] = USUAL.days,
    block: Annotated[
        list[str] | None, typer.Option(help="A block of the document as well (see `masks blocks`).")
    ] = None,
    by: By = "",
) -> None:
    """Leave a part of a page out of the comparison. Evidence of attack is never left out."""

    async def work(session: Session) -> tuple[Portal, Mask]:
        portal, found = await _page(session, page)
        now = utc_now()
        mask = Mask(
            page=found.id,
            rectangle=Rectangle(left, top, width, height),
            reason=reason,
            by=signatory(by, session.roster, portal),
            at=now,
            expires=now + timedelta(days=days),
            capture="",
            blocks=tuple(block or ()),
        )
        workers = Workers(1)
        try:
            entered = await masking.draw(
                session.store, mask, roster=session.roster, workers=workers, now=now, via=via()
            )
            return portal, entered
        finally:
            workers.stop()

    portal, mask = with_session(context, work)
    r = mask.rectangle
    say(f"mask {mask.id} of {mask.page}: {r.left},{r.top} {r.width}x{r.height}")
    if portal.critical:
        say("the portal is critical: it applies once another person has confirmed it (masks confirm)")


@app.command()
def confirm(context: typer.Context, number: int, by: By = "") -> None:
    """Put a mask of a critical portal in force; somebody else than who drew it."""

    async def work(session: Session) -> Mask:
        name = await _signatory(session, number, by)
        return await masking.confirm(
            session.store, number, by=name, roster=session.roster, now=utc_now(), via=via()
        )

    mask = with_session(context, work)
    say(f"mask {mask.id} of {mask.page} is confirmed by {mask.confirmed_by}")


@app.command()
def remove(context: typer.Context, number: int, by: By = "") -> None:
    """End a mask before its time. It stays in the list of all."""

    async def work(session: Session) -> Mask:
        name = await _signatory(session, number, by)
        return await session.store.masks.end(number, by=name, now=utc_now(), via=via())

    mask = with_session(context, work)
    say(f"mask {mask.id} of {mask.page} is ended by {mask.ended_by}")


async def _page(session: Session, word: str) -> tuple[Portal, Page]:
    found = await session.store.portals.find([word])
    if len(found) != 1:
        raise UsageError(f"{word} has {len(found)} pages: name one (portals list)")
    return found[0]


async def _signatory(session: Session, number: int, by: str) -> str:
    portal, _ = await session.store.portals.page((await session.store.masks.get(number)).page)
    return signatory(by, session.roster, portal)
