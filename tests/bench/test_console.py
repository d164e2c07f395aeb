"""The bench of the console runs to its end, and asks for pages that are there."""

import re
from pathlib import Path

import pytest

from bench.console.main import main
from bench.console.watching import LOOKS


def test_every_page_is_asked_for_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--portals", "30", "--checks", "600", "--times", "1", "--watching"]
    assert main([*small, "--keep", str(tmp_path)]) in (0, 1)  # how quick it was is not the question here
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 25
    assert "30 portals, 600 checks, 8 proposals that wait" in said
    written = re.search(r"written meanwhile: (\d+) looks that found nothing, (\d+) checks", said)
    assert written is not None
    assert int(written[1]) >= LOOKS
    assert int(written[2]) >= 1
    sizes = [int(row.split("|")[2]) for row in rows]
    assert all(size > 0 for size in sizes)
    assert "first paint" in said
