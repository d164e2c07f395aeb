"""Lessons that were asked for, worked on beside the watch: a real page, a real browser."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.captures import Look
from defacewatch.errors import Exhausted
from defacewatch.features import Features
from defacewatch.language import translator
from defacewatch.store.lessons import ATTEMPTS, LEASE, Lesson
from defacewatch.teaching import Teaching
from defacewatch.verdicts import VerdictKind
from tests.site import DEFACED
from tests.watched import Watch, fetch, unlearned

__all__ = ["fetch", "unlearned"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def never(_: float) -> None:
    await asyncio.Event().wait()


def teaching(
    watch: Watch,
    extract: Callable[[Look], object] | None = None,
    tick: Callable[[float], Awaitable[None]] = never,
) -> Teaching:
    async def renew(_: str) -> None:
        return None

    return Teaching(
        watch.store,
        watch.fetch,
        extract or watch._extract,  # type: ignore[arg-type]
        renew=renew,
        clock=watch.clock,
        translate=lambda: translator("vi"),
        sleep=watch._sleep,
        tick=tick,
    )


async def asked(watch: Watch, samples: int = 2) -> None:
    ids = [watch.page_id]
    assert await watch.store.lessons.ask(ids, by="an", via="console", samples=samples, now=watch.clock())


async def lesson(watch: Watch) -> Lesson:
    return (await watch.store.lessons.latest([watch.page_id]))[watch.page_id]


async def test_what_was_asked_for_is_learned_and_proposed_by_who_asked(unlearned: Watch) -> None:
    await asked(unlearned)
    assert (
        await unlearned.store.lessons.ask(
            [unlearned.page_id], by="binh", via="console", samples=2, now=unlearned.clock()
        )
        == ()
    )
    await teaching(unlearned).all()
    done = await lesson(unlearned)
    assert (done.taken, done.error, done.verdict) == (2, None, VerdictKind.LEARNING)
    (proposal,) = await unlearned.store.baselines.proposals()
    assert (proposal.id, proposal.proposed_by) == (done.capture, "an")
    assert unlearned.slept == [5.0]
    await teaching(unlearned).all()
    assert await lesson(unlearned) == done


async def test_a_page_that_is_defaced_already_is_said_to_be(unlearned: Watch) -> None:
    unlearned.site.show(DEFACED)
    await asked(unlearned, 1)
    await teaching(unlearned).all()
    done = await lesson(unlearned)
    assert done.verdict is VerdictKind.DEFACED
    (proposal,) = await unlearned.store.baselines.proposals()
    assert proposal.attack


async def test_a_page_that_cannot_be_seen_ends_with_the_reason(unlearned: Watch) -> None:
    unlearned.site.show("", status=503)
    await asked(unlearned, 1)
    await teaching(unlearned).all()
    done = await lesson(unlearned)
    assert done.capture is None
    assert done.error is not None
    assert "503" in done.error


async def test_what_this_host_lacks_ends_one_lesson_and_not_the_others(unlearned: Watch) -> None:
    async def broken(_: Look) -> Features:
        raise Exhausted("no room")

    await asked(unlearned, 1)
    await teaching(unlearned, broken).all()
    assert (await lesson(unlearned)).error == "no room"
    await asked(unlearned, 1)
    await teaching(unlearned).all()
    assert (await lesson(unlearned)).error is None


async def test_a_lesson_whose_process_died_is_begun_again_but_not_for_ever(unlearned: Watch) -> None:
    await asked(unlearned, 1)
    for attempt in range(1, ATTEMPTS + 1):
        claimed = await unlearned.store.lessons.claim(unlearned.clock())
        assert claimed is not None
        assert claimed.attempts == attempt
        assert await unlearned.store.lessons.claim(unlearned.clock()) is None
        unlearned.clock.now += LEASE + timedelta(seconds=1)
    await teaching(unlearned).all()
    done = await lesson(unlearned)
    assert done.ended_at is not None
    assert done.error is not None
    assert done.capture is None


async def test_a_lesson_that_waits_long_for_the_browser_is_nobody_elses(unlearned: Watch) -> None:
    waited, go = asyncio.Event(), asyncio.Event()

    async def slow(look: Look) -> Features:
        await go.wait()
        return await unlearned._extract(look)

    async def tick(seconds: float) -> None:
        if unlearned.clock.now > until:
            waited.set()
            await asyncio.Event().wait()
        unlearned.clock.forward(seconds=seconds)

    await asked(unlearned, 1)
    until = unlearned.clock.now + 3 * LEASE
    work = asyncio.create_task(teaching(unlearned, slow, tick).all())
    await waited.wait()
    assert await unlearned.store.lessons.claim(unlearned.clock()) is None
    go.set()
    await work
    done = await lesson(unlearned)
    assert (done.attempts, done.taken, done.error) == (1, 1, None)
    assert len(await unlearned.store.baselines.proposals()) == 1


async def test_a_lesson_that_another_has_claimed_is_left_to_them(unlearned: Watch) -> None:
    started, frozen = asyncio.Event(), asyncio.Event()

    async def slow(_: Look) -> Features:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def tick(_: float) -> None:
        await frozen.wait()

    await asked(unlearned, 1)
    work = asyncio.create_task(teaching(unlearned, slow, tick).one())
    await started.wait()
    unlearned.clock.forward(seconds=LEASE.total_seconds() + 1)  # the process did nothing for so long
    theirs = await unlearned.store.lessons.claim(unlearned.clock())
    assert theirs is not None
    frozen.set()
    assert await work
    assert (await lesson(unlearned)).ended_at is None
    assert await unlearned.store.baselines.proposals() == []
    mine, now = replace(theirs, attempts=1), unlearned.clock()
    assert not await unlearned.store.lessons.took(mine, 9, now=now)
    assert not await unlearned.store.lessons.end(mine, now=now, error="late")
    assert await unlearned.store.lessons.end(theirs, now=now, capture="c")
    assert not await unlearned.store.lessons.end(theirs, now=now, error="twice")
    done = await lesson(unlearned)
    assert (done.taken, done.capture, done.error) == (0, "c", None)
