"""The data files of the comparison: YAML in the package's `data` folder."""

from importlib import resources
from typing import Any

import yaml


def load(name: str) -> Any:
    """The parsed content of `data/<name>`."""
    source = resources.files("defacewatch") / "data" / name
    # the same safe loader in C where there is one: the lists are long, and every worker reads them once
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(source.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
