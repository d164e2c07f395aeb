"""`alert`: whether the channels work."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.alerts import Delivery, DeliveryState
from defacewatch.channels import build_channels
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    officer_or_name,
    print_json,
    print_table,
    say,
    utc_now,
    via,
    who,
    with_session,
)
from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.outbox import Outbox
from defacewatch.roster import Officer, on_duty

alert = typer.Typer(help="Alerts and their channels.", no_args_is_help=True)

WAIT = timedelta(seconds=60)
UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING)


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
        usable = build_channels(session.settings).keys()
        for officer in chosen:
            if not usable & set(officer.channels):
                raise DefacewatchError(
                    f"no channel that is on reaches {officer.name}: run `defacewatch doctor`"
                )
        keys = [officer.key for officer in chosen]
        made = await session.store.trials.send(keys, by=who(""), via=via(), now=utc_now())
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


@alert.command("tests")
def list_tests(
    context: typer.Context,
    shifts: Annotated[int, typer.Option("--count", min=1, help="So many changes of shift.")] = 3,
    as_json: Json = False,
) -> None:
    """Which channels were proved at the latest changes of shift, by whom and how."""

    async def work(session: Session) -> list[shapes.Line]:
        within, now = session.roster.shift_test.within, utc_now()
        found = await session.store.channel_tests.last(shifts)
        return [shapes.channel_test_line(test, within, now) for test in found]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = (
        "shift",
        "officer",
        "channel",
        "state",
        "sent_at",
        "acknowledged_at",
        "via",
        "receipt",
        "error",
    )
    print_table(columns, ([line[name] for name in columns] for line in lines))


@alert.command()
def received(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="Such as 'gateway:zalo', as `alert tests` names it.")],
    by: By = "",
) -> None:
    """Say that the message of this shift has arrived on a channel, where it has nothing to press."""

    async def work(session: Session) -> None:
        name = officer_or_name(by, session.roster)
        await session.store.channel_tests.received(
            channel, officer=name, via="cli", now=utc_now(), source=via()
        )
        say(f"{channel} has reached {name}")

    with_session(context, work)


def _chosen(session: Session, to: str | None) -> tuple[Officer, ...]:
    known = session.roster
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
        lambda: session.roster,
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
