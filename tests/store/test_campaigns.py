"""Campaigns in the store, found in the transaction that opens an incident."""

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from defacewatch.campaigns import Mark, Trait
from defacewatch.store import Store
from defacewatch.store.stormschema import campaigns, incident_marks
from defacewatch.verdicts import Verdict
from tests.store.samples import CHANGED, DEFACED, MINUTE, NOW, UNREACHABLE, checked, registered

EVIL = Mark(Trait.CODE_HOST, "evil.example")
ADDRESS = Mark(Trait.ADDRESS, "192.0.2.1")


async def opened(store: Store, key: str, *marks: Mark, verdict: Verdict = DEFACED, at: datetime = NOW) -> int:
    """Open an incident on a portal's page; its number."""
    page = await registered(store, key)
    await checked(store, page, verdict, at, marks=frozenset(marks))
    for _ in range(2 if verdict is UNREACHABLE else 0):
        await checked(store, page, verdict, at, marks=frozenset(marks))
    [view] = await store.incidents.list(page=page)
    return view.incident.id


async def of(store: Store, incident: int) -> int | None:
    campaign = await store.campaigns.of_incident(incident)
    return None if campaign is None else campaign.id


async def test_the_second_incident_of_an_attacker_makes_a_campaign_with_the_first(store: Store) -> None:
    one = await opened(store, "one", EVIL)
    assert await of(store, one) is None
    two = await opened(store, "two", EVIL, at=NOW + MINUTE)
    campaign = await store.campaigns.of_incident(one)
    assert campaign is not None
    assert (campaign.because, campaign.outage) == (EVIL, False)
    assert [view.incident.id for view in await store.campaigns.members(campaign.id)] == [two, one]
    three = await opened(store, "three", EVIL, at=NOW + 2 * MINUTE)
    assert await of(store, three) == campaign.id
    assert {view.campaign for view in await store.incidents.list(campaign=campaign.id)} == {campaign.id}


async def test_an_incident_that_shares_nothing_stays_alone(store: Store) -> None:
    await opened(store, "one", EVIL)
    assert await of(store, await opened(store, "two", ADDRESS)) is None
    assert await of(store, await opened(store, "three")) is None


async def test_an_outage_and_an_attack_are_no_campaign_and_what_turns_into_an_attack_moves(
    store: Store,
) -> None:
    down = [await opened(store, key, ADDRESS, verdict=UNREACHABLE) for key in ("one", "two")]
    assert await of(store, down[0]) == await of(store, down[1]) is not None
    attack = await opened(store, "three", ADDRESS)
    assert await of(store, attack) is None
    page = (await store.incidents.get(down[0])).page.id
    await checked(store, page, DEFACED, NOW + MINUTE, marks=frozenset({ADDRESS}))
    assert await of(store, down[0]) == await of(store, attack) not in (None, await of(store, down[1]))


async def test_incidents_that_open_at_the_same_moment_see_one_another(store: Store) -> None:
    pages = [await registered(store, f"p{number}") for number in range(8)]
    await asyncio.gather(*(checked(store, page, DEFACED, marks=frozenset({EVIL})) for page in pages))
    found = {await of(store, view.incident.id) for view in await store.incidents.list()}
    assert len(found) == 1
    assert None not in found


async def test_traits_that_nothing_is_compared_with_any_more_go(store: Store) -> None:
    await opened(store, "one", EVIL)
    await opened(store, "two", EVIL, at=NOW + 60 * 25 * MINUTE)
    async with store.engine.reading() as db:
        assert await db.scalar(select(func.count()).select_from(incident_marks)) == 1
        assert await db.scalar(select(func.count()).select_from(campaigns)) == 0


async def test_all_of_a_campaign_can_be_taken_at_once_and_what_somebody_has_stays_theirs(
    store: Store,
) -> None:
    numbers = [await opened(store, f"p{n}", EVIL, at=NOW + n * MINUTE) for n in range(3)]
    await store.incidents.acknowledge(numbers[1], by="binh", via="test", now=NOW + 5 * MINUTE)
    taken = await store.incidents.acknowledge_all(numbers, by="an", via="test", now=NOW + 6 * MINUTE)
    assert [incident.id for incident in taken] == [numbers[0], numbers[2]]
    holders = {v.incident.id: v.incident.acknowledged_by for v in await store.incidents.list()}
    assert holders == {numbers[0]: "an", numbers[1]: "binh", numbers[2]: "an"}
    again = await store.incidents.acknowledge_all(numbers, by="cuc", via="test", now=NOW + 7 * MINUTE)
    assert again == []


async def test_a_change_that_is_alike_on_many_pages_is_a_campaign_too(store: Store) -> None:
    one = await opened(store, "one", ADDRESS, verdict=CHANGED)
    two = await opened(store, "two", ADDRESS, verdict=replace(CHANGED, score=40.0))
    assert await of(store, one) == await of(store, two) is not None
