"""Masks: where they may lie, how long they hold, and who confirms them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.errors import Conflict, UsageError
from defacewatch.features import Shot
from defacewatch.masks import (
    BLOCKS,
    LIVING,
    Ground,
    Mask,
    Outside,
    Rectangle,
    Rest,
    Standing,
    cells_of,
    check_confirming,
    check_drawn,
    check_share,
    covers,
    hides,
    masked_by,
    on_grid,
    suggested,
    tiles_of,
)

NOW = datetime(2026, 9, 2, 7, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MASK = Mask("p", Rectangle(0, 0, 160, 40), "đồng hồ", "an", NOW, NOW + 30 * DAY, "c")
MANY = "abcdefghijklmnop"[: BLOCKS + 1]
GROUND = Ground(1600, frozenset({"html/body/main"}))


def test_a_rectangle_is_widened_to_whole_cells() -> None:
    assert on_grid(Rectangle(10, 50, 200, 30)) == Rectangle(0, 40, 320, 40)
    assert on_grid(Rectangle(160, 40, 160, 40)) == Rectangle(160, 40, 160, 40)


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (-1, 0, 5, 5), (1200, 0, 81, 5), (0, 3990, 5, 11)])
def test_what_is_no_part_of_a_page_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(UsageError):
        on_grid(Rectangle(*box))


def test_tiles_are_those_of_the_first_screen_alone() -> None:
    cells = cells_of([Rectangle(160, 760, 320, 80)])
    assert tiles_of(cells) == {19 * 8 + 1, 19 * 8 + 2}
    assert len(cells) == 4


def test_masks_that_together_cover_too_much_leave_nothing_of_the_picture_out() -> None:
    thirds = [replace(MASK, rectangle=Rectangle(0, top, 1280, 280)) for top in (0, 280)]
    one, both = masked_by(thirds[:1], None), masked_by(thirds, None)
    assert one is not None
    assert len(one.cells) == 7 * 8
    assert both is not None
    assert both.cells == frozenset()


def test_a_picture_is_covered_when_hardly_anything_of_it_is_left() -> None:
    cells = cells_of([Rectangle(0, 0, 320, 80)])
    shot = Shot("img", "", 0, 0, 320, 100, 0, (0, 0, 0))
    assert covers(cells, shot)
    assert not covers(cells, replace(shot, height=101))
    assert not covers((), shot)


def test_of_the_cells_only_those_under_a_box_are_looked_at() -> None:
    looked = []

    class Cells(frozenset[tuple[int, int]]):
        def __contains__(self, cell: object) -> bool:
            looked.append(cell)
            return super().__contains__(cell)

        def __iter__(self) -> Iterator[tuple[int, int]]:
            raise AssertionError("all cells are gone through")

    cells = Cells(cells_of([Rectangle(0, 0, 1280, 4000)]))
    assert covers(cells, Rectangle(170, 50, 300, 60))
    assert looked == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert not covers(cells, Rectangle(-(10**9), -(10**9), 10**10, 10**10))
    assert not covers(cells, Rectangle(0, 5000, 100, 100))


def test_a_rectangle_hides_what_its_cells_cover() -> None:
    dice = random.Random(5)
    found = set()
    for _ in range(500):
        drawn = on_grid(Rectangle(dice.randrange(800), dice.randrange(900), 400, dice.randrange(40, 900)))
        sides = (dice.randrange(1000), dice.randrange(1500), dice.randrange(1, 280), dice.randrange(1, 400))
        hidden = hides(drawn, Rectangle(*sides))
        assert hidden is covers(cells_of([drawn]), Rectangle(*sides))
        found.add(hidden)
    assert found == {True, False}


@pytest.mark.parametrize(
    ("mask", "ground"),
    [
        (replace(MASK, reason=" \u200b"), GROUND),
        (replace(MASK, by=" "), GROUND),
        (replace(MASK, expires=NOW), GROUND),
        (replace(MASK, expires=NOW + 91 * DAY), GROUND),
        (replace(MASK, rectangle=Rectangle(0, 1600, 160, 40)), GROUND),
        (replace(MASK, blocks=("html/body/aside",)), GROUND),
        (replace(MASK, rectangle=Rectangle(0, 0, 1280, 360)), GROUND),
        (replace(MASK, rectangle=Rectangle(0, 800, 1280, 640)), Ground(1440)),
        (MASK, replace(GROUND, living=(replace(MASK, rectangle=Rectangle(160, 0, 1120, 400)),))),
        (MASK, replace(GROUND, living=(MASK,) * LIVING)),
        (replace(MASK, blocks=tuple(MANY)), Ground(1600, frozenset(MANY))),
    ],
    ids=[
        "no reason", "no name", "ended", "long", "below", "no block", "large", "tall", "together", "many",
        "blocks",
    ],
)  # fmt: skip
def test_a_mask_that_may_not_be_is_refused(mask: Mask, ground: Ground) -> None:
    with pytest.raises(UsageError):
        check_drawn(mask, ground, now=NOW)


def test_a_mask_may_cover_what_is_left_of_the_two_fifths() -> None:
    most = replace(MASK, rectangle=Rectangle(0, 0, 1280, 320))
    check_drawn(most, GROUND, now=NOW)
    check_drawn(most, replace(GROUND, living=(most, most)), now=NOW)  # the same part counts once
    check_drawn(replace(MASK, blocks=("html/body/main",), expires=NOW + 90 * DAY), GROUND, now=NOW)


def test_blocks_may_not_hold_most_of_a_page() -> None:
    little, much = (Rest(frozenset(), frozenset(), share) for share in (0.4, 0.41))
    check_share(Outside(little, little))
    for outside in (Outside(much), Outside(little, much)):
        with pytest.raises(UsageError):
            check_share(outside)


def test_a_mask_holds_until_it_expires_or_is_ended() -> None:
    assert MASK.standing(NOW, critical=False) is Standing.APPLIED
    assert MASK.standing(NOW + 30 * DAY, critical=False) is Standing.EXPIRED
    ended = replace(MASK, ended_at=NOW, ended_by="binh")
    assert ended.standing(NOW + 31 * DAY, critical=False) is Standing.ENDED


def test_on_a_critical_portal_another_person_confirms_it() -> None:
    assert MASK.standing(NOW, critical=True) is Standing.WAITING
    check_confirming(MASK, critical=True, by="bình", now=NOW)
    for name in ("an", "A\u200bN", "Ａn"):
        with pytest.raises(Conflict):
            check_confirming(MASK, critical=True, by=name, now=NOW)
    confirmed = replace(MASK, confirmed_by="bình", confirmed_at=NOW)
    assert confirmed.standing(NOW, critical=True) is Standing.APPLIED
    for mask, critical in ((MASK, False), (confirmed, True), (replace(MASK, expires=NOW), True)):
        with pytest.raises(Conflict):
            check_confirming(mask, critical=critical, by="bình", now=NOW)


def test_suggestions_hold_the_tiles_that_move_and_no_others() -> None:
    tiles = {0, 1, 8, 9, 17, 20, 152}
    found = suggested(tiles)
    assert found[0] == Rectangle(0, 0, 320, 80)
    assert tiles_of(cells_of(found)) == tiles
    assert sum(r.width * r.height for r in found) == len(tiles) * 160 * 40
    assert suggested(()) == ()
