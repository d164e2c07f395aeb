import asyncio

from defacewatch.fetch.budget import Budget


async def test_waiting_for_a_turn_is_not_counted() -> None:
    budget, slot = Budget(10.0), asyncio.Semaphore(1)
    await slot.acquire()
    asyncio.get_running_loop().call_later(0.3, slot.release)
    await budget.turn(slot)
    assert slot.locked()
    assert budget.used() < 0.2


async def test_a_share_is_left_until_it_is_used_up() -> None:
    budget = Budget(10.0)
    assert 4.5 < budget.left(0.5) <= 5.0
    assert 9.5 < budget.left() <= 10.0
    assert Budget(0.0).left() == 0.0
