"""What is done about incidents is counted once, whoever did it."""

from datetime import timedelta

from prometheus_client import REGISTRY

from defacewatch.alerts import Wanted
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from defacewatch.tally import Tally
from tests.conftest import OpenStore
from tests.store.samples import CLEAN, DEFACED, MINUTE, NOW, checked, registered

NAMES = {
    "acknowledged": ("defacewatch_time_to_acknowledge_seconds_count", {"verdict": "defaced"}),
    "acknowledged for": ("defacewatch_time_to_acknowledge_seconds_sum", {"verdict": "defaced"}),
    "restored": ("defacewatch_time_to_restore_seconds_count", {"verdict": "defaced"}),
    "restored for": ("defacewatch_time_to_restore_seconds_sum", {"verdict": "defaced"}),
    "false": ("defacewatch_incidents_resolved_total", {"verdict": "defaced", "resolution": "false-alarm"}),
    "told for nothing": ("defacewatch_false_alarms_told_total", {"officer": "an"}),
    "well": ("defacewatch_incidents_resolved_total", {"verdict": "defaced", "resolution": "restored"}),
    "drill": ("defacewatch_incidents_resolved_total", {"verdict": "defaced", "resolution": "drill"}),
}


def counted() -> dict[str, float]:
    return {key: REGISTRY.get_sample_value(name, labels) or 0.0 for key, (name, labels) in NAMES.items()}


def since(before: dict[str, float]) -> dict[str, float]:
    return {key: value - before[key] for key, value in counted().items() if value != before[key]}


async def incident(store: Store, key: str) -> tuple[str, int]:
    page = await registered(store, key)
    await checked(store, page, DEFACED, NOW)
    return page, (await store.incidents.list(page=page))[0].incident.id


async def test_what_another_process_did_is_observed_once_at_its_times(
    store: Store, open_store: OpenStore
) -> None:
    page, number = await incident(store, "a")
    tally, other = Tally(store), await open_store()
    await tally.count()
    before = counted()
    await other.incidents.acknowledge(number, by="an", via="cli", now=NOW + 2 * MINUTE)
    await tally.count()
    assert since(before) == {"acknowledged": 1, "acknowledged for": 120}
    await checked(other, page, CLEAN, NOW + 30 * MINUTE)
    await other.incidents.resolve(number, as_=Resolution.RESTORED, by="an", now=NOW + timedelta(hours=2))
    for _ in range(3):
        await tally.count()
    assert since(before) == {
        "acknowledged": 1,
        "acknowledged for": 120,
        "restored": 1,
        "restored for": 1800,  # until it was well, not until somebody said so
        "well": 1,
    }


async def test_what_was_done_before_the_daemon_began_is_not_counted_again(store: Store) -> None:
    _, number = await incident(store, "a")
    await store.incidents.acknowledge(number, by="an", via="cli", now=NOW)
    before = counted()
    tally = Tally(store)
    await tally.count()
    await tally.count()
    assert since(before) == {}


async def test_a_false_alarm_is_counted_and_no_restoration(store: Store) -> None:
    _, number = await incident(store, "a")
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    delivery = await store.alerts.claim_delivery("email", now=NOW)
    assert delivery is not None
    await store.alerts.sent(delivery.id, "250 ok", now=NOW)
    tally = Tally(store)
    await tally.count()
    before = counted()
    await store.incidents.resolve(number, as_=Resolution.FALSE_ALARM, by="an", now=NOW + MINUTE)
    await tally.count()
    assert since(before) == {"false": 1, "told for nothing": 1}


async def test_a_drill_is_not_counted(store: Store) -> None:
    await registered(store, "a")
    drill = await store.portals.drill_page("a", now=NOW)
    tally = Tally(store)
    await tally.count()
    before = counted()
    await checked(store, drill.id, DEFACED, NOW)
    (view,) = await store.incidents.list()
    await store.incidents.acknowledge(view.incident.id, by="an", via="cli", now=NOW + MINUTE)
    await store.incidents.resolve(view.incident.id, as_=Resolution.DRILL, by="an", now=NOW + MINUTE)
    await tally.count()
    assert since(before) == {}
