"""Lessons that were asked for, worked on beside the watch: a real page, a real browser."""

from collections.abc import Callable
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


def teaching(watch: Watch, extract: Callable[[Look], object] | None = None) -> Teaching:
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
