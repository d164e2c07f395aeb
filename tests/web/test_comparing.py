"""Comparisons of pages: one at a time, and remembered."""

import asyncio
import threading

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
        asyncio.create_task(comparisons.verdict(number % 4, lambda n=number % 4: compare(n)))  # type: ignore[misc]
        for number in range(12)
    ]
    await begun.wait()
    going.set()
    verdicts = await asyncio.gather(*tasks)
    assert [verdict.score for verdict in verdicts] == [0.0, 1.0, 2.0, 3.0] * 3
    assert sorted(made) == [0, 1, 2, 3]
    assert max(most) == 1


async def test_what_failed_is_tried_again_and_what_is_remembered_is_bounded() -> None:
    comparisons, asked = Comparisons(), list[int]()

    def fail() -> Verdict:
        raise DefacewatchError("damaged")

    def compare(number: int) -> Verdict:
        asked.append(number)
        return CLEAN

    with pytest.raises(DefacewatchError):
        await comparisons.verdict(0, fail)
    for number in range(KEPT + 1):
        await comparisons.verdict(number, lambda n=number: compare(n))  # type: ignore[misc]
    await comparisons.verdict(KEPT, lambda: compare(KEPT))
    await comparisons.verdict(0, lambda: compare(0))
    assert asked == [*range(KEPT + 1), 0]
