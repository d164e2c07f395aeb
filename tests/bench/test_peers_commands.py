"""What webchanges and urlwatch are told, and how the other monitors find a browser."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from bench.peers.browsers import as_playwrights_own
from bench.peers.commands import Command, Runs, urlwatch, webchanges
from bench.peers.pages import Pages
from bench.peers.receiver import Receiver
from bench.peers.trees import of_keeping
from bench.scale.farmhand import Farmer, Field
from defacewatch.errors import DefacewatchError

PYTHON = Path("/there/bin/python")
TELLS = """import os, sys, urllib.request, yaml
settings = yaml.safe_load(open("config.yaml"))["report"]["webhook"]
for job in yaml.safe_load_all(open("jobs.yaml")):
    urllib.request.urlopen(settings["webhook_url"], data=job["url"].encode())
sum(range(10_000_000))
"""


def pages(client: aiohttp.ClientSession, count: int = 3) -> Pages:
    fields = (Field(n, f"http://127.20.0.{n + 1}:1/", f"xã {n}", frozenset()) for n in range(count))
    return Pages(Farmer(client, 1), tuple(fields))


def command(program: Path) -> Command:
    return Command(program, (), {}, "url", {}, "webhook", {"PATH": os.environ["PATH"]})


def script(folder: Path, text: str) -> Path:
    file = folder / "program"
    file.write_text(f"#!{sys.executable}\n{text}", "utf-8")
    file.chmod(0o700)
    return file


def test_browser_jobs_of_webchanges_name_the_browser_and_ask_for_the_page_unconditionally() -> None:
    found = webchanges(PYTHON, {}, chromium="/usr/bin/chromium")
    assert found.environ["WEBCHANGES_BROWSER_PATH"] == "/usr/bin/chromium"
    assert found.job["use_browser"] is True
    assert found.job["no_conditional_request"] is True


def test_url_jobs_use_no_browser_and_may_be_conditional() -> None:
    assert webchanges(PYTHON, {}, chromium=None).job == {"filters": ["html2text"]}
    assert urlwatch(PYTHON, {}, browsers=None).address == "url"


def test_webchanges_asks_nobody_for_a_newer_version() -> None:
    assert webchanges(PYTHON, {}, chromium=None).settings["version_check"] == {"enabled": False}


def test_a_browser_lies_where_playwright_looks_for_its_own(tmp_path: Path) -> None:
    shell = script(tmp_path, "")
    folder = as_playwrights_own(Path(sys.executable), str(shell), tmp_path / "browsers")
    (place,) = folder.iterdir()
    assert place.name.startswith("chromium_headless_shell-")
    (found,) = place.glob("*/chrome-headless-shell")
    assert found.resolve() == shell


async def test_a_run_is_told_its_pages_and_where_to_report_and_its_cost_is_counted(tmp_path: Path) -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as client:
        runs = Runs(command(script(tmp_path, TELLS)), tmp_path, keeping=await of_keeping(tmp_path))
        await runs.begin(some := pages(client), receiver)
        await runs.round(0.0)
        assert all(receiver.told(url, 0.0) for url in some.urls)
        assert runs.cpu() > 0.05
        assert await runs.end() == []


async def test_a_run_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as client:
        runs = Runs(command(script(tmp_path, "raise SystemExit('no network')")), tmp_path, keeping=0.0)
        await runs.begin(pages(client), receiver)
        with pytest.raises(DefacewatchError, match=r"exited 1: .*no network"):
            await runs.round(0.0)


async def test_runs_follow_one_another_while_it_watches(tmp_path: Path) -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as client:
        runs = Runs(command(script(tmp_path, TELLS)), tmp_path, keeping=0.0)
        await runs.begin(pages(client, 1), receiver)
        async with asyncio.timeout(60), runs.watching():
            while len(receiver.messages) < 2:
                await receiver.quiet(0.05)
        assert len(receiver.messages) >= 2


async def test_jobs_and_settings_can_be_written_by_nobody_else(tmp_path: Path) -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as client:
        runs = Runs(webchanges(PYTHON, {}, chromium=None), tmp_path, keeping=0.0)
        await runs.begin(pages(client), receiver)
    jobs = list(yaml.safe_load_all((tmp_path / "jobs.yaml").read_text("utf-8")))
    assert jobs[0] == {"url": "http://127.20.0.1:1/", "filters": ["html2text"]}
    assert (tmp_path / "jobs.yaml").stat().st_mode & 0o777 == 0o600
