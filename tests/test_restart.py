"""A daemon that is started again: what the one before knew of calm pages, and what it may not believe."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from defacewatch.agenda import Errand
from defacewatch.cli.common import Settled, session, utc_now
from defacewatch.daemon import Daemon
from defacewatch.learn import learn_page
from defacewatch.verdicts import VerdictKind
from tests.site import DEFACED, Site, html, page
from tests.test_daemon import Stand, until


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """Its page is another at each look, in noise alone."""
    site, visits = Site(), count(1000)
    await site.start()
    site.answer = lambda _: html(page(more=f"<p>Lượt truy cập: {next(visits)}</p>"))
    yield Stand(tmp_path, site)
    await site.stop()


def probes() -> dict[str, float]:
    """How many probes found their pages still, and how many were judged in full."""
    name = "defacewatch_probes_total"
    return {word: REGISTRY.get_sample_value(name, {"found": word}) or 0.0 for word in ("still", "looked")}


async def approve(daemon: Daemon, page_id: str) -> None:
    """Have a page learned and approved."""
    store = daemon.store
    lesson = await learn_page(
        page_id,
        fetch=daemon.eyes.fetcher,
        extract=daemon.eyes.extract,
        checks=store.checks,
        baselines=store.baselines,
        samples=1,
        every=daemon.settings.watch.probe_every,
        by="an",
        clock=daemon.clock,
        sleep=asyncio.sleep,
    )
    assert lesson.capture is not None
    await store.baselines.approve(lesson.capture.id, by="binh", reason="mới", now=daemon.clock())


async def watched(stand: Stand) -> str:
    """Have the page watched until it is calm, and the daemon stopped; its id."""
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        (page_id,) = daemon.schedule.planned
        await approve(daemon, page_id)
        await until(lambda: daemon.eyes.checker.calm.get(page_id) is not None)
        before = probes()["still"]
        await until(lambda: probes()["still"] > before)
    return page_id


@pytest.mark.timeout(300)
async def test_a_daemon_that_is_started_again_finds_its_pages_calm_and_sees_what_is_new(stand: Stand) -> None:
    page_id = await watched(stand)
    async with AsyncExitStack() as stack:
        before = probes()
        daemon = await stand.daemon(stack)
        await until(lambda: probes()["still"] >= before["still"] + 3)
        assert probes()["looked"] == before["looked"]
        assert daemon.eyes.checker.clean == {page_id}, "what it is made of is asked for as well"
        await daemon.errands.run(page_id, Errand.REVALIDATE)
        (state,) = await daemon.store.checks.latest()
        assert state.verdict is VerdictKind.CLEAN
        stand.site.show(DEFACED)
        await until(lambda: page_id not in daemon.eyes.checker.clean, within=200)
        (state,) = await daemon.store.checks.latest()
        assert state.verdict is VerdictKind.DEFACED


@pytest.mark.timeout(400)
async def test_a_page_that_is_another_or_judged_otherwise_since_is_read_in_full(stand: Stand) -> None:
    page_id = await watched(stand)

    async def other_settings() -> None:
        stand.general["watch"] = {**stand.general["watch"], "revalidate_every": "4m"}  # type: ignore[dict-item]

    async def registered_otherwise() -> None:
        stand.portals = [{**stand.portals[0], "name": "Cổng khác"}]

    async def approved_again() -> None:
        async with session(Settled(stand.config, stand.environ)) as command:
            baseline = await command.store.baselines.get(page_id)
            assert baseline is not None
            (look,) = baseline.looks
            await command.store.baselines.approve(look.capture, by="binh", reason="lần nữa", now=utc_now())

    for meanwhile in (other_settings, registered_otherwise, approved_again):
        await meanwhile()
        async with AsyncExitStack() as stack:
            with structlog.testing.capture_logs() as logs:
                daemon = await stand.daemon(stack)
            (said,) = [log for log in logs if log["event"] == "calm pages taken over"]
            assert said["pages"] == 0, meanwhile
            if meanwhile is not approved_again:
                calm = daemon.eyes.checker.calm
                await until(lambda: calm.get(page_id) is not None)  # noqa: B023
