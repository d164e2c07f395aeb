"""Where pages of the farm lie, and which of them something ails."""

from collections import Counter
from ipaddress import ip_address

import pytest

from bench.scale.layout import DONORS, LEARNED, SUPPLIER, Layout, Trouble, donor

SIZE = 10_000


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout(SIZE, seed=4, port=20080)


def test_every_portal_has_a_loopback_address_of_its_own(layout: Layout) -> None:
    hosts = {place.host for place in layout.places}
    assert len(hosts) == SIZE
    assert SUPPLIER not in hosts
    assert all(ip_address(host).is_loopback for host in hosts)


def test_half_of_the_pages_send_tokens(layout: Layout) -> None:
    assert sum(place.tokens for place in layout.places) == SIZE / 2


def test_a_fifth_are_tarpits_and_a_twentieth_can_die(layout: Layout) -> None:
    troubles = Counter(place.trouble for place in layout.places)
    assert troubles[Trouble.SILENT] + troubles[Trouble.DRIPPING] == pytest.approx(0.2 * SIZE, rel=0.1)
    assert troubles[Trouble.DEAD] == pytest.approx(0.05 * SIZE, rel=0.15)


def test_only_hosts_that_can_die_are_on_the_second_port(layout: Layout) -> None:
    on_second = {place.number for place in layout.places if place.port == 20081}
    assert on_second == {place.number for place in layout.places if place.trouble is Trouble.DEAD}


def test_errors_are_answered_by_few_pages_and_by_no_donor(layout: Layout) -> None:
    failing = [place for place in layout.places if place.fails]
    assert 0.02 * SIZE < len(failing) < 0.06 * SIZE
    assert all(place.number >= DONORS and place.trouble is None for place in failing)


def test_a_page_and_its_donor_look_the_same(layout: Layout) -> None:
    for place in layout.places[LEARNED::97]:
        number = donor(place.number)
        assert number is not None
        other = layout.places[number]
        assert (other.look, other.tokens, other.own_tag) == (place.look, place.tokens, place.own_tag)


def test_the_first_pages_are_learned_themselves() -> None:
    assert [donor(number) for number in (0, LEARNED - 1)] == [None, None]


def test_the_same_seed_makes_the_same_farm_and_another_one_does_not(layout: Layout) -> None:
    assert Layout(SIZE, seed=4, port=20080).places == layout.places
    assert Layout(SIZE, seed=5, port=20080).places != layout.places
