"""Drills go the whole way and touch nothing."""

import asyncio
from datetime import timedelta

import pytest

from defacewatch.alerts import AlertKind, Notice
from defacewatch.captures import Look
from defacewatch.compare import extract
from defacewatch.drill import attack, how_it_went
from defacewatch.errors import Conflict, NotFound
from defacewatch.features import Features
from defacewatch.incidents import Resolution
from defacewatch.notify import message
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.conftest import Clock
from tests.store.samples import registered


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
