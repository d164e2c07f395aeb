"""What is known of an alert, put together into what a message says."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zlib import crc32

import structlog

from defacewatch.alerts import Alert, AlertKind, Delivery, DeliveryError, Notice, handover_of
from defacewatch.deadlines import Deadline, clocks
from defacewatch.gathering import Gathered
from defacewatch.incidents import Incident, State
from defacewatch.notify.pictures import picture
from defacewatch.roster import Roster
from defacewatch.runbooks import Runbook, runbook_for
from defacewatch.store import Store
from defacewatch.store.messages import Bundle
from defacewatch.store.told import Told
from defacewatch.telling import goes_on

log = structlog.get_logger(__name__)

PICTURE_WITHIN = 5.0  # seconds that a message waits for a picture
PICTURES = 64  # for messages, that are kept in memory: of 100 KB each


@dataclass(frozen=True)
class Notices:
    """Makes what the channels put into words, in the language of who reads it or else in `language`; times
    are told in `zone`. `take_url` makes the address with which a delivery's officer takes the incident."""

    store: Store
    roster: Callable[[], Roster]
    clock: Callable[[], datetime]
    language: str
    zone: str
    public_url: str
    take_url: Callable[[Delivery], str] | None
    runbooks: Callable[[], Mapping[str, Runbook]]
    _pictures: OrderedDict[str, asyncio.Task[bytes]] = field(default_factory=OrderedDict, repr=False)

    async def notice(self, delivery: Delivery) -> Notice:
        """What a message of one alert says. Raises NotFound."""
        told, roster = await self.store.alerts.facts(delivery.alert), self.roster()
        to = roster.officer(delivery.officer) if delivery.officer else None
        alert, incident = _with_names_in(told.alert, roster), _with_names(told.incident, roster)
        open_ = incident is not None and incident.state is State.OPEN
        can_take = to is not None and (open_ or handover_of(told.alert) is not None)
        deadline, next_to = goes_on(told.alert, roster) or (None, None)
        return Notice(
            alert,
            language=(to.language if to else None) or self.language,
            zone=self.zone,
            portal=told.portal,
            page=told.page,
            incident=incident,
            verdict=told.verdict,
            confirmed_at=told.confirmed_at,
            deadline=deadline,
            next_to=next_to,
            before=await self._picture(told.before),
            after=await self._picture(told.after),
            capture=told.capture,
            evidence_url=f"{self.public_url}/incidents/{incident.id}" if incident else None,
            runbook=self._runbook(told),
            take_url=self.take_url(delivery) if self.take_url and can_take else None,
            to=to,
            delivery=delivery,
            campaign=told.campaign,
            together=told.together,
            clocks=await self._clocks(told, roster),
        )

    async def gathered(self, bundle: Bundle, message: int) -> Gathered:
        """What the message says that carries a bundle. Raises DeliveryError for want of a reader."""
        roster, lead = self.roster(), bundle.deliveries[0]
        to = roster.officer(lead.officer or "")
        if to is None:
            raise DeliveryError(f"{lead.officer} is no officer of the roster any more", permanent=True)
        entries = await self.store.messages.carried(message)
        untaken = any(entry.incident and entry.incident.state is State.OPEN for entry in entries)
        path = "/" if bundle.campaign is None else f"/campaigns/{bundle.campaign.id}"
        climbing = await self.store.messages.climbing(message)
        steps = (goes_on(alert, roster) for alert in climbing)
        deadline, next_to = next(filter(None, steps), (None, None))
        return Gathered(
            tuple(replace(entry, incident=_with_names(entry.incident, roster)) for entry in entries),
            message,
            to,
            self.clock(),
            language=to.language or self.language,
            zone=self.zone,
            campaign=bundle.campaign,
            changes=None if bundle.loud else bundle.receipt,
            follows=bundle.first,
            replaces=bundle.receipt if bundle.loud else None,
            late=any(delivery.step > 0 for delivery in bundle.deliveries),
            url=self.public_url + path,
            take_url=self.take_url(lead) if self.take_url and untaken else None,
            deadline=deadline if untaken else None,
            next_to=next_to,
            name=_name(message, bundle.deliveries),
        )

    def _runbook(self, told: Told) -> Runbook:
        if told.portal is None or told.incident is None:
            return Runbook()
        return runbook_for(self.runbooks(), told.portal.key, told.incident.verdict)

    async def _clocks(self, told: Told, roster: Roster) -> tuple[Deadline, ...]:
        """The clocks of the attack that an alert is about."""
        if told.incident is None or told.alert.kind is not AlertKind.DEFACED or told.page is None:
            return ()
        if told.page.drill:
            return ()
        ticked = await self.store.incidents.ticked(told.incident.id)
        return tuple(clocks(told.incident, roster.response, self._runbook(told).steps, ticked))

    async def _picture(self, blob: str | None) -> bytes | None:
        """A picture for a message; an alert without one is better than none.

        The latest are kept: each goes to several officers, on several channels.
        """
        if blob is None:
            return None
        making = self._pictures.get(blob)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            making = self._pictures[blob] = asyncio.create_task(self._made(blob))
            if len(self._pictures) > PICTURES:
                self._pictures.popitem(last=False)
        try:
            async with asyncio.timeout(PICTURE_WITHIN):
                return await asyncio.shield(making)
        except Exception:
            log.exception("a picture could not be made", blob=blob)
            return None

    async def _made(self, blob: str) -> bytes:
        # in a thread: meanwhile pages are probed
        return await asyncio.to_thread(picture, await self.store.pictures(blob))


def _with_names(incident: Incident | None, roster: Roster) -> Incident | None:
    """An incident as officers read of it: who has it by name."""
    if incident is None or incident.acknowledged_by is None:
        return incident
    holder = roster.officer(incident.acknowledged_by)
    return incident if holder is None else replace(incident, acknowledged_by=holder.name)


_NAMED = ("assigned_by", "held_by")  # facts of an alert that name an officer by key


def _with_names_in(alert: Alert, roster: Roster) -> Alert:
    """An alert as officers read of it: who has assigned its incident, or had it, by name."""
    known = {fact: roster.officer(str(alert.facts.get(fact))) for fact in _NAMED}
    named = {fact: officer.name for fact, officer in known.items() if officer is not None}
    return replace(alert, facts={**alert.facts, **named}) if named else alert


def _name(message: int, carried: Sequence[Delivery]) -> str:
    """The name of a message that carries these deliveries and no others."""
    numbers = " ".join(str(delivery.id) for delivery in carried)
    return f"message-{message}-{crc32(numbers.encode()):08x}"
