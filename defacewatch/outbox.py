"""The outbox: claim an alert → who is on duty → one delivery a channel → send → receipt → escalate.

Nothing here lives only in memory: due times, leases and attempts are rows, so a process that dies at any
point leaves an alert that the next one finishes. Sending twice is accepted, losing is not.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from defacewatch import metrics
from defacewatch.alerts import (
    ESCALATES,
    FAIL_OVER_AFTER,
    Alert,
    Channel,
    Delivery,
    DeliveryError,
    Notice,
    Wanted,
    handover_of,
    retry_at,
    takes,
)
from defacewatch.incidents import Incident, State
from defacewatch.notify.pictures import picture
from defacewatch.roster import (
    Roster,
    due_of,
    step_of,
    steps_for,
)
from defacewatch.runbooks import Runbook, runbook_for
from defacewatch.store import Store
from defacewatch.store.told import Told
from defacewatch.telling import fail_over, first_wanted, is_named, wanted_again

log = structlog.get_logger(__name__)

SEND_WITHIN = timedelta(seconds=45)  # shorter than the lease, so nothing is sent twice in parallel
ASK_AGAIN = timedelta(seconds=30)  # when nobody can be told at all
SENDERS = 3  # messages on the way at once, per channel


def _with_names(incident: Incident | None, roster: Roster) -> Incident | None:
    """An incident as officers read of it: who has it by name."""
    if incident is None or incident.acknowledged_by is None:
        return incident
    holder = roster.officer(incident.acknowledged_by)
    return incident if holder is None else replace(incident, acknowledged_by=holder.name)


class Outbox:
    """Runs the loops that turn alert rows into messages."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        roster: Callable[[], Roster],
        *,
        clock: Callable[[], datetime],
        language: str,
        zone: str,
        public_url: str,
        take_url: Callable[[Delivery], str] | None = None,
        runbooks: Mapping[str, Runbook] | None = None,
        kinds: Mapping[str, Collection[str]] | None = None,
        beat: Callable[[str], None] = lambda loop: None,
        forget: Callable[[str], None] = lambda loop: None,
        only: Collection[int] | None = None,
        idle: float = 1.0,
    ) -> None:
        self.store, self.channels, self.roster, self.clock = store, dict(channels), roster, clock
        self.language, self.zone, self.public_url = language, zone, public_url
        self.take_url, self.runbooks = take_url, runbooks or {}
        self.kinds = kinds or {}  # of alerts, by channels that are for these alone
        self.beat, self.forget, self.idle = beat, forget, idle
        self.only = only  # the alerts to work on; None: all
        self.woken = asyncio.Event()
        self.swept = False  # whether deliveries that no sender takes were given up

    def wake(self) -> None:
        """Look for due alerts at once: something was recorded."""
        self.woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until `stop`; what is being sent then is finished first."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._loop("outbox", self._turn, stop))
            for channel in self.channels:
                for _ in range(SENDERS):
                    turn = functools.partial(self.send_one, channel)
                    loops.create_task(self._loop(f"send:{channel}", turn, stop))

    async def _loop(self, name: str, turn: Callable[[], Awaitable[bool]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.beat(name)
            try:
                busy = await turn()
            except Exception:
                log.exception("outbox turn failed", loop=name)  # the row was pushed ahead by its claim
                busy = False
            if not busy:
                await self._rest(stop)
        self.forget(name)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Until something is recorded, but no longer than the idle time: other processes record too."""
        waits = [asyncio.create_task(event.wait()) for event in (self.woken, stop)]
        await asyncio.wait(waits, timeout=self.idle, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self.woken.clear()

    async def drain(self) -> None:
        """Work until nothing that is due is left; deliveries that failed and wait are not waited for."""
        while await self.expand_one():
            pass
        while True:
            busy = await asyncio.gather(*(self.send_one(channel) for channel in self.channels))
            if not any(busy):
                return

    async def _turn(self) -> bool:
        if not self.swept:
            await self.give_up_stranded()
            self.swept = True
        return await self.expand_one()

    async def give_up_stranded(self) -> None:
        """Fail over what was to go out on channels that are configured no more."""
        for delivery in await self.store.alerts.stranded(self.channels, only=self.only):
            gone = DeliveryError(f"{delivery.channel} is not configured any more", permanent=True)
            await self._failed(delivery, gone)

    async def expand_one(self) -> bool:
        """Claim one alert that is due and write the deliveries of its step. False when none was due."""
        now = self.clock()
        alert = await self.store.alerts.claim(now, only=self.only)
        if alert is None:
            return False
        roster = self.roster()
        steps = steps_for(roster, alert.kind, alert.at)
        if alert.officer is None and alert.step > 0 and step_of(steps, alert.step) is None:
            told = await self.store.alerts.deliveries(alert=alert.id)
            again = wanted_again(alert, told, roster, self._usable(alert), now)
            if await self.store.alerts.tell_again(alert.id, again, now=now):
                log.warning("nobody has heard of it: told again", alert=alert.id, deliveries=len(again))
                self.wake()
            return True
        wanted = first_wanted(alert, roster, self._usable(alert), now)
        if not wanted and alert.step == 0 and not is_named(alert):
            log.critical("nobody can be told", alert=alert.id, do="configure a channel and a roster")
            await self.store.alerts.expand(
                alert.id, (), step=alert.step, next_step_at=now + ASK_AGAIN, now=now
            )
            return True
        step = alert.step + 1
        goes_on = alert.kind in ESCALATES and alert.officer is None
        due = due_of(steps, step, alert.at) if goes_on else None
        due = None if due is None else max(due, now)
        await self.store.alerts.expand(alert.id, wanted, step=step, next_step_at=due, now=now)
        log.info("alert goes out", alert=alert.id, kind=alert.kind, step=alert.step, deliveries=len(wanted))
        self.wake()
        return True

    def _usable(self, alert: Alert) -> list[str]:
        """The channels that are for such an alert."""
        return [channel for channel in self.channels if takes(self.kinds, channel, alert.kind)]

    async def send_one(self, channel: str) -> bool:
        """Claim one delivery of `channel` and send it. False when none was due."""
        delivery = await self.store.alerts.claim_delivery(channel, now=self.clock(), only=self.only)
        if delivery is None:
            return False
        try:
            notice = await self._notice(delivery)
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                receipt = await self.channels[channel].send(notice)
        except DeliveryError as error:
            await self._failed(delivery, error)
        except TimeoutError:
            await self._failed(delivery, DeliveryError(f"{channel} did not answer in time"))
        except Exception as error:
            log.exception("a message could not be made", delivery=delivery.id)
            await self._failed(delivery, DeliveryError(f"{type(error).__name__}: {error}"))
        else:
            now = self.clock()
            await self.store.alerts.sent(delivery.id, receipt, now=now)
            metrics.DELIVERIES.labels(channel, "sent").inc()
            if delivery.step == 0:
                metrics.TIME_TO_ALERT.observe((now - notice.alert.at).total_seconds())
            log.info("delivered", delivery=delivery.id, channel=channel, receipt=receipt)
        return True

    async def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        now = self.clock()
        due = None
        if not error.permanent:
            due = retry_at(
                delivery.attempts, now, created_at=delivery.created_at, retry_after=error.retry_after
            )
        also: tuple[Wanted, ...] = ()
        if due is None or delivery.attempts >= FAIL_OVER_AFTER:
            alert = (await self.store.alerts.facts(delivery.alert)).alert
            others = await self.store.alerts.deliveries(alert=delivery.alert)
            also = fail_over(alert, delivery, others, self.roster(), self._usable(alert), now)
        await self.store.alerts.failed(delivery.id, str(error), next_at=due, also=also, now=now)
        metrics.DELIVERIES.labels(delivery.channel, "failed" if due is None else "retried").inc()
        log.warning(
            "not delivered",
            delivery=delivery.id,
            channel=delivery.channel,
            error=str(error),
            again_at=due and due.isoformat(),
        )
        if also:
            self.wake()

    async def _notice(self, delivery: Delivery) -> Notice:
        told = await self.store.alerts.facts(delivery.alert)
        roster = self.roster()
        to = roster.officer(delivery.officer) if delivery.officer else None
        steps = steps_for(roster, told.alert.kind, told.alert.at)
        following = step_of(steps, delivery.step + 1)
        escalates = told.alert.kind in ESCALATES and told.alert.officer is None
        incident = _with_names(told.incident, roster)
        open_ = incident is not None and incident.state is State.OPEN
        can_take = to is not None and (open_ or handover_of(told.alert) is not None)
        return Notice(
            told.alert,
            language=(to.language if to else None) or self.language,
            zone=self.zone,
            portal=told.portal,
            page=told.page,
            incident=incident,
            verdict=told.verdict,
            confirmed_at=told.confirmed_at,
            deadline=due_of(steps, delivery.step + 1, told.alert.at) if escalates else None,
            next_to=following.to if following is not None and escalates else None,
            before=await self._picture(told.before),
            after=await self._picture(told.after),
            capture=told.capture,
            evidence_url=f"{self.public_url}/incidents/{incident.id}" if incident else None,
            runbook=self._runbook(told),
            take_url=self.take_url(delivery) if self.take_url and can_take else None,
            to=to,
            delivery=delivery,
        )

    def _runbook(self, told: Told) -> Runbook:
        if told.portal is None or told.incident is None:
            return Runbook()
        return runbook_for(self.runbooks, told.portal.key, told.incident.verdict)

    async def _picture(self, blob: str | None) -> bytes | None:
        """A picture for a message; an alert without one is better than none."""
        if blob is None:
            return None
        try:
            return picture(await self.store.pictures(blob))
        except Exception:
            log.exception("a picture could not be made", blob=blob)
            return None
