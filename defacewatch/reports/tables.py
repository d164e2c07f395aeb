"""The tables of a report. What others wrote (names of portals, of people, addresses) is made safe."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from defacewatch.alerts import AlertKind
from defacewatch.figures import Figures, PortalFigures, Story
from defacewatch.incidents import Resolution
from defacewatch.language import N_
from defacewatch.notify.content import incident_code
from defacewatch.notify.hostile import safe
from defacewatch.papers.paper import Column, Table
from defacewatch.reports.wording import NOTHING, RESOLUTIONS, VERDICTS, Wording

ITSELF = {
    AlertKind.BLIND: N_("The monitor was offline"),
    AlertKind.BEHIND: N_("The monitor did not keep up (less than 99 % in time)"),
    AlertKind.CHANNEL_DOWN: N_("Channel {channel} did not answer"),
}


def times(figures: Figures, wording: Wording) -> Table:
    _ = wording._
    rows = (
        (_("Time to alert (first receipt by an officer)"), figures.alert),
        (_("Time to acknowledge"), figures.acknowledge),
        (_("Time to restore"), figures.restore),
    )
    columns = (
        Column(_("Figure"), 5, centred=False),
        Column(_("Incidents counted"), 1.6),
        Column(_("Median"), 2),
        Column(_("P90"), 2),
        Column(_("Longest"), 2),
    )
    return Table(
        _("Figures of the duty desk"),
        columns,
        tuple(
            (label, str(s.count), *(wording.span(span) for span in (s.p50, s.p90, s.longest)))
            for label, s in rows
        ),
    )


def kinds(figures: Figures, wording: Wording) -> Table:
    """Incidents by verdict, and by how they ended."""
    _ = wording._
    ends = (Resolution.RESTORED, Resolution.FALSE_ALARM, Resolution.LEGITIMATE, None)
    ended = figures.ended()
    rows = [(_(VERDICTS[kind]), [ended[kind, end] for end in ends]) for kind in VERDICTS]
    rows.append(
        (_("All"), [sum(column) for column in zip(*(counts for _label, counts in rows), strict=True)])
    )
    columns = (
        Column(_("Verdict"), 3, centred=False),
        Column(_("Incidents"), 1.5),
        *(Column(_(RESOLUTIONS[end]).capitalize(), 1.7) for end in ends),
    )
    return Table(
        _("Incidents by verdict and result"),
        columns,
        tuple((label, str(sum(counts)), *map(str, counts)) for label, counts in rows),
    )


def portals(portals: Sequence[PortalFigures], wording: Wording) -> Table:
    _ = wording._
    columns = (
        Column(_("Web portal"), 5, centred=False),
        *(Column(_(label), 2.2) for label in VERDICTS.values()),
        Column(_("False alarm"), 1.5),
        Column(_("Not reachable for"), 2),
        Column(_("Availability"), 2.1),
    )
    return Table(
        _("Incidents by portal"),
        columns,
        tuple(
            (
                safe(portal.name, 120),
                *(str(portal.verdicts.get(kind, 0)) for kind in VERDICTS),
                str(portal.false),
                wording.span(portal.down) if portal.down else NOTHING,
                wording.share(portal.available),
            )
            for portal in portals
        ),
    )


def incidents(stories: Sequence[Story], wording: Wording) -> Table:
    _ = wording._
    columns = (
        Column(_("Code"), 2.3),
        Column(_("Web portal, page"), 3.7, centred=False),
        Column(_("Verdict"), 2.5),
        Column(_("Detected"), 2.3),
        Column(_("Alerted"), 2.3),
        Column(_("Acknowledged by"), 2.8),
        Column(_("Restored, result"), 2.5),
    )
    return Table(_("Incidents"), columns, tuple(_incident(story, wording) for story in stories))


def _incident(story: Story, wording: Wording) -> tuple[str, ...]:
    _ = wording._
    taken = NOTHING
    if story.acknowledged_at is not None:
        taken = f"{wording.person(story.acknowledged_by)}\n{wording.when(story.acknowledged_at)}"
    result = _(RESOLUTIONS[story.resolved_as]).capitalize()
    if story.restored_at is not None:
        result = f"{wording.when(story.restored_at)}\n{result}"
    return (
        incident_code(story.incident),
        f"{safe(story.name, 120)}\n{safe(story.url.partition('://')[2], 120)}",
        _(VERDICTS[story.verdict]) if story.verdict in VERDICTS else story.verdict.value,
        wording.when(story.opened_at),
        wording.when(story.told_at),
        taken,
        result,
    )


def false_alarms(figures: Figures, wording: Wording) -> Table:
    _ = wording._
    rows = []
    for one in figures.false_alarms:
        monday, most = max(one.weeks.items(), key=lambda week: week[1])
        span = f"{monday:%d/%m} – {monday + timedelta(days=6):%d/%m/%Y}"
        mean = wording.number(round(one.total / figures.period.weeks, 1))
        rows.append((wording.person(one.officer), str(one.total), mean, f"{most} ({span})"))
    columns = (
        Column(_("Officer"), 4, centred=False),
        Column(_("False alarms told"), 2),
        Column(_("Mean a week"), 2),
        Column(_("Most in a week"), 4),
    )
    return Table(_("False alarms by officer"), columns, tuple(rows))


def channels(figures: Figures, wording: Wording) -> Table:
    _ = wording._
    labels = (
        N_("Deliveries received"),
        N_("Given up"),
        N_("Waiting"),
        N_("Attempts"),
        N_("Share delivered"),
    )
    rows = []
    for use in figures.channels:
        ended = use.sent + use.failed
        share = wording.share(use.sent / ended) if ended else NOTHING
        rows.append(
            (safe(use.channel, 80), *map(str, (use.sent, use.failed, use.waiting, use.attempts)), share)
        )
    columns = (Column(_("Channel"), 3, centred=False), *(Column(_(label), 2) for label in labels))
    return Table(_("Channels"), columns, tuple(rows))


def interruptions(figures: Figures, wording: Wording) -> Table:
    _ = wording._
    columns = (
        Column(_("What"), 4, centred=False),
        Column(_("Times"), 1),
        Column(_("For how long"), 2),
        Column(_("Last began"), 2),
    )
    rows = []
    ordered = sorted(figures.interruptions, key=lambda one: (one.kind, one.channel, one.start))
    for (kind, channel), every in groupby(ordered, key=lambda one: (one.kind, one.channel)):
        found = list(every)
        spans = (figures.period.within(one.start, one.end or figures.at) for one in found)
        label = _(ITSELF[kind]).format(channel=safe(channel, 80))
        total = wording.span(sum(spans, timedelta(0)))
        rows.append((label, str(len(found)), total, wording.when(found[-1].start)))
    return Table(_("Times when the watch itself was not well"), columns, tuple(rows))


def unconfirmed(figures: Figures, wording: Wording) -> Table:
    """Handovers that somebody has not confirmed."""
    _ = wording._
    columns = (
        Column(_("Change of shift"), 2),
        Column(_("Goes"), 3, centred=False),
        Column(_("Comes"), 3, centred=False),
        Column(_("Not confirmed by"), 3, centred=False),
        Column(_("Shift lead told"), 2),
    )
    rows = tuple(
        (
            wording.when(handover.at),
            wording.people(handover.outgoing),
            wording.people(handover.incoming),
            wording.people(handover.missing),
            wording.when(handover.escalated_at),
        )
        for handover in figures.handovers
        if handover.missing
    )
    return Table(_("Handovers not confirmed by everybody"), columns, rows)


def drills(figures: Figures, wording: Wording) -> Table:
    _ = wording._
    columns = (
        Column(_("Code"), 2),
        Column(_("Web portal"), 3.5, centred=False),
        Column(_("Began, shift"), 2),
        Column(_("Detected after"), 2),
        Column(_("First told after"), 2),
        Column(_("Acknowledged after"), 2.6),
        Column(_("Acknowledged by"), 2.6),
    )
    rows = tuple(
        (
            incident_code(drill.incident),
            safe(drill.name, 120),
            "\n".join(filter(None, (wording.when(drill.opened_at), wording.shift(drill.opened_at)))),
            *(
                wording.span(drill.after(moment))
                for moment in (drill.alerted_at, drill.told_at, drill.acknowledged_at)
            ),
            wording.person(drill.acknowledged_by),
        )
        for drill in figures.drills
    )
    return Table(_("Drills"), columns, rows)
