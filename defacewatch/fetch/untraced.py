"""Calls of Playwright that do not note who calls.

With each call Playwright (1.65) notes the stack that it comes from, for its inspector, in a list that is a
local variable of one of its frames: the frames hold one another, and with them all that ours know (documents,
pictures: three megabytes a capture) until the collector of garbage comes by. Within a call of its own it
notes nothing. How it knows that is not part of its interface: where it is otherwise, all works as well, and
costs more.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, TypeVar

Inside = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
T = TypeVar("T")


def _inside() -> Inside | None:
    try:
        owner = import_module("playwright._impl.channel_owner")
        zones = import_module("playwright._impl.utils.zones")
        inside: Inside = zones.Zone(
            {"apiZone": owner.ApiZone("defacewatch", [], None, internal=True)}
        ).run_async
    except (ImportError, TypeError, AttributeError):
        return None
    return inside


INSIDE = _inside()


def untraced(work: Callable[[], Awaitable[T]]) -> Awaitable[T]:
    """`work()`, and the tasks that it starts, as a call of Playwright's own."""
    return work() if INSIDE is None else INSIDE(work)
