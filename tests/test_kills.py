"""The daemon is killed in mid-alert, once at each moment; bench/resilience does so fifty times."""

from pathlib import Path

import pytest

from bench.resilience.kills import measured
from bench.resilience.moments import WANTED, Moment


@pytest.mark.timeout(400)  # six starts of the daemon; a busy machine needs its time for each
async def test_a_daemon_that_is_killed_at_any_moment_loses_no_alert(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'defacewatch.db'}"

    report = await measured(tmp_path, url, each=1, spare=2, seed=1, hurry=True)

    assert report.problems == []
    assert {ending.round.counts_as for ending in report.endings} >= set(WANTED)
    assert all(ending.delivered for ending in report.endings)
    assert all(ending.duplicates for ending in report.endings if ending.round.found is Moment.SENT)
    assert sum(ending.round.remains.orphans for ending in report.endings) == 0
