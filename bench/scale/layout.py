"""Which page of the farm lies where, how it looks, and what ails it. All of it follows from the number.

Every portal has one page and a loopback address of its own, so that a client's limits by host are real ones.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

LOOKS = 40  # distinct designs; each is served with and without tokens
DONORS = 2 * LOOKS  # pages that later ones are like, byte for byte but for tokens
LEARNED = 200  # pages that are really learned; the ones between are like none
TARPITS, DEAD, FAILING = 0.20, 0.05, 0.05
FAILS_EVERY = 10  # requests for the document of a failing page, of which one is answered 503
SUPPLIER = "127.19.0.1"  # the host whose scripts many portals use
_FIRST = 20  # second number of the first portal's address
_NET = 250  # hosts by the last number, and by the third


class Trouble(StrEnum):
    """What is wrong with a host while troubles are switched on."""

    SILENT = "accepts and never answers"
    DRIPPING = "sends a byte a second"
    DEAD = "refuses connections"


@dataclass(frozen=True)
class Place:
    """One page. `own_tag`: its script from the supplier is its own, as tag containers are; `fails`: some of
    its answers are errors; `trouble` is None for the healthy."""

    number: int
    look: int
    tokens: bool
    own_tag: bool
    host: str
    port: int
    fails: bool
    trouble: Trouble | None

    @property
    def key(self) -> str:
        """Of its portal in the configuration."""
        return f"p{self.number:05d}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Layout:
    """A farm of `size` pages on `port`; those whose hosts can die are on the port after it."""

    size: int
    seed: int
    port: int

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._place(number) for number in range(self.size))

    def _place(self, number: int) -> Place:
        variant = number % DONORS
        trouble = self._trouble(number)
        healthy = trouble is None and self._share(number, "errors") < FAILING
        return Place(
            number,
            look=variant // 2,
            tokens=variant % 2 == 1,
            own_tag=DONORS <= number < LEARNED,
            host=address(number),
            port=self.port + 1 if trouble is Trouble.DEAD else self.port,
            fails=healthy and number >= DONORS,
            trouble=trouble,
        )

    def _trouble(self, number: int) -> Trouble | None:
        share = self._share(number, "trouble")
        if share < TARPITS:
            return Trouble.SILENT if share < TARPITS / 2 else Trouble.DRIPPING
        return Trouble.DEAD if share < TARPITS + DEAD else None

    def _share(self, number: int, what: str) -> float:
        """A number in 0..1 that is the page's own."""
        digest = hashlib.sha256(f"{self.seed}:{what}:{number}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64


def address(number: int) -> str:
    """The loopback address of the portal with this number."""
    third, last = divmod(number, _NET)
    second, third = divmod(third, _NET)
    return f"127.{_FIRST + second}.{third}.{last + 1}"


def donor(number: int) -> int | None:
    """The learned page that this one is like; None for those that are learned themselves."""
    return None if number < LEARNED else number % DONORS
