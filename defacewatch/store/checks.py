"""Both ends of a check: what it reads before it looks, and what it writes afterwards, all at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from defacewatch.alerts import AlertKind
from defacewatch.captures import Look, Material, Tier
from defacewatch.features import Features
from defacewatch.incidents import PROGRAM, TOLD_APART
from defacewatch.records import Context, Kept, Outcome, Quiet, Recorded, Sound
from defacewatch.store.blobs import Blobs
from defacewatch.store.campaigns import join
from defacewatch.store.contexts import read_context
from defacewatch.store.engine import Engine
from defacewatch.store.known import Known, save_profile
from defacewatch.store.looks import keep
from defacewatch.store.materials import read_materials, save_materials
from defacewatch.store.moves import add_alert, add_capture, add_event, save_incident, touch
from defacewatch.store.quiet import write_quiet
from defacewatch.store.rows import SIGNALS, Values, dumped
from defacewatch.store.schema import checks
from defacewatch.store.sound import read_sound
from defacewatch.store.states import (
    CheckDay,
    CheckRow,
    PageState,
    Standing,
    days,
    history,
    latest,
    standing,
    taking,
)
from defacewatch.verdicts import VerdictKind

_ADD_CHECK = insert(checks).returning(checks.c.id)
_WITHOUT_INCIDENT = frozenset({AlertKind.CERTIFICATE, AlertKind.BLIND, AlertKind.SIGHTED, AlertKind.TEST})


class Checks:
    """Of features, those of `version` can be used; None: any (nothing is compared)."""

    def __init__(self, engine: Engine, blobs: Blobs, *, version: int | None = None) -> None:
        self.engine, self.blobs = engine, blobs
        self.known = Known(version)

    async def context(self, page_id: str, *, now: datetime) -> Context:
        """What a check of a page needs to know; the portal comes without its pages. Raises NotFound."""
        context = await self.engine.read(lambda db: read_context(db, page_id, now=now, known=self.known))
        if self.known.nameless:
            await self.engine.write(self.known.name)
        return context

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
        run = self.engine.last if lasting else self.engine.write
        return await run(lambda db: _record(db, outcome, self.known.version))

    async def quiet(self, looks: Sequence[Quiet]) -> frozenset[str]:
        """Note probes that found nothing new: all in one transaction, which a power cut may undo.

        Returns the pages whose state has moved since (or that are gone): nothing was written of them, and
        they are to be checked in full.
        """
        if not looks:
            return frozenset()
        return await self.engine.write(lambda db: write_quiet(db, looks))

    async def materials_of(self, page_id: str) -> tuple[Material, ...]:
        """What one page is made of; nothing where that is not known."""
        return await self.engine.read(lambda db: read_materials(db, page_id))

    async def latest(
        self, page_ids: Sequence[str] | None = None, *, after: str | None = None, limit: int | None = None
    ) -> list[PageState]:
        """How the enabled pages stand (or those named, disabled ones included), by portal and position; with
        a `limit` so many by their ids, those that come `after` one."""
        return await self.engine.read(lambda db: latest(db, page_ids, after, limit))

    async def standing(self) -> list[Standing]:
        """The same of all enabled pages, in no order and far cheaper: only what changes all the time."""
        return await self.engine.read(standing)

    async def sound(self, *, now: datetime) -> list[Sound]:
        """The pages that are watched and were clean when they were last looked at, with nothing open."""
        return await self.engine.read(lambda db: read_sound(db, now))

    async def history(
        self, page_id: str, limit: int = 100, *, before: tuple[datetime, int] | None = None
    ) -> list[CheckRow]:
        """The latest kept checks of a page, newest first, those `before` the one with this time and id; for
        those that were rolled up see `days`."""
        async with self.engine.reading() as db:
            return await history(db, page_id, limit, before)

    async def days(self, page_id: str, limit: int = 100) -> list[CheckDay]:
        """What is left of a page's older checks that found nothing, the latest days first."""
        return await self.engine.read(lambda db: days(db, page_id, limit))

    async def taking(self, page_id: str, capture: str) -> CheckRow | None:
        """The check of a page that took a capture, as long as it is kept."""
        async with self.engine.reading() as db:
            return await taking(db, page_id, capture)


def _record(db: Connection, outcome: Outcome, version: int | None) -> Recorded:
    page = outcome.context.page.id
    touch(db, page, _state_values(outcome), version=outcome.context.version)
    if outcome.kept is not None:
        add_capture(db, outcome.kept)
    if outcome.profile is not None:
        save_profile(db, outcome.profile, version)
    if outcome.materials is not None:
        save_materials(db, page, outcome.materials, at=outcome.at)
    incident = _record_incident(db, outcome)
    check = _record_check(db, outcome, incident) if _is_kept(outcome) else None
    for draft in outcome.alerts:
        add_alert(
            db,
            draft,
            at=outcome.at,
            page=page,
            incident=None if draft.kind in _WITHOUT_INCIDENT else incident,
            check=check,
            capture=_capture(outcome),
        )
    return Recorded(check, incident, outcome.kept.capture.id if outcome.kept else None)


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


def _record_incident(db: Connection, outcome: Outcome) -> int | None:
    change = outcome.change
    if change.incident is None:
        return None
    number = change.incident.id
    if change.incident != outcome.context.incident:
        number = save_incident(db, change.incident)
    if change.event is not None:
        add_event(
            db,
            number,
            change.event,
            by=PROGRAM,
            at=outcome.at,
            verdict=outcome.verdict.kind,
            capture=_capture(outcome),
        )
    if change.event in TOLD_APART:
        outage = outcome.verdict.kind is VerdictKind.UNREACHABLE
        join(db, number, outcome.marks, outage=outage, at=outcome.at)
    return number


def _record_check(db: Connection, outcome: Outcome, incident: int | None) -> int:
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
    return int(db.execute(_ADD_CHECK, values).scalar_one())
