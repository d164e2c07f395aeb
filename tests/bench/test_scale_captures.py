import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.scale.capture_pages import DEMO, REAL, served
from bench.scale.captures import Way, bare, cost_of, ours, raw, spent
from bench.scale.processes import Part
from bench.scale.wear import moment
from defacewatch.fetch.chromium import find_chromium

BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


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
