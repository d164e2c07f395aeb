"""The models of what is watched and what was found: portals, pages, checks, captures, incidents."""

from typing import Annotated

from pydantic import Field

from defacewatch.alerts import DeliveryState
from defacewatch.campaigns import Trait
from defacewatch.captures import Tier
from defacewatch.deadlines import Stage, What
from defacewatch.incidents import Event, Resolution, State
from defacewatch.portals import Source, Urgency
from defacewatch.runbooks import Mark
from defacewatch.signals import Kind, Severity
from defacewatch.verdicts import VerdictKind
from defacewatch.web.api.shared import Facts, Listed, Moment, Shape


class ContactLine(Shape):
    name: str
    phone: str | None
    email: str | None


class PageLine(Shape):
    id: str
    url: str
    probe_every: Annotated[float | None, Field(description="Seconds; null where the default holds.")]
    render_every: float | None


class PortalLine(Shape):
    key: str
    name: str
    owner: str | None
    operator: str | None
    level: int | None
    critical: bool
    tags: list[str]
    source: Source
    enabled: bool
    paused: bool
    contacts: list[ContactLine]
    pages: list[PageLine]


class PortalShown(PortalLine):
    """A portal with its registration: how urgent it is (`changed_urgency`, `defaced_urgency`), where the file
    that provisions it has it, who paused or resumed it last and why."""

    changed_urgency: Urgency
    defaced_urgency: Urgency
    place: str | None
    created_at: Moment
    updated_at: Moment
    paused_by: str | None
    paused_at: Moment | None
    paused_reason: str | None


class LessonLine(Shape):
    """A lesson that was asked for: `taken` of its `samples` are there. Once it has `ended_at`: the `capture`
    that is proposed and what was judged of it, or the `trouble` that kept it from being made."""

    id: int
    page: str
    asked_at: Moment
    by: str
    samples: int
    taken: int
    attempts: int
    ended_at: Moment | None
    capture: str | None
    verdict: VerdictKind | None
    trouble: str | None


class Lessons(Listed):
    lessons: list[LessonLine]


class Asked(Shape):
    """The pages that are learned; those left out wait for it already, or are no longer watched."""

    asked: list[str]


class PageStateLine(Shape):
    page: str
    portal: str
    url: str
    verdict: VerdictKind | None
    score: float
    checked_at: Moment | None
    captured_at: Moment | None
    capture: str | None
    incident: int | None
    has_baseline: bool
    paused: bool


class SignalLine(Shape):
    kind: Kind
    severity: Severity
    points: float
    summary: Annotated[str, Field(description="A sentence; what it quotes of the page is untrusted text.")]
    evidence: Facts


class CheckLine(Shape):
    page: str
    portal: str
    url: str
    at: Moment
    tier: Tier
    verdict: VerdictKind
    score: float
    signals: list[SignalLine]
    dom_hash: str | None
    screen_hash: str | None
    capture: str | None
    incident: int | None


class CaptureLine(Shape):
    id: str
    page: str
    at: Moment
    final_url: str
    status: int | None
    title: str
    dom_hash: str
    screen_hash: str
    attack: Annotated[bool, Field(description="Whether it shows evidence of attack by itself.")]
    proposed_by: str | None
    proposed_at: Moment | None


class CaptureShown(CaptureLine):
    """A capture with where its picture is (/pictures/SHA) and what a console may show of it."""

    screenshot: str
    approved: bool
    details: Facts


class ApprovalLine(Shape):
    id: int
    page: str
    capture: str
    by: str
    at: Moment
    reason: str
    also: bool
    withdrawn_at: Moment | None


class IncidentLine(Shape):
    id: int
    page: str
    portal: str
    url: str
    state: State
    verdict: VerdictKind
    opened_at: Moment
    alerted_at: Moment | None
    acknowledged_by: str | None
    resolved_as: Resolution | None
    campaign: int | None


class EventLine(Shape):
    id: int
    event: Event
    at: Moment
    by: str
    via: str
    text: str


class DeliveryLine(Shape):
    id: int
    alert: int
    channel: str
    officer: str | None
    state: DeliveryState
    attempts: int
    step: int
    created_at: Moment
    sent_at: Moment | None
    receipt: str | None
    error: str | None


class StepLine(Shape):
    """A step of the runbook, and who has done it when."""

    step: int
    text: str
    mark: Mark | None
    by: str | None
    at: Moment | None


class ClockLine(Shape):
    """What is due of an attack, by when; `stage` null while there is time."""

    what: What
    due: Moment
    stage: Stage | None


class IncidentShown(IncidentLine):
    """An incident with its evidence. `before` and `after` are pictures (/pictures/SHA)."""

    resolved_by: str | None
    resolved_at: Moment | None
    intermittent: bool
    previous: int | None
    capture: str | None
    before: str | None
    after: str | None
    signals: list[SignalLine]
    timeline: list[EventLine]
    deliveries: list[DeliveryLine]
    runbook: list[StepLine]
    clocks: list[ClockLine]


class CampaignLine(Shape):
    """Incidents that belong together, and what they have in common."""

    id: int
    opened_at: Moment
    trait: Trait
    value: str
    outage: bool


class CampaignShown(CampaignLine):
    incidents: list[IncidentLine]


class Portals(Listed):
    portals: list[PortalLine]


class PageStates(Listed):
    pages: list[PageStateLine]


class Checks(Listed):
    checks: list[CheckLine]


class Captures(Listed):
    captures: list[CaptureLine]


class Proposals(Listed):
    proposals: list[CaptureLine]


class Approvals(Listed):
    approvals: list[ApprovalLine]


class BaselineShown(Shape):
    """How a page looks by what was approved; no looks before the first approval. `version` is the number of
    the latest approval, 0 before the first."""

    page: str
    version: int
    looks: list[CaptureLine]


class Incidents(Listed):
    incidents: list[IncidentLine]


class Deliveries(Listed):
    deliveries: list[DeliveryLine]


class Campaigns(Listed):
    campaigns: list[CampaignLine]


class Taken(Shape):
    """The incidents of a campaign that were taken just now."""

    taken: list[int]


class Commented(Shape):
    incident: int


class Imported(Shape):
    """What an import did, or with `dry_run` would do, by keys of portals."""

    dry_run: bool
    digest: Annotated[
        str | None, Field(description="Of all that it would do, for `seen`; null once it is done.")
    ]
    added: list[str]
    same: list[str]
    changed: list[str]
    refused: Annotated[list[str], Field(description="That a file provisions, and otherwise.")]
