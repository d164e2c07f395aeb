import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from defacewatch.captures import Tier
from defacewatch.portals import Page, Portal
from defacewatch.roster import RaisedWatch
from defacewatch.schedule import Intervals, Schedule, intervals, offset

DEFAULT = Intervals(timedelta(seconds=30), timedelta(minutes=30))
WATCH = RaisedWatch("2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15), timedelta(minutes=10))


def portal(**changes: object) -> Portal:
    pages = (
        Page("p-1", "p", "https://p.gov.vn/"),
        Page("p-2", "p", "https://p.gov.vn/x", probe_every=timedelta(seconds=10)),
    )
    return Portal("p", "Cổng", pages=pages, **changes)  # type: ignore[arg-type]


def test_a_page_keeps_its_own_intervals_and_others_get_the_default() -> None:
    planned = intervals([portal()], DEFAULT, None)
    assert planned["p-1"] == DEFAULT
    assert planned["p-2"].probe == timedelta(seconds=10)


def test_a_raised_watch_shortens_and_never_lengthens() -> None:
    planned = intervals([portal()], DEFAULT, WATCH)
    assert planned["p-1"] == Intervals(timedelta(seconds=15), timedelta(minutes=10))
    assert planned["p-2"].probe == timedelta(seconds=10)


@pytest.mark.parametrize("changes", [{"paused": True}, {"enabled": False}])
def test_a_portal_that_is_paused_or_left_the_file_is_not_watched(changes: dict[str, object]) -> None:
    assert intervals([portal(**changes)], DEFAULT, None) == {}


def test_start_times_are_spread_and_the_same_after_a_restart() -> None:
    interval = timedelta(seconds=30)
    offsets = [offset(f"p-{n}", interval, Tier.PROBE) for n in range(1000)]
    assert offsets == [offset(f"p-{n}", interval, Tier.PROBE) for n in range(1000)]
    quarters = [sum(1 for o in offsets if o // (interval / 4) == q) for q in range(4)]
    assert min(quarters) > 200


def utc_now() -> datetime:
    return datetime.now(UTC)


async def test_pages_are_checked_when_due_by_both_tiers_until_they_leave_the_plan() -> None:
    seen: asyncio.Queue[tuple[str, Tier]] = asyncio.Queue()

    async def check(page_id: str, tier: Tier) -> None:
        await seen.put((page_id, tier))

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    quick = Intervals(timedelta(milliseconds=50), timedelta(milliseconds=70))
    schedule.apply({"p-1": quick, "p-2": quick})
    wanted = {(page, tier) for page in ("p-1", "p-2") for tier in Tier}
    async with asyncio.timeout(10):
        while wanted:
            wanted.discard(await seen.get())
    schedule.apply({"p-2": quick})
    assert {job.args[0] for job in schedule.scheduler.get_jobs()} == {"p-2"}
    await schedule.stop(timedelta(seconds=1))


async def test_one_page_is_checked_one_at_a_time_and_a_late_probe_gives_way() -> None:
    running = 0
    calls: list[Tier] = []
    release = asyncio.Event()

    async def check(page_id: str, tier: Tier) -> None:
        nonlocal running
        running += 1
        assert running == 1
        calls.append(tier)
        await release.wait()
        running -= 1

    schedule = Schedule(check, clock=utc_now)
    first = asyncio.create_task(schedule._due("p-1", Tier.RENDER))
    await asyncio.sleep(0)
    await schedule._due("p-1", Tier.PROBE)
    release.set()
    await first
    assert calls == [Tier.RENDER]


async def test_a_stop_finishes_what_is_in_flight() -> None:
    started, done = asyncio.Event(), asyncio.Event()

    async def check(page_id: str, tier: Tier) -> None:
        started.set()
        await asyncio.sleep(0.05)
        done.set()

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(milliseconds=20), timedelta(hours=1))})
    async with asyncio.timeout(10):
        await started.wait()
    await schedule.stop(timedelta(seconds=5))
    assert done.is_set()


async def test_a_check_that_hangs_is_cut_short_by_the_stop() -> None:
    started = asyncio.Event()

    async def check(page_id: str, tier: Tier) -> None:
        started.set()
        await asyncio.Event().wait()

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(milliseconds=20), timedelta(hours=1))})
    async with asyncio.timeout(10):
        await started.wait()
        await schedule.stop(timedelta(milliseconds=10))
    assert not schedule.running
