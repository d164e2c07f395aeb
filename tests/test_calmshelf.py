"""What is known of calm pages, from one process to the next."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from defacewatch import calm as calm_module
from defacewatch import calmshelf
from defacewatch.calm import Calm, CalmPages
from defacewatch.calmshelf import CalmShelf, boot_id, program
from defacewatch.captures import Hop, Look, Validators
from defacewatch.records import Sound
from tests.conftest import Clock
from tests.test_calm import HTML, KNOWN, NOW, ROUND, URL, Notes, captured, outcome, probe, seen

HOUR = timedelta(hours=1)
KEY = b"a key that is long enough for this"
SOUND = Sound("p", URL, 5, KNOWN, NOW, NOW - HOUR)


class Process:
    """One process of several that use the same file, one after the other."""

    def __init__(self, file: Path, **changes: object) -> None:
        self.seconds = 1000.0
        self.clock = Clock(NOW)
        self.pages = CalmPages(Notes(), monotonic=lambda: self.seconds)
        given: dict[str, object] = {"key": KEY, "judged_by": lambda: "all the same", "boot": "boot"}
        self.shelf = CalmShelf(
            file,
            self.pages,
            clock=self.clock,
            monotonic=lambda: self.seconds,
            **{**given, **changes},  # type: ignore[arg-type]
        )

    def settle(self, html: str = HTML.format(1, "a"), page: str = "p", **probed: object) -> Calm:
        made = outcome()
        context = replace(made.context, page=replace(made.context.page, id=page))
        self.pages.settle(replace(made, context=context), seen(html, **probed), revalidate_every=ROUND)
        calm = self.pages.get(page)
        assert calm is not None
        return calm

    async def load(self, *sound: Sound) -> frozenset[str]:
        return await self.shelf.load(sound or [SOUND])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calm.db"


async def kept(file: Path, **changes: object) -> Calm:
    """A process that knew one page, and has ended; what it knew."""
    before = Process(file, **changes)
    calm = before.settle(hops=(Hop(URL, 302, "/trang-chu"),), headers={"content-type": "text/html"})
    await before.shelf.write()
    return calm


def rows(file: Path) -> tuple[set[str], set[str]]:
    """The pages with a record, and those with a document."""
    with closing(sqlite3.connect(file)) as db:
        return tuple({page for (page,) in db.execute(f"SELECT page FROM {t}")} for t in TABLES)  # type: ignore[return-value]


TABLES = ("records", "documents")


async def test_the_next_process_knows_what_the_one_before_knew(file: Path) -> None:
    calm = await kept(file)
    after = Process(file)
    assert await after.load() == {"p"}
    assert after.pages.get("p") == calm
    known = after.pages.get("p")
    assert known is not None
    assert known.since == calm.since
    way = {"hops": (Hop(URL, 302, "/trang-chu"),), "headers": {"content-type": "text/html"}}
    assert after.pages.is_still(known, Look(probe(HTML.format(2, "b"), **way)))
    assert not after.pages.is_still(known, Look(probe(HTML.format("Hacked", "b"), **way)))


async def test_the_file_is_for_nobody_else_to_read(file: Path) -> None:
    file.touch(0o666)
    file.chmod(0o666)
    await kept(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in file.parent.iterdir()] == ["calm.db"]


@pytest.mark.parametrize(
    "sound",
    [
        replace(SOUND, version=6),
        replace(SOUND, url=URL + "khac"),
        replace(SOUND, page="q"),
        replace(SOUND, validators=Validators()),
        replace(SOUND, checked_at=NOW - timedelta(seconds=1)),
        replace(SOUND, checked_at=None),
        replace(SOUND, moved_at=NOW),
    ],
)
async def test_a_page_that_is_not_as_it_was_left_is_read_in_full_and_forgotten(
    file: Path, sound: Sound
) -> None:
    await kept(file)
    after = Process(file)
    assert await after.load(sound) == frozenset()
    assert after.pages.get("p") is None
    await after.shelf.write()
    assert rows(file) == (set(), set())


@pytest.mark.parametrize("changes", [{"judged_by": lambda: "something else"}, {"key": KEY + b"!"}])
async def test_what_was_known_under_other_judges_or_sealed_with_another_key_is_not_taken_over(
    file: Path, changes: dict[str, object]
) -> None:
    await kept(file)
    assert await Process(file, **changes).load() == frozenset()
    assert await Process(file).load() == {"p"}


async def test_what_another_program_has_known_is_not_taken_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(file)
    monkeypatch.setattr(calmshelf, "program", lambda: "another one")
    assert await Process(file).load() == frozenset()


def test_a_program_is_known_by_its_code_and_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "calmshelf.py"
    (tmp_path / "data").mkdir()
    for name, content in (("calmshelf.py", "1"), ("data/weights.yaml", "hacked: 60"), ("page.html", "x")):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(calmshelf, "__file__", str(module))
    before = program()
    (tmp_path / "page.html").write_text("y")
    assert program() == before
    (tmp_path / "data/weights.yaml").write_text("hacked: 50")
    assert program() != before


async def test_a_program_that_is_replaced_while_it_runs_is_the_one_that_was_started(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Process(file)
    await running.load()
    monkeypatch.setattr(calmshelf, "program", lambda: "an upgrade, not started yet")
    running.settle()
    await running.shelf.write()
    monkeypatch.undo()
    assert await Process(file).load() == {"p"}


async def test_a_page_is_calm_no_longer_than_if_nothing_had_been_restarted(file: Path) -> None:
    before = Process(file)
    before.pages.settle(captured(4, served_hash="not captured yet"), seen(), revalidate_every=ROUND)
    await before.shelf.write()
    same = Look(probe("", not_modified=True, status=304, at=NOW + timedelta(minutes=2)))
    for down, still in ((300.0, True), (400.0, False)):
        after = Process(file)
        after.clock.forward(minutes=2)  # the clock of the host was set back meanwhile
        after.seconds += down
        assert await after.load() == {"p"}
        calm = after.pages.get("p")
        assert calm is not None
        assert calm.due == NOW + timedelta(minutes=6)
        assert after.pages.is_still(calm, same) is still


async def test_after_a_start_of_the_system_the_time_is_that_of_the_hosts_clock(file: Path) -> None:
    await kept(file)
    after = Process(file, boot="another")
    after.seconds = 7.0
    after.clock.forward(minutes=3)
    assert await after.load() == {"p"}
    calm = after.pages.get("p")
    assert calm is not None
    assert calm.since == (NOW, 7.0 - 180)


@pytest.mark.parametrize("boot", ["boot", "another"])
async def test_what_comes_from_the_future_is_not_taken_over(file: Path, boot: str) -> None:
    await kept(file)
    after = Process(file, boot=boot)
    after.clock.forward(seconds=-1)
    assert await after.load() == frozenset()
    late = Process(file, boot=boot)
    assert await late.load(replace(SOUND, checked_at=NOW + timedelta(seconds=1))) == frozenset(), (
        "the page was looked at later than now"
    )


async def test_a_clock_that_nobody_sets_and_that_runs_backwards_is_not_the_same_one(file: Path) -> None:
    await kept(file)
    after = Process(file)
    after.seconds -= 1
    assert await after.load() == frozenset()


def test_this_system_says_when_it_was_started() -> None:
    assert boot_id() == boot_id() != ""


async def test_only_what_has_changed_is_written(file: Path) -> None:
    process = Process(file)
    await process.load()
    for page in ("p", "q", "r"):
        process.settle(page=page)
    await process.shelf.write()
    assert rows(file) == ({"p", "q", "r"}, {"p", "q", "r"})
    process.pages.forget("q")
    process.settle("", not_modified=True, status=304)
    assert process.pages.changes() == {"q": True, "p": False}
    process.pages.change({"q": True, "p": False})
    await process.shelf.write()
    assert rows(file) == ({"p", "r"}, {"p", "r"})
    assert await Process(file).load() == {"p"}
    written = file.read_bytes()
    await process.shelf.write()
    assert file.read_bytes() == written
    process.settle()
    assert process.pages.changes() == {"p": False}, "the same document as before"


async def test_the_file_takes_no_more_than_the_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(file)
    monkeypatch.setattr(calm_module, "SHELF", 40_000)
    for number in range(300):
        process.settle(os.urandom(1000).hex(), page=f"p{number}")
        if number % 50 == 0:
            await process.shelf.write()
    await process.shelf.write()
    records, documents = rows(file)
    assert len(records) == 300
    assert 20 < len(documents) < 40
    assert documents == {page for page in records if process.pages.known(page)[1] is not None}
    assert file.stat().st_size < 1_000_000
    sound = [replace(SOUND, page=f"p{number}") for number in range(300)]
    after = Process(file)
    assert await after.load(*sound) == records
    assert {page for page in records if after.pages.known(page)[1] is not None} == documents


async def test_a_file_with_far_more_rows_than_there_are_pages_is_not_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Process(file)
    for number in range(5):
        before.settle(page=f"p{number}")
    await before.shelf.write()
    monkeypatch.setattr(calmshelf, "SPARE", 3)
    assert await Process(file).load(replace(SOUND, page="p0")) == frozenset()
    assert not file.exists()


async def test_no_more_is_taken_over_than_there_is_room_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Process(file)
    for number in range(50):
        before.settle(os.urandom(1000).hex(), page=f"p{number}")
    await before.shelf.write()
    monkeypatch.setattr(calmshelf, "SHELF", 20_000)
    after = Process(file)
    sound = [replace(SOUND, page=f"p{number}") for number in range(50)]
    assert 10 < len(await after.load(*sound)) < 20
    await after.shelf.write()
    assert len(rows(file)[0]) < 20, "what was not taken over is deleted"
