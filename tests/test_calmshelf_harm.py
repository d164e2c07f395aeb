"""What the file of calm pages is done to: full disks, broken and hostile files, kills."""

import asyncio
import os
import resource
import signal
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from defacewatch import calm as calm_module
from defacewatch import calmshelf
from defacewatch.calm import LARGEST, Calm, CalmPages
from defacewatch.captures import Look
from tests.test_calm import HTML, KNOWN, NOW, URL, Notes, probe
from tests.test_calmshelf import SOUND, Process, file, kept, rows

__all__ = ["file"]

NOISY = Look(probe(HTML.format(2, "b")))


@contextmanager
def nothing_written() -> Iterator[None]:
    """No file of this process can grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_said_once_and_all_is_written_when_there_is_room(file: Path) -> None:
    await kept(file)
    process = Process(file)
    await process.load()
    process.settle(page="q")
    with structlog.testing.capture_logs() as logs:
        with nothing_written():
            await process.shelf.write()
            process.pages.forget("p")
            await process.shelf.write()
        assert [log["event"] for log in logs] == ["calm pages cannot be kept"]
        assert process.shelf.trouble is not None
        await process.shelf.write()
    assert process.shelf.trouble is None
    assert len(logs) == 1
    assert rows(file) == ({"q"}, {"q"})


async def test_a_full_disk_keeps_nothing_from_being_taken_over(file: Path) -> None:
    await kept(file)
    with structlog.testing.capture_logs() as logs, nothing_written():
        assert await Process(file).load() == {"p"}
    assert [log["log_level"] for log in logs] == ["info"]


async def test_a_folder_that_is_not_there_is_said_and_nothing_else_happens(tmp_path: Path) -> None:
    process = Process(tmp_path / "gone" / "calm.db")
    with structlog.testing.capture_logs() as logs:
        assert await process.load() == frozenset()
        process.settle()
        await process.shelf.write()
    assert [log["event"] for log in logs] == ["calm pages cannot be kept"]
    (tmp_path / "gone").mkdir()
    await process.shelf.write()
    assert await Process(tmp_path / "gone" / "calm.db").load() == {"p"}


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def overwrite(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(file.stat().st_size - 4096))


def no_database(file: Path) -> None:
    file.write_bytes(b"<html>Hacked By</html>" * 400)


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def huge(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(calmshelf.LARGEST_FILE + 1)


def doing(*statements: str) -> Callable[[Path], None]:
    def do(file: Path) -> None:
        with closing(sqlite3.connect(file)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    return do


HARM: dict[str, Callable[[Path], None]] = {
    "cut": cut,
    "overwritten": overwrite,
    "no database": no_database,
    "a pipe": pipe,
    "huge": huge,
    "other tables": doing(
        "DROP TABLE records", "CREATE VIEW records AS SELECT page, document, '' FROM documents"
    ),
    "a trigger": doing("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END"),
    "too long": doing("UPDATE records SET record = zeroblob(20000000)"),
}
ONE_MORE = """replace(CAST(record AS TEXT), 'version":5', 'version":6')"""


@pytest.mark.parametrize("harm", HARM)
async def test_a_file_that_is_broken_or_hostile_is_thrown_away_with_one_line(file: Path, harm: str) -> None:
    before = Process(file)
    for page in ("p", "q", "r", "s"):
        before.settle(os.urandom(3000).hex(), page=page)
    await before.shelf.write()
    HARM[harm](file)
    process = Process(file)
    with structlog.testing.capture_logs() as logs:
        assert await process.load() == frozenset()
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == [
        "what was kept of calm pages is thrown away"
    ]
    process.settle()
    await process.shelf.write()
    assert await Process(file).load() == {"p"}


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE records SET record = {ONE_MORE}",
        f"UPDATE records SET record = CAST({ONE_MORE} AS BLOB)",
        "UPDATE records SET seal = zeroblob(32)",
        "UPDATE records SET seal = 7, record = 'text'",
        "UPDATE documents SET document = x'789c030000000001'",
        "UPDATE documents SET document = 'text'",
        "DELETE FROM documents",
        "UPDATE records SET page = 'another'",
    ],
)
async def test_a_row_that_was_not_written_by_this_program_is_not_believed(file: Path, statement: str) -> None:
    await kept(file)
    doing(statement)(file)
    pages = [SOUND, replace(SOUND, version=6), replace(SOUND, page="another")]
    for sound in pages:
        assert await Process(file).load(sound) == frozenset()


async def test_a_file_that_was_deleted_or_broken_while_the_watch_runs_is_made_again_whole(
    file: Path,
) -> None:
    process = Process(file)
    process.settle()
    await process.shelf.write()
    for harm in (Path.unlink, no_database):
        harm(file)
        process.settle(page="q")
        await process.shelf.write()
        await process.shelf.write()
        assert rows(file) == ({"p", "q"}, {"p", "q"})


async def test_a_file_that_somebody_else_holds_is_written_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calmshelf, "WAIT", 0.01)
    await kept(file)
    process = Process(file)
    await process.load()
    process.settle(page="q")
    with closing(sqlite3.connect(file)) as db:
        db.execute("BEGIN IMMEDIATE")
        await process.shelf.write()
        assert process.shelf.trouble is not None
        db.rollback()
    await process.shelf.write()
    assert rows(file) == ({"p", "q"}, {"p", "q"})


async def test_when_time_is_short_some_is_written_and_the_rest_is_not_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calmshelf, "CHUNK", 1)
    process = Process(file)
    await process.load()
    for page in ("p", "q"):
        process.settle(page=page)
    await process.shelf.write(-1.0)
    assert rows(file) == (set(), set())
    await process.shelf.write(60.0)
    assert rows(file) == ({"p", "q"}, {"p", "q"})


async def test_a_writing_whose_caller_is_gone_is_done_again(file: Path) -> None:
    process = Process(file)
    await process.load()
    process.settle()
    writing = asyncio.create_task(process.shelf.write())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert writing.cancelled()
    await process.shelf.write()
    assert await Process(file).load() == {"p"}


def test_a_document_that_unpacks_to_more_than_is_ever_packed_or_is_damaged_is_like_no_other() -> None:
    bomb = zlib.compress(b"<" * (100 * LARGEST), 1)
    assert len(calm_module._unpacked(bomb)) == 4 * LARGEST
    assert calm_module._unpacked(b"no document") == ""
    pages = CalmPages(Notes())
    calm = Calm("p", URL, 5, KNOWN, meaning=("", "", ""), since=(NOW, 0.0))
    for document in (bomb, b"no document", bomb[:100]):
        pages.take_over(calm, document)
        assert not pages.is_still(calm, NOISY)
        assert not calm_module.reads_little_news(document, NOISY.probe.html, URL)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from defacewatch import calmshelf
from tests.test_calmshelf import Process

async def main(file, lives):
    process = Process(file)
    await process.load()
    put, calmshelf.CHUNK = process.shelf._put_row, 20

    def deadly(*args):
        nonlocal lives
        lives -= 1
        if lives < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        put(*args)

    process.shelf._put_row = deadly
    for mark in ("old", "new"):
        for page in range(40):
            process.settle(page=f"p{page}", html=f"<p>{mark}</p>" * 500)
        await process.shelf.write()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.parametrize(("lives", "old", "new"), [(30, 20, 0), (40, 40, 0), (50, 40, 0), (75, 20, 20)])
async def test_a_process_that_is_killed_while_it_writes_loses_one_transaction(
    file: Path, lives: int, old: int, new: int
) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(file), str(lives))
    assert await process.wait() == -signal.SIGKILL
    after = Process(file)
    with structlog.testing.capture_logs() as logs:
        taken = await after.load(*(replace(SOUND, page=f"p{page}") for page in range(40)))
    assert [log["log_level"] for log in logs] == ["info"]
    documents = [zlib.decompress(after.pages.known(page)[1] or b"").decode() for page in taken]
    assert [sum(mark in text for text in documents) for mark in ("old", "new")] == [old, new]
