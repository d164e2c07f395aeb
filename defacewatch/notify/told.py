"""What alerts tell of themselves that are about no page: announcements, raised watch, channels, handovers."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from defacewatch.alerts import AlertKind, Notice
from defacewatch.language import N_, Translate, local_time, more
from defacewatch.notify.hostile import safe
from defacewatch.notify.sayings import REDUCED
from defacewatch.notify.ways import way
from defacewatch.windows import LINK

# What is said of an announcement, by the names of its facts.
ANNOUNCED = (
    ("portal", N_("Web portal")),
    ("reason", N_("What will be done")),
    ("by", N_("Announced by")),
    ("contact", N_("Telephone")),
)

HANDED = (  # what a handover counts, by the names in its summary
    ("unresolved", N_("Incidents not resolved")),
    ("blind", N_("Pages that cannot be seen")),
    ("paused", N_("Portals paused")),
    ("muted", N_("Pages with something left out")),
    ("windows", N_("Announced updates running")),
    ("proposals", N_("Looks waiting for approval")),
)
ITSELF = {"coverage": N_("Seen in time"), "channels": N_("Channels that do not answer")}
OTHERS = N_("others")
COUNTED = {  # kinds of alerts that a handover counts by name
    "defaced": N_("suspected attack"),
    "changed": N_("unusual change"),
    "unreachable": N_("unreachable"),
}
NAMED = 5  # incidents
UNPROVED = 10  # channels
LOST = 10  # acts that reduced the watch


def told_of(notice: Notice, _: Translate) -> Iterator[tuple[str, str]]:
    """What an alert tells of itself: of an announcement, or of a raised watch."""
    alert = notice.alert
    if alert.kind is AlertKind.HANDOVER:
        yield from _handover(alert.facts, notice.zone, _)
    if missing := alert.facts.get("missing"):
        yield _("Not confirmed by"), safe(str(missing), 200)
    yield from _unproved(alert.facts, _)
    yield from _reduced(alert.facts, _)
    if due := alert.facts.get("due"):
        yield _("Due"), local_time(datetime.fromisoformat(str(due)), notice.zone)
    if channel := alert.facts.get("channel"):
        yield _("Channel"), safe(str(channel), 80)
    if error := alert.facts.get("error"):
        yield _("It said"), safe(str(error), 200)
    if alert.kind is AlertKind.ANNOUNCED:
        for name, label in ANNOUNCED:
            if said := alert.facts.get(name):
                link = name == "by" and alert.facts.get("via") == LINK
                mark = f" ({_('by the agency’s link')})" if link else ""
                yield _(label), safe(str(said), 300) + mark
    if "starts" in alert.facts and "ends" in alert.facts:
        ends = (datetime.fromisoformat(str(alert.facts[name])) for name in ("starts", "ends"))
        yield _("Period"), " – ".join(local_time(moment, notice.zone) for moment in ends)
    if "first" in alert.facts and "last" in alert.facts:
        days = (date.fromisoformat(str(alert.facts[name])) for name in ("first", "last"))
        yield _("Period"), " – ".join(f"{day:%d/%m/%Y}" for day in days)
        yield _("Occasion"), safe(str(alert.facts.get("name", "")), 100)


def _unproved(facts: Mapping[str, object], _: Translate) -> Iterator[tuple[str, str]]:
    """Channels whose test was not answered, or could not be delivered."""
    tests = facts.get("unproved")
    for test in tests[:UNPROVED] if isinstance(tests, list) else ():
        error = test.get("error")
        why = _("not delivered: {error}").format(error=error) if error is not None else _("not answered")
        yield _("Channel not proved"), safe(f"{test.get('officer')} – {test.get('channel')}: {why}", 200)


def _reduced(facts: Mapping[str, object], _: Translate) -> Iterator[tuple[str, str]]:
    """How the watch was reduced, of which portal and by whom."""
    acts, count = facts.get("reduced"), facts.get("count")
    listed = acts if isinstance(acts, list) else []
    for act in listed[:LOST]:
        label = _(REDUCED.get(str(act.get("what")), OTHERS))
        words = _("{portal} – by {name} ({source})").format(
            portal=act.get("portal"), name=act.get("by"), source=way(str(act.get("via")), _)
        )
        yield label, safe(words + (f": {act['detail']}" if act.get("detail") else ""), 300)
    if isinstance(count, int) and count > LOST:
        yield _("Besides"), more(count - LOST, _)


def _handover(facts: Mapping[str, object], zone: str, _: Translate) -> Iterator[tuple[str, str]]:
    """What one shift leaves to the next."""
    summary = facts.get("summary")
    if not isinstance(summary, Mapping):
        return
    yield _("Goes"), safe(str(summary.get("goes") or "–"), 200)
    yield _("Comes"), safe(str(summary.get("comes") or "–"), 200)
    for name, label in HANDED:
        yield _(label), str(summary.get(name, 0))
    listed = summary.get("incidents")
    for incident in listed[:NAMED] if isinstance(listed, list) else ():
        by = incident.get("by")
        taken = _("Acknowledged by {name}").format(name=by) if by else _("not acknowledged")
        yield safe(str(incident.get("code")), 20), safe(f"{incident.get('portal')} – {taken}", 160)
    happened = summary.get("alerts")
    if isinstance(happened, Mapping) and happened:
        named = {str(kind): _(COUNTED.get(str(kind), OTHERS)) for kind in happened}
        counts = Counter[str]()
        for kind, count in happened.items():
            counts[named[str(kind)]] += int(count)
        text = ", ".join(f"{words} {count}" for words, count in counts.items())
        yield _("Alerts since the last handover"), safe(text, 300)
    for name in ("coverage", "channels"):
        if value := summary.get(name):
            yield _(ITSELF[name]), safe(str(value), 200)
    since = summary.get("since")
    if isinstance(since, str):
        yield _("Since"), local_time(datetime.fromisoformat(since), zone)
