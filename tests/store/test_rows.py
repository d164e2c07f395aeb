from dataclasses import replace

from defacewatch.captures import Cover, Picture
from defacewatch.compare import extract
from defacewatch.features import Shot
from defacewatch.store.rows import packed, readable
from tests.store.samples import features, look


def test_features_are_read_as_they_were_written() -> None:
    assert readable(packed(features())) == features()


def test_what_a_screen_shows_is_read_as_it_was_written() -> None:
    seen = look(
        pictures=(Picture("header>img", "https://hungyen.gov.vn/a.png", -3, 0, 400, 90),),
        covers=(Cover("div", "", "Thông báo", 0.5),),
    )
    found = extract(seen)
    assert found.screen is not None
    assert found.shown is not None
    assert found.screen.shots == (
        Shot("header>img", "https://hungyen.gov.vn/a.png", 0, 0, 397, 90, 0, (1, 0, 0)),
    )
    assert found.shown.covers == (Cover("div", "", "Thông báo", 0.5, "div thong bao"),)
    assert readable(packed(found)) == found


def test_a_hash_of_64_bits_stays_whole() -> None:
    one = features()
    assert one.screen is not None
    shots = (replace(one.screen.shots[0], hash=2**64 - 1),)
    one = replace(one, screen=replace(one.screen, shots=shots))
    assert readable(packed(one)) == one
