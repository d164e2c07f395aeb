"""What the channels received is matched with what was done to the farm."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from bench.scale.attackers import Attacker, Watch
from bench.scale.attacks import Kind
from bench.scale.farm import Defacement
from bench.scale.farmhand import Farmer, Field
from bench.scale.layout import Layout
from bench.scale.standins import Postman, Receipt
from bench.scale.storage import Opened, Stored
from bench.scale.subject import page_of

LAYOUT = Layout(40, 4, 20080)
FIELDS = [
    Field(place.number, f"{place.origin}/", "Cổng", frozenset(Kind) - {Kind.SCRIPT})
    for place in LAYOUT.places
]


class OneFarmer:
    """Defaces at a moment that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.done: list[Defacement] = []
        self.restored: list[int] = []

    async def deface(self, numbers: list[int], kind: Kind) -> list[Defacement]:
        done = [Defacement(number, kind, self.now) for number in numbers]
        self.done += done
        return done

    async def restore(self, numbers: list[int]) -> None:
        self.restored += numbers

    async def defaced(self) -> list[Defacement]:
        return [Defacement(one.number, one.kind, one.at, shown_at=one.at + 1) for one in self.done]


class OnePostman:
    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.waiting: list[Receipt] = []

    async def collect(self) -> list[Receipt]:
        self.receipts += self.waiting
        self.waiting = []
        return self.receipts


class OneStore:
    def __init__(self) -> None:
        self.known: dict[int, Opened] = {}

    def incidents(self) -> Mapping[int, Opened]:
        return self.known


@pytest.fixture
def farmer() -> OneFarmer:
    return OneFarmer()


@pytest.fixture
def postman() -> OnePostman:
    return OnePostman()


@pytest.fixture
def stored() -> OneStore:
    return OneStore()


@pytest.fixture
def watch(farmer: OneFarmer, postman: OnePostman, stored: OneStore) -> Watch:
    return Watch(cast(Farmer, farmer), cast(Postman, postman), cast(Stored, stored), FIELDS)


async def test_a_defacement_is_told_when_each_channel_first_has_its_incident(
    watch: Watch, postman: OnePostman, stored: OneStore
) -> None:
    await watch.defaced([7], Kind.WHOLE)
    stored.known[3] = Opened(page_of(FIELDS[7]), "defaced", 1011.0)
    postman.waiting = [Receipt("telegram", 1012.0, (3,)), Receipt("telegram", 1020.0, (3,))]
    await watch.look()
    told = watch.told[7]
    assert (told.at, told.verdict, told.everywhere) == ({"telegram": 1012.0}, "defaced", False)
    assert [told.when(what) for what in ("record", "telegram", "email")] == [1011.0, 1012.0, None]
    postman.waiting = [Receipt("email", 1013.0, (3,))]
    await watch.look()
    assert told.everywhere


async def test_one_message_can_tell_of_many(watch: Watch, postman: OnePostman, stored: OneStore) -> None:
    await watch.defaced([1, 2], Kind.WHOLE)
    stored.known = {
        8: Opened(page_of(FIELDS[1]), "defaced", 1011.0),
        9: Opened(page_of(FIELDS[2]), "defaced", 1011.0),
    }
    postman.waiting = [Receipt("email", 1005.0, (8, 9))]
    await watch.look()
    assert [watch.told[number].at for number in (1, 2)] == [{"email": 1005.0}] * 2


async def test_an_incident_of_a_page_that_nobody_defaced_is_a_stray(
    watch: Watch, postman: OnePostman, stored: OneStore
) -> None:
    await watch.defaced([1], Kind.WHOLE)
    stored.known = {
        4: Opened(page_of(FIELDS[2]), "changed", 1011.0),
        5: Opened(page_of(FIELDS[1]), "changed", 1011.0),
    }
    postman.waiting = [Receipt("email", 1005.0, (4,)), Receipt("email", 999.0, (5,))]
    await watch.look()
    assert set(watch.strays) == {4, 5}
    assert not watch.told[1].at


async def test_what_was_told_everywhere_is_restored_and_nothing_else(
    watch: Watch, farmer: OneFarmer, postman: OnePostman, stored: OneStore
) -> None:
    attacker = Attacker(watch, FIELDS, LAYOUT)
    until = asyncio.get_running_loop().time() + 0.01
    await attacker.steadily(every=60, until=until)
    (number,) = watch.told
    assert farmer.restored == []
    stored.known = {1: Opened(page_of(FIELDS[number]), "defaced", 1011.0)}
    postman.waiting = [Receipt("email", 1009.0, (1,)), Receipt("telegram", 1009.0, (1,))]
    await attacker.steadily(every=60, until=asyncio.get_running_loop().time() + 0.01)
    assert farmer.restored == [number]


async def test_no_page_is_defaced_that_something_ails_or_twice(watch: Watch, farmer: OneFarmer) -> None:
    attacker = Attacker(watch, FIELDS, LAYOUT)
    until = asyncio.get_running_loop().time()
    await attacker.storm(10, until)
    await attacker.storm(10, until)
    numbers = [one.number for one in farmer.done]
    assert len(set(numbers)) == 20
    assert all(LAYOUT.places[number].trouble is None for number in numbers)


async def test_in_the_end_it_is_known_when_each_was_first_given_away(watch: Watch) -> None:
    await watch.defaced([3], Kind.LINKS)
    await watch.finish()
    assert watch.told[3].defacement.shown_at == 1001.0
