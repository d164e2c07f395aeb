"""Backups that were tampered with."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path


def rewritten(file: Path, change: Callable[[str, bytes], bytes | None], *, mend: bool = False) -> None:
    """Write an archive again with its members changed or left out; `mend` makes the manifest fit."""
    with tarfile.open(file) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar]  # type: ignore[union-attr]
    changed = [(name, change(name, data)) for name, data in members]
    if mend:
        files = {
            n: hashlib.sha256(d).hexdigest() for n, d in changed if d is not None and n != "manifest.json"
        }
        manifest = json.loads(members[-1][1]) | {"files": files}
        changed[-1] = ("manifest.json", json.dumps(manifest).encode())
    with tarfile.open(file, "w") as tar:
        for name, data in changed:
            if data is not None:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def swapped(part: str, data: bytes | None) -> Callable[[str, bytes], bytes | None]:
    return lambda name, old: data if part in name else old
