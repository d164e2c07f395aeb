"""The rounds: a page is defaced, the daemon is killed at a wanted moment, and started again."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.resilience.moments import WANTED, Gate, Moment, Sight, Told
from bench.resilience.servers import HeldBotApi, HeldMailbox, Hold, Site
from bench.resilience.victim import CHANNELS, Remains, Victim
from defacewatch.alerts import DeliveryState
from defacewatch.errors import DefacewatchError
from defacewatch.portals import canonical_url, page_id
from defacewatch.store.alertschema import alerts, deliveries

REACHED_WITHIN = 45.0  # seconds from the defacement to the wanted moment
ARRIVES_WITHIN = 10.0  # seconds for messages that are on their way
ANSWERED_WITHIN = 0.5  # seconds for an answer that was given to be read
RANDOM_WITHIN = 15.0  # seconds after the defacement in which random kills fall
SETTLED_WITHIN = 300.0
DRAINED_WITHIN = 300.0


@dataclass(frozen=True)
class Round:
    """One kill. `found` is how far the page's alert was in the database afterwards; `delay` is the time from
    the defacement to the kill, `healthy` from the restart to the first healthy answer (seconds)."""

    page: str
    wanted: Moment
    found: Moment
    delay: float
    remains: Remains
    restarted: datetime
    healthy: float

    @property
    def counts_as(self) -> Moment:
        return self.wanted if self.wanted is Moment.RANDOM else self.found


class Harness:
    """The daemon with everything around it, and what is done to it."""

    def __init__(
        self,
        victim: Victim,
        site: Site,
        mailbox: HeldMailbox,
        telegram: HeldBotApi,
        hold: Hold,
        gate: Gate,
        *,
        hurry: bool,
    ) -> None:
        self.victim, self.site, self.hold, self.gate, self.hurry = victim, site, hold, gate, hurry
        self.mailbox, self.telegram = mailbox, telegram
        self.rounds: list[Round] = []

    def page(self, number: int) -> str:
        return page_id("songhong", canonical_url(self.site.url_of(number)))

    async def run(self, each: int, dice: random.Random, say: Callable[[int, Round], None]) -> None:
        """Kill until every wanted moment was met `each` times, or the pages are used up."""
        await self.victim.start()
        await self._settled()
        for number, wanted in zip(range(1, self.site.pages + 1), self._order(each, dice), strict=False):
            self.rounds.append(await self._round(number, wanted, dice))
            say(number, self.rounds[-1])

    async def drain(self) -> float:
        """Let the daemon work until every defaced page's alerts are sent; the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() - began < DRAINED_WITHIN:
            sights = [self.gate.sight(done.page) for done in self.rounds]
            if all(sight.alerts and all(map(_is_sent, sight.alerts)) for sight in sights):
                break
            await asyncio.sleep(0.5)
        return time.monotonic() - began

    def arrived(self, incident: int, channel: str) -> int:
        """How many messages about an incident a channel's server has accepted."""
        accepted = self.mailbox.incidents if channel == "email" else self.telegram.incidents
        return accepted.count(incident)

    def _order(self, each: int, dice: random.Random) -> Iterator[Moment]:
        """The moments in turn, each turn shuffled; after `each` turns those that were missed."""
        for _ in range(each):
            yield from dice.sample(WANTED, len(WANTED))
        for _ in itertools.count():
            met = Counter(done.counts_as for done in self.rounds)
            missing = [moment for moment in WANTED if met[moment] < each]
            if not missing:
                return
            yield missing[0]

    async def _settled(self) -> None:
        """Until the daemon has looked at every page with the browser, as it does once after learning."""
        until = time.monotonic() + SETTLED_WITHIN
        while waiting := self.gate.not_captured():
            if time.monotonic() > until:
                raise DefacewatchError(f"{waiting} pages were not looked at in {SETTLED_WITHIN:.0f} s")
            await asyncio.sleep(0.5)

    async def _round(self, number: int, wanted: Moment, dice: random.Random) -> Round:
        page, incident_before = self.page(number), self.gate.last_incident()
        await asyncio.to_thread(self.gate.keep_apart)
        if wanted is Moment.SENDING:
            self.hold.begin(incident_before)
        self.site.defaced.add(number)
        at = time.monotonic()
        if wanted is Moment.RANDOM:
            await asyncio.sleep(dice.uniform(0, RANDOM_WITHIN / 3 if self.hurry else RANDOM_WITHIN))
        elif wanted is Moment.SENDING:
            await self.hold.until(CHANNELS, REACHED_WITHIN)
        else:
            table = deliveries if wanted is Moment.SENT else alerts
            await asyncio.to_thread(self.gate.stop_when, page, _passed(wanted), REACHED_WITHIN, table=table)
        if wanted is Moment.SENT and self.gate.holding:
            await self._let_arrive(page)
        delay = time.monotonic() - at
        remains = await self.victim.kill()
        found = self._found(page)
        self.gate.release()
        self.hold.end()
        if self.hurry:
            self.gate.end_leases()
        restarted = datetime.now(UTC)
        healthy = await self.victim.start()
        await self._recorded(page)
        return Round(page, wanted, found, delay, remains, restarted, healthy)

    async def _let_arrive(self, page: str) -> None:
        """Until the servers have accepted what is being sent, and their answers can have been read."""
        sight = self.gate.sight(page)
        sending = {
            m.channel for told in sight.alerts for m in told.messages if m.state is DeliveryState.SENDING
        }
        until = time.monotonic() + ARRIVES_WITHIN
        while not all(self.arrived(sight.incidents[-1], channel) for channel in sending):
            if time.monotonic() > until:
                return
            await asyncio.sleep(0.02)
        await asyncio.sleep(ANSWERED_WITHIN)

    def _found(self, page: str) -> Moment:
        sight = self.gate.sight(page)
        if not sight.alerts:
            return Moment.NOTHING
        return sight.alerts[-1].moment(lambda channel: self.arrived(sight.incidents[-1], channel) > 0)

    async def _recorded(self, page: str) -> None:
        """Until the page has its incident, so that the next round's is the only new one."""
        until = time.monotonic() + REACHED_WITHIN
        while not self.gate.sight(page).incidents:
            if time.monotonic() > until:
                raise DefacewatchError(f"the defacement of {page} was not seen after the restart")
            await asyncio.sleep(0.1)


def _passed(wanted: Moment) -> Callable[[Sight], bool]:
    """Whether a page's alert has come as far as `wanted`, or farther."""

    def reached(sight: Sight) -> bool:
        if not sight.alerts:
            return False
        told = sight.alerts[-1]
        states = {message.state for message in told.messages}
        if wanted is Moment.RECORDED:
            return True
        if wanted is Moment.CLAIMED:
            return told.claimed or bool(states)
        return DeliveryState.SENT in states or states == {DeliveryState.SENDING}

    return reached


def _is_sent(told: Told) -> bool:
    return bool(told.messages) and all(message.state is DeliveryState.SENT for message in told.messages)
