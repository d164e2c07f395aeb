import struct

import pytest
from PIL import Image

from defacewatch.captures import Screen
from defacewatch.compare import screen
from tests.compare.portal import png, screenshot


def seen(picture: bytes) -> Screen:
    found = screen.screen_of(picture)
    assert found is not None
    return found


PORTAL = seen(screenshot())


def test_the_same_picture_has_no_difference() -> None:
    assert screen.difference(PORTAL, seen(screenshot()), ()).share == 0


def test_hashes_are_64_bits_in_hex_and_the_grid_is_full() -> None:
    assert len(PORTAL.first) == len(PORTAL.page) == 16
    assert len(PORTAL.tiles) == len(PORTAL.colours) == PORTAL.columns * PORTAL.rows == 160
    assert all(0 <= tile < 2**64 for tile in PORTAL.tiles)


def test_a_slider_that_moved_is_a_small_difference_and_none_once_it_is_known_to_move() -> None:
    moved = seen(screenshot(slider="#c0a020"))
    found = screen.difference(PORTAL, moved, ())
    assert 0.1 < found.share < 0.3
    slider = {row * 16 + column for row in range(3, 7) for column in range(1, 9)}
    assert screen.difference(PORTAL, moved, slider).share == 0


def test_another_page_differs_almost_everywhere() -> None:
    black = Image.new("RGB", (1280, 800), "black")
    black.paste((200, 0, 0), (400, 300, 900, 420))
    found = screen.difference(PORTAL, seen(png(black)), ())
    assert found.share > 0.9
    assert found.colour > 100


@pytest.mark.parametrize("colour", ["white", "black", "#b01020"])
def test_two_plain_screens_are_told_apart_by_their_colour(colour: str) -> None:
    one, other = (
        seen(png(Image.new("RGB", (1280, 800), "#123456"))),
        seen(png(Image.new("RGB", (1280, 800), colour))),
    )
    assert screen.difference(one, other, ()).share == 1


def test_a_plain_screen_is_blank_and_a_portal_is_not() -> None:
    plain = seen(png(Image.new("RGB", (1280, 800), "white")))
    assert screen.is_blank(PORTAL, plain)
    assert not screen.is_blank(PORTAL, PORTAL)
    assert not screen.is_blank(plain, plain)


def test_a_short_page_and_a_narrow_one_have_a_screen_too() -> None:
    assert seen(png(Image.new("RGB", (1280, 90), "white"))).flat == 1
    assert seen(png(Image.new("RGB", (3, 2), "white"))).flat == 1


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", screenshot()[:300], b"<html>"])
def test_what_is_no_picture_has_no_screen(data: bytes) -> None:
    assert screen.screen_of(data) is None


def test_a_picture_that_claims_to_be_huge_is_not_decoded() -> None:
    huge = bytearray(screenshot())
    huge[16:24] = struct.pack(">II", 1280, 4_000_000)
    assert screen.screen_of(bytes(huge)) is None
