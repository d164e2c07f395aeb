"""What the comparison with other monitors prints and writes."""

import io
import json
import math
from pathlib import Path

from rich.console import Console

from bench.peers import report
from bench.peers.costs import Measured, Spell


def row(name: str, cpu: float, *, pages: int = 200, problem: str = "") -> Measured:
    found = Measured(name, pages, "as it is run", problem=problem)
    if not problem:
        found.unchanged = [Spell(cpu * pages, 60.0, still=pages, rss=3 * 2**20, pss=2 * 2**20)]
        found.interval, found.waits = 30.0, [25.0]
    return found


def printed(rows: list[Measured]) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    report.show(rows, 200, console)
    return console.export_text()


def test_a_target_is_reached_when_the_peer_costs_enough_more() -> None:
    ours = row("defacewatch", 0.01)
    peer = row("changedetection.io, browser", 0.5)
    assert report.verdicts([peer, ours], ours, 200) == [
        "✓ changedetection.io, browser costs 50 times as much, told within 25 s over 200 pages; to reach: 20"
    ]


def test_what_was_run_over_fewer_pages_is_told_for_these_and_for_all() -> None:
    ours = row("defacewatch", 0.02)
    peer = row("changedetection.io, browser", 0.5, pages=20)
    over_all, over_its_own = report.verdicts([peer, ours], ours, 200)
    assert "told within 160 s over 200 pages" in over_all
    assert over_its_own.startswith(
        "✓ changedetection.io, browser costs 25 times as much, told within 25 s as"
    )
    assert "20 pages" in over_its_own


def test_a_target_that_is_missed_is_said() -> None:
    ours = row("defacewatch", 0.02)
    peer = row("webchanges, URL job", 0.01)
    assert report.verdicts([peer, ours], ours, 200)[0].startswith("✗ webchanges, URL job costs 0.5 times")


def test_what_could_not_be_run_is_a_row_with_the_reason() -> None:
    text = printed([row("urlwatch, browser", 0.0, problem="it has no browser"), row("defacewatch", 0.01)])
    assert "urlwatch, browser" in text
    assert "not to the end: it has no browser" in text


def test_a_peer_that_could_not_be_run_counts_for_no_target() -> None:
    ours = row("defacewatch", 0.01)
    assert report.verdicts([row("webchanges, URL job", 0.0, problem="broken")], ours, 200) == []


def test_numbers_are_short() -> None:
    shown = [report.number(value) for value in (0.01234, 12.345, 1234.5, math.nan, math.inf)]
    assert shown == ["0.0123", "12.3", "1,234", "–", "never"]


def test_everything_is_written_as_json_that_others_can_read(tmp_path: Path) -> None:
    rows = [row("changedetection.io, browser", 0.5), row("urlwatch, browser", 0.0, problem="broken")]
    report.write(tmp_path / "found.json", [*rows, row("defacewatch", 0.01)], 200)
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    first, broken, ours = found["monitors"]
    assert first["beside"]["ratio"] == 50.0
    assert broken["problem"] == "broken"
    assert broken["p50"] is None
    assert ours["beside"] is None
    assert first["as_shipped"]["ratio"] == 50.0
    assert ours["as_shipped"] is None
    (target,) = found["targets"]
    assert target.startswith("✓ changedetection.io, browser costs 50 times as much")
