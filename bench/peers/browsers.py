"""A Chromium for the peers: the headless shell that defacewatch uses, where each of them looks for one."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from defacewatch.errors import DefacewatchError
from defacewatch.fetch.chromium import find_chromium

_SHELL = "chrome-headless-shell"
_SHELLS = (_SHELL, "headless_shell")  # what Playwright has called it


def found() -> str:
    """The program that defacewatch would start. Raises DefacewatchError where there is none."""
    if named := find_chromium(os.environ.get("DEFACEWATCH_BROWSER")):
        return named
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    own = sorted(one for name in _SHELLS for one in folder.glob(f"chromium_headless_shell-*/*/{name}"))
    if not own:
        raise DefacewatchError("there is no Chromium here: name one with DEFACEWATCH_BROWSER")
    return str(own[-1])


def as_playwrights_own(python: Path, chromium: str, folder: Path) -> Path:
    """A folder like the one that Playwright installs browsers in, which holds `chromium`: for programs that
    start Playwright's own and cannot be told of another. `python` is the one that has their Playwright."""
    listed = json.loads((_package(python) / "driver" / "package" / "browsers.json").read_text("utf-8"))
    revision = next(b["revision"] for b in listed["browsers"] if b["name"] == "chromium-headless-shell")
    place = folder / f"chromium_headless_shell-{revision}"
    program = place / f"{_SHELL}-linux64" / _SHELL
    program.parent.mkdir(parents=True, exist_ok=True)
    program.symlink_to(shutil.which(chromium) or chromium)
    (place / "INSTALLATION_COMPLETE").touch()
    return folder


def _package(python: Path) -> Path:
    asked = [str(python), "-c", "import playwright; print(playwright.__path__[0])"]
    return Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
