"""The data files of the comparison: YAML in the package's `data` folder."""

from importlib import resources
from typing import Any

import yaml


def load(name: str) -> Any:
    """The parsed content of `data/<name>`."""
    source = resources.files("defacewatch") / "data" / name
    return yaml.safe_load(source.read_text(encoding="utf-8"))
