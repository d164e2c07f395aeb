"""The outbox, its channels and the bot, as one."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from defacewatch.alerts import DeliveryError
from defacewatch.bot import Bot
from defacewatch.channels import build_channels, kinds_taken
from defacewatch.config import Settings
from defacewatch.notify.ping import Ping
from defacewatch.outbox import Outbox
from defacewatch.roster import Roster
from defacewatch.store import Store
from defacewatch.watchdog import Watchdog
from defacewatch.web.take import take_url

log = structlog.get_logger(__name__)


class Messenger:
    """The outbox, its channels and the bot: rebuilt as one when their configuration changes."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        roster: Callable[[], Roster],
        clock: Callable[[], datetime],
        watchdog: Watchdog,
        secret_key: bytes,
    ) -> None:
        self.channels = build_channels(settings)
        self.stopping = asyncio.Event()
        zone, language = settings.watch.timezone.key, settings.alerts.language
        self.outbox = Outbox(
            store,
            self.channels,
            roster,
            clock=clock,
            language=language,
            zone=zone,
            public_url=settings.web.public_url,
            runbooks=settings.runbooks,
            kinds=kinds_taken(settings),
            take_url=take_url(settings.web.public_url, secret_key),
            beat=watchdog.beat,
            forget=watchdog.forget,
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
                runbooks=settings.runbooks,
                language=language,
                zone=zone,
                clock=clock,
            )
            if settings.secrets.telegram_token
            else None
        )
        self.task = asyncio.create_task(self.outbox.run(self.stopping), name="outbox")

    async def start(self) -> None:
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
        done, _ = await asyncio.wait({self.task}, timeout=within)
        if not done:
            self.task.cancel()
            await asyncio.wait({self.task})
        for channel in self.channels.values():
            await channel.close()
        if self.ping is not None:
            await self.ping.close()
