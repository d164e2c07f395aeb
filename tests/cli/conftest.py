"""The command line as its users call it: words in, exit code and text out, over a real site and store."""

import asyncio
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from defacewatch.cli import main
from tests.site import DEFACED, USUAL, Site

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ThreadedSite(Site):
    """A site that answers while the test's own thread is busy."""

    def __enter__(self) -> "ThreadedSite":
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self.loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@dataclass
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """A configuration in a folder, and `run`."""

    folder: Path
    site: ThreadedSite
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    portals: list[dict[str, Any]] = field(default_factory=list)
    roster: dict[str, Any] = field(default_factory=dict)
    general: dict[str, Any] = field(default_factory=dict)

    def write(self) -> None:
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        files = {
            "portals.yaml": {"portals": self.portals},
            "roster.yaml": self.roster,
            "defacewatch.yaml": self.general,
        }
        for name, content in files.items():
            (config / name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")

    def run(self, *words: str) -> Said:
        self.monkeypatch.setattr(sys, "argv", ["defacewatch", *words])
        self.capture.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        printed = self.capture.readouterr()
        return Said(code, printed.out, printed.err)


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """A command turns all logs to its own stderr; put them back where pytest reads them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def umask_restored() -> Iterator[None]:
    """A command makes files for its own user alone, from its process on."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


@pytest.fixture(scope="session")
def served() -> Iterator[ThreadedSite]:
    """One site for all, so that what was learned of it once is known of it under the same address."""
    with ThreadedSite() as site:
        yield site


@pytest.fixture
def shell(
    tmp_path: Path,
    served: ThreadedSite,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    logging_restored: None,
    umask_restored: None,
) -> Shell:
    monkeypatch.chdir(tmp_path)
    served.show(USUAL)
    made = Shell(tmp_path, served, monkeypatch, capsys)
    made.portals = [{"key": "tinh", "name": "Cổng tỉnh", "pages": [{"url": served.url}]}]
    made.roster = {
        "officers": [
            {"key": "an", "name": "Nguyễn Văn An", "email": "an@example.gov.vn"},
            {"key": "binh", "name": "Trần Thị Bình", "role": "shift_lead"},
        ],
        "shifts": [{"officers": ["an"], "days": EVERY_DAY, "from": "00:00", "to": "00:00"}],
    }
    made.general = {
        "watch": {"allow_networks": ["127.0.0.0/8"], "confirm_after": "0s", "timeout": "15s"},
        "alerts": {"language": "en"},
    }
    made.write()
    return made


class Folders:
    """What commands have made of a shell's folder: made once under each name, and copied from then on."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def bring(self, name: str, shell: Shell, make: Callable[[Shell], None]) -> Shell:
        kept = self.place / name
        if kept.exists():
            shutil.copytree(kept, shell.folder, dirs_exist_ok=True)
        else:
            make(shell)
            shutil.copytree(shell.folder, kept)
        return shell


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return Folders(tmp_path_factory.mktemp("folders"))


@pytest.fixture
def learned(shell: Shell, folders: Folders) -> Shell:
    """A shell whose page was learned by An; its baseline is proposed."""
    return folders.bring("learned", shell, _learn)


@pytest.fixture
def approved(shell: Shell, folders: Folders) -> Shell:
    """A shell whose page was learned by An and approved by Bình."""

    def approve(shell: Shell) -> None:
        folders.bring("learned", shell, _learn)
        assert shell.run("baseline", "approve", "--all-proposed", "--by", "binh").code == 0

    return folders.bring("approved", shell, approve)


@pytest.fixture
def defaced(approved: Shell, folders: Folders) -> Shell:
    """A shell whose page was approved, then defaced, and found so."""

    def find(shell: Shell) -> None:
        shell.site.show(DEFACED)
        assert shell.run("check", "--render").code == 11

    folders.bring("defaced", approved, find)
    approved.site.show(DEFACED)
    return approved


def _learn(shell: Shell) -> None:
    assert shell.run("learn", "--samples", "1", "--by", "an").code == 0
