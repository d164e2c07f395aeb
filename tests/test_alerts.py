from datetime import datetime, timedelta

import pytest

from defacewatch.alerts import BACKOFF, GIVE_UP_AFTER, AlertKind, draft, retry_at
from defacewatch.incidents import Change, Event, Incident
from defacewatch.portals import Portal, Urgency
from defacewatch.verdicts import Verdict, VerdictKind

PORTAL = Portal("p", "Cổng", changed_urgency=Urgency.NORMAL, defaced_urgency=Urgency.HIGH)


def test_each_retry_waits_longer_than_the_one_before(now: datetime) -> None:
    waits = []
    for attempt in range(1, len(BACKOFF) + 3):
        due = retry_at(attempt, now, created_at=now)
        assert due is not None
        waits.append(due - now)
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF[-1]


def test_the_providers_wish_is_honoured_where_it_is_longer(now: datetime) -> None:
    wish = timedelta(seconds=90)
    assert retry_at(1, now, created_at=now, retry_after=wish) == now + wish
    assert retry_at(6, now, created_at=now, retry_after=wish) == now + BACKOFF[5]


def test_a_delivery_is_given_up_after_a_day(now: datetime) -> None:
    assert retry_at(99, now, created_at=now - GIVE_UP_AFTER) is None


@pytest.mark.parametrize(
    ("event", "verdict", "kind", "urgency"),
    [
        (Event.OPENED, VerdictKind.DEFACED, AlertKind.DEFACED, Urgency.HIGH),
        (Event.OPENED, VerdictKind.CHANGED, AlertKind.CHANGED, Urgency.NORMAL),
        (Event.OPENED, VerdictKind.UNREACHABLE, AlertKind.UNREACHABLE, Urgency.NORMAL),
        (Event.CALMED, VerdictKind.CLEAN, AlertKind.CALMED, Urgency.NORMAL),
        (Event.RESOLVED, VerdictKind.CLEAN, AlertKind.RECOVERED, Urgency.NORMAL),
    ],
)
def test_what_happened_decides_what_is_told_and_how(
    event: Event, verdict: VerdictKind, kind: AlertKind, urgency: Urgency, now: datetime
) -> None:
    incident = Incident("p-1", VerdictKind.DEFACED, now)
    told = draft(Change(incident, event, alert=True), Verdict(verdict), PORTAL)
    assert told is not None
    assert (told.kind, told.urgency) == (kind, urgency)


def test_a_change_that_is_no_news_is_not_told(now: datetime) -> None:
    incident = Incident("p-1", VerdictKind.DEFACED, now)
    assert draft(Change(incident, Event.UNREACHABLE), Verdict(VerdictKind.UNREACHABLE), PORTAL) is None
