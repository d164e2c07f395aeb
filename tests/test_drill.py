"""Drills go the whole way and touch nothing."""

import asyncio
from datetime import timedelta

import pytest

from defacewatch.alerts import AlertKind, Draft, Notice, Wanted
from defacewatch.captures import Look
from defacewatch.compare import extract
from defacewatch.drill import attack, how_it_went
from defacewatch.drillreport import Spread, Watch, report
from defacewatch.errors import Conflict, NotFound
from defacewatch.features import Features
from defacewatch.incidents import Resolution
from defacewatch.notify import message
from defacewatch.portals import Urgency
from defacewatch.roster import Roster
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.conftest import Clock
from tests.store.samples import DEFACED, checked, registered

ROSTER = Roster()


async def drilled(store: Store, clock: Clock, portal: str = "hungyen") -> int:
    async def read(look: Look) -> Features:
        return await asyncio.to_thread(extract, look)

    async def sleep(seconds: float) -> None:
        clock.forward(seconds=seconds)

    confirm_after = timedelta(seconds=10)
    incident, _ = await attack(
        portal, store, extract=read, clock=clock, confirm_after=confirm_after, sleep=sleep
    )
    return incident


async def test_a_drill_is_judged_an_attack_with_proof_and_the_portal_s_page_is_as_it_was(
    store: Store, clock: Clock
) -> None:
    page = await registered(store)
    before = await store.checks.context(page, now=clock())
    incident = await drilled(store, clock)
    view = await store.incidents.get(incident)
    assert (view.incident.verdict, view.page.drill, view.portal.key) == (VerdictKind.DEFACED, True, "hungyen")
    assert view.incident.capture is not None
    assert await store.checks.context(page, now=clock()) == before
    assert [p.id for p in (await store.portals.get("hungyen")).pages] == [page]
    assert [state.page.id for state in await store.checks.latest()] == [page]


async def test_its_alert_says_that_it_is_a_drill_in_every_form(store: Store, clock: Clock) -> None:
    await registered(store)
    incident = await drilled(store, clock)
    (alert,) = await store.alerts.of_incident(incident, AlertKind.DEFACED)
    told = await store.alerts.facts(alert.id)
    notice = Notice(alert, "vi", "Asia/Ho_Chi_Minh", told.portal, told.page, told.incident, told.verdict)
    for text in (
        message.subject(notice),
        message.text(notice),
        message.telegram_html(notice),
        message.html(notice),
    ):
        assert "DIỄN TẬP: NGHI TẤN CÔNG" in text
    assert "không gọi đơn vị" in message.text(notice)


async def test_how_it_went_is_measured_from_the_attack_on(store: Store, clock: Clock) -> None:
    await registered(store)
    incident = await drilled(store, clock)
    went = await how_it_went(store, incident)
    assert (went.detected, went.told, went.acknowledged) == (timedelta(seconds=10), (), None)
    clock.forward(seconds=50)
    await store.incidents.acknowledge(incident, by="an", via="telegram", now=clock())
    went = await how_it_went(store, incident)
    assert (went.acknowledged_by, went.acknowledged) == ("an", timedelta(seconds=60))


async def test_one_drill_of_a_portal_runs_at_a_time_and_one_can_follow_another(
    store: Store, clock: Clock
) -> None:
    await registered(store)
    first = await drilled(store, clock)
    with pytest.raises(Conflict, match=f"defacewatch drills end {first}"):
        await drilled(store, clock)
    await store.incidents.resolve(first, as_=Resolution.DRILL, by="an", now=clock())
    assert await drilled(store, clock) != first


async def test_a_drill_ends_as_one_and_no_incident_ends_as_a_drill(store: Store, clock: Clock) -> None:
    await registered(store)
    incident = await drilled(store, clock)
    with pytest.raises(Conflict, match="is a drill"):
        await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=clock())


async def test_there_is_no_drill_of_a_portal_that_is_not_there(store: Store, clock: Clock) -> None:
    with pytest.raises(NotFound, match="there is no portal other"):
        await drilled(store, clock, "other")


async def told(store: Store, clock: Clock, *officers: str) -> None:
    """The drill's alert goes to these officers on two channels."""
    alert = await store.alerts.claim(clock())
    assert alert is not None
    wanted = [Wanted(channel, key) for key in officers for channel in ("telegram", "email")]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=clock())


async def got(store: Store, clock: Clock, channel: str) -> None:
    delivery = await store.alerts.claim_delivery(channel, now=clock())
    assert delivery is not None
    await store.alerts.sent(delivery.id, "receipt", now=clock())


async def test_it_was_received_when_the_last_of_those_asked_has_a_receipt_on_one_channel(
    store: Store, clock: Clock
) -> None:
    await registered(store)
    incident = await drilled(store, clock)
    await told(store, clock, "an", "binh")
    clock.forward(seconds=2)
    await got(store, clock, "telegram")
    await got(store, clock, "email")
    went = await how_it_went(store, incident)
    assert (went.sent, went.received, went.over) == (timedelta(seconds=12), None, False)
    clock.forward(seconds=3)
    await got(store, clock, "email")
    assert (await how_it_went(store, incident)).received == timedelta(seconds=15)


async def test_results_outlive_what_retention_takes_of_other_incidents(store: Store, clock: Clock) -> None:
    page = await registered(store)
    incident = await drilled(store, clock)
    await store.drills.begun(incident, Watch("Ca 1", "kip-1", ("an",)), by="giang")
    await told(store, clock, "an")
    await got(store, clock, "telegram")
    await got(store, clock, "email")
    await store.incidents.acknowledge(incident, by="an", via="telegram", now=clock.forward(seconds=5))
    await store.incidents.resolve(incident, as_=Resolution.DRILL, by="an", now=clock())
    other = await store.alerts.raise_(Draft(AlertKind.SIGHTED, Urgency.NORMAL), now=clock(), page=page)
    await store.alerts.expand(other, (), step=1, next_step_at=None, now=clock())
    before = await how_it_went(store, incident)
    clock.forward(days=800)
    removed = await store.upkeep.retention(now=clock(), max_age=timedelta(days=365), max_bytes=10**9)
    assert (removed.alerts, removed.deliveries) == (1, 0)
    assert await how_it_went(store, incident) == before
    assert (before.watch.shift, before.watch.officers) == ("Ca 1", ("an",))
    (row, total) = report([before], ROSTER.zone)
    assert row.received == Spread(timedelta(seconds=10), timedelta(seconds=10))
    assert total.acknowledged == Spread(timedelta(seconds=15), timedelta(seconds=15))


async def test_drills_are_found_by_when_they_began_and_nothing_else_is(store: Store, clock: Clock) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, clock())
    first = await drilled(store, clock)
    await store.incidents.resolve(first, as_=Resolution.DRILL, by="an", now=clock())
    between = clock.forward(days=1)
    second = await drilled(store, clock)
    assert await store.drills.numbers() == [second, first]
    assert await store.drills.numbers(between) == [second]
    assert await store.drills.numbers(end=between) == [first]
    assert await store.drills.watch(second) == Watch()
