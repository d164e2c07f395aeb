from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from defacewatch.captures import Picture
from defacewatch.compare.crops import LOOKED_AT, SHOTS, shots_of


def page(height: int = 2000) -> Image.Image:
    """A page full of coloured noise in blocks of 20 pixels."""
    dice = np.random.default_rng(4)
    blocks = dice.integers(0, 256, (height // 20, 64, 3), np.uint8)
    return Image.fromarray(blocks).resize((1280, height), Image.Resampling.NEAREST)


PAGE = page()
SEAL = Picture("header>img", "https://mau.gov.vn/seal.png", 100, 60, 120, 120)


def test_a_picture_is_cut_out_of_the_page() -> None:
    (shot,) = shots_of(PAGE, 1.0, [SEAL])
    assert (shot.path, shot.url, shot.left, shot.top, shot.area) == (SEAL.path, SEAL.url, 100, 60, 14_400)
    expected = np.asarray(PAGE.crop((100, 60, 220, 180)), float).mean(axis=(0, 1))
    assert np.abs(expected - shot.colour).max() <= 1
    assert 10 < shot.hash.bit_count() < 54


@pytest.mark.parametrize("side", [120, 400])
def test_the_same_picture_elsewhere_looks_the_same(side: int) -> None:
    moved = PAGE.copy()
    moved.paste(PAGE.crop((100, 60, 100 + side, 60 + side)), (613, 777))
    one = replace(SEAL, width=side, height=side)
    before, after = shots_of(moved, 1.0, [one, replace(one, left=613, top=777)])
    assert (before.hash ^ after.hash).bit_count() <= 6
    assert np.abs(np.subtract(before.colour, after.colour)).max() <= 6


def test_a_picture_of_another_scale_is_cut_at_its_scale() -> None:
    double = PAGE.resize((2560, 4000), Image.Resampling.NEAREST)
    (one,), (other,) = shots_of(double, 2.0, [SEAL]), shots_of(PAGE, 1.0, [SEAL])
    assert (one.hash ^ other.hash).bit_count() <= 4
    assert one.area == other.area


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 0, 0),
        (10, 10, -50, 90),
        (-500, 10, 400, 90),
        (10, -(10**12), 100, 100),
        (5000, 10, 100, 100),
        (10, 10**15, 100, 100),
        (10, 10, 23, 500),
        (10, 10, 30, 30),
        (1270, 10, 400, 400),
    ],
)
def test_boxes_that_show_next_to_nothing_are_left_out(box: tuple[int, int, int, int]) -> None:
    assert shots_of(PAGE, 1.0, [Picture("img", "/a.png", *box)]) == ()


def test_a_box_is_cut_to_the_page() -> None:
    (shot,) = shots_of(PAGE, 1.0, [Picture("img", "/a.png", -(10**9), -40, 10**12, 10**12)])
    assert (shot.left, shot.top, shot.width, shot.height) == (0, 0, 1280, 2000)


def test_only_so_many_are_kept_the_largest_in_their_order() -> None:
    boxes = [Picture(f"img.n{n}", "/a.png", n, n, 40 + n, 40) for n in range(LOOKED_AT + 100)]
    kept = shots_of(PAGE, 1.0, boxes)
    assert [shot.path for shot in kept] == [f"img.n{n}" for n in range(LOOKED_AT - SHOTS, LOOKED_AT)]


def test_names_are_cut() -> None:
    (shot,) = shots_of(PAGE, 1.0, [replace(SEAL, path="p" * 9000, url="data:image/png;base64," + "A" * 9000)])
    assert len(shot.path) <= 200
    assert len(shot.url) <= 300


def test_a_page_without_pictures_has_no_shots() -> None:
    assert shots_of(PAGE, 1.0, []) == ()


def test_a_page_smaller_than_a_copy_of_it_is_cut_too() -> None:
    tiny = Image.new("RGB", (3, 2), "red")
    shots = shots_of(tiny, 3 / 1280, [SEAL, Picture("img", "/b.png", 0, 0, 1280, 800)])
    assert [shot.colour for shot in shots] == [(255, 0, 0), (255, 0, 0)]
