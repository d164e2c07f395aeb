"""Incidents as people handle them."""

import asyncio
from datetime import timedelta

import pytest

from defacewatch.errors import Conflict, NotFound
from defacewatch.incidents import Event, Resolution, State
from defacewatch.runbooks import Tick
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.conftest import OpenStore
from tests.store.samples import (
    CHANGED,
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    UNREACHABLE,
    checked,
    portal,
    registered,
)


async def opened(store: Store) -> tuple[str, int]:
    """A page with an open incident: their ids."""
    page = await registered(store)
    await checked(store, page, DEFACED)
    [view] = await store.incidents.list()
    return page, view.incident.id


async def test_an_officer_acknowledges_and_the_timeline_says_who_how_and_when(store: Store) -> None:
    _, incident = await opened(store)
    taken = await store.incidents.acknowledge(incident, by="an", via="telegram", now=NOW + MINUTE)
    there = (await store.incidents.get(incident)).incident
    assert (there.state, there.acknowledged_by, there.acknowledged_at) == (
        State.ACKNOWLEDGED,
        "an",
        NOW + MINUTE,
    )
    assert taken.acknowledged_at == there.acknowledged_at
    entry = (await store.incidents.timeline(incident))[-1]
    assert (entry.at, entry.event, entry.by, entry.via) == (
        NOW + MINUTE,
        Event.ACKNOWLEDGED,
        "an",
        "telegram",
    )


async def test_of_officers_who_acknowledge_at_once_one_wins_and_the_others_hear_who(
    open_store: OpenStore,
) -> None:
    stores = [await open_store(), await open_store()]
    _, incident = await opened(stores[0])
    names = [f"officer {n}" for n in range(8)]
    done = await asyncio.gather(
        *(
            stores[n % 2].incidents.acknowledge(incident, by=name, via="cli", now=NOW)
            for n, name in enumerate(names)
        ),
        return_exceptions=True,
    )
    [winner] = [taken.acknowledged_by for taken in done if not isinstance(taken, BaseException)]
    refused = [error for error in done if isinstance(error, Conflict)]
    assert len(refused) == 7
    assert all(f"acknowledged by {winner}" in str(error) for error in refused)


async def test_restored_needs_a_clean_check(store: Store) -> None:
    page, incident = await opened(store)
    with pytest.raises(Conflict, match="not clean"):
        await store.incidents.resolve(incident, as_=Resolution.RESTORED, by="an", now=NOW)
    assert [e.event for e in await store.incidents.timeline(incident)] == [Event.OPENED]
    await checked(store, page, CLEAN, NOW + MINUTE)
    closed = await store.incidents.resolve(
        incident, as_=Resolution.RESTORED, by="an", now=NOW + 2 * MINUTE, reason="put back from backup"
    )
    assert (closed.state, closed.resolved_by) == (State.RESOLVED, "an")
    last = (await store.incidents.timeline(incident))[-1]
    assert (last.event, last.text) == (Event.RESOLVED, "restored: put back from backup")
    with pytest.raises(Conflict, match="already resolved"):
        await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=NOW)


async def test_restored_is_refused_when_the_clean_check_was_followed_by_an_outage(store: Store) -> None:
    page, incident = await opened(store)
    await checked(store, page, CLEAN, NOW + MINUTE)
    await checked(store, page, UNREACHABLE, NOW + 2 * MINUTE)
    with pytest.raises(Conflict, match="not clean"):
        await store.incidents.resolve(incident, as_=Resolution.RESTORED, by="an", now=NOW)


async def test_legitimate_without_an_approved_look_is_refused(store: Store) -> None:
    _, incident = await opened(store)
    with pytest.raises(Conflict, match="baseline approve"):
        await store.incidents.resolve(incident, as_=Resolution.LEGITIMATE, by="an", now=NOW)


async def test_a_false_alarm_mutes_its_differences_on_its_page_only(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/x")], now=NOW)
    page, other = [page.id for _, page in await store.portals.find(())]
    for _ in range(2):  # the same difference twice is one mute
        await checked(store, page, DEFACED)
        [view] = await store.incidents.list(states=[State.OPEN])
        await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    assert (await store.checks.context(page, now=NOW)).mutes == DEFACED.differences
    assert (await store.checks.context(other, now=NOW)).mutes == frozenset()


async def test_evidence_of_attack_on_a_critical_portal_is_muted_for_a_day_only(store: Store) -> None:
    page = await registered(store, critical=True)
    for verdict in (CHANGED, DEFACED):
        await checked(store, page, verdict)
        [view] = await store.incidents.list(states=[State.OPEN])
        await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    held, gone = NOW + timedelta(hours=23), NOW + timedelta(hours=24)
    assert (await store.checks.context(page, now=held)).mutes == DEFACED.differences | CHANGED.differences
    assert (await store.checks.context(page, now=gone)).mutes == CHANGED.differences
    assert await store.duty.left_out(gone) == 1


async def test_a_mute_is_listed_and_ended_once_and_its_page_looked_at_afresh(store: Store) -> None:
    page, incident = await opened(store)
    await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    [mute] = await store.mutes.holding(NOW)
    assert (mute.page, mute.by, mute.incident, mute.ends_at) == (page, "an", incident, None)
    version = (await store.checks.context(page, now=NOW)).version
    with pytest.raises(NotFound):
        await store.mutes.end(mute.id, by="binh", now=NOW, page="other")
    await store.mutes.end(mute.id, by="binh", now=NOW, via="cli:root")
    context = await store.checks.context(page, now=NOW)
    assert (context.mutes, context.version > version) == (frozenset(), True)
    assert await store.mutes.holding(NOW, page=page) == []
    with pytest.raises(Conflict, match="ended already"):
        await store.mutes.end(mute.id, by="binh", now=NOW)
    entry = (await store.audit.list(limit=1))[0]
    assert (entry.act, entry.who, entry.object) == ("mute-ended", "binh", f"mute {mute.id}")


async def test_the_check_after_a_false_alarm_looks_afresh(store: Store) -> None:
    page, incident = await opened(store)
    await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    context = await store.checks.context(page, now=NOW)
    assert (context.validators.etag, context.captured_hash, context.previous) == (None, None, incident)


async def test_comments_stand_in_the_timeline(store: Store) -> None:
    _, incident = await opened(store)
    await store.incidents.comment(incident, by="bình", text="đã gọi đơn vị vận hành", now=NOW + MINUTE)
    entry = (await store.incidents.timeline(incident))[-1]
    assert (entry.event, entry.by, entry.text) == (Event.COMMENT, "bình", "đã gọi đơn vị vận hành")


async def test_incidents_are_listed_newest_first_by_state_and_page(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/x")], now=NOW)
    pages = [page.id for _, page in await store.portals.find(())]
    for page in pages:
        await checked(store, page, DEFACED)
    newest, oldest = await store.incidents.list()
    assert [newest.page.id, oldest.page.id] == [pages[1], pages[0]]
    assert (newest.portal.key, newest.incident.verdict) == ("a", VerdictKind.DEFACED)
    await store.incidents.acknowledge(oldest.incident.id, by="an", via="cli", now=NOW)
    assert [v.incident.id for v in await store.incidents.list(states={State.OPEN})] == [newest.incident.id]
    assert [v.incident.id for v in await store.incidents.list(page=pages[0])] == [oldest.incident.id]
    assert len(await store.incidents.list(limit=1)) == 1


async def test_an_unknown_incident_is_named(store: Store) -> None:
    for call in (
        store.incidents.get(7),
        store.incidents.acknowledge(7, by="an", via="cli", now=NOW),
        store.incidents.resolve(7, as_=Resolution.RESTORED, by="an", now=NOW),
        store.incidents.comment(7, by="an", text="?", now=NOW),
    ):
        with pytest.raises(NotFound, match="no incident 7"):
            await call


async def test_steps_are_ticked_once_taken_back_and_stay_in_the_timeline(store: Store) -> None:
    _, incident = await opened(store)
    tick = store.incidents.tick
    assert await tick(incident, "Giữ bằng chứng", by="an", now=NOW, via="telegram")
    assert not await tick(incident, "Giữ bằng chứng", by="binh", now=NOW + MINUTE)
    assert await store.incidents.ticked(incident) == {"Giữ bằng chứng": Tick("an", NOW)}
    assert not await tick(incident, "Khôi phục", by="an", now=NOW, undo=True)
    assert await tick(incident, "Giữ bằng chứng", by="binh", now=NOW + MINUTE, undo=True)
    assert await store.incidents.ticked(incident) == {}
    assert [(entry.event, entry.by) for entry in (await store.incidents.timeline(incident))[-2:]] == [
        (Event.TICKED, "an"),
        (Event.UNTICKED, "binh"),
    ]
    with pytest.raises(NotFound):
        await tick(99, "Khôi phục", by="an", now=NOW)
