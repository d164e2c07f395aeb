"""What a message says that carries several deliveries: a campaign, or a digest."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from defacewatch.alerts import KIND_OF_VERDICT, AlertKind
from defacewatch.gathering import LINES, Entry, Gathered
from defacewatch.incidents import State
from defacewatch.language import N_, Translate, local_time, translator
from defacewatch.notify.content import Content, Sign, campaign_code, common, incident_code, sign
from defacewatch.notify.hostile import safe
from defacewatch.notify.sayings import DEADLINES, HEADLINES, ROLES
from defacewatch.verdicts import VerdictKind

_TOGETHER: Mapping[VerdictKind | None, str] = {  # by the worst that is told of
    VerdictKind.DEFACED: N_("SUSPECTED ATTACK ON SEVERAL PAGES"),
    VerdictKind.CHANGED: N_("SEVERAL PAGES CHANGED ALIKE"),
    VerdictKind.UNREACHABLE: N_("SEVERAL PAGES UNREACHABLE"),
}
_DIGEST = N_("SEVERAL ALERTS AT ONCE")


def compose_gathered(gathered: Gathered) -> Content:
    """What the message says, in its language and time zone."""
    _ = translator(gathered.language)
    worst = worst_of(gathered.entries)
    emoji, _headline, colour = HEADLINES[KIND_OF_VERDICT[worst] if worst else AlertKind.CERTIFICATE]
    campaign = gathered.campaign
    told = gathered.entries[:LINES]
    waiting = len(gathered.open)
    rest = [(entry.incident.id, entry.fresh) for entry in gathered.entries[LINES:] if entry.incident]
    return Content(
        emoji,
        f"{_(_TOGETHER[worst]) if campaign and worst else _(_DIGEST)} ({len(gathered.entries)})",
        colour,
        campaign_code(campaign.id) if campaign else None,
        tuple(_notes(gathered, _)),
        tuple(_facts(gathered, waiting, _)),
        tuple(_line(entry, _) for entry in told),
        len(gathered.entries) - len(told),
        _deadline(gathered, _),
        gathered.url,
        gathered.take_url,
        _("Take all {count}").format(count=waiting),
        listed=_("Incidents"),
        unsaid_as=_("and {count} more incidents"),
        codes=tuple(number for number, fresh in rest if fresh),
        known=tuple(number for number, fresh in rest if not fresh),
    )


def worst_of(entries: tuple[Entry, ...]) -> VerdictKind | None:
    """The worst verdict of what is told of; None where it is about certificates alone."""
    kinds = {entry.incident.verdict for entry in entries if entry.incident is not None}
    return next((kind for kind in KIND_OF_VERDICT if kind in kinds), None)


def _notes(gathered: Gathered, _: Translate) -> Iterator[str]:
    if gathered.campaign is None:
        yield _("So many alerts came in one minute that these are told together.")
    else:
        yield _("These belong together. This message is kept up to date as more pages join.")
    if gathered.late:
        yield _("Nobody has acknowledged this alert in time")
    for name, count in sorted(_taken(gathered)):
        yield _("{name} has taken {count} incidents").format(name=safe(name, 60), count=count)


def _taken(gathered: Gathered) -> set[tuple[str, int]]:
    """Who has just taken several at once, and how many."""
    taken = set()
    for entry in gathered.entries:
        holder = entry.incident.acknowledged_by if entry.incident is not None else None
        counts = [facts.get("count") for facts in entry.facts]
        taken |= {(holder, count) for count in counts if holder and isinstance(count, int)}
    return taken


def _facts(gathered: Gathered, waiting: int, _: Translate) -> Iterator[tuple[str, str]]:
    incidents = [entry.incident for entry in gathered.entries if entry.incident is not None]
    if gathered.campaign is not None:
        yield _("Code"), campaign_code(gathered.campaign.id)
        yield _("In common"), common(gathered.campaign.because, _)
    portals = len({entry.portal.key for entry in gathered.entries})
    yield _("Web portals"), str(portals)
    yield _("Not acknowledged"), str(waiting)
    holders = sorted({incident.acknowledged_by for incident in incidents if incident.acknowledged_by})
    if holders:
        yield _("Acknowledged"), safe(", ".join(holders), 200)
    if incidents:
        first = min(incident.opened_at for incident in incidents)
        yield _("Since"), local_time(first, gathered.zone)
    yield _("As of"), local_time(gathered.at, gathered.zone)


def _deadline(gathered: Gathered, _: Translate) -> tuple[str, str] | None:
    if gathered.deadline is None:
        return None
    due, to = local_time(gathered.deadline, gathered.zone), gathered.next_to or ""
    to = _(ROLES[to]) if to in ROLES else safe(to, 60)
    return _("Acknowledge by"), due + ("; " + _("after that it goes to {next}").format(next=to) if to else "")


def _line(entry: Entry, _: Translate) -> Sign:
    """One incident: its code, how it stands, where it is, and its worst sign."""
    where = f"{safe(entry.portal.name, 60)} – {safe(urlsplit(entry.page.url).netloc, 60)}"
    if entry.incident is None:
        return Sign(f"🟡 {where}: {_(HEADLINES[AlertKind.CERTIFICATE][1]).lower()}")
    path = urlsplit(entry.page.url).path
    where += safe(path, 40) if path not in ("", "/") else ""
    new = "🆕 " if entry.is_new else ""
    drill = f"{_('DRILL')}: " if entry.page.drill else ""
    text = f"{new}{_mark(entry)} {drill}{incident_code(entry.incident.id)} {where}"
    if entry.portal.critical:
        text += f" · {_('critical portal')}"
    number = entry.incident.id
    keys = [(str(facts.get("what")), str(facts.get("stage"))) for facts in entry.facts]
    if due := [_(DEADLINES[key]) for key in dict.fromkeys(keys) if key in DEADLINES]:
        return Sign(f"{text}: " + "; ".join(f"⏰ {words}" for words in due), incident=number)
    signals = sorted(entry.verdict.signals if entry.verdict else (), key=lambda s: -s.points)
    if not signals or not entry.is_new:
        return Sign(text, incident=number)
    return Sign(f"{text}: {sign(signals[0], _).sentence}", short=text, incident=number)


def _mark(entry: Entry) -> str:
    assert entry.incident is not None
    if entry.incident.state is State.RESOLVED:
        return "✅"
    if not entry.incident.present:
        return "🟢"
    if entry.incident.state is State.ACKNOWLEDGED:
        return "✋"
    return HEADLINES[KIND_OF_VERDICT[entry.incident.verdict]][0]
