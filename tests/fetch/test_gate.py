import asyncio

import pytest

from defacewatch.fetch.gate import Gate


async def begun(gate: Gate, *ranks: int) -> tuple[list[int], list[asyncio.Task[None]]]:
    """Tasks that wait, in this order, and the order in which they come through."""
    through: list[int] = []

    async def one(number: int, rank: int) -> None:
        async with gate.place(rank):
            through.append(number)

    tasks = [asyncio.create_task(one(number, rank)) for number, rank in enumerate(ranks)]
    await asyncio.sleep(0)
    return through, tasks


async def test_the_lowest_rank_comes_first_and_of_one_rank_who_waits_longest() -> None:
    gate = Gate(1)
    await gate.take(0)
    through, tasks = await begun(gate, 3, 1, 3, 0, 1)
    assert gate.waiting == 5
    gate.release()
    await asyncio.gather(*tasks)
    assert through == [3, 1, 4, 0, 2]
    assert gate.waiting == 0


async def test_as_many_as_there_are_places_come_through_at_once() -> None:
    gate = Gate(2)
    async with asyncio.timeout(5), gate.place(0), gate.place(0):
        through, tasks = await begun(gate, 0)
        assert through == []
    await asyncio.gather(*tasks)


async def test_whoever_gives_up_waiting_costs_nobody_a_place() -> None:
    gate = Gate(1)
    await gate.take(0)
    through, tasks = await begun(gate, 0, 1)
    tasks[0].cancel()
    gate.release()
    await tasks[1]
    assert through == [1]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_a_place_that_comes_as_its_taker_gives_up_goes_to_the_next() -> None:
    gate = Gate(1)
    await gate.take(0)
    through, tasks = await begun(gate, 0, 1)
    gate.release()
    tasks[0].cancel()  # it has the place, and has not run since
    await tasks[1]
    assert through == [1]
    async with asyncio.timeout(5):
        await gate.take(0)


async def test_a_place_is_exchanged_for_a_free_one_elsewhere_and_given_back_there() -> None:
    gate, other = Gate(1), Gate(1)
    async with gate.place(0) as place:
        through, tasks = await begun(gate, 0)
        assert place.move(other)
        await asyncio.gather(*tasks)
        assert through == [0]
        assert not other.take_free()
    assert (gate.take_free(), other.take_free()) == (True, True)


async def test_a_place_is_kept_where_there_is_no_other_to_have() -> None:
    gate, full = Gate(1), Gate(0)
    async with gate.place(0) as place:
        assert not place.move(full)
        assert not gate.take_free()
    assert gate.take_free()


async def test_with_fewer_places_nobody_comes_through_until_so_many_are_free() -> None:
    gate = Gate(2)
    await gate.take(0)
    await gate.take(0)
    gate.resize(1)
    through, tasks = await begun(gate, 0, 0)
    gate.release()
    await asyncio.sleep(0)
    assert through == []
    gate.resize(2)
    await asyncio.gather(*tasks)
    assert through == [0, 1]


async def test_a_place_is_had_again_at_once_and_the_next_one_waits_for_it() -> None:
    gate, other = Gate(1), Gate(1)
    async with gate.place(0) as place:
        assert place.move(other)
        async with gate.place(0):
            place.back()
            assert (gate.take_free(), other.take_free()) == (False, True)
            through, tasks = await begun(gate, 0)
        await asyncio.sleep(0)
        assert through == [], "two had the one place"
    await asyncio.gather(*tasks)
    assert through == [0]
    assert gate.take_free()
    assert not gate.take_free()
