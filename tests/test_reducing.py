"""What takes something out of the watch, and who hears of it."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from defacewatch.alerts import Alert, AlertKind
from defacewatch.portals import Portal, Urgency
from defacewatch.reducing import NAMED, Reduced, What, reduced, reductions
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Shift
from defacewatch.telling import first_wanted
from tests.store.samples import NOW, portal

HOUR = timedelta(hours=1)


def paced(**given: Any) -> Portal:
    one = portal("a", "/", "/tin", critical=True, defaced_urgency=Urgency.HIGH)
    return replace(one, pages=tuple(replace(page, **given) for page in one.pages))


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (paced(), []),
        (replace(paced(), level=1, name="Khác"), []),
        (replace(paced(), critical=False), [What.NOT_CRITICAL]),
        (replace(paced(), pages=paced().pages[:1]), [What.PAGES]),
        (paced(probe_every=HOUR), [What.SLOWER]),
        (paced(render_every=24 * HOUR), [What.SLOWER]),
        (paced(probe_every=timedelta(seconds=5)), []),
        (replace(paced(), defaced_urgency=Urgency.NORMAL), [What.QUIETER]),
    ],
)
def test_what_a_new_registration_takes_away_is_known(after: Portal, what: list[What]) -> None:
    assert [act.what for act in reductions(paced(), after)] == what


def test_an_interval_that_is_no_longer_short_counts() -> None:
    before = paced(probe_every=timedelta(seconds=5))
    assert [act.what for act in reductions(before, paced())] == [What.SLOWER]


def test_what_was_not_watched_is_not_lost() -> None:
    assert reductions(replace(paced(), enabled=False), replace(paced(), critical=False)) == ()


def test_acts_that_are_too_many_to_name_are_counted() -> None:
    one = reduced([Reduced(What.PAUSED, "A")] * NAMED, "an", "web")
    more = reduced([Reduced(What.PAUSED, "B")] * 3, "an", "web", before=one.facts)
    assert (more.facts["count"], len(more.facts["reduced"])) == (NAMED + 3, NAMED)  # type: ignore[arg-type]


def test_it_is_told_to_those_on_duty_and_at_once_to_the_leadership() -> None:
    officers = (
        Officer("an", "An", email="an@example.gov.vn"),
        Officer("lan", "Lan", Duty.LEADERSHIP, email="lan@example.gov.vn"),
    )
    day = Shift(("an",), time(0), time(0), days=frozenset(range(7)))
    alert = Alert(1, AlertKind.WATCH_REDUCED, Urgency.HIGH, NOW)
    wanted = first_wanted(alert, Roster(officers, (day,)), ["email"], NOW)
    assert {each.officer for each in wanted} == {"an", "lan"}
