"""The bench of the console runs to its end, and asks for pages that are there."""

from pathlib import Path

import pytest

from bench.console.main import main


def test_every_page_is_asked_for_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--portals", "30", "--checks", "600", "--times", "2"]
    assert main([*small, "--keep", str(tmp_path)]) in (0, 1)  # how quick it was is not the question here
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 10
    assert "30 portals, 600 checks" in said
    sizes = [int(row.split("|")[2]) for row in rows]
    assert all(size > 0 for size in sizes)
    assert "first paint" in said
