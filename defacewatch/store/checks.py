"""Both ends of a check: what it reads before it looks, and what it writes afterwards, all at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import AlertKind
from defacewatch.baselines import Baseline
from defacewatch.captures import Features, Look, Tier, Validators
from defacewatch.errors import NotFound
from defacewatch.incidents import PROGRAM
from defacewatch.records import Context, Kept, Outcome, Recorded
from defacewatch.store.baselines import approved, has_approval, save_profile
from defacewatch.store.blobs import Blobs
from defacewatch.store.engine import Engine
from defacewatch.store.looks import keep
from defacewatch.store.moves import add_alert, add_capture, add_event, save_incident, touch
from defacewatch.store.rows import (
    SIGNALS,
    Values,
    dumped,
    incident_of,
    page_of,
    part,
    portal_of,
    profile_of,
)
from defacewatch.store.schema import checks, incidents, mutes, page_state, pages, portals, profiles
from defacewatch.store.states import UNRESOLVED, CheckRow, PageState, history, latest, streak_of
from defacewatch.verdicts import VerdictKind

WAVERS_WITHIN = timedelta(hours=24)
_WITHOUT_INCIDENT = frozenset({AlertKind.CERTIFICATE, AlertKind.BLIND, AlertKind.SIGHTED, AlertKind.TEST})


class Checks:
    """Of features, those of `version` can be used; None: any (nothing is compared)."""

    def __init__(self, engine: Engine, blobs: Blobs, *, version: int | None = None) -> None:
        self.engine, self.blobs, self.version = engine, blobs, version

    async def context(self, page_id: str, *, now: datetime) -> Context:
        """What a check of a page needs to know; the portal comes without its pages. Raises NotFound."""
        async with self.engine.reading() as db:
            # The version is read first: what moves after it is found out by `record`.
            row = (await db.execute(_known_of(page_id, now))).one_or_none()
            if row is None:
                raise NotFound(f"there is no page {page_id}")
            quiet = frozenset(await db.scalars(select(mutes.c.identity).where(mutes.c.page == page_id)))
            baseline = await approved(db, page_id, self.version)
            unread = baseline is None and await has_approval(db, page_id)
        return replace(_context(row, baseline, quiet, self.version), unread=unread)

    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool = False) -> Kept:
        """Put a look's blobs on disk, synced, and return it with the capture row that names them.

        Raises ValueError for a look without a rendering; DiskFull where there is no room.
        """
        return await keep(self.blobs, page_id, look, features, attack=attack)

    async def record(self, outcome: Outcome) -> Recorded:
        """Write what a check found, in one transaction: the page's state, the check, its capture and
        profile, what it does to the incident, and the alerts.

        A probe that finds what is known already costs no row. Raises Moved, with nothing written, when the
        page's state, baseline or incident has moved since `outcome.context` was read.
        """
        context, change = outcome.context, outcome.change
        lasting = bool(outcome.alerts) or change.event is not None or change.incident != context.incident
        async with self.engine.lasting() if lasting else self.engine.writing() as db:
            await touch(db, context.page.id, _state_values(outcome), version=context.version)
            if outcome.kept is not None:
                await add_capture(db, outcome.kept)
            if outcome.profile is not None:
                await save_profile(db, outcome.profile, self.version)
            incident = await _record_incident(db, outcome)
            check = await _record_check(db, outcome, incident) if _is_kept(outcome) else None
            for draft in outcome.alerts:
                await add_alert(
                    db,
                    draft,
                    at=outcome.at,
                    page=context.page.id,
                    incident=None if draft.kind in _WITHOUT_INCIDENT else incident,
                    check=check,
                    capture=_capture(outcome),
                )
        return Recorded(check, incident, outcome.kept.capture.id if outcome.kept else None)

    async def latest(self, page_ids: Sequence[str] | None = None) -> list[PageState]:
        """How the enabled pages stand (or those named, disabled ones included), by portal and position."""
        async with self.engine.reading() as db:
            return await latest(db, page_ids)

    async def history(self, page_id: str, limit: int = 100) -> list[CheckRow]:
        """The latest kept checks of a page, newest first."""
        async with self.engine.reading() as db:
            return await history(db, page_id, limit)


def _known_of(page_id: str, now: datetime) -> Select[Any]:
    """Everything of which a page has one: a check is frequent, a query is not free."""
    resolved = select(func.max(incidents.c.id)).where(incidents.c.page == page_id, ~UNRESOLVED)
    wavers = select(func.count()).where(
        checks.c.page == page_id, checks.c.wavered, checks.c.at > now - WAVERS_WITHIN
    )
    return (
        select(
            page_state,
            pages,
            portals,
            incidents,
            profiles.c.data.label("profile"),
            profiles.c.version.label("profile_version"),
            resolved.scalar_subquery().label("previous_incident"),
            wavers.scalar_subquery().label("wavers"),
        )
        .join(pages, page_state.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
        .outerjoin(incidents, and_(incidents.c.page == pages.c.id, UNRESOLVED))
        .outerjoin(profiles, profiles.c.page == pages.c.id)
        .where(page_state.c.page == page_id)
    )


def _context(row: Row[Any], baseline: Baseline | None, quiet: frozenset[str], version: int | None) -> Context:
    state, incident = part(row, page_state), part(row, incidents)
    page = page_of(part(row, pages))
    return Context(
        page,
        portal_of(part(row, portals)),
        state["version"],
        baseline=baseline,
        # its keys are hashes that mean nothing to another version: then it is begun anew
        profile=profile_of(page.id, row.profile if version in (None, row.profile_version) else None),
        incident=None if incident["id"] is None else incident_of(incident),
        previous=row.previous_incident,
        streak=streak_of(state),
        wavers=row.wavers,
        validators=Validators(state["etag"], state["last_modified"], state["body_hash"]),
        mutes=quiet,
        last=VerdictKind(state["verdict"]) if state["verdict"] else None,
        last_score=state["score"],
        served_hash=state["served_hash"],
        checked_at=state["checked_at"],
        captured_at=state["captured_at"],
        captured_hash=state["captured_hash"],
        kept_at=state["kept_at"],
        certificate_told_at=state["certificate_told_at"],
    )


def _state_values(outcome: Outcome) -> Values:
    """The page's new state; what an outcome leaves out stays as it is."""
    values: Values = {
        "verdict": outcome.verdict.kind.value,
        "score": outcome.verdict.score,
        "tier": outcome.tier.value,
        "checked_at": outcome.at,
        "failures": outcome.streak.failures,
        "failure_tier": outcome.streak.tier.value,
    }
    if outcome.validators is not None:
        values["etag"] = outcome.validators.etag
        values["last_modified"] = outcome.validators.last_modified
        values["body_hash"] = outcome.validators.body_hash
    for name in ("served_hash", "dom_hash", "screen_hash"):
        if getattr(outcome, name) is not None:
            values[name] = getattr(outcome, name)
    if outcome.tier is Tier.RENDER:
        values["captured_at"] = outcome.at
        if outcome.served_hash is not None:
            values["captured_hash"] = outcome.served_hash
    if outcome.kept is not None:
        values["capture"] = outcome.kept.capture.id
        values["kept_at"] = outcome.at
    if any(draft.kind is AlertKind.CERTIFICATE for draft in outcome.alerts):
        values["certificate_told_at"] = outcome.at
    return values


def _is_kept(outcome: Outcome) -> bool:
    verdict = outcome.verdict
    return (
        verdict.wavered
        or verdict.kind is not outcome.context.last
        or outcome.tier is Tier.RENDER
        or outcome.kept is not None
        or outcome.change.event is not None
        or bool(outcome.alerts)
    )


def _capture(outcome: Outcome) -> str | None:
    """The capture that shows what an outcome is about."""
    if outcome.kept is not None:
        return outcome.kept.capture.id
    return outcome.change.incident.capture if outcome.change.incident else None


async def _record_incident(db: AsyncConnection, outcome: Outcome) -> int | None:
    change = outcome.change
    if change.incident is None:
        return None
    number = change.incident.id
    if change.incident != outcome.context.incident:
        number = await save_incident(db, change.incident)
    if change.event is not None:
        await add_event(
            db,
            number,
            change.event,
            by=PROGRAM,
            at=outcome.at,
            verdict=outcome.verdict.kind,
            capture=_capture(outcome),
        )
    return number


async def _record_check(db: AsyncConnection, outcome: Outcome, incident: int | None) -> int:
    verdict = outcome.verdict
    values: Values = {
        "page": outcome.context.page.id,
        "at": outcome.at,
        "tier": outcome.tier.value,
        "verdict": verdict.kind.value,
        "score": verdict.score,
        "evidence": verdict.evidence,
        "intermittent": verdict.intermittent,
        "wavered": verdict.wavered,
        "signals": dumped(SIGNALS, verdict.signals),
        "looks": outcome.looks,
        "elapsed": outcome.elapsed,
        "dom_hash": outcome.dom_hash,
        "screen_hash": outcome.screen_hash,
        "capture": outcome.kept.capture.id if outcome.kept else None,
        "incident": incident,
    }
    return int((await db.execute(insert(checks).values(**values).returning(checks.c.id))).scalar_one())
