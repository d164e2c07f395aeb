from datetime import datetime, timedelta

import pytest

from defacewatch.errors import Conflict
from defacewatch.incidents import (
    Change,
    Event,
    Incident,
    Resolution,
    State,
    acknowledge,
    advance,
    is_news,
    resolve,
)
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, VerdictKind, judge

PHRASE = Signal(Kind.DEFACE_PHRASE, 60, "deface-phrase:title:hacked by x")
LINKS = Signal(Kind.HIDDEN_LINKS, 60, "hidden-links:casino.example")
MOVED = Signal(Kind.SCREEN, 40, "screen~00000000000000ff")
DEFACED = judge([PHRASE])
CHANGED = judge([MOVED])
CLEAN = Verdict(VerdictKind.CLEAN)
UNREACHABLE = Verdict(VerdictKind.UNREACHABLE)


def step(incident: Incident | None, verdict: Verdict, now: datetime, *, failures: int = 0) -> Change:
    return advance(incident, "p-1", verdict, now, failures=failures, capture="c1")


def opened(verdict: Verdict, now: datetime, *, failures: int = 0) -> Incident:
    change = step(None, verdict, now, failures=failures)
    assert change.incident is not None
    assert change.event is Event.OPENED
    assert change.alert
    return change.incident


@pytest.mark.parametrize("verdict", [DEFACED, CHANGED])
def test_a_bad_verdict_opens_an_incident_and_alerts(verdict: Verdict, now: datetime) -> None:
    incident = opened(verdict, now)
    assert (incident.state, incident.verdict, incident.alerted_at) == (State.OPEN, verdict.kind, now)
    assert incident.differences == verdict.differences
    assert incident.capture == "c1"


@pytest.mark.parametrize("kind", [VerdictKind.CLEAN, VerdictKind.LEARNING, VerdictKind.UNKNOWN])
def test_nothing_to_say_moves_nothing(kind: VerdictKind, now: datetime) -> None:
    assert step(None, Verdict(kind), now) == Change(None)


def test_what_stays_does_not_alert_again(now: datetime) -> None:
    incident = opened(DEFACED, now)
    change = step(incident, DEFACED, now + timedelta(minutes=1))
    assert (change.event, change.alert) == (None, False)


def test_a_near_screen_is_the_same_difference(now: datetime) -> None:
    incident = opened(CHANGED, now)
    near = judge([Signal(Kind.SCREEN, 45, "screen~00000000000000fe")])
    assert not step(incident, near, now).alert


def test_a_further_change_alerts_again_in_the_same_incident(now: datetime) -> None:
    incident = opened(DEFACED, now)
    change = step(incident, judge([PHRASE, LINKS]), now + timedelta(minutes=5))
    assert change.event is Event.CHANGED_AGAIN
    assert change.alert
    assert change.incident is not None
    assert change.incident.differences == {PHRASE.identity, LINKS.identity}


def test_an_acknowledged_incident_stays_acknowledged_when_it_changes_again(now: datetime) -> None:
    taken = acknowledge(opened(DEFACED, now), by="an", now=now)
    change = step(taken, judge([PHRASE, LINKS]), now + timedelta(minutes=2))
    assert change.alert
    assert change.incident is not None
    assert change.incident.state is State.ACKNOWLEDGED


def test_evidence_of_attack_worsens_a_change(now: datetime) -> None:
    change = step(opened(CHANGED, now), DEFACED, now)
    assert change.event is Event.WORSENED
    assert change.alert
    assert change.incident is not None
    assert change.incident.verdict is VerdictKind.DEFACED


@pytest.mark.parametrize("before", [CHANGED, UNREACHABLE])
def test_what_somebody_took_and_becomes_an_attack_is_open_again(before: Verdict, now: datetime) -> None:
    taken = acknowledge(opened(before, now, failures=3), by="an", now=now)
    later = now + timedelta(hours=30)
    change = step(taken, DEFACED, later)
    assert change.incident is not None
    assert (change.event, change.alert, change.held_by) == (Event.WORSENED, True, "an")
    assert change.incident.state is State.OPEN
    assert (change.incident.acknowledged_by, change.incident.acknowledged_at) == (None, None)
    assert (change.incident.opened_at, change.incident.attacked_at) == (now, later)


def test_an_outage_that_somebody_took_stays_theirs_when_it_becomes_a_change(now: datetime) -> None:
    taken = acknowledge(opened(UNREACHABLE, now, failures=3), by="an", now=now)
    change = step(taken, CHANGED, now)
    assert change.incident is not None
    assert (change.event, change.held_by) == (Event.WORSENED, None)
    assert (change.incident.state, change.incident.attacked_at) == (State.ACKNOWLEDGED, None)


def test_an_attack_counts_from_the_first_look_that_saw_it(now: datetime) -> None:
    seen = now - timedelta(seconds=9)
    incident = advance(None, "p-1", DEFACED, now, seen_at=seen).incident
    assert incident is not None
    assert incident.attacked_at == seen
    assert opened(CHANGED, now).attacked_at is None
    again = step(incident, judge([PHRASE, LINKS]), now + timedelta(minutes=5)).incident
    assert again is not None
    assert again.attacked_at == seen


def test_a_lesser_verdict_does_not_better_an_attack(now: datetime) -> None:
    change = step(opened(DEFACED, now), judge([MOVED]), now)
    assert change.incident is not None
    assert change.incident.verdict is VerdictKind.DEFACED


def test_a_page_that_looks_right_again_waits_for_a_person(now: datetime) -> None:
    calmed = step(opened(DEFACED, now), CLEAN, now)
    assert (calmed.event, calmed.alert) == (Event.CALMED, True)
    assert calmed.incident is not None
    assert calmed.incident.state is State.OPEN
    assert step(calmed.incident, CLEAN, now).event is None


def test_a_difference_that_comes_back_alerts_and_is_then_known_to_come_and_go(now: datetime) -> None:
    calmed = step(opened(DEFACED, now), CLEAN, now).incident
    returned = step(calmed, DEFACED, now)
    assert (returned.event, returned.alert) == (Event.RETURNED, True)
    assert returned.incident is not None
    assert returned.incident.intermittent
    again = step(returned.incident, CLEAN, now)
    assert again.event is None
    assert not step(again.incident, DEFACED, now).alert


def test_what_only_dwelling_looks_see_is_late_until_one_sees_it_gone(now: datetime) -> None:
    late = advance(None, "p-1", DEFACED, now, late=True).incident
    assert late is not None
    assert late.late
    for nothing in (UNREACHABLE, Verdict(VerdictKind.UNKNOWN), DEFACED):
        same = step(late, nothing, now, failures=3).incident
        assert same is not None
        assert same.late
    gone = step(late, CLEAN, now).incident
    assert gone is not None
    assert not gone.late


def test_what_is_seen_late_besides_is_late_also_before_it_is_told(now: datetime) -> None:
    incident = opened(DEFACED, now)
    same = advance(incident, "p-1", DEFACED, now, late=True)
    assert same.incident == incident, "a look that does not dwell sees it too"
    for minutes, event in ((1, None), (5, Event.CHANGED_AGAIN)):
        more = advance(incident, "p-1", judge([PHRASE, LINKS]), now + timedelta(minutes=minutes), late=True)
        assert more.incident is not None
        assert (more.incident.late, more.event) == (True, event)


@pytest.mark.parametrize(("failures", "opens"), [(1, False), (2, False), (3, True)])
def test_unreachable_alerts_after_three_in_a_row(failures: int, opens: bool, now: datetime) -> None:
    assert step(None, UNREACHABLE, now, failures=failures).alert is opens


def test_an_outage_is_told_once_and_so_is_its_end(now: datetime) -> None:
    incident = opened(UNREACHABLE, now, failures=3)
    assert not step(incident, UNREACHABLE, now, failures=4).alert
    over = step(incident, CLEAN, now)
    assert over.alert
    assert over.incident is not None
    assert (over.incident.state, over.incident.resolved_as) == (State.RESOLVED, Resolution.RESTORED)


def test_a_page_that_comes_back_defaced_worsens_the_outage(now: datetime) -> None:
    change = step(opened(UNREACHABLE, now, failures=3), DEFACED, now)
    assert (change.event, change.alert) == (Event.WORSENED, True)


def test_a_defaced_page_that_goes_away_is_noted_once_and_wakes_nobody(now: datetime) -> None:
    incident = opened(DEFACED, now)
    assert step(incident, UNREACHABLE, now, failures=3) == Change(incident, Event.UNREACHABLE)
    assert step(incident, UNREACHABLE, now, failures=4) == Change(incident)


def test_after_resolution_a_new_incident_is_linked(now: datetime) -> None:
    change = advance(None, "p-1", DEFACED, now, previous=7)
    assert change.incident is not None
    assert change.incident.previous == 7
    closed = resolve(
        opened(DEFACED, now), as_=Resolution.FALSE_ALARM, by="an", now=now, matches_baseline=False
    )
    with pytest.raises(ValueError, match="resolved"):
        step(closed, DEFACED, now)


def test_only_one_officer_takes_an_incident(now: datetime) -> None:
    taken = acknowledge(opened(DEFACED, now), by="an", now=now)
    with pytest.raises(Conflict, match="acknowledged by an"):
        acknowledge(taken, by="binh", now=now)


@pytest.mark.parametrize(
    ("as_", "matches", "allowed"),
    [
        (Resolution.RESTORED, True, True),
        (Resolution.RESTORED, False, False),
        (Resolution.LEGITIMATE, True, True),
        (Resolution.LEGITIMATE, False, False),
        (Resolution.FALSE_ALARM, False, True),
    ],
)
def test_an_incident_is_resolved_only_by_what_is_true(
    as_: Resolution, matches: bool, allowed: bool, now: datetime
) -> None:
    incident = opened(DEFACED, now)
    if allowed:
        done = resolve(incident, as_=as_, by="an", now=now, matches_baseline=matches)
        assert (done.state, done.resolved_as, done.resolved_by) == (State.RESOLVED, as_, "an")
        with pytest.raises(Conflict, match="already resolved"):
            resolve(done, as_=as_, by="an", now=now, matches_baseline=True)
    else:
        with pytest.raises(Conflict, match="cannot be resolved"):
            resolve(incident, as_=as_, by="an", now=now, matches_baseline=matches)


def test_news_is_what_the_open_incident_has_not_told(now: datetime) -> None:
    incident = opened(CHANGED, now)
    later = now + timedelta(minutes=2)
    assert is_news(None, CHANGED, later)
    assert not is_news(incident, CHANGED, later)
    assert is_news(incident, DEFACED, now), "worse is news at once"


def test_a_page_that_is_different_at_every_look_is_told_of_after_a_pause(now: datetime) -> None:
    incident = opened(DEFACED, now)
    told = 0
    for second in range(0, 600, 30):
        other = Signal(Kind.SCRIPT_HOST, 40, f"script-host:r{second}.example")
        change = step(incident, judge([PHRASE, other]), now + timedelta(seconds=second))
        assert change.incident is not None
        incident, told = change.incident, told + change.alert
    assert told == 4


def test_before_a_baseline_the_end_of_the_evidence_calms_and_its_return_alerts(now: datetime) -> None:
    calmed = step(opened(DEFACED, now), Verdict(VerdictKind.LEARNING), now)
    assert calmed.event is Event.CALMED
    assert step(calmed.incident, DEFACED, now).alert
