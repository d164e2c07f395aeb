"""What was put off is due sooner when the clock was set back."""

from datetime import timedelta

from defacewatch.alerts import LEASE, AlertKind, Draft, Wanted
from defacewatch.portals import Urgency
from defacewatch.store import Store
from tests.store.samples import MINUTE, NOW

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


async def test_steps_and_attempts_that_wait_are_due_so_much_sooner_and_never_before_now(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    wanted = (Wanted("email", "an"), Wanted("telegram", "an"))
    await store.alerts.expand(alert, wanted, step=1, next_step_at=NOW + 90 * MINUTE, now=NOW)
    for channel, wait in (("email", 10 * MINUTE), ("telegram", 70 * MINUTE)):
        delivery = await store.alerts.claim_delivery(channel, now=NOW)
        assert delivery is not None
        await store.alerts.failed(delivery.id, "no answer", next_at=NOW + wait, now=NOW)
    assert await store.put_off.bring_forward(NOW + HOUR, now=NOW) == 3
    due = {one.channel: one.next_at for one in await store.alerts.deliveries(alert=alert)}
    assert due == {"email": NOW, "telegram": NOW + 10 * MINUTE}
    assert await store.alerts.claim(NOW + 29 * MINUTE) is None
    claimed = await store.alerts.claim(NOW + 30 * MINUTE)
    assert claimed is not None
    assert claimed.at == NOW, "what was written stays"


async def test_what_was_brought_forward_once_is_not_after_each_restart(store: Store) -> None:
    ahead = NOW + HOUR
    await store.alerts.raise_(TEST, now=ahead)
    assert await store.put_off.newest() == ahead
    await store.put_off.bring_forward(ahead, now=NOW)
    assert await store.put_off.newest() is None
    await store.alerts.raise_(TEST, now=NOW + MINUTE)
    assert await store.put_off.newest() is None
    await store.put_off.bring_forward(NOW + 5 * MINUTE, now=NOW)
    assert await store.put_off.until() == ahead, "the latest of them"
    assert await store.put_off.newest() is None
    await store.alerts.raise_(TEST, now=ahead + MINUTE)
    assert await store.put_off.newest() == ahead + MINUTE


async def test_what_is_being_sent_keeps_its_lease_and_no_more_than_that(store: Store) -> None:
    alert = await store.alerts.raise_(TEST, now=NOW)
    await store.alerts.expand(alert, (Wanted("email", "an"),), step=1, next_step_at=None, now=NOW)
    for claimed_at, until in ((NOW, NOW + LEASE), (NOW + HOUR, NOW + LEASE)):
        assert await store.alerts.claim_delivery("email", now=claimed_at) is not None
        await store.put_off.bring_forward(NOW + HOUR, now=NOW)
        (delivery,) = await store.alerts.deliveries(alert=alert)
        assert delivery.next_at == until
