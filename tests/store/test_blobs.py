import errno
import gzip
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.store.blobs import SUFFIXES, Blobs, Damaged, DiskFull, Swept

PAGE = "<h1>Cổng Thông tin điện tử tỉnh Hưng Yên</h1>".encode() * 50
PICTURE = bytes(range(256)) * 8


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "evidence")


def files(blobs: Blobs) -> list[str]:
    return sorted(f.name for f in blobs.folder.rglob("*") if f.is_file() and f.name != ".lock")


def make_old(blobs: Blobs, sha: str) -> None:
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(blobs.path(sha), (an_hour_ago, an_hour_ago))


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_what_was_put_comes_back(blobs: Blobs) -> None:
    sha = blobs.put(PICTURE, ".png")
    assert sha == hashlib.sha256(PICTURE).hexdigest()
    assert blobs.get(sha) == PICTURE
    assert blobs.has(sha)
    assert blobs.path(sha) == blobs.folder / sha[:2] / f"{sha}.png"
    assert blobs.path(sha).read_bytes() == PICTURE


def test_text_is_compressed_but_named_by_its_content(blobs: Blobs) -> None:
    sha = blobs.put(PAGE, ".html")
    assert sha == hashlib.sha256(PAGE).hexdigest()
    assert blobs.get(sha) == PAGE
    assert blobs.path(sha).name == f"{sha}.html.gz"
    assert gzip.decompress(blobs.path(sha).read_bytes()) == PAGE
    assert blobs.size(sha) < len(PAGE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_blob_knows_what_it_is(blobs: Blobs, suffix: str) -> None:
    assert blobs.suffix(blobs.put(PICTURE, suffix)) == suffix


def test_the_same_content_is_kept_once(blobs: Blobs) -> None:
    with ThreadPoolExecutor(8) as threads:
        shas = set(threads.map(lambda _: blobs.put(PAGE, ".html"), range(32)))
    assert list(blobs.all()) == [*shas]
    assert len(files(blobs)) == 1


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    assert blobs.get(blobs.put(b"", ".html")) == b""


def test_a_blob_that_is_not_there_is_named_in_the_error(blobs: Blobs) -> None:
    with pytest.raises(NotFound, match="there is no blob 0000"):
        blobs.get("0" * 64)
    assert not blobs.has("0" * 64)
    assert blobs.size("0" * 64) == 0


@pytest.mark.parametrize("sha", ["", "../../etc/passwd", "A" * 64, "0" * 64 + "/../x"])
def test_what_is_not_a_hash_is_never_looked_up(blobs: Blobs, sha: str) -> None:
    with pytest.raises(NotFound):
        blobs.path(sha)


@pytest.mark.parametrize(
    "damage",
    [b"", b"no gzip", gzip.compress(PAGE)[:-9], gzip.compress(b"another page")],
    ids=["empty", "garbage", "cut", "other"],
)
def test_a_damaged_blob_is_an_error_that_names_the_file(blobs: Blobs, damage: bytes) -> None:
    sha = blobs.put(PAGE, ".html")
    blobs.path(sha).write_bytes(damage)
    with pytest.raises(Damaged, match=rf"{sha}.html.gz is damaged"):
        blobs.get(sha)


def test_putting_a_damaged_blob_again_mends_it(blobs: Blobs) -> None:
    sha = blobs.put(PICTURE, ".png")
    blobs.path(sha).write_bytes(b"x")
    blobs.put(PICTURE, ".png")
    assert blobs.get(sha) == PICTURE


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match=r"the disk that holds .*evidence is full: free some space"):
        blobs.put(PICTURE, ".png")
    monkeypatch.undo()
    assert files(blobs) == []
    assert blobs.get(blobs.put(PICTURE, ".png")) == PICTURE


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DefacewatchError, match=r"cannot write to .*file/evidence: Not a directory"):
        Blobs(tmp_path / "file" / "evidence").put(PICTURE, ".png")


def test_deleting_gives_back_the_bytes_and_may_be_repeated(blobs: Blobs) -> None:
    sha = blobs.put(PICTURE, ".png")
    assert blobs.total() == len(PICTURE)
    assert blobs.delete(sha) == len(PICTURE)
    assert blobs.delete(sha) == 0
    assert not blobs.has(sha)
    assert blobs.total() == 0


def test_a_sweep_takes_old_blobs_that_nothing_names(blobs: Blobs) -> None:
    named, unnamed, fresh = (blobs.put(data, ".png") for data in (b"named", b"unnamed", b"fresh"))
    make_old(blobs, named)
    make_old(blobs, unnamed)
    assert blobs.sweep({named}, before=hour_ago()) == Swept(1, len(b"unnamed"))
    assert set(blobs.all()) == {named, fresh}


def test_a_blob_that_is_put_again_counts_as_new(blobs: Blobs) -> None:
    sha = blobs.put(PICTURE, ".png")
    make_old(blobs, sha)
    blobs.put(PICTURE, ".png")
    assert blobs.sweep(set(), before=hour_ago()) == Swept()
    assert blobs.has(sha)


def test_what_a_crash_left_half_written_is_never_a_blob_and_is_swept(blobs: Blobs) -> None:
    sha = blobs.put(PICTURE, ".png")
    half = blobs.path(sha).parent / f"{sha}.0badcafe.tmp"
    half.write_bytes(PICTURE[:100])
    os.utime(half, (0, 0))
    assert list(blobs.all()) == [sha]
    assert blobs.sweep({sha}, before=hour_ago()) == Swept(1, 100)
    assert files(blobs) == [f"{sha}.png"]


def test_a_folder_that_is_not_there_yet_holds_nothing(blobs: Blobs) -> None:
    assert list(blobs.all()) == []
    assert blobs.total() == 0
    assert blobs.sweep(set(), before=hour_ago()) == Swept()
