"""Who would be called: what is foretold is what the outbox does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from defacewatch.alerts import Alert, AlertKind, Draft
from defacewatch.calling import Sending, calls
from defacewatch.outbox import Outbox
from defacewatch.portals import Urgency
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Officer, Quiet, Roster
from defacewatch.shifts import Absence
from defacewatch.store import Store
from tests.conftest import Clock
from tests.web.desks import ROSTER, local

EMAIL = Sending(("email",))


def called(
    roster: Roster, at: str, kind: AlertKind = AlertKind.DEFACED, urgency: Urgency = Urgency.HIGH
) -> list[tuple[int, list[str | None]]]:
    alert = Alert(0, kind, urgency, local(at))
    found = calls(alert, roster, EMAIL)
    return [(round((c.at - alert.at) / timedelta(minutes=1)), [w.officer for w in c.wanted]) for c in found]


def test_those_on_duty_are_called_then_the_shift_lead_and_the_leadership_again_and_again() -> None:
    lead = replace(ROSTER, officers=(*ROSTER.officers, Officer("minh", "Minh", email="minh@example.gov.vn")))
    assert called(lead, "2026-09-02T02:00") == [(0, ["cuc"]), (10, ["lan"]), (30, ["lan"]), (60, ["lan"])]


def test_a_step_that_falls_into_the_next_shift_calls_those_who_are_there_then() -> None:
    late = replace(ROSTER, escalation=tuple(replace(s, to="on_duty") for s in ROSTER.escalation))
    assert called(late, "2026-09-02T13:55")[:2] == [(0, ["dung"]), (10, ["an"])]


def test_leave_raised_watch_and_quiet_hours_are_heeded() -> None:
    away = Absence("cuc", local("2026-09-01T00:00"), local("2026-09-03T00:00"), "binh")
    assert called(replace(ROSTER, absences=(away,)), "2026-09-02T02:00")[0] == (0, ["binh"])
    raised = replace(
        ROSTER, raised_watch=(RaisedWatch("2/9", date(2026, 9, 2), date(2026, 9, 2), hasten=2.0),)
    )
    assert [at for at, _ in called(raised, "2026-09-02T02:00")] == [0, 5, 15, 30]
    quiet = replace(ROSTER, quiet=Quiet(time(22), time(6)))
    asked = called(quiet, "2026-09-02T02:00", AlertKind.CHANGED, Urgency.NORMAL)
    assert [at for at, _ in asked] == [240, 250, 270]
    assert asked[0][1] == ["dung"]


@pytest.mark.parametrize("kind", [AlertKind.DEFACED, AlertKind.CHANGED])
async def test_the_outbox_calls_at_the_same_times_the_same_people_on_the_same_channels(
    open_store: Callable[[], Awaitable[Store]], clock: Clock, kind: AlertKind
) -> None:
    store = await open_store()
    clock.now = local("2026-09-02T13:55")
    number = await store.alerts.raise_(Draft(kind, Urgency.HIGH), now=clock())
    outbox = Outbox(
        store, {}, lambda: ROSTER, clock=clock, language="en", zone="Asia/Ho_Chi_Minh", public_url=""
    )
    outbox.channels = {"email": None, "telegram": None}  # type: ignore[dict-item]  # nothing is sent
    foretold = list(calls(Alert(number, kind, Urgency.HIGH, clock()), ROSTER, outbox))
    for step, call in enumerate(foretold):
        clock.now = call.at
        assert await outbox.expand_one()
        made = [d for d in await store.alerts.deliveries(alert=number) if d.step == step]
        assert {(d.channel, d.officer) for d in made} == {(w.channel, w.officer) for w in call.wanted}
        assert made, step
