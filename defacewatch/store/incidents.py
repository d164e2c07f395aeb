"""Incidents as people handle them: list, timeline, acknowledge, resolve, comment."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch import incidents as rules
from defacewatch.alerts import AlertKind, DeliveryState, Draft
from defacewatch.audit import Act, Actor, Program
from defacewatch.errors import Conflict, NotFound
from defacewatch.incidents import CHANGED_FURTHER, Event, Incident, Resolution, Shown, State
from defacewatch.portals import Page, Portal, Urgency
from defacewatch.runbooks import Tick, ticks
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.moves import (
    add_alert,
    add_event,
    incident_for_update,
    save_incident,
)
from defacewatch.store.mutes import mute_all
from defacewatch.store.rows import incident_of, page_of, part, portal_of
from defacewatch.store.schema import incident_events, incidents, pages, portals
from defacewatch.store.stormschema import campaign_members
from defacewatch.verdicts import VerdictKind

_CALM = (VerdictKind.CLEAN, VerdictKind.LEARNING)  # before a baseline exists nothing is cleaner than learning


@dataclass(frozen=True)
class IncidentView:
    """An incident with its portal (without the portal's list of pages), its page, and the campaign that it is
    in."""

    incident: Incident
    portal: Portal
    page: Page
    campaign: int | None = None


@dataclass(frozen=True)
class TimelineEntry:
    """One line of an incident's history; its number grows. `via` says how a person acted ('cli', 'telegram'
    …); `verdict` and `capture` are what a check saw."""

    at: datetime
    event: Event
    by: str
    text: str
    via: str = ""
    verdict: VerdictKind | None = None
    capture: str | None = None
    id: int = 0


class Incidents:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def get(self, incident: int) -> IncidentView:
        """One incident. Raises NotFound."""
        async with self.engine.reading() as db:
            row = (await db.execute(views().where(incidents.c.id == incident))).one_or_none()
        if row is None:
            raise NotFound(rules.NO_INCIDENT, number=incident)
        return view_of(row)

    async def timeline(self, incident: int) -> list[TimelineEntry]:
        """What happened to an incident, in order."""
        async with self.engine.reading() as db:
            return await _timeline(db, incident)

    async def acknowledge(
        self, incident: int, *, by: str, via: str, now: datetime, program: Program | None = None
    ) -> Incident:
        """Take an incident; the other officers who were told of it are told that. Raises NotFound, or
        Conflict when somebody was faster."""
        async with self.engine.lasting() as db:
            taken = await _take(db, incident, by=by, via=via, now=now)
            others = sorted(await _told(db, (incident,)) - {by})
            if others:
                facts = {"by": by, "via": via, "to": others}
                draft = Draft(AlertKind.TAKEN, Urgency.NORMAL, facts)
                await db.run_sync(add_alert, draft, at=now, page=taken.page, incident=incident)
            await self._note(db, Act.ACKNOWLEDGED, incident, by=by, via=via, now=now, program=program)
        return taken

    async def acknowledge_all(
        self,
        numbers: Collection[int],
        *,
        by: str,
        via: str,
        now: datetime,
        program: Program | None = None,
    ) -> list[Incident]:
        """Take those of these incidents that nobody has; the others who were told are told once. Returns what
        was taken."""
        async with self.engine.lasting() as db:
            free = select(incidents.c.id).where(
                incidents.c.id.in_(list(numbers)), incidents.c.state == State.OPEN.value
            )
            still = list(await db.scalars(free.order_by(incidents.c.page)))
            taken = []
            for number in still:
                with suppress(Conflict):  # somebody was faster
                    taken.append(await _take(db, number, by=by, via=via, now=now))
            others = sorted(await _told(db, still) - {by})
            if taken and others:
                facts: dict[str, object] = {"by": by, "via": via, "to": others, "count": len(taken)}
                facts["incidents"] = [incident.id for incident in taken]
                draft = Draft(AlertKind.TAKEN, Urgency.NORMAL, facts)
                await db.run_sync(add_alert, draft, at=now, page=taken[0].page, incident=taken[0].id)
            for one in taken:
                await self._note(db, Act.ACKNOWLEDGED, one.id, by=by, via=via, now=now, program=program)
        return taken

    async def assign(
        self,
        incident: int,
        *,
        to: str,
        by: str,
        via: str,
        now: datetime,
        program: Program | None = None,
    ) -> Incident:
        """Give an incident to an officer. They hear of it on all their channels, as does who had it or was
        told of it. `by` has seen it, so it escalates no further. Raises NotFound, or Conflict when it is
        theirs already, or resolved."""
        async with self.engine.lasting() as db:
            current, _ = await db.run_sync(incident_for_update, incident)
            given = rules.assign(current, to=to, now=now)
            await db.run_sync(save_incident, given)
            event = partial(add_event, by=by, via=via, at=now)
            if current.state is State.OPEN:
                await db.run_sync(event, incident, Event.ACKNOWLEDGED)
            await db.run_sync(event, incident, Event.ASSIGNED, text=to)
            had = {current.acknowledged_by} if current.acknowledged_by else set()
            told = sorted((await _told(db, (incident,)) | had | {to}) - {by})
            if told:
                facts = {"by": to, "via": via, "assigned_by": by, "to": told}
                draft = Draft(AlertKind.TAKEN, Urgency.HIGH, facts)
                await db.run_sync(add_alert, draft, at=now, page=given.page, incident=incident)
            before, after = {"acknowledged_by": current.acknowledged_by}, {"acknowledged_by": to}
            noted = partial(self._note, db, Act.ASSIGNED, incident, by=by, via=via, now=now)
            await noted(before=before, after=after, program=program)
        return given

    async def resolve(
        self,
        incident: int,
        *,
        as_: Resolution,
        by: str,
        now: datetime,
        shown: Shown | None = None,
        reason: str = "",
        via: str = "",
        program: Program | None = None,
    ) -> Incident:
        """Close an incident. A false alarm mutes its differences, and nothing else, on its page; on a
        critical portal those of an attack for a day (mutes.end_of).

        Raises NotFound, or Conflict where the page does not match its baseline and that matters, or where
        differences came after what was `shown` (None: whoever closes it has looked for themselves).
        """
        async with self.engine.lasting() as db:
            current, state = await db.run_sync(incident_for_update, incident)
            open_, mutes_all = current.state is not State.RESOLVED, as_ is Resolution.FALSE_ALARM
            if shown and open_ and mutes_all and shown.misses(await _timeline(db, incident)):
                raise Conflict(CHANGED_FURTHER)
            clean = state["verdict"] in _CALM and state["checked_at"] >= current.opened_at
            closed = rules.resolve(current, as_=as_, by=by, now=now, matches_baseline=clean)
            await db.run_sync(save_incident, closed)
            text = f"{as_.value}: {reason}" if reason else as_.value
            await db.run_sync(add_event, incident, Event.RESOLVED, by=by, via=via, at=now, text=text)
            if mutes_all:
                await mute_all(db, current, by=by, now=now)
            facts = {"before": {"state": current.state.value}, "after": {"as": as_.value, "reason": reason}}
            await self._note(db, Act.RESOLVED, incident, by=by, via=via, now=now, program=program, **facts)
        return closed

    async def tick(
        self,
        incident: int,
        step: str,
        *,
        by: str,
        now: datetime,
        via: str = "",
        undo: bool = False,
        program: Program | None = None,
    ) -> bool:
        """Note that a step of the runbook is done (or, to `undo`, that it is not); False when that was so
        already. Raises NotFound."""
        event = Event.UNTICKED if undo else Event.TICKED
        async with self.engine.lasting() as db:
            known = select(incidents.c.id).where(incidents.c.id == incident).with_for_update()
            if await db.scalar(known) is None:
                raise NotFound(rules.NO_INCIDENT, number=incident)
            of_step = (incident_events.c.incident == incident, incident_events.c.text == step)
            last = select(incident_events.c.event).where(
                *of_step, incident_events.c.event.in_([Event.TICKED.value, Event.UNTICKED.value])
            )
            before = await db.scalar(last.order_by(incident_events.c.id.desc()).limit(1))
            if (before == Event.TICKED.value) is not undo:
                return False
            await db.run_sync(add_event, incident, event, by=by, via=via, at=now, text=step)
            act, after = Act.UNTICKED if undo else Act.TICKED, {"step": step}
            await self._note(db, act, incident, by=by, via=via, now=now, after=after, program=program)
            return True

    async def ticked(self, incident: int) -> dict[str, Tick]:
        """The steps that are done, by their texts."""
        return ticks(
            (entry.text, entry.event is Event.TICKED, entry.by, entry.at)
            for entry in await self.timeline(incident)
            if entry.event in (Event.TICKED, Event.UNTICKED)
        )

    async def comment(
        self,
        incident: int,
        *,
        by: str,
        text: str,
        now: datetime,
        via: str = "",
        program: Program | None = None,
    ) -> None:
        """Add a remark to an incident's timeline. Raises NotFound."""
        async with self.engine.lasting() as db:
            if await db.scalar(select(incidents.c.id).where(incidents.c.id == incident)) is None:
                raise NotFound(rules.NO_INCIDENT, number=incident)
            await db.run_sync(add_event, incident, Event.COMMENT, by=by, via=via, at=now, text=text)
            after = {"text": text}
            await self._note(
                db, Act.COMMENTED, incident, by=by, via=via, now=now, after=after, program=program
            )

    async def attacks(self, *, since: datetime) -> list[IncidentView]:
        """All that began as attacks, or became attacks, since a moment; the newest first."""
        query = views().where(incidents.c.attacked_at >= since).order_by(incidents.c.id.desc())
        async with self.engine.reading() as db:
            return [view_of(row) for row in await db.execute(query)]

    async def list(
        self,
        *,
        states: Collection[State] | None = None,
        page: str | None = None,
        campaign: int | None = None,
        limit: int = 5000,
        before: int | None = None,
    ) -> list[IncidentView]:
        """The latest incidents, newest first, older ones than `before`; `states` None means all of them."""
        query = views().order_by(incidents.c.id.desc()).limit(limit)
        if states is not None:
            query = query.where(incidents.c.state.in_([state.value for state in states]))
        if before is not None:
            query = query.where(incidents.c.id < before)
        if page is not None:
            query = query.where(incidents.c.page == page)
        if campaign is not None:
            query = query.where(campaign_members.c.campaign == campaign)
        async with self.engine.reading() as db:
            return [view_of(row) for row in await db.execute(query)]

    async def _note(
        self,
        db: AsyncConnection,
        act: Act,
        incident: int,
        *,
        by: str,
        via: str,
        now: datetime,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        program: Program | None = None,
    ) -> None:
        """Into the audit log, as the last write of a transaction."""
        key, actor, of = self.engine.audit_key, Actor(by, via), f"incident {incident}"
        if program is not None:
            actor = program.actor
            if actor.who != by or program.token is not None:
                after = {**(after or {}), "token": program.token, "by": by}
        await db.run_sync(note, key, actor, act, at=now, of=of, before=before, after=after)


def views() -> Select[Any]:
    return (
        select(incidents, pages, portals, campaign_members.c.campaign.label("of_campaign"))
        .join(pages, incidents.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
        .outerjoin(campaign_members, campaign_members.c.incident == incidents.c.id)
    )


def view_of(row: Row[Any]) -> IncidentView:
    return IncidentView(
        incident_of(part(row, incidents)),
        portal_of(part(row, portals)),
        page_of(part(row, pages)),
        row.of_campaign,
    )


async def _timeline(db: AsyncConnection, incident: int) -> list[TimelineEntry]:
    query = select(incident_events).where(incident_events.c.incident == incident)
    return [_entry(row) for row in await db.execute(query.order_by(incident_events.c.id))]


def _entry(row: Row[Any]) -> TimelineEntry:
    return TimelineEntry(
        row.at,
        Event(row.event),
        row.by,
        row.text,
        via=row.via,
        verdict=VerdictKind(row.verdict) if row.verdict else None,
        capture=row.capture,
        id=row.id,
    )


async def _take(db: AsyncConnection, incident: int, *, by: str, via: str, now: datetime) -> Incident:
    current, _ = await db.run_sync(incident_for_update, incident)
    taken = rules.acknowledge(current, by=by, now=now)
    await db.run_sync(save_incident, taken)
    await db.run_sync(add_event, incident, Event.ACKNOWLEDGED, by=by, via=via, at=now)
    return taken


async def _told(db: AsyncConnection, numbers: Collection[int]) -> set[str]:
    """The officers who were told of one of these incidents, or may yet be."""
    query = select(deliveries.c.officer).join(alerts, deliveries.c.alert == alerts.c.id)
    named = query.where(
        alerts.c.incident.in_(list(numbers)),
        deliveries.c.officer != "",
        deliveries.c.state != DeliveryState.FAILED.value,
    )
    return set(await db.scalars(named.distinct()))
