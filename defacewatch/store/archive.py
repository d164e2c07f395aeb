"""The file of a backup: a tar of regular files whose last member, a manifest, names the others with their
SHA-256. It is written whole or not at all, and nothing is taken from one before all of it was verified."""

import fcntl
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.store.blobs import SUFFIXES

FORMAT = 1
_MANIFEST = "manifest.json"
_MEMBER = re.compile(r"(?:rows/[a-z_]{1,40}\.jsonl|(?:evidence|baselines)/[0-9a-f]{64}\.[a-z.]{1,12})")
_CHUNK = 1 << 20
_LARGEST = 256_000_000  # bytes of one blob
_SUFFIX_OF = {ending: suffix for suffix, ending in SUFFIXES.items()}

Manifest = dict[str, Any]


class Writing:
    """An archive that is being written beside `file`, which `finish` puts in its place. Methods block."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.digests: dict[str, str] = {}
        self._temporary = file.with_name(f"{file.name}.tmp")
        self._raw: IO[bytes] | None = None
        self._tar: tarfile.TarFile | None = None

    def open(self) -> None:
        """Raises Conflict where another backup is being written to the same file, and OSError."""
        raw = os.fdopen(os.open(self._temporary, os.O_RDWR | os.O_CREAT, 0o600), "w+b")
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raw.close()
            raise Conflict(f"another backup is being written to {self.file}") from None
        os.fchmod(raw.fileno(), 0o600)
        raw.truncate(0)
        self._raw = raw
        packed = self.file.suffix in (".gz", ".tgz")
        self._tar = tarfile.open(fileobj=raw, mode="w:gz" if packed else "w")  # noqa: SIM115 -- see finish

    def add(self, name: str, data: IO[bytes], size: int) -> None:
        """Add a member of `size` bytes, read from `data`."""
        reader = _Hashing(data)
        self._add(name, reader, size)
        self.digests[name] = reader.digest.hexdigest()

    def finish(self, manifest: Manifest) -> int:
        """Complete the archive, on disk and under its name; its size in bytes."""
        whole = json.dumps({**manifest, "format": FORMAT, "files": self.digests}, indent=1).encode()
        self._add(_MANIFEST, io.BytesIO(whole), len(whole))
        if self._tar is None or self._raw is None:
            raise ValueError("the archive is not open")
        self._tar.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        size = os.fstat(self._raw.fileno()).st_size
        self._temporary.rename(self.file)
        self._raw.close()
        self._raw = None
        folder = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return size

    def discard(self) -> None:
        """Leave nothing behind, unless it is finished."""
        if self._raw is not None:
            self._temporary.unlink(missing_ok=True)
            self._raw.close()

    def _add(self, name: str, data: Any, size: int) -> None:
        if self._tar is None:
            raise ValueError("the archive is not open")
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, data)


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, data: IO[bytes]) -> None:
        self.data, self.digest = data, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.data.read(size)
        self.digest.update(chunk)
        return chunk


def verified(file: Path) -> Manifest:
    """The manifest of an archive of which every member is as it was written. Blocks.

    Raises DefacewatchError, in one line, for anything else.
    """
    with explained(file):
        return _verified(file)


def _verified(file: Path) -> Manifest:
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    for name, data in members(file):
        if manifest is not None or name in found:
            raise _broken(file, f"{name} is where nothing should be")
        if name == _MANIFEST:
            manifest = _parsed(file, data.read(_LARGEST))
        elif name.startswith("rows/"):
            reader = _Hashing(data)
            while reader.read(_CHUNK):
                pass
            found[name] = reader.digest.hexdigest()
        else:
            raw = data.read(_LARGEST)
            found[name] = hashlib.sha256(raw).hexdigest()
            content(name, raw)
    if manifest is None:
        raise _broken(file, "it ends early")
    wrong = sorted(name for name, sha in manifest["files"].items() if found.get(name) != sha)
    wrong += sorted(found.keys() - manifest["files"].keys())
    if wrong:
        raise _broken(file, f"{wrong[0]} is not as it was saved ({len(wrong)} such files)")
    return manifest


def members(file: Path) -> Generator[tuple[str, IO[bytes]], None, None]:
    """The members of an archive in their order, each to be read before the next. Blocks; use it within
    `explained`."""
    with tarfile.open(file, "r:*") as tar:
        for member in tar:
            data = tar.extractfile(member) if member.isreg() and not member.issparse() else None
            if data is None or not (member.name == _MANIFEST or _MEMBER.fullmatch(member.name)):
                raise _broken(file, f"{member.name[:80]!r} is no file of a backup")
            yield member.name, data


def content(name: str, raw: bytes) -> tuple[bytes, str]:
    """The content of a blob's member, and its suffix. Raises DefacewatchError where it is not what its name
    says."""
    sha, dot, ending = name.rpartition("/")[2].partition(".")
    suffix = _SUFFIX_OF.get(dot + ending)
    data = raw
    if ending.endswith(".gz"):
        unpacking = zlib.decompressobj(wbits=31)
        data = unpacking.decompress(raw, _LARGEST)
    if suffix is None or hashlib.sha256(data).hexdigest() != sha:
        raise DefacewatchError(f"the backup is damaged: {name} does not hold what its name says")
    return data, suffix


def _parsed(file: Path, raw: bytes) -> Manifest:
    try:
        manifest = json.loads(raw)
        known = manifest["format"] == FORMAT and all(isinstance(v, str) for v in manifest["files"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _broken(file, "its manifest cannot be read") from None
    if not known:
        raise _broken(file, "it has a form that this version does not know")
    return dict(manifest)


def _broken(file: Path, why: str) -> DefacewatchError:
    return DefacewatchError(f"{file} is not a sound backup: {why}")


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Errors of reading an archive, in one line."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise _broken(file, f"it cannot be read ({str(error).splitlines()[0]})") from error
    except OSError as error:
        raise DefacewatchError(f"{file} cannot be read: {error.strerror or error}") from error
