"""`roster`: officers, shifts, leave and swaps, and who is on duty."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.calendars import calendar_of
from defacewatch.channels import build_channels
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
from defacewatch.config import Settings
from defacewatch.config.fields import read_when, write_duration
from defacewatch.config.turns import moment
from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.raising import upcoming
from defacewatch.roster import Officer, Roster, Step, on_duty
from defacewatch.rostering import Fault, Finding, fault_text, findings, names, on_leave, swapped, uncovered
from defacewatch.shifts import Absence, Turn, turns
from defacewatch.web.calendar import EVERYBODY, calendar_url, link_name

app = typer.Typer(help="Officers, shifts, leave and swaps, and who is on duty.", no_args_is_help=True)

Days = Annotated[int, typer.Option(min=1, max=400, help="For how many days.")]
From = Annotated[str | None, typer.Option("--from", help="A local day or time; now by default.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the change.")]


@app.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """All officers, and how alerts move on from one to the next."""
    found = with_session(context, _roster)
    _print_officers(found.officers, as_json)
    if as_json:
        return
    for body in found.outside:
        say(f"outside: {body.key}, {body.name}, {body.phone or '–'}, {body.email or '–'}")
    for step in found.escalation:
        say(_step_line(step))
    today = utc_now().astimezone(found.zone).date()
    for watch in upcoming(found.raised_watch, found.holiday_watch, today):
        now = " (now)" if watch.first <= today else ""
        say(f"raised watch: {watch.name}, {watch.first} – {watch.last}{now}")


@app.command("on-duty")
def on_duty_(
    context: typer.Context,
    at: Annotated[
        str | None, typer.Option(help="A local time, e.g. 2026-09-02T02:00; now by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who is on duty. Exits 3 in a gap."""

    async def work(session: Session) -> tuple[datetime, tuple[Officer, ...]]:
        there = now_or(at, session.settings)
        return there, on_duty(session.roster, there)

    when, officers = with_session(context, work)
    if not officers:
        raise NotFound(f"nobody is on duty at {when:%Y-%m-%d %H:%M}; alerts go to the shift lead")
    _print_officers(officers, as_json)


@app.command("turns")
def turns_(
    context: typer.Context,
    start: From = None,
    days: Days = 7,
    officer: Annotated[str | None, typer.Option(help="This officer's alone, by key.")] = None,
    as_json: Json = False,
) -> None:
    """Who has which turn when, leave and swaps included."""

    async def work(session: Session) -> tuple[Roster, list[Turn]]:
        roster = session.roster
        if officer is not None:
            _officer(roster, officer)
        first = _start(start, session.settings)
        every = turns(roster, first, first + timedelta(days=days))
        return roster, [turn for turn in every if officer is None or officer in turn.people]

    roster, found = with_session(context, work)
    if as_json:
        print_json(shapes.turn_line(turn) for turn in found)
        return
    print_table(
        ("from", "to", "shift", "team", "first", "besides", "lead", "away"),
        (
            (
                *(f"{edge.astimezone(roster.zone):%a %d/%m %H:%M}" for edge in (turn.start, turn.end)),
                turn.name,
                turn.team,
                *(names(roster, keys) for keys in (turn.officers, turn.secondary)),
                names(roster, [turn.lead] if turn.lead else []),
                names(roster, turn.away),
            )
            for turn in found
        ),
    )


@app.command("check")
def check(context: typer.Context, start: From = None, days: Days = 30, as_json: Json = False) -> None:
    """Gaps, double bookings, leave without a stand-in, officers whom no channel reaches. Exits 3 if any."""

    async def work(session: Session) -> tuple[Roster, list[Finding]]:
        roster, usable = session.roster, build_channels(session.settings).keys()
        first = _start(start, session.settings)
        every = findings(roster, first, first + timedelta(days=days), usable)
        return roster, list(every)

    roster, found = with_session(context, work)
    if as_json:
        print_json(shapes.finding_line(finding) for finding in found)
    else:
        for finding in found:
            say(fault_text(roster, finding))
    if found:
        raise DefacewatchError(f"the roster has {len(found)} faults")
    if not as_json:
        say(f"no fault in {days} days")


@app.command()
def leave(
    context: typer.Context,
    officer: Annotated[str, typer.Argument(help="The officer's key.")],
    start: Annotated[str, typer.Option("--from", help="A local day or time, e.g. 2026-12-24.")],
    end: Annotated[str, typer.Option("--to", help="The last day, or the time when it ends.")],
    reason: Reason,
    instead: Annotated[str | None, typer.Option(help="Who stands in, by key.")] = None,
    by: By = "",
) -> None:
    """Enter that an officer is away. What turns are left without anybody is said."""

    async def work(session: Session) -> tuple[tuple[int, ...], list[str]]:
        roster, zone = session.roster, session.settings.watch.timezone
        first, last = moment(_when(start), zone), moment(_when(end), zone, last=True)
        absence = on_leave(roster, officer, first, last, instead=instead, reason=reason)
        empty = [fault_text(roster, Finding(Fault.GAP, t.start, t.end)) for t in uncovered(roster, absence)]
        return await _enter(session, [absence], by), empty

    numbers, empty = with_session(context, work)
    say(f"entered: {numbers[0]}")
    for line in empty:
        sys.stderr.write(f"note: {line}\n")


@app.command()
def swap(
    context: typer.Context,
    officer: Annotated[str, typer.Argument(help="Whose turn it is, by key.")],
    instead: Annotated[str, typer.Argument(help="Who takes it, by key.")],
    at: Annotated[str, typer.Option(help="A local time within the turn, e.g. 2026-12-24T10:00.")],
    reason: Reason,
    back: Annotated[str | None, typer.Option(help="A time within the turn that is given for it.")] = None,
    by: By = "",
) -> None:
    """One officer takes another's turn, and may give one for it."""

    async def work(session: Session) -> tuple[int, ...]:
        there = now_or(back, session.settings) if back is not None else None
        halves = swapped(
            session.roster,
            officer,
            now_or(at, session.settings),
            instead,
            back=there,
            reason=reason,
        )
        return await _enter(session, halves, by)

    say(f"entered: {', '.join(map(str, with_session(context, work)))}")


@app.command()
def withdraw(context: typer.Context, number: int, by: By = "") -> None:
    """Withdraw leave or a swap (both halves), by its number. It stays on record."""

    async def work(session: Session) -> tuple[int, ...]:
        name = officer_or_name(by, session.roster)
        return await session.store.absences.withdraw(number, by=name, now=utc_now(), via=via())

    say(f"withdrawn: {', '.join(map(str, with_session(context, work)))}")


@app.command()
def absences(context: typer.Context, as_json: Json = False) -> None:
    """All leave and swaps that were entered here, those withdrawn included."""

    async def work(session: Session) -> list[shapes.Line]:
        return [shapes.absence_line(entered) for entered in await session.store.absences.every()]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = ("id", "officer", "from", "to", "instead", "reason", "by", "at", "swap", "withdrawn_by")
    print_table(columns, ([line[column] for column in columns] for line in lines))


@app.command()
def handovers(
    context: typer.Context,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 10,
    as_json: Json = False,
) -> None:
    """Changes of shift: who went, who came, who has confirmed, and what was left."""

    async def work(session: Session) -> list[shapes.Line]:
        return [shapes.handover_line(one) for one in await session.store.handovers.last(count)]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = ("id", "at", "outgoing", "incoming", "missing")
    print_table(
        columns,
        (
            [
                ", ".join(line[column]) if isinstance(line[column], list) else line[column]
                for column in columns
            ]
            for line in lines
        ),
    )


@app.command()
def confirm(context: typer.Context, number: int, by: By = "") -> None:
    """Confirm a handover, by its number."""

    async def work(session: Session) -> tuple[str, ...]:
        name = officer_or_name(by, session.roster)
        done = await session.store.handovers.confirm(
            number, officer=name, via="cli", now=utc_now(), source=via()
        )
        return done.missing

    missing = with_session(context, work)
    say(f"confirmed; still to confirm: {', '.join(missing)}" if missing else "confirmed by everybody")


@app.command()
def calendar(
    context: typer.Context,
    officer: Annotated[str | None, typer.Option(help="This officer's turns alone, by key.")] = None,
    start: From = None,
    days: Days = 60,
) -> None:
    """The turns as iCalendar (RFC 5545), on standard output."""

    async def work(session: Session) -> bytes:
        roster = session.roster
        someone = None if officer is None else _officer(roster, officer)
        first = _start(start, session.settings)
        every = turns(roster, first, first + timedelta(days=days))
        return calendar_of(every, roster, officer=someone, translate=session.translate, now=utc_now())

    sys.stdout.buffer.write(with_session(context, work))


@app.command()
def link(
    context: typer.Context,
    officer: Annotated[
        str | None, typer.Argument(help="Whose turns, by key; everybody's by default.")
    ] = None,
    renew: Annotated[bool, typer.Option(help="End the address that was given out before.")] = False,
) -> None:
    """The address of a calendar for a phone to subscribe to. A secret: whoever has it sees the turns."""

    async def work(session: Session) -> str:
        whose = EVERYBODY if officer is None else _officer(session.roster, officer).key
        issue = await session.issue(link_name(whose), renew=renew)
        return calendar_url(session.settings.web.public_url, session.secret_key.encode(), whose, issue)

    say(with_session(context, work))


async def _roster(session: Session) -> Roster:
    return session.roster


async def _enter(session: Session, some: Sequence[Absence], by: str) -> tuple[int, ...]:
    name = officer_or_name(by, session.roster)
    return await session.store.absences.add(some, by=name, now=utc_now(), via=via())


def _step_line(step: Step) -> str:
    again = f", and again every {write_duration(step.every)}" if step.every is not None else ""
    kinds = f" ({', '.join(sorted(step.kinds))})" if step.kinds else ""
    return f"after {write_duration(step.after)} without acknowledgement: {step.to}{again}{kinds}"


def _officer(roster: Roster, key: str) -> Officer:
    found = next((officer for officer in roster.officers if officer.key == key), None)
    if found is None:
        raise NotFound(f"no officer {key!r} in the roster")
    return found


def _when(text: str) -> datetime:
    try:
        return read_when(text)  # type: ignore[return-value]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _start(text: str | None, settings: Settings) -> datetime:
    return utc_now() if text is None else moment(_when(text), settings.watch.timezone)


def _print_officers(officers: tuple[Officer, ...], as_json: bool) -> None:
    if as_json:
        print_json(shapes.officer_line(officer) for officer in officers)
        return
    print_table(
        ("officer", "name", "role", "phone", "channels"),
        ((o.key, o.name, o.role.value, o.phone, ", ".join(o.channels)) for o in officers),
    )
