"""A slider that shows another of its slides: a real site, a real browser, a real store."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from defacewatch.captures import Material
from defacewatch.fetch.events import RESOURCES
from defacewatch.fetch.looks import Fetcher
from defacewatch.materials import RESTLESS, is_worth_asking
from defacewatch.signals import Kind
from defacewatch.turning import Turning
from defacewatch.verdicts import VerdictKind
from tests.compare.screens import pattern
from tests.conftest import Clock
from tests.site import page
from tests.watched import Approved, Watch, approving, fetch

__all__ = ["fetch"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


def png(seed: int) -> bytes:
    file = io.BytesIO()
    pattern((600, 300), seed).save(file, "PNG")
    return file.getvalue()


PICTURES = {"/mot.png": png(1), "/hai.png": png(2)}


def slider(*names: str, shown: int) -> str:
    """A slider of pictures, one of them shown."""
    slides = "".join(
        f'<div class="khung" style="display: {"block" if n == shown else "none"}">'
        f'<img src="/{name}.png" width="600" height="300" alt=""></div>'
        for n, name in enumerate(names)
    )
    return page(more=f'<div class="hop">{slides}</div>')


FIRST, SECOND = (slider("mot", "hai", shown=n) for n in (0, 1))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def approved(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, fetch: Fetcher
) -> AsyncIterator[Approved]:
    """A page with a slider that stood at its first slide while it was learned."""
    async with approving(FIRST, blank, tmp_path_factory.mktemp("approved"), fetch, PICTURES) as approved:
        yield approved


@pytest_asyncio.fixture(loop_scope="module")
async def watch(approved: Approved, tmp_path: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
    approved.site.pictures = dict(PICTURES)
    async with approved.watched(tmp_path, fetch, clock) as watch:
        watch.checker.turns = Turning(watch.store.baselines).kept
        yield watch


async def captured(watch: Watch) -> tuple[VerdictKind, set[Kind]]:
    watch.clock.forward(minutes=30)
    verdict = (await watch.check(render=True)).outcome.verdict
    return verdict.kind, {signal.kind for signal in verdict.signals}


async def test_another_slide_of_the_approved_look_is_no_news_and_teaches_nothing(watch: Watch) -> None:
    watch.site.show(SECOND)
    kind, signals = await captured(watch)
    assert kind is VerdictKind.CLEAN
    assert Kind.PICTURES not in signals
    context = await watch.store.checks.context(watch.page_id, now=watch.clock())
    assert not context.profile.pictures, "its place may be attacked like any other"
    watch.checker.turns = None
    kind, signals = await captured(watch)
    assert (kind, Kind.PICTURES in signals) == (VerdictKind.CHANGED, True), "and it is what the rule is for"


async def test_a_slide_whose_file_is_another_is_a_change_when_it_is_shown(watch: Watch) -> None:
    watch.site.pictures["/hai.png"] = png(77)
    watch.site.show(SECOND)
    kind, signals = await captured(watch)
    assert (kind, Kind.PICTURES in signals) == (VerdictKind.CHANGED, True)


async def test_a_picture_that_was_hidden_on_the_page_after_its_approval_is_a_change_when_it_is_shown(
    watch: Watch,
) -> None:
    watch.site.pictures["/ba.png"] = png(77)
    watch.site.show(slider("mot", "hai", "ba", shown=0))
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    watch.site.show(slider("mot", "hai", "ba", shown=2))
    kind, signals = await captured(watch)
    assert (kind, Kind.PICTURES in signals) == (VerdictKind.CHANGED, True)


async def test_a_picture_that_is_another_behind_another_slide_calls_again_until_it_is_seen(
    watch: Watch,
) -> None:
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    before = await picture_of(watch, "mot.png")
    watch.site.pictures["/mot.png"] = png(77)
    called = (replace(before, etag='"another"'),)
    watch.site.show(slider("mot", "hai", shown=2))
    result = await watch.checker.check_page(watch.page_id, render=True, changed=called)
    assert result.outcome.verdict.kind is VerdictKind.CLEAN, "nobody sees it"
    after = await picture_of(watch, "mot.png")
    assert (after.etag, after.restless) == (before.etag, before.restless + 1), "so it is asked for once more"
    watch.site.show(FIRST)
    result = await watch.checker.check_page(watch.page_id, render=True, changed=called)
    assert result.outcome.verdict.kind is VerdictKind.CHANGED


async def test_a_capture_of_the_round_takes_no_picture_for_known_that_it_does_not_show(watch: Watch) -> None:
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    before = await picture_of(watch, "mot.png")
    watch.site.pictures["/mot.png"] = png(77)
    watch.site.show(slider("mot", "hai", shown=2))
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    assert await picture_of(watch, "mot.png") == before, "whoever asks finds it another, and calls"
    watch.site.show(slider("hai", shown=1))
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    assert await picture_of(watch, "mot.png") == before, "nor where it was not even loaded"


async def test_after_some_calls_a_hidden_picture_calls_once_a_round(watch: Watch) -> None:
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    before = await picture_of(watch, "mot.png")
    watch.site.pictures["/mot.png"] = png(77)
    watch.site.show(slider("mot", "hai", shown=2))
    called = (replace(before, etag='"another"'),)
    for calls in range(1, RESTLESS + 1):
        await watch.checker.check_page(watch.page_id, render=True, changed=called)
        assert (await picture_of(watch, "mot.png")).restless == before.restless + calls
    assert not is_worth_asking(await picture_of(watch, "mot.png"))
    await captured(watch)
    assert is_worth_asking(await picture_of(watch, "mot.png"))


async def test_a_picture_that_is_gone_calls_some_times_and_then_no_more_until_it_is_loaded(
    watch: Watch,
) -> None:
    assert (await captured(watch))[0] is VerdictKind.CLEAN
    before = await picture_of(watch, "mot.png")
    del watch.site.pictures["/mot.png"]
    watch.site.show(slider("hai", shown=1))
    called = (replace(before, etag=None, hashes=()),)
    for _ in range(RESTLESS):
        await watch.checker.check_page(watch.page_id, render=True, changed=called)
    await captured(watch)
    assert not is_worth_asking(await picture_of(watch, "mot.png")), "the round gives nothing back"


async def picture_of(watch: Watch, name: str) -> Material:
    (found,) = [m for m in await watch.store.checks.materials_of(watch.page_id) if m.url.endswith(name)]
    return found


async def test_where_the_approved_look_cannot_be_read_a_picture_that_is_another_is_told(
    watch: Watch, tmp_path: Path
) -> None:
    baseline = await watch.store.baselines.get(watch.page_id)
    assert baseline is not None
    capture = await watch.store.baselines.capture(baseline.looks[0].capture)
    found = [path for path in tmp_path.rglob("*") if capture.facts in path.name]
    assert found
    for path in found:
        path.unlink()
    watch.site.show(SECOND)
    kind, _ = await captured(watch)
    assert kind is VerdictKind.CHANGED


async def test_of_a_page_that_loads_more_than_is_listed_nothing_is_taken_to_be_as_it_was(
    watch: Watch,
) -> None:
    watch.site.show(SECOND)
    look = await watch.checker.fetch.render(watch.site.url, now=watch.clock())
    context = await watch.store.checks.context(watch.page_id, now=watch.clock())
    turning = Turning(watch.store.baselines)
    assert any((await turning.kept(context, look)).values())
    assert look.rendering is not None
    listed = look.rendering.resources
    more = [replace(listed[0], url=f"{watch.site.url}{n}") for n in range(RESOURCES - len(listed))]
    many = (*listed, *more)
    crowded = replace(look, rendering=replace(look.rendering, resources=many))
    assert await turning.kept(context, crowded) == {}
