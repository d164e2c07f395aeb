import gzip
import hashlib
import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.store.archive import Writing, verified
from tests.store.archives import rewritten, swapped

ROWS = b'{"key": "a"}\n' * 500
PICTURE = bytes(range(256)) * 20
PAGE = b"<h1>Trang ch\xe1\xbb\xa7</h1>" * 50


def named(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def written(file: Path) -> Path:
    """An archive with rows, a picture and a page."""
    writing = Writing(file)
    writing.open()
    for name, data in (
        ("rows/incidents.jsonl", ROWS),
        (f"evidence/{named(PICTURE)}.png", PICTURE),
        (f"baselines/{named(PAGE)}.html.gz", gzip.compress(PAGE)),
    ):
        writing.add(name, io.BytesIO(data), len(data))
    assert writing.finish({"revision": "0001"}) == file.stat().st_size
    writing.discard()
    return file


def refused(file: Path) -> str:
    with pytest.raises(DefacewatchError) as caught:
        verified(file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["all.tar", "all.tar.gz", "all.tgz"])
def test_a_whole_archive_is_verified(tmp_path: Path, name: str) -> None:
    manifest = verified(written(tmp_path / name))
    assert manifest["revision"] == "0001"
    assert manifest["files"]["rows/incidents.jsonl"] == named(ROWS)
    assert ((tmp_path / name).read_bytes()[:2] == b"\x1f\x8b") is name.endswith("gz")


def test_an_archive_is_for_its_owner_alone_and_replaces_the_last_one(tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    file.write_bytes(b"yesterday's")
    (tmp_path / "all.tar.tmp").write_bytes(b"what a crash left" * 10000)
    written(file)
    assert verified(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_an_archive_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    writing = Writing(tmp_path / "all.tar")
    writing.open()
    writing.discard()
    assert list(tmp_path.iterdir()) == []


def test_two_archives_of_one_name_do_not_mix(tmp_path: Path) -> None:
    writing = Writing(tmp_path / "all.tar")
    writing.open()
    with pytest.raises(Conflict, match="another backup is being written"):
        Writing(tmp_path / "all.tar").open()
    writing.discard()
    written(tmp_path / "all.tar")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (swapped("rows/incidents.jsonl", b""), "rows/incidents.jsonl is not as it was saved"),
        (swapped("rows/incidents.jsonl", None), "rows/incidents.jsonl is not as it was saved"),
        (swapped(".png", b"another picture"), "does not hold what its name says"),
        (swapped(".html.gz", gzip.compress(b"another page")), "does not hold what its name says"),
        (swapped(".html.gz", b"rubbish"), "all.tar is not a sound backup"),
        (swapped("manifest.json", None), "it ends early"),
        (swapped("manifest.json", b"{}"), "its manifest cannot be read"),
        (swapped("manifest.json", b'{"format": 2, "files": {}}'), "a form that this version does not know"),
    ],
    ids=["rows", "no rows", "picture", "page", "rubbish", "no manifest", "empty manifest", "format"],
)
def test_a_damaged_archive_is_refused(
    tmp_path: Path, damage: Callable[[str, bytes], bytes | None], said: str
) -> None:
    file = written(tmp_path / "all.tar")
    rewritten(file, damage)
    assert said in refused(file)


@pytest.mark.parametrize("part", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("name", ["all.tar", "all.tar.gz"])
def test_an_archive_that_was_cut_is_refused(tmp_path: Path, part: float, name: str) -> None:
    file = written(tmp_path / name)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    assert f"{name} is not a sound backup" in refused(file)


def test_what_was_added_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "all.tar")
    with tarfile.open(file, "a") as tar:
        tar.addfile(tarfile.TarInfo("rows/portals.jsonl"))
    assert "rows/portals.jsonl is where nothing should be" in refused(file)


@pytest.mark.parametrize(
    "data", [b"", b"no archive", gzip.compress(b"no archive")], ids=["empty", "text", "gzip"]
)
def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "all.tar"
    file.write_bytes(data)
    assert "all.tar is not a sound backup" in refused(file)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert refused(tmp_path / "all.tar").endswith("all.tar cannot be read: No such file or directory")


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "evidence/../../escaped", "rows/../x.jsonl"])
def test_a_member_with_another_name_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "all.tar"
    with tarfile.open(file, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    assert "is no file of a backup" in refused(file)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    file = tmp_path / "all.tar"
    with tarfile.open(file, "w") as tar:
        info = tarfile.TarInfo("rows/portals.jsonl")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert "is no file of a backup" in refused(file)
