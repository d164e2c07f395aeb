"""Captures, proposals, approvals."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.incidents import Event, Resolution, State
from defacewatch.profiles import Profile
from defacewatch.store import Store
from defacewatch.store.schema import captures
from tests.store.samples import (
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    captured,
    checked,
    features,
    look,
    outcome,
    registered,
)
from tests.store.statements import asked

FEATURES = re.compile(r"(captures|approvals)\.features\b")


async def test_a_learned_capture_is_proposed_and_not_trusted(store: Store) -> None:
    page = await registered(store)
    kept = await store.checks.keep(page, look("a"), features("a"))
    learned = Profile(page, 4, paths={"17": 2})
    capture = await store.baselines.keep_capture(kept, proposed_by="an", profile=learned, now=NOW)
    assert capture == replace(kept.capture, proposed_by="an", proposed_at=NOW)
    assert await store.baselines.get(page) is None
    assert await store.baselines.proposals() == [capture]
    assert (await store.checks.context(page, now=NOW)).profile == learned


async def test_an_approval_makes_the_baseline_and_copies_its_blobs_first(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    approval = await store.baselines.approve(capture, by="bình", reason="first registration", now=NOW)
    assert (approval.page, approval.capture, approval.by) == (page, capture, "bình")
    baseline = await store.baselines.get(page)
    assert baseline is not None
    assert [(a.capture, a.features) for a in baseline.looks] == [(capture, features("a"))]
    assert (await store.checks.context(page, now=NOW)).baseline == baseline
    row = await store.baselines.capture(capture)
    for blob in (row.served, row.dom, row.screenshot, row.facts):
        assert store.approved.get(blob) == store.blobs.get(blob)
        store.blobs.delete(blob)
        assert await store.pictures(blob) == store.approved.get(blob)
    assert await store.baselines.proposals() == []


async def test_a_new_approval_replaces_and_also_adds(store: Store) -> None:
    page = await registered(store)
    first, second, third = [await captured(store, page, mark) for mark in "abc"]

    async def looks() -> tuple[list[str], int]:
        baseline = await store.baselines.get(page)
        assert baseline is not None
        return [a.capture for a in baseline.looks], baseline.version

    await store.baselines.approve(first, by="an", reason="one", now=NOW)
    one = await looks()
    await store.baselines.approve(second, by="an", reason="two", also=True, now=NOW + MINUTE)
    two = await looks()
    await store.baselines.approve(third, by="an", reason="three", now=NOW + 2 * MINUTE)
    three = await looks()
    assert [one[0], two[0], three[0]] == [[first], [first, second], [third]]
    assert one[1] < two[1] < three[1]
    history = await store.baselines.history(page)
    assert [(a.capture, a.also, a.withdrawn_at) for a in history] == [
        (first, False, NOW + 2 * MINUTE),
        (second, True, NOW + 2 * MINUTE),
        (third, False, None),
    ]


async def test_the_check_after_an_approval_looks_afresh(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    await checked(store, page, CLEAN, mark="a")
    learned = Profile(page, 2)
    await store.baselines.set_profile(page, learned)
    await store.baselines.approve(capture, by="an", reason="new", now=NOW)
    context = await store.checks.context(page, now=NOW)
    assert (context.last, context.captured_hash, context.validators.etag) == (None, None, None)
    assert context.profile == learned


async def test_approving_what_the_incident_shows_resolves_it_as_legitimate(store: Store) -> None:
    page = await registered(store)
    made = await checked(store, page, DEFACED, mark="new")
    assert made.kept is not None
    await store.baselines.approve(made.kept.capture.id, by="an", reason="redesign", now=NOW + MINUTE)
    [view] = await store.incidents.list()
    assert (view.incident.state, view.incident.resolved_as) == (State.RESOLVED, Resolution.LEGITIMATE)
    assert view.incident.resolved_by == "an"
    entry = (await store.incidents.timeline(view.incident.id))[-1]
    assert (entry.event, entry.by, entry.text) == (Event.RESOLVED, "an", "legitimate: redesign")


async def test_approving_another_capture_of_the_same_look_resolves_it_too(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="new")
    same = await captured(store, page, "new", at=NOW + MINUTE)
    await store.baselines.approve(same, by="an", reason="redesign", now=NOW + MINUTE)
    [view] = await store.incidents.list()
    assert view.incident.state is State.RESOLVED


async def test_approving_another_look_leaves_the_incident_open(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="bad")
    good = await captured(store, page, "good")
    await store.baselines.approve(good, by="an", reason="as it should be", now=NOW)
    [view] = await store.incidents.list()
    assert view.incident.state is State.OPEN
    with pytest.raises(Conflict, match="not clean"):
        await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=NOW)
    await checked(store, page, CLEAN, NOW + MINUTE)
    await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=NOW + MINUTE)


async def test_a_critical_page_needs_a_second_person(store: Store) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="An")
    with pytest.raises(Conflict, match="another person"):
        await store.baselines.approve(capture, by="an ", reason="mine", now=NOW)
    with pytest.raises(UsageError):
        await store.baselines.approve(capture, by="bình", reason=" ", now=NOW)
    assert await store.baselines.get(page) is None
    assert list(store.approved.all()) == []
    await store.baselines.approve(capture, by="bình", reason="checked by phone", now=NOW)


async def test_the_first_proposer_stays_the_proposer(store: Store) -> None:
    page = await registered(store)
    made = await checked(store, page, DEFACED, mark="a")
    assert made.kept is not None
    capture = made.kept.capture.id
    assert (await store.baselines.propose(capture, by="an", now=NOW)).proposed_by == "an"
    again = await store.baselines.propose(capture, by="an", now=NOW + MINUTE)
    assert again.proposed_at == NOW + MINUTE
    other = await store.baselines.propose(capture, by="bình", now=NOW + 2 * MINUTE)
    assert (other.proposed_by, other.proposed_at) == ("an", NOW + MINUTE)


async def test_proposals_are_counted_and_read_some_at_a_time_without_their_features(store: Store) -> None:
    page = await registered(store)
    ids = [await captured(store, page, mark, at=NOW + n * MINUTE) for n, mark in enumerate("abc")]
    ids.append(await captured(store, page, "d", at=NOW + 2 * MINUTE))
    ids = [*ids[:2], *sorted(ids[2:])]
    assert await store.baselines.count_proposals() == 4
    first = await store.baselines.proposals(limit=3)
    assert [capture.id for capture in first] == ids[:3]
    last = first[-1]
    assert last.proposed_at is not None
    rest = await store.baselines.proposals(after=(last.proposed_at, last.id), limit=3)
    assert [capture.id for capture in rest] == ids[3:]
    with asked(store) as seen:
        await store.baselines.proposals()
    assert "captures.proposed_at" in " ".join(seen)
    assert not FEATURES.search(" ".join(seen))
    await store.baselines.approve(ids[3], by="an", reason="x", now=NOW + 9 * MINUTE)
    assert await store.baselines.count_proposals() == 0


async def test_what_was_approved_is_read_without_its_features(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    await store.baselines.approve(capture, by="an", reason="x", now=NOW)
    with asked(store) as seen:
        assert [approval.reason for approval in await store.baselines.history(page)] == ["x"]
        assert [chapter.capture.id for chapter in await store.reviews.history(page)] == [capture]
        assert (await store.baselines.capture(capture)).id == capture
        assert (await store.reviews.of(capture)).stands
    assert "approvals.withdrawn_at" in " ".join(seen)
    assert not FEATURES.search(" ".join(seen))
    with asked(store) as seen:
        await store.baselines.get(page)
    assert FEATURES.search(" ".join(seen))


async def test_an_approval_settles_the_proposals_before_it_and_not_those_after(store: Store) -> None:
    page = await registered(store)
    await captured(store, page, "a")
    approved = await captured(store, page, "b", at=NOW + MINUTE)
    await store.baselines.approve(approved, by="an", reason="b", now=NOW + 2 * MINUTE)
    assert await store.baselines.proposals() == []
    later = await captured(store, page, "c", at=NOW + 3 * MINUTE)
    assert [c.id for c in await store.baselines.proposals()] == [later]


async def test_an_expired_capture_is_neither_listed_nor_approved(store: Store) -> None:
    page = await registered(store)
    old, new = await captured(store, page, "a"), await captured(store, page, "b", at=NOW + MINUTE)
    async with store.engine.writing() as db:
        await db.execute(update(captures).where(captures.c.id == old).values(expired_at=NOW, features=None))
    assert [c.id for c in await store.baselines.captures(page)] == [new]
    assert [c.id for c in await store.baselines.proposals()] == [new]
    for refused in (
        store.baselines.approve(old, by="an", reason="x", now=NOW),
        store.baselines.propose(old, by="an", now=NOW),
    ):
        with pytest.raises(Conflict, match="has expired"):
            await refused


async def test_a_capture_whose_blobs_are_gone_is_not_approved(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    store.blobs.delete((await store.baselines.capture(capture)).screenshot)
    with pytest.raises(NotFound, match="no blob"):
        await store.baselines.approve(capture, by="an", reason="x", now=NOW)
    assert await store.baselines.history(page) == []


async def test_features_made_again_replace_the_old_ones_everywhere(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    await store.baselines.approve(capture, by="an", reason="x", now=NOW)
    newer = features("a", version=2)
    assert [c.id for c in await store.baselines.outdated(2)] == [capture]
    await store.baselines.renew(capture, newer)
    assert await store.baselines.outdated(2) == []
    baseline = await store.baselines.get(page)
    assert baseline is not None
    assert baseline.looks[0].features == newer


async def test_of_proposals_only_the_open_ones_are_outdated_and_of_one_page_if_asked(store: Store) -> None:
    page, other = await registered(store), await registered(store, "langson")
    settled, approved, waiting = [await captured(store, page, mark) for mark in "abc"]
    elsewhere = await captured(store, other)
    await store.baselines.approve(approved, by="an", reason="x", now=NOW + MINUTE)
    await store.baselines.propose(waiting, by="an", now=NOW + 2 * MINUTE)
    assert settled not in (found := [c.id for c in await store.baselines.outdated(2)])
    assert found[0] == approved
    assert set(found) == {approved, waiting, elsewhere}
    assert [c.id for c in await store.baselines.outdated(2, page=page)] == [approved, waiting]


async def test_features_that_another_process_made_again_stay(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    await store.baselines.renew(capture, features("a", version=2))
    before = await store.checks.context(page, now=NOW)
    await store.baselines.renew(capture, features("a", version=2))
    assert await store.checks.context(page, now=NOW) == before


async def test_a_check_under_way_during_an_approval_judges_again(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    stale = await store.checks.context(page, now=NOW)
    await store.baselines.approve(capture, by="an", reason="x", now=NOW)
    fresh = await store.checks.context(page, now=NOW)
    assert fresh.version > stale.version
    await store.checks.record(outcome(fresh))


async def test_an_unknown_capture_is_named(store: Store) -> None:
    for call in (
        store.baselines.capture("nope"),
        store.baselines.propose("nope", by="an", now=NOW),
        store.baselines.approve("nope", by="an", reason="x", now=NOW),
    ):
        with pytest.raises(NotFound, match="no capture nope"):
            await call
