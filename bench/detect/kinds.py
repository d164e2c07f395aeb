"""All kinds by name: those of attack and of stress, and every defacement page in every way of serving it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bench.detect.attacks import ATTACKS, replacements
from bench.detect.scene import Kind
from bench.detect.stress import STRESS


def kinds() -> Mapping[str, Kind]:
    """The kinds of attack and of stress, by name."""
    return {kind.name: kind for kind in (*ATTACKS, *STRESS)}


@cache
def replacing(corpus: Path, side: str) -> Mapping[str, Kind]:
    """A kind for each defacement page of a side and each way of serving it, by name: 'row #page'."""
    return {kind.name: kind for kind in replacements(corpus, side)}


def row_of(name: str) -> str:
    """The row of the table in which a kind counts: 'replaced, modern, status 403'."""
    return name.partition(" #")[0]


def page_of(name: str) -> str:
    """The defacement page that a kind of replacement serves, '' for any other kind."""
    return name.partition(" #")[2]


def is_varied(name: str) -> bool:
    """Whether a kind of replacement serves its page in another way than as it is."""
    return row_of(name).count(", ") > 1
