"""What other monitors would have said of the same pages, in the same run.

They keep no approved baseline: each compares a page with how it was the time before. The text of
changedetection.io, webchanges and urlwatch is made by their own code in an environment of its own; a SHA-256
of the HTML and one pHash of the whole page need nothing else.
"""

import hashlib
import io
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import imagehash
from PIL import Image

from bench.environments import environment

HERE = Path(__file__).parent
PHASH = (4, 8, 12)  # bits of 64 that may differ: the thresholds in use range over these

Values = Mapping[str, object]


@dataclass(frozen=True)
class Pair:
    """A page as a monitor saw it the time before, and as it sees it now."""

    kind: str
    legitimate: bool
    site: str
    before: Values
    after: Values


@dataclass(frozen=True)
class Row:
    """How often a peer said that something changed, over so many pairs."""

    peer: str
    kind: str
    legitimate: bool
    pairs: int
    said: int


class Peers:
    """Asks the worker process what other monitors make of a page."""

    def __init__(self, worker: "subprocess.Popen[str]") -> None:
        self._stdin: IO[str] = _there(worker.stdin)
        self._stdout: IO[str] = _there(worker.stdout)

    def values(self, html: str, url: str, screenshot: bytes | None) -> Values:
        """What each peer would keep of a page: equal values mean that it says nothing."""
        self._stdin.write(json.dumps({"html": html, "url": url}) + "\n")
        self._stdin.flush()
        said: dict[str, object] = dict(json.loads(self._stdout.readline()))
        said["SHA-256 of the HTML"] = hashlib.sha256(html.encode("utf-8", "surrogatepass")).hexdigest()
        if screenshot:
            said["pHash"] = imagehash.phash(Image.open(io.BytesIO(screenshot)).convert("RGB"))
        return said


def installed(folder: Path) -> Path:
    """The Python of an environment with the other monitors, made in `folder` when it is not there.

    Needs the package index once. Raises EnvironmentMissing.
    """
    return environment(folder, HERE / "requirements.txt", what="the other monitors")


@contextmanager
def asked(folder: Path) -> Iterator[Peers]:
    """The other monitors, running; their environment lies in `folder`."""
    worker = subprocess.Popen(
        [str(installed(folder)), str(HERE / "worker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Peers(worker)
    finally:
        worker.kill()
        worker.wait()


def compared(pairs: Iterable[Pair]) -> list[Row]:
    """How often each peer spoke up, by kind of step."""
    counts: dict[tuple[str, str, bool], list[int]] = {}
    for pair in pairs:
        for peer, spoke in _spoke(pair):
            count = counts.setdefault((peer, pair.kind, pair.legitimate), [0, 0])
            count[0] += 1
            count[1] += spoke
    return [Row(*key, *count) for key, count in sorted(counts.items())]


def _spoke(pair: Pair) -> Iterator[tuple[str, bool]]:
    for peer, value in pair.before.items():
        if peer not in pair.after:
            continue
        after = pair.after[peer]
        if isinstance(value, imagehash.ImageHash) and isinstance(after, imagehash.ImageHash):
            for bits in PHASH:
                yield f"pHash, more than {bits} bits", value - after > bits
        else:
            yield peer, value != after


def _there(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the worker has no pipe")
    return stream
