"""Looks kept on disk between runs, by what was looked at, how, and with which capture code."""

import hashlib
import os
import pickle
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import defacewatch
from bench.detect.scene import Answer, Scene
from defacewatch.captures import Look

PACKAGE = Path(defacewatch.__file__).parent


@dataclass(frozen=True)
class Cache:
    """Pickled looks under `folder`. `source` names the capture code; '' takes what any code has made."""

    folder: Path
    source: str

    def __call__(self, scene: Scene, *, dwell: bool = False) -> Look | None:
        """The look at a scene, None where there is none."""
        file = self._found(_key(scene, dwell))
        if file is None:
            return None
        look = pickle.loads(zlib.decompress(file.read_bytes()))
        assert isinstance(look, Look)
        return look

    def has(self, scene: Scene, *, dwell: bool = False) -> bool:
        return self._found(_key(scene, dwell)) is not None

    def put(self, scene: Scene, look: Look, *, dwell: bool = False) -> None:
        """Keep a look, whole or not at all."""
        file = self._file(_key(scene, dwell))
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(zlib.compress(pickle.dumps(look), 3))
        part.replace(file)

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}-{self.source}.look"

    def _found(self, key: str) -> Path | None:
        if self.source:
            file = self._file(key)
            return file if file.is_file() else None
        found = (self.folder / key[:2]).glob(f"{key}-*.look")
        return max(found, key=lambda file: file.stat().st_mtime, default=None)


def source() -> str:
    """A hash of the code that makes looks."""
    files = sorted((PACKAGE / "fetch").rglob("*"))
    digest = hashlib.sha256((PACKAGE / "captures.py").read_bytes())
    for file in files:
        if file.suffix in (".py", ".js"):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _key(scene: Scene, dwell: bool) -> str:
    digest = hashlib.sha256(f"{scene.url}\0{dwell}\0".encode())
    digest.update(_told(scene.page))
    for url, answer in sorted(scene.extra.items()):
        digest.update(url.encode() + b"\0" + _told(answer))
    if scene.folder is not None:
        digest.update(_digest(scene.folder))
    return digest.hexdigest()[:40]


def _told(answer: Answer) -> bytes:
    head = repr((answer.status, answer.kind, answer.headers)).encode()
    return hashlib.sha256(head + b"\0" + answer.body).digest()


@cache
def _digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()
