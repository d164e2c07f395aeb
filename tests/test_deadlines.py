"""The clocks of an attack."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.deadlines import Deadline, Response, Stage, What, deadlines
from defacewatch.incidents import Incident, Resolution, State
from defacewatch.runbooks import Mark
from defacewatch.verdicts import VerdictKind

NOW = datetime(2026, 9, 2, tzinfo=UTC)
ATTACK = Incident("p", VerdictKind.DEFACED, NOW, 1)
RESPONSE = Response()
RESTORE = Deadline(What.RESTORE, NOW + timedelta(hours=24), timedelta(hours=4))
REPORT = Deadline(What.REPORT, NOW + timedelta(days=5), timedelta(days=1))
BOTH = (Mark.RESTORED, Mark.REPORTED)


def running(incident: Incident, *done: Mark, marks: tuple[Mark, ...] = BOTH) -> list[Deadline]:
    return list(deadlines(incident, RESPONSE, marks=marks, done=done))


def test_an_attack_has_a_day_to_be_restored_and_five_to_be_reported() -> None:
    assert running(ATTACK) == [RESTORE, REPORT]


@pytest.mark.parametrize(
    "incident",
    [
        replace(ATTACK, verdict=VerdictKind.CHANGED),
        replace(ATTACK, state=State.RESOLVED, resolved_as=Resolution.FALSE_ALARM),
        replace(ATTACK, state=State.RESOLVED, resolved_as=Resolution.LEGITIMATE),
    ],
)
def test_what_was_no_attack_has_no_clock(incident: Incident) -> None:
    assert running(incident) == []


def test_the_clocks_of_a_change_that_became_an_attack_run_from_then() -> None:
    became = NOW + timedelta(days=3)
    assert [clock.due for clock in running(replace(ATTACK, attacked_at=became))] == [
        became + timedelta(hours=24),
        became + timedelta(days=5),
    ]


@pytest.mark.parametrize(
    "incident",
    [
        replace(ATTACK, present=False),
        replace(ATTACK, state=State.RESOLVED, resolved_as=Resolution.RESTORED),
    ],
)
def test_what_is_restored_is_still_to_be_reported(incident: Incident) -> None:
    assert running(incident) == [REPORT]
    assert running(incident, Mark.REPORTED) == []


def test_ticks_stop_their_clocks_and_a_report_is_due_only_where_the_runbook_has_it() -> None:
    assert running(ATTACK, Mark.RESTORED) == [REPORT]
    assert running(ATTACK, Mark.REPORTED) == [RESTORE]
    assert running(ATTACK, marks=()) == [RESTORE]


@pytest.mark.parametrize(
    ("hours", "stage"), [(0, None), (19.9, None), (20, Stage.SOON), (23.9, Stage.SOON), (24, Stage.OVER)]
)
def test_a_clock_is_called_to_mind_before_it_is_over_and_when_it_is(
    hours: float, stage: Stage | None
) -> None:
    assert RESTORE.stage(NOW + timedelta(hours=hours)) is stage
