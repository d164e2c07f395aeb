"""Blobs: screenshots and documents as files, named by the SHA-256 of their content.

A blob is on disk, synced and renamed into place, before `put` returns, so that a row may name it. The
hash is that of the content; text is kept gzip-compressed. All methods block: call them in a thread.
"""

import errno
import fcntl
import gzip
import hashlib
import os
import re
import secrets
import zlib
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from defacewatch.errors import DefacewatchError, NotFound

# What each kind of content is called on disk; those that end in .gz are compressed.
SUFFIXES = {".html": ".html.gz", ".txt": ".txt.gz", ".json": ".json.gz", ".png": ".png", ".jpg": ".jpg"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".tmp"
_LEVEL = 6  # beyond it gzip takes twice as long for a hundredth less


class DiskFull(DefacewatchError):
    """There is no room left for a blob; nothing of it was kept."""


class Damaged(DefacewatchError):
    """A blob's file does not hold what its name says."""


@dataclass(frozen=True)
class Swept:
    """What was deleted: how many files, and their bytes on disk."""

    files: int = 0
    bytes: int = 0


class Blobs:
    """The blobs under one folder, spread over 256 sub-folders by the first two digits of their hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, suffix: str) -> str:
        """Keep `data` and return its SHA-256 (hex); what is there already is not written again.

        `suffix` is a key of `SUFFIXES` and says what it is. Raises DiskFull, or DefacewatchError where the
        folder cannot be written; either way no part of it is left behind.
        """
        ending = SUFFIXES[suffix]
        sha = hashlib.sha256(data).hexdigest()
        try:
            with self._lock(fcntl.LOCK_SH):
                if not self._freshen(sha):
                    packed = gzip.compress(data, _LEVEL, mtime=0) if ending.endswith(".gz") else data
                    self._write(sha + ending, packed)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(
                    f"the disk that holds {self.folder} is full: free some space, or lower"
                    " retention.evidence_days or retention.evidence_max_gb"
                ) from error
            raise DefacewatchError(f"cannot write to {self.folder}: {error.strerror or error}") from error
        return sha

    def get(self, sha: str) -> bytes:
        """The content of a blob. Raises NotFound, or Damaged when it is not what its name says."""
        return self._read(sha)[1]

    def packed(self, sha: str) -> tuple[str, bytes]:
        """A blob as its file is: name and bytes. Raises NotFound, or Damaged as `get` does."""
        return self.path(sha).name, self._read(sha)[0]

    def has(self, sha: str) -> bool:
        return self._find(sha) is not None

    def path(self, sha: str) -> Path:
        """Where a blob is kept. Raises NotFound."""
        file = self._find(sha)
        if file is None:
            raise NotFound(f"there is no blob {sha} in {self.folder}")
        return file

    def suffix(self, sha: str) -> str:
        """What a blob is: the key of `SUFFIXES` that it was put with. Raises NotFound."""
        name = self.path(sha).name.removesuffix(".gz")
        return name[name.index(".") :]

    def size(self, sha: str) -> int:
        """The bytes that a blob takes on disk, 0 when it is not there."""
        file = self._find(sha)
        return 0 if file is None else file.stat().st_size

    def delete(self, sha: str) -> int:
        """Delete a blob, if it is there; the bytes that this gave back."""
        freed = 0
        for ending in SUFFIXES.values():
            freed += _unlink(self.folder / sha[:2] / (sha + ending)) or 0
        return freed

    def all(self) -> Iterator[str]:
        """The hash of every blob, in no order."""
        for file in self._files():
            if file.suffix != _TEMPORARY:
                yield file.name[:64]

    def total(self) -> int:
        """The bytes on disk of everything under the folder."""
        found = 0
        for file in self._files():
            with suppress(FileNotFoundError):
                found += file.stat().st_size
        return found

    def sweep(self, named: Container[str], *, before: datetime) -> Swept:
        """Delete the blobs whose hash is not in `named`, and what a crash left half-written.

        Whatever was put after `before` stays: a row that names it may be about to be written. A blob that
        is put again counts as new, even while this runs. What is in use just then stays for the next time.
        """
        files = freed = 0
        for file in self._files():
            if file.suffix != _TEMPORARY and file.name[:64] in named:
                continue
            with suppress(BlockingIOError), self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                size = _unlink(file) if _changed_at(file) < before else None
                if size is not None:
                    files, freed = files + 1, freed + size
        return Swept(files, freed)

    def held(self) -> AbstractContextManager[None]:
        """While this is entered nothing is swept, by any process."""
        return self._lock(fcntl.LOCK_SH)

    def _read(self, sha: str) -> tuple[bytes, bytes]:
        """A blob's bytes on disk, and its content."""
        file = self.path(sha)
        try:
            raw = file.read_bytes()
            data = gzip.decompress(raw) if file.suffix == ".gz" else raw
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise Damaged(f"{file} is damaged: it cannot be decompressed") from None
        except FileNotFoundError:
            raise NotFound(f"there is no blob {sha} in {self.folder}") from None
        except OSError as error:
            raise Damaged(f"{file} cannot be read: {error.strerror or error}") from error
        if hashlib.sha256(data).hexdigest() != sha:
            raise Damaged(f"{file} is damaged: its content does not have the SHA-256 in its name")
        return raw, data

    def _find(self, sha: str) -> Path | None:
        if not _SHA256.fullmatch(sha):
            return None
        shard = self.folder / sha[:2]
        found = (shard / (sha + ending) for ending in SUFFIXES.values())
        return next((file for file in found if file.is_file()), None)

    def _files(self) -> Iterator[Path]:
        for shard in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for file in list(shard.iterdir()):
                if _SHA256.match(file.name):
                    yield file

    def _freshen(self, sha: str) -> bool:
        """Whether an undamaged blob is there already; if so it counts as put now."""
        try:
            self.get(sha)
        except (NotFound, Damaged):
            return False
        os.utime(self.path(sha))
        return True

    def _write(self, name: str, packed: bytes) -> None:
        shard = self.folder / name[:2]
        if not shard.is_dir():
            shard.mkdir(parents=True, exist_ok=True)
            _sync(self.folder)
        temporary = shard / f"{name[:64]}.{secrets.token_hex(4)}{_TEMPORARY}"
        try:
            with open(temporary, "xb") as file:
                file.write(packed)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(shard / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync(shard)

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        """Keeps a blob from being put again and swept at once, also by another process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _sync(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unlink(file: Path) -> int | None:
    """Delete `file`; its size, or None when it was not there."""
    try:
        size = file.stat().st_size
        file.unlink()
    except FileNotFoundError:
        return None
    return size


def _changed_at(file: Path) -> datetime:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)
