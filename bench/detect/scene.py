"""What the servers of one visit give, and the kinds of attack and of legitimate stress on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

Group: TypeAlias = Literal["replacement", "partial", "hidden", "injected", "slow", "stress"]
Expect: TypeAlias = Literal["defaced", "changed", "clean", "unreachable", "not-defaced"]


@dataclass(frozen=True)
class Answer:
    """What a server gives for one address."""

    body: bytes
    status: int = 200
    kind: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Scene:
    """Everything the servers give during one visit of one page.

    `folder` holds the files of the page's site by path. `extra` answers absolute addresses, of
    this or any other host, and goes before the folder: attackers' hosts and swapped pictures.
    Every other address is a 404. `clean` is what two of three visitors get, of a page that shows
    its attack to every third only.
    """

    url: str
    page: Answer
    folder: Path | None = None
    extra: Mapping[str, Answer] = field(default_factory=dict)
    clean: "Scene | None" = None


# How a kind is made of a page as it was: one scene, its steps one after the other, or None where
# the kind does not apply to the page.
Make: TypeAlias = Callable[[Scene, Random], Scene | Sequence[Scene] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of attack, or of legitimate stress, and what ought to be said of it.

    `expect` 'changed' means at least that. `late`: seconds after the load when it shows, so that
    beyond 1.5 only a dwelling capture can see it. `browser`: nothing of it is in the bytes of the
    page. `css`: it means something only on a page measured with its style sheets.
    """

    name: str
    group: Group
    expect: Expect
    make: Make
    late: float = 0.0
    browser: bool = True
    css: bool = False
