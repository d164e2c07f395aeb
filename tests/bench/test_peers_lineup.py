"""How the other monitors are run."""

import sys
from pathlib import Path

import pytest

from bench.peers.changedetection import ChangeDetection
from bench.peers.commands import Runs
from bench.peers.lineup import HERE, PEERS, PROGRAMS, monitor
from defacewatch.errors import DefacewatchError


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "shell"
    file.write_text("#!/bin/sh\n", "utf-8")
    file.chmod(0o700)
    monkeypatch.setenv("DEFACEWATCH_BROWSER", str(file))
    return file


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_each_starts_with_an_empty_home_and_nothing_of_ours(
    peer: object, tmp_path: Path, shell: Path
) -> None:
    found = monitor(next(one for one in PEERS if one is peer), Path(sys.executable), tmp_path, keeping=0.0)
    assert isinstance(found, ChangeDetection | Runs)
    environ = found.where.environ if isinstance(found, ChangeDetection) else found.command.environ
    assert environ["HOME"] == str(tmp_path)
    assert not [name for name in environ if name.startswith(("DEFACEWATCH_", "PYTHON", "VIRTUAL"))]


def test_a_named_browser_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFACEWATCH_BROWSER", str(tmp_path / "none"))
    peer = next(peer for peer in PEERS if peer.browser)
    with pytest.raises(DefacewatchError, match="none"):
        monitor(peer, Path(sys.executable), tmp_path, keeping=0.0)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_package_is_pinned_with_hashes(program: str) -> None:
    lines = (HERE / "requirements" / f"{program}.txt").read_text("utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)
