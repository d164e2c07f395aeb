"""`incidents`: see them, take them, close them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.approving import known_as
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    officer_or_name,
    print_json,
    print_table,
    say,
    signatory,
    user,
    utc_now,
    via,
    with_session,
)
from defacewatch.dossier import archive_of, files_of, whole
from defacewatch.errors import UsageError
from defacewatch.incidents import Resolution, State
from defacewatch.language import local_time
from defacewatch.notify.content import campaign_code, campaign_number, incident_number
from defacewatch.runbooks import Step, Tick, runbook_for
from defacewatch.store.incidents import IncidentView


def _number(code: str) -> int:
    number = incident_number(code)
    if number is None:
        raise typer.BadParameter(f"{code!r} is no incident such as SC-000123 or 123")
    return number


Number = Annotated[int, typer.Argument(parser=_number, metavar="ID", help="SC-000123 or 123.")]

app = typer.Typer(help="Incidents: from the first bad verdict to the resolution.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="open, acknowledged, resolved; unresolved by default.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="DT-000012", help="Only those of a campaign, resolved ones too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Incidents, the newest first."""
    of_campaign = None if campaign is None else campaign_number(campaign)
    if campaign is not None and of_campaign is None:
        raise typer.BadParameter(f"{campaign!r} is no campaign such as DT-000012")
    unresolved = [State.OPEN, State.ACKNOWLEDGED]

    async def work(session: Session) -> list[IncidentView]:
        states = state or (unresolved if of_campaign is None else None)
        return await session.store.incidents.list(states=states, campaign=of_campaign)

    views = with_session(context, work)
    if as_json:
        print_json(shapes.incident_line(v.incident, v.portal, v.page, campaign=v.campaign) for v in views)
        return
    print_table(
        ("id", "state", "verdict", "portal", "url", "opened", "taken by", "campaign"),
        (
            (
                v.incident.id,
                v.incident.state.value,
                v.incident.verdict.value,
                v.portal.key,
                v.page.url,
                shapes.moment(v.incident.opened_at),
                v.incident.acknowledged_by,
                campaign_code(v.campaign) if v.campaign else None,
            )
            for v in views
        ),
    )


@app.command()
def show(context: typer.Context, incident: Number, as_json: Json = False) -> None:
    """One incident: its timeline, and who was told."""

    async def work(session: Session) -> None:
        line = await whole(session.store, incident, session.translate)
        if as_json:
            print_json([line])
            return
        zone = session.settings.watch.timezone.key
        view = await session.store.incidents.get(incident)
        say(f"incident {incident}: {line['verdict']}, {line['state']}  {line['url']}")
        print_table(
            ("at", "event", "by", "what"),
            (
                (local_time(entry.at, zone), entry.event, entry.by, entry.text)
                for entry in await session.store.incidents.timeline(view.incident.id)
            ),
        )
        print_table(
            ("channel", "officer", "state", "receipt", "error"),
            (
                (d.channel, d.officer, d.state.value, d.receipt, d.error)
                for d in await session.store.alerts.deliveries(incident=incident)
            ),
        )

    with_session(context, work)


@app.command()
def runbook(context: typer.Context, incident: Number, as_json: Json = False) -> None:
    """What is to be done in an incident, and what is done."""

    async def work(session: Session) -> list[shapes.Line]:
        steps, done = await _steps(session, incident)
        return [shapes.step_line(n, step, done.get(step.text)) for n, step in enumerate(steps, 1)]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    print_table(
        ("", "", "what", "by", "at"),
        ((line["step"], "☑" if line["by"] else "☐", line["text"], line["by"], line["at"]) for line in lines),
    )


@app.command()
def tick(
    context: typer.Context,
    incident: Number,
    step: Annotated[int, typer.Argument(min=1, help="The step's number.")],
    undo: Annotated[bool, typer.Option(help="It is not done after all.")] = False,
    by: By = "",
) -> None:
    """Note that a step of the runbook is done."""

    async def work(session: Session) -> str:
        steps, _ = await _steps(session, incident)
        if step > len(steps):
            raise UsageError(f"the runbook has {len(steps)} steps")
        name, text = officer_or_name(by, session.roster), steps[step - 1].text
        await session.store.incidents.tick(incident, text, by=name, now=utc_now(), via="cli", undo=undo)
        return text

    say(f"{'☐' if undo else '☑'} {with_session(context, work)}")


async def _steps(session: Session, incident: int) -> tuple[Sequence[Step], Mapping[str, Tick]]:
    """The steps of an incident's runbook, and those that are done."""
    view = await session.store.incidents.get(incident)
    found = runbook_for(session.settings.runbooks, view.portal.key, view.incident.verdict)
    return found.steps, await session.store.incidents.ticked(incident)


@app.command()
def acknowledge(
    context: typer.Context,
    which: Annotated[
        str, typer.Argument(metavar="ID", help="SC-000123, 123, or a whole campaign: DT-000012.")
    ],
    by: By = "",
) -> None:
    """Take an incident, or all of a campaign that nobody has: the alert goes no further."""
    campaign = campaign_number(which)
    incident = 0 if campaign is not None else _number(which)

    async def work(session: Session) -> None:
        name = officer_or_name(by, session.roster)
        if campaign is not None:
            await session.store.campaigns.get(campaign)
            of_it = [view.incident.id for view in await session.store.campaigns.members(campaign)]
            taken = await session.store.incidents.acknowledge_all(
                of_it, by=name, via=f"cli:{user()}", now=utc_now()
            )
            say(f"{len(taken)} of {len(of_it)} incidents acknowledged by {name}")
            return
        await session.store.incidents.acknowledge(incident, by=name, via=f"cli:{user()}", now=utc_now())
        say(f"incident {incident} acknowledged by {name}")

    with_session(context, work)


@app.command()
def assign(
    context: typer.Context,
    incident: Number,
    officer: Annotated[str, typer.Argument(help="An officer of the roster: key, name or e-mail.")],
    by: By = "",
) -> None:
    """Give an incident to an officer, who is told."""

    async def work(session: Session) -> None:
        to, name = known_as(officer, session.roster), officer_or_name(by, session.roster)
        if session.roster.officer(to) is None:
            raise UsageError(f"{officer!r} is no officer of the roster")
        await session.store.incidents.assign(incident, to=to, by=name, via=f"cli:{user()}", now=utc_now())
        say(f"incident {incident} assigned to {to} by {name}")

    with_session(context, work)


@app.command()
def resolve(
    context: typer.Context,
    incident: Number,
    as_: Annotated[Resolution, typer.Option("--as", help="restored, false-alarm or legitimate.")],
    by: By = "",
    reason: Annotated[str, typer.Option(help="A remark for the timeline.")] = "",
) -> None:
    """Close an incident."""

    async def work(session: Session) -> None:
        name = officer_or_name(by, session.roster)
        if as_ is Resolution.FALSE_ALARM:
            name = signatory(by, session.roster, (await session.store.incidents.get(incident)).portal)
        await session.store.incidents.resolve(
            incident, as_=as_, by=name, via=f"cli:{user()}", reason=reason, now=utc_now()
        )
        say(f"incident {incident} resolved as {as_.value} by {name}")

    with_session(context, work)


@app.command()
def mutes(
    context: typer.Context,
    page: Annotated[str | None, typer.Argument(help="Only of this page.")] = None,
    end: Annotated[int | None, typer.Option(metavar="ID", help="End this one: it is told of again.")] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Differences that false alarms have muted, the newest first."""

    async def work(session: Session) -> list[shapes.Line]:
        if end is not None:
            name = officer_or_name(by, session.roster)
            ended = await session.store.mutes.end(end, by=name, now=utc_now(), via=via())
            say(f"mute {ended.id} of {ended.page} is ended by {name}")
            return []
        only = None
        if page is not None:
            found = await session.store.portals.find([page])
            if len(found) != 1:
                raise UsageError(f"{page} has {len(found)} pages: name one (portals list)")
            only = found[0][1].id
        return [shapes.mute_line(mute) for mute in await session.store.mutes.holding(utc_now(), page=only)]

    lines = with_session(context, work)
    if end is not None:
        return
    if as_json:
        print_json(lines)
        return
    columns = ("id", "page", "identity", "by", "at", "incident", "ends_at")
    print_table(columns, ([line[column] for column in columns] for line in lines))


@app.command()
def export(
    context: typer.Context,
    incident: Number,
    to: Annotated[Path | None, typer.Option("--to", help="The file; incident-ID.tar.gz by default.")] = None,
) -> None:
    """The incident with its evidence (documents, pictures, hashes) in one archive."""
    target = to or Path(f"incident-{incident}.tar.gz")
    if target.exists():
        raise UsageError(f"{target} is there already; name another file with --to")

    async def work(session: Session) -> None:
        files = await files_of(session.store, incident, session.translate)
        await asyncio.to_thread(target.write_bytes, await archive_of(incident, files, utc_now()))
        say(f"{target}: {len(files)} files")

    with_session(context, work)
