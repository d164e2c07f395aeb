"""The outbox's rows: claimed, leased, expanded, delivered or not."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from defacewatch.alerts import LEASE, TELL_AGAIN_AFTER, AlertKind, Delivery, DeliveryState, Draft, Wanted
from defacewatch.errors import NotFound
from defacewatch.incidents import Resolution
from defacewatch.portals import Urgency
from defacewatch.store import Store
from defacewatch.store.alerts import Failure
from defacewatch.verdicts import VerdictKind
from tests.conftest import OpenStore
from tests.store.samples import CLEAN, DEFACED, MINUTE, NOW, captured, checked, registered

TEST = Draft(AlertKind.TEST, Urgency.NORMAL, {"by": "an"}, officer="an")
TELEGRAM, EMAIL = Wanted("telegram", "an"), Wanted("email", "an")
SIEM = Wanted("webhook:siem", None)


async def expanded(store: Store, *wanted: Wanted) -> int:
    """An alert whose deliveries are written; its id."""
    alert = await store.alerts.raise_(TEST, now=NOW)
    await store.alerts.expand(alert, wanted, step=1, next_step_at=None, now=NOW)
    return alert


async def claimed(store: Store, channel: str = "telegram") -> Delivery:
    delivery = await store.alerts.claim_delivery(channel, now=NOW)
    assert delivery is not None
    return delivery


async def escalating(store: Store) -> tuple[int, int]:
    """An open incident whose alert was told once and is due for its second step: both ids."""
    page = await registered(store)
    await checked(store, page, DEFACED)
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    assert alert.incident is not None
    await store.alerts.expand(alert.id, (TELEGRAM,), step=1, next_step_at=NOW + 10 * MINUTE, now=NOW)
    return alert.incident, alert.id


async def test_an_alert_is_claimed_once_and_again_after_the_lease(store: Store) -> None:
    assert await store.alerts.claim(NOW) is None
    alert = await store.alerts.raise_(TEST, now=NOW)
    assert await store.alerts.claim(NOW - MINUTE) is None
    first = await store.alerts.claim(NOW)
    assert first is not None
    assert (first.id, first.kind, first.officer, first.facts) == (alert, AlertKind.TEST, "an", {"by": "an"})
    assert await store.alerts.claim(NOW) is None
    assert await store.alerts.claim(NOW + LEASE - timedelta(seconds=1)) is None
    again = await store.alerts.claim(NOW + LEASE)
    assert again is not None
    assert (again.id, again.step) == (alert, 0)


async def test_expanding_twice_tells_nobody_twice(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    wanted = (TELEGRAM, EMAIL, SIEM, SIEM)
    for _ in range(2):
        await store.alerts.expand(alert, wanted, step=1, next_step_at=NOW + MINUTE, now=NOW)
    made = await store.alerts.deliveries(alert=alert)
    assert [(d.channel, d.officer, d.state, d.attempts) for d in made] == [
        ("telegram", "an", DeliveryState.PENDING, 0),
        ("email", "an", DeliveryState.PENDING, 0),
        ("webhook:siem", None, DeliveryState.PENDING, 0),
    ]
    late = (Wanted("email", "bình"),)  # a claim that outlived its lease, and another shift by now
    await store.alerts.expand(alert, late, step=1, next_step_at=NOW, now=NOW)
    assert len(await store.alerts.deliveries(alert=alert)) == 3
    assert await store.alerts.claim(NOW) is None


async def test_an_alert_that_nobody_can_be_told_of_is_asked_again(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    await store.alerts.expand(alert, (), step=0, next_step_at=NOW + MINUTE, now=NOW)
    assert await store.alerts.claim(NOW) is None
    again = await store.alerts.claim(NOW + MINUTE)
    assert again is not None
    await store.alerts.expand(alert, (TELEGRAM,), step=1, next_step_at=None, now=NOW + MINUTE)
    assert len(await store.alerts.deliveries(alert=alert)) == 1
    with pytest.raises(NotFound, match="no alert 99"):
        await store.alerts.expand(99, (), step=1, next_step_at=None, now=NOW)


async def test_a_later_step_is_due_until_somebody_acknowledges(store: Store) -> None:
    incident, alert = await escalating(store)
    assert await store.alerts.claim(NOW + 9 * MINUTE) is None
    second = await store.alerts.claim(NOW + 10 * MINUTE)
    assert second is not None
    assert (second.id, second.step) == (alert, 1)
    await store.alerts.expand(
        alert, (Wanted("email", "lead", 1),), step=2, next_step_at=NOW + 30 * MINUTE, now=NOW + 10 * MINUTE
    )
    await store.incidents.acknowledge(incident, by="lead", via="cli", now=NOW + 11 * MINUTE)
    taken = await store.alerts.claim(NOW + 30 * MINUTE)
    assert taken is not None
    assert (taken.kind, taken.facts["to"]) == (AlertKind.TAKEN, ["an"])
    assert await store.alerts.claim(NOW + 30 * MINUTE) is None
    assert (await store.alerts.facts(alert)).alert.next_step_at is None


async def test_an_acknowledgement_between_claim_and_expansion_stops_the_step(store: Store) -> None:
    incident, alert = await escalating(store)
    assert await store.alerts.claim(NOW + 10 * MINUTE) is not None
    await store.incidents.acknowledge(incident, by="an", via="telegram", now=NOW + 10 * MINUTE)
    await store.alerts.expand(
        alert, (Wanted("email", "lead", 1),), step=2, next_step_at=NOW + 30 * MINUTE, now=NOW + 10 * MINUTE
    )
    assert [d.officer for d in await store.alerts.deliveries(alert=alert)] == ["an"]
    assert await store.alerts.claim(NOW + 30 * MINUTE) is None


async def test_a_blindness_that_is_over_climbs_no_further(store: Store) -> None:
    blind = await store.alerts.raise_(Draft(AlertKind.BLIND, Urgency.HIGH), now=NOW)
    await store.alerts.expand(blind, (TELEGRAM,), step=1, next_step_at=NOW + 10 * MINUTE, now=NOW)
    assert await store.alerts.claim(NOW + 10 * MINUTE) is not None
    sighted = await store.alerts.raise_(Draft(AlertKind.SIGHTED, Urgency.NORMAL), now=NOW + 11 * MINUTE)
    again = await store.alerts.raise_(Draft(AlertKind.BLIND, Urgency.HIGH), now=NOW + 12 * MINUTE)
    for alert in (sighted, again):
        await store.alerts.expand(alert, (TELEGRAM,), step=1, next_step_at=NOW + 20 * MINUTE, now=NOW)
    claimed = [await store.alerts.claim(NOW + 20 * MINUTE) for _ in range(3)]
    assert [alert and alert.id for alert in claimed] == [sighted, again, None]
    await store.alerts.expand(
        blind, (Wanted("email", "lead", 1),), step=2, next_step_at=NOW + 30 * MINUTE, now=NOW + 20 * MINUTE
    )
    assert len(await store.alerts.deliveries(alert=blind)) == 1


async def test_the_first_step_is_told_whatever_became_of_the_incident(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED)
    [view] = await store.incidents.list()
    await store.incidents.acknowledge(view.incident.id, by="an", via="cli", now=NOW)
    await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    alert = await store.alerts.claim(NOW + MINUTE)
    assert alert is not None
    await store.alerts.expand(alert.id, (TELEGRAM,), step=1, next_step_at=NOW + 10 * MINUTE, now=NOW)
    assert len(await store.alerts.deliveries(alert=alert.id)) == 1


async def test_a_claimed_delivery_is_being_sent_and_counted_before_it_is_sent(store: Store) -> None:
    alert = await expanded(store, TELEGRAM, EMAIL)
    delivery = await claimed(store)
    assert (delivery.state, delivery.attempts, delivery.next_at) == (DeliveryState.SENDING, 1, NOW + LEASE)
    assert (await store.alerts.deliveries(alert=alert))[0] == delivery
    assert await store.alerts.claim_delivery("telegram", now=NOW) is None
    assert (await claimed(store, "email")).channel == "email"


async def test_a_delivery_whose_sender_died_is_sent_again(store: Store) -> None:
    await expanded(store, TELEGRAM)
    first = await claimed(store)
    again = await store.alerts.claim_delivery("telegram", now=NOW + LEASE)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)


async def test_a_row_that_cannot_be_sent_does_not_hold_up_those_behind_it(store: Store) -> None:
    first, second = await expanded(store, TELEGRAM), await expanded(store, TELEGRAM)
    assert [(await claimed(store)).alert, (await claimed(store)).alert] == [first, second]


async def test_a_receipt_is_kept_and_nothing_is_sent_again(store: Store) -> None:
    alert = await expanded(store, TELEGRAM)
    delivery = await claimed(store)
    await store.alerts.failed(delivery.id, "timeout", next_at=NOW, now=NOW)
    await claimed(store)
    await store.alerts.sent(delivery.id, "message 4711", now=NOW + MINUTE)
    [there] = await store.alerts.deliveries(alert=alert)
    assert (there.state, there.receipt, there.error, there.sent_at, there.next_at) == (
        DeliveryState.SENT,
        "message 4711",
        None,
        NOW + MINUTE,
        None,
    )
    assert await store.alerts.claim_delivery("telegram", now=NOW + 10 * MINUTE) is None


async def test_a_failed_attempt_is_due_again_and_others_are_told_as_well_once(store: Store) -> None:
    alert = await expanded(store, TELEGRAM)
    delivery = await claimed(store)
    for _ in range(2):
        await store.alerts.failed(
            delivery.id, "502 Bad Gateway\0", next_at=NOW + MINUTE, also=(EMAIL,), now=NOW
        )
    telegram, email = await store.alerts.deliveries(alert=alert)
    assert (telegram.state, telegram.next_at) == (DeliveryState.PENDING, NOW + MINUTE)
    assert telegram.error is not None
    assert telegram.error.startswith("502 Bad Gateway")
    assert (email.channel, email.state) == ("email", DeliveryState.PENDING)
    assert await store.alerts.claim_delivery("telegram", now=NOW) is None
    assert await store.alerts.claim_delivery("telegram", now=NOW + MINUTE) is not None


async def test_a_delivery_without_a_next_time_is_given_up(store: Store) -> None:
    alert = await expanded(store, TELEGRAM)
    await store.alerts.failed((await claimed(store)).id, "chat not found", next_at=None, now=NOW)
    [there] = await store.alerts.deliveries(alert=alert)
    assert (there.state, there.next_at) == (DeliveryState.FAILED, None)
    assert await store.alerts.claim_delivery("telegram", now=NOW + LEASE) is None
    with pytest.raises(NotFound, match="no delivery 99"):
        await store.alerts.failed(99, "?", next_at=None, now=NOW)


async def test_a_late_failure_does_not_undo_what_another_sender_delivered(store: Store) -> None:
    alert = await expanded(store, TELEGRAM)
    delivery = await claimed(store)
    await store.alerts.sent(delivery.id, "ok", now=NOW)
    await store.alerts.failed(delivery.id, "timeout", next_at=NOW, also=(EMAIL,), now=NOW)
    assert [d.state for d in await store.alerts.deliveries(alert=alert)] == [DeliveryState.SENT]


async def given_up(store: Store, *, step: int) -> tuple[int, int]:
    """An alert with no step left, whose only delivery was given up at NOW: incident and alert."""
    incident, alert = await escalating(store)
    await store.alerts.expand(alert, (), step=step, next_step_at=None, now=NOW)
    await store.alerts.failed((await claimed(store)).id, "550 no such user", next_at=None, now=NOW)
    return incident, alert


async def test_an_alert_that_nobody_heard_comes_back_and_what_was_given_up_starts_over(store: Store) -> None:
    _, alert = await given_up(store, step=3)
    later = NOW + TELL_AGAIN_AFTER
    assert await store.alerts.claim(later - timedelta(seconds=1)) is None
    assert await store.alerts.claim(later) is not None
    assert await store.alerts.tell_again(alert, (TELEGRAM, EMAIL), now=later)
    assert not await store.alerts.tell_again(alert, (TELEGRAM, EMAIL, SIEM), now=later), "others are asked"
    made = await store.alerts.deliveries(alert=alert)
    assert [(d.channel, d.state, d.attempts, d.created_at, d.next_at) for d in made] == [
        ("telegram", DeliveryState.PENDING, 0, later, later),
        ("email", DeliveryState.PENDING, 0, later, later),
    ]
    assert await store.alerts.claim(later + LEASE) is None


async def test_an_alert_that_nobody_heard_and_nobody_can_be_told_of_comes_back_again(store: Store) -> None:
    _, alert = await given_up(store, step=3)
    later = NOW + TELL_AGAIN_AFTER
    assert await store.alerts.tell_again(alert, (), now=later)
    assert (await store.alerts.facts(alert)).alert.next_step_at == later + TELL_AGAIN_AFTER


async def test_an_alert_that_nobody_heard_comes_back_no_more_once_it_is_taken(store: Store) -> None:
    incident, alert = await given_up(store, step=3)
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW)
    assert not await store.alerts.tell_again(alert, (TELEGRAM,), now=NOW)
    assert await store.alerts.claim(NOW + TELL_AGAIN_AFTER) is None


async def test_what_fails_after_somebody_took_the_incident_brings_nothing_back(store: Store) -> None:
    incident, alert = await escalating(store)
    await store.alerts.expand(alert, (), step=3, next_step_at=None, now=NOW)
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW)
    await store.alerts.failed((await claimed(store)).id, "550 no such user", next_at=None, now=NOW)
    assert (await store.alerts.facts(alert)).alert.next_step_at is None


async def test_a_step_that_is_far_away_comes_sooner_when_nobody_has_heard(store: Store) -> None:
    _, alert = await escalating(store)
    await store.alerts.expand(alert, (SIEM,), step=2, next_step_at=NOW + 600 * MINUTE, now=NOW)
    await store.alerts.failed((await claimed(store, SIEM.channel)).id, "410", next_at=None, now=NOW)
    assert (await store.alerts.facts(alert)).alert.next_step_at == NOW + 600 * MINUTE, "an may yet hear"
    await store.alerts.failed((await claimed(store)).id, "403", next_at=None, now=NOW)
    assert (await store.alerts.facts(alert)).alert.next_step_at == NOW + TELL_AGAIN_AFTER


async def test_an_alert_that_an_officer_has_heard_does_not_come_back(store: Store) -> None:
    _, alert = await escalating(store)
    await store.alerts.expand(alert, (EMAIL,), step=3, next_step_at=None, now=NOW)
    await store.alerts.sent((await claimed(store, "email")).id, "250 OK", now=NOW)
    await store.alerts.failed((await claimed(store)).id, "403", next_at=None, now=NOW)
    assert (await store.alerts.facts(alert)).alert.next_step_at is None


async def test_deliveries_on_channels_that_are_gone_are_found(store: Store) -> None:
    alert = await expanded(store, TELEGRAM, EMAIL, SIEM)
    await store.alerts.sent((await claimed(store, "email")).id, "250 OK", now=NOW)
    await claimed(store, SIEM.channel)
    stranded = await store.alerts.stranded({"telegram": None})
    assert [d.channel for d in stranded] == ["webhook:siem"]
    assert [d.channel for d in await store.alerts.stranded(())] == ["telegram", "webhook:siem"]
    assert await store.alerts.stranded((), only=[alert + 1]) == []


async def test_the_facts_of_an_alert_are_those_of_the_check_that_raised_it(store: Store) -> None:
    page = await registered(store)
    baseline = await captured(store, page, "good")
    await store.baselines.approve(baseline, by="an", reason="first", now=NOW - MINUTE)
    made = await checked(store, page, DEFACED, mark="bad")
    later = await captured(store, page, "new", at=NOW + MINUTE)
    await store.baselines.approve(later, by="an", reason="redesign", now=NOW + MINUTE)
    await checked(store, page, CLEAN, NOW + 2 * MINUTE)
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    told = await store.alerts.facts(alert.id)
    assert made.kept is not None
    assert (told.verdict, told.confirmed_at) == (DEFACED, NOW)
    assert told.before == (await store.baselines.capture(baseline)).screenshot
    assert (told.after, told.capture) == (made.kept.capture.screenshot, made.kept.capture.id)
    assert told.page is not None
    assert told.portal is not None
    assert told.incident is not None
    assert (told.page.id, told.portal.key, told.incident.verdict) == (page, "hungyen", VerdictKind.DEFACED)


async def test_an_alert_about_no_page_has_only_its_own_facts(store: Store) -> None:
    alert = await store.alerts.raise_(Draft(AlertKind.BLIND, Urgency.HIGH), now=NOW)
    told = await store.alerts.facts(alert)
    assert (told.page, told.portal, told.incident, told.before, told.after) == (None,) * 5
    with pytest.raises(NotFound, match="no alert 99"):
        await store.alerts.facts(99)


async def test_the_backlog_says_what_waits_and_for_how_long(store: Store) -> None:
    assert (await store.alerts.backlog(NOW)).oldest is None
    incident, _ = await escalating(store)
    await expanded(store, TELEGRAM, EMAIL)
    await store.alerts.sent((await claimed(store, "email")).id, "250 OK", now=NOW)
    await claimed(store)
    await store.alerts.raise_(TEST, now=NOW)
    backlog = await store.alerts.backlog(NOW + MINUTE)
    assert backlog.deliveries == {
        ("telegram", DeliveryState.PENDING): 1,
        ("telegram", DeliveryState.SENDING): 1,
    }
    assert (backlog.alerts, backlog.oldest) == (1, MINUTE)
    assert [d.channel for d in await store.alerts.deliveries(incident=incident)] == ["telegram"]


async def test_outboxes_that_race_take_every_alert_and_delivery_once(open_store: OpenStore) -> None:
    """Two processes with four workers each: fifteen alerts, thirty deliveries."""
    stores = [await open_store(), await open_store()]
    for _ in range(15):
        await stores[0].alerts.raise_(TEST, now=NOW)

    async def expand(store: Store) -> list[int]:
        taken = []
        while alert := await store.alerts.claim(NOW):
            await store.alerts.expand(alert.id, (TELEGRAM, EMAIL), step=1, next_step_at=None, now=NOW)
            taken.append(alert.id)
        return taken

    async def send(store: Store, channel: str) -> list[int]:
        taken = []
        while delivery := await store.alerts.claim_delivery(channel, now=NOW):
            await store.alerts.sent(delivery.id, "ok", now=NOW)
            taken.append(delivery.id)
        return taken

    workers = [store for store in stores for _ in range(4)]
    expansions = await asyncio.gather(*(expand(store) for store in workers))
    # A worker may stop while others still hold the last claims, but nothing is taken twice.
    assert Counter(alert for taken in expansions for alert in taken).most_common(1)[0][1] == 1
    await expand(stores[0])
    channels = ("telegram", "email") * 4
    sendings = await asyncio.gather(*(send(s, c) for s, c in zip(workers, channels, strict=True)))
    for channel in ("telegram", "email"):
        sendings.append(await send(stores[0], channel))
    taken = Counter(delivery for taken in sendings for delivery in taken)
    assert (len(taken), set(taken.values())) == (30, {1})
    assert (await stores[0].alerts.backlog(NOW)).alerts == 0


async def test_what_failed_on_two_channels_is_noted_at_once_in_whatever_order(store: Store) -> None:
    for _ in range(12):
        await expanded(store, TELEGRAM, EMAIL)
    rows = await store.alerts.deliveries()
    telegram = [Failure(row.id, "x", NOW) for row in rows if row.channel == "telegram"]
    mail = [Failure(row.id, "x", NOW) for row in reversed(rows) if row.channel == "email"]
    for _ in range(5):
        await asyncio.gather(*(store.alerts.all_failed(these, now=NOW) for these in (telegram, mail)))
    assert {row.error for row in await store.alerts.deliveries()} == {"x"}
