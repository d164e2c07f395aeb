"""Who takes part, and how each is run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.environments import environment
from bench.peers import browsers
from bench.peers.changedetection import LEAST, WORKERS, ChangeDetection, Where
from bench.peers.commands import Runs, urlwatch, webchanges
from bench.peers.phases import Monitor

CACHE = Path("~/.cache/defacewatch-bench/peers").expanduser()
HERE = Path(__file__).parent
PROGRAMS = {"changedetection": "changedetection.io", "webchanges": "webchanges", "urlwatch": "urlwatch"}
_KEPT = ("PATH", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Peer:
    """One program with one way to fetch pages. `browser` says whether that is a browser."""

    key: str
    program: str
    browser: bool
    note: str

    @property
    def name(self) -> str:
        way = "browser" if self.browser else "URL job" if self.program != "changedetection" else "plain"
        return f"{PROGRAMS[self.program]}, {way}"


PEERS = (
    Peer("changedetection", "changedetection", False, f"server, {WORKERS} workers, every {LEAST} s at most"),
    Peer("webchanges", "webchanges", False, "command in a loop"),
    Peer("urlwatch", "urlwatch", False, "command in a loop, 10 threads"),
    Peer(
        "changedetection-browser",
        "changedetection",
        True,
        f"server, {WORKERS} workers, one Chromium that stays",
    ),
    Peer("webchanges-browser", "webchanges", True, "command in a loop, a Chromium a check"),
    Peer("urlwatch-browser", "urlwatch", True, "command in a loop, 10 threads, a Chromium a check"),
)


def install(peers: tuple[Peer, ...], cache: Path = CACHE) -> dict[str, Path]:
    """The Python of each program's environment, made where it is missing. Raises EnvironmentMissing."""
    wanted = sorted({peer.program for peer in peers})
    return {
        name: environment(cache / name, HERE / "requirements" / f"{name}.txt", what=PROGRAMS[name])
        for name in wanted
    }


def monitor(peer: Peer, python: Path, folder: Path, *, keeping: float) -> Monitor:
    """It, ready to begin in an empty folder of its own. Raises DefacewatchError where there is no browser."""
    chromium = browsers.found() if peer.browser else None
    environ = _environ(folder)
    if peer.program == "changedetection":
        return ChangeDetection(Where(python, chromium, environ), folder)
    if peer.program == "webchanges":
        return Runs(webchanges(python, environ, chromium=chromium), folder, keeping=keeping)
    own = browsers.as_playwrights_own(python, chromium, folder / "browsers") if chromium else None
    return Runs(urlwatch(python, environ, browsers=own), folder, keeping=keeping)


def _environ(folder: Path) -> Mapping[str, str]:
    """Nothing of ours, and a home that is empty: what they keep there is of this run."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(temporary), "LANG": "C.UTF-8", "TZ": "UTC"}
