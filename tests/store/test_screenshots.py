import io
import random

from PIL import Image, ImageDraw

from defacewatch.store.screenshots import smaller


def picture() -> Image.Image:
    dice = random.Random(1)
    made = Image.new("RGB", (640, 900), "white")
    draw = ImageDraw.Draw(made)
    for _ in range(300):
        left, top = dice.randrange(600), dice.randrange(880)
        draw.rectangle((left, top, left + 60, top + 12), fill=tuple(dice.randbytes(3)))
    return made


def written(made: Image.Image, level: int) -> bytes:
    file = io.BytesIO()
    made.save(file, "PNG", compress_level=level)
    return file.getvalue()


def test_a_picture_that_was_written_quickly_takes_less_room_with_the_same_pixels() -> None:
    made = picture()
    quick = written(made, 1)
    kept = smaller(quick)
    assert len(kept) < len(quick)
    assert Image.open(io.BytesIO(kept)).tobytes() == made.tobytes()


def test_what_is_small_already_and_what_is_no_picture_stay_as_they_are() -> None:
    best = written(picture(), 9)
    assert len(smaller(best)) <= len(best)
    assert smaller(b"") == b""
    assert smaller(b"no picture") == b"no picture"
    assert smaller(best[: len(best) // 2]) == best[: len(best) // 2]
