"""The report on one incident (BÁO CÁO): what happened, what was seen, who was told, and who did what."""

from collections.abc import Iterator
from datetime import datetime

from defacewatch.alerts import Delivery
from defacewatch.evidence import Account
from defacewatch.incidents import PROGRAM, Event, Incident, Resolution, State
from defacewatch.language import N_
from defacewatch.notify.content import campaign_code, common, incident_code, sign
from defacewatch.notify.hostile import safe
from defacewatch.notify.sayings import DELIVERIES, EVENTS, STATES
from defacewatch.notify.ways import way
from defacewatch.papers.paper import Block, Column, Heading, Paper, Picture, Pictures, Table, Text
from defacewatch.reports.form import Issuer, foot, letterhead
from defacewatch.reports.wording import BLANK, NOTHING, RESOLUTIONS, VERDICTS, Wording
from defacewatch.store.incidents import TimelineEntry
from defacewatch.verdicts import VerdictKind

LISTED = 200  # lines of a timeline, and messages, the latest
SIGNS = 40  # the strongest
NO_PICTURE = N_("There is no picture of it: the page could not be shown.")
NONE_KEPT = N_("There is no picture of it, or none any more.")


def incident_report(
    account: Account, issuer: Issuer, wording: Wording, *, at: datetime, number: str = ""
) -> Paper:
    """The report as a paper that is dated `at`. What the page says in it is cleaned, cut, and no link."""
    _, view = wording._, account.evidence.view
    sections = (
        (_("What is known"), _known(account, wording)),
        (_("Signs"), _signs(account, wording)),
        (_("The page before and after"), _pictures(account, wording)),
        (_("What happened"), _timeline(account, wording)),
        (_("Who was told"), _told(account, wording)),
        (_("Who did what"), _people(account, wording)),
        (_("What was to be done"), _steps(account, wording)),
        (_("What is kept as evidence"), _kept(account, wording)),
    )
    blocks: list[Block] = [Text(_opening(account, wording, at))]
    if view.page.drill:
        blocks.append(Text(_("It was a drill: the portal was untouched.")))
    for place, (title, of) in enumerate(sections, 1):
        blocks += [Heading(f"{place}. {title}"), *of]
    closing = _("This is the report of {issuer} on the incident named above.")
    blocks.append(Text(closing.format(issuer=issuer.name or BLANK * 3)))
    return Paper(
        wording.language,
        letterhead(issuer, "BC", wording, at, number),
        _("REPORT"),
        (
            _("On incident {code}: {verdict}").format(
                code=incident_code(view.incident.id), verdict=_verdict(view.incident.verdict, wording).lower()
            ),
            safe(view.portal.name, 160),
        ),
        tuple(blocks),
        foot(issuer, wording),
    )


def _opening(account: Account, wording: Wording, at: datetime) -> str:
    """What was found when it began, which may have become worse since, and how it stands."""
    _, view = wording._, account.evidence.view
    began = (one.verdict for one in account.evidence.timeline if one.event is Event.OPENED)
    found = next(filter(None, began), view.incident.verdict)
    text = _("At {at}, the watch over web portals found on a page of {portal}: {verdict}.").format(
        at=wording.formal(view.incident.opened_at),
        portal=safe(view.portal.name, 160),
        verdict=_verdict(found, wording).lower(),
    )
    state = _("At {at} it stood as follows: {state}.")
    return f"{text} " + state.format(at=wording.moment(at), state=_state(view.incident, wording))


def _known(account: Account, wording: Wording) -> Iterator[Block]:
    rows = tuple((label, text) for label, text in _facts(account, wording) if text)
    columns = (Column(wording._("Item"), 3, centred=False), Column(wording._("Detail"), 7, centred=False))
    yield Table(wording._("What is known"), columns, rows)


def _facts(account: Account, wording: Wording) -> Iterator[tuple[str, str]]:
    _, evidence = wording._, account.evidence
    incident, portal = evidence.view.incident, evidence.view.portal
    yield _("Web portal"), safe(portal.name, 160) + (f" ({_('critical')})" if portal.critical else "")
    yield _("Address"), safe(evidence.view.page.url, 300)
    yield _("Governing body"), safe(portal.owner or "", 160)
    yield _("Operating unit"), safe(portal.operator or "", 160)
    yield _("Security level"), str(portal.level or "")
    yield _("Verdict"), _verdict(incident.verdict, wording)
    yield _("Title of the page then"), safe(evidence.capture.title, 200) if evidence.capture else ""
    yield _("Detected"), _clock(incident.opened_at, wording)
    attacked = incident.attacked_at
    if attacked is not None and attacked > incident.opened_at:
        yield _("An attack since"), _clock(attacked, wording)
    yield _("Confirmed"), _clock(evidence.proof.confirmed_at, wording)
    first = min((one.sent_at for one in evidence.deliveries if one.sent_at is not None), default=None)
    yield _("First told"), _after(first, incident, wording)
    if incident.acknowledged_by is not None:
        taken = _after(incident.acknowledged_at, incident, wording)
        yield _("Acknowledged by"), ", ".join(filter(None, (wording.person(incident.acknowledged_by), taken)))
    if incident.resolved_by is not None:
        closed = _after(incident.resolved_at, incident, wording)
        yield _("Resolved by"), ", ".join(filter(None, (wording.person(incident.resolved_by), closed)))
    yield _("State"), _state(incident, wording)
    if incident.state is not State.RESOLVED and not incident.present:
        yield _("Now"), _("the page looks as approved again")
    elif incident.intermittent:
        yield _("Seen"), _("not by every look: it comes and goes")
    if account.campaign is not None:
        yield _("Belongs to"), f"{campaign_code(account.campaign.id)}: {common(account.campaign.because, _)}"
    if incident.previous:
        yield _("Follows"), incident_code(incident.previous)


def _pictures(account: Account, wording: Wording) -> Iterator[Block]:
    _, evidence = wording._, account.evidence
    names = {_("Before – as approved"): evidence.before, _("After – as seen"): evidence.capture}
    before, after = (
        f"{name}\n{_clock(capture.at, wording)}" if capture is not None else name
        for name, capture in names.items()
    )
    lacking = _(NO_PICTURE if evidence.proof.after is None else NONE_KEPT)
    yield Pictures((Picture(before, account.before, _(NONE_KEPT)), Picture(after, account.after, lacking)))
    yield Text(
        _("The first screen of each; the whole pictures are in the archive of the incident."), note=True
    )


def _signs(account: Account, wording: Wording) -> Iterator[Block]:
    _, verdict = wording._, account.evidence.proof.verdict
    signals = sorted(verdict.signals if verdict else (), key=lambda signal: -signal.points)
    if not signals or verdict is None:
        yield Text(_("None."))
        return
    columns = (Column(_("No."), 1), Column(_("Sign"), 10, centred=False), Column(_("Points"), 1.5))
    rows = tuple(
        (str(place), sign(signal, _).sentence, wording.number(signal.points) if signal.points else NOTHING)
        for place, signal in enumerate(signals[:SIGNS], 1)
    )
    yield Table(_("Signs"), columns, rows)
    whole = _("{points} points together").format(points=wording.number(verdict.score))
    yield Text(_more(len(signals), SIGNS, whole[:1].upper() + whole[1:], wording), note=True)


def _timeline(account: Account, wording: Wording) -> Iterator[Block]:
    _, entries = wording._, account.evidence.timeline
    columns = (
        Column(_("Time"), 2),
        Column(_("What happened"), 6, centred=False),
        Column(_("By"), 4, centred=False),
    )
    rows = tuple(
        (wording.when(entry.at), _happened(entry, wording), _by(entry, wording))
        for entry in entries[-LISTED:]
    )
    yield Table(_("What happened"), columns, rows)
    if len(entries) > LISTED:
        yield Text(_more(len(entries), LISTED, "", wording), note=True)


def _happened(entry: TimelineEntry, wording: Wording) -> str:
    _ = wording._
    event = _(EVENTS[entry.event])
    if not entry.text:
        return event
    head, colon, rest = entry.text.partition(": ")
    if entry.event is Event.RESOLVED and head in list(Resolution):
        return f"{event}: {_(RESOLUTIONS[Resolution(head)])}" + (f"\n{safe(rest, 400)}" if colon else "")
    if entry.event is Event.ASSIGNED:
        return f"{event}: {wording.people([entry.text])}"
    return f"{event}\n{safe(entry.text, 400)}"


def _by(entry: TimelineEntry, wording: Wording) -> str:
    via = safe(way(entry.via, wording._), 80) if entry.via else ""
    return "\n".join(filter(None, (wording.person(entry.by), via)))


def _told(account: Account, wording: Wording) -> Iterator[Block]:
    _, deliveries = wording._, account.evidence.deliveries
    if not deliveries:
        yield Text(_("No message has been made yet."))
        return
    columns = (
        Column(_("Time"), 2),
        Column(_("Who"), 4, centred=False),
        Column(_("Channel"), 2),
        Column(_("State and receipt"), 5, centred=False),
    )
    rows = tuple(_delivery(one, wording) for one in deliveries[-LISTED:])
    yield Table(_("Who was told"), columns, rows)
    if len(deliveries) > LISTED:
        yield Text(_more(len(deliveries), LISTED, "", wording), note=True)


def _delivery(one: Delivery, wording: Wording) -> tuple[str, ...]:
    _ = wording._
    state = _(DELIVERIES[one.state])
    if one.attempts > 1:
        state += f" ({_('attempts: {count}').format(count=one.attempts)})"
    said = safe(one.error or one.receipt or "", 120)
    officer = wording.people([one.officer]) if one.officer else NOTHING
    return (
        wording.when(one.sent_at or one.created_at),
        officer,
        safe(one.channel, 60),
        "\n".join(filter(None, (state, said))),
    )


def _people(account: Account, wording: Wording) -> Iterator[Block]:
    """Each person once, with what they did, in the order in which they came to it."""
    _ = wording._
    acts: dict[str, list[TimelineEntry]] = {}
    for entry in account.evidence.timeline:
        if entry.by != PROGRAM:
            acts.setdefault(entry.by, []).append(entry)
    if not acts:
        yield Text(_("Nobody has done anything about it in the system yet."))
        return
    columns = (
        Column(_("Who"), 4, centred=False),
        Column(_("What they did"), 6, centred=False),
        Column(_("First"), 2),
        Column(_("Last"), 2),
    )
    rows = tuple(
        (wording.person(by), _did(done, wording), wording.when(done[0].at), wording.when(done[-1].at))
        for by, done in acts.items()
    )
    yield Table(_("Who did what"), columns, rows)


def _did(entries: list[TimelineEntry], wording: Wording) -> str:
    counts: dict[Event, int] = {}
    for entry in entries:
        counts[entry.event] = counts.get(entry.event, 0) + 1
    said = (wording._(EVENTS[event]) + (f" (× {n})" if n > 1 else "") for event, n in counts.items())
    return "\n".join(said)


def _steps(account: Account, wording: Wording) -> Iterator[Block]:
    _ = wording._
    if not account.steps:
        yield Text(_("There is no list of what to do in such an incident."))
        return
    columns = (
        Column(_("No."), 1),
        Column(_("Step"), 7, centred=False),
        Column(_("Done by"), 3.5, centred=False),
        Column(_("Time"), 2),
    )
    rows = []
    for place, step in enumerate(account.steps, 1):
        tick = account.done.get(step.text)
        who = _("not done") if tick is None else wording.person(tick.by)
        rows.append((str(place), safe(step.text, 300), who, wording.when(tick.at if tick else None)))
    yield Table(_("What was to be done"), columns, tuple(rows))


def _kept(account: Account, wording: Wording) -> Iterator[Block]:
    _, evidence = wording._, account.evidence
    lost = _("no longer kept")
    rows = []
    for name, capture in ((_("Before"), evidence.before), (_("After"), evidence.capture)):
        if capture is not None:
            parts = {
                _("picture"): capture.screenshot,
                _("document as served"): capture.served,
                _("document in the browser"): capture.dom,
            }
            gone = f" ({lost})" if capture.expired else ""
            rows += [(f"{name}: {part}{gone}\n{capture.id}", blob) for part, blob in parts.items()]
    if not rows:
        yield Text(_("None."))
        return
    columns = (Column(_("What, and of which capture"), 4, centred=False), Column("SHA-256", 7))
    yield Table(_("What is kept as evidence"), columns, tuple(rows))


def _verdict(kind: VerdictKind, wording: Wording) -> str:
    return wording._(VERDICTS[kind]) if kind in VERDICTS else kind.value


def _state(incident: Incident, wording: Wording) -> str:
    state = wording._(STATES[incident.state]).lower()
    if incident.resolved_as is None:
        return state
    return f"{state} – {wording._(RESOLUTIONS[incident.resolved_as])}"


def _clock(moment: datetime | None, wording: Wording) -> str:
    return "" if moment is None else wording.when(moment).replace("\n", " ")


def _after(moment: datetime | None, incident: Incident, wording: Wording) -> str:
    """A moment, with how long after the incident began it was."""
    if moment is None:
        return ""
    after = wording._("{span} after it was detected").format(span=wording.span(moment - incident.opened_at))
    return f"{_clock(moment, wording)} ({after})"


def _more(whole: int, listed: int, said: str, wording: Wording) -> str:
    """`said`, and how many lines are left out."""
    left = whole - listed
    more = wording._("Left out here, and in the system: {count}.").format(count=left) if left > 0 else ""
    return " ".join(filter(None, (said + "." if said else "", more)))
