import numpy as np
import pytest

from defacewatch.tiles import COLUMNS, COUNT, FIRST, HIGH, ROWS, Strips, moves, unpacked


def strips(rows: int = FIRST, seed: int = 1) -> Strips:
    """A page full of patterns."""
    dice = np.random.default_rng(seed)
    steps = dice.integers(0, 256, (rows, COLUMNS), np.uint8)
    return Strips(steps, np.full((rows, COLUMNS, 3), (200, 40, 40), np.uint8))


def lowered(page: Strips, rows: int) -> Strips:
    """`page` below a plain banner of so many rows."""
    top = Strips.plain((0, 0, 200))
    return Strips(
        np.concatenate((top.steps[:rows], page.steps)), np.concatenate((top.colours[:rows], page.colours))
    )


def coloured(page: Strips, colour: tuple[int, int, int]) -> Strips:
    return Strips(page.steps, np.full_like(page.colours, colour))


def test_strips_are_read_as_they_were_written() -> None:
    page = strips(FIRST + 3)
    read = unpacked(page.packed)
    assert (read.steps == page.steps).all()
    assert (read.colours == page.colours).all()


@pytest.mark.parametrize("text", ["", "AAAA", "no base 64!", Strips.plain((0, 0, 0)).packed[:-8]])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpacked(text)


def test_a_page_is_not_different_from_itself() -> None:
    assert moves(strips(), strips()) == (frozenset(), frozenset())


@pytest.mark.parametrize("rows", [1, 8, 13])
def test_what_a_banner_moves_down_is_found_again(rows: int) -> None:
    page = strips(FIRST + 20)
    fresh, lost = moves(page, lowered(page, rows))
    assert lost == frozenset()
    assert fresh <= set(range(COLUMNS * -(-rows // HIGH)))


def test_what_moved_off_the_end_is_lost() -> None:
    page = strips(FIRST)
    shorter = Strips(lowered(page, 40).steps[:FIRST], lowered(page, 40).colours[:FIRST])
    assert moves(page, shorter).lost == set(range(COUNT - 5 * COLUMNS, COUNT))


def test_other_patterns_and_other_colours_are_other_tiles() -> None:
    everything = frozenset(range(COUNT))
    assert moves(strips(), strips(seed=2)) == (everything, everything)
    assert moves(strips(), coloured(strips(), (40, 200, 40))) == (everything, everything)
    assert moves(strips(), coloured(strips(), (204, 48, 44))) == (frozenset(), frozenset())


def test_a_little_noise_is_no_difference() -> None:
    page = strips()
    noisy = page.steps.copy()
    noisy[::4] ^= 0b100
    assert moves(page, Strips(noisy, page.colours)) == (frozenset(), frozenset())


def test_plain_tiles_are_looked_for_nearby_only() -> None:
    """A black footer does not make a page that turned black known."""
    page = Strips.plain((255, 255, 255))
    page.colours[-HIGH:] = 0
    black = Strips.plain((0, 0, 0))
    rows = {number // COLUMNS for number in moves(page, black).fresh}
    assert rows == set(range(ROWS - 1 - 6))


def test_one_tile_that_changed_is_named_by_its_number() -> None:
    page, changed = strips(), strips()
    changed.steps[HIGH : 2 * HIGH, 3] ^= 0b10110101
    assert moves(page, changed) == (frozenset({COLUMNS + 3}), frozenset({COLUMNS + 3}))


def test_a_page_shown_in_greys_is_compared_in_greys() -> None:
    page = strips()
    assert moves(page, page.in_grey()) == (frozenset(), frozenset())
    assert len(moves(page.in_grey(), page).fresh) == COUNT
