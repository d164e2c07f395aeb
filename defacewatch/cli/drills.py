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
from defacewatch.drill import Drilled, attack, how_it_went
from defacewatch.errors import DefacewatchError
from defacewatch.incidents import Resolution, State
from defacewatch.workers import Workers

app = typer.Typer(help="Drills: attacks that are rehearsed.", no_args_is_help=True)

ASK_EVERY = 0.5  # seconds


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
        views = await session.store.incidents.list(states=list(State), limit=10_000)
        return [await how_it_went(session.store, v.incident.id) for v in views if v.page.drill]

    _print(with_session(context, work), as_json)


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
        ("incident", "portal", "began", "detected", "first told", "by", "acknowledged", "by"),
        (
            (
                one.incident,
                one.portal,
                shapes.moment(one.began),
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
