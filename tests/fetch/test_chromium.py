import asyncio
import os
from pathlib import Path

import psutil
import pytest

from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.fetch import chromium
from defacewatch.fetch.chromium import Chromium, find_chromium


def ours() -> list[psutil.Process]:
    """The processes of browsers that are left; the interpreter's own helpers of other tests do not count."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "multiprocessing" not in " ".join(child.cmdline())]


def program(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with no browser but those that a test puts into the folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(chromium, "HEADLESS_SHELLS", ("chromium-headless-shell",))
    monkeypatch.setattr(chromium, "FULL_BROWSERS", ("chromium", "google-chrome"))
    return folder


def test_the_named_browser_is_taken_before_any_other(bare: Path, tmp_path: Path) -> None:
    program(bare, "chromium-headless-shell")
    named = program(tmp_path, "my-browser")
    assert find_chromium(named) == named


def test_a_named_browser_that_is_none_is_said_in_one_line(bare: Path) -> None:
    with pytest.raises(NotFound, match="'/nowhere/chrome' is not a program"):
        find_chromium("/nowhere/chrome")


def test_a_headless_shell_is_preferred_to_a_full_browser(bare: Path) -> None:
    program(bare, "chromium")
    shell = program(bare, "chromium-headless-shell")
    assert find_chromium(None) == shell


def test_playwrights_own_is_preferred_to_a_full_browser_when_it_is_installed_whole(
    bare: Path, tmp_path: Path
) -> None:
    full = program(bare, "google-chrome")
    assert find_chromium(None) == full
    revision = chromium.shell_revision()
    folder = tmp_path / "playwright" / f"chromium_headless_shell-{revision}"
    folder.mkdir(parents=True)
    assert find_chromium(None) == full
    (folder / "INSTALLATION_COMPLETE").touch()
    assert find_chromium(None) is None


def test_without_any_browser_playwright_is_left_to_say_so(bare: Path) -> None:
    assert find_chromium(None) is None


async def test_a_browser_that_does_not_start_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DefacewatchError) as raised:
        await Chromium.launch(program(tmp_path, "broken"), sandbox=False)
    assert str(raised.value).startswith(f"Chromium ({tmp_path}/broken) does not start: ")
    assert "\n" not in str(raised.value)
    assert ours() == []


async def test_it_leads_a_process_group_that_knows_none_of_our_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEFACEWATCH_TELEGRAM_TOKEN", "secret")
    started = await Chromium.launch(find_chromium(None), sandbox=os.geteuid() != 0)
    try:
        leader = started.process
        assert os.getpgid(leader.pid) == leader.pid != os.getpgid(0)
        family = [leader, *leader.children(recursive=True)]
        assert {os.getpgid(process.pid) for process in family} == {leader.pid}
        assert "DEFACEWATCH_TELEGRAM_TOKEN" not in leader.environ()
        assert not any("--remote-debugging-port" in word for word in leader.cmdline())
        assert await started.answers(5)
        started.kill()
        _, left = await asyncio.to_thread(psutil.wait_procs, family, timeout=5)
        assert left == []
        assert not await started.answers(5)
    finally:
        await started.end()
    assert ours() == []


async def test_the_browser_and_its_driver_give_way_to_the_daemon() -> None:
    """What Chromium starts inherits that, unless it may raise itself again: only root may."""
    started = await Chromium.launch(find_chromium(None), sandbox=os.geteuid() != 0)
    try:
        lowered = min(19, psutil.Process().nice() + chromium.NICE)
        assert [started.process.nice(), started._driver_process.nice()] == [lowered, lowered]
    finally:
        await started.end()
    assert ours() == []
