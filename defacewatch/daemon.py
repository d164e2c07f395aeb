"""The composition root: builds the adapters, runs the loops, reloads the configuration, stops in order."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import REGISTRY

from defacewatch import config, metrics
from defacewatch.alerts import DeliveryState
from defacewatch.blindness import Blindness
from defacewatch.bot import Bot
from defacewatch.captures import Tier
from defacewatch.channels import build_channels
from defacewatch.config import Settings
from defacewatch.errors import ConfigError, DefacewatchError, NotFound
from defacewatch.eyes import Eyes, opened_eyes
from defacewatch.incidents import State
from defacewatch.outbox import Outbox
from defacewatch.roster import Roster, on_duty, raised
from defacewatch.schedule import Intervals, Schedule, intervals
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from defacewatch.watchdog import Watchdog
from defacewatch.web import make_app
from defacewatch.web.listening import listening

log = structlog.get_logger(__name__)

LATE = timedelta(seconds=60)  # beyond twice its interval, before a page counts as not seen in time
GRACE = timedelta(seconds=7)  # for checks in flight when the daemon is stopped
RELOAD_EVERY = 2.0  # seconds between looks at the configuration files
PLAN_EVERY = 10.0  # seconds until a portal imported or paused by another process is noticed
BLIND_EVERY = 30.0
MEASURE_EVERY = 15.0
UPKEEP_EVERY = 3600.0
BROWSER_FAILURES = 3  # in a row, before the health says so


class Messenger:
    """The outbox, its channels and the bot: rebuilt as one when their configuration changes."""

    def __init__(self, settings: Settings, store: Store, daemon: "Daemon") -> None:
        self.channels = build_channels(settings)
        self.stopping = asyncio.Event()
        zone, language = settings.watch.timezone.key, settings.alerts.language
        self.outbox = Outbox(
            store,
            self.channels,
            lambda: daemon.roster,
            clock=daemon.clock,
            language=language,
            zone=zone,
            public_url=settings.web.public_url,
            beat=daemon.watchdog.beat,
            forget=daemon.watchdog.forget,
        )
        telegram = settings.alerts.telegram
        self.bot = (
            Bot(
                settings.secrets.telegram_token,
                api_url=telegram.api_url,
                proxy=telegram.proxy,
                roster=lambda: daemon.roster,
                store=store,
                language=language,
                zone=zone,
            )
            if settings.secrets.telegram_token
            else None
        )
        self.task = asyncio.create_task(self.outbox.run(self.stopping), name="outbox")

    async def start(self) -> None:
        if self.bot is not None:
            await self.bot.start()

    async def stop(self, within: float) -> None:
        """Finish what is being sent, within so many seconds; the rest stays in the outbox."""
        self.stopping.set()
        if self.bot is not None:
            await self.bot.stop()
        done, _ = await asyncio.wait({self.task}, timeout=within)
        if not done:
            self.task.cancel()
            await asyncio.wait({self.task})
        for channel in self.channels.values():
            await channel.close()


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
        self.watchdog = Watchdog()
        self.browser_failures = 0
        self.store_trouble: dict[str, str] = {}  # pages whose last check could not be recorded, and why
        self.unseen = 0  # pages that were not seen in time
        self.address: tuple[str, int] | None = None

    @property
    def roster(self) -> Roster:
        return self.settings.roster

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
            self.messenger = Messenger(self.settings, self.store, self)
            await self.messenger.start()
            self.schedule = Schedule(self._check, clock=self.clock)
            self.schedule.start()
            await self._plan()
            self.blindness = Blindness(self.store, self.eyes.canaries.online, self.clock)
            loops = [
                self._every("event loop", 1.0, self._nothing),
                self._every("plan", PLAN_EVERY, self._plan),
                self._every("measure", MEASURE_EVERY, self._measure, watched=False),
                self._every("upkeep", UPKEEP_EVERY, self._upkeep, watched=False),
                self._every("blindness", BLIND_EVERY, self._blindness, watched=False),
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
            await self.messenger.stop(3.0)
        log.info("stopped")

    def stop(self) -> None:
        self.stopping.set()

    async def _check(self, page_id: str, tier: Tier) -> None:
        """One scheduled check; what goes wrong here is ours, never the page's."""
        try:
            result = await self.eyes.checker.check_page(page_id, render=tier is Tier.RENDER)
        except NotFound:
            log.info("page is gone", page=page_id)
            return
        except DefacewatchError as error:
            self.store_trouble[page_id] = str(error)
            log.error("check not recorded", page=page_id, error=str(error))
            return
        except Exception as error:
            self.store_trouble[page_id] = f"{type(error).__name__}: {error}"
            raise
        self.store_trouble.pop(page_id, None)
        outcome = result.outcome
        if outcome.browser_failed:
            self.browser_failures += 1
        elif outcome.tier is Tier.RENDER:
            self.browser_failures = 0
            metrics.CAPTURES.inc(outcome.captures)
        metrics.CHECKS.labels(outcome.tier, outcome.verdict.kind).inc()
        metrics.CHECK_SECONDS.labels(outcome.tier).observe(outcome.elapsed)
        for alert in outcome.alerts:
            metrics.ALERTS.labels(alert.kind).inc()
            log.warning("alert", page=page_id, kind=alert.kind, incident=result.recorded.incident)
        if outcome.alerts:
            self.messenger.outbox.wake()

    def health(self) -> list[str]:
        """What is wrong with the daemon itself, one line each; empty when its loops turn."""
        problems = [f"{loop}: silent for {silent:.0f} s" for loop, silent in self.watchdog.late().items()]
        troubles = (
            ("checks not recorded", self.store_trouble),
            ("evidence not kept", self.eyes.checker.unkept),
        )
        for what, pages in troubles:
            if pages:
                problems.append(f"{what} on {len(pages)} pages: {next(iter(pages.values()))}")
        if self.unseen * 2 > len(self.schedule.planned):
            problems.append(f"{self.unseen} of {len(self.schedule.planned)} pages were not seen in time")
        if self.browser_failures >= BROWSER_FAILURES:
            problems.append(f"browser: failed {self.browser_failures} times in a row")
        return problems

    def duty(self) -> list[str]:
        return [officer.name for officer in on_duty(self.roster, self.clock())]

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        web = self.settings.web
        app = make_app(
            store=self.store,
            secret_key=self.secret_key,
            token=self.status_token,
            metrics_token=self.metrics_token,
            metrics_enabled=web.metrics.enabled,
            zone=self.settings.watch.timezone.key,
            language=self.settings.alerts.language,
            public_url=web.public_url,
            health=self.health,
            duty=self.duty,
            registry=REGISTRY,
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
        """Make the schedule what portals, intervals and a raised watch say now."""
        watch = raised(self.roster, self.clock())
        default = Intervals(self.settings.watch.probe_every, self.settings.watch.render_every)
        portals = await self.store.portals.all()
        planned = intervals(portals, default, watch)
        if planned != self.schedule.planned:
            states = await self.store.checks.latest()
            self.schedule.apply(planned, {state.page.id: state.captured_at for state in states})

    async def _measure(self) -> None:
        """The gauges: how pages stand, what is unresolved, what waits to be sent, what was seen in time."""
        now, planned, since = self.clock(), self.schedule.planned, self.schedule.since
        states = await self.store.checks.latest()
        verdicts = Counter(state.verdict for state in states)
        for verdict in VerdictKind:
            metrics.PAGES.labels(verdict).set(verdicts[verdict])
        unresolved = Counter(state.incident.state for state in states if state.incident is not None)
        for kind in (State.OPEN, State.ACKNOWLEDGED):
            metrics.INCIDENTS.labels(kind).set(unresolved[kind])
        due = [
            now - max(s.checked_at or since[s.page.id], since[s.page.id])
            > 2 * planned[s.page.id].probe + LATE
            for s in states
            if s.page.id in planned
        ]
        self.unseen = sum(due)
        metrics.COVERAGE.set(1 - self.unseen / len(due) if due else 1.0)
        backlog = await self.store.alerts.backlog(now)
        waiting = (DeliveryState.PENDING, DeliveryState.SENDING)
        metrics.OUTBOX_PENDING.set(sum(n for (_, state), n in backlog.deliveries.items() if state in waiting))
        metrics.OUTBOX_OLDEST.set(backlog.oldest.total_seconds() if backlog.oldest else 0)

    async def _upkeep(self) -> None:
        keep = self.settings.retention
        removed = await self.store.upkeep.retention(
            now=self.clock(), max_age=keep.max_age, max_bytes=keep.max_bytes
        )
        log.info("retention", **asdict(removed))

    async def _blindness(self) -> None:
        if await self.blindness.watch():
            self.messenger.outbox.wake()

    async def _renewing(self) -> None:
        """What another version has read is read again, once; pages whose check comes first do not wait."""
        try:
            await self.eyes.renewal.all()
        except Exception:
            log.exception("kept captures not read again")

    async def _nothing(self) -> None:
        """The event loop's own beat."""

    async def _every(
        self, name: str, seconds: float, turn: Callable[[], Awaitable[None]], *, watched: bool = True
    ) -> None:
        while True:
            if watched:
                self.watchdog.beat(name)
            try:
                await turn()
            except Exception:
                log.exception("loop turn failed", loop=name)
            await asyncio.sleep(seconds)

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
        await self.store.portals.apply(settings.portals, now=self.clock())
        self.settings = settings
        self.eyes.checker.confirm_after = settings.watch.confirm_after
        self.eyes.checker.revalidate_every = settings.watch.revalidate_every
        if (settings.alerts, settings.secrets) != (old.alerts, old.secrets):
            await self.messenger.stop(10.0)
            self.messenger = Messenger(settings, self.store, self)
            await self.messenger.start()
        await self._plan()
        fixed = ("allow_networks", "browsers", "timeout", "canaries", "timezone")
        stale = [f"watch.{k}" for k in fixed if getattr(settings.watch, k) != getattr(old.watch, k)]
        stale += [s for s in ("store", "web") if getattr(settings, s) != getattr(old, s)]
        log.info("configuration taken over", pages=len(self.schedule.planned), after_restart=stale)
