"""A bounded memory for what costs more to read than to keep."""

import random
import threading
from typing import Generic, TypeVar

TAKEN_IN = 1 / 8  # of what comes to a full cache

V = TypeVar("V")


class Cache(Generic[V]):
    """Values by name, each as of a `stamp` that another content would not have, for threads to share.

    At most `limit` bytes of them, by the estimate of whoever puts them in. Pages are looked at one after the
    other, so that the least recently used would be the very next to be asked for, and with room for half of
    the pages nothing would ever be found. So when it is full only one in eight is taken in, for what is
    chosen at random: then almost as many are found as there is room for.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._kept: dict[str, tuple[object, V, int]] = {}
        self._names: list[str] = []
        self._places: dict[str, int] = {}  # of each name in `_names`
        self._one_at_a_time = threading.Lock()

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str, stamp: object) -> V | None:
        """The value of `name`, if it is known as of `stamp`."""
        found = self._kept.get(name)
        return None if found is None or found[0] != stamp else found[1]

    def put(self, name: str, stamp: object, value: V, size: int) -> None:
        """Keep `value`, of `size` bytes; one that alone is beyond the limit is not kept."""
        with self._one_at_a_time:
            if name in self._kept:
                self._drop(name)
            if size > self.limit:
                return
            if self.size + size > self.limit and random.random() > TAKEN_IN:  # noqa: S311 -- as below
                return
            while self.size + size > self.limit:
                self._drop(random.choice(self._names))  # noqa: S311 -- nothing to guess
            self._places[name] = len(self._names)
            self._names.append(name)
            self._kept[name] = (stamp, value, size)
            self.size += size

    def _drop(self, name: str) -> None:
        _, _, size = self._kept.pop(name)
        self.size -= size
        place, last = self._places.pop(name), self._names.pop()
        if last != name:
            self._names[place] = last
            self._places[last] = place
