"""Both ends of a check: the context it reads, and what it records at once or not at all."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from defacewatch.alerts import AlertKind, Draft
from defacewatch.captures import Refusal, Resource, Tier, Validators
from defacewatch.errors import Moved, NotFound
from defacewatch.incidents import Change, Event, Incident, Resolution, State
from defacewatch.portals import Urgency
from defacewatch.profiles import Profile
from defacewatch.records import Recorded
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.store.alertschema import alerts
from defacewatch.store.moves import save_incident
from defacewatch.store.schema import captures, checks, incident_events, incidents, page_state
from defacewatch.store.screenshots import smaller
from defacewatch.store.states import Standing
from defacewatch.verdicts import Streak, Verdict, VerdictKind
from tests.conftest import OpenStore
from tests.store.samples import (
    CHANGED,
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    UNREACHABLE,
    captured,
    checked,
    features,
    look,
    outcome,
    portal,
    registered,
)


async def counts(store: Store) -> tuple[int, ...]:
    """Rows of checks, captures, incidents, their events and alerts."""
    async with store.engine.reading() as db:
        tables = (checks, captures, incidents, incident_events, alerts)
        return tuple([await db.scalar(select(func.count()).select_from(table)) or 0 for table in tables])


async def test_a_new_page_has_an_empty_context(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    assert (context.baseline, context.incident, context.last, context.streak) == (None, None, None, Streak())
    assert (context.profile, context.validators) == (Profile(page), Validators())
    assert context.portal == replace(await store.portals.get("hungyen"), pages=())
    with pytest.raises(NotFound, match="no page nowhere"):
        await store.checks.context("nowhere", now=NOW)


async def test_the_next_check_reads_what_the_last_one_recorded(store: Store) -> None:
    page = await registered(store)
    validators = Validators('"v1"', "Wed, 02 Sep 2026 00:00:00 GMT", "f" * 64)
    first = await store.checks.context(page, now=NOW)
    made = outcome(first, CLEAN, NOW, validators=validators, served_hash="served")
    await store.checks.record(made)
    second = await store.checks.context(page, now=NOW)
    assert (second.validators, second.served_hash, second.checked_at) == (validators, "served", NOW)
    assert (second.last, second.captured_at, second.captured_hash) == (VerdictKind.CLEAN, None, None)
    assert second.version > first.version
    await store.checks.record(outcome(second, CLEAN, NOW + MINUTE))
    third = await store.checks.context(page, now=NOW)
    assert (third.validators, third.served_hash) == (validators, "served")


async def test_a_clean_probe_that_finds_nothing_new_costs_no_row(store: Store) -> None:
    page = await registered(store)
    await checked(store, page)
    before = await counts(store)
    for minute in range(1, 4):
        await checked(store, page, CLEAN, NOW + minute * MINUTE)
    assert await counts(store) == before
    assert (await store.checks.context(page, now=NOW)).checked_at == NOW + 3 * MINUTE


async def test_a_look_with_the_browser_is_kept_with_all_that_it_saw(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    seen = look(
        "a",
        resources=(Resource("https://cdn.example.vn/a.js", "script", 200),),
        refusals=(Refusal("http://10.0.0.1/", "private address 10.0.0.1"),),
        frames=("https://frame.example.vn/",),
    )
    kept = await store.checks.keep(page, seen, features("a"), attack=True)
    made = outcome(context, CLEAN, kept=kept, tier=Tier.RENDER, served_hash="dom-a")
    recorded = await store.checks.record(made)
    assert recorded.capture == kept.capture.id
    assert await store.baselines.capture(kept.capture.id) == kept.capture
    assert kept.capture.details["refusals"] == [
        {"url": "http://10.0.0.1/", "reason": "private address 10.0.0.1"}
    ]
    assert seen.rendering is not None
    assert await store.pictures(kept.capture.screenshot) == smaller(seen.rendering.screenshot)
    assert await store.pictures(kept.capture.served) == seen.probe.html.encode()
    after = await store.checks.context(page, now=NOW)
    assert (after.captured_at, after.captured_hash, after.kept_at) == (NOW, "dom-a", NOW)


async def test_a_look_without_a_browser_cannot_be_kept(store: Store) -> None:
    page = await registered(store)
    with pytest.raises(ValueError, match="browser"):
        await store.checks.keep(page, replace(look(), rendering=None), features())


async def test_a_bad_verdict_opens_an_incident_with_event_and_alert_in_one(store: Store) -> None:
    page = await registered(store)
    made = await checked(store, page, DEFACED, mark="bad")
    context = await store.checks.context(page, now=NOW)
    assert context.incident is not None
    assert made.change.incident is not None
    assert context.incident == replace(made.change.incident, id=context.incident.id, version=1)
    assert made.kept is not None
    assert context.incident.capture == made.kept.capture.id
    [entry] = await store.incidents.timeline(context.incident.id)
    assert (entry.event, entry.by, entry.verdict) == (Event.OPENED, "defacewatch", VerdictKind.DEFACED)
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    assert (alert.kind, alert.incident, alert.page) == (AlertKind.DEFACED, context.incident.id, page)
    [row] = await store.checks.history(page)
    assert (row.verdict, row.incident, row.tier) == (DEFACED, context.incident.id, Tier.RENDER)


async def test_an_incident_is_moved_by_later_checks_and_linked_to_the_one_before(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CHANGED)
    await checked(store, page, DEFACED, NOW + MINUTE)
    [view] = await store.incidents.list()
    assert (view.incident.verdict, view.incident.version) == (VerdictKind.DEFACED, 2)
    await checked(store, page, CLEAN, NOW + 2 * MINUTE)
    later = NOW + 3 * MINUTE
    await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=later)
    await checked(store, page, DEFACED, NOW + 4 * MINUTE)
    assert [v.incident.previous for v in await store.incidents.list()] == [view.incident.id, None]


async def test_failures_in_a_row_and_wavers_within_a_day_are_counted(store: Store) -> None:
    page = await registered(store)
    for minute in range(3):
        await checked(store, page, UNREACHABLE, NOW + minute * MINUTE)
    assert (await store.checks.context(page, now=NOW)).streak == Streak(3, Tier.PROBE)
    wavered = replace(CLEAN, wavered=True)
    await checked(store, page, wavered, NOW + timedelta(hours=1))
    await checked(store, page, wavered, NOW + timedelta(hours=2))
    assert (await store.checks.context(page, now=NOW + timedelta(hours=3))).wavers == 2
    assert (await store.checks.context(page, now=NOW + timedelta(hours=25, minutes=30))).wavers == 1


async def test_a_told_certificate_is_remembered_and_belongs_to_no_incident(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    warning = Draft(AlertKind.CERTIFICATE, Urgency.NORMAL, {"not_after": "2026-09-09"})
    await store.checks.record(outcome(context, DEFACED, alerts=(warning,)))
    assert (await store.checks.context(page, now=NOW)).certificate_told_at == NOW
    claimed = [await store.alerts.claim(NOW), await store.alerts.claim(NOW)]
    assert [(a.kind, a.incident is None) for a in claimed if a] == [
        (AlertKind.CERTIFICATE, True),
        (AlertKind.DEFACED, False),
    ]


async def test_a_profile_is_written_and_read_back(store: Store) -> None:
    page = await registered(store)
    profile = Profile(page, 3, {"18446744073709551615": 2}, {"5": 1}, {"0": 3}, {"script a.vn": 1})
    context = await store.checks.context(page, now=NOW)
    await store.checks.record(replace(outcome(context), profile=profile))
    context = await store.checks.context(page, now=NOW)
    assert context.profile == profile
    await store.baselines.set_profile(page, replace(profile, samples=4))
    assert (await store.checks.context(page, now=NOW)).profile.samples == 4
    with pytest.raises(Moved):
        await store.checks.record(outcome(context))


async def test_what_a_page_says_of_itself_cannot_keep_a_check_from_being_recorded(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    hostile = "hacked\0 by \ud800 x \U0001f480"
    signal = Signal(Kind.DEFACE_PHRASE, 60.0, f"deface-phrase:{hostile}", {"phrases": [hostile]})
    seen = look("a", title=hostile, html=f"<p>{hostile}", final_url=f"https://x.vn/{hostile}")
    kept = await store.checks.keep(page, seen, features())
    verdict = Verdict(VerdictKind.DEFACED, 60.0, 60.0, (signal,))
    await store.checks.record(outcome(context, verdict, kept=kept, tier=Tier.RENDER))
    assert (await store.baselines.capture(kept.capture.id)).title == "hacked� by ? x \U0001f480"
    assert (await store.checks.history(page))[0].verdict.kind is VerdictKind.DEFACED


@pytest.mark.parametrize("racer", ["check", "acknowledge", "resolve", "approve"])
async def test_a_check_that_lost_a_race_writes_nothing(store: Store, racer: str) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="bad")
    capture = await captured(store, page)
    stale = await store.checks.context(page, now=NOW)
    assert stale.incident is not None
    if racer == "check":
        await checked(store, page, CLEAN)
    elif racer == "acknowledge":
        await store.incidents.acknowledge(stale.incident.id, by="an", via="cli", now=NOW)
    elif racer == "resolve":
        await store.incidents.resolve(stale.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    else:
        await store.baselines.approve(capture, by="an", reason="new look", now=NOW)
    before = await counts(store)
    kept = await store.checks.keep(page, look("c"), features("c"))
    with pytest.raises(Moved):
        await store.checks.record(outcome(stale, CLEAN, NOW + MINUTE, kept=kept, tier=Tier.RENDER))
    assert await counts(store) == before
    fresh = await store.checks.context(page, now=NOW)
    await store.checks.record(outcome(fresh, CLEAN, NOW + MINUTE, kept=kept, tier=Tier.RENDER))


async def test_a_page_never_has_two_unresolved_incidents(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED)
    with pytest.raises(Moved, match="unresolved"):
        async with store.engine.lasting() as db:
            await db.run_sync(save_incident, Incident(page, VerdictKind.CHANGED, NOW))
    resolved = Incident(page, VerdictKind.CHANGED, NOW, state=State.RESOLVED)
    async with store.engine.lasting() as db:
        await db.run_sync(save_incident, resolved)


async def test_an_incident_that_moved_behind_the_page_is_noticed(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED)
    context = await store.checks.context(page, now=NOW)
    assert context.incident is not None
    stale = replace(context.incident, version=context.incident.version - 1, present=False)
    made = replace(outcome(context, CLEAN), change=Change(stale, Event.CALMED))
    before = await counts(store)
    with pytest.raises(Moved, match="incident"):
        await store.checks.record(made)
    assert await counts(store) == before


async def test_checks_that_race_open_one_incident_and_none_is_lost(open_store: OpenStore) -> None:
    """Two processes, ten checks of one page at once: each repeats until it is recorded."""
    stores = [await open_store(), await open_store()]
    page = await registered(stores[0])

    async def check(number: int) -> Recorded:
        store = stores[number % 2]
        while True:
            context = await store.checks.context(page, now=NOW)
            try:
                return await store.checks.record(outcome(context, DEFACED, NOW + number * MINUTE))
            except Moved:
                continue

    recorded = await asyncio.gather(*(check(number) for number in range(10)))
    assert len({r.incident for r in recorded}) == 1
    async with stores[0].engine.reading() as db:
        assert await db.scalar(select(page_state.c.version)) == 10
    assert (await counts(stores[1]))[2:] == (1, 1, 1)


async def test_many_pages_are_recorded_at_once_by_two_processes(open_store: OpenStore) -> None:
    stores = [await open_store(), await open_store()]
    await stores[0].portals.apply([portal("a", *(f"/{n}" for n in range(60)))], now=NOW)
    pages = [page.id for _, page in await stores[0].portals.find(())]
    verdicts = (CLEAN, DEFACED, UNREACHABLE)
    await asyncio.gather(
        *(checked(stores[n % 2], page, verdicts[n % 3], NOW) for n, page in enumerate(pages))
    )
    assert (await counts(stores[0]))[:3] == (60, 0, 20)


async def test_the_latest_state_of_all_pages_is_one_list(store: Store) -> None:
    await store.portals.apply([portal("b"), portal("a", "/", "/x")], now=NOW)
    pages = [page.id for _, page in await store.portals.find(())]
    await checked(store, pages[0], DEFACED, mark="bad")
    await checked(store, pages[0], CLEAN, NOW + MINUTE)
    await checked(store, pages[2], UNREACHABLE)
    capture = await captured(store, pages[2])
    await store.baselines.approve(capture, by="an", reason="first", now=NOW)
    states = await store.checks.latest()
    assert [(s.page.id, s.verdict, s.worst, s.has_baseline) for s in states] == [
        (pages[0], VerdictKind.CLEAN, VerdictKind.DEFACED, False),
        (pages[1], None, None, False),
        (pages[2], None, None, True),
    ]
    assert states[0].incident is not None
    assert states[0].capture is not None
    assert states[2].streak.failures == 1
    assert [s.page.id for s in await store.checks.latest([pages[1]])] == [pages[1]]
    await store.portals.apply([portal("a", "/")], now=NOW)
    assert [s.page.id for s in await store.checks.latest()] == pages[:1]
    assert len(await store.checks.latest(pages)) == 3


async def test_how_all_pages_stand_is_told_in_few_words(store: Store) -> None:
    await store.portals.apply([portal("b"), portal("a", "/", "/x")], now=NOW)
    pages = [page.id for _, page in await store.portals.find(())]
    await checked(store, pages[0], DEFACED, mark="bad")
    await checked(store, pages[0], CLEAN, NOW + MINUTE)
    await checked(store, pages[2], UNREACHABLE)
    expected = {
        Standing(pages[0], VerdictKind.CLEAN, NOW + MINUTE, NOW, State.OPEN),
        Standing(pages[1], None, None, None, None),
        Standing(pages[2], VerdictKind.UNREACHABLE, NOW, None, None),
    }
    assert set(await store.checks.standing()) == expected
    (view,) = await store.incidents.list()
    await store.incidents.acknowledge(view.incident.id, by="an", via="cli", now=NOW)
    await store.portals.apply([portal("a", "/")], now=NOW)
    (left,) = await store.checks.standing()
    assert left == Standing(pages[0], VerdictKind.CLEAN, NOW + MINUTE, NOW, State.ACKNOWLEDGED)
    await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=NOW)
    assert [standing.incident for standing in await store.checks.standing()] == [None]


async def test_the_latest_checks_of_a_page_come_first(store: Store) -> None:
    page = await registered(store)
    for minute, verdict in ((0, CLEAN), (1, UNREACHABLE), (2, CLEAN)):
        await checked(store, page, verdict, NOW + minute * MINUTE)
    history = await store.checks.history(page, limit=2)
    assert [(row.at, row.verdict.kind) for row in history] == [
        (NOW + 2 * MINUTE, VerdictKind.CLEAN),
        (NOW + MINUTE, VerdictKind.UNREACHABLE),
    ]


async def test_an_outcome_that_cannot_be_written_whole_is_not_written_at_all(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    kept = await store.checks.keep(page, look(), features())
    made = outcome(context, DEFACED, kept=kept, tier=Tier.RENDER)
    async with store.engine.writing() as db:
        values = {"id": kept.capture.id, "page": page, "at": NOW, "served": "", "dom": "", "screenshot": ""}
        values["facts"] = ""
        values |= {"dom_hash": "", "screen_hash": "", "final_url": "", "title": "", "attack": False}
        await db.execute(insert(captures).values(**values, details="{}", features_version=1))
    before = await counts(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.checks.record(made)
    assert await counts(store) == before
    assert (await store.checks.context(page, now=NOW)).version == context.version
