"""The record of a handover (BIÊN BẢN GIAO CA): what one shift left to the next, and who has confirmed it."""

from collections.abc import Iterable, Iterator, Mapping

from defacewatch.alerts import AlertKind
from defacewatch.handovers import Handover
from defacewatch.language import N_
from defacewatch.notify.hostile import safe
from defacewatch.notify.sayings import HEADLINES
from defacewatch.notify.told import HANDED, ITSELF
from defacewatch.papers.paper import Block, Column, Heading, Paper, Signature, Signing, Table, Text
from defacewatch.reports.form import Issuer, letterhead
from defacewatch.reports.wording import VERDICTS, Wording

_VIA = {
    "telegram": "Telegram",
    "email": N_("the link in the e-mail"),
    "cli": N_("the command line"),
    "console": N_("the console"),
}


def handover_record(handover: Handover, issuer: Issuer, wording: Wording, *, number: str = "") -> Paper:
    """The record as a paper; whoever has not confirmed has room to sign."""
    _ = wording._
    return Paper(
        wording.language,
        letterhead(issuer, "BB", wording, handover.at, number),
        _("RECORD"),
        (
            _("Handover of the shift that watches over web portals"),
            _("at {at}").format(at=wording.formal(handover.at)),
        ),
        tuple(_body(handover, wording)),
        (
            Signature(_("Outgoing shift"), _(_HOW), tuple(_signing(handover, handover.outgoing, wording))),
            Signature(_("Incoming shift"), _(_HOW), tuple(_signing(handover, handover.incoming, wording))),
        ),
    )


_HOW = N_("(Signature and full name, or confirmed in the system)")


def _body(handover: Handover, wording: Wording) -> Iterator[Block]:
    _ = wording._
    summary = handover.summary
    at = wording.formal(handover.at)
    yield Text(_("At {at}, the shifts handed over the watch to each other as follows.").format(at=at))
    yield Heading("1. " + _("Who was there"))
    yield Text(_("Going off duty: {names}.").format(names=wording.people(handover.outgoing)))
    yield Text(_("Coming on duty: {names}.").format(names=wording.people(handover.incoming)))
    yield Heading("2. " + _("State of the watch"))
    yield _state(summary, wording)
    yield Heading("3. " + _("Incidents not resolved"))
    yield from _incidents(summary, wording)
    yield Heading("4. " + _("Alerts since the last handover"))
    yield from _alerts(summary, wording)
    yield Heading("5. " + _("Confirmation"))
    yield Text(_confirmation(handover, wording))
    yield Text(_("Both shifts have read this record and agree with it."))


def _state(summary: Mapping[str, object], wording: Wording) -> Table:
    _ = wording._
    rows = [(_(label), safe(str(summary.get(name, 0)), 40)) for name, label in HANDED]
    rows += [(_(label), safe(str(summary[name]), 120)) for name, label in ITSELF.items() if summary.get(name)]
    columns = (Column(_("What is handed over"), 4, centred=False), Column(_("State"), 3))
    return Table(_("State of the watch"), columns, tuple(rows))


def _incidents(summary: Mapping[str, object], wording: Wording) -> Iterator[Block]:
    _ = wording._
    listed = summary.get("incidents")
    every = listed if isinstance(listed, list) else []
    rows = tuple(_incident(one, wording) for one in every if isinstance(one, Mapping))
    if not rows:
        yield Text(_("None."))
        return
    columns = (
        Column(_("Code"), 2),
        Column(_("Web portal"), 5, centred=False),
        Column(_("Verdict"), 2),
        Column(_("Acknowledged by"), 3),
    )
    yield Table(_("Incidents not resolved"), columns, rows)
    whole = summary.get("unresolved")
    if isinstance(whole, int) and whole > len(rows):
        yield Text(_("More in the system: {more}.").format(more=whole - len(rows)), note=True)


def _incident(one: Mapping[object, object], wording: Wording) -> tuple[str, ...]:
    verdict = str(one.get("verdict", ""))
    known = next((words for kind, words in VERDICTS.items() if kind.value == verdict), None)
    return (
        safe(one.get("code"), 20),
        safe(one.get("portal"), 120),
        wording._(known) if known else safe(verdict, 20),
        safe(one.get("by") or wording._("not acknowledged"), 120),
    )


def _alerts(summary: Mapping[str, object], wording: Wording) -> Iterator[Block]:
    _ = wording._
    told = summary.get("alerts")
    if not isinstance(told, Mapping) or not told:
        yield Text(_("None."))
        return
    rows = tuple((_kind(str(kind), wording), safe(str(number), 20)) for kind, number in sorted(told.items()))
    columns = (Column(_("Alert"), 4, centred=False), Column(_("Times"), 1))
    yield Table(_("Alerts since the last handover"), columns, rows)


def _kind(kind: str, wording: Wording) -> str:
    known = {each.value: each for each in AlertKind}.get(kind)
    return safe(kind, 40) if known is None else wording._(HEADLINES[known][1]).capitalize()


def _confirmation(handover: Handover, wording: Wording) -> str:
    _ = wording._
    if not handover.missing:
        return _("Confirmed in the system by everybody of both shifts.")
    text = _("Not confirmed in the system by: {names}.").format(names=wording.people(handover.missing))
    if handover.escalated_at is not None:
        told = wording.moment(handover.escalated_at)
        text += " " + _("Those who lead were told of that at {at}.").format(at=told)
    return text


def _signing(handover: Handover, keys: Iterable[str], wording: Wording) -> Iterator[Signing]:
    for key in keys:
        confirmed = handover.confirmed.get(key)
        said = ""
        if confirmed is not None:
            via = wording._(_VIA[confirmed.via]) if confirmed.via in _VIA else safe(confirmed.via, 40)
            at = f"{confirmed.at.astimezone(wording.roster.zone):%H:%M:%S %d/%m/%Y}"
            said = wording._("Confirmed at {at} by {via}").format(at=at, via=via)
        yield Signing(wording.people([key]), said)
