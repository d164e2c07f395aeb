import io

import pytest
from PIL import Image

from defacewatch.notify.pictures import HEIGHT, WIDTH, picture


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 0, 0, 255)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(("size", "shown"), [((1280, 4000), HEIGHT), ((1280, 800), 500), ((1280, 1), 1)])
def test_a_picture_is_the_top_of_the_page_at_phone_width(size: tuple[int, int], shown: int) -> None:
    with Image.open(io.BytesIO(picture(png(*size)))) as made:
        assert made.format == "JPEG"
        assert made.size == (WIDTH, shown)


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        picture(b"<html>")
