"""A store that another version of the engine has filled."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from defacewatch.captures import Capture, Cover, Look, Picture, Script, Validators
from defacewatch.check import Checker
from defacewatch.compare import VERSION, extract
from defacewatch.config import Settings
from defacewatch.eyes import opened_eyes
from defacewatch.features import Features
from defacewatch.incidents import Event, State
from defacewatch.profiles import Profile
from defacewatch.renewal import Renewal
from defacewatch.store import Store
from defacewatch.store.baselines import Baselines
from defacewatch.store.schema import approvals, captures, profiles
from defacewatch.verdicts import VerdictKind
from tests.compare.portal import portal, render_of
from tests.conftest import Clock
from tests.store.samples import DEFACED, NOW, registered
from tests.store.samples import checked as outcome_of

APPROVED = render_of(
    portal(),
    icon=b"\x89PNG icon",
    dialogs=("xin chào \ud800",),
    hidden_links=(("https://else.example/", "elsewhere"),),
    hidden_texts=("unseen",),
    covers=(Cover("div", "", "cookies", 0.5),),
    pictures=(Picture("header>img", "https://mau.gov.vn/a.png", 1, 2, 3, 4),),
    scripts=(Script("https://mau.gov.vn/a.js", "let a = 1"),),
)


class Same:
    """A page that always looks as it did when it was approved."""

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look:
        return Look(APPROVED.probe)

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        return APPROVED


async def read(look: Look) -> Features:
    return extract(look)


class Sick:
    """The store's baselines, which fail once when asked for what of `page` is outdated."""

    def __init__(self, kept: Baselines, page: str) -> None:
        self.kept, self.sick = kept, page

    def __getattr__(self, name: str) -> object:
        return getattr(self.kept, name)

    async def outdated(self, version: int, *, page: str | None = None) -> list[Capture]:
        if page == self.sick:
            self.sick = ""
            raise OSError("the store does not answer")
        return await self.kept.outdated(version, page=page)


@pytest.fixture
async def page(store: Store) -> str:
    return await outdated_page(store, "hungyen")


async def outdated_page(store: Store, key: str) -> str:
    """A page that was approved with the features of version 0, which this one cannot even read."""
    store.checks.known.version = store.baselines.version = VERSION
    page = await registered(store, key)
    kept = await store.checks.keep(page, APPROVED, extract(APPROVED))
    learned = Profile(page, 3)
    capture = await store.baselines.keep_capture(kept, proposed_by="an", profile=learned, now=NOW)
    await store.baselines.approve(capture.id, by="binh", reason="first", now=NOW)
    async with store.engine.writing() as db:
        old = {"features_version": 0, "features": b"of version 0"}
        await db.execute(update(captures).where(captures.c.page == page).values(**old))
        await db.execute(update(approvals).where(approvals.c.page == page).values(**old))
        await db.execute(update(profiles).where(profiles.c.page == page).values(version=0))
    return page


def renewal(store: Store, extract: Callable[[Look], Awaitable[Features]] = read) -> Renewal:
    return Renewal(store.baselines, extract, version=VERSION)


def checker_of(store: Store, clock: Clock, *, renewed: bool = False) -> Checker:
    async def online() -> bool:
        return True

    async def sleep(seconds: float) -> None:
        clock.forward(seconds=seconds)

    return Checker(
        Same(),
        store.checks,
        clock=clock,
        confirm_after=timedelta(seconds=5),
        revalidate_every=timedelta(minutes=10),
        online=online,
        extract=read,
        sleep=sleep,
        renew=renewal(store).page if renewed else None,
    )


async def checked(store: Store, page: str, clock: Clock, *, renewed: bool = False) -> VerdictKind:
    result = await checker_of(store, clock, renewed=renewed).check_page(page, render=True)
    return result.outcome.verdict.kind


async def lost(store: Store, page: str) -> Sequence[str]:
    """Lose the facts of the page's captures, wherever they are kept; the ids of the captures."""
    every = await store.baselines.captures(page)
    for capture in every:
        store.blobs.delete(capture.facts)
        store.approved.delete(capture.facts)
    return [capture.id for capture in every]


async def test_a_kept_look_comes_back_whole(store: Store, page: str) -> None:
    [capture] = await store.baselines.captures(page)
    found = await store.baselines.look(capture)
    assert APPROVED.rendering is not None
    assert found == replace(APPROVED, rendering=replace(APPROVED.rendering, dialogs=("xin chào ?",)))
    for blob in (capture.served, capture.dom, capture.screenshot, capture.facts):
        store.blobs.delete(blob)
    assert await store.baselines.look(capture) == found, "the baselines have it too"


async def test_features_of_another_version_are_given_to_nobody(store: Store, page: str, clock: Clock) -> None:
    context = await store.checks.context(page, now=NOW)
    assert (context.baseline, context.profile.samples) == (None, 0)
    assert await store.baselines.get(page) is None
    assert await checked(store, page, clock) is VerdictKind.LEARNING


async def test_what_was_approved_is_read_again_and_compared_as_before(
    store: Store, page: str, clock: Clock
) -> None:
    before = await store.checks.context(page, now=NOW)
    assert await renewal(store).page(page) == []
    baseline = await store.baselines.get(page)
    assert baseline is not None
    [capture] = await store.baselines.captures(page)
    assert baseline.looks[0].features == extract(await store.baselines.look(capture))
    assert await store.baselines.outdated(VERSION) == []
    assert (await store.checks.context(page, now=NOW)).version > before.version, (
        "a check under way reads again"
    )
    assert await checked(store, page, clock) is VerdictKind.CLEAN


async def test_a_page_is_not_looked_at_before_that_is_done_and_the_start_does_not_wait(
    store: Store, page: str, clock: Clock
) -> None:
    async with opened_eyes(Settings(), store, clock=clock, browser=None) as eyes:
        [before] = await store.baselines.outdated(VERSION)
        assert before.page == page
        eyes.checker.fetch = Same()
        result = await eyes.checker.check_page(page, render=True)
        assert result.outcome.verdict.kind is VerdictKind.CLEAN
        assert await store.baselines.outdated(VERSION) == []


async def test_only_the_page_that_is_looked_at_is_read_again(store: Store, page: str, clock: Clock) -> None:
    other = await outdated_page(store, "langson")
    assert await checked(store, page, clock, renewed=True) is VerdictKind.CLEAN
    assert [c.page for c in await store.baselines.outdated(VERSION)] == [other]


async def test_all_pages_are_read_again_once_whoever_asks_for_them(store: Store, page: str) -> None:
    other = await outdated_page(store, "langson")
    read_again: list[str] = []

    async def counted(look: Look) -> Features:
        read_again.append(look.probe.url)
        return extract(look)

    made = renewal(store, counted)
    await asyncio.gather(made.all(), made.page(page), made.page(other), made.all())
    assert await store.baselines.outdated(VERSION) == []
    assert len(read_again) == 2


async def test_one_capture_that_breaks_something_is_said_and_the_others_are_read(
    store: Store, page: str
) -> None:
    other = await outdated_page(store, "langson")
    broken = iter([True])

    async def breaking(look: Look) -> Features:
        if next(broken, False):
            raise RecursionError("too deep")
        return extract(look)

    made = renewal(store, breaking)
    with capture_logs() as logs:
        left = [*await made.page(page), *await made.page(other)]
    assert [capture.page for capture in left] == [page]
    [error] = [line for line in logs if line["log_level"] == "error"]
    assert (error["page"], error["error"]) == (page, "too deep")


async def test_a_store_that_does_not_answer_for_one_page_is_asked_again(store: Store, page: str) -> None:
    other = await outdated_page(store, "langson")
    made = renewal(store)
    made.kept = Sick(store.baselines, page)  # type: ignore[assignment]
    with capture_logs() as logs:
        await made.all()
    assert [c.page for c in await store.baselines.outdated(VERSION)] == [page]
    assert [line["page"] for line in logs if line["log_level"] == "error"] == [page]
    await made.all()
    assert await store.baselines.outdated(VERSION) == []
    assert made.done == {page, other}


async def test_a_page_whose_approved_look_cannot_be_read_calms_no_incident(
    store: Store, page: str, clock: Clock
) -> None:
    await outcome_of(store, page, DEFACED)
    [before] = await store.incidents.list()
    await lost(store, page)
    result = await checker_of(store, clock, renewed=True).check_page(page, render=True)
    assert (result.outcome.verdict.kind, result.outcome.change.event) == (VerdictKind.DEFACED, None)
    after = (await store.incidents.get(before.incident.id)).incident
    assert (after.state, after.present) == (State.OPEN, True)
    assert Event.CALMED not in [line.event for line in await store.incidents.timeline(after.id)]


async def test_a_look_whose_blobs_are_gone_is_one_clear_error_and_stops_nothing(
    store: Store, page: str, clock: Clock
) -> None:
    gone = await lost(store, page)
    with capture_logs() as logs:
        left = await renewal(store).page(page)
    assert [capture.id for capture in left] == gone
    [error] = [line for line in logs if line["log_level"] == "error"]
    assert page in error["event"]
    assert f"defacewatch learn {page}" in error["event"]
    assert await checked(store, page, clock) is VerdictKind.LEARNING
    assert [c.id for c in await store.baselines.outdated(VERSION)] == gone, "the next start tries again"


async def test_facts_of_another_form_are_an_error_and_no_crash(store: Store, page: str) -> None:
    [capture] = await store.baselines.captures(page)
    other = replace(capture, facts=store.blobs.put(b'{"look": {"probe": 1}, "icon": ""}', ".json"))
    async with store.engine.writing() as db:
        await db.execute(update(captures).values(facts=other.facts))
    assert [c.id for c in await renewal(store).page(page)] == [capture.id]


async def test_a_capture_of_another_version_is_not_approved(store: Store, page: str) -> None:
    [capture] = await store.baselines.captures(page)
    with pytest.raises(Exception, match="another version of defacewatch"):
        await store.baselines.approve(capture.id, by="binh", reason="again", now=NOW)


async def test_nothing_is_read_again_when_nothing_is_outdated(store: Store, page: str) -> None:
    await renewal(store).all()

    async def never(look: Look) -> Features:
        raise AssertionError("nothing is outdated")

    assert await renewal(store, never).page(page) == []
    await renewal(store, never).all()
