"""The report of a period (BÁO CÁO): what a duty desk hands in every month."""

from collections.abc import Iterator

from defacewatch.deadlines import Response
from defacewatch.figures import Figures
from defacewatch.papers.paper import Block, Heading, Paper, Table, Text
from defacewatch.reports import shortfalls, tables
from defacewatch.reports.form import Issuer, foot, letterhead
from defacewatch.reports.wording import BLANK, Wording
from defacewatch.verdicts import VerdictKind

LISTED = 300  # rows that a printed table of incidents or portals has; CSV and JSON have all


def report_of(
    figures: Figures,
    issuer: Issuer,
    wording: Wording,
    *,
    response: Response,
    number: str = "",
    listed: int | None = LISTED,
) -> Paper:
    """The report as a paper. `response` says how long restoring may take; `listed` None lists all."""
    _ = wording._
    return Paper(
        wording.language,
        letterhead(issuer, "BC", wording, figures.at, number),
        _("REPORT"),
        (_("Results of the watch over web portals for defacement"), _period(figures, wording)),
        tuple(_body(figures, issuer, wording, response, listed)),
        foot(issuer, wording),
    )


def _period(figures: Figures, wording: Wording) -> str:
    period = figures.period
    if period.is_month:
        return wording._("Month {month}/{year}").format(month=period.first.month, year=period.first.year)
    edges = {"first": wording.day(period.first), "last": wording.day(period.last)}
    return wording._("From {first} to {last}").format(**edges)


def _body(
    figures: Figures, issuer: Issuer, wording: Wording, response: Response, listed: int | None
) -> Iterator[Block]:
    _ = wording._
    yield Text(_opening(figures, wording))
    if figures.at < figures.period.end:
        yield Text(_("The period is not over: figures are as of {at}.").format(at=wording.moment(figures.at)))
    sections = (
        (_("Figures of the duty desk"), _figures(figures, wording, listed)),
        (_("Incidents"), _incidents(figures, wording, listed)),
        (_("False alarms by officer"), _or(tables.false_alarms(figures, wording), wording)),
        (_("Channels, and the watch itself"), _itself(figures, wording)),
        (_("Shifts and handovers"), _shifts(figures, wording)),
        (_("Drills"), _or(tables.drills(figures, wording), wording)),
        (_("Shortfalls"), _shortfalls(figures, wording, response)),
    )
    for number, (title, blocks) in enumerate(sections, 1):
        yield Heading(f"{number}. {title}")
        yield from blocks
    closing = _("This is the report of {issuer} on the watch in the period named above.")
    yield Text(closing.format(issuer=issuer.name or BLANK * 3))


def _figures(figures: Figures, wording: Wording, listed: int | None) -> Iterator[Block]:
    _ = wording._
    yield tables.times(figures, wording)
    note = _(
        "Times count from the first bad look; half took no longer than the median, nine in ten no longer than"
        " P90."
    )
    yield Text(note, note=True)
    yield Text(_answered(figures, wording))
    if figures.stories:
        yield tables.kinds(figures, wording)
    if figures.portals:
        yield Text(_("Incidents by portal:"))
        yield tables.portals(figures.portals[:listed], wording)
        yield from _more(len(figures.portals), listed, wording)


def _incidents(figures: Figures, wording: Wording, listed: int | None) -> Iterator[Block]:
    yield from _or(tables.incidents(figures.stories[:listed], wording), wording)
    yield from _more(len(figures.stories), listed, wording)
    if figures.carried:
        yield Text(wording._("Incidents from before the period that were open when it began:"))
        yield tables.incidents(figures.carried[:listed], wording)
        yield from _more(len(figures.carried), listed, wording)


def _itself(figures: Figures, wording: Wording) -> Iterator[Block]:
    _ = wording._
    yield from _or(tables.channels(figures, wording), wording)
    if figures.coverage:
        text = _("Probes made in time, measured at the changes of shift: lowest {lowest}, median {median}.")
        ordered = sorted(figures.coverage)
        lowest, middle = ordered[0], ordered[(len(ordered) - 1) // 2]
        yield Text(text.format(lowest=wording.share(lowest), median=wording.share(middle)))
    if figures.interruptions:
        yield Text(_("Times when the watch itself was not well:"))
        yield tables.interruptions(figures, wording)


def _shifts(figures: Figures, wording: Wording) -> Iterator[Block]:
    yield Text(_handovers(figures, wording))
    if any(handover.missing for handover in figures.handovers):
        yield tables.unconfirmed(figures, wording)


def _shortfalls(figures: Figures, wording: Wording, response: Response) -> Iterator[Block]:
    found = [f"- {line}" for line in shortfalls.shortfalls(figures, wording, response)]
    yield from map(Text, found or [wording._("None was found in the figures.")])


def _or(table: Table, wording: Wording) -> Iterator[Block]:
    """A table, or a line where it has no rows."""
    yield table if table.rows else Text(wording._("None in this period."))


def _more(number: int, listed: int | None, wording: Wording) -> Iterator[Block]:
    """What a table leaves out."""
    if listed is not None and number > listed:
        text = wording._("More in the CSV and JSON forms of this report: {more}.")
        yield Text(text.format(more=number - listed), note=True)


def _opening(figures: Figures, wording: Wording) -> str:
    """The whole report in a sentence or two."""
    by_verdict = {kind: sum(s.verdict is kind for s in figures.stories) for kind in VerdictKind}
    portals, pages = figures.watched
    _ = wording._
    return _(
        "From {first} to {last}, {portals} portals with {pages} pages were under watch. Incidents recorded:"
        " {incidents} on {affected} portals (suspected attack: {defaced}; unusual change: {changed};"
        " unreachable: {unreachable}). False alarms: {false}. Not resolved when this report was made: {open}."
        " Carried over from before: {carried}. Drills: {drills}."
    ).format(
        first=wording.day(figures.period.first),
        last=wording.day(figures.period.last),
        portals=portals,
        pages=pages,
        incidents=len(figures.stories),
        affected=len({story.portal for story in figures.stories}),
        defaced=by_verdict[VerdictKind.DEFACED],
        changed=by_verdict[VerdictKind.CHANGED],
        unreachable=by_verdict[VerdictKind.UNREACHABLE],
        false=sum(portal.false for portal in figures.portals),
        open=sum(story.resolved_at is None for story in (*figures.stories, *figures.carried)),
        carried=len(figures.carried),
        drills=len(figures.drills),
    )


def _answered(figures: Figures, wording: Wording) -> str:
    done, of = figures.answered
    if not of:
        return wording._("No incident had to be acknowledged.")
    return wording._(
        "Acknowledged before they went on to the next step of escalation: {done} of {of} ({share})."
    ).format(done=done, of=of, share=wording.share(done / of))


def _handovers(figures: Figures, wording: Wording) -> str:
    every = figures.handovers
    if not every:
        return wording._("No handover was recorded in this period.")
    open_ = sum(bool(handover.missing) for handover in every)
    return wording._(
        "Handovers: {all}; confirmed by both shifts: {confirmed}; not confirmed by everybody: {open}."
    ).format(all=len(every), confirmed=len(every) - open_, open=open_)
