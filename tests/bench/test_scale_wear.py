import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.console import Console

from bench.scale.wear import Look, Moment, grows, slope, soaked


def test_memory_that_stays_has_no_slope_and_that_which_grows_has_its_share_in_a_thousand() -> None:
    assert slope([100, 200, 300], [500, 500, 500]) == (0, 0)
    grown, error = slope([100, 200, 300], [1000, 1001, 1002])
    assert grown == pytest.approx(0.01, rel=0.01)
    assert error == pytest.approx(0, abs=1e-9)
    assert slope([100, 200], [500, 900]) == (0, math.inf)


def test_a_slope_is_as_uncertain_as_what_lies_off_its_line() -> None:
    # by hand: residuals 5, -15, 15, -5 about the line 100 + 0.3 x; 500 / 2 over a width of 50,000
    grown, error = slope([100, 200, 300, 400], [135, 145, 205, 215])
    assert grown == pytest.approx(0.3 * 1000 / 175)
    assert error == pytest.approx((250 / 50_000) ** 0.5 * 1000 / 175)


def test_what_counts_of_memory_that_grows_is_rss(capsys: pytest.CaptureFixture[str]) -> None:
    moments = [Moment(100 * number, 1000 + number, 500, 9) for number in range(1, 5)]
    replaced = Moment(250, 300, 100, 4)
    assert grows([*moments, replaced], Console())[0] == pytest.approx(0.01, rel=0.01)
    said = capsys.readouterr().out
    assert "PSS grows by +0.00% in 1,000" in said
    assert "looks at memory: 4, and 1 left out" in said
    more = [Moment(500 + number, 1000, 500, 14) for number in range(3)]
    assert grows([*moments, *more], Console())[1] == math.inf, "processes become more"


async def test_memory_is_looked_at_from_time_to_time_and_when_all_is_stopped() -> None:
    seen: list[str] = []

    async def look(url: str) -> int:
        seen.append(url)
        return 1

    @asynccontextmanager
    async def looking() -> AsyncIterator[Look]:
        yield look
        seen.append("stopped")

    moments = await soaked(looking(), ["a", "b"], 0, 16, Console(), 2)
    assert (seen.count("a"), seen.count("b"), seen[-1]) == (8, 8, "stopped")
    assert [at.captures for at in moments] == [2, 4, 6, 8, 10, 12, 14, 16, 16]
    assert all(at.rss >= at.pss > 0 for at in moments)
