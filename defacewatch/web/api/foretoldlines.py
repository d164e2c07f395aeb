"""The models of how it stands, and of who would be called."""

from typing import Annotated

from pydantic import ConfigDict, Field

from defacewatch.alerts import AlertKind
from defacewatch.portals import Urgency
from defacewatch.verdicts import VerdictKind
from defacewatch.web.api.dutylines import TurnLine
from defacewatch.web.api.shared import Moment, Shape


class RaisedWatchLine(Shape):
    """A period of raised watch by local days, both included; intervals in seconds."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    from_: Annotated[str, Field(alias="from", json_schema_extra={"format": "date"})]
    to: Annotated[str, Field(json_schema_extra={"format": "date"})]
    probe_every: float | None
    render_every: float | None
    hasten: float
    urgent_changes: bool


class RaisedWatches(Shape):
    raised_watch: list[RaisedWatchLine]


class CallLine(Shape):
    """A step: when (`after` seconds), to whom it goes ('on_duty', roles, keys), and on which channels it
    tells whom, by keys. `again`: it comes again and again until somebody acknowledges."""

    at: Moment
    after: float
    to: list[str]
    again: bool
    officers: dict[str, list[str]]
    webhooks: list[str]


class Foretold(Shape):
    """`begins` is when the first is told, later than `at` in quiet hours; `window` the announcement because
    of which nobody would be."""

    at: Moment
    kind: AlertKind
    portal: str | None
    paused: bool
    urgency: Urgency
    begins: Moment
    raised_watch: RaisedWatchLine | None
    window: int | None
    turns: list[TurnLine]
    calls: list[CallLine]


class UnprovedLine(Shape):
    officer: str
    channel: str
    failed: bool


class Status(Shape):
    """How the watch stands. `worst` is null while nothing has been looked at; `duty` are names, `until` is
    when they are relieved; `coverage` is the share (0..1) of probes made in time, `oldest_capture` when the
    watched page was captured that waits for longest, `uncaptured` how many the watch has not captured yet."""

    at: Moment
    worst: VerdictKind | None
    problems: list[str]
    duty: list[str]
    until: Moment | None
    raised_watch: str | None
    coverage: float | None
    oldest_capture: Moment | None
    uncaptured: int
    pages: int
    paused: int
    without_baseline: int
    open: int
    acknowledged: int
    drills: int
    deliveries_waiting: int
    deliveries_failed: int
    channels_tested: int
    channels_unproved: list[UnprovedLine]
