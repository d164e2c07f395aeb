"""Tests of channels as they are kept: answered each by itself, with what is known of their deliveries."""

from datetime import timedelta

import pytest

from defacewatch.alerts import AlertKind, DeliveryState, Wanted
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.handovers import Handover
from defacewatch.store import Store
from tests.conftest import Clock

TESTS = (("binh", "telegram"), ("binh", "email"))


async def handed(store: Store, clock: Clock) -> int:
    """A handover whose message goes to Bình on two channels; its number."""
    number = await store.handovers.begin(Handover(clock(), ("an",), ("binh",), {}), now=clock(), tests=TESTS)
    assert number is not None
    alert = await store.alerts.claim(clock())
    assert alert is not None
    wanted = [Wanted(channel, officer) for officer, channel in TESTS]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=clock())
    return number


async def test_a_test_has_the_receipt_or_the_error_of_its_delivery(store: Store, clock: Clock) -> None:
    await handed(store, clock)
    sent = await store.alerts.claim_delivery("telegram", now=clock())
    assert sent is not None
    await store.alerts.sent(sent.id, "message_id 7", now=clock())
    for final in (False, True):
        lost = await store.alerts.claim_delivery("email", now=clock())
        assert lost is not None
        again = None if final else clock()
        await store.alerts.failed(lost.id, "SMTP: 451 later", next_at=again, now=clock())
        telegram, email = await store.channel_tests.last()
        assert (telegram.sent_at, telegram.receipt, telegram.failed) == (clock(), "message_id 7", False)
        assert (email.sent_at, email.error, email.failed) == (None, "SMTP: 451 later", final)


async def test_two_failed_attempts_count_as_a_failure_though_it_is_tried_on(
    store: Store, clock: Clock
) -> None:
    await handed(store, clock)
    for _ in range(2):
        lost = await store.alerts.claim_delivery("email", now=clock())
        assert lost is not None
        await store.alerts.failed(lost.id, "SMTP: no route", next_at=clock(), now=clock())
    assert [test.failed for test in await store.channel_tests.last()] == [False, True]


async def test_an_answer_proves_the_channel_it_came_by_and_is_kept_as_it_was_first(
    store: Store, clock: Clock
) -> None:
    number = await handed(store, clock)
    first = clock()
    confirm = store.handovers.confirm
    await confirm(number, officer="binh", via="telegram", now=first, channel="telegram")
    await confirm(number, officer="binh", via="telegram", now=clock.forward(minutes=1), channel="telegram")
    telegram, email = await store.channel_tests.of(number)
    assert (telegram.acknowledged_at, telegram.via) == (first, "telegram")
    assert email.acknowledged_at is None
    await confirm(number, officer="binh", via="email", now=clock(), channel="email")
    assert [test.via for test in await store.channel_tests.of(number)] == ["telegram", "email"]
    handover = await store.handovers.get(number)
    assert handover.confirmed["binh"].at == first


async def test_an_answer_without_a_channel_and_one_of_somebody_else_prove_nothing(
    store: Store, clock: Clock
) -> None:
    number = await handed(store, clock)
    await store.handovers.confirm(number, officer="binh", via="cli", now=clock())
    await store.handovers.confirm(number, officer="an", via="telegram", now=clock(), channel="telegram")
    assert all(test.acknowledged_at is None for test in await store.channel_tests.of(number))


async def test_what_has_nothing_to_press_is_said_to_have_arrived(store: Store, clock: Clock) -> None:
    await handed(store, clock)
    clock.forward(hours=8)
    newer = await store.handovers.begin(
        Handover(clock(), ("binh",), ("binh", "an"), {}), now=clock(), tests=(("binh", "email"),)
    )
    said = await store.channel_tests.received("email", officer="binh", via="cli", now=clock())
    assert (said.handover, said.via, said.acknowledged_at) == (newer, "cli", clock())
    for officer, channel in (("an", "email"), ("binh", "gateway:sms")):
        with pytest.raises(NotFound, match=f"no test of {channel} was sent to {officer}"):
            await store.channel_tests.received(channel, officer=officer, via="cli", now=clock())


async def test_tests_are_listed_by_changes_of_shift_the_newest_first(store: Store, clock: Clock) -> None:
    start = clock()
    numbers = []
    for _ in range(3):
        numbers.append(
            await store.handovers.begin(
                Handover(clock(), (), ("an",), {}), now=clock(), tests=(("an", "email"),)
            )
        )
        clock.forward(hours=8)
    await store.handovers.begin(Handover(clock(), ("an",), (), {}), now=clock())  # a gap begins
    assert [test.handover for test in await store.channel_tests.last()] == numbers[:1:-1]
    assert [test.handover for test in await store.channel_tests.last(2)] == numbers[:0:-1]
    since = await store.channel_tests.since(start + timedelta(hours=8))
    assert [test.handover for test in since] == numbers[:0:-1]


async def test_tests_are_told_of_once(store: Store, clock: Clock) -> None:
    number = await handed(store, clock)
    tests = [test.id for test in await store.channel_tests.of(number)]
    facts = [{"officer": "Bình", "channel": "email", "error": None}]
    assert await store.channel_tests.tell(tests, facts, to=["lead"], now=clock())
    assert not await store.channel_tests.tell(tests, facts, to=["lead"], now=clock())
    alert = await store.alerts.last((AlertKind.CHANNEL_UNPROVED,))
    assert alert is not None
    assert alert.facts == {"to": ["lead"], "unproved": facts}
    assert all(test.told_at == clock() for test in await store.channel_tests.of(number))


async def test_what_is_old_loses_its_receipts_and_keeps_its_answers(store: Store, clock: Clock) -> None:
    number = await handed(store, clock)
    for channel in ("telegram", "email"):
        sent = await store.alerts.claim_delivery(channel, now=clock())
        assert sent is not None
        await store.alerts.sent(sent.id, "receipt", now=clock())
    await store.handovers.confirm(number, officer="binh", via="email", now=clock(), channel="email")
    clock.forward(days=400)
    removed = await store.upkeep.retention(now=clock(), max_age=timedelta(days=365), max_bytes=10**9)
    assert removed.deliveries == 2
    telegram, email = await store.channel_tests.last()
    assert (telegram.receipt, telegram.failed, email.receipt, email.via) == (None, False, None, "email")


async def test_a_test_that_somebody_asks_for_is_sent_once_a_minute_and_noted(
    store: Store, clock: Clock
) -> None:
    await handed(store, clock)
    number = await store.channel_tests.ask("binh", "email", by="lan", via="console", now=clock())
    with pytest.raises(Conflict, match="binh was sent a test less than a minute ago"):
        await store.channel_tests.ask("binh", None, by="lan", via="console", now=clock.forward(seconds=59))
    await store.channel_tests.ask("an", None, by="lan", via="console", now=clock())
    await store.channel_tests.ask("binh", None, by="lan", via="console", now=clock.forward(seconds=2))
    await store.alerts.expand(number, [Wanted("email", "binh")], step=1, next_step_at=None, now=clock())
    (tried,) = await store.channel_tests.tried()  # and not what the handover has sent
    assert (tried.officer, tried.channel, tried.by) == ("binh", "email", "lan")
    assert tried.state is DeliveryState.PENDING
    entries = [entry for entry in await store.audit.list(limit=9) if entry.act == Act.CHANNEL_TESTED]
    assert [(entry.who, entry.source, entry.object) for entry in reversed(entries)] == [
        ("lan", "console", "officer binh"),
        ("lan", "console", "officer an"),
        ("lan", "console", "officer binh"),
    ]


async def test_a_secret_address_that_is_renewed_is_noted_with_who_did(store: Store, clock: Clock) -> None:
    assert await store.links.renew("announce:hungyen", actor=Actor("lan", "192.0.2.7"), now=clock()) == 1
    assert await store.links.renew("announce:hungyen") == 2
    (entry,) = await store.audit.list(limit=5)
    assert (entry.act, entry.who, entry.object) == (Act.ADDRESS_RENEWED, "lan", "address announce:hungyen")
