"""`report`, `roster handover` and `incidents report`: what the duty desk files, as PDF, DOCX, CSV or JSON."""

import json
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from defacewatch import shapes
from defacewatch.cli.common import Session, say, utc_now, with_session
from defacewatch.cli.incidents import Number
from defacewatch.errors import DefacewatchError, NotFound, UsageError
from defacewatch.evidence import account_of
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.printing import pdf_of
from defacewatch.figures import Period, figures_of
from defacewatch.handovers import Handover
from defacewatch.language import LANGUAGES
from defacewatch.papers.docx import docx_of
from defacewatch.papers.page import html_of
from defacewatch.papers.paper import Paper
from defacewatch.papers.sheet import csv_of
from defacewatch.reports.handover import handover_record
from defacewatch.reports.incident import incident_report
from defacewatch.reports.lines import figures_line
from defacewatch.reports.monthly import LISTED, report_of
from defacewatch.reports.wording import Wording

T = TypeVar("T")


class Format(StrEnum):
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"
    JSON = "json"


PRINTED = (Format.PDF, Format.DOCX)
LATEST = "latest"

As = Annotated[
    Format | None, typer.Option("--format", help="By the ending of --out by default, or else PDF.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="The file; CSV and JSON go to standard output without.")
]
Language = Annotated[str | None, typer.Option(help="'vi' or 'en'; alerts.language by default.")]
FiledAs = Annotated[str, typer.Option("--number", help="The paper's number; left blank by default.")]


def report(
    context: typer.Context,
    month: Annotated[
        str | None, typer.Option(help="Such as 2026-11; the last one that is over by default.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="Or from this local day …")] = None,
    last: Annotated[str | None, typer.Option("--to", help="… to this one, inclusive.")] = None,
    as_: As = None,
    out: Out = None,
    language: Language = None,
    number: FiledAs = "",
) -> None:
    """The figures of the duty desk over a month, as a report in the form of Vietnamese offices."""
    chosen, now = _format(as_, out), utc_now()

    async def work(session: Session) -> tuple[Period, bytes]:
        period = _period(session, month, first, last, now)
        figures = figures_of(await session.store.duty.happened(period), period, now)
        if chosen is Format.JSON:
            return period, _json(figures_line(figures))
        paper = report_of(
            figures,
            session.settings.report.issued(),
            _wording(session, language),
            response=session.roster.response,
            number=number,
            listed=LISTED if chosen in PRINTED else None,
        )
        return period, await _formed(session, paper, chosen)

    def name(period: Period) -> str:
        span = f"{period.first:%Y-%m}" if period.is_month else f"{period.first}-{period.last}"
        return f"report-{span}.{chosen}"

    _write(context, work, name, chosen, out)


def handover(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="[ID|latest]", help="The number of a handover.")] = LATEST,
    as_: As = None,
    out: Out = None,
    language: Language = None,
    number: FiledAs = "",
) -> None:
    """The record of a handover, to be filed: who has confirmed it when, and room for other signatures."""
    chosen = _format(as_, out)
    if chosen is Format.CSV:
        raise typer.BadParameter("a handover comes as pdf, docx or json", param_hint="--format")
    if which != LATEST and not which.isdecimal():
        raise typer.BadParameter(f"{which!r} is no number of a handover, nor 'latest'", param_hint="ID")

    async def work(session: Session) -> tuple[Handover, bytes]:
        found = await _handover(session, which)
        if chosen is Format.JSON:
            return found, _json(shapes.handover_line(found))
        issuer, wording = session.settings.report.issued(), _wording(session, language)
        paper = handover_record(found, issuer, wording, number=number)
        return found, await _formed(session, paper, chosen)

    _write(context, work, lambda found: f"handover-{found.id}.{chosen}", chosen, out)


def incident(
    context: typer.Context,
    incident: Number,
    as_: As = None,
    out: Out = None,
    language: Language = None,
    number: FiledAs = "",
) -> None:
    """The report on an incident: what happened, before and after, who was told, who did what."""
    chosen, now = _format(as_, out), utc_now()
    if chosen not in PRINTED:
        said = "an incident comes as pdf or docx; 'incidents show --json' has it as JSON"
        raise typer.BadParameter(said, param_hint="--format")

    async def work(session: Session) -> tuple[int, bytes]:
        account = await account_of(session.store, incident, session.settings.runbooks)
        issuer, wording = session.settings.report.issued(), _wording(session, language)
        paper = incident_report(account, issuer, wording, at=now, number=number)
        return incident, await _formed(session, paper, chosen)

    _write(context, work, lambda one: f"incident-{one}.{chosen}", chosen, out)


async def _handover(session: Session, which: str) -> Handover:
    if which != LATEST:
        return await session.store.handovers.get(int(which))
    latest = await session.store.handovers.last()
    if not latest:
        raise NotFound("there is no handover yet")
    return latest[0]


async def _formed(session: Session, paper: Paper, chosen: Format) -> bytes:
    if chosen is Format.CSV:
        return csv_of(paper)
    if chosen is Format.DOCX:
        return docx_of(paper)
    return await pdf_of(html_of(paper), executable=find_chromium(session.settings.browser))


def _write(
    context: typer.Context,
    work: Callable[[Session], Awaitable[tuple[T, bytes]]],
    name: Callable[[T], str],
    chosen: Format,
    out: Path | None,
) -> None:
    """Do the work and put what comes of it where it is wanted. What is there already is not overwritten."""
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already; name another file with --out")
    about, content = with_session(context, work)
    if out is None and chosen not in PRINTED:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    target = out or Path(name(about))
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise UsageError(f"{target} is there already; name another file with --out") from None
    except OSError as error:
        raise DefacewatchError(f"{target} cannot be written: {error.strerror}") from None
    say(f"{target}: {len(content)} bytes")


def _format(given: Format | None, out: Path | None) -> Format:
    if given is not None:
        return given
    ending = out.suffix.lower().removeprefix(".") if out is not None else ""
    return Format(ending) if ending in list(Format) else Format.PDF


def _period(
    session: Session, month: str | None, first: str | None, last: str | None, now: datetime
) -> Period:
    zone = session.settings.watch.timezone
    if month is not None:
        if first is not None or last is not None:
            raise typer.BadParameter(
                "is given with --from or --to; name one or the other", param_hint="--month"
            )
        day = _day(f"{month}-01", "--month", "a month such as 2026-11", month)
        return Period.month(day.year, day.month, zone)
    if first is None and last is None:
        return Period.month_before(now, zone)
    if first is None:
        raise typer.BadParameter("is missing beside --to", param_hint="--from")
    begin = _day(first, "--from", "a day such as 2026-11-01", first)
    end = _day(last, "--to", "a day such as 2026-11-30", last) if last else now.astimezone(zone).date()
    if end < begin:
        raise typer.BadParameter("lies before --from", param_hint="--to")
    return Period(begin, end, zone)


def _day(text: str, option: str, what: str, given: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{given!r} is not {what}", param_hint=option) from None


def _wording(session: Session, language: str | None) -> Wording:
    chosen = language or session.settings.alerts.language
    if chosen not in LANGUAGES:
        raise typer.BadParameter(f"{chosen!r} is not one of {', '.join(LANGUAGES)}", param_hint="--language")
    return Wording(chosen, session.roster)


def _json(line: shapes.Line) -> bytes:
    return (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
