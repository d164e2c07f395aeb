import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from defacewatch.agenda import Due, Errand, Lane, Way
from defacewatch.errors import Postponed, StoreError
from defacewatch.intervals import CRITICAL, Intervals, offset
from defacewatch.schedule import Schedule

SOON = timedelta(milliseconds=20)
NEVER = timedelta(hours=10)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Checks:
    """What a schedule runs: notes it, and stands still where it is told to."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Errand]] = []
        self.calls: asyncio.Queue[tuple[str, Errand]] = asyncio.Queue()
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.holding: set[str] = set()

    async def __call__(self, page_id: str, errand: Errand) -> None:
        self.begun.append((page_id, errand))
        self.calls.put_nowait((page_id, errand))
        if page_id in self.holding:
            await asyncio.Event().wait()
        await self.let_go.wait()

    async def until(self, count: int) -> list[tuple[str, Errand]]:
        async with asyncio.timeout(10):
            while len(self.begun) < count:
                await self.calls.get()
        return self.begun


async def waits(schedule: Schedule) -> None:
    """Until a probe waits that should have been made."""
    async with asyncio.timeout(10):
        while not schedule.overdue(Errand.PROBE):  # noqa: ASYNC110 - the schedule has to turn
            await asyncio.sleep(0.01)


async def test_pages_are_seen_to_when_due_by_every_errand_until_they_leave_the_plan() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    quick = Intervals(timedelta(milliseconds=50), timedelta(milliseconds=70), timedelta(milliseconds=60))
    schedule.apply({"p-1": quick, "p-2": quick})
    wanted = {(page, errand) for page in ("p-1", "p-2") for errand in Errand}
    async with asyncio.timeout(10):
        while wanted:
            wanted.discard(await checks.calls.get())
    schedule.apply({"p-2": quick})
    checks.begun.clear()
    await checks.until(6)
    await schedule.stop(timedelta(seconds=1))
    assert {page for page, _ in checks.begun} == {"p-2"}


async def test_one_page_is_checked_one_at_a_time_and_a_late_probe_gives_way() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    quick = timedelta(milliseconds=300)
    schedule.apply({"p-1": Intervals(quick, quick), "p-2": Intervals(quick, NEVER)})
    begun = await checks.until(2)
    assert len({page for page, _ in begun}) == 2
    checks.let_go.set()
    await checks.until(6)
    await schedule.stop(timedelta(seconds=1))
    assert schedule.covered() == 1.0, "a probe that gives way to a newer look is not missed"


async def test_a_capture_waits_until_the_look_under_way_has_ended() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    await checks.until(1)
    schedule.hurry("p-1")
    schedule.apply({"p-1": Intervals(SOON, NEVER), "p-2": Intervals(SOON, NEVER)})
    await checks.until(2)
    assert checks.begun == [("p-1", Errand.PROBE), ("p-2", Errand.PROBE)]
    checks.let_go.set()
    async with asyncio.timeout(10):
        while ("p-1", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    await schedule.stop(timedelta(seconds=1))


async def test_the_most_urgent_come_first_when_not_all_can_be_run_at_once() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.lanes[Way.PROBE] = Lane(1, 60.0, 1)
    pages = {f"p-{n}": Intervals(SOON, NEVER) for n in range(20)}
    pages["important"] = Intervals(SOON, NEVER, weight=10.0)
    schedule.apply(pages)
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    schedule.agenda.advance(schedule._now() + 1)
    schedule._fill(Way.PROBE)
    await checks.until(1)
    assert checks.begun == [("important", Errand.PROBE)]
    schedule.start()
    await checks.until(40)
    await schedule.stop(timedelta(seconds=1))
    assert {page for page, _ in checks.begun} == set(pages), "nothing is left out"


async def test_pages_that_do_not_answer_keep_no_others_waiting() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.lanes[Way.PROBE] = Lane(2, 0.05, 100)
    checks.holding = {f"tarpit-{n}" for n in range(10)}
    schedule.start()
    schedule.apply({name: Intervals(SOON, NEVER) for name in [*checks.holding, "p"]})
    async with asyncio.timeout(10):
        while checks.begun.count(("p", Errand.PROBE)) < 5:
            await checks.calls.get()
    await schedule.stop(timedelta(milliseconds=10))


async def test_the_round_of_captures_waits_on_the_agenda_while_others_crowd_the_browser() -> None:
    checks, crowd = Checks(), [True]
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER and crowd[0])
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, SOON)})
    await checks.until(3)
    assert Errand.RENDER not in {errand for _, errand in checks.begun}
    assert schedule.overdue(Errand.RENDER) == 1
    crowd[0] = False
    async with asyncio.timeout(10):
        while ("p-1", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    await schedule.stop(timedelta(seconds=1))


async def test_captures_wait_for_a_crowded_browser_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.1)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, SOON)})
    async with asyncio.timeout(10):
        while ("p-1", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    await schedule.stop(timedelta(seconds=1))


async def test_one_capture_at_a_time_waits_with_others_for_a_crowded_browser_however_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    schedule.lanes[Way.RENDER] = Lane(2, 0.05, 100)
    checks.holding = {"p-1", "p-2"}
    schedule.start()
    schedule.apply({name: Intervals(NEVER, SOON) for name in checks.holding})
    async with asyncio.timeout(10):
        while Errand.RENDER not in {errand for _, errand in checks.begun}:
            await checks.calls.get()
    await asyncio.sleep(0.3)  # longer than the lane's patience, in which nothing is to happen
    assert [errand for _, errand in checks.begun].count(Errand.RENDER) == 1
    await schedule.stop(timedelta(milliseconds=10))


async def test_captures_that_wait_since_before_the_crowd_keep_none_from_coming_in_turn_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks, crowd = Checks(), [False]
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER and crowd[0])
    checks.holding = {"p-1", "p-2"}
    schedule.start()
    schedule.apply({name: Intervals(NEVER, SOON) for name in checks.holding})
    async with asyncio.timeout(10):
        while len(checks.begun) < 2:
            await checks.calls.get()
    crowd[0] = True
    schedule.apply({**schedule.planned, "p-3": Intervals(NEVER, SOON)})
    async with asyncio.timeout(10):
        while ("p-3", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    await schedule.stop(timedelta(milliseconds=10))
    assert not any(schedule.joining.values())


async def test_urgent_captures_leave_the_round_its_place_in_the_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    schedule.lanes[Way.RENDER] = Lane(4, 60.0, 100)
    urgent = {"p-1", "p-2", "p-3"}
    checks.holding = {*urgent, "round"}
    schedule.apply({name: Intervals(NEVER, SOON if name == "round" else NEVER) for name in checks.holding})
    for name in urgent:
        schedule.hurry(name)
    schedule.start()
    async with asyncio.timeout(10):
        while ("round", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    assert len(urgent & {page for page, _ in checks.begun}) == 1
    await schedule.stop(timedelta(milliseconds=10))


async def test_a_page_that_is_looked_at_just_now_does_not_take_the_place_in_the_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    schedule.apply({name: Intervals(NEVER, SOON) for name in ("busy", "free")})
    async with schedule._lock("busy"):
        schedule.start()
        async with asyncio.timeout(10):
            while ("free", Errand.RENDER) not in checks.begun:
                await checks.calls.get()
        assert ("busy", Errand.RENDER) not in checks.begun
    await schedule.stop(timedelta(seconds=1))


async def test_beside_one_that_waits_in_the_crowd_comes_one_that_is_urgent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    schedule.lanes[Way.RENDER] = Lane(4, 60.0, 100)
    checks.holding = {"p-1", "p-2", "p-3", "p-4"}
    schedule.start()
    schedule.apply({"p-1": Intervals(NEVER, SOON)})
    async with asyncio.timeout(10):
        while not checks.begun:
            await checks.calls.get()
        schedule.apply({name: Intervals(NEVER, SOON if name == "p-1" else NEVER) for name in checks.holding})
        for name in ("p-2", "p-3", "p-4"):
            schedule.hurry(name)
        while len(checks.begun) < 2:
            await checks.calls.get()
    schedule._tick()
    await asyncio.sleep(0.05)  # whatever that began has time to say so
    assert len(checks.begun) == 2, "no second urgent one"
    assert checks.begun[1][0] in {"p-2", "p-3", "p-4"}
    assert schedule.starved == {page for page, _ in checks.begun}
    await schedule.stop(timedelta(milliseconds=10))
    assert schedule.starved == set()


async def test_an_urgent_page_that_is_looked_at_just_now_keeps_no_other_from_the_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.STARVES", 0.0)
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.RENDER)
    checks.holding = {"busy"}
    schedule.start()
    schedule.apply({"busy": Intervals(SOON, NEVER), "other": Intervals(NEVER, NEVER)})
    async with asyncio.timeout(10):
        while ("busy", Errand.PROBE) not in checks.begun:
            await checks.calls.get()
        schedule.hurry("busy")
        schedule.hurry("other")
        while ("other", Errand.RENDER) not in checks.begun:
            await checks.calls.get()
    assert ("busy", Errand.RENDER) not in checks.begun
    await schedule.stop(timedelta(milliseconds=10))


async def test_pages_of_which_nothing_is_known_wait_before_they_are_fetched_and_keep_nobody_waiting() -> None:
    checks, crowd = Checks(), [True]
    schedule = Schedule(
        checks,
        clock=utc_now,
        crowded=lambda way: way is Way.READ and crowd[0],
        reads=lambda page: page.startswith("new"),
    )
    schedule.lanes[Way.PROBE] = Lane(2, 60.0, 2)
    schedule.start()
    schedule.apply({name: Intervals(SOON, NEVER) for name in ["known", *(f"new-{n}" for n in range(50))]})
    async with asyncio.timeout(10):
        while checks.begun.count(("known", Errand.PROBE)) < 20:
            await checks.calls.get()
    assert {page for page, _ in checks.begun} == {"known"}
    assert schedule.overdue(Errand.PROBE) >= 50
    assert schedule.covered() < 1, "what waits is not seen in time, and that is said"
    crowd[0] = False
    async with asyncio.timeout(10):
        while len({page for page, _ in checks.begun}) < 51:
            await checks.calls.get()
    await schedule.stop(timedelta(seconds=1))


async def test_pages_that_do_not_answer_do_not_wait_among_those_that_are_read_in_full() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now, crowded=lambda way: way is Way.READ, reads=lambda page: True)
    schedule.failing.add("dead")
    schedule.start()
    schedule.apply({"dead": Intervals(SOON, NEVER), "new": Intervals(SOON, NEVER)})
    await checks.until(5)
    await schedule.stop(timedelta(seconds=1))
    assert {page for page, _ in checks.begun} == {"dead"}


async def test_a_probe_that_is_put_off_is_done_when_there_is_room_and_counted_once() -> None:
    tries: list[tuple[str, bool]] = []
    crowd, done = [True], asyncio.Event()

    async def check(page_id: str, errand: Errand) -> None:
        waited = page_id in schedule.reading
        tries.append((page_id, waited))
        if not waited:
            raise Postponed
        done.set()

    schedule = Schedule(check, clock=utc_now, crowded=lambda way: way is Way.READ and crowd[0])
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(seconds=5), NEVER)})
    schedule.soon("p-1")
    await waits(schedule)
    waiting = schedule.agenda.first(Way.READ)
    assert waiting is not None
    assert waiting.urgent, "it comes before pages of which nothing is known"
    crowd[0] = False
    await asyncio.wait_for(done.wait(), 10)
    await schedule.stop(timedelta(seconds=1))
    assert tries == [("p-1", False), ("p-1", True)]
    assert (schedule.coverage.ratio(schedule._now()), schedule.coverage.missed) == (1.0, 0)
    assert schedule.reading == set()
    following = schedule.agenda.get("p-1", Errand.PROBE)
    assert following is not None
    assert not following.full


async def test_a_probe_that_is_put_off_is_due_by_the_interval_that_its_page_has_got_meanwhile() -> None:
    raised = Intervals(timedelta(seconds=2), NEVER, weight=CRITICAL)

    async def check(page_id: str, errand: Errand) -> None:
        schedule.apply({"p-1": raised})
        raise Postponed

    schedule = Schedule(check, clock=utc_now, crowded=lambda way: way is Way.READ)
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(hours=1), NEVER)})
    schedule.soon("p-1")
    await waits(schedule)
    await schedule.stop(timedelta(seconds=1))
    waiting = schedule.agenda.first(Way.READ)
    assert waiting is not None
    assert (waiting.every, waiting.weight) == (2.0, CRITICAL)


async def test_a_probe_that_is_put_off_after_its_page_has_left_the_plan_is_forgotten() -> None:
    async def check(page_id: str, errand: Errand) -> None:
        schedule.apply({})
        raise Postponed

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    async with asyncio.timeout(10):
        while schedule.planned or schedule.running:  # noqa: ASYNC110 - the schedule has to turn
            await asyncio.sleep(0.01)
    await schedule.stop(timedelta(seconds=1))
    assert len(schedule.agenda) == 0


async def test_while_probes_are_late_one_page_at_a_time_is_captured_and_the_round_goes_on() -> None:
    checks, at_once = Checks(), []

    async def check(page_id: str, errand: Errand) -> None:
        if errand is Errand.RENDER:
            at_once.append(schedule.lanes[Way.RENDER].active)
        await checks(page_id, errand)

    schedule = Schedule(check, clock=utc_now, crowded=lambda way: way is Way.READ, reads=lambda page: True)
    pages = {f"p-{n}": Intervals(NEVER, SOON) for n in range(20)}
    schedule.apply({**pages, "unread": Intervals(SOON, NEVER)})
    schedule.agenda.put(Due("unread", Errand.PROBE, 30.0, schedule._now() - 5, full=True))
    schedule.start()
    await checks.until(20)
    assert set(at_once) == {1}
    schedule.agenda.drop("unread")
    checks.let_go.clear()
    await checks.until(len(checks.begun) + 4)
    checks.let_go.set()
    await schedule.stop(timedelta(seconds=1))
    assert max(at_once) > 1


async def test_what_could_not_be_done_in_time_is_counted_and_done_once() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.lanes[Way.PROBE] = Lane(1, 60.0, 1)
    schedule.apply({"p-1": Intervals(timedelta(milliseconds=1), NEVER), "p-2": Intervals(SOON, NEVER)})
    schedule.start()
    async with asyncio.timeout(10):
        while schedule.covered() > 0.5:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    checks.let_go.set()
    await schedule.stop(timedelta(seconds=1))


async def test_a_probe_that_comes_late_has_missed_the_intervals_that_passed() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({"p-1": Intervals(timedelta(seconds=10), NEVER)})
    schedule.agenda.put(Due("p-1", Errand.PROBE, 10.0, schedule._now() - 31))
    assert schedule.covered() == 0.0, "it waits"
    schedule.start()
    await checks.until(1)
    await schedule.stop(timedelta(seconds=1))
    assert (schedule.coverage.missed, schedule.coverage.ratio(schedule._now())) == (3, 1 / 4)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"defacewatch_{name}", labels) or 0.0


@pytest.mark.parametrize("errand", [Errand.REVALIDATE, Errand.RENDER])
async def test_intervals_that_pass_without_a_revalidation_or_a_capture_are_counted(errand: Errand) -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({"p-1": Intervals(NEVER, NEVER), "p-2": Intervals(NEVER, NEVER)})
    left_out = counted("errands_left_out_total", errand=errand)
    assert schedule.lateness(errand) == 0.0
    schedule.agenda.put(Due("p-1", errand, 10.0, schedule._now() - 31))
    schedule.agenda.put(Due("p-2", errand, 10.0, schedule._now() - 9))
    schedule.agenda.advance(schedule._now())
    assert 31 <= schedule.lateness(errand) < 33
    schedule.start()
    await checks.until(2)
    await schedule.stop(timedelta(seconds=1))
    assert counted("errands_left_out_total", errand=errand) == left_out + 3
    assert schedule.lateness(errand) == 0.0
    assert schedule.coverage.missed == 0, "that is of probes"


async def test_how_late_probes_begin_is_observed() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({"p-1": Intervals(timedelta(seconds=100), NEVER)})
    before = [counted(f"probe_lateness_seconds_{part}") for part in ("sum", "count")]
    schedule.agenda.put(Due("p-1", Errand.PROBE, 100.0, schedule._now() - 7))
    schedule.start()
    await checks.until(1)
    await schedule.stop(timedelta(seconds=1))
    late, times = (
        counted(f"probe_lateness_seconds_{p}") - b for p, b in zip(("sum", "count"), before, strict=True)
    )
    assert times == 1
    assert 7 <= late < 9


async def test_a_late_probe_that_gives_way_to_a_look_under_way_has_missed_them_as_well() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({"p-1": Intervals(timedelta(seconds=10), timedelta(hours=1))})
    schedule.hurry("p-1")
    schedule.start()
    await checks.until(1)
    schedule.agenda.put(Due("p-1", Errand.PROBE, 10.0, schedule._now() - 31))
    async with asyncio.timeout(10):
        while not schedule.coverage.missed:  # noqa: ASYNC110 - the schedule has to turn
            await asyncio.sleep(0.01)
    checks.let_go.set()
    await schedule.stop(timedelta(seconds=1))
    assert checks.begun == [("p-1", Errand.RENDER)]
    assert schedule.coverage.missed == 3


async def test_what_a_page_misses_that_does_not_answer_says_nothing_of_how_well_this_host_keeps_up() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({page: Intervals(timedelta(seconds=10), NEVER) for page in ("p-1", "p-2")})
    schedule.failing.add("p-1")
    for page in ("p-1", "p-2"):
        schedule.agenda.put(Due(page, Errand.PROBE, 10.0, schedule._now() - 31))
    schedule.coverage.note(schedule._now(), seen=3)
    assert schedule.covered() == 3 / 6, "it waits, and the other one does"
    schedule.start()
    await checks.until(2)
    await schedule.stop(timedelta(seconds=1))
    assert schedule.covered() == 4 / 7
    assert schedule.coverage.missed == 6, "all of them are counted"


async def test_a_schedule_that_stands_still_does_not_say_that_all_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule = Schedule(Checks(), clock=utc_now)
    assert schedule.covered() == 1.0, "of no pages, all are seen"
    schedule.apply({"p-1": Intervals(timedelta(seconds=30), NEVER)})
    later = schedule._now() + 3600
    monkeypatch.setattr(schedule, "_now", lambda: later)
    assert schedule.covered() == 0.0, "its loop has never turned"
    schedule.agenda.drop("p-1")
    assert schedule.covered() == 0.0, "nothing was due, and nothing was seen"


async def test_a_page_that_is_seldom_due_is_seen_in_time_though_nothing_was_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule = Schedule(Checks(), clock=utc_now)
    schedule.apply({"p-1": Intervals(NEVER, NEVER)})
    assert schedule.covered() == 1.0
    later = schedule._now() + 600
    monkeypatch.setattr(schedule, "_now", lambda: later)
    assert schedule.covered() == 1.0


async def test_the_schedule_beats_as_long_as_it_turns_and_no_longer() -> None:
    beats = asyncio.Queue[None]()
    broken: list[Exception] = []

    def crowded(_: Way) -> bool:
        if broken:
            raise broken[0]
        return False

    schedule = Schedule(Checks(), clock=utc_now, crowded=crowded, beat=lambda: beats.put_nowait(None))
    schedule.start()
    async with asyncio.timeout(10):
        for _ in range(3):
            await beats.get()
    broken.append(RuntimeError("ours"))
    await asyncio.sleep(0.3)
    while not beats.empty():
        beats.get_nowait()
    await asyncio.sleep(0.3)
    assert beats.empty(), "a schedule that only fails has stalled"
    broken.clear()
    async with asyncio.timeout(10):
        await beats.get()
    await schedule.stop(timedelta(seconds=1))


async def test_a_look_counts_when_it_has_ended() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(NEVER, NEVER)})
    entered = schedule.seen["p-1"]
    schedule.soon("p-1")
    await checks.until(1)
    assert (schedule.seen["p-1"], schedule.coverage.ratio(schedule._now())) == (entered, None)
    checks.let_go.set()
    async with asyncio.timeout(10):
        while schedule.running:  # noqa: ASYNC110 - what another task does is asked for
            await asyncio.sleep(0.01)
    assert schedule.seen["p-1"] > entered
    assert schedule.coverage.ratio(schedule._now()) == 1.0
    await schedule.stop(timedelta(seconds=1))


async def test_checks_that_hang_are_missed_long_before_they_are_cut_off() -> None:
    checks = Checks()
    checks.holding = {"p-1"}
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(milliseconds=200), NEVER)})
    async with asyncio.timeout(10):
        while schedule.coverage.missed < 3:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    assert schedule.covered() == 0.0
    assert schedule.unseen(0) == ["p-1"]
    assert len(checks.begun) == 1
    await schedule.stop(timedelta(milliseconds=10))


async def test_a_check_that_is_cut_off_is_named_until_the_page_is_seen_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.schedule.LONGEST", 0.2)
    checks = Checks()
    checks.holding = {"p-1"}
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(timedelta(milliseconds=300), NEVER)})
    async with asyncio.timeout(10):
        while not schedule.cut_off:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    assert "probe" in schedule.cut_off["p-1"]
    checks.holding.clear()
    async with asyncio.timeout(10):
        while schedule.cut_off:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.01)
    await schedule.stop(timedelta(seconds=1))


async def test_probes_that_fail_are_not_made() -> None:
    failed = asyncio.Queue[str]()

    async def check(page_id: str, errand: Errand) -> None:
        failed.put_nowait(page_id)
        raise StoreError("the disk is full")

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    entered = schedule.seen["p-1"]
    async with asyncio.timeout(10):
        for _ in range(3):
            await failed.get()
    assert schedule.covered() == 0.0
    assert schedule.seen["p-1"] == entered
    await schedule.stop(timedelta(seconds=1))


async def test_probes_that_many_are_given_at_once_keep_their_own_times_afterwards() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    pages = [f"p-{n}" for n in range(50)]
    schedule.apply({page: Intervals(NEVER, NEVER) for page in pages})

    def times() -> dict[str, float]:
        dues = (schedule.agenda.get(page, Errand.PROBE) for page in pages)
        return {due.page: due.at for due in dues if due is not None}

    own = times()
    for page in pages:
        schedule.soon(page)
        schedule.soon(page)
    schedule.start()
    await checks.until(50)
    await schedule.stop(timedelta(seconds=1))
    assert times() == own


async def test_a_page_that_is_captured_as_often_under_a_raised_watch_is_no_longer_revalidated() -> None:
    schedule = Schedule(Checks(), clock=utc_now)
    half, hour = timedelta(minutes=30), timedelta(hours=1)
    schedule.apply({"p-1": Intervals(NEVER, hour, half)})
    assert schedule.agenda.get("p-1", Errand.REVALIDATE) is not None
    schedule.apply({"p-1": Intervals(NEVER, half, None)})
    assert schedule.agenda.get("p-1", Errand.REVALIDATE) is None
    schedule.apply({"p-1": Intervals(NEVER, hour, half)})
    assert schedule.agenda.get("p-1", Errand.REVALIDATE) is not None


async def test_a_storm_of_hurried_captures_leaves_the_pages_to_their_probes() -> None:
    begun: list[tuple[str, Errand]] = []
    probed: set[str] = set()
    browser = asyncio.Event()

    async def check(page_id: str, errand: Errand) -> None:
        begun.append((page_id, errand))
        if errand is Errand.RENDER:
            await browser.wait()
        else:
            probed.add(page_id)

    def waiting() -> int:
        return sum(errand is Errand.RENDER for _, errand in begun)

    schedule = Schedule(
        check, clock=utc_now, browsers=1, crowded=lambda way: way is Way.RENDER and waiting() > 2
    )
    pages = [f"p-{n}" for n in range(200)]
    schedule.apply({page: Intervals(timedelta(milliseconds=500), NEVER) for page in pages})
    for page in pages:
        schedule.hurry(page)
    schedule.start()
    async with asyncio.timeout(20):
        while len(probed) < len(pages) - 4:  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.02)
    assert 0 < waiting() <= 4
    assert schedule.overdue(Errand.RENDER) == len(pages) - waiting()
    browser.set()
    await schedule.stop(timedelta(seconds=1))


async def test_a_hurried_capture_comes_before_a_round_that_is_hours_late_also_when_its_interval_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule = Schedule(Checks(), clock=utc_now)
    hour = timedelta(hours=1)
    schedule.apply({f"p-{n}": Intervals(NEVER, hour, weight=CRITICAL) for n in range(20)})
    later = schedule._now() + 4 * 3600
    monkeypatch.setattr(schedule, "_now", lambda: later)
    assert schedule.covered() == 1.0
    schedule.apply({**schedule.planned, "changed": Intervals(NEVER, hour)})
    schedule.hurry("changed")
    schedule.hurry("nobody knows it")
    schedule.apply({**schedule.planned, "changed": Intervals(NEVER, hour / 2)})
    schedule.agenda.advance(later)
    first = schedule.agenda.take(Way.RENDER)
    assert first is not None
    assert first.page == "changed"


async def test_a_page_that_somebody_has_moved_is_probed_soon() -> None:
    checks = Checks()
    schedule = Schedule(checks, clock=utc_now)
    schedule.apply({"p-1": Intervals(NEVER, NEVER)})
    schedule.start()
    schedule.soon("p-1")
    schedule.soon("nobody knows it")
    assert await checks.until(1) == [("p-1", Errand.PROBE)]
    await schedule.stop(timedelta(seconds=1))


async def test_a_restart_goes_on_with_the_round_of_captures() -> None:
    hour = Intervals(NEVER, timedelta(hours=1))
    now = utc_now()
    schedule = Schedule(Checks(), clock=lambda: now)
    schedule.apply(
        {"old": hour, "young": hour, "new": hour},
        {"old": now - timedelta(hours=3), "young": now - timedelta(minutes=1)},
    )
    at = {
        page: due.at - schedule._now()
        for page in ("old", "young", "new")
        if (due := schedule.agenda.get(page, Errand.RENDER)) is not None
    }
    assert at["old"] <= 3600 / 20
    assert at["young"] == pytest.approx(3540, abs=5)
    assert schedule.captured["old"] == now - timedelta(hours=3)
    assert schedule.captured["new"] == now


async def test_a_page_captured_in_the_future_by_a_clock_set_back_is_captured_within_its_interval() -> None:
    now, hour = utc_now(), timedelta(hours=1)
    schedule = Schedule(Checks(), clock=lambda: now)
    ahead = {f"p-{n}": now + timedelta(days=n) for n in range(1, 9)}
    schedule.apply({page: Intervals(NEVER, hour) for page in ahead}, ahead)
    for page in ahead:
        due = schedule.agenda.get(page, Errand.RENDER)
        assert due is not None
        assert due.at - schedule._now() == pytest.approx(offset(page, hour, "render").total_seconds(), abs=5)


async def test_captures_come_evenly_after_a_raised_watch_and_none_later_than_its_interval() -> None:
    now, short, long = utc_now(), timedelta(minutes=10), timedelta(minutes=30)
    schedule = Schedule(Checks(), clock=lambda: now)
    ages = {f"p-{n}": now - short * (n / 400) for n in range(400)}
    schedule.apply({page: Intervals(NEVER, short) for page in ages}, ages)
    schedule.apply({page: Intervals(NEVER, long) for page in ages}, ages)
    minutes = list[float]()
    for page, captured in ages.items():
        due = schedule.agenda.get(page, Errand.RENDER)
        assert due is not None
        start = due.at - schedule._now()
        assert -5 < start < (long - (now - captured)).total_seconds() + 5
        minutes.append(start / 60)
    parts = Counter(int(minute // 5) for minute in minutes)
    assert len(parts) >= 6
    assert max(parts.values()) < 2 * 400 / 6


async def test_captures_come_evenly_when_a_raised_watch_begins_and_what_was_overdue_comes_soon() -> None:
    now, short, long = utc_now(), timedelta(minutes=10), timedelta(minutes=30)
    schedule = Schedule(Checks(), clock=lambda: now)
    ages = {f"p-{n}": now - long * (n / 600) for n in range(600)} | {"overdue": now - 2 * long}
    schedule.apply({page: Intervals(NEVER, long) for page in ages}, ages)
    schedule.apply({page: Intervals(NEVER, short) for page in ages}, ages)
    starts = dict[str, float]()
    for page in ages:
        due = schedule.agenda.get(page, Errand.RENDER)
        assert due is not None
        starts[page] = (due.at - schedule._now()) / 60
        assert -0.1 < starts[page] < 10.1
    assert starts["overdue"] < 1
    assert max(Counter(int(start) for start in starts.values()).values()) < 2 * 600 / 10


async def test_a_page_overdue_after_a_raised_watch_is_captured_soon() -> None:
    now, short, long = utc_now(), timedelta(minutes=10), timedelta(minutes=30)
    schedule = Schedule(Checks(), clock=lambda: now)
    schedule.apply({"p-1": Intervals(NEVER, short)}, {"p-1": now - 2 * long})
    schedule.apply({"p-1": Intervals(NEVER, long)}, {"p-1": now - 2 * long})
    due = schedule.agenda.get("p-1", Errand.RENDER)
    assert due is not None
    assert -5 < due.at - schedule._now() < 90 + 5


async def test_pages_that_were_not_seen_for_long_are_named() -> None:
    schedule = Schedule(Checks(), clock=utc_now)
    schedule.apply({"p-1": Intervals(SOON, NEVER), "p-2": Intervals(NEVER, NEVER)})
    schedule.seen = dict.fromkeys(schedule.seen, schedule._now() - 10)
    assert schedule.unseen(5) == ["p-1"]
    assert schedule.unseen(60) == []


async def test_a_check_that_fails_is_run_again_at_its_next_time() -> None:
    seen: list[str] = []
    again = asyncio.Event()

    async def check(page_id: str, errand: Errand) -> None:
        seen.append(page_id)
        if len(seen) > 1:
            again.set()
        raise RuntimeError("ours")

    schedule = Schedule(check, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    async with asyncio.timeout(10):
        await again.wait()
    await schedule.stop(timedelta(seconds=1))


async def test_a_stop_finishes_what_is_in_flight() -> None:
    checks = Checks()
    checks.let_go.clear()
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    await checks.until(1)
    stopping = asyncio.create_task(schedule.stop(timedelta(seconds=5)))
    await asyncio.sleep(0)
    assert not stopping.done()
    checks.let_go.set()
    await stopping
    assert not schedule.running


async def test_a_check_that_hangs_is_cut_short_by_the_stop() -> None:
    checks = Checks()
    checks.holding = {"p-1"}
    schedule = Schedule(checks, clock=utc_now)
    schedule.start()
    schedule.apply({"p-1": Intervals(SOON, NEVER)})
    await checks.until(1)
    async with asyncio.timeout(10):
        await schedule.stop(timedelta(milliseconds=10))
    assert not schedule.running
