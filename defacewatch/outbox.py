"""The outbox: claim an alert → who is on duty → one delivery a channel → send → receipt → escalate.

Nothing here lives only in memory: due times, leases and attempts are rows, so a process that dies at any
point leaves an alert that the next one finishes. Sending twice is accepted, losing is not.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from defacewatch import metrics
from defacewatch.alerts import (
    FAIL_OVER_AFTER,
    LEASE,
    Alert,
    AlertKind,
    Delivery,
    DeliveryError,
    Wanted,
    is_unheard,
    retry_at,
    takes,
)
from defacewatch.gathering import Channel
from defacewatch.incidents import State
from defacewatch.notices import Notices
from defacewatch.roster import Due, Roster, told_from
from defacewatch.runbooks import Runbook
from defacewatch.store import Store
from defacewatch.store.alerts import Failure
from defacewatch.store.messages import Bundle
from defacewatch.telling import due_step, fail_over, first_wanted, is_named, step_beyond, wanted_again

log = structlog.get_logger(__name__)

SEND_WITHIN = timedelta(seconds=45)  # shorter than the lease, so nothing is sent twice in parallel
ASK_AGAIN = timedelta(seconds=30)  # when nobody can be told at all
SENDERS = 3  # messages on the way at once, per channel
JITTER = timedelta(seconds=2)  # that a clock may go back by without being thought to have been set
RESERVE = 10.0  # seconds that all but one of those who have nothing to do wait to be woken by it


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
        runbooks: Callable[[], Mapping[str, Runbook]] = dict,
        kinds: Mapping[str, Collection[str]] | None = None,
        beat: Callable[[str], None] = lambda loop: None,
        forget: Callable[[str], None] = lambda loop: None,
        failed: Callable[[str, Exception], object] = lambda loop, error: None,
        went: Callable[[str], None] = lambda loop: None,
        only: Collection[int] | None = None,
        idle: float = 1.0,
    ) -> None:
        self.store, self.channels, self.roster, self.clock = store, dict(channels), roster, clock
        self.notices = Notices(
            store,
            roster,
            clock=clock,
            language=language,
            zone=zone,
            public_url=public_url,
            take_url=take_url,
            runbooks=runbooks,
        )
        self.kinds = kinds or {}  # of alerts, by channels that are for these alone
        self.beat, self.forget, self.idle = beat, forget, idle
        self.failed, self.went = failed, went  # of the turns of a loop
        self.failed_at: dict[str, float] = {}  # by loop, on the monotonic clock
        self.only = only  # the alerts to work on; None: all
        self.woken = asyncio.Event()
        self.looking: set[str] = set()  # names of the loops of which one looks again after the idle time
        self.apart: set[int] = set()  # deliveries that go alone: they could not be put into one message
        self.swept = False  # whether deliveries that no sender takes were given up
        self.turned_at: datetime | None = None  # when it was looked last whether something is due
        self.again_until: datetime | None = None  # until when the clock says times that it has said before

    def wake(self) -> None:
        """Look for due alerts at once: something was recorded."""
        woken, self.woken = self.woken, asyncio.Event()
        woken.set()

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
            woken = self.woken  # that of before its turn: what is recorded meanwhile is not missed
            self.beat(name)
            try:
                busy = await turn()
            except Exception as error:
                log.exception("outbox turn failed", loop=name)  # the row was pushed ahead by its claim
                self.failed(name, error)
                self.failed_at[name] = time.monotonic()
                busy = False
            else:
                self._note_well(name, busy=busy)
            if not busy:
                await self._rest(name, woken, stop)
        self.forget(name)
        self.went(name)

    def _note_well(self, name: str, *, busy: bool) -> None:
        """A turn that had nothing to do says little: what failed comes again when its lease is over."""
        failed_at = self.failed_at.get(name)
        if failed_at is not None and (busy or time.monotonic() - failed_at > 2 * LEASE.total_seconds()):
            del self.failed_at[name]
            self.went(name)

    async def _rest(self, name: str, woken: asyncio.Event, stop: asyncio.Event) -> None:
        """Until something is recorded. But other processes record too, and some is due at a time of its own:
        one of those with a name looks again after the idle time, and wakes the others."""
        looks = name not in self.looking
        self.looking.add(name)
        waits = [asyncio.create_task(event.wait()) for event in (woken, stop)]
        longest = self.idle if looks else max(self.idle, RESERVE)
        try:
            await asyncio.wait(waits, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if looks:
                self.looking.discard(name)
            for wait in waits:
                wait.cancel()

    async def drain(self) -> None:
        """Work until nothing that is due is left; deliveries that failed and wait are not waited for."""
        await self._keep_to_the_clock()
        while await self.expand_one():
            pass
        while True:
            busy = await asyncio.gather(*(self.send_one(channel) for channel in self.channels))
            if not any(busy):
                return

    async def _turn(self) -> bool:
        await self._keep_to_the_clock()
        if not self.swept:
            await self.give_up_stranded()
            self.swept = True
        return await self.expand_one()

    async def _keep_to_the_clock(self) -> None:
        """Where the clock of the host was set back since the last turn, or since what is there was written,
        what was put off would wait for that much longer: it is due so much sooner."""
        if self.turned_at is None:
            self.again_until = await self.store.put_off.until()
        last = self.turned_at or await self.store.put_off.newest()
        now = self.clock()
        if last is not None and last - now > JITTER and self.only is None:
            moved = await self.store.put_off.bring_forward(last, now=now)
            self.again_until = max(last, self.again_until or last)
            log.warning("the clock was set back", by=str(last - now), sooner=moved)
        self.turned_at = now

    async def give_up_stranded(self) -> None:
        """Fail over what was to go out on channels that are configured no more."""
        for delivery in await self.store.alerts.stranded(self.channels, only=self.only):
            gone = DeliveryError(f"{delivery.channel} is not configured any more", permanent=True)
            alert = (await self.store.alerts.facts(delivery.alert)).alert
            await self._all_failed(Bundle((delivery,), (alert,)), gone)

    async def expand_one(self) -> bool:
        """Claim one alert that is due and write the deliveries of its step. False when none was due."""
        now = self.clock()
        alert = await self.store.alerts.claim(now, only=self.only)
        if alert is None:
            return False
        roster = self.roster()
        due = due_step(alert, roster)
        told = await self.store.alerts.deliveries(alert=alert.id) if alert.step > 0 else []
        if due is None and alert.officer is None and alert.step > 0:
            again = wanted_again(alert, told, roster, self._usable(alert), now)
            if await self.store.alerts.tell_again(alert.id, again, now=now):
                log.warning("nobody has heard of it: told again", alert=alert.id, deliveries=len(again))
                self.wake()
            return True
        # Of what was raised before the clock was set back the due times tell, and not the time that it has.
        before = self.again_until is not None and alert.at <= self.again_until
        # Else a step may come too early, as the roster is another by now.
        early = due is not None and alert.step > 0 and due.at > now and not before
        if due is not None and early and not is_unheard((one.officer, one.state) for one in told):
            await self.store.alerts.expand(alert.id, (), step=alert.step, next_step_at=due.at, now=now)
            return True
        begins = told_from(roster, alert.about, alert.urgency, min(alert.at, now))
        if alert.step == 0 and now < begins:
            await self.store.alerts.expand(alert.id, (), step=0, next_step_at=begins, now=now)
            log.info("alert waits for the end of the quiet hours", alert=alert.id, until=begins.isoformat())
            return True
        if alert.step == 0 and begins > min(alert.at, now) and await self._is_settled(alert):
            await self.store.alerts.expand(alert.id, (), step=1, next_step_at=None, now=now)
            log.info("nothing is left to tell after the quiet hours", alert=alert.id)
            return True
        wanted = first_wanted(alert, roster, self._usable(alert), now)
        if not wanted and alert.step == 0 and self._is_of_the_only_channel(alert):
            log.error("the only channel does not answer", alert=alert.id, **alert.facts)
            await self.store.alerts.expand(alert.id, (), step=1, next_step_at=None, now=now)
            return True
        if not wanted and alert.step == 0 and not is_named(alert):
            log.critical("nobody can be told", alert=alert.id, do="configure a channel and a roster")
            await self.store.alerts.expand(
                alert.id, (), step=alert.step, next_step_at=now + ASK_AGAIN, now=now
            )
            return True
        taken = due or Due(alert.step, begins, ())
        beyond = step_beyond(alert, taken, roster, now)
        step, at = (taken.number + 1, None) if beyond is None else (beyond.number, max(beyond.at, now))
        if beyond is not None and before:
            at = now + (beyond.at - taken.at)
        await self.store.alerts.expand(
            alert.id, wanted, step=step, next_step_at=at, now=now, reached=taken.at
        )
        log.info("alert goes out", alert=alert.id, kind=alert.kind, step=alert.step, deliveries=len(wanted))
        self.wake()
        return True

    async def _is_settled(self, alert: Alert) -> bool:
        """Whether somebody has resolved the incident of an alert."""
        incident = (await self.store.alerts.facts(alert.id)).incident
        return incident is not None and incident.state is State.RESOLVED

    def _is_of_the_only_channel(self, alert: Alert) -> bool:
        """Whether an alert tells of the only channel that could carry it."""
        others = [channel for channel in self._usable(alert) if channel != alert.facts.get("channel")]
        return alert.kind is AlertKind.CHANNEL_DOWN and not others

    def _usable(self, alert: Alert) -> list[str]:
        """The channels that are for such an alert."""
        return [channel for channel in self.channels if takes(self.kinds, channel, alert.kind)]

    async def send_one(self, channel: str) -> bool:
        """Claim what goes out next on `channel`, one delivery or several together, and send it. False when
        nothing was due."""
        bundle = await self._claim(channel)
        if bundle is None:
            return False
        self.wake()  # there may be more than one can carry
        told = 1
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                if bundle.message is not None:
                    gathered = await self.notices.gathered(bundle, bundle.message)
                    told = len(gathered.entries)
                    receipt = await self.channels[channel].send_gathered(gathered)
                else:
                    notice = await self.notices.notice(bundle.deliveries[0])
                    receipt = await self.channels[channel].send(notice)
        except DeliveryError as error:
            await self._all_failed(bundle, error)
        except TimeoutError:
            await self._all_failed(bundle, DeliveryError(f"{channel} did not answer in time"))
        except Exception as error:
            log.exception("a message could not be made", delivery=bundle.deliveries[0].id)
            self.apart.update(delivery.id for delivery in bundle.deliveries)
            await self._all_failed(bundle, DeliveryError(f"{type(error).__name__}: {error}"))
        else:
            await self._sent(bundle, channel, receipt, of=told)
        return True

    async def _claim(self, channel: str) -> Bundle | None:
        if self.only is None:
            editable = self.channels[channel].editable
            return await self.store.messages.claim(
                channel, editable=editable, now=self.clock(), apart=self.apart
            )
        delivery = await self.store.alerts.claim_delivery(channel, now=self.clock(), only=self.only)
        if delivery is None:
            return None
        return Bundle((delivery,), ((await self.store.alerts.facts(delivery.alert)).alert,))

    async def _sent(self, bundle: Bundle, channel: str, receipt: str, *, of: int) -> None:
        now = self.clock()
        await self.store.messages.sent(bundle, receipt, of=of, now=now)
        self.apart.difference_update(delivery.id for delivery in bundle.deliveries)
        for delivery, alert in zip(bundle.deliveries, bundle.alerts, strict=True):
            metrics.DELIVERIES.labels(channel, "sent").inc()
            if delivery.step == 0:
                due = told_from(self.roster(), alert.about, alert.urgency, alert.at)
                metrics.TIME_TO_ALERT.observe((now - due).total_seconds())
        log.info(
            "delivered",
            deliveries=[delivery.id for delivery in bundle.deliveries],
            channel=channel,
            receipt=receipt,
        )

    async def _all_failed(self, bundle: Bundle, error: DeliveryError) -> None:
        """Note that a bundle was not delivered, in one go: it has a lease."""
        failures = [
            await self._failure(delivery, alert, error)
            for delivery, alert in zip(bundle.deliveries, bundle.alerts, strict=True)
        ]
        await self.store.alerts.all_failed(failures, now=self.clock())
        for failure in failures:
            outcome = "failed" if failure.next_at is None else "retried"
            metrics.DELIVERIES.labels(bundle.deliveries[0].channel, outcome).inc()
        again = [failure.next_at for failure in failures if failure.next_at is not None]
        log.warning(
            "not delivered",
            deliveries=[delivery.id for delivery in bundle.deliveries],
            channel=bundle.deliveries[0].channel,
            error=str(error),
            again_at=min(again).isoformat() if again else None,
        )
        if any(failure.also for failure in failures):
            self.wake()

    async def _failure(self, delivery: Delivery, alert: Alert, error: DeliveryError) -> Failure:
        """What follows from a failed attempt: when it is made again, and who or what is tried as well."""
        now, due = self.clock(), None
        if not error.permanent:
            due = retry_at(
                delivery.attempts, now, created_at=delivery.created_at, retry_after=error.retry_after
            )
        also: tuple[Wanted, ...] = ()
        if due is None or delivery.attempts >= FAIL_OVER_AFTER:
            others = await self.store.alerts.deliveries(alert=delivery.alert)
            also = fail_over(alert, delivery, others, self.roster(), self._usable(alert), now)
        return Failure(delivery.id, str(error), due, also, delivery.attempts)
