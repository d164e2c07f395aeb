"""The fortnight: from one thing that is due to the next, with the daemon in its process and the world around
it."""

import asyncio
import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from defacewatch.cli.common import Settled, session
from defacewatch.demo.stage import free_port
from defacewatch.errors import Conflict
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.incidents import Incident, Resolution, State
from defacewatch.learn import learn_page
from defacewatch.rostering import with_absences
from defacewatch.shifts import Absence
from tests.fortnight import setting
from tests.fortnight.child import Step, extracted
from tests.fortnight.officers import Act, Officers
from tests.fortnight.outside import DeskBotApi, DeskMailbox, Moment, Post, Site
from tests.fortnight.plain import PlainFetcher
from tests.fortnight.process import Process
from tests.fortnight.record import Kill, Record, remains, taken_down, unfinished
from tests.fortnight.scenario import KillPlan, Scenario, Story

LOOKS_EVERY = timedelta(seconds=30)
TICK = timedelta(minutes=10)  # between steps at which nothing else happens
PATIENCE = timedelta(hours=2)  # for a message to go into the trap, before the daemon is killed without
DRAINS_WITHIN = timedelta(hours=26)
SECRET = {"DEFACEWATCH_SECRET_KEY": "only-for-the-fortnight-0123456789abcdef"}

Happening = Callable[[], Awaitable[None]]


@dataclass
class Watched:
    """A story as it goes on: which page, and what is still to be seen of it."""

    story: Story
    restored: bool = False


class Fortnight:
    """One run over `folder`, which is empty. After `run`, `record` gives what is to be audited."""

    def __init__(self, plan: Scenario, folder: Path, say: Callable[[str], None] = lambda line: None) -> None:
        self.plan, self.folder, self.say = plan, folder, say
        self.now = plan.begins
        self.post = Post(plan.begins)
        self.coming: list[tuple[datetime, int, Happening]] = []
        self.numbers = itertools.count()
        self.looks: dict[str, bool] = {}
        self.pages: dict[int, str] = {}
        self.kills: list[Kill] = []
        self.dying: float | None = None  # the daemon is to be killed in the next step, after so many seconds
        self.away = timedelta(0)  # until the next daemon, after that
        self.due: datetime | None = None
        self.steps = 0
        self.reachable = True
        self.officers = Officers(random.Random(plan.seed + 1), self._plan_act)
        self.post.tell = self.officers.reads

    async def run(self) -> Record:
        """From the first minute to the last message. Raises Died when the daemon ends by itself."""
        async with AsyncExitStack() as stack:
            await self._set_up(stack)
            self._plan_all()
            await self._go_on(self.plan.ends)
            until = self.plan.ends + DRAINS_WITHIN
            while self.now < until and not (await self._is_done()):
                await self._go_on(self.now + TICK)
            await self.process.stop()
            return await taken_down(
                self.store,
                self.plan,
                with_absences(self.settings.roster, await self.store.absences.standing()),
                pages={story.number: self.pages[story.page] for story in self.plan.stories},
                received=self.post.received,
                kills=self.kills,
                done=self.officers.done,
                ended=self.now,
            )

    async def _set_up(self, stack: AsyncExitStack) -> None:
        self.site = await stack.enter_async_context(Site())
        self.mailbox = await stack.enter_async_context(DeskMailbox(self.post))
        self.botapi = await stack.enter_async_context(DeskBotApi(self.post))
        setting.write(
            self.folder,
            site=self.site.url,
            smtp=self.mailbox.port,
            telegram=self.botapi.url,
            port=free_port(),
        )
        environ = {**SECRET, "DEFACEWATCH_TELEGRAM_TOKEN": self.botapi.token}
        opened = await stack.enter_async_context(session(Settled(self.folder / "config", environ)))
        self.settings, self.store = opened.settings, opened.store
        await self._learn()
        self.process = Process(self.folder, environ)
        stack.push_async_callback(self.process.stop)
        await self._start()

    async def _learn(self) -> None:
        """A baseline of every page to which something will happen, approved."""
        wanted = {story.page for story in self.plan.stories}
        http = HttpFetcher(Guard(["127.0.0.0/8"]), timeout=timedelta(seconds=20))
        fetcher = PlainFetcher(http)
        for portal in await self.store.portals.all():
            for page in portal.pages:
                number = int(page.url.rpartition("/")[2])
                if number not in wanted:
                    continue
                self.pages[number] = page.id
                lesson = await learn_page(
                    page.id,
                    fetch=fetcher,
                    extract=extracted,
                    checks=self.store.checks,
                    baselines=self.store.baselines,
                    samples=1,
                    every=timedelta(0),
                    by="an",
                    clock=lambda: self.now,
                    sleep=asyncio.sleep,
                )
                assert lesson.capture is not None
                await self.store.baselines.approve(lesson.capture.id, by="giang", reason="mới", now=self.now)
        await http.close()

    # what is to come

    def _at(self, when: datetime, happening: Happening) -> None:
        heapq.heappush(self.coming, (max(when, self.now), next(self.numbers), happening))

    def _plan_all(self) -> None:
        plan = self.plan
        for story in plan.stories:
            self._at(story.at, partial(self._goes_wrong, story))
        for kill in plan.kills:
            self._at(kill.at, partial(self._plan_kill, kill))
        begin, end = plan.telegram_down
        half = begin + (end - begin) / 2
        self._at(begin, self.botapi.refuse_connections)  # nobody listens, and later a proxy that says so
        self._at(half, self._telegram_answers_badly)
        self._at(end, self._telegram_is_back)
        self._at(begin, partial(self._reach, False))
        begin, end = plan.smtp_down
        self._at(begin, partial(self._smtp, "421 4.3.2 shutting down"))
        self._at(begin + (end - begin) / 2, self.mailbox.stop)
        self._at(end, self._smtp_is_back)
        self._at(plan.swap[0] - timedelta(hours=12), self._swap)
        self._at(plan.begins, self._tick)

    async def _tick(self) -> None:
        self._at(self.now + TICK, self._tick)

    async def _reach(self, reachable: bool) -> None:
        self.reachable = reachable

    async def _telegram_answers_badly(self) -> None:
        self.botapi.fail_with(502, "Bad Gateway")
        await self.botapi.accept_connections()

    async def _telegram_is_back(self) -> None:
        self.botapi.work_again()
        self.reachable = True

    async def _smtp(self, reply: str) -> None:
        self.mailbox.reject(reply, at="RCPT")

    async def _smtp_is_back(self) -> None:
        self.mailbox.accept()
        await self.mailbox.start()

    async def _swap(self) -> None:
        """Two officers change places for a day."""
        start, end = self.plan.swap
        halves = (Absence("an", start, end, "phuc", "đổi ca"), Absence("phuc", start, end, "an", "đổi ca"))
        await self.store.absences.add(halves, by="giang", now=self.now)

    # stories

    async def _goes_wrong(self, story: Story) -> None:
        self.site.wrong[story.page] = (story.wrong, story.number)
        watched = Watched(story)
        self._at(self._first_look(story), partial(self._look, watched))
        self._at(story.restored_at, partial(self._restored, watched))

    def _first_look(self, story: Story) -> datetime:
        return self.now + LOOKS_EVERY * random.Random(story.number).random()

    async def _restored(self, watched: Watched) -> None:
        self.site.wrong.pop(watched.story.page, None)
        watched.restored = True
        self._at(self._first_look(watched.story), partial(self._look, watched))

    async def _look(self, watched: Watched) -> None:
        """The page is due, until the daemon has seen what there is to see."""
        story = watched.story
        incident = await self._incident(story)
        if watched.restored:
            if incident is None or incident.state is State.RESOLVED:
                return
            if not incident.present:
                wait = timedelta(minutes=random.Random(story.number).uniform(1, 15))
                self._at(self.now + wait, partial(self._resolve, watched))
                return
        elif incident is not None:
            return
        self.looks[self.pages[story.page]] = watched.restored  # a person has it looked at with the browser
        self._at(self.now + LOOKS_EVERY, partial(self._look, watched))

    async def _incident(self, story: Story) -> Incident | None:
        views = await self.store.incidents.list(states=list(State), limit=1000)
        mine = [v.incident for v in views if v.page.id == self.pages[story.page]]
        return next((i for i in mine if i.opened_at >= story.at), None)

    async def _resolve(self, watched: Watched) -> None:
        incident = await self._incident(watched.story)
        if incident is None or incident.state is State.RESOLVED:
            return
        by = incident.acknowledged_by or setting.CONSOLE_BY
        try:
            await self.store.incidents.resolve(
                incident.id, as_=Resolution.RESTORED, by=by, now=self.now, via="console"
            )
        except Conflict:
            self._at(self.now + LOOKS_EVERY, partial(self._look, watched))

    # officers

    def _plan_act(self, act: Act) -> None:
        self._at(act.at, partial(self._act, act))

    async def _act(self, act: Act) -> None:
        alive = self.process.alive and not self.post.trap.caught.is_set()
        await self.officers.perform(
            act,
            self.now,
            store=self.store,
            botapi=self.botapi,
            reachable=self.reachable,
            daemon=alive,
        )

    # the daemon

    async def _go_on(self, until: datetime) -> None:
        while True:
            due = [self.coming[0][0]] if self.coming else []
            if self.process.alive and self.due is not None:
                due.append(max(self.due, self.now))
            if not due or min(due) > until:
                self.now = self.post.now = max(self.now, until)
                return
            self.now = self.post.now = min(due)
            while self.coming and self.coming[0][0] <= self.now:
                await heapq.heappop(self.coming)[2]()
            if self.process.alive:
                await self._step()

    async def _step(self) -> None:
        looks, self.looks = tuple(self.looks.items()), {}
        self.steps += 1
        answer = asyncio.create_task(self.process.step(Step(self.now, looks)))
        caught = asyncio.create_task(self.post.trap.caught.wait())
        waits: set[asyncio.Task[object]] = {answer, caught}
        dying, self.dying = self.dying, None
        if dying is not None:
            waits.add(asyncio.create_task(asyncio.sleep(dying)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if caught.done() or (dying is not None):
            await self._kill(trapped=caught.done())
            await asyncio.gather(answer, return_exceptions=True)
        else:
            self.due = answer.result().due
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    async def _plan_kill(self, kill: KillPlan) -> None:
        if not self.process.alive or self.post.trap.moment is not None or self.dying is not None:
            self._at(self.now + timedelta(minutes=1), partial(self._plan_kill, kill))
            return
        self.away = kill.away
        if kill.moment is None:
            self.dying = kill.delay
            return
        self.post.trap.arm(kill.moment)
        self._at(self.now + PATIENCE, partial(self._lose_patience, kill.moment, len(self.kills)))

    async def _lose_patience(self, moment: Moment, kills: int) -> None:
        if self.post.trap.moment is moment and len(self.kills) == kills:
            self.dying = 0.0

    async def _kill(self, *, trapped: bool) -> None:
        await self.process.kill()
        self.post.trap.clear()
        sending = await remains(self.store)
        self.kills.append(Kill(self.now, self.now + self.away, self.post.life, trapped, sending))
        self.say(f"{self.now:%d/%m %H:%M:%S}  killed ({len(self.kills)}), {len(sending)} on the way")
        self._at(self.now + self.away, self._start)

    async def _start(self) -> None:
        self.post.life += 1
        await self.process.start(self.now)
        self.due = None

    async def _is_done(self) -> bool:
        """Whether nothing is left to be told."""
        return self.process.alive and not await unfinished(self.store)
