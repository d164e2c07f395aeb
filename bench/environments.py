"""Virtual environments that a bench needs beside its own, made when they are missing."""

import subprocess
import venv
from pathlib import Path

_MARK = "installed"  # holds the requirements that the environment was made from


class EnvironmentMissing(Exception):
    """The packages could not be installed; the message says why in one line."""


def environment(folder: Path, requirements: Path, *, what: str) -> Path:
    """The Python of the environment in `folder`, made again when `requirements` are not those that it has.

    Needs the package index then. Where the requirements carry hashes, pip insists on them. Raises
    EnvironmentMissing, which names `what` could not be installed.
    """
    python = folder / "bin" / "python"
    wanted = requirements.read_bytes()
    mark = folder / _MARK
    if mark.is_file() and mark.read_bytes() == wanted:
        return python
    venv.create(folder, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and "[notice]" not in line]
        last = next((line for line in said if line.startswith("ERROR:")), said[-1] if said else "pip failed")
        raise EnvironmentMissing(f"{what} could not be installed: {last}")
    mark.write_bytes(wanted)
    return python
