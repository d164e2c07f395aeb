"""Deadlines are told once when they come near, and once when they are over."""

from dataclasses import replace
from datetime import time, timedelta

from sqlalchemy import insert

from defacewatch.alerts import AlertKind, Draft, Notice
from defacewatch.notify import message
from defacewatch.portals import Urgency
from defacewatch.reminding import Reminding
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.runbooks import Mark, Runbook, Step
from defacewatch.shifts import Shift
from defacewatch.store import Store
from defacewatch.store.schema import incidents
from tests.conftest import Clock
from tests.store.samples import CHANGED, DEFACED, checked, portal, registered

ROSTER = Roster(
    (
        Officer("an", "An", email="an@example.gov.vn"),
        Officer("binh", "Bình", Duty.SHIFT_LEAD, email="binh@example.gov.vn"),
        Officer("cuc", "Cúc", Duty.LEADERSHIP, email="cuc@example.gov.vn"),
    ),
    (Shift(("an",), time(0), time(0), days=frozenset(range(7))),),
)
STEPS = (Step("Khôi phục", Mark.RESTORED), Step("Báo cáo", Mark.REPORTED))
RUNBOOKS = {"defaced": Runbook("", STEPS)}


class Desk:
    def __init__(self, store: Store, clock: Clock, roster: Roster = ROSTER) -> None:
        self.store, self.clock, self.roster = store, clock, roster

    async def attacked(self) -> int:
        await checked(self.store, await registered(self.store), DEFACED, self.clock())
        (view,) = await self.store.incidents.list()
        return view.incident.id

    async def turns(self, *, hours: float, count: int = 2) -> list[bool]:
        """So many turns after a restart, so many hours later."""
        self.clock.forward(hours=hours)
        reminding = Reminding(self.store, lambda: self.roster, lambda: RUNBOOKS, self.clock)
        return [await reminding.watch() for _ in range(count)]

    async def told(self, incident: int) -> list[tuple[object, ...]]:
        every = await self.store.alerts.of_incident(incident, AlertKind.DEADLINE)
        return [(a.facts["what"], a.facts["stage"], a.facts["to"]) for a in every]


async def test_each_is_told_once_to_those_who_have_to_act_also_over_restarts(
    store: Store, clock: Clock
) -> None:
    desk = Desk(store, clock)
    incident = await desk.attacked()
    assert await desk.turns(hours=19) == [False, False]
    assert await desk.turns(hours=2) == [True, False]
    assert await desk.turns(hours=4) == [True, False]
    assert await desk.turns(hours=1) == [False, False]
    assert await desk.turns(hours=24 * 3.5) == [True, False]
    assert await desk.turns(hours=24) == [True, False]
    assert await desk.told(incident) == [
        ("restore", "soon", ["an", "binh"]),
        ("restore", "over", ["an", "binh", "cuc"]),
        ("report", "soon", ["an", "binh"]),
        ("report", "over", ["an", "binh", "cuc"]),
    ]


async def test_in_a_gap_it_falls_to_others_and_what_reached_nobody_is_told_again(
    store: Store, clock: Clock
) -> None:
    an, binh, cuc = ROSTER.officers
    desk = Desk(store, clock, Roster((an, replace(binh, email=None), cuc)))
    incident = await desk.attacked()
    nobody = {"what": "restore", "stage": "soon", "to": []}
    lost = Draft(AlertKind.DEADLINE, Urgency.HIGH, nobody)
    await store.alerts.raise_(lost, now=clock(), incident=incident)
    assert await desk.turns(hours=21) == [True, False]
    desk.roster = Roster((an,))
    assert await desk.turns(hours=4) == [True, False]
    assert (await desk.told(incident))[1:] == [
        ("restore", "soon", ["binh", "cuc"]),
        ("restore", "over", ["an"]),
    ]


async def test_what_became_an_attack_days_later_has_its_time_from_then(store: Store, clock: Clock) -> None:
    page = await registered(store)
    await checked(store, page, CHANGED, clock())
    clock.forward(hours=24 * 8)
    await checked(store, page, DEFACED, clock())
    (view,) = await store.incidents.list()
    desk = Desk(store, clock)
    assert await desk.turns(hours=1) == [False, False]
    assert await desk.turns(hours=20) == [True, False]
    assert await desk.told(view.incident.id) == [("restore", "soon", ["an", "binh"])]


async def test_no_number_of_other_incidents_hides_an_attack(store: Store, clock: Clock) -> None:
    desk = Desk(store, clock)
    attacked = await desk.attacked()
    crowd = [portal(f"p{number:03}") for number in range(510)]
    await store.portals.apply([portal(), *crowd], now=clock())
    values = {"differences": "[]", "intermittent": False, "present": True, "late": False, "version": 1}
    values |= {"verdict": "changed", "state": "open", "opened_at": clock()}
    async with store.engine.writing() as db:
        for entry in await store.portals.all():
            if entry.key != "hungyen":
                await db.execute(insert(incidents).values(page=entry.pages[0].id, **values))
    assert await desk.turns(hours=21, count=1) == [True]
    assert await desk.told(attacked) == [("restore", "soon", ["an", "binh"])]


async def test_what_is_ticked_is_not_told(store: Store, clock: Clock) -> None:
    desk = Desk(store, clock)
    incident = await desk.attacked()
    for step in STEPS:
        await store.incidents.tick(incident, step.text, by="an", now=clock())
    assert await desk.turns(hours=23) == [False, False]
    assert await desk.turns(hours=24 * 6) == [False, False]


async def test_it_says_which_and_until_when(store: Store, clock: Clock) -> None:
    desk = Desk(store, clock)
    incident = await desk.attacked()
    began = clock()
    await desk.turns(hours=21)
    (alert,) = await store.alerts.of_incident(incident, AlertKind.DEADLINE)
    told = await store.alerts.facts(alert.id)
    said = message.text(Notice(alert, "vi", "Asia/Ho_Chi_Minh", told.portal, told.page, told.incident))
    assert "Sắp hết thời hạn khôi phục cổng" in said
    due = (began + timedelta(hours=24)).astimezone(ROSTER.zone)
    assert f"Hạn: {due:%H:%M:%S %d/%m/%Y}" in said
