import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from defacewatch.agenda import Errand, Way
from defacewatch.captures import Material, Tier
from defacewatch.check import Result
from defacewatch.errands import Errands
from defacewatch.errors import NotFound, Postponed, StoreError
from defacewatch.intervals import Intervals
from defacewatch.revalidation import Found
from defacewatch.schedule import Schedule
from defacewatch.verdicts import VerdictKind

NEVER = timedelta(hours=10)
SCRIPT = Material("https://cdn.example/library.js", "script")
STYLE = Material("https://p.gov.vn/style.css", "stylesheet")
PROBED = datetime(2026, 9, 2, 7, 0, tzinfo=UTC)


class Looking:
    """Stands for all that looks: notes what is asked of it, and answers as it is told to."""

    def __init__(self) -> None:
        self.clean = {"p-1"}
        self.found = Found()
        self.verdict = VerdictKind.CLEAN
        self.trouble: Exception | None = None
        self.captures: list[tuple[str, tuple[Material, ...]]] = []
        self.starved: list[bool] = []  # of each capture, whether it comes in turn with what is suspect
        self.probes: list[str] = []
        self.crowded = False
        self.asked: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()

    @property
    def checker(self) -> "Looking":
        return self

    @property
    def revalidation(self) -> "Looking":
        return self

    async def ask(self, page_id: str) -> Found:
        self.asked.append(page_id)
        return self.found

    async def probe_page(self, page_id: str, *, waited: bool) -> Result | None:
        self.probes.append(page_id)
        if self.crowded and not waited:
            raise Postponed
        return await self._looked(Tier.PROBE)

    async def check_page(
        self, page_id: str, *, render: bool, starved: bool, changed: Sequence[Material] = ()
    ) -> Result:
        assert render
        self.starved.append(starved)
        self.captures.append((page_id, tuple(changed)))
        return await self._looked(Tier.RENDER)

    async def _looked(self, tier: Tier) -> Result:
        await self.let_go.wait()
        if self.trouble is not None:
            raise self.trouble
        outcome = SimpleNamespace(
            verdict=SimpleNamespace(kind=self.verdict),
            tier=tier,
            at=PROBED,
            looks=1,
            captures=int(tier is Tier.RENDER),
            browser_failed=False,
            elapsed=0.1,
            alerts=(),
        )
        return cast(Result, SimpleNamespace(outcome=outcome, recorded=None))


class Stage:
    def __init__(self, *, crowded: bool = False) -> None:
        self.eyes, self.crowded = Looking(), crowded
        self.schedule = Schedule(
            lambda page, errand: self.errands.run(page, errand),
            clock=lambda: datetime.now(UTC),
            crowded=lambda way: way is Way.RENDER and self.crowded,
        )
        gauges = SimpleNamespace(count=lambda **_: None)
        self.errands = Errands(cast(Any, self.eyes), self.schedule, cast(Any, gauges), alerted=lambda: None)

    def watch(self, *pages: str, probe: timedelta = NEVER) -> None:
        self.schedule.apply({page: Intervals(probe, NEVER, NEVER / 2) for page in pages})


async def test_what_has_changed_is_captured_at_once_and_the_page_is_probed_until_then() -> None:
    stage = Stage(crowded=True)
    stage.watch("p-1", probe=timedelta(milliseconds=50))
    stage.eyes.found = Found((SCRIPT,))
    stage.schedule.start()
    await asyncio.wait_for(stage.errands.run("p-1", Errand.REVALIDATE), 5)
    probed = len(stage.eyes.probes)
    async with asyncio.timeout(10):
        while len(stage.eyes.probes) < probed + 3:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    assert stage.eyes.captures == []
    stage.crowded = False
    async with asyncio.timeout(10):
        while stage.errands.changed:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    assert stage.eyes.captures == [("p-1", (SCRIPT,))]
    await stage.schedule.stop(timedelta(seconds=1))


async def test_pages_are_asked_for_what_they_are_made_of_when_their_last_check_was_clean() -> None:
    stage = Stage()
    stage.watch("p-1", "p-2")
    for page in ("p-1", "p-2"):
        await stage.errands.run(page, Errand.REVALIDATE)
    assert stage.eyes.asked == ["p-1"]


async def test_a_capture_that_fails_is_made_again_with_all_that_has_changed() -> None:
    stage = Stage()
    stage.watch("p-1")
    stage.eyes.found, stage.eyes.trouble = Found((SCRIPT,)), StoreError("the disk is full")
    await stage.errands.run("p-1", Errand.REVALIDATE)
    with pytest.raises(StoreError):
        await stage.errands.run("p-1", Errand.RENDER)
    assert stage.errands.store_trouble == {"p-1": "the disk is full"}
    stage.eyes.found, stage.eyes.trouble = Found((STYLE,), cut=True), None
    await stage.errands.run("p-1", Errand.REVALIDATE)
    await stage.errands.run("p-1", Errand.RENDER)
    await stage.errands.run("p-1", Errand.RENDER)
    assert [things for _, things in stage.eyes.captures] == [(SCRIPT,), (SCRIPT, STYLE), ()]
    assert not stage.errands.store_trouble


async def test_what_changes_while_it_is_captured_is_captured_once_more() -> None:
    stage = Stage()
    stage.watch("p-1")
    stage.eyes.found = Found((SCRIPT,))
    await stage.errands.run("p-1", Errand.REVALIDATE)
    stage.eyes.let_go.clear()
    capture = asyncio.create_task(stage.errands.run("p-1", Errand.RENDER))
    await asyncio.sleep(0)
    stage.eyes.found = Found((STYLE,))
    await stage.errands.run("p-1", Errand.REVALIDATE)
    stage.eyes.let_go.set()
    await capture
    assert stage.errands.changed == {"p-1": (SCRIPT, STYLE)}


async def test_a_page_that_leaves_while_it_is_looked_at_is_kept_nowhere() -> None:
    stage = Stage()
    stage.watch("p-1", "p-2")
    stage.eyes.verdict, stage.eyes.found = VerdictKind.UNREACHABLE, Found((SCRIPT,))
    await stage.errands.run("p-1", Errand.REVALIDATE)
    stage.errands.store_trouble["p-1"] = "the disk is full"
    stage.eyes.let_go.clear()
    capture = asyncio.create_task(stage.errands.run("p-1", Errand.RENDER))
    await asyncio.sleep(0)
    stage.watch("p-2")
    stage.errands.forget(stage.schedule.planned.keys())
    assert (stage.errands.changed, stage.errands.store_trouble) == ({}, {})
    stage.eyes.let_go.set()
    await capture
    assert stage.schedule.captured.keys() == {"p-2"}
    assert not stage.schedule.failing
    await stage.errands.run("p-1", Errand.REVALIDATE)
    assert not stage.errands.changed


async def test_a_probe_is_put_off_while_too_much_waits_to_be_read_and_is_no_trouble() -> None:
    stage = Stage()
    stage.eyes.crowded = True
    with pytest.raises(Postponed):
        await stage.errands.run("p-1", Errand.PROBE)
    assert stage.errands.store_trouble == {}
    stage.schedule.reading.add("p-1")
    await stage.errands.run("p-1", Errand.PROBE)
    assert stage.eyes.probes == ["p-1", "p-1"]


async def test_a_page_that_the_store_no_longer_knows_is_no_trouble() -> None:
    stage = Stage()
    stage.watch("p-1")
    stage.errands.store_trouble["p-1"] = "the disk is full"
    stage.eyes.trouble = NotFound("no such page")
    await stage.errands.run("p-1", Errand.PROBE)
    assert not stage.errands.store_trouble


async def test_a_capture_that_a_crowd_has_kept_waiting_comes_in_turn_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    stage = Stage()
    stage.watch("p-1")
    stage.schedule.start()
    for crowded in (False, True):
        stage.crowded = crowded
        stage.schedule.hurry("p-1")
        async with asyncio.timeout(10):
            while len(stage.eyes.starved) <= crowded:  # noqa: ASYNC110 - time has to pass
                await asyncio.sleep(0.01)
    assert stage.eyes.starved == [False, True]
    assert stage.schedule.starved == set()
    await stage.schedule.stop(timedelta(seconds=1))
