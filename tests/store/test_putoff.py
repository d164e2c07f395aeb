"""What was put off is due sooner when the clock was set back."""

from datetime import timedelta

from defacewatch.alerts import LEASE, AlertKind, Draft, Wanted
from defacewatch.portals import Urgency
from defacewatch.store import Store
from tests.store.samples import CHANGED, DEFACED, MINUTE, NOW, checked, registered

TEST = Draft(AlertKind.TEST, Urgency.NORMAL, officer="an")
HOUR = timedelta(hours=1)


async def test_the_newest_is_of_what_is_unfinished_alone(store: Store) -> None:
    assert await store.put_off.newest() is None
    alert = await store.alerts.raise_(TEST, now=NOW)
    assert await store.put_off.newest() == NOW, "its first step is to be taken"
    later = NOW + MINUTE
    await store.alerts.expand(alert, (Wanted("email", "an"),), step=1, next_step_at=None, now=later)
    assert await store.put_off.newest() == later, "it is to be sent"
    delivery = await store.alerts.claim_delivery("email", now=later)
    assert delivery is not None
    assert await store.put_off.newest() == later, "it is on its way"
    await store.alerts.sent(delivery.id, "250 ok", now=later)
    assert await store.put_off.newest() is None


async def test_steps_and_attempts_that_wait_are_due_so_much_sooner(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    wanted = (Wanted("email", "an"), Wanted("telegram", "an"))
    await store.alerts.expand(alert, wanted, step=1, next_step_at=NOW + 90 * MINUTE, now=NOW)
    for channel, wait in (("email", 10 * MINUTE), ("telegram", 70 * MINUTE)):
        delivery = await store.alerts.claim_delivery(channel, now=NOW)
        assert delivery is not None
        await store.alerts.failed(delivery.id, "no answer", next_at=NOW + wait, now=NOW)
    assert await store.put_off.bring_forward(HOUR, now=NOW) == 3
    due = {one.channel: one.next_at for one in await store.alerts.deliveries(alert=alert)}
    assert due == {"email": NOW - 50 * MINUTE, "telegram": NOW + 10 * MINUTE}
    assert await store.alerts.claim(NOW + 29 * MINUTE) is None
    claimed = await store.alerts.claim(NOW + 30 * MINUTE)
    assert claimed is not None
    assert claimed.at == NOW, "what was written before stays"


async def test_what_was_written_in_the_future_was_written_so_much_sooner(store: Store) -> None:
    ahead = NOW + HOUR
    alert = await store.alerts.raise_(TEST, now=ahead)
    told = (Wanted("email", "an"),)
    await store.alerts.expand(alert, told, step=1, next_step_at=ahead + 30 * MINUTE, now=ahead, reached=ahead)
    assert await store.put_off.bring_forward(HOUR, now=NOW + MINUTE) == 2
    claimed = await store.alerts.claim(NOW + 30 * MINUTE)
    assert claimed is not None
    assert (claimed.at, claimed.reached) == (NOW, NOW)
    (delivery,) = await store.alerts.deliveries(alert=alert)
    assert delivery.created_at == NOW
    assert await store.put_off.newest() == NOW
    assert await store.put_off.bring_forward(HOUR, now=NOW + 31 * MINUTE) == 0, "nothing is to come"


async def test_steps_keep_their_distance_where_only_the_last_was_taken_in_a_time_to_come(
    store: Store,
) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    reached, due = NOW + 10 * MINUTE, NOW + 30 * MINUTE
    await store.alerts.expand(alert, (), step=2, next_step_at=due, now=reached, reached=reached)
    now, by = NOW + 5 * MINUTE, 20 * MINUTE
    assert await store.put_off.bring_forward(by, now=now) == 1
    claimed = await store.alerts.claim(due - by)
    assert claimed is not None
    assert (claimed.at, claimed.reached) == (NOW - by, reached - by)


async def test_who_had_taken_it_before_it_was_an_attack_has_not_taken_the_attack(store: Store) -> None:
    page, ahead = await registered(store), NOW + HOUR
    await checked(store, page, CHANGED, ahead - 20 * MINUTE)
    (view,) = await store.incidents.list()
    await store.incidents.acknowledge(view.incident.id, by="an", via="test", now=ahead - 10 * MINUTE)
    await checked(store, page, DEFACED, ahead - MINUTE)
    attack = await store.alerts.last((AlertKind.DEFACED,))
    assert attack is not None
    told = (Wanted("email", "an"),)
    await store.alerts.expand(attack.id, told, step=1, next_step_at=ahead + 9 * MINUTE, now=ahead)
    await store.put_off.bring_forward(HOUR, now=NOW)
    while (claimed := await store.alerts.claim(NOW + 9 * MINUTE)) is not None:
        if claimed.id == attack.id:
            break
    assert claimed is not None, "nobody has it"
    assert claimed.at == NOW - MINUTE


async def test_what_is_being_sent_keeps_its_lease_and_no_more_than_that(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    await store.alerts.expand(alert, (Wanted("email", "an"),), step=1, next_step_at=None, now=NOW)
    for claimed_at, until in ((NOW, NOW + LEASE), (NOW + HOUR, NOW + LEASE)):
        assert await store.alerts.claim_delivery("email", now=claimed_at) is not None
        await store.put_off.bring_forward(HOUR, now=NOW)
        (delivery,) = await store.alerts.deliveries(alert=alert)
        assert delivery.next_at == until
