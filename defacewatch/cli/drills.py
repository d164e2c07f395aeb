"""`drill` and `drills`: rehearsing an attack, and how it went."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    officer_or_name,
    print_json,
    print_table,
    say,
    utc_now,
    with_session,
)
from defacewatch.cli.incidents import Number
from defacewatch.compare import extract
from defacewatch.config.fields import read_duration
from defacewatch.drill import attack, how_it_went
from defacewatch.drillreport import Drilled, Row, Spread, watch_at
from defacewatch.drillreport import report as rows_of
from defacewatch.errors import DefacewatchError
from defacewatch.incidents import Resolution, State
from defacewatch.workers import Workers

app = typer.Typer(help="Drills: attacks that are rehearsed.", no_args_is_help=True)

ASK_EVERY = 0.5  # seconds
COLUMNS = (  # of a report; times as median / longest
    *("month", "shift", "team", "drills", "not received", "not answered"),
    *("detected", "first receipt", "all received", "answered"),
)


def drill(
    context: typer.Context,
    portal: Annotated[str, typer.Argument(help="The portal's key. It is not touched.")],
    wait: Annotated[
        str, typer.Option(help="How long to wait for somebody to acknowledge, e.g. 30m.")
    ] = "30m",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Rehearse an attack on a portal with the officers on duty, and measure how it goes. A daemon must run to
    tell them. Exits 3 when nobody has acknowledged in time."""
    try:
        patience = read_duration(wait)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--wait") from None

    async def work(session: Session) -> Drilled:
        workers = Workers(1)
        try:
            incident, began = await attack(
                portal,
                session.store,
                extract=partial(workers.run, extract),
                clock=utc_now,
                confirm_after=session.settings.watch.confirm_after,
                sleep=asyncio.sleep,
            )
        finally:
            workers.stop()
        name = officer_or_name(by, session.roster)
        await session.store.drills.begun(incident, watch_at(session.roster, began), by=name)
        await session.store.incidents.comment(incident, by=name, text="drill", now=utc_now(), via="cli")
        if not as_json:
            say(f"the drill is incident {incident}; waiting for somebody to acknowledge")
        return await _waited(session, incident, began + patience, name)

    went = with_session(context, work)
    _print([went], as_json)
    if went.acknowledged is None:
        raise DefacewatchError(f"nobody has acknowledged the drill within {wait}")


async def _waited(session: Session, incident: int, until: datetime, name: str) -> Drilled:
    """How it went once somebody has acknowledged, or there is no time left; the drill is over then."""
    while True:
        went = await how_it_went(session.store, incident)
        if went.acknowledged is not None or utc_now() >= until:
            await _end(session, incident, name)
            return went
        await asyncio.sleep(ASK_EVERY)


async def _end(session: Session, incident: int, name: str) -> None:
    view = await session.store.incidents.get(incident)
    if view.incident.state is not State.RESOLVED:
        await session.store.incidents.resolve(
            incident, as_=Resolution.DRILL, by=name, now=utc_now(), via="cli"
        )


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """All drills, the newest first, and how they went."""

    async def work(session: Session) -> list[Drilled]:
        return [await how_it_went(session.store, one) for one in await session.store.drills.numbers()]

    _print(with_session(context, work), as_json)


@app.command()
def report(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(help="A month such as 2026-11; this one by default.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Or from this day …")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="… to this day, inclusive; today by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Drills by shift and month: from the attack to the alert, the first receipt, everybody's receipt and the
    answer, and how many were not answered."""

    async def work(session: Session) -> list[Row]:
        zone = session.roster.zone
        start, end = _period(month, from_, to, utc_now().astimezone(zone))
        drills = [
            await how_it_went(session.store, one) for one in await session.store.drills.numbers(start, end)
        ]
        return list(rows_of(drills, zone))

    rows = with_session(context, work)
    if as_json:
        print_json(_row_line(row) for row in rows)
        return
    print_table(
        COLUMNS,
        (
            (
                row.month,
                "all" if row.total else row.watch.shift or "–",
                row.watch.team,
                row.drills,
                row.unreceived,
                row.unacknowledged,
                *(_spread(one) for one in (row.detected, row.sent, row.received, row.acknowledged)),
            )
            for row in rows
        ),
    )


def _period(
    month: str | None, first: str | None, last: str | None, today: datetime
) -> tuple[datetime, datetime]:
    """The beginning and the end of what is reported, local."""
    if month is not None and (first or last):
        raise typer.BadParameter("a month, or --from and --to", param_hint="--month")
    if last is not None and first is None:
        raise typer.BadParameter("needs --from", param_hint="--to")
    if first is not None:
        start = _day(first, "--from", today)
        end = (today if last is None else _day(last, "--to", today)) + timedelta(days=1)
        if end <= start:
            raise typer.BadParameter("ends before it begins", param_hint="--to")
        return start, end
    start = _day(f"{month or f'{today:%Y-%m}'}-01", "--month", today)
    return start, (start + timedelta(days=31)).replace(day=1)


def _day(text: str, option: str, today: datetime) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=today.tzinfo)
    except ValueError:
        what = "a month such as 2026-11" if option == "--month" else "a day such as 2026-11-30"
        raise typer.BadParameter(f"expected {what}", param_hint=option) from None


def _row_line(row: Row) -> shapes.Line:
    """The drills of a shift in a month, or of all in it (`total`); times in seconds since the attack."""
    spreads = {
        "detected": row.detected,
        "sent": row.sent,
        "received": row.received,
        "acknowledged": row.acknowledged,
    }
    return {
        "month": row.month,
        "total": row.total,
        "shift": row.watch.shift,
        "team": row.watch.team,
        "officers": list(row.watch.officers),
        "drills": row.drills,
        "unreceived": row.unreceived,
        "unacknowledged": row.unacknowledged,
        **{
            name: spread and {"p50": spread.p50.total_seconds(), "max": spread.longest.total_seconds()}
            for name, spread in spreads.items()
        },
    }


def _spread(spread: Spread | None) -> str | None:
    return None if spread is None else f"{_seconds(spread.p50)} / {_seconds(spread.longest)}"


@app.command()
def end(context: typer.Context, incident: Number, by: By = "") -> None:
    """End a drill that nobody has ended."""

    async def work(session: Session) -> None:
        await _end(session, incident, officer_or_name(by, session.roster))

    with_session(context, work)


def _line(went: Drilled) -> shapes.Line:
    """How a drill went; seconds since the attack."""
    return {
        "incident": went.incident,
        "portal": went.portal,
        "began": shapes.moment(went.began),
        "detected": went.detected.total_seconds() if went.detected is not None else None,
        "shift": went.watch.shift,
        "team": went.watch.team,
        "officers": list(went.watch.officers),
        "received": went.received.total_seconds() if went.received is not None else None,
        "told": [
            {"channel": one.channel, "officer": one.officer, "after": one.after.total_seconds()}
            for one in went.told
        ],
        "acknowledged_by": went.acknowledged_by,
        "acknowledged": went.acknowledged.total_seconds() if went.acknowledged is not None else None,
    }


def _print(every: list[Drilled], as_json: bool) -> None:
    if as_json:
        print_json(_line(one) for one in every)
        return
    print_table(
        ("incident", "portal", "began", "shift", "detected", "first told", "by", "acknowledged", "by"),
        (
            (
                one.incident,
                one.portal,
                shapes.moment(one.began),
                one.watch.shift,
                _seconds(one.detected),
                _seconds(one.told[0].after) if one.told else None,
                one.told[0].channel if one.told else None,
                _seconds(one.acknowledged),
                one.acknowledged_by,
            )
            for one in every
        ),
    )


def _seconds(span: timedelta | None) -> str | None:
    return None if span is None else f"{span.total_seconds():.1f} s"
