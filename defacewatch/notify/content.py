"""What a message says, before it has a form: headline, notes, facts, signs, deadline."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from defacewatch.alerts import ESCALATES, OF_ITSELF, AlertKind, Notice, handover_of
from defacewatch.campaigns import Mark
from defacewatch.incidents import Incident, State
from defacewatch.language import Translate, local_time, translator
from defacewatch.notify.hostile import safe
from defacewatch.notify.sayings import (
    CHECKLIST,
    DEADLINES,
    DRILL,
    DUES,
    EXPLAINED,
    HAPPENED,
    HEADLINES,
    ROLES,
    TRAITS,
)
from defacewatch.notify.told import told_of
from defacewatch.portals import Urgency
from defacewatch.signals import Kind, Role, Signal

SIGNS = 6  # signals told in a message; the rest are counted
VALUES = 3  # hosts or phrases named in one signal
CONTACTS = 2
STEPS = 5  # of the runbook; the rest is in the console


@dataclass(frozen=True)
class Sign:
    """One signal as it is told: a sentence in the officer's language, and its points ('60 points', ''). Of an
    `incident` that is told among others, `short` is the sentence without what is seen there."""

    sentence: str
    points: str = ""
    short: str = ""
    incident: int | None = None

    @property
    def line(self) -> str:
        return f"{self.sentence} · {self.points}" if self.points else self.sentence


@dataclass(frozen=True)
class Content:
    """A message without a form. All texts are clean and defanged, but not escaped; `link` is our own, and so
    is `take`, where an officer who reads mail takes the incident; `listed` stands above the signs, and
    `unsaid_as` says how many more there are. Of incidents that have no sign here `codes` are the numbers of
    those that are told of anew, `known` of those that were told before; `uncoded` is how many have not even
    that."""

    emoji: str
    headline: str
    colour: str
    code: str | None
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    signs: tuple[Sign, ...]
    unsaid: int
    deadline: tuple[str, str] | None
    link: str | None
    take: str | None = None
    take_label: str = ""
    steps: tuple[str, ...] = ()
    listed: str = ""
    unsaid_as: str = ""
    codes: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    uncoded: int = 0

    @property
    def rest(self) -> str:
        """What is said of all that has no sign: how many, and their codes."""
        said = self.unsaid_as.format(count=self.unsaid)
        codes = incident_codes((*self.codes, *self.known))
        more = f" (+{self.uncoded})" if self.uncoded else ""
        return f"{said}: {codes}{more}" if codes else said


def incident_code(incident: int) -> str:
    """The code of an incident as people say it: 'SC-000123' (SC: sự cố)."""
    return f"SC-{incident:06d}"


def incident_codes(numbers: Iterable[int]) -> str:
    """Codes of incidents, those that follow one another as a range: 'SC-000012–SC-000040, SC-000044'."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        incident_code(run[0]) + (f"–{incident_code(run[-1])}" if len(run) > 1 else "") for run in runs
    )


def campaign_code(campaign: int) -> str:
    """The code of a campaign as people say it: 'DT-000012' (DT: đợt)."""
    return f"DT-{campaign:06d}"


def campaign_number(code: str) -> int | None:
    """The campaign that a person means by 'DT-000012'; None if it is none."""
    found = re.fullmatch(r"DT-?(\d{1,18})", code.strip(), re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None


def common(mark: Mark, _: Translate) -> str:
    """What the incidents of a campaign have in common, in a few words."""
    return _(TRAITS[mark.trait]).format(value=safe(mark.value, 100))


def incident_number(code: str) -> int | None:
    """The incident that a person means by 'SC-000123', '#123' or '123'; None if it is none of these."""
    found = re.fullmatch(r"(?:SC-?|#)?(\d{1,18})", code.strip(), re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None


def compose(notice: Notice) -> Content:
    """What the message about `notice` says, in its language and time zone."""
    _ = translator(notice.language)
    emoji, headline, colour = HEADLINES[notice.alert.kind]
    told = _told_signals(notice)
    return Content(
        emoji,
        f"{_('DRILL')}: {_(headline)}" if _is_drill(notice) else _(headline),
        colour,
        incident_code(notice.incident.id) if notice.incident else None,
        tuple(_notes(notice, _)),
        tuple(_facts(notice, _)),
        tuple(sign(signal, _) for signal in told[:SIGNS]),
        max(0, len(told) - SIGNS),
        _deadline(notice, _),
        notice.evidence_url,
        notice.take_url if notice.alert.kind in ESCALATES or handover_of(notice.alert) else None,
        _("Confirm the handover") if handover_of(notice.alert) else _("Take the incident"),
        tuple(safe(step.text, 160) for step in notice.runbook.steps[:STEPS])
        if notice.alert.kind in ESCALATES
        else (),
        _("Signs"),
        _("and {count} more signs"),
    )


def _is_drill(notice: Notice) -> bool:
    return notice.page is not None and notice.page.drill


def _notes(notice: Notice, _: Translate) -> Iterator[str]:
    alert, incident = notice.alert, notice.incident
    if _is_drill(notice):
        yield _(DRILL)
    if alert.kind in EXPLAINED:
        yield _(EXPLAINED[alert.kind])
    if alert.kind in (AlertKind.DEFACED, AlertKind.CHANGED) and _is_intermittent(notice):
        yield _("Intermittent: not every look shows it")
    event = str(alert.facts.get("event", ""))
    if event in HAPPENED:
        yield _(HAPPENED[event])
    if held_by := alert.facts.get("held_by"):
        held = _("{name} had taken it before it was an attack: it is open again, and waits for somebody")
        yield held.format(name=safe(str(held_by), 60))
    if alert.kind is AlertKind.HANDOVER and _is_test(notice):
        yield _("This message tests this channel: press here as well when you have confirmed elsewhere.")
    if alert.kind is AlertKind.WATCH_RAISED:
        yield _("Pages are looked at more often, and alerts go on more quickly. Check now:")
        yield from (f"☐ {_(line)}" for line in CHECKLIST)
    if words := DEADLINES.get((str(alert.facts.get("what")), str(alert.facts.get("stage")))):
        yield _(words)
    if alert.kind is AlertKind.TAKEN and incident is not None and incident.acknowledged_by:
        count, giver = alert.facts.get("count"), alert.facts.get("assigned_by")
        if giver:
            words = _("{who} has assigned it to {name}")
            yield words.format(who=safe(str(giver), 60), name=safe(incident.acknowledged_by, 60))
            return
        several = _("{name} has taken {count} incidents") if count else _("{name} has taken it")
        yield several.format(name=safe(incident.acknowledged_by, 60), count=count)
    if incident is not None and alert.kind in ESCALATES:
        yield from _stands(notice, incident, _)


def _stands(notice: Notice, incident: Incident, _: Translate) -> Iterator[str]:
    """How an incident stands by now."""
    if not incident.present and incident.state is not State.RESOLVED:
        yield _("By now the page looks as approved again")
    if incident.state is State.OPEN and notice.delivery is not None and notice.delivery.step > 0:
        yield _("Nobody has acknowledged this alert in time")
    if incident.acknowledged_by and incident.state is not State.RESOLVED:
        yield _("Acknowledged by {name}").format(name=safe(incident.acknowledged_by, 60))


def _is_test(notice: Notice) -> bool:
    """Whether the message of a handover also tests the channel that it goes out on."""
    tests, delivery = notice.alert.facts.get("tests"), notice.delivery
    return isinstance(tests, list) and delivery is not None and [delivery.officer, delivery.channel] in tests


def _is_intermittent(notice: Notice) -> bool:
    seen = notice.verdict is not None and notice.verdict.intermittent
    return bool(notice.alert.facts.get("intermittent", seen))


def _facts(notice: Notice, _: Translate) -> Iterator[tuple[str, str]]:
    alert, incident, portal = notice.alert, notice.incident, notice.portal
    if incident is not None:
        code = incident_code(incident.id)
        if incident.previous is not None:
            code += " " + _("(follows {code})").format(code=incident_code(incident.previous))
        yield _("Code"), code
    if notice.campaign is not None and notice.together > 1:
        joint = _("{code}, one of {count}: {common}")
        yield (
            _("Belongs to"),
            joint.format(
                code=campaign_code(notice.campaign.id),
                count=notice.together,
                common=common(notice.campaign.because, _),
            ),
        )
    if portal is not None:
        yield _("Urgency"), _urgency(notice, _)
        where = f" – {safe(urlsplit(notice.page.url).netloc)}" if notice.page else ""
        yield _("Web portal"), safe(portal.name) + where
        if notice.page is not None and urlsplit(notice.page.url).path not in ("", "/"):
            yield _("Address"), safe(notice.page.url)
        if portal.operator:
            yield _("Operating unit"), safe(portal.operator)
        if portal.owner:
            yield _("Governing body"), safe(portal.owner)
        if alert.kind in (AlertKind.DEFACED, AlertKind.CHANGED, AlertKind.UNREACHABLE) and portal.contacts:
            yield (
                _("Contact"),
                "; ".join(
                    safe(" ".join(filter(None, (c.name, c.phone)))) for c in portal.contacts[:CONTACTS]
                ),
            )
    yield from told_of(notice, _)
    yield from _times(notice, _)
    if alert.kind is AlertKind.TEST and notice.to is not None:
        yield _("To"), safe(notice.to.name)


def _urgency(notice: Notice, _: Translate) -> str:
    words = [_("HIGH") if notice.alert.urgency is Urgency.HIGH else _("normal")]
    if notice.portal and notice.portal.level is not None:
        words.append(_("security level {level}").format(level=notice.portal.level))
    if notice.portal and notice.portal.critical:
        words.append(_("critical portal"))
    return " · ".join(words)


def _times(notice: Notice, _: Translate) -> Iterator[tuple[str, str]]:
    alert, incident = notice.alert, notice.incident
    at = local_time(alert.at, notice.zone)
    if alert.kind is AlertKind.RECOVERED:
        if incident is not None:
            yield _("Unreachable since"), local_time(incident.opened_at, notice.zone)
        yield _("Reachable again"), at
        return
    if alert.kind not in ESCALATES or alert.kind in OF_ITSELF:
        yield _("Time"), at
        coverage = alert.facts.get("coverage")
        if isinstance(coverage, int | float):
            yield _("Seen in time"), f"{coverage:.1%}"
        return
    seen_at = alert.facts.get("seen_at")
    seen = datetime.fromisoformat(seen_at) if isinstance(seen_at, str) else alert.at
    at = local_time(seen, notice.zone)
    confirmed = notice.confirmed_at
    if confirmed is not None and _clock_time(confirmed, seen, notice.zone) != f"{at[:8]}":
        again = _clock_time(confirmed, seen, notice.zone)
        at += ", " + _("checked again {time}").format(time=again)
    yield _("Detected"), at
    for clock in notice.clocks:
        yield _(DUES[clock.what]), local_time(clock.due, notice.zone)


def _clock_time(moment: datetime, beside: datetime, zone: str) -> str:
    """The time of day, with the date only where it is not the one of `beside`."""
    there, other = (m.astimezone(ZoneInfo(zone)) for m in (moment, beside))
    return f"{there:%H:%M:%S}" if there.date() == other.date() else f"{there:%H:%M:%S %d/%m/%Y}"


def _told_signals(notice: Notice) -> list[Signal]:
    """The signals worth a line, worst first."""
    kind = notice.alert.kind
    if notice.verdict is None or kind not in (
        AlertKind.DEFACED,
        AlertKind.CHANGED,
        AlertKind.UNREACHABLE,
        AlertKind.CERTIFICATE,
    ):
        return []
    if kind is AlertKind.CERTIFICATE:
        return [s for s in notice.verdict.signals if s.kind in (Kind.TLS_EXPIRES_SOON, Kind.TLS)]
    if kind is AlertKind.UNREACHABLE:
        # an error page differs in everything from the page that it stands for; that is no news
        return [s for s in notice.verdict.signals if s.role is Role.OUTAGE]
    told = [s for s in notice.verdict.signals if s.points > 0 or s.role is Role.OUTAGE]
    return sorted(told, key=lambda s: -s.points)


def sign(signal: Signal, _: Translate) -> Sign:
    """`signal` as it is told in the language of `_`, its evidence cleaned, bounded and defanged."""
    sentence = signal.sentence(_, _shown)
    points = _("{points} points").format(points=f"{round(signal.points, 1):g}") if signal.points else ""
    return Sign(sentence[:1].upper() + sentence[1:], points)


def _shown(value: object) -> object:
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        most = 60 if len(value) > 1 else 120
        shown = [safe(item, most) for item in list(value)[:VALUES]]
        return ", ".join(shown) + (f" (+{len(value) - VALUES})" if len(value) > VALUES else "")
    return safe(value, 120)


def _deadline(notice: Notice, _: Translate) -> tuple[str, str] | None:
    """Until when somebody has to take it, and to whom it goes then; without an incident there is nothing to
    take, and it goes on in any case."""
    taken = notice.incident is not None and notice.incident.state is not State.OPEN
    if notice.deadline is None or taken:
        return None
    due = local_time(notice.deadline, notice.zone)
    following = notice.next_to or ""
    to = _(ROLES[following]) if following in ROLES else safe(following, 60)
    if notice.incident is None:
        return (_("Goes on"), _("to {next} at {time}").format(next=to, time=due)) if to else None
    return _("Acknowledge by"), due + ("; " + _("after that it goes to {next}").format(next=to) if to else "")
