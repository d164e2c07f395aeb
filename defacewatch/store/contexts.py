"""What a check reads before it looks: all that is known of a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, exists, func, select
from sqlalchemy.engine import Connection

from defacewatch.captures import Validators
from defacewatch.errors import NotFound
from defacewatch.masks import Mask
from defacewatch.records import Context
from defacewatch.store.dutyschema import windows
from defacewatch.store.known import Known
from defacewatch.store.masks import in_force, living, mask_of
from defacewatch.store.maskschema import masks
from defacewatch.store.mutes import holds
from defacewatch.store.rows import incident_of, page_of, part, parts, portal_of
from defacewatch.store.schema import checks, incidents, mutes, page_state, pages, portals, profiles
from defacewatch.store.states import UNRESOLVED, streak_of
from defacewatch.store.windows import announced_of, holds_at
from defacewatch.verdicts import VerdictKind
from defacewatch.windows import Window

WAVERS_WITHIN = timedelta(hours=24)

_TABLES = (page_state, pages, portals, incidents)
_PAGE: BindParameter[str] = bindparam("page")
_RESOLVED = select(func.max(incidents.c.id)).where(incidents.c.page == _PAGE, ~UNRESOLVED)
_WAVERS = select(func.count()).where(
    checks.c.page == _PAGE, checks.c.wavered, checks.c.at > bindparam("since")
)
# Everything of which a page has one, in one query, made once: a check is frequent, a query is not free.
_ONE_OF_EACH = (
    select(
        *_TABLES,
        profiles.c.version,
        profiles.c.digest,
        _RESOLVED.scalar_subquery(),
        _WAVERS.scalar_subquery(),
        exists().where(mutes.c.page == _PAGE, holds(bindparam("now"))),
        exists().where(windows.c.portal == portals.c.key, holds_at(bindparam("now"))),
        exists().where(masks.c.page == _PAGE, living(bindparam("now"))),
    )
    .join(pages, page_state.c.page == pages.c.id)
    .join(portals, pages.c.portal == portals.c.key)
    .outerjoin(incidents, and_(incidents.c.page == pages.c.id, UNRESOLVED))
    .outerjoin(profiles, profiles.c.page == pages.c.id)
    .where(page_state.c.page == _PAGE)
)
_WINDOW = (
    select(windows)
    .where(windows.c.portal == bindparam("portal"), holds_at(bindparam("now")))
    .order_by(windows.c.ends.desc())
    .limit(1)
)
_MASKS = (
    select(masks)
    .join(pages, masks.c.page == pages.c.id)
    .join(portals, pages.c.portal == portals.c.key)
    .where(masks.c.page == _PAGE, in_force(bindparam("now")))
    .order_by(masks.c.id)
)
_MUTES = select(mutes.c.identity).where(mutes.c.page == _PAGE, holds(bindparam("now")))


def read_context(db: Connection, page_id: str, *, now: datetime, known: Known) -> Context:
    """The context of a check; the portal comes without its pages. Raises NotFound.

    The version is read first: what moves after it is found out when the check is recorded.
    """
    asked = {"page": page_id, "since": now - WAVERS_WITHIN, "now": now}
    row: Sequence[Any] | None = db.execute(_ONE_OF_EACH, asked).one_or_none()
    if row is None:
        raise NotFound(f"there is no page {page_id}")
    state, page, portal, incident = parts(row, *_TABLES)
    profile_version, digest, previous, wavers, muted, announced, masked = row[-7:]
    baseline, any_approved = known.baseline(db, page_id)
    return Context(
        page_of(page),
        portal_of(portal),
        state["version"],
        baseline=baseline,
        unread=any_approved and baseline is None,
        profile=known.profile(db, page_id, profile_version, digest),
        incident=None if incident["id"] is None else incident_of(incident),
        previous=previous,
        streak=streak_of(state),
        wavers=wavers,
        validators=Validators(state["etag"], state["last_modified"], state["body_hash"]),
        mutes=frozenset(db.scalars(_MUTES, {"page": page_id, "now": now})) if muted else frozenset(),
        masks=_masks(db, asked) if masked else (),
        last=VerdictKind(state["verdict"]) if state["verdict"] else None,
        last_score=state["score"],
        served_hash=state["served_hash"],
        checked_at=state["checked_at"],
        captured_at=state["captured_at"],
        captured_hash=state["captured_hash"],
        kept_at=state["kept_at"],
        certificate_told_at=state["certificate_told_at"],
        window=_window(db, portal["key"], now) if announced else None,
    )


def _masks(db: Connection, asked: Mapping[str, object]) -> tuple[Mask, ...]:
    return tuple(mask_of(part(row, masks)) for row in db.execute(_MASKS, dict(asked)))


def _window(db: Connection, portal: str, now: datetime) -> Window | None:
    """Of several that run, the one that lasts longest."""
    row = db.execute(_WINDOW, {"portal": portal, "now": now}).first()
    return None if row is None else announced_of(part(row, windows)).window
