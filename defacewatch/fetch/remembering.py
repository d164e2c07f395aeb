"""What is asked again and again of the same text is found out once."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

MOST = 4096  # texts, those that were last asked for: where more come in turn, none is known
LONGEST = 300  # characters of one, of ASCII: a page may choose longer ones, and they take memory

T = TypeVar("T")


def remembered(work: Callable[[str], T]) -> Callable[[str], T]:
    """`work`, a function of a text and of nothing else, whose result nobody changes. What it raises is raised
    each time."""
    known = lru_cache(MOST)(work)

    @wraps(work)
    def asked(text: str) -> T:
        return known(text) if len(text) <= LONGEST and text.isascii() else work(text)

    return asked
