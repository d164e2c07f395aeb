"""`roster` and `alert`: who is told, and whether the channels work."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.alerts import AlertKind, Delivery, DeliveryState, Draft
from defacewatch.channels import build_channels
from defacewatch.cli.common import (
    Json,
    Session,
    Settled,
    now_or,
    print_json,
    print_table,
    say,
    utc_now,
    with_session,
)
from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.outbox import Outbox
from defacewatch.portals import Urgency
from defacewatch.roster import Officer, on_duty, raised

roster = typer.Typer(help="Officers, shifts and who is on duty.", no_args_is_help=True)
alert = typer.Typer(help="Alerts and their channels.", no_args_is_help=True)

WAIT = timedelta(seconds=60)
UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING)


def _officer_line(officer: Officer) -> shapes.Line:
    return {
        "key": officer.key,
        "name": officer.name,
        "role": officer.role.value,
        "email": officer.email,
        "telegram_user": officer.telegram_user,
        "phone": officer.phone,
        "channels": list(officer.channels),
    }


def _print_officers(officers: tuple[Officer, ...], as_json: bool) -> None:
    if as_json:
        print_json(_officer_line(officer) for officer in officers)
        return
    print_table(
        ("officer", "name", "role", "phone", "channels"),
        ((o.key, o.name, o.role.value, o.phone, ", ".join(o.channels)) for o in officers),
    )


@roster.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """All officers, and how alerts move on from one to the next."""
    settled: Settled = context.obj
    found = settled.settings().roster
    _print_officers(found.officers, as_json)
    if as_json:
        return
    for step in found.escalation:
        say(f"after {int(step.after.total_seconds() // 60)} min without acknowledgement: {step.to}")
    watch = raised(found, utc_now())
    if watch is not None:
        say(f"raised watch: {watch.name}, {watch.first} – {watch.last}")


@roster.command("on-duty")
def on_duty_(
    context: typer.Context,
    at: Annotated[
        str | None, typer.Option(help="A local time, e.g. 2026-09-02T02:00; now by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who is on duty. Exits 3 in a gap."""
    settled: Settled = context.obj
    settings = settled.settings()
    moment = now_or(at, settings)
    officers = on_duty(settings.roster, moment)
    if not officers:
        raise NotFound(f"nobody is on duty at {moment:%Y-%m-%d %H:%M}; alerts go to the shift lead")
    _print_officers(officers, as_json)


@alert.command("test")
def send_test(
    context: typer.Context,
    to: Annotated[
        str | None, typer.Option("--to", help="An officer's key; those on duty by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A real message on every channel, with its receipt. Exits 3 unless all were delivered."""

    async def work(session: Session) -> list[Delivery]:
        chosen = _chosen(session, to)
        made: list[int] = []
        usable = build_channels(session.settings).keys()
        for officer in chosen:
            if not usable & set(officer.channels):
                raise DefacewatchError(
                    f"no channel that is on reaches {officer.name}: run `defacewatch doctor`"
                )
            draft = Draft(AlertKind.TEST, Urgency.HIGH, officer=officer.key)
            made.append(await session.store.alerts.raise_(draft, now=utc_now()))
        await _send(session, made)
        return [d for number in made for d in await session.store.alerts.deliveries(alert=number)]

    deliveries = with_session(context, work)
    if as_json:
        print_json(shapes.delivery_line(delivery) for delivery in deliveries)
    else:
        print_table(
            ("officer", "channel", "state", "receipt", "error"),
            ((d.officer, d.channel, d.state.value, d.receipt, d.error) for d in deliveries),
        )
    missing = [f"{d.channel} to {d.officer}" for d in deliveries if d.state is not DeliveryState.SENT]
    if missing:
        raise DefacewatchError(f"not delivered: {', '.join(missing)}")


def _chosen(session: Session, to: str | None) -> tuple[Officer, ...]:
    known = session.settings.roster
    if to is None:
        officers = on_duty(known, utc_now())
        if not officers:
            raise NotFound("nobody is on duty now; name an officer with --to")
        return officers
    officer = known.officer(to)
    if officer is None:
        raise NotFound(f"no officer {to!r} in roster.yaml")
    return (officer,)


async def _send(session: Session, made: list[int]) -> None:
    """Send from here, so that it works with no daemon too; one that runs may be faster, which is as good."""
    channels = build_channels(session.settings)
    outbox = Outbox(
        session.store,
        channels,
        lambda: session.settings.roster,
        clock=utc_now,
        language=session.settings.alerts.language,
        zone=session.settings.watch.timezone.key,
        public_url=session.settings.web.public_url,
        only=frozenset(made),
    )
    try:
        async with asyncio.timeout(WAIT.total_seconds()):
            while True:
                await outbox.drain()
                found = [d for number in made for d in await session.store.alerts.deliveries(alert=number)]
                if not any(d.state in UNSETTLED and d.error is None for d in found):
                    return
                await asyncio.sleep(0.3)  # a daemon that runs has claimed it
    except TimeoutError:
        pass  # what was not delivered by now shows in the list
    finally:
        for channel in channels.values():
            await channel.close()
