"""The difference of two screenshots, for people."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from defacewatch.compare.overlay import WIDTH, overlay


def png(*boxes: tuple[int, int, int, int], high: int = 1600, wide: int = 1280) -> bytes:
    image = Image.new("RGB", (wide, high), (250, 250, 250))
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=(10, 10, 200))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def seen(before: bytes, after: bytes, moving: frozenset[int] = frozenset()) -> np.ndarray:
    with Image.open(io.BytesIO(overlay(before, after, moving))) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB")).astype(int)


def is_red(pixels: np.ndarray) -> bool:
    return bool((pixels[..., 0] - pixels[..., 1] > 40).any())


def test_what_is_the_same_stays_grey() -> None:
    made = seen(png((0, 0, 300, 300)), png((0, 0, 300, 300)))
    assert made.shape == (1000, WIDTH, 3)
    assert np.ptp(made, axis=2).max() < 12


def test_what_is_another_is_marked_where_it_is() -> None:
    made = seen(png(), png((640, 800, 1279, 1100)))
    assert is_red(made[490:700, 390:])
    assert not is_red(made[:480])
    assert not is_red(made[:, :380])


def test_what_is_known_to_move_is_hatched_and_not_marked() -> None:
    first_tile = frozenset({0})
    made = seen(png(), png((0, 0, 150, 30)), first_tile)
    assert not is_red(made)
    assert made[2:20, 2:90].std() > 8


def test_a_longer_page_is_another_below_and_only_the_top_is_shown() -> None:
    made = seen(png(high=800), png((0, 900, 1279, 1000), high=9000))
    assert len(made) == 1250
    assert is_red(made[560:630])


def test_pictures_of_any_width_are_compared() -> None:
    assert seen(png(wide=8, high=8), png()).shape == (1000, WIDTH, 3)


@pytest.mark.parametrize(
    "data", [b"", b"<svg onload=alert(1)>", png()[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 90]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        overlay(png(), data, ())


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(ValueError):
        overlay(png(), out.getvalue(), ())
