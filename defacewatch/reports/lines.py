"""The figures of a period as JSON: spans in seconds, times RFC 3339 in UTC, people and portals by keys."""

from datetime import timedelta
from typing import Any

from defacewatch.figures import Figures, Spread, Story
from defacewatch.shapes import Line, handover_line, moment


def figures_line(figures: Figures) -> Line:
    period = figures.period
    done, of = figures.answered
    portals, pages = figures.watched
    return {
        "from": moment(period.start),
        "to": moment(period.end),
        "at": moment(figures.at),
        "portals": portals,
        "pages": pages,
        "time_to_alert": _spread(figures.alert),
        "time_to_acknowledge": _spread(figures.acknowledge),
        "time_to_restore": _spread(figures.restore),
        "acknowledged_before_escalation": {"incidents": done, "of": of},
        "ended": [
            {"verdict": verdict.value, "resolved_as": end.value if end else None, "incidents": number}
            for (verdict, end), number in sorted(
                figures.ended().items(), key=lambda item: (item[0][0], item[0][1] or "")
            )
        ],
        "incidents": [_story(story) for story in figures.stories],
        "carried": [_story(story) for story in figures.carried],
        "drills": [_story(story) for story in figures.drills],
        "by_portal": [
            {
                "portal": portal.key,
                "incidents": {verdict.value: number for verdict, number in sorted(portal.verdicts.items())},
                "false_alarms": portal.false,
                "unreachable_for": portal.down.total_seconds(),
                "availability": portal.available,
            }
            for portal in figures.portals
        ],
        "false_alarms": [
            {
                "officer": one.officer,
                "weeks": {week.isoformat(): number for week, number in one.weeks.items()},
            }
            for one in figures.false_alarms
        ],
        "channels": [
            {
                "channel": use.channel,
                "sent": use.sent,
                "failed": use.failed,
                "waiting": use.waiting,
                "attempts": use.attempts,
            }
            for use in figures.channels
        ],
        "interruptions": [
            {
                "kind": one.kind.value,
                "channel": one.channel or None,
                "from": moment(one.start),
                "to": moment(one.end),
            }
            for one in figures.interruptions
        ],
        "coverage": list(figures.coverage),
        "handovers": [handover_line(handover) for handover in figures.handovers],
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "incidents": spread.count,
        "p50": _seconds(spread.p50),
        "p90": _seconds(spread.p90),
        "longest": _seconds(spread.longest),
    }


def _story(story: Story) -> Line:
    return {
        "id": story.incident,
        "page": story.page,
        "portal": story.portal,
        "url": story.url,
        "verdict": story.verdict.value,
        "state": story.state.value,
        "opened_at": moment(story.opened_at),
        "told": {officer: moment(at) for officer, at in sorted(story.told.items())},
        "escalated_at": moment(story.escalated_at),
        "acknowledged_by": story.acknowledged_by,
        "acknowledged_at": moment(story.acknowledged_at),
        "restored_at": moment(story.restored_at),
        "resolved_at": moment(story.resolved_at),
        "resolved_as": story.resolved_as.value if story.resolved_as else None,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
