"""Runs what is due: pages are probed, asked for what they are made of, and captured."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from defacewatch import metrics
from defacewatch.agenda import Agenda, Coverage, Due, Errand, Lane, Way, lanes
from defacewatch.errors import DefacewatchError, Postponed
from defacewatch.intervals import TICK, Intervals, next_capture, place_of

LONGEST = 900.0  # seconds that a check may take, all its looks and waits included
FAILING = 0.25  # … of captures of a page that does not answer its probes
STARVES = 120.0  # seconds after which a capture that is due waits no longer for the browser to be idle
LATE = 2.0  # seconds from which on probes that wait have captures wait

log = structlog.get_logger(__name__)


class Schedule:
    """Runs `run(page_id, errand)` for every page when it is due, each page one check at a time. A look counts
    when it has ended; an errand that raises was not done.

    `crowded` says that enough waits for what the errands of one way need (the browser; those who read
    documents): meanwhile the others wait on the agenda, where they keep no page from being probed and no
    document in memory. `reads` says that a page's probe will have to read its document in full. An errand
    that raises `Postponed` goes back on the agenda, to wait for that. `beat` is called as long as the
    schedule turns.
    """

    def __init__(
        self,
        run: Callable[[str, Errand], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
        browsers: int = 2,
        crowded: Callable[[Way], bool] = lambda way: False,
        reads: Callable[[str], bool] = lambda page: False,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.run, self.clock, self.crowded, self.reads, self.beat = run, clock, crowded, reads, beat
        self.planned: dict[str, Intervals] = {}
        self.agenda, self.coverage = Agenda(), Coverage()
        self.lanes = lanes(browsers)
        self.busy: dict[str, asyncio.Lock] = {}
        self.stopping = False
        self.failing: set[str] = set()  # pages that do not answer; who runs the checks says so
        self.seen: dict[str, float] = {}  # when a look at a page last ended, or it entered; seconds of `_now`
        self.reading: set[str] = set()  # pages of probes under way that have waited to be read in full
        self.starved: set[str] = set()  # pages of captures under way that come in turn with the others' crowd
        self.joining = {False: 0, True: 0}  # how many of these there are, of the round and urgent ones
        self.began: dict[str, float] = {}  # when the look at a page that is under way began
        self.captured: dict[str, datetime] = {}  # when each page was last captured, or entered
        self.cut_off: dict[str, str] = {}  # pages whose last check took too long, and for how long
        self.running: set[asyncio.Task[None]] = set()
        self.turning: asyncio.Task[None] | None = None

    def start(self) -> None:
        # One loop drives all pages: a timer each would cost more than most of their probes.
        self.turning = asyncio.create_task(self._turn())

    def apply(
        self, planned: Mapping[str, Intervals], captured: Mapping[str, datetime | None] | None = None
    ) -> None:
        """Make the agenda what `planned` says; errands whose intervals stay the same keep their times.

        `captured` says when each page was last captured: a restart goes on from there, so that one which
        comes often never puts the round of captures off.
        """
        for page_id in self.planned.keys() - planned.keys():
            self._forget(page_id)
        now, moment = self._now(), self.clock()
        for page_id, wanted in planned.items():
            before = self.planned.get(page_id)
            last = (captured or {}).get(page_id)
            self.seen.setdefault(page_id, now)
            self.captured.setdefault(page_id, last or moment)
            for errand in Errand:
                every = wanted.every(errand)
                if before is not None and before.every(errand) == every and before.weight == wanted.weight:
                    continue
                age = (moment - last).total_seconds() if last and errand is Errand.RENDER else None
                self._enter(page_id, errand, every, wanted.weight, age, now)
        self.planned = dict(planned)

    def soon(self, page_id: str) -> None:
        """Probe a page at the next occasion: somebody has changed what is known of it."""
        due = self.agenda.get(page_id, Errand.PROBE)
        now = self._now()
        if due is not None and due.at > now:
            self.agenda.put(due.sooner(now))

    def hurry(self, page_id: str) -> bool:
        """Capture a page at the next occasion, before the round: it or what it is made of has changed. It
        waits on the agenda, not in the page's turn, so that the page is probed meanwhile. False where it is
        not on the agenda."""
        due = self.agenda.get(page_id, Errand.RENDER)
        if due is not None and not due.urgent:
            self.agenda.put(due.hurried(self._now()))
        return due is not None

    def unseen(self, patience: float) -> list[str]:
        """Pages that have not been looked at for twice their interval and `patience` seconds."""
        now = self._now()
        return [
            page_id
            for page_id, wanted in self.planned.items()
            if now - self.seen[page_id] > 2 * wanted.probe.total_seconds() + patience
        ]

    def covered(self) -> float:
        """The share of probes that were due in the last five minutes and made within their interval; where
        none was due, the share of pages that were seen within twice theirs. A page that does not answer is
        told of as such: that it is not seen in time for its own waits says nothing of this host."""
        now = self._now()
        self.agenda.advance(now)  # who asks must not rely on the loop, which may be what stands still
        waiting = (due for due in self.agenda.waiting(Errand.PROBE) if due.page not in self.failing)
        overdue = sum(due.missed(now) for due in waiting)
        ratio = self.coverage.ratio(now, overdue=overdue)
        if ratio is None:
            answering = self.planned.keys() - self.failing
            unseen = sum(page in answering for page in self.unseen(0))
            return 1 - unseen / len(answering) if answering else 1.0
        return ratio

    def overdue(self, errand: Errand) -> int:
        """How many errands wait that should have been run."""
        return sum(1 for _ in self.agenda.waiting(errand))

    def lateness(self, errand: Errand) -> float:
        """How late the errand of a kind is that is the latest, in seconds; 0 where none is. Those of pages
        that do not answer come when the others have had their turn."""
        now = self._now()
        self.agenda.advance(now)
        waiting = (due for due in self.agenda.waiting(errand) if due.page not in self.failing)
        return max((due.late(now) for due in waiting), default=0.0)

    async def stop(self, grace: timedelta) -> None:
        """Start nothing more; finish what is in flight within `grace`, then cancel it."""
        self.stopping = True
        if self.turning is not None:
            self.turning.cancel()
            await asyncio.wait([self.turning])
        if self.running:
            _, late = await asyncio.wait(self.running, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            if late:
                log.warning("checks cut short by the stop", checks=len(late))
                await asyncio.wait(late, timeout=2)

    def _now(self) -> float:
        return time.monotonic()

    def _enter(
        self, page_id: str, errand: Errand, every: float | None, weight: float, age: float | None, now: float
    ) -> None:
        """Put an errand on the agenda: at its place in the interval, or when its last time is that long ago;
        soon where it is longer, and not all in one moment. A last time that is still to come, by a clock that
        was set back since, is as good as none. Where the interval has changed there is no wave either: after
        a raised watch all were captured lately, and each comes at its place, if that is sooner; when one
        begins, so does what is overdue by its interval alone."""
        if every is None:
            self.agenda.drop(page_id, errand)
            return
        place, known = place_of(page_id, every, errand), self.agenda.get(page_id, errand)
        start, before = place, every if known is None else known.every
        if age is not None and age >= max(every, before):
            start = place / 20
        elif age is not None and 0 <= age < every:
            start = min(every - age, place) if before < every else every - age
        due = Due(page_id, errand, every, now + start, weight)
        # why it is urgent is no matter of its interval
        self.agenda.put(due.hurried(now) if known is not None and known.urgent else due)

    def _forget(self, page_id: str) -> None:
        """Keep nothing of a page that has left the plan."""
        self.agenda.drop(page_id)
        self.failing.discard(page_id)
        for known in (self.seen, self.captured, self.cut_off):
            known.pop(page_id, None)
        if page_id not in self.began:
            self.busy.pop(page_id, None)  # else it may come back before its look has ended

    async def _turn(self) -> None:
        """By the time of the event loop, which nobody sets: one that goes by the clock on the wall stands
        still for as long as that was set back."""
        while True:
            try:
                self._tick()
                self.beat()  # not of turns that fail: a schedule that only fails has stalled
            except Exception:
                log.exception("the schedule's turn failed")
            await asyncio.sleep(TICK)

    def _tick(self) -> None:
        self.agenda.advance(self._now())
        for way in Way:
            self._fill(way)

    def _fill(self, way: Way) -> None:
        """Start what waits, as far as there is room for it."""
        lane = self.lanes[way]
        while not self.stopping and lane.free and (due := self._next(way, lane)) is not None:
            if way is Way.PROBE and due.page not in self.failing and self.reads(due.page):
                self.agenda.put(replace(due, full=True))
                continue
            self._start(due, lane)

    def _next(self, way: Way, lane: Lane) -> Due | None:
        """The next that waits. Where probes are late, what is captured is what the host has left: one page at
        a time, so that the round stretches and does not end. Nor does it where others crowd the browser for
        long: then one page of the round at a time comes in turn with them, and an urgent one."""
        if way is Way.RENDER and lane.active and self._is_late():
            return None
        if not self.crowded(way):
            return self.agenda.take(way)
        due = self._joins() if way is Way.RENDER else None
        if due is None:
            return None
        self.agenda.drop(due.page, due.errand)
        return replace(due, starved=True)

    def _joins(self) -> Due | None:
        """The capture that may come to the browser though others crowd it, as some have waited for too long.
        None of a page that is looked at just now: it would keep the place from others."""
        first, now = self.agenda.first(Way.RENDER), self._now()
        if first is None or (self.joining[False] and (self.joining[True] or not first.urgent)):
            return None  # both places are taken, or nothing waits for the one that is not
        waiting = list(self.agenda.waiting(Errand.RENDER))
        late = {due.page for due in waiting if due.late(now) > STARVES}
        if not late:
            return None
        free = (
            due
            for due in waiting
            if not self.joining[due.urgent]
            and (due.urgent or due.page in late)
            and not self._lock(due.page).locked()
        )
        return min(free, key=lambda due: (not due.urgent, due.deadline), default=None)

    def _is_late(self) -> bool:
        """Whether probes wait for longer than is good."""
        now = self._now()
        waiting = (self.agenda.first(way) for way in (Way.PROBE, Way.READ))
        return any(due is not None and due.late(now) > LATE for due in waiting)

    def _start(self, due: Due, lane: Lane) -> None:
        now = self._now()
        if due.errand is Errand.PROBE:
            metrics.PROBE_LATENESS.observe(due.late(now))
        elif missed := due.missed(now):
            metrics.LEFT_OUT.labels(due.errand).inc(missed)
        wanted = self.planned.get(due.page)
        if wanted is None:
            return
        weight = wanted.weight
        if due.errand is not Errand.PROBE and due.page in self.failing:
            weight = FAILING
        at = next_capture(due, now) if due.errand is Errand.RENDER else due.next(now)
        self.agenda.put(Due(due.page, due.errand, due.every, at, weight))
        if due.errand is Errand.PROBE and self._lock(due.page).locked():
            # the look that is on its way is newer than this probe would be, unless it does not come to an end
            hangs = now - self.began.get(due.page, now) > due.every + TICK
            self._missed(due.missed(now) + hangs, answers=due.page not in self.failing)
            return
        lane.active += 1
        lane.running += 1
        self.joining[due.urgent] += due.starved
        task = asyncio.create_task(self._run(due, lane))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _run(self, due: Due, lane: Lane) -> None:
        counted, missed = True, due.missed(self._now())
        answers = due.page not in self.failing  # when it came: the check may find that it does not

        def out_of_patience() -> None:
            nonlocal counted
            counted = False
            lane.active -= 1
            self._fill(due.way)

        timer = asyncio.get_running_loop().call_later(lane.patience, out_of_patience)
        try:
            await self._checked(due, answers=answers)
        except Postponed:
            self._postpone(due)
        else:
            if missed and due.errand is Errand.PROBE:
                self._missed(missed, answers=answers)
        finally:
            timer.cancel()
            self.joining[due.urgent] -= due.starved
            lane.running -= 1
            lane.active -= counted
            self._fill(due.way)

    def _missed(self, missed: int, *, answers: bool) -> None:
        """Count probes that were not made within their interval, of a page that `answers` or does not."""
        if answers:
            self.coverage.note(self._now(), missed=missed)
        else:
            self.coverage.missed += missed

    def _postpone(self, due: Due) -> None:
        """Have it wait on the agenda, since when it was due, and before pages of which less is known: it was
        other than before. Its interval may be another by now."""
        following = self.agenda.get(due.page, due.errand)
        if following is not None:  # else it has left the plan
            again = replace(due, every=following.every, weight=following.weight)
            self.agenda.put(replace(again, full=True, urgent=True))

    async def _checked(self, due: Due, *, answers: bool) -> None:
        limit = asyncio.timeout(LONGEST)
        try:
            async with limit:
                await self._look(due)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
        except Postponed:
            raise
        except Exception as error:
            self._failed(due, error, cut_off=limit.expired())
        else:
            self._looked(due, answers=answers)

    async def _look(self, due: Due) -> None:
        if due.errand is Errand.REVALIDATE:
            await self.run(due.page, due.errand)
            return
        async with self._lock(due.page):
            self.began[due.page] = self._now()
            if due.full:
                self.reading.add(due.page)
            if due.starved:
                self.starved.add(due.page)
            try:
                await self.run(due.page, due.errand)
            finally:
                self.began.pop(due.page, None)
                self.reading.discard(due.page)
                self.starved.discard(due.page)
                if due.page not in self.planned:
                    self.busy.pop(due.page, None)

    def _looked(self, due: Due, *, answers: bool) -> None:
        if due.errand is Errand.REVALIDATE or due.page not in self.planned:
            return
        now = self._now()
        self.seen[due.page] = now
        self.cut_off.pop(due.page, None)
        if due.errand is Errand.PROBE and answers:
            self.coverage.note(now, seen=1)

    def _failed(self, due: Due, error: Exception, *, cut_off: bool) -> None:
        if due.errand is Errand.PROBE:
            self.coverage.note(self._now(), missed=1)
        if cut_off:
            log.error("check cut off", page=due.page, errand=due.errand, seconds=LONGEST)
            if due.page in self.planned:
                self.cut_off[due.page] = f"no end of the {due.errand} within {LONGEST:.0f} s"
        elif isinstance(error, DefacewatchError):
            log.error("check failed", page=due.page, errand=due.errand, error=str(error))
        else:
            log.error("check failed", page=due.page, errand=due.errand, exc_info=error)

    def _lock(self, page_id: str) -> asyncio.Lock:
        return self.busy.setdefault(page_id, asyncio.Lock())
