"""Deadlines are told once when they come near, and once when they are over."""

from datetime import time, timedelta

from defacewatch.alerts import AlertKind, Notice
from defacewatch.notify import message
from defacewatch.reminding import Reminding
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.runbooks import Mark, Runbook, Step
from defacewatch.shifts import Shift
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import DEFACED, checked, registered

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
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock

    async def attacked(self) -> int:
        await checked(self.store, await registered(self.store), DEFACED, self.clock())
        (view,) = await self.store.incidents.list()
        return view.incident.id

    async def turns(self, *, hours: float, count: int = 2) -> list[bool]:
        """So many turns after a restart, so many hours later."""
        self.clock.forward(hours=hours)
        reminding = Reminding(self.store, lambda: ROSTER, lambda: RUNBOOKS, self.clock)
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
