"""The command line. docs/cli.md has every command, its options and exit codes."""

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from defacewatch import logs
from defacewatch.cli import (
    alerts,
    audit,
    baselines,
    database,
    doctor,
    drills,
    incidents,
    look,
    masks,
    portals,
    report,
    roster,
    service,
    users,
    windows,
)
from defacewatch.cli.common import Settled
from defacewatch.config.environment import GATEWAY, PREFIX, Secrets
from defacewatch.errors import DefacewatchError

SECRETS = tuple(f"{PREFIX}{field.name.upper()}" for field in fields(Secrets))

app = typer.Typer(
    name="defacewatch",
    help="Watches web portals for defacement and tells the officer on duty, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(service.run)
app.command()(service.demo)
app.command()(look.check)
app.command()(look.learn)
app.add_typer(baselines.app, name="baseline")
app.add_typer(masks.app, name="masks")
app.add_typer(portals.app, name="portals")
portals.app.command("announce")(windows.announce)
portals.app.command("announcements")(windows.announcements)
portals.app.command("call-off")(windows.call_off)
portals.app.command("announce-link")(windows.announce_link)
app.add_typer(incidents.app, name="incidents")
incidents.app.command("report")(report.incident)
app.command()(drills.drill)
app.add_typer(drills.app, name="drills")
app.add_typer(roster.app, name="roster")
roster.app.command("handover")(report.handover)
app.command()(report.report)
app.add_typer(alerts.alert, name="alert")
app.add_typer(users.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(database.app, name="db")
app.command()(doctor.doctor)


@app.callback()
def settle(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option(envvar="DEFACEWATCH_CONFIG", help="The folder of the configuration.")
    ] = Path("config"),
    log_format: Annotated[str, typer.Option(help="'text' or 'json', on stderr.")] = "text",
) -> None:
    """Global options stand before the command."""
    if log_format not in ("text", "json"):
        raise typer.BadParameter("must be 'text' or 'json'", param_hint="--log-format")
    logs.configure(log_format)
    context.obj = Settled(config, dict(os.environ))
    for name in (*SECRETS, *(name for name in os.environ if name.startswith(GATEWAY))):
        os.environ.pop(name, None)  # what we start (the browser's driver) has no business with them


def main() -> None:
    """The entry point: errors are one line on stderr, with the exit code that docs/cli.md gives them."""
    os.umask(0o077)  # evidence, tokens and exports are for this user alone
    try:
        app()
    except DefacewatchError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"defacewatch: {line}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output has gone; nothing is left to say, not even by the interpreter's last flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
