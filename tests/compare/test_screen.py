import struct

import pytest
from PIL import Image

from defacewatch.captures import Picture, Rendering, Resource
from defacewatch.compare.screen import STRIPS_LIMIT, screen_of
from defacewatch.tiles import COLUMNS, FIRST, moves, unpacked
from tests.compare.portal import NOW, screenshot
from tests.compare.screens import lowered, picture, seen

PORTAL = seen(screenshot())


def test_the_same_picture_makes_the_same_screen() -> None:
    assert seen(screenshot()) == PORTAL


def test_hashes_are_64_bits_in_hex_and_the_strips_hold_the_page() -> None:
    assert len(PORTAL.first) == len(PORTAL.page) == 16
    assert unpacked(PORTAL.strips).steps.shape == (320, COLUMNS)


@pytest.mark.parametrize("pixels", [5, 37, 40, 83])
def test_a_banner_above_moves_the_page_and_changes_little_of_it(pixels: int) -> None:
    fresh, lost = moves(unpacked(PORTAL.strips), unpacked(seen(lowered(pixels)).strips))
    assert len(fresh) <= COLUMNS * (1 + pixels // 40)
    assert len(lost) <= COLUMNS


def test_the_strips_of_a_long_page_are_bounded() -> None:
    long = seen(Image.new("RGB", (1280, 12_000), "white"))
    assert len(unpacked(long.strips).steps) == STRIPS_LIMIT


def test_below_a_short_page_there_is_plain_white() -> None:
    short = unpacked(seen(Image.new("RGB", (1280, 90), "black")).strips)
    assert len(short.steps) == FIRST
    assert short.colours[17].max() == 0
    assert short.colours[18:].min() == 255


@pytest.mark.parametrize("size", [(1280, 90), (3, 2), (1, 1), (2560, 1600)])
def test_a_picture_of_any_size_has_a_screen(size: tuple[int, int]) -> None:
    assert seen(Image.new("RGB", size, "white")).flat == 1


def test_the_scale_of_the_picture_does_not_matter() -> None:
    double = picture().resize((2560, 3200))
    assert moves(unpacked(PORTAL.strips), unpacked(seen(double).strips)) == (frozenset(), frozenset())


def test_a_portal_is_not_flat() -> None:
    assert PORTAL.flat < 0.8


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "1"])
def test_pictures_of_any_mode_are_read(mode: str) -> None:
    assert seen(Image.new("RGB", (1280, 800), "white").convert(mode)).flat == 1


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", screenshot()[:300], b"<html>"])
def test_what_is_no_picture_has_no_screen(data: bytes) -> None:
    assert screen_of(Rendering(NOW, screenshot=data)) is None


def test_a_picture_that_claims_to_be_huge_is_not_decoded() -> None:
    huge = bytearray(screenshot())
    huge[16:24] = struct.pack(">II", 1280, 4_000_000)
    assert screen_of(Rendering(NOW, screenshot=bytes(huge))) is None


def test_pictures_that_did_not_load_are_not_looked_at() -> None:
    box = (80, 240, 640, 320)
    shown, missing = Picture("p>img", "/a.png", *box), Picture("p>img", "/b.png", *box)
    files = (Resource("/a.png", "image", 200), Resource("/b.png", "image", 404))
    (shot,) = seen(screenshot(), pictures=(shown, missing), resources=files).shots
    assert shot.url == "/a.png"
