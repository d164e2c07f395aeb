"""The report of a period (BÁO CÁO): what a duty desk hands in every month."""

from collections.abc import Iterator
from itertools import count

from defacewatch.deadlines import Response
from defacewatch.figures import Figures
from defacewatch.papers.paper import Block, Heading, Paper, Table, Text
from defacewatch.reports import shortfalls, tables
from defacewatch.reports.form import Issuer, foot, letterhead
from defacewatch.reports.wording import BLANK, Wording
from defacewatch.verdicts import VerdictKind

LISTED = 300  # incidents that a printed list has; CSV and JSON have all


def report_of(
    figures: Figures,
    issuer: Issuer,
    wording: Wording,
    *,
    response: Response,
    number: str = "",
    listed: int | None = LISTED,
) -> Paper:
    """The report as a paper. `response` says how long restoring may take; `listed` None lists them all."""
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
    section = (f"{number}. " for number in count(1))
    yield Text(_opening(figures, wording))
    if figures.at < figures.period.end:
        yield Text(_("The period is not over: figures are as of {at}.").format(at=wording.moment(figures.at)))
    yield Heading(next(section) + _("Figures of the duty desk"))
    yield tables.times(figures, wording)
    yield Text(_("Times count from the first bad look; half took no longer than the median, nine in ten no"
                 " longer than P90."), note=True)  # fmt: skip
    yield Text(_answered(figures, wording))
    yield from _or(tables.kinds(figures, wording), bool(figures.stories), wording)
    if figures.portals:
        yield Text(_("Incidents by portal:"))
        yield tables.portals(figures, wording)
    yield Heading(next(section) + _("Incidents"))
    shown = figures.stories if listed is None else figures.stories[:listed]
    yield from _or(tables.incidents(shown, wording), bool(shown), wording)
    if len(shown) < len(figures.stories):
        more = len(figures.stories) - len(shown)
        yield Text(
            _("{more} more are in the CSV and JSON forms of this report.").format(more=more), note=True
        )
    if figures.carried:
        yield Text(_("Incidents from before the period that were open when it began:"))
        yield tables.incidents(figures.carried, wording)
    yield Heading(next(section) + _("False alarms by officer"))
    yield from _or(tables.false_alarms(figures, wording), bool(figures.false_alarms), wording)
    yield Heading(next(section) + _("Channels, and the watch itself"))
    yield from _or(tables.channels(figures, wording), bool(figures.channels), wording)
    if figures.interruptions:
        yield Text(_("Times when the watch itself was not well:"))
        yield tables.interruptions(figures, wording)
    yield Heading(next(section) + _("Shifts and handovers"))
    yield Text(_handovers(figures, wording))
    if any(handover.missing for handover in figures.handovers):
        yield tables.unconfirmed(figures, wording)
    yield Heading(next(section) + _("Drills"))
    yield from _or(tables.drills(figures, wording), bool(figures.drills), wording)
    yield Heading(next(section) + _("Shortfalls"))
    found = list(shortfalls.shortfalls(figures, wording, response))
    for line in found or [_("None was found in the figures.")]:
        yield Text(f"- {line}" if found else line)
    yield Text(_("This is the report of {issuer} on the watch in the period named above.").format(
        issuer=issuer.name or BLANK * 3))  # fmt: skip


def _or(table: Table, full: bool, wording: Wording) -> Iterator[Block]:
    """A table, or a line where it has no rows."""
    yield table if full else Text(wording._("None in this period."))


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
