"""Retention on both databases; files are made old by hand, since their clock is the machine's."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select

from defacewatch.alerts import Wanted
from defacewatch.campaigns import Mark, Trait
from defacewatch.errors import NotFound
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from defacewatch.store.retention import BATCH, Removed
from defacewatch.store.schema import checks
from tests.store.samples import DEFACED, NOW, captured, checked, registered

YEAR = timedelta(days=365)
LATER = NOW + timedelta(days=400)
ROOM = 10**12


def age_files(store: Store) -> None:
    for blobs in (store.blobs, store.approved):
        for sha in blobs.all():
            os.utime(blobs.path(sha), (0, 0))


async def blobs_of(store: Store, capture: str) -> set[str]:
    found = await store.baselines.capture(capture)
    return {found.served, found.dom, found.screenshot, found.facts}


async def retention(store: Store, now: datetime = LATER, max_bytes: int = ROOM) -> Removed:
    age_files(store)
    return await store.upkeep.retention(now=now, max_age=YEAR, max_bytes=max_bytes)


async def rendered(store: Store, page: str, marks: Iterable[str], start: datetime = NOW) -> list[str]:
    """Clean checks with the browser, an hour apart; their captures."""
    made = []
    for number, mark in enumerate(marks):
        outcome = await checked(store, page, at=start + timedelta(hours=number), mark=mark)
        assert outcome.kept is not None
        made.append(outcome.kept.capture.id)
    return made


async def test_an_empty_store_has_nothing_to_lose(store: Store) -> None:
    assert await retention(store) == Removed()


async def test_what_is_young_stays(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, ["a", "bb"])
    removed = await retention(store, now=NOW + timedelta(days=364))
    assert removed == Removed(rolled=2, evidence=removed.evidence)
    assert removed.evidence > 0
    assert len(await store.baselines.captures(page)) == 2


async def test_old_captures_and_checks_go_with_their_files_but_the_latest_capture_stays(store: Store) -> None:
    page = await registered(store)
    old, latest = await rendered(store, page, ["a", "bb"])
    gone, stay = await blobs_of(store, old), await blobs_of(store, latest)
    removed = await retention(store)
    assert (removed.captures, removed.checks, removed.files) == (1, 2, 4)
    assert removed.bytes > 0
    assert set(store.blobs.all()) == stay
    assert not gone & stay
    with pytest.raises(NotFound):
        await store.baselines.capture(old)
    assert await store.checks.history(page) == []
    assert await retention(store) == Removed(evidence=removed.evidence)


async def test_a_blob_that_another_capture_names_stays(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, ["a", "a"])
    removed = await retention(store)
    assert (removed.captures, removed.files) == (1, 1), "its facts alone are its own"
    assert len(set(store.blobs.all())) == 4


async def test_more_rows_than_a_batch_go(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, ["a"])
    async with store.engine.writing() as db:
        (row,) = (await db.execute(select(checks))).mappings()
        copies = [dict(row) | {"id": row["id"] + number} for number in range(1, 2 * BATCH + 1)]
        await db.execute(insert(checks), copies)
    assert (await retention(store)).checks == 2 * BATCH + 1
    assert await store.checks.history(page) == []


async def test_approved_captures_stay_even_those_that_were_replaced(store: Store) -> None:
    page = await registered(store)
    first, second = await captured(store, page, "a"), await captured(store, page, "bb")
    await store.baselines.approve(first, by="an", reason="first", now=NOW)
    await store.baselines.approve(second, by="an", reason="new look", now=NOW + timedelta(hours=1))
    await rendered(store, page, ["ccc"], NOW + timedelta(hours=2))
    removed = await retention(store, max_bytes=0)
    assert (removed.captures, removed.expired, removed.files) == (0, 0, 0)
    assert await store.upkeep.check() == []
    assert len(set(store.approved.all())) == 7, "their facts are the same"


async def test_a_proposal_stays_until_an_approval_settles_it(store: Store) -> None:
    page = await registered(store)
    proposed = await captured(store, page, "a")
    await rendered(store, page, ["bb"], NOW + timedelta(hours=1))
    assert (await retention(store, max_bytes=0)).captures == 0
    other = await captured(store, page, "ccc", at=NOW + timedelta(hours=2))
    await store.baselines.approve(other, by="binh", reason="another", now=NOW + timedelta(hours=3))
    assert (await retention(store)).captures == 2
    with pytest.raises(NotFound):
        await store.baselines.capture(proposed)


async def test_everything_of_an_unresolved_incident_stays(store: Store) -> None:
    page = await registered(store)
    story = [
        await checked(store, page, DEFACED, NOW + timedelta(hours=hour), mark)
        for hour, mark in enumerate(["a", "bb"])
    ]
    await rendered(store, page, ["ccc"], NOW + timedelta(hours=3))
    (view,) = await store.incidents.list()
    removed = await retention(store, max_bytes=0)
    assert removed == Removed(evidence=removed.evidence)
    kept = {o.kept.capture.id for o in story if o.kept}
    assert kept < {capture.id for capture in await store.baselines.captures(page)}
    assert len(await store.incidents.timeline(view.incident.id)) == 2
    assert await store.upkeep.check() == []


async def test_a_resolved_incidents_age_counts_from_its_end(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, NOW, "a")
    (view,) = await store.incidents.list()
    number, end = view.incident.id, NOW + timedelta(days=100)
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    delivery = await store.alerts.claim_delivery("email", now=NOW)
    assert delivery is not None
    await store.alerts.sent(delivery.id, "250 ok", now=NOW)
    await store.incidents.resolve(number, as_=Resolution.FALSE_ALARM, by="an", now=end)
    await rendered(store, page, ["bb"], end)

    removed = await retention(store, now=end + timedelta(days=364))
    assert removed == Removed(rolled=1, evidence=removed.evidence)
    removed = await retention(store, now=end + timedelta(days=366))
    assert (removed.captures, removed.checks, removed.alerts, removed.deliveries) == (1, 1, 1, 1)
    assert removed.days == 1
    assert removed.events == 2
    assert (await store.incidents.get(number)).incident.resolved_as is Resolution.FALSE_ALARM
    assert await store.upkeep.check() == []


async def test_an_alert_that_was_not_delivered_stays(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, NOW)
    (view,) = await store.incidents.list()
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    removed = await retention(store)
    assert (removed.alerts, removed.deliveries) == (0, 0)


async def test_the_oldest_pictures_go_first_when_there_is_no_room_and_their_rows_stay(store: Store) -> None:
    page = await registered(store)
    captures = await rendered(store, page, ["a", "bb", "ccc", "dddd"])
    sizes = [sum(map(store.blobs.size, await blobs_of(store, capture))) for capture in captures]
    soon = NOW + timedelta(days=1)
    removed = await retention(store, soon, max_bytes=sum(sizes[1:]) - 1)
    assert (removed.expired, removed.captures, removed.files) == (2, 0, 8)
    assert removed.evidence == store.blobs.total() == sum(sizes[2:])
    assert [c.id for c in await store.baselines.captures(page)] == captures[:1:-1]
    assert (await store.baselines.capture(captures[0])).id == captures[0]
    assert await store.upkeep.check() == []
    assert (await retention(store, soon, max_bytes=0)).expired == 1
    assert [c.id for c in await store.baselines.captures(page)] == captures[3:]


async def test_pictures_that_share_their_blobs_go_until_there_is_room(store: Store) -> None:
    page = await registered(store)
    captures = await rendered(store, page, ["a", "a", "a", "bb", "ccc"])
    own = [store.blobs.size((await store.baselines.capture(one)).facts) for one in captures[:2]]
    room = store.blobs.total() - sum(own) - 1
    removed = await retention(store, NOW + timedelta(days=1), max_bytes=room)
    assert (removed.expired, removed.files) == (3, 6)
    assert [c.id for c in await store.baselines.captures(page)] == captures[:2:-1]


async def test_files_that_no_row_names_go_once_they_are_an_hour_old(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, ["a"])
    stray = store.blobs.put(b"its row was never written", ".html")
    assert (await store.upkeep.retention(now=LATER, max_age=YEAR, max_bytes=ROOM)).files == 0
    assert store.blobs.has(stray)
    assert (await retention(store)).files == 1
    assert not store.blobs.has(stray)


async def test_what_the_baselines_hold_is_never_swept(store: Store) -> None:
    stray = store.approved.put(b"an approval was interrupted", ".html")
    assert (await retention(store, max_bytes=0)).files == 0
    assert store.approved.has(stray)


async def test_nothing_is_swept_while_a_backup_holds_the_evidence(store: Store) -> None:
    stray = store.blobs.put(b"stray", ".html")
    with store.blobs.held():
        assert (await retention(store)).files == 0
        assert store.blobs.has(store.blobs.put(b"new ones come", ".html"))
    assert store.blobs.has(stray)
    assert (await retention(store)).files == 2


async def test_a_message_that_carried_several_alerts_goes_with_them(store: Store) -> None:
    alike = frozenset({Mark(Trait.WORDS, "hacked by x")})
    for key in ("one", "two"):
        await checked(store, await registered(store, key), DEFACED, marks=alike)
        alert = await store.alerts.claim(NOW)
        assert alert is not None
        await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
        bundle = await store.messages.claim("email", editable=False, now=NOW)
        assert bundle is not None
        await store.messages.sent(bundle, "250 ok", of=2, now=NOW)
    assert bundle is not None
    assert bundle.message is not None
    await retention(store)
    assert len(await store.messages.carried(bundle.message)) == 2, "its incidents are not resolved"
    for view in await store.incidents.list():
        await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    await retention(store)
    with pytest.raises(NotFound):
        await store.messages.carried(bundle.message)


async def test_what_came_of_lessons_goes_when_it_is_old_and_what_is_under_way_stays(store: Store) -> None:
    page = await registered(store)
    for _ in range(2):
        assert await store.lessons.ask([page], by="an", via="console", samples=1, now=NOW)
        lesson = await store.lessons.claim(NOW)
        assert lesson is not None
        await store.lessons.end(lesson, now=NOW, error="503")
    await store.lessons.ask([page], by="an", via="console", samples=1, now=NOW)
    assert (await retention(store, now=NOW + timedelta(days=364))).lessons == 0
    assert (await retention(store)).lessons == 2
    (left,) = (await store.lessons.latest()).values()
    assert left.ended_at is None
