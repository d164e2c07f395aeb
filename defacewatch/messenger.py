"""The outbox, its channels and the bot, as one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from defacewatch.alerts import DeliveryError
from defacewatch.bot import Bot
from defacewatch.channels import build_channels, kinds_taken
from defacewatch.channelwatch import Answering
from defacewatch.config import Settings
from defacewatch.notify.ping import Ping
from defacewatch.outbox import Outbox
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.watchdog import Failures, Watchdog
from defacewatch.web.take import take_url

TELEGRAM, BUTTONS = "telegram", "telegram buttons"  # as they are named to officers

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Buttons:
    """What officers press in Telegram. While the channel does not answer, that is told of it alone."""

    channel: Answering
    bot: Answering

    async def reachable(self) -> str:
        try:
            await self.channel.reachable()
        except DeliveryError as error:
            return str(error)
        return await self.bot.reachable()


class Messenger:
    """The outbox, its channels and the bot: rebuilt as one when their configuration changes. Nothing runs
    before `start`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        roster: Callable[[], Roster],
        clock: Callable[[], datetime],
        watchdog: Watchdog,
        failures: Failures,
        secret_key: bytes,
        runbooks: Callable[[], Mapping[str, Runbook]] = dict,
    ) -> None:
        self.channels = build_channels(settings)
        self.stopping = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        zone, language = settings.watch.timezone.key, settings.alerts.language
        self.outbox = Outbox(
            store,
            self.channels,
            roster,
            clock=clock,
            language=language,
            zone=zone,
            public_url=settings.web.public_url,
            runbooks=runbooks,
            kinds=kinds_taken(settings),
            take_url=take_url(settings.web.public_url, secret_key),
            beat=watchdog.beat,
            forget=watchdog.forget,
            failed=failures.failed,
            went=failures.forget,
        )
        heartbeat = settings.alerts.heartbeat.url
        self.ping = None if heartbeat is None else Ping(heartbeat)
        telegram = settings.alerts.telegram
        self.bot = (
            Bot(
                settings.secrets.telegram_token,
                api_url=telegram.api_url,
                proxy=telegram.proxy,
                roster=roster,
                store=store,
                runbooks=runbooks,
                language=language,
                zone=zone,
                clock=clock,
            )
            if settings.secrets.telegram_token
            else None
        )

    @property
    def answering(self) -> Mapping[str, Answering]:
        """What is to answer, by name: the channels, and the bot, which hears what officers press."""
        if self.bot is None or TELEGRAM not in self.channels:
            return self.channels
        return {**self.channels, BUTTONS: Buttons(self.channels[TELEGRAM], self.bot)}

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()

    async def start(self) -> None:
        self.task = asyncio.create_task(self.outbox.run(self.stopping), name="outbox")
        if self.bot is not None:
            await self.bot.start()

    async def beat(self, problems: Sequence[str], *, begins: bool = False) -> None:
        """Tell the address outside that the watch is alive, and what is not well. That it cannot be told is
        logged: whoever waits there will notice."""
        if self.ping is None:
            return
        try:
            await (self.ping.start() if begins else self.ping.beat(problems))
        except DeliveryError as error:
            log.warning("heartbeat not delivered", error=str(error))

    async def stop(self, within: float) -> None:
        """Finish what is being sent, within so many seconds; the rest stays in the outbox."""
        self.stopping.set()
        if self.bot is not None:
            await self.bot.stop()
        if self.task is not None:
            done, _ = await asyncio.wait({self.task}, timeout=within)
            if not done:
                self.task.cancel()
                await asyncio.wait({self.task})
        for channel in self.channels.values():
            await channel.close()
        if self.ping is not None:
            await self.ping.close()
