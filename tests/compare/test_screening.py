import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from defacewatch.captures import Rendering
from defacewatch.compare.screen import screen_of
from defacewatch.compare.screening import colour_sketch, is_blank, screen_signals, share_of_tiles, shift_of
from defacewatch.features import Features
from defacewatch.profiles import Profile, teach
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.tiles import COLUMNS, COUNT, Strips, unpacked
from defacewatch.verdicts import CHANGED_AT, DEFACED_AT, VerdictKind
from tests.compare.portal import (
    BASELINE,
    NOW,
    kinds,
    one,
    png,
    portal,
    render_of,
    screenshot,
    signals_of,
    verdict_of,
)
from tests.compare.screens import framed, greyed, lowered, picture, recoloured, seen, sparse

WHITE = Image.new("RGB", (1280, 800), "white")


def against(before: Image.Image, after: Image.Image, profile: Profile | None = None) -> list[Signal]:
    """The signals of the screen alone."""
    served = BASELINE.looks[0].features.served
    looks = [Features(1, served, served, seen(page)) for page in (before, after)]
    return list(screen_signals(looks[0], looks[1], profile or Profile("mau")))


def score(signals: list[Signal]) -> float:
    return sum(signal.points for signal in signals)


def test_the_same_screen_says_nothing() -> None:
    assert against(picture(), picture()) == []


def test_a_picture_in_place_of_the_page_is_seen_though_its_markup_is_the_same() -> None:
    found = verdict_of(render_of(portal(), picture=png(Image.new("RGB", (1280, 800), "#400000"))))
    assert found.kind is VerdictKind.CHANGED
    assert {Kind.SCREEN, Kind.COLOUR, Kind.BLANK_SCREEN} <= kinds(found.signals)


@pytest.mark.parametrize("pixels", [37, 40, 120])
def test_a_banner_above_the_page_is_no_change_of_it(pixels: int) -> None:
    assert score(against(picture(), lowered(pixels))) < 10


@pytest.mark.parametrize("colour", ["black", "#900000", "#101040"])
@pytest.mark.parametrize("page", [picture, sparse], ids=["full", "sparse"])
def test_another_background_is_a_change(page: Callable[[], Image.Image], colour: str) -> None:
    signals = against(page(), recoloured(page(), "white", colour))
    assert kinds(signals) >= {Kind.SCREEN, Kind.COLOUR}
    assert score(signals) >= CHANGED_AT


def test_another_ground_around_the_content_is_a_change() -> None:
    signals = against(framed(), recoloured(framed(), "#e8eef4", "black"))
    assert score(signals) >= CHANGED_AT
    assert one(signals, Kind.COLOUR).evidence == {"before": "#e8eef4", "after": "#000000"}


def test_a_dark_cover_over_everything_is_a_change() -> None:
    assert score(against(picture(), ImageEnhance.Brightness(picture()).enhance(0.2))) >= CHANGED_AT


def test_a_page_in_greys_is_hardly_a_change() -> None:
    assert score(against(picture(), greyed())) < 10


def test_red_banners_for_a_festival_are_no_takeover() -> None:
    festive = recoloured(recoloured(picture(), "#3070a0", "#c01818"), "#e8e0d0", "#d02020")
    assert score(against(picture(), festive)) < DEFACED_AT


def test_inverted_colours_are_a_change() -> None:
    assert score(against(picture(), ImageOps.invert(picture()))) >= CHANGED_AT


def test_content_that_is_gone_counts_as_much_as_new_content() -> None:
    emptied = picture()
    emptied.paste("white", (0, 200, 1280, 1600))
    before, after = unpacked(seen(picture()).strips), unpacked(seen(emptied).strips)
    assert share_of_tiles(before, after, ()) > 0.3
    assert share_of_tiles(after, before, ()) > 0.3


def test_a_slider_that_moves_is_clean_and_silent_once_learned() -> None:
    look = render_of(portal(), picture=screenshot(slider="#c0a020"))
    assert verdict_of(look).kind is VerdictKind.CLEAN
    profile = teach(Profile("mau"), BASELINE, features_of(screenshot(slider="#20a040")), learning=True)
    assert signals_of(look, profile=profile) == ()


def features_of(data: bytes) -> Features:
    known = BASELINE.looks[0].features
    return Features(1, known.served, known.shown, screen_of(Rendering(NOW, screenshot=data)))


def test_no_more_of_the_screen_than_its_bound_can_move() -> None:
    everything = Profile("mau", 2, tiles={str(tile): 2 for tile in range(COUNT)})
    look = render_of(portal(), picture=png(Image.new("RGB", (1280, 800), "#400000")))
    assert one(signals_of(look, profile=everything), Kind.SCREEN).points > 20


def test_a_blank_screen_is_a_change() -> None:
    assert Kind.BLANK_SCREEN in kinds(against(picture(), WHITE))
    assert Kind.BLANK_SCREEN in kinds(against(sparse(), WHITE))


def test_a_page_that_was_blank_is_not_blank_anew() -> None:
    assert not is_blank(seen(WHITE), seen(WHITE))
    assert not is_blank(seen(picture()), seen(picture()))


def blank(colour: str) -> list[Signal]:
    page = Image.new("RGB", (1280, 800), colour)
    return [s for s in against(picture(), page) if s.kind in (Kind.BLANK_SCREEN, Kind.COLOUR)]


def test_a_blank_screen_and_a_shift_are_named_by_the_new_colour() -> None:
    for black, nearly_black, red in zip(blank("#000000"), blank("#040404"), blank("#c00000"), strict=True):
        assert black.kind is nearly_black.kind is red.kind
        assert same_difference(nearly_black.identity, black.identity)
        assert not same_difference(red.identity, black.identity)


def test_near_colours_have_near_sketches() -> None:
    assert (colour_sketch((10, 200, 30)) ^ colour_sketch((14, 196, 33))).bit_count() <= 3
    assert (colour_sketch((10, 200, 30)) ^ colour_sketch((200, 10, 30))).bit_count() > 20


def test_a_mean_colour_alone_never_counts_as_a_takeover() -> None:
    half = Strips.plain((255, 255, 255))
    dice = np.random.default_rng(3)
    half.colours[:, :4] = dice.integers(0, 60, half.colours[:, :4].shape)
    half.colours[:, 4:] = dice.integers(0, 255, half.colours[:, 4:].shape)
    assert shift_of(Strips.plain((255, 255, 255)), half).share <= 0.3


def test_comparing_two_long_pages_is_quick() -> None:
    dice = np.random.default_rng(5)
    before, after = (
        Strips(
            dice.integers(0, 256, (1600, COLUMNS), np.uint8),
            dice.integers(0, 256, (1600, COLUMNS, 3), np.uint8),
        )
        for _ in range(2)
    )
    start = time.process_time()
    for _ in range(5):
        assert share_of_tiles(before, after, ()) == 1
    assert (time.process_time() - start) / 5 < 0.1
