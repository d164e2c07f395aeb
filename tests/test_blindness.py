from defacewatch.alerts import AlertKind
from defacewatch.blindness import Blindness
from defacewatch.store import Store
from tests.conftest import Clock


async def test_going_blind_and_seeing_again_are_told_once_each_also_over_a_restart(
    store: Store, clock: Clock
) -> None:
    online = True

    async def answer() -> bool:
        return online

    async def turn() -> bool:
        clock.forward(seconds=30)
        return await Blindness(store, answer, clock).watch()

    assert not await turn(), "seeing is no news"
    online = False
    assert [await turn(), await turn()] == [True, False]
    told = await store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
    assert told is not None
    assert told.kind is AlertKind.BLIND
    online = True
    assert [await turn(), await turn()] == [True, False]
    told = await store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
    assert told is not None
    assert told.kind is AlertKind.SIGHTED
