"""Asking the channels whether they could deliver, before something has to be delivered: one that does not
answer is told of on the others."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from defacewatch import metrics
from defacewatch.alerts import AlertKind, DeliveryError, Draft
from defacewatch.portals import Urgency
from defacewatch.store import Store

log = structlog.get_logger(__name__)

KINDS = (AlertKind.CHANNEL_DOWN, AlertKind.CHANNEL_UP)
AFTER = 2  # rounds in a row without an answer: one may be a hiccup
WITHIN = 30.0  # seconds for one answer


class Answering(Protocol):
    """A channel, or whatever else should answer."""

    async def reachable(self) -> str:
        """What it answers. Raises DeliveryError."""


class ChannelWatch:
    """Asks all channels in a turn, sending nothing. What was told last is read from the alerts themselves, so
    a restart neither repeats nor forgets it; only the rounds are counted anew."""

    def __init__(
        self, store: Store, channels: Callable[[], Mapping[str, Answering]], clock: Callable[[], datetime]
    ) -> None:
        self.store, self.channels, self.clock = store, channels, clock
        self.rounds: Counter[str] = Counter()  # without an answer, in a row
        self.trouble: dict[str, str] = {}  # channels that do not answer, and what they said

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        channels = dict(self.channels())
        answers = await asyncio.gather(*(_asked(channel) for channel in channels.values()))
        last = await self.store.alerts.newest_by("channel", KINDS)
        down = {name for name, kind in last.items() if kind is AlertKind.CHANNEL_DOWN}
        await self._forget(channels.keys(), down)
        pairs = zip(channels, answers, strict=True)
        return any([await self._noted(name, error, name in down) for name, error in pairs])

    async def _forget(self, channels: Collection[str], down: Collection[str]) -> None:
        """What was told of channels that are configured no more is over: noted, and told to nobody."""
        for gone in self.trouble.keys() - channels:
            del self.trouble[gone]
        for name in down:
            if name not in channels:
                facts = {"channel": name, "removed": True, "to": []}
                draft = Draft(AlertKind.CHANNEL_UP, Urgency.NORMAL, facts)
                log.warning("channel", name=name, state="configured no more")
                await self.store.alerts.raise_(draft, now=self.clock())

    async def _noted(self, name: str, error: str | None, is_told: bool) -> bool:
        metrics.CHANNEL_ANSWERS.labels(name).set(error is None)
        if error is None:
            self.rounds.pop(name, None)
            self.trouble.pop(name, None)
        else:
            self.rounds[name] += 1
            self.trouble[name] = error
        if error is not None and not is_told and self.rounds[name] >= AFTER:
            facts = {"channel": name, "error": error[:300]}
            draft = Draft(AlertKind.CHANNEL_DOWN, Urgency.HIGH, facts)
        elif error is None and is_told:
            draft = Draft(AlertKind.CHANNEL_UP, Urgency.NORMAL, {"channel": name})
        else:
            return False
        log.warning("channel", name=name, state=draft.kind.value, error=error)
        if draft.kind is AlertKind.CHANNEL_UP:
            again = await self.store.alerts.hasten(name, now=self.clock())
            log.info("what waited for the channel is tried at once", name=name, deliveries=again)
        await self.store.alerts.raise_(draft, now=self.clock())
        return True


async def _asked(channel: Answering) -> str | None:
    """What is wrong with a channel; None when it answers."""
    try:
        async with asyncio.timeout(WITHIN):
            await channel.reachable()
    except DeliveryError as error:
        return str(error)
    except TimeoutError:
        return f"no answer in {WITHIN:.0f} s"
    except Exception as error:  # of one channel: the others are asked all the same
        log.exception("a channel could not be asked")
        return type(error).__name__  # what it says besides may hold a secret
    return None
