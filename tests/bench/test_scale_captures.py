import math
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from rich.console import Console

from bench.scale.capture_pages import DEMO, REAL, served
from bench.scale.captures import Moment, Way, bare, cost_of, grows, moment, ours, raw, slope, spent
from bench.scale.processes import Part
from defacewatch.fetch.chromium import find_chromium

BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


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


def test_what_a_process_spent_is_still_counted_when_it_has_ended() -> None:
    before = spent(0)
    subprocess.run([sys.executable, "-c", BURN], check=True)
    after = spent(0)
    assert sum(after.values()) - sum(before.values()) > 0.25
    assert after[Part.ENDED] - before[Part.ENDED] > 0.25


def test_the_server_of_the_pages_is_not_counted(tmp_path: Path) -> None:
    with served(tmp_path) as (urls, server):
        assert urls.keys() == DEMO.keys()
        assert moment(0, server).processes < moment(0, 0).processes
        assert sum(spent(server).values()) < sum(spent(0).values())


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_every_way_takes_a_picture_of_the_same_page(tmp_path: Path, tls: bool) -> None:
    folder, page = REAL["washington"]
    version = tmp_path / folder / "001"
    version.mkdir(parents=True)
    (version / page).write_text("<h1>Washington</h1>")
    with served(tmp_path, tls=tls) as (urls, server):
        url = urls["washington"]
        assert url.startswith("https://" if tls else "http://127.0.0.")
        async with AsyncExitStack() as stack:
            ways: list[Way] = [
                await stack.enter_async_context(bare("png")),
                await stack.enter_async_context(ours([url])),
            ]
            if executable := find_chromium(None):
                for framed in (False, True):
                    made = raw(executable, kind="png", fast=True, begin_frame=framed)
                    ways.append(await stack.enter_async_context(made))
            for way in ways:
                cost = await cost_of(way, url, server)
                assert cost.picture > 1000
                assert cost.cpu[Part.BROWSER] > 0
