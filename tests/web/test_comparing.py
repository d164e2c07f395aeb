"""Comparisons of pages: one at a time, and remembered."""

import asyncio
import threading
from functools import partial

import pytest

from defacewatch.errors import DefacewatchError
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.web.comparing import KEPT, Comparisons

CLEAN = Verdict(VerdictKind.CLEAN)


async def test_comparisons_are_made_one_at_a_time_and_each_once() -> None:
    comparisons, made = Comparisons(), list[int]()
    going, begun, most = threading.Event(), asyncio.Event(), list[int]()
    running, loop = list[int](), asyncio.get_running_loop()

    def compare(number: int) -> Verdict:
        running.append(number)
        most.append(len(running))
        loop.call_soon_threadsafe(begun.set)
        going.wait(10)
        running.remove(number)
        made.append(number)
        return Verdict(VerdictKind.CLEAN, float(number))

    tasks = [
        asyncio.create_task(comparisons.verdict(number % 4, partial(asyncio.to_thread, compare, number % 4)))
        for number in range(12)
    ]
    await begun.wait()
    going.set()
    verdicts = await asyncio.gather(*tasks)
    assert [verdict and verdict.score for verdict in verdicts] == [0.0, 1.0, 2.0, 3.0] * 3
    assert sorted(made) == [0, 1, 2, 3]
    assert max(most) == 1


async def test_what_failed_is_tried_again_and_what_is_remembered_is_bounded() -> None:
    comparisons, asked = Comparisons(), list[int]()

    async def fail() -> Verdict:
        raise DefacewatchError("damaged")

    async def gone() -> None:
        return None

    async def compare(number: int) -> Verdict:
        asked.append(number)
        return CLEAN

    with pytest.raises(DefacewatchError):
        await comparisons.verdict(0, fail)
    assert await comparisons.verdict(0, gone) is None
    for number in range(KEPT + 1):
        await comparisons.verdict(number, partial(compare, number))
    await comparisons.verdict(KEPT, partial(compare, KEPT))
    await comparisons.verdict(0, partial(compare, 0))
    assert asked == [*range(KEPT + 1), 0]
