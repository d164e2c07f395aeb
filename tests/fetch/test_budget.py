import asyncio

from defacewatch.fetch.budget import Budget
from defacewatch.fetch.gate import Gate, Turn


async def test_waiting_for_a_turn_is_not_counted() -> None:
    budget, gate = Budget(10.0), Gate(1)
    slot = Turn(gate, 0)
    await slot.acquire()
    asyncio.get_running_loop().call_later(1.0, slot.release)
    await budget.turn(slot)
    assert not gate.take_free()
    assert budget.used() < 0.9


async def test_a_share_is_left_until_it_is_used_up() -> None:
    budget = Budget(10.0)
    assert 2.0 < budget.left(0.5) <= 5.0
    assert 7.0 < budget.left() <= 10.0
    assert Budget(0.0).left() == 0.0


async def test_what_is_waited_on_purpose_is_not_counted() -> None:
    budget = Budget(10.0)
    await budget.rest(1.0)
    assert budget.used() < 0.9
    await budget.rest(-5.0)
    assert 0 <= budget.used() < 0.9
