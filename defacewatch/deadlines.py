"""The clocks of an attack: until when a portal is to be restored, and until when it is to be reported."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from defacewatch.incidents import Incident, Resolution, State
from defacewatch.runbooks import Mark, Step
from defacewatch.verdicts import VerdictKind


class What(StrEnum):
    """What is due."""

    RESTORE = "restore"
    REPORT = "report"


class Stage(StrEnum):
    """How far a clock has run: soon over, or over."""

    SOON = "soon"
    OVER = "over"


@dataclass(frozen=True)
class Response:
    """How long after an attack began each may take, and how long before its end it is called to mind."""

    restore_within: timedelta = timedelta(hours=24)
    report_within: timedelta = timedelta(days=5)
    remind_restore: timedelta = timedelta(hours=4)
    remind_report: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Deadline:
    """One clock: what is due, by when, and how long before it is called to mind."""

    what: What
    due: datetime
    remind: timedelta

    def stage(self, now: datetime) -> Stage | None:
        """How far it has run; None while there is time."""
        if now >= self.due:
            return Stage.OVER
        return Stage.SOON if now >= self.due - self.remind else None


def deadlines(
    incident: Incident, response: Response, *, marks: Collection[Mark], done: Collection[Mark]
) -> Iterator[Deadline]:
    """The clocks of an incident that still run. `marks` are those that its runbook has, `done` those that are
    ticked: a report is due only where a runbook says so. They run from when it became an attack. What was
    none has none."""
    harmless = incident.resolved_as in (Resolution.FALSE_ALARM, Resolution.LEGITIMATE)
    if incident.verdict is not VerdictKind.DEFACED or harmless:
        return
    began = incident.attacked_at or incident.opened_at
    restored = incident.state is State.RESOLVED or not incident.present or Mark.RESTORED in done
    if not restored:
        due = began + response.restore_within
        yield Deadline(What.RESTORE, due, response.remind_restore)
    if Mark.REPORTED in marks and Mark.REPORTED not in done:
        due = began + response.report_within
        yield Deadline(What.REPORT, due, response.remind_report)


def clocks(
    incident: Incident, response: Response, steps: Iterable[Step], ticked: Collection[str]
) -> list[Deadline]:
    """The clocks of an incident that still run, by the `steps` of its runbook and the texts of those that
    are `ticked`."""
    marks = {step.mark: step.text for step in steps if step.mark is not None}
    done = [mark for mark, text in marks.items() if text in ticked]
    return list(deadlines(incident, response, marks=marks.keys(), done=done))
