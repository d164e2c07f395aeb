"""Captures, proposals and approvals. The history of approvals is only ever added to."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, Update, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch import incidents as rules
from defacewatch.approving import check_account
from defacewatch.audit import Act, Actor
from defacewatch.baselines import Approval, Baseline, check_approval, plain_name
from defacewatch.captures import Capture, Look
from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.features import Features
from defacewatch.incidents import Event, Resolution, State
from defacewatch.language import N_
from defacewatch.profiles import Profile
from defacewatch.records import Kept
from defacewatch.roster import Roster
from defacewatch.store.audit import note
from defacewatch.store.auditrows import accounts_of
from defacewatch.store.blobs import Blobs, Damaged
from defacewatch.store.engine import Engine
from defacewatch.store.known import Known, save_profile
from defacewatch.store.looks import load
from defacewatch.store.moves import LOOK_AFRESH, add_capture, add_event, save_incident, touch
from defacewatch.store.portals import page_with_portal
from defacewatch.store.proposals import WAITING, check_shown, is_waiting, once_approved, propose
from defacewatch.store.rows import (
    Columns,
    Values,
    approval_of,
    capture_of,
    incident_of,
    light,
    light_part,
    packed,
    part,
)
from defacewatch.store.schema import approvals, captures, incidents, mutes, page_state

_PROPOSED = and_(WAITING, captures.c.expired_at.is_(None))
_LIGHT = light(captures)


class Baselines:
    """Of features, those of `version` can be used; None: any (nothing is compared)."""

    def __init__(
        self, engine: Engine, evidence: Blobs, approved: Blobs, *, version: int | None = None
    ) -> None:
        self.engine, self.evidence, self.approved, self.version = engine, evidence, approved, version

    async def get(self, page_id: str) -> Baseline | None:
        """The looks of a page that are approved now and can be used."""
        known = Known(self.version)
        return (await self.engine.read(lambda db: known.baseline(db, page_id)))[0]

    async def capture(self, capture_id: str) -> Capture:
        """A kept capture. Raises NotFound."""
        async with self.engine.reading() as db:
            return await _light_capture(db, capture_id)

    async def approved_with(self, page_id: str, screenshot: str) -> Capture | None:
        """The capture with this picture (a blob) that was approved for a page last, then or now."""
        query = (
            select(*_LIGHT)
            .join(approvals, approvals.c.capture == captures.c.id)
            .where(approvals.c.page == page_id, captures.c.screenshot == screenshot)
            .order_by(approvals.c.id.desc())
            .limit(1)
        )
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        return None if row is None else _plain(row)

    async def captures(
        self, page_id: str, limit: int = 50, *, before: tuple[datetime, str] | None = None
    ) -> list[Capture]:
        """The latest captures of a page whose pictures are still there, newest first, those `before` the one
        with this time and id."""
        kept = (captures.c.page == page_id, captures.c.expired_at.is_(None))
        query = select(*_LIGHT).where(*kept)
        if before is not None:
            at, name = before
            query = query.where(or_(captures.c.at < at, and_(captures.c.at == at, captures.c.id < name)))
        async with self.engine.reading() as db:
            rows = await db.execute(query.order_by(captures.c.at.desc(), captures.c.id.desc()).limit(limit))
            return [_plain(row) for row in rows]

    async def shots(self, capture_ids: Collection[str]) -> Mapping[str, str]:
        """The pictures (blobs) of captures, by their ids; those of approved ones are always there."""
        query = select(captures.c.id, captures.c.screenshot).where(captures.c.id.in_(list(capture_ids)))
        async with self.engine.reading() as db:
            return {row.id: row.screenshot for row in await db.execute(query)}

    async def keep_capture(
        self, kept: Kept, *, proposed_by: str, profile: Profile | None, now: datetime, via: str = "learn"
    ) -> Capture:
        """Record a capture made outside a check, proposed by whoever had it made, and what was learned."""
        async with self.engine.lasting() as db:
            await db.run_sync(
                touch, kept.capture.page, {"capture": kept.capture.id, "kept_at": kept.capture.at}
            )
            await db.run_sync(add_capture, kept)
            await propose(db, kept.capture.id, by=proposed_by, now=now)
            if profile is not None:
                await db.run_sync(save_profile, profile, self.version)
            proposed = await _light_capture(db, kept.capture.id)
            await self._note(db, Act.PROPOSED, proposed, actor=Actor(proposed_by, via), now=now)
            return proposed

    async def set_profile(self, page_id: str, profile: Profile) -> None:
        """Replace a page's profile; a check that is under way reads again."""
        async with self.engine.writing() as db:
            await db.run_sync(touch, page_id)
            await db.run_sync(save_profile, profile, self.version)

    async def propose(
        self, capture_id: str, *, by: str, now: datetime, via: str = "", roster: Roster | None = None
    ) -> Capture:
        """Propose a capture as baseline; also one that was replaced, to bring that look back. Who proposed it
        first stays its proposer while it waits; of a critical portal only where the `roster` knows them.

        Raises NotFound, or Conflict when the capture has expired.
        """
        async with self.engine.lasting() as db:
            row = await _capture(db, capture_id)
            _check_usable(row)
            portal, _ = await page_with_portal(db, row["page"])
            officers = [one.key for one in roster.officers] if roster and portal.critical else []
            await propose(db, capture_id, by=by, now=now, officers=officers)
            proposed = await _light_capture(db, capture_id)
            await self._note(db, Act.PROPOSED, proposed, actor=Actor(by, via), now=now)
            return proposed

    async def proposals(
        self, *, after: tuple[datetime, str] | None = None, limit: int | None = None
    ) -> list[Capture]:
        """Proposed captures that wait for an approver, oldest first, those `after` the one that was proposed
        at this time and has this id; an approval on the same page after the proposal settles it."""
        query = select(*_LIGHT).where(_PROPOSED)
        if after is not None:
            at, name = after
            later = and_(captures.c.proposed_at == at, captures.c.id > name)
            query = query.where(or_(captures.c.proposed_at > at, later))
        async with self.engine.reading() as db:
            rows = await db.execute(query.order_by(captures.c.proposed_at, captures.c.id).limit(limit))
            return [_plain(row) for row in rows]

    async def count_proposals(self) -> int:
        """How many captures `proposals` has."""
        query = select(func.count()).select_from(captures).where(_PROPOSED)
        return await self.engine.read(lambda db: db.scalar(query)) or 0

    async def decline(
        self, capture_id: str, *, by: str, reason: str, now: datetime, via: str = ""
    ) -> Capture:
        """Turn a proposal down: it waits no more, and would have to be proposed again. Raises NotFound,
        UsageError without name and reason, Conflict when it does not wait."""
        if not plain_name(by) or not plain_name(reason):
            raise UsageError(N_("A reason is needed."))
        async with self.engine.lasting() as db:
            row = await _capture(db, capture_id)
            await db.run_sync(touch, row["page"])
            if not await is_waiting(db, capture_id):
                raise Conflict(N_("This proposal waits no more."))
            declined = await _light_capture(db, capture_id)
            gone = update(captures).where(captures.c.id == capture_id)
            await db.execute(gone.values(proposed_by=None, proposed_at=None))
            facts: dict[str, object] = {"reason": reason, "page": declined.page}
            facts["proposed_by"] = declined.proposed_by
            await self._note(db, Act.DECLINED, declined, actor=Actor(by, via), now=now, after=facts)
        return declined

    async def approve(
        self,
        capture_id: str,
        *,
        by: str,
        reason: str,
        also: bool = False,
        now: datetime,
        via: str = "",
        against: int | None = None,
    ) -> Approval:
        """Make a capture the page's baseline, or with `also` a look besides those approved already.

        Its blobs are copied to the baselines first. The page's incident is resolved as legitimate when its
        latest capture is this one or looks the same; the next check looks afresh. One that was approved
        before is brought back in the same way. `against` is the number of the approval that it was compared
        with (0: none). Raises NotFound, UsageError without name and reason, Conflict where the capture has
        expired or the rule of the second person forbids it, where another version of the program made its
        features, or, with `against`, where something else is to be judged by now.
        """
        used = _Used(via)
        async with self.engine.reading() as db:
            row = await self._approvable(db, capture_id, by=by, used=used, reason=reason, against=against)
        await asyncio.to_thread(self._copy_blobs, capture_of(row))
        async with self.engine.lasting() as db:
            await db.run_sync(touch, row["page"], {**LOOK_AFRESH, "verdict": None})
            row = await self._approvable(db, capture_id, by=by, used=used, reason=reason, against=against)
            again = await once_approved(db, capture_id)
            if not also:
                await db.execute(_withdrawing(row["page"], now))
                # a mute is about a difference from the look that has just been replaced
                await db.execute(delete(mutes).where(mutes.c.page == row["page"]))
            approval = await _add_approval(db, row, by=by, reason=reason, also=also, now=now)
            await _resolve_incident(db, capture_of(row), by=by, reason=reason, now=now)
            facts = {"reason": reason, "also": also, "page": row["page"], "again": again}
            await self._note(db, Act.APPROVED, capture_of(row), actor=Actor(by, via), now=now, after=facts)
        return approval

    async def _approvable(
        self,
        db: AsyncConnection,
        capture_id: str,
        *,
        by: str,
        used: "_Used",
        reason: str,
        against: int | None,
    ) -> Columns:
        """The row of a capture that may be approved as things stand. Raises what `approve` does."""
        row = await _capture(db, capture_id)
        portal, _ = await page_with_portal(db, row["page"])
        _check_usable(row)
        self._check_version(row)
        waiting = await is_waiting(db, capture_id)
        check_approval(portal, capture_of(row), by=by, reason=reason, waiting=waiting)
        if portal.critical:
            await used.check(db, row["proposed_by"])
        if against is not None:
            await check_shown(db, row, against)
        return row

    async def _note(
        self,
        db: AsyncConnection,
        act: Act,
        capture: Capture,
        *,
        actor: Actor,
        now: datetime,
        after: dict[str, object] | None = None,
    ) -> None:
        key, of = self.engine.audit_key, f"capture {capture.id}"
        await db.run_sync(note, key, actor, act, at=now, of=of, after=after)

    async def outdated(self, version: int, *, page: str | None = None) -> list[Capture]:
        """The captures that are approved now or wait for an approver, the latest of each page and those of
        unresolved incidents, as far as their features are not of `version`: they are to be made again from
        what was kept (`look`, `renew`) before anything is compared with them. Approved ones first."""
        current = exists().where(approvals.c.capture == captures.c.id, approvals.c.withdrawn_at.is_(None))
        query = select(*_LIGHT).where(
            # As an index can tell; for "other than" all rows would be read, and as a rule none of them is.
            or_(captures.c.features_version < version, captures.c.features_version > version),
            captures.c.expired_at.is_(None),
            or_(
                current,
                WAITING,
                exists().where(page_state.c.page == captures.c.page, page_state.c.capture == captures.c.id),
                exists().where(
                    incidents.c.page == captures.c.page,
                    incidents.c.capture == captures.c.id,
                    incidents.c.state != State.RESOLVED.value,
                ),
            ),
        )
        if page is not None:
            query = query.where(captures.c.page == page)
        async with self.engine.reading() as db:
            rows = await db.execute(query.order_by(current.desc(), captures.c.id))
            return [_plain(row) for row in rows]

    async def is_approved(self, capture_id: str) -> bool:
        """Whether a capture is one of its page's approved looks now."""
        query = select(approvals.c.id).where(
            approvals.c.capture == capture_id, approvals.c.withdrawn_at.is_(None)
        )
        async with self.engine.reading() as db:
            return (await db.scalar(query.limit(1))) is not None

    async def look(self, capture: Capture) -> Look:
        """The look that a capture was made of, from the evidence or the baselines.

        Raises NotFound, or DefacewatchError where a blob is damaged.
        """
        return await asyncio.to_thread(load, self._content, capture)

    async def renew(self, capture_id: str, features: Features) -> None:
        """Replace a capture's features, also where it is approved, with those made again from what was kept.
        The next check of its page looks afresh. Nothing happens where another process was faster. Raises
        NotFound."""
        made: Values = {"features": packed(features), "features_version": features.version}
        document = features.shown or features.served
        hashes = {
            "dom_hash": document.dom_hash,
            "screen_hash": features.screen.page if features.screen else "",
        }
        async with self.engine.writing() as db:
            row = await _capture(db, capture_id)
            if row["features_version"] == features.version:
                return
            await db.run_sync(touch, row["page"], LOOK_AFRESH)
            await db.execute(update(captures).where(captures.c.id == capture_id).values(**made, **hashes))
            await db.execute(update(approvals).where(approvals.c.capture == capture_id).values(**made))

    async def history(self, page_id: str) -> list[Approval]:
        """Every approval of a page, oldest first."""
        query = select(*light(approvals)).where(approvals.c.page == page_id).order_by(approvals.c.id)
        async with self.engine.reading() as db:
            return [approval_of(light_part(row, approvals)) for row in await db.execute(query)]

    def _content(self, blob: str) -> bytes:
        try:
            return self.evidence.get(blob)
        except (NotFound, Damaged):
            if not self.approved.has(blob):
                raise
            return self.approved.get(blob)

    def _check_version(self, capture: Columns) -> None:
        if self.version is not None and capture["features_version"] != self.version:
            text = N_(
                "capture {capture} was read by another version of defacewatch: take a new one"
                " (defacewatch learn {page})"
            )
            raise Conflict(text, capture=capture["id"], page=capture["page"])

    def _copy_blobs(self, capture: Capture) -> None:
        for blob in (capture.served, capture.dom, capture.screenshot, capture.facts):
            if not self.approved.has(blob):
                self.approved.put(self.evidence.get(blob), self.evidence.suffix(blob))


class _Used:
    """The accounts of whoever proposed what is approved from `via`. The log takes a while and is only added
    to: it is read before the transaction that approves, and in it only where somebody else proposed since."""

    def __init__(self, via: str) -> None:
        self.via, self.known = via, dict[str, frozenset[str]]()

    async def check(self, db: AsyncConnection, who: str) -> None:
        """Raises Conflict where one of them acts."""
        if who not in self.known:
            self.known[who] = await db.run_sync(partial(accounts_of, who=who))
        check_account(self.via, self.known[who])


def _plain(row: Row[Any]) -> Capture:
    """The capture of a row of `_LIGHT`."""
    return capture_of(light_part(row, captures))


async def _capture(db: AsyncConnection, capture_id: str) -> Columns:
    """A capture with its features. Raises NotFound."""
    return part(await _row(db, select(captures), capture_id), captures)


async def _light_capture(db: AsyncConnection, capture_id: str) -> Capture:
    """A capture without its features. Raises NotFound."""
    return _plain(await _row(db, select(*_LIGHT), capture_id))


async def _row(db: AsyncConnection, query: Select[Any], capture_id: str) -> Row[Any]:
    row: Row[Any] | None = (await db.execute(query.where(captures.c.id == capture_id))).one_or_none()
    if row is None:
        raise NotFound(f"there is no capture {capture_id}")
    return row


def _check_usable(capture: Columns) -> None:
    if capture["expired_at"] is not None or capture["features"] is None:
        text = N_("capture {capture} has expired: its pictures are gone; take a new one")
        raise Conflict(text, capture=capture["id"])


def _withdrawing(page: str, now: datetime) -> Update:
    current = (approvals.c.page == page, approvals.c.withdrawn_at.is_(None))
    return update(approvals).where(*current).values(withdrawn_at=now)


async def _add_approval(
    db: AsyncConnection, capture: Columns, *, by: str, reason: str, also: bool, now: datetime
) -> Approval:
    values: Values = {
        "page": capture["page"],
        "capture": capture["id"],
        "by": by,
        "at": now,
        "reason": reason,
        "also": also,
        "features_version": capture["features_version"],
        "features": capture["features"],
    }
    made = await db.execute(insert(approvals).values(**values).returning(approvals))
    return approval_of(part(made.one(), approvals))


async def _resolve_incident(
    db: AsyncConnection, approved: Capture, *, by: str, reason: str, now: datetime
) -> None:
    """Close the page's incident as legitimate when what it shows is what was approved."""
    unresolved = (incidents.c.page == approved.page, incidents.c.state != State.RESOLVED.value)
    row = (await db.execute(select(incidents).where(*unresolved))).one_or_none()
    if row is None or row.capture is None:
        return
    looks = select(captures.c.dom_hash, captures.c.screen_hash).where(captures.c.id == row.capture)
    shown = (await db.execute(looks)).one_or_none()
    if shown is None or tuple(shown) != (approved.dom_hash, approved.screen_hash):
        return
    closed = rules.resolve(
        incident_of(part(row, incidents)), as_=Resolution.LEGITIMATE, by=by, now=now, matches_baseline=True
    )
    await db.run_sync(save_incident, closed)
    text = f"{Resolution.LEGITIMATE.value}: {reason}"
    event = partial(add_event, by=by, via="baseline", at=now, text=text, capture=approved.id)
    await db.run_sync(event, closed.id, Event.RESOLVED)
