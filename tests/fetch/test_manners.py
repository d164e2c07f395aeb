import asyncio
import time

import pytest

from defacewatch.fetch.manners import Manners

HOST = "portal.example"


async def test_a_host_is_asked_by_one_at_a_time_in_the_order_of_asking() -> None:
    manners, said = Manners(pause=lambda: 0.0), list[str]()

    async def ask(name: str) -> None:
        async with manners.turn(HOST):
            said.append(f"{name} begins")
            await asyncio.sleep(0)
            said.append(f"{name} ends")

    await asyncio.gather(*(ask(name) for name in "abc"))
    assert said == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


async def test_other_hosts_do_not_wait() -> None:
    manners = Manners()
    async with manners.turn(HOST), asyncio.timeout(5), manners.turn("other.example"):
        pass


async def test_a_host_is_left_alone_for_the_pause_when_somebody_waits() -> None:
    asked: list[str] = []

    def pause() -> float:
        asked.append("pause")
        return 0.01

    manners = Manners(pause=pause)
    async with manners.turn(HOST):
        waiting = asyncio.create_task(taken(manners))
        await asyncio.sleep(0)
    assert asked == ["pause"]
    assert not waiting.done()
    await waiting
    async with manners.turn(HOST):
        pass
    assert asked == ["pause"]


async def test_a_request_that_is_not_answered_keeps_others_waiting_for_a_while_only() -> None:
    manners = Manners(patience=0.01)
    async with manners.turn(HOST):
        async with asyncio.timeout(5):
            await taken(manners)
        async with asyncio.timeout(5):
            await taken(manners)


async def test_whoever_gives_up_waiting_costs_nobody_a_turn() -> None:
    manners = Manners(pause=lambda: 0.0)
    async with manners.turn(HOST):
        gone, after = asyncio.create_task(taken(manners)), asyncio.create_task(taken(manners))
        await asyncio.sleep(0)
        gone.cancel()
    async with asyncio.timeout(5):
        await after
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_turn_that_comes_as_its_owner_gives_up_goes_to_the_next() -> None:
    manners = Manners(pause=lambda: 0.0)
    holder = asyncio.Event()

    async def hold() -> None:
        async with manners.turn(HOST):
            await holder.wait()

    held = asyncio.create_task(hold())
    await asyncio.sleep(0)
    gone, after = asyncio.create_task(taken(manners)), asyncio.create_task(taken(manners))
    await asyncio.sleep(0)
    holder.set()
    await held
    while len(manners._waiting[HOST][0]) > 1:  # noqa: ASYNC110 - until the loop has come to it
        await asyncio.sleep(0)
    gone.cancel()  # the turn has come, and its owner has not run since
    async with asyncio.timeout(5):
        await after


async def test_who_comes_behind_has_a_turn_when_nobody_else_waits() -> None:
    manners, said = Manners(pause=lambda: 0.0), list[str]()

    async def ask(name: str, *, behind: bool) -> None:
        async with manners.turn(HOST, behind=behind):
            said.append(name)

    async with manners.turn(HOST):
        tasks = [
            asyncio.create_task(ask(name, behind=name.startswith("thing")))
            for name in ("thing 1", "thing 2", "page 1", "page 2")
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert said == ["page 1", "page 2", "thing 1", "thing 2"]


@pytest.mark.parametrize("behind", [False, True])
async def test_nobody_waits_for_longer_than_that_and_goes_ahead_beside_the_others(behind: bool) -> None:
    manners = Manners(pause=lambda: 0.0, patience=60, longest=0.01)
    async with manners.turn(HOST), asyncio.timeout(5), manners.turn(HOST, behind=behind):
        waiting = asyncio.create_task(taken(manners))
        await asyncio.sleep(0)
    await waiting
    assert not manners._waiting, "whoever had no turn ends none"


async def test_the_more_wait_for_a_host_that_does_not_answer_the_sooner_is_the_next_one_asked() -> None:
    manners, begun = Manners(patience=2.0, longest=2.0), list[float]()

    async def ask() -> None:
        async with manners.turn(HOST):
            begun.append(time.monotonic())
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(ask()) for _ in range(40)]
    while len(begun) < 4:  # noqa: ASYNC110 - there is nothing to wait for but time
        await asyncio.sleep(0.01)
    assert begun[3] - begun[1] < 1.5
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(10):
        while manners._waiting:  # noqa: ASYNC110 - the turn of nobody comes after the pause
            await asyncio.sleep(0.01)


async def test_a_host_that_could_not_be_reached_keeps_others_waiting_for_a_moment_only() -> None:
    manners = Manners(pause=lambda: 0.0, patience=60, longest=60)
    manners.heard(HOST, reached=False)
    async with manners.turn(HOST), asyncio.timeout(5):
        await taken(manners)
    manners.heard(HOST, reached=True)
    async with manners.turn(HOST):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await taken(manners)


async def taken(manners: Manners) -> None:
    async with manners.turn(HOST):
        pass
