"""The composition root: builds the adapters, runs the loops, reloads the configuration, stops in order."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import structlog
from prometheus_client import REGISTRY

from defacewatch import config
from defacewatch.agenda import Way
from defacewatch.alerts import AlertKind
from defacewatch.announcing import Announcing
from defacewatch.audit import PROGRAM, Act, Actor
from defacewatch.auditwatch import AuditWatch
from defacewatch.calling import Sending
from defacewatch.calmshelf import CalmShelf
from defacewatch.channelwatch import ChannelWatch
from defacewatch.config import Settings
from defacewatch.costs import keeps_up
from defacewatch.errands import Errands
from defacewatch.errors import ConfigError, DefacewatchError
from defacewatch.eyes import Eyes, opened_eyes
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.printing import pdf_of
from defacewatch.gauges import Gauges
from defacewatch.handing import HandingOver
from defacewatch.intervals import Intervals, fresh_for, intervals
from defacewatch.language import Sentence, translator
from defacewatch.messenger import Messenger
from defacewatch.portals import Portal
from defacewatch.reminding import Reminding
from defacewatch.roster import Roster, on_duty, raised
from defacewatch.rostering import with_absences
from defacewatch.schedule import Schedule
from defacewatch.selfwatch import SelfWatch
from defacewatch.shifts import Absence
from defacewatch.store import Store
from defacewatch.teaching import Teaching
from defacewatch.watchdog import Failures, Watchdog
from defacewatch.web import make_app
from defacewatch.web.listening import listening
from defacewatch.web.live import PULSE
from defacewatch.web.rendering import compile_templates
from defacewatch.wellbeing import ills

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=7)  # for checks in flight when the daemon is stopped
RELOAD_EVERY = 2.0  # seconds between looks at the configuration files
PLAN_EVERY = 10.0  # seconds until a portal imported or paused by another process is noticed
BLIND_EVERY = 30.0
CHANNELS_EVERY = 300.0  # seconds between questions whether the channels could deliver
LESSONS_EVERY = 1.0  # seconds until learning that somebody asked for begins
BEAT_EVERY = 60.0  # seconds between signs of life to the outside
CAUGHT_UP_AFTER = 300.0  # seconds for which a host has to keep up before it is said to do so again
MEASURE_EVERY, USAGE_EVERY = 15.0, 60.0
KEEP_CALM_EVERY = 60.0  # seconds until what is known of calm pages is kept for the next start
LAST_KEEPING = 2.0  # seconds that this may take when the daemon is stopped
TIDY_AFTER, TIDY_EVERY = (0.0, 60.0, 240.0), 600.0  # seconds
ALL_EVERY = 9  # times: after an hour, and then every hour and a half
NOTE_EVERY = 1.0  # seconds for which looks that found nothing new wait to be written together
UPKEEP_EVERY, AUDIT_EVERY = 3600.0, 300.0
AGAIN_AFTER, AGAIN_AT_MOST = 300.0, 900.0  # seconds until what failed is tried again, if its turn is later
CONFIG = Actor(PROGRAM, "config")


def again_after(times: int) -> float:
    """Seconds after which a turn is tried again that has failed so many times in a row."""
    return min(AGAIN_AT_MOST, AGAIN_AFTER * 2.0 ** min(times - 1, 8))


class Daemon:
    """`defacewatch run`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        folder: Path,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        secret_key: bytes,
        status_token: str,
        metrics_token: str | None,
        browser: str | None = None,
    ) -> None:
        self.settings, self.store, self.folder, self.clock = settings, store, folder, clock
        self.environ = environ  # a copy: the secrets have left the process's own
        self.secret_key, self.status_token, self.metrics_token = secret_key, status_token, metrics_token
        self.browser = browser
        self.stopping = asyncio.Event()
        self.ready = asyncio.Event()
        self.watchdog, self.failures = Watchdog(), Failures()
        self.note_trouble: str | None = None  # why looks that found nothing new could not be written
        self.address: tuple[str, int] | None = None
        self.entered: tuple[Absence, ...] = ()
        self.askable: set[str] = set()  # pages that can be asked whether they are as they were, once
        self.beaten = False  # whether a sign of life was given
        self.announced: dict[int, str] = {}  # the portals of announcements that run, by their numbers

    @property
    def roster(self) -> Roster:
        """The roster of the file, with the leave and swaps that were entered."""
        return with_absences(self.settings.roster, self.entered)

    async def run(self) -> None:
        """Run until `stop`. Raises DefacewatchError when something that it needs cannot be had."""
        stamp = config.fingerprint(self.folder)
        async with contextlib.AsyncExitStack() as stack:
            self.eyes: Eyes = await stack.enter_async_context(
                opened_eyes(self.settings, self.store, clock=self.clock, browser=self.browser)
            )
            await self._serve(stack)
            self.watchdog.start()
            stack.callback(self.watchdog.stop)
            self.entered = await self.store.absences.standing()
            self.messenger = self._make_messenger(self.settings)
            await self.messenger.start()
            self.schedule = Schedule(
                lambda page_id, errand: self.errands.run(page_id, errand),
                clock=self.clock,
                browsers=self.settings.watch.browsers,
                crowded=self.eyes.crowded,
                reads=self._reads,
                beat=lambda: self.watchdog.beat("schedule"),
            )
            self.eyes.checker.later = self._later
            self.gauges = Gauges(self.store, self.eyes, self.schedule, clock=self.clock)
            self.errands = Errands(
                self.eyes, self.schedule, self.gauges, alerted=lambda: self.messenger.outbox.wake()
            )
            await self._take_over_calm()
            self.schedule.start()
            await self._plan()
            self._make_selfwatches()
            self.teaching = Teaching(
                self.store,
                self.eyes.fetcher,
                self.eyes.extract,
                renew=self.eyes.renewal.page,
                clock=self.clock,
                translate=lambda: translator(self.settings.alerts.language),
            )
            loops = [
                self._every("event loop", 1.0, self._nothing),
                self._every("plan", PLAN_EVERY, self._plan),
                self._every("measure", MEASURE_EVERY, self.gauges.measure, watched=False),
                self._every("usage", USAGE_EVERY, self.gauges.use, watched=False),
                # unwatched: another process may hold the database for long, which a restart does not end
                self._every("note", NOTE_EVERY, self._note, watched=False),
                self._every("calm pages", KEEP_CALM_EVERY, self.shelf.write, watched=False),
                self._every("upkeep", UPKEEP_EVERY, self._upkeep, watched=False),
                self._tidying(),
                self._every("audit log", AUDIT_EVERY, self._audit, watched=False),
                self._every("itself", BLIND_EVERY, self._itself, watched=False),
                self._every("channels", CHANNELS_EVERY, self._channels, watched=False),
                self._every("lessons", LESSONS_EVERY, self.teaching.all, watched=False),
                self._every("heartbeat", BEAT_EVERY, self._beat, watched=False),
                self._reloading(stamp),
                self._renewing(),
            ]
            tasks = [asyncio.create_task(loop) for loop in loops]
            log.info("watching", pages=len(self.schedule.planned), channels=sorted(self.messenger.channels))
            self.ready.set()
            await self.stopping.wait()
            log.info("stopping")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.schedule.stop(GRACE)
            await self._note()
            await self.messenger.stop(3.0)
            await self.shelf.write(LAST_KEEPING)
        log.info("stopped")

    def stop(self) -> None:
        self.stopping.set()

    def health(self) -> list[Sentence]:
        """What is wrong with the daemon itself; empty when its loops turn."""
        sending = self.messenger.running or not self.ready.is_set()
        return [
            *ills(
                self.watchdog,
                self.eyes,
                self.schedule,
                self.errands,
                failures=self.failures,
                sending=sending,
                noting=self.note_trouble,
            )
        ]

    def _reads(self, page_id: str) -> bool:
        """Whether a page's document will have to be read: nothing is known of it, and it has been asked
        whether it is as it was, where that can be asked."""
        if page_id in self.askable:
            self.askable.discard(page_id)
            return False
        return self.eyes.checker.calm.get(page_id) is None

    def _later(self, page_id: str) -> bool:
        """Have a page whose document is another captured in its turn, where enough waits for the browser."""
        return self.eyes.crowded(Way.RENDER) and self.schedule.hurry(page_id)

    def _make_messenger(self, settings: Settings) -> Messenger:
        return Messenger(
            settings,
            self.store,
            roster=lambda: self.roster,
            clock=self.clock,
            watchdog=self.watchdog,
            failures=self.failures,
            secret_key=self.secret_key,
            runbooks=lambda: self.settings.runbooks,
        )

    def duty(self) -> list[str]:
        return [officer.name for officer in on_duty(self.roster, self.clock())]

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        web = self.settings.web
        app = make_app(
            store=self.store,
            secret_key=self.secret_key,
            token=self.status_token,
            metrics_token=self.metrics_token,
            zone=self.settings.watch.timezone.key,
            language=self.settings.alerts.language,
            health=self.health,
            duty=self.duty,
            roster=lambda: self.roster,
            wake=lambda: self.messenger.outbox.wake(),
            runbooks=lambda: self.settings.runbooks,
            coverage=lambda: self.schedule.covered() if self.ready.is_set() else None,
            sending=lambda: self.messenger.outbox if self.ready.is_set() else Sending(),
            trouble=lambda: self.channelwatch.trouble if self.ready.is_set() else {},
            issuer=lambda: self.settings.report.issued(),
            printing=lambda html: pdf_of(html, executable=find_chromium(self.browser)),
            registry=REGISTRY,
            registrar=config.Registrar(lambda: self.settings.places),
            clock=self.clock,
            reuse=PULSE,
            oidc_secret=self.settings.secrets.oidc_client_secret,
            **web.for_app(),
        )
        try:
            self.address = await stack.enter_async_context(listening(app, *web.listen))
        except OSError as error:
            raise DefacewatchError(
                f"cannot listen on {web.listen.host}:{web.listen.port} ({error.strerror}):"
                " end what holds it, or change web.listen"
            ) from error
        self.eyes.guard.forbid(*self.address)

    async def _plan(self) -> None:
        """Make roster and schedule what leave, portals, intervals and a raised watch say now."""
        self.entered = await self.store.absences.standing()
        watch = raised(self.roster, self.clock())
        every = self.settings.watch
        default = Intervals(every.probe_every, every.render_every, every.revalidate_every)
        portals = await self.store.portals.all()
        planned = intervals(portals, default, watch)
        if planned != self.schedule.planned:
            states = await self.store.checks.standing()
            self.schedule.apply(planned, {state.page: state.captured_at for state in states})
            self.errands.forget(planned.keys())
        await self._look_after(portals)

    async def _look_after(self, portals: Sequence[Portal]) -> None:
        """Capture the pages of portals whose announced time is over: what is there now is what counts."""
        before, running = self.announced, await self.store.windows.running(self.clock())
        self.announced = {window.id: window.portal for window in running}
        over = {portal for number, portal in before.items() if number not in self.announced}
        for page in (page for portal in portals if portal.key in over for page in portal.pages):
            self.schedule.hurry(page.id)

    async def _take_over_calm(self) -> None:
        """Know of calm pages what the process before has known: they need not be read in full once more."""
        checker, database = self.eyes.checker, str(self.store.engine.url)
        self.shelf = CalmShelf(
            self.settings.secret_key_file.with_name("calm.db"),
            checker.calm,
            key=self.secret_key,
            judged_by=lambda: (database, checker.revalidate_every),
            clock=self.clock,
        )
        sound = await self.store.checks.sound(now=self.clock())
        known = await self.shelf.load(sound)
        checker.clean |= known
        given = {page.page: page.validators for page in sound}
        # Those whose kept looks have to be read again first would fill the memory with them.
        again = await self.eyes.renewal.begin()
        marked = {page for page, by in given.items() if by.etag or by.last_modified}
        self.askable = marked - known - set(again)

    async def _upkeep(self) -> None:
        keep = self.settings.retention
        removed = await self.store.upkeep.retention(
            now=self.clock(), max_age=keep.max_age, max_bytes=keep.max_bytes
        )
        log.info("retention", **asdict(removed))

    async def _note(self) -> None:
        """Write the looks that found nothing new; pages that somebody has moved are probed again at once."""
        calm = self.eyes.checker.calm
        try:
            for page in await calm.flush():
                self.schedule.soon(page)
        except DefacewatchError as error:
            self.note_trouble = str(error)
        else:
            self.note_trouble = None

    def _make_selfwatches(self) -> None:
        async def covers() -> bool | None:
            return keeps_up(self.schedule.covered())

        def facts() -> dict[str, object]:
            return {"coverage": round(self.schedule.covered(), 4)}

        kinds = (AlertKind.BLIND, AlertKind.SIGHTED), (AlertKind.BEHIND, AlertKind.CAUGHT_UP)
        online = self.eyes.canaries.online
        self.auditwatch = AuditWatch(self.store, lambda: self.roster, self.clock)
        self.channelwatch = ChannelWatch(self.store, lambda: self.messenger.answering, self.clock)

        def itself() -> dict[str, object]:
            return {
                "coverage": f"{self.schedule.covered():.1%}",
                "channels": ", ".join(sorted(self.channelwatch.trouble)),
            }

        self.selfwatches: tuple[SelfWatch | Announcing | Reminding | HandingOver, ...] = (
            HandingOver(self.store, lambda: self.roster, self.clock, itself, lambda: self.messenger.outbox),
            Announcing(self.store, lambda: self.roster, self.clock),
            Reminding(self.store, lambda: self.roster, lambda: self.settings.runbooks, self.clock),
            SelfWatch(self.store, online, self.clock, ill=kinds[0][0], well=kinds[0][1]),
            SelfWatch(
                self.store,
                covers,
                self.clock,
                ill=kinds[1][0],
                well=kinds[1][1],
                again=1 + round(CAUGHT_UP_AFTER / BLIND_EVERY),
                facts=facts,
            ),
        )

    async def _itself(self) -> None:
        failed: list[Exception] = []
        for watch in self.selfwatches:
            try:
                if await watch.watch():
                    self.messenger.outbox.wake()
            except Exception as error:  # of one of them: the others have their turn all the same
                failed.append(error)
        if failed:
            raise ExceptionGroup("looking at itself", failed)

    async def _channels(self) -> None:
        if await self.channelwatch.watch():
            self.messenger.outbox.wake()

    async def _audit(self) -> None:
        if await self.auditwatch.watch():
            self.messenger.outbox.wake()

    async def _beat(self) -> None:
        silent = [f"{name}: {error}" for name, error in self.channelwatch.trouble.items()]
        await self.messenger.beat([*map(str, self.health()), *silent], begins=not self.beaten)
        self.beaten = True

    async def _renewing(self) -> None:
        """What another version has read is read again, once; pages whose check comes first do not wait."""
        try:
            await self.eyes.renewal.all()
        except Exception:
            log.exception("kept captures not read again")

    async def _tidying(self) -> None:
        """What has been made and stays (also all that is known of pages) is set apart from what the collector
        of garbage looks through, at first and every ten minutes. Once in a while that is looked through, too:
        it holds the event loop for half a second."""
        try:
            await asyncio.to_thread(compile_templates)
        except Exception:
            log.exception("templates not compiled")
        for number, seconds in enumerate(chain(TIDY_AFTER, repeat(TIDY_EVERY))):
            await asyncio.sleep(seconds)
            if number % ALL_EVERY == ALL_EVERY - 1:
                gc.unfreeze()
            gc.collect()
            gc.freeze()

    async def _nothing(self) -> None:
        """The event loop's own beat."""

    async def _every(
        self, name: str, seconds: float, turn: Callable[[], Awaitable[object]], *, watched: bool = True
    ) -> None:
        while True:
            if watched:
                self.watchdog.beat(name)
            following = seconds
            try:
                await turn()
            except Exception as error:
                log.exception("loop turn failed", loop=name)
                following = min(seconds, again_after(self.failures.failed(name, error)))
            else:
                self.failures.forget(name)
            await asyncio.sleep(following)

    async def _reloading(self, stamp: str) -> None:
        """Apply the configuration when its files change; keep the old one while the new one is invalid."""
        while True:
            await asyncio.sleep(RELOAD_EVERY)
            self.watchdog.beat("reload")
            found = await asyncio.to_thread(config.fingerprint, self.folder)
            if found == stamp:
                continue
            try:
                await self.reload(await asyncio.to_thread(config.load, self.folder, self.environ))
                stamp = found
            except ConfigError as error:
                stamp = found
                for problem in error.problems:
                    log.error("configuration not taken over", problem=problem)
            except Exception as error:
                log.exception("configuration not taken over", problem=str(error))

    async def reload(self, settings: Settings) -> None:
        """Take over a new configuration without missing a check; what needs a restart is said."""
        old = self.settings
        others = ("alerts", "secrets", "gateway_secrets")
        remade = any(getattr(settings, name) != getattr(old, name) for name in others)
        messenger = self._make_messenger(settings) if remade else None  # before anything ends: it may fail
        await self.store.portals.apply(settings.portals, now=self.clock())
        self.settings = settings
        self.eyes.checker.confirm_after = settings.watch.confirm_after
        self.eyes.checker.revalidate_every = settings.watch.revalidate_every
        self.eyes.revalidation.fresh = fresh_for(settings.watch.revalidate_every)
        if messenger is not None:
            await self.messenger.stop(10.0)
            self.messenger = messenger
            await messenger.start()
        await self._plan()
        facts = {"fingerprint": settings.fingerprint, "after_restart": settings.needs_restart(old)}
        await self.store.audit.note(CONFIG, Act.CONFIGURED, at=self.clock(), of="files", after=facts)
        log.info("configuration taken over", pages=len(self.schedule.planned), **facts)
