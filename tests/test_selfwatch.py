from collections.abc import Awaitable, Callable

from defacewatch.alerts import AlertKind
from defacewatch.costs import keeps_up
from defacewatch.selfwatch import SelfWatch
from defacewatch.store import Store
from tests.conftest import Clock


def blindness(store: Store, answer: Callable[[], Awaitable[bool]], clock: Clock) -> SelfWatch:
    return SelfWatch(store, answer, clock, ill=AlertKind.BLIND, well=AlertKind.SIGHTED)


async def test_going_blind_and_seeing_again_are_told_once_each_also_over_a_restart(
    store: Store, clock: Clock
) -> None:
    online = True

    async def answer() -> bool:
        return online

    async def turns() -> list[bool]:
        """Three turns after a restart."""
        watching = blindness(store, answer, clock)
        raised = []
        for _ in range(3):
            clock.forward(seconds=30)
            raised.append(await watching.watch())
        return raised

    assert not any(await turns()), "seeing is no news"
    online = False
    assert await turns() == [False, True, False]
    assert not any(await turns())
    told = await store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
    assert told is not None
    assert told.kind is AlertKind.BLIND
    online = True
    assert await turns() == [True, False, False]
    told = await store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
    assert told is not None
    assert told.kind is AlertKind.SIGHTED


async def test_one_round_without_an_answer_is_no_blindness(store: Store, clock: Clock) -> None:
    answers = iter([False, True, False, True, False, False])

    async def answer() -> bool:
        return next(answers)

    watching = blindness(store, answer, clock)
    assert [await watching.watch() for _ in range(6)] == [False] * 5 + [True]


async def test_a_coverage_that_goes_up_and_down_about_the_threshold_is_told_once(
    store: Store, clock: Clock
) -> None:
    coverages = iter([0.98, 0.98, *[0.992, 0.989] * 20, *[0.994] * 20, *[0.999] * 9, 0.994, *[0.999] * 11])

    async def answer() -> bool | None:
        return keeps_up(next(coverages))

    watching = SelfWatch(store, answer, clock, ill=AlertKind.BEHIND, well=AlertKind.CAUGHT_UP, again=10)
    raised = [await watching.watch() for _ in range(83)]
    assert [turn for turn, was in enumerate(raised) if was] == [1, 2 + 40 + 20 + 9 + 1 + 9]
    told = await store.alerts.last((AlertKind.BEHIND, AlertKind.CAUGHT_UP))
    assert told is not None
    assert told.kind is AlertKind.CAUGHT_UP


async def test_two_conditions_are_told_apart_and_each_with_its_facts(store: Store, clock: Clock) -> None:
    async def ill() -> bool:
        return False

    behind = SelfWatch(
        store, ill, clock, ill=AlertKind.BEHIND, well=AlertKind.CAUGHT_UP, facts=lambda: {"coverage": 0.5}
    )
    blind = blindness(store, ill, clock)
    raised = [(await behind.watch(), await blind.watch()) for _ in range(3)]
    assert raised == [(False, False), (True, True), (False, False)]
    told = await store.alerts.last((AlertKind.BEHIND,))
    assert told is not None
    assert told.facts == {"coverage": 0.5}
