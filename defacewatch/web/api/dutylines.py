"""The models of the duty desk: officers, turns, leave, announcements, handovers."""

from typing import Annotated

from pydantic import ConfigDict, Field

from defacewatch.alerts import AlertKind
from defacewatch.incidents import Resolution, State
from defacewatch.roster import Duty
from defacewatch.rostering import Fault
from defacewatch.verdicts import VerdictKind
from defacewatch.web.api.shared import Facts, Listed, Moment, Shape


class Spanned(Shape):
    """From a moment to before another."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment


class OfficerLine(Shape):
    key: str
    name: str
    role: Duty
    email: str | None
    telegram_user: int | None
    phone: str | None
    channels: list[str]


class TurnLine(Spanned):
    """A turn of duty; people by their keys."""

    shift: str
    team: str | None
    officers: list[str]
    secondary: list[str]
    lead: str | None
    away: list[str]


class FindingLine(Shape):
    fault: Fault
    from_: Annotated[Moment | None, Field(alias="from")]
    to: Moment | None
    officers: list[str]
    shifts: list[str]


class AbsenceLine(Spanned):
    """Leave, or half of a swap (`swap`: the number of its first half)."""

    id: int
    officer: str
    instead: str | None
    reason: str
    by: str
    at: Moment
    swap: int | None
    withdrawn_by: str | None
    withdrawn_at: Moment | None


class WindowLine(Spanned):
    """A maintenance window or an announced update."""

    id: int
    portal: str
    by: str
    reason: str
    contact: str
    via: str
    at: Moment
    withdrawn_by: str | None
    withdrawn_at: Moment | None


class ConfirmedLine(Shape):
    at: Moment
    via: str


class HandoverLine(Shape):
    id: int
    at: Moment
    outgoing: list[str]
    incoming: list[str]
    confirmed: dict[str, ConfirmedLine]
    missing: list[str]
    escalated_at: Moment | None
    summary: Facts


class OnDuty(Shape):
    """Who is on duty at a moment; nobody in a gap."""

    at: Moment
    officers: list[OfficerLine]


class Officers(Shape):
    officers: list[OfficerLine]


class Turns(Shape):
    turns: list[TurnLine]


class Findings(Shape):
    findings: list[FindingLine]


class Absences(Listed):
    absences: list[AbsenceLine]


class Entered(Shape):
    """The numbers of what was entered, and the turns that nobody has now."""

    entered: list[int]
    uncovered: list[TurnLine]


class Withdrawn(Shape):
    withdrawn: list[int]


class Windows(Listed):
    windows: list[WindowLine]


class Announced(Shape):
    window: int


class Handovers(Listed):
    handovers: list[HandoverLine]


class SpreadLine(Shape):
    incidents: int
    p50: float | None
    p90: float | None
    longest: float | None


class AnsweredLine(Shape):
    incidents: int
    of: int


class EndedLine(Shape):
    verdict: VerdictKind
    resolved_as: Resolution | None
    incidents: int


class StoryLine(Shape):
    id: int
    page: str
    portal: str
    url: str
    verdict: VerdictKind
    state: State
    opened_at: Moment
    told: dict[str, Moment]
    escalated_at: Moment | None
    acknowledged_by: str | None
    acknowledged_at: Moment | None
    restored_at: Moment | None
    resolved_at: Moment | None
    resolved_as: Resolution | None


class OfPortal(Shape):
    portal: str
    incidents: dict[VerdictKind, int]
    false_alarms: int
    unreachable_for: float
    availability: float | None


class OfOfficer(Shape):
    officer: str
    weeks: dict[str, int]


class OfChannel(Shape):
    channel: str
    sent: int
    failed: int
    waiting: int
    attempts: int


class InterruptionLine(Shape):
    kind: AlertKind
    channel: str | None
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment | None


class FiguresLine(Spanned):
    """The figures of the duty desk over a period: spans in seconds, people and portals by their keys."""

    at: Moment
    portals: int
    pages: int
    time_to_alert: SpreadLine
    time_to_acknowledge: SpreadLine
    time_to_restore: SpreadLine
    acknowledged_before_escalation: AnsweredLine
    ended: list[EndedLine]
    incidents: list[StoryLine]
    carried: list[StoryLine]
    drills: list[StoryLine]
    by_portal: list[OfPortal]
    false_alarms: list[OfOfficer]
    channels: list[OfChannel]
    interruptions: list[InterruptionLine]
    coverage: list[float]
    handovers: list[HandoverLine]
