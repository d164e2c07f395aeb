from dataclasses import replace

import pytest

from defacewatch.features import Shot
from defacewatch.shots import Swap, alike, is_ground, other_places, swaps

SEAL = Shot("header>a.logo>img", "/seal.png", 20, 20, 90, 90, 0x0F0F_3C3C_5555_AAAA, (180, 30, 30))
SLIDE = Shot("div.show>img", "/1.jpg", 100, 300, 800, 400, 0x123_4567_89AB_CDEF, (90, 120, 140))
NEXT = replace(SLIDE, url="/2.jpg", hash=0xFEDC_BA98_0765_4321)
SKULL = Shot("header>a.logo>img", "/x.png", 20, 20, 90, 90, 0xF0F0_C3C3_AAAA_5555, (10, 10, 10))


def test_pictures_that_are_there_still_are_no_swaps() -> None:
    assert swaps((SEAL, SLIDE), (SEAL, SLIDE)) == ()


def test_a_picture_that_moved_is_no_swap() -> None:
    elsewhere = replace(SEAL, path="footer>img", top=3000, url="/copy.png")
    assert swaps((SEAL, SLIDE), (SLIDE, elsewhere)) == ()
    assert swaps((SLIDE, NEXT), (NEXT, SLIDE)) == ()


@pytest.mark.parametrize(
    "instead",
    [
        SKULL,
        replace(SKULL, url=SEAL.url),
        replace(SKULL, path="div>img", url=SEAL.url, top=900),
        replace(SKULL, path="div>img", top=30),
    ],
)
def test_another_picture_in_its_place_is_a_swap(instead: Shot) -> None:
    assert swaps((SEAL, SLIDE), (instead, SLIDE)) == (Swap(SEAL, instead),)


def test_a_picture_that_is_gone_has_nothing_in_its_place() -> None:
    assert swaps((SEAL, SLIDE), (SLIDE,)) == (Swap(SEAL, None),)
    assert swaps((SEAL, SLIDE), (SLIDE, replace(SKULL, path="p>img", top=2000))) == (Swap(SEAL, None),)


def test_a_list_that_lost_its_last_picture_has_swapped_none() -> None:
    thumbs = [replace(SLIDE, path="li>img", hash=(0x0123_4567_89AB_CDEF * 7**n) % 2**64) for n in range(3)]
    fresh = replace(thumbs[0], hash=0xFFFF_0000_FFFF_0000)
    assert swaps(thumbs, [fresh, *thumbs[:2]]) == (Swap(thumbs[2], fresh),)
    assert swaps(thumbs, thumbs[:2]) == (Swap(thumbs[2], None),)


def test_one_of_two_copies_that_is_another_now_is_a_swap() -> None:
    footer = replace(SEAL, path="footer>img", top=3000)
    assert swaps((SEAL, footer), (SKULL, footer)) == (Swap(SEAL, SKULL),)


def test_patterns_are_known_in_other_colours_and_plain_ones_by_their_colour() -> None:
    assert alike(SEAL, replace(SEAL, colour=(60, 60, 60)))
    plain = replace(SEAL, hash=0b1)
    assert alike(plain, replace(plain, colour=(190, 40, 40)))
    assert not alike(plain, replace(plain, colour=(60, 60, 60)))
    assert not alike(SEAL, plain)


def test_places_that_show_other_pictures_are_named_and_those_of_missing_ones_are_not() -> None:
    assert other_places((SEAL, SLIDE), (SEAL, NEXT)) == {"div.show>img"}
    assert other_places((SEAL, SLIDE), (SEAL,)) == frozenset()


@pytest.mark.parametrize(
    ("path", "ground"),
    [
        ("header>img", False),
        ("a>img.logo.big", False),
        ("svg#mark", False),
        ("div.hero", True),
        ("body", True),
        ("", True),
    ],
)
def test_what_is_no_picture_by_itself_is_a_ground(path: str, ground: bool) -> None:
    assert is_ground(replace(SEAL, path=path)) is ground
