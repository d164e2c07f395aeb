"""What the bot says: short plain texts for a phone, without markup and without clickable addresses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from defacewatch.errors import DefacewatchError
from defacewatch.handovers import Handover
from defacewatch.incidents import Incident, Resolution, State
from defacewatch.language import N_, Translate, local_time, more
from defacewatch.notify.content import incident_code
from defacewatch.notify.hostile import safe
from defacewatch.notify.refusals import refusal as refusal_of
from defacewatch.raising import RaisedWatch
from defacewatch.roster import ON_DUTY, Officer, Roster, on_duty, recipients
from defacewatch.runbooks import Runbook, Tick
from defacewatch.shifttests import ChannelTest
from defacewatch.store.incidents import IncidentView
from defacewatch.store.states import PageState
from defacewatch.verdicts import VerdictKind

LINES = 15  # pages or incidents named in one answer

COMMANDS: Mapping[str, str] = {
    "status": N_("how all watched pages stand"),
    "incidents": N_("incidents that are not resolved"),
    "acknowledge": N_("take an incident: /acknowledge SC-000123"),
    "runbook": N_("what is to be done: /runbook SC-000123"),
    "done": N_("tick a step: /done SC-000123 2"),
    "onduty": N_("who is on duty now"),
    "help": N_("what this bot understands"),
}

VERDICTS: Mapping[VerdictKind | None, tuple[str, str]] = {
    VerdictKind.DEFACED: ("🔴", N_("suspected attack")),
    VerdictKind.CHANGED: ("🟠", N_("unusual change")),
    VerdictKind.UNREACHABLE: ("⚫", N_("unreachable")),
    VerdictKind.UNKNOWN: ("⚠️", N_("unknown, the monitor is blind")),
    VerdictKind.LEARNING: ("🔵", N_("no baseline yet")),
    VerdictKind.CLEAN: ("🟢", N_("as approved")),
    None: ("⚪", N_("not checked yet")),
}

RESOLUTIONS: Mapping[Resolution, str] = {
    Resolution.RESTORED: N_("the page was restored"),
    Resolution.FALSE_ALARM: N_("false alarm"),
    Resolution.LEGITIMATE: N_("legitimate update"),
    Resolution.DRILL: N_("drill"),
}


def help_text(_: Translate) -> str:
    lines = [f"/{command} – {_(words)}" for command, words in COMMANDS.items()]
    return "\n".join([_("This bot understands:"), *lines])


def refusal(user: int, _: Translate) -> str:
    """What somebody who is not in the roster is told, in a private chat only."""
    return _("You are not in the roster. Give this number to the administrator: {user}").format(user=user)


def refused(error: DefacewatchError, roster: Roster, zone: str, _: Translate) -> str:
    """What is in the way of what was asked."""
    return refusal_of(error, _, zone=zone, name_of=lambda key: named(key, roster))


def status(
    states: Sequence[PageState],
    watch: RaisedWatch | None,
    _: Translate,
    *,
    tests: Sequence[ChannelTest] = (),
    roster: Roster | None = None,
) -> str:
    """How many pages stand how, and those that need somebody, worst first; whether the watch is raised, and
    which channels of this shift are not proved."""
    counts = Counter(state.worst for state in states)
    lines = [_("{count} pages are watched").format(count=len(states))]
    if watch is not None:
        text = "🛡️ " + _("Raised watch: {name}, until {day}")
        lines.insert(0, text.format(name=safe(watch.name, 60), day=f"{watch.last:%d/%m/%Y}"))
    lines += [
        f"{emoji} {_(words)}: {counts[verdict]}"
        for verdict, (emoji, words) in VERDICTS.items()
        if counts[verdict]
    ]
    if tests:
        lines.append(_proved(tests, roster or Roster(), _))
    order = list(VERDICTS)
    bad = [state for state in states if order.index(state.worst) < order.index(VerdictKind.UNKNOWN)]
    bad.sort(key=lambda state: order.index(state.worst))
    if bad:
        lines.append("")
    for state in bad[:LINES]:
        code = f" · {incident_code(state.incident.id)}" if state.incident else ""
        lines.append(f"{VERDICTS[state.worst][0]} {safe(state.portal.name, 60)}{code}")
    return "\n".join(lines + _more(len(bad), _))


def _proved(tests: Sequence[ChannelTest], roster: Roster, _: Translate) -> str:
    """How many channels of this shift are proved, and whose are not."""
    missing = [f"{named(t.officer, roster)} – {t.channel}" for t in tests if t.acknowledged_at is None]
    text = _("Channels proved this shift: {count} of {all}")
    said = text.format(count=len(tests) - len(missing), all=len(tests))
    return f"🔔 {said}" + (f" ({'; '.join(missing[:LINES])})" if missing else "")


def incidents(views: Sequence[IncidentView], roster: Roster, zone: str, _: Translate) -> str:
    """The unresolved incidents, newest first, two lines each."""
    if not views:
        return _("No incident is open.")
    lines: list[str] = []
    for view in views[:LINES]:
        incident = view.incident
        emoji, words = VERDICTS[incident.verdict]
        host = safe(urlsplit(view.page.url).netloc)
        drill = f"{_('DRILL')}: " if view.page.drill else ""
        lines.append(f"{emoji} {drill}{incident_code(incident.id)} · {safe(view.portal.name, 60)} – {host}")
        taken = _("not acknowledged")
        if incident.state is State.ACKNOWLEDGED:
            taken = _("acknowledged by {name}").format(name=named(incident.acknowledged_by, roster))
        lines.append(f"{_(words)} · {local_time(incident.opened_at, zone)} · {taken}")
    return "\n".join(lines + _more(len(views), _))


def onduty(roster: Roster, now: datetime, _: Translate) -> str:
    """Who is on duty or, in a gap of the roster, who is told instead."""
    officers = on_duty(roster, now)
    words = _("On duty:")
    if not officers:
        officers = recipients(roster, ON_DUTY, now)
        words = _("Nobody is on duty. Alerts go to:")
    return "\n".join([words, *(f"• {' '.join(filter(None, (o.name, o.phone)))}" for o in officers)])


def runbook(
    number: int, found: Runbook, done: Mapping[str, Tick], roster: Roster, zone: str, _: Translate
) -> str:
    """What is to be done in an incident, and who has done what of it."""
    if not found.steps:
        return _("There is no runbook for this incident.")
    lines = [f"{incident_code(number)} · {safe(found.title, 100)}"]
    for place, step in enumerate(found.steps, 1):
        tick = done.get(step.text)
        by = f" – {named(tick.by, roster)}, {local_time(tick.at, zone)}" if tick else ""
        lines.append(f"{'☑' if tick else '☐'} {place}. {safe(step.text, 160)}{by}")
    return "\n".join([*lines, _("Tick one: /done {code} 1").format(code=incident_code(number))])


def handed_over(handover: Handover, roster: Roster, _: Translate, *, unproved: Sequence[str] = ()) -> str:
    """That a handover was confirmed, by whom it is not yet, and which channels the officer has still to
    prove."""
    names = ", ".join(named(key, roster) for key in handover.missing)
    said = _("✅ The handover is confirmed by everybody.")
    if names:
        said = _("✅ You have confirmed the handover. Still to confirm: {names}").format(names=names)
    if unproved:
        text = _("Press in the message on your other channels, too: {channels}")
        said += "\n" + text.format(channels=", ".join(unproved))
    return said


def took_all(taken: int, before: int, later: int, officer: Officer, _: Translate) -> str:
    """What a press of 'take all' came to; `before` counts what this officer had already, `later` what came
    since the button was made and nobody has."""
    if taken:
        words = _("✋ {count} incidents acknowledged by {name}")
        said = words.format(count=taken, name=safe(officer.name, 60))
    elif before:
        said = _("You have {count} of these; nothing is left to take.").format(count=before)
    else:
        said = _("Nothing is left to take.")
    if later:
        said += " " + _("{count} more have come since: see the latest message.").format(count=later)
    return said


def acknowledged(incident: Incident, roster: Roster, zone: str, _: Translate) -> str:
    at = local_time(incident.acknowledged_at, zone) if incident.acknowledged_at else ""
    return _("✋ {code} was acknowledged by {name} at {time}").format(
        code=incident_code(incident.id), name=named(incident.acknowledged_by, roster), time=at
    )


def resolved(incident: Incident, roster: Roster, zone: str, _: Translate) -> str:
    at = local_time(incident.resolved_at, zone) if incident.resolved_at else ""
    how = _(RESOLUTIONS[incident.resolved_as]) if incident.resolved_as else ""
    return _("{code} was closed by {name} at {time}: {how}").format(
        code=incident_code(incident.id), name=named(incident.resolved_by, roster), time=at, how=how
    )


def proposed(capture: str, by: str, roster: Roster, _: Translate) -> str:
    return _(
        "Capture {capture} is proposed as baseline by {name}."
        " The incident stays open until an approver approves it:"
        " defacewatch baseline approve {capture} --reason …"
    ).format(capture=capture, name=named(by, roster))


def named(key: str | None, roster: Roster) -> str:
    """An officer's name where `key` is one; the key as it is otherwise (a system user, the program)."""
    officer = roster.officer(key) if key else None
    return safe(officer.name if officer else key or "?", 60)


def _more(count: int, _: Translate) -> list[str]:
    return [f"… {more(count - LINES, _)}"] if count > LINES else []
