"""Masks on a page under watch: a real site, a real browser, a real store."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from defacewatch.captures import Look
from defacewatch.check import Result
from defacewatch.compare.outside import outside_of
from defacewatch.errors import Conflict, UsageError
from defacewatch.features import Features
from defacewatch.fetch.looks import Fetcher
from defacewatch.masking import Masking, draw, sheet_of
from defacewatch.masks import Mask, Outside, Rectangle
from defacewatch.roster import Roster
from defacewatch.signals import Kind
from defacewatch.verdicts import VerdictKind
from defacewatch.workers import Workers
from tests.conftest import Clock
from tests.site import page
from tests.watched import Approved, Watch, approving, fetch

__all__ = ["fetch"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = '<div class="promo" style="height: 240px; background: {ground}; font-size: 30px">{inside}</div>'
LINES = "<p>Chào mừng ngày hội toàn dân</p><p>Chung tay vì người nghèo năm nay</p>"
RED = BOX.format(ground="#b71c1c", inside=LINES)
BLUE = BOX.format(
    ground="#0d47a1",
    inside="<table><tr><td>Tuần lễ áo dài</td><td><i>đăng ký trước ngày mai</i></td></tr></table>"
    "<h3>Mời xem</h3>",
)


async def set_apart(look: Look, blocks: Collection[str]) -> Outside:
    return await asyncio.to_thread(outside_of, look, blocks)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def approved(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, fetch: Fetcher
) -> AsyncIterator[Approved]:
    """A page with a banner."""
    async with approving(page(more=RED), blank, tmp_path_factory.mktemp("approved"), fetch) as approved:
        yield approved


@pytest_asyncio.fixture(loop_scope="module")
async def watch(approved: Approved, tmp_path: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
    async with approved.watched(tmp_path, fetch, clock) as watch:
        watch.checker.apart = Masking(watch.store.baselines, set_apart).apart
        yield watch


async def drawn(watch: Watch, **changes: object) -> Mask:
    """The banner masked, with its block."""
    sheet = await sheet_of(watch.store, watch.page_id)
    region = next(region for region in sheet.regions if "promo" in region.path)
    now = watch.clock()
    mask = Mask(watch.page_id, region.box, "băng rôn", "an", now, now + timedelta(days=2), "", (region.path,))
    workers = Workers(1)
    try:
        made = replace(mask, **changes)  # type: ignore[arg-type]
        return await draw(watch.store, made, roster=Roster(), workers=workers, now=now, via="cli:an")
    finally:
        workers.stop()


def counted(result: Result) -> set[Kind]:
    return {signal.kind for signal in result.outcome.verdict.signals if signal.points > 0}


LOOKED = {Kind.SCREEN, Kind.COLOUR, Kind.TEXT, Kind.STRUCTURE, Kind.VISIBLE_TEXT}


async def test_an_ordinary_change_inside_a_mask_is_quiet_on_both_tiers(watch: Watch) -> None:
    watch.site.show(page(more=BLUE))
    before = await watch.checker.check_page(watch.page_id, render=True, dry_run=True)
    assert counted(before) >= {Kind.SCREEN, Kind.COLOUR, Kind.STRUCTURE}
    mask = await drawn(watch)
    assert mask.rectangle.width % 160 == 0
    assert mask.blocks == ("html/body/main/div.promo",)
    for render in (False, True):
        result = await watch.check(render=render)
        assert result.outcome.verdict.kind is VerdictKind.CLEAN
        assert not counted(result) & LOOKED
        assert {Kind.MASKED} == {signal.kind for signal in result.outcome.verdict.signals}
    learned = (await watch.store.checks.context(watch.page_id, now=watch.clock())).profile
    assert (learned.tiles, learned.paths, learned.words) == ({}, {}, {}), "what is masked teaches nothing"


async def test_an_attack_inside_a_mask_is_still_told(watch: Watch) -> None:
    await drawn(watch)
    attack = BLUE.replace("<h3>", '<script src="https://evil.example/x.js"></script><h3>Hacked by Test Crew ')
    watch.site.show(page(more=attack))
    result = await watch.check()
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    assert result.outcome.alerts


async def test_a_change_outside_of_a_mask_is_told(watch: Watch) -> None:
    await drawn(watch)
    other = page(more=BLUE).replace("#b71c1c; color", "#000; color")
    watch.site.show(other.replace("<h2>", "<h2>Trang này đang được làm lại, mời quay lại sau</h2><h2>"))
    result = await watch.check(render=True)
    assert counted(result) & {Kind.SCREEN, Kind.COLOUR}
    assert result.outcome.verdict.score > 0


async def test_a_mask_that_has_expired_or_ended_no_longer_applies(watch: Watch) -> None:
    mask = await drawn(watch)
    watch.site.show(page(more=BLUE))
    assert not counted(await watch.check(render=True)) & LOOKED
    watch.clock.forward(days=2)
    assert counted(await watch.check(render=True)) & LOOKED
    again = await drawn(watch)
    assert not counted(await watch.check(render=True)) & LOOKED
    await watch.store.masks.end(again.id, by="an", now=watch.clock(), via="")
    assert counted(await watch.check()) & LOOKED, "at once, and not only in the next round of captures"
    assert mask.id != again.id


async def test_a_mask_that_is_drawn_while_a_check_is_under_way_applies_to_it(watch: Watch) -> None:
    watch.site.show(page(more=BLUE))
    extract, masks = watch.checker.extract, list[Mask]()

    async def extracting(look: Look) -> Features:
        if not masks:
            masks.append(await drawn(watch))
        return await extract(look)

    watch.checker.extract = extracting
    result = await watch.check(render=True)
    assert masks
    assert not counted(result) & LOOKED
    assert result.outcome.verdict.kind is VerdictKind.CLEAN
    await watch.store.masks.end(masks[0].id, by="an", now=watch.clock(), via="")
    masks.clear()
    assert not counted(await watch.check(render=True)) & LOOKED


async def test_a_look_that_is_approved_while_a_check_is_under_way_is_compared_outside_of_masks(
    watch: Watch,
) -> None:
    await drawn(watch)
    watch.site.show(page(more=BLUE).replace("<h2>", "<h2>Trang này vừa được làm lại</h2><h2>"))
    lesson = await watch.learn()
    extract, once = watch.checker.extract, list[str]()

    async def extracting(look: Look) -> Features:
        if not once:
            assert lesson.capture is not None
            once.append(lesson.capture.id)
            await watch.store.baselines.approve(once[0], by="binh", reason="mới", now=watch.clock())
        return await extract(look)

    watch.checker.extract = extracting
    watch.site.show(page(more=RED).replace("<h2>", "<h2>Trang này vừa được làm lại</h2><h2>"))
    result = await watch.check(render=True)
    assert once
    assert not counted(result) & {Kind.TEXT, Kind.STRUCTURE, Kind.VISIBLE_TEXT}


async def test_where_blocks_cannot_be_set_apart_their_difference_counts(watch: Watch) -> None:
    await drawn(watch)

    async def cannot(look: Look, blocks: Collection[str]) -> Outside:
        raise Conflict("no")

    watch.checker.apart = Masking(watch.store.baselines, cannot).apart
    watch.site.show(page(more=BLUE))
    found = counted(await watch.check(render=True))
    assert found & {Kind.TEXT, Kind.STRUCTURE}
    assert Kind.SCREEN not in found


async def test_what_may_not_be_masked_is_refused_with_a_sentence(watch: Watch) -> None:
    with pytest.raises(UsageError, match="40 % of the first screen"):
        await drawn(watch, rectangle=Rectangle(0, 0, 1280, 400))
    with pytest.raises(UsageError, match="40 % of the page's text"):
        await drawn(watch, blocks=("html/body/main",))
    with pytest.raises(UsageError, match="no such blocks"):
        await drawn(watch, blocks=("html/body/main/div.khac",))
    with pytest.raises(Conflict, match="Another look"):
        await drawn(watch, capture="20260101-0000000000")
    assert await watch.store.masks.every() == ()
