"""Pages that looked as they should, with no incident that goes on: what has to be so still, for what is known
of them to be true."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection

from defacewatch.captures import Validators
from defacewatch.records import Sound
from defacewatch.store.dutyschema import windows
from defacewatch.store.maskschema import masks
from defacewatch.store.schema import incidents, mutes, page_state, pages, portals
from defacewatch.store.states import UNRESOLVED
from defacewatch.verdicts import VerdictKind

_SOUND = (
    select(
        pages.c.id,
        pages.c.portal,
        pages.c.url,
        page_state.c.version,
        page_state.c.etag,
        page_state.c.last_modified,
        page_state.c.body_hash,
        page_state.c.checked_at,
        portals.c.updated_at,
    )
    .join(pages, page_state.c.page == pages.c.id)
    .join(portals, pages.c.portal == portals.c.key)
    .outerjoin(incidents, and_(incidents.c.page == pages.c.id, UNRESOLVED))
    .where(
        pages.c.enabled,
        portals.c.enabled,
        ~portals.c.paused,
        page_state.c.verdict == VerdictKind.CLEAN.value,
        page_state.c.failures == 0,
        or_(incidents.c.id.is_(None), ~incidents.c.present),
    )
)


_ENDS = ((mutes.c.page, mutes.c.ends_at), (masks.c.page, masks.c.expires), (windows.c.portal, windows.c.ends))


def read_sound(db: Connection, now: datetime) -> list[Sound]:
    """Nobody moves the version of a page's state when a time has come: what has ended by now is asked for."""
    ended: dict[str, datetime] = {}  # of a page or a portal
    for of, ends in _ENDS:
        for name, at in db.execute(select(of, func.max(ends)).where(ends <= now).group_by(of)):
            ended[name] = max(at, ended.get(name, at))
    return [
        Sound(
            page,
            url,
            version,
            Validators(etag, modified, body),
            checked_at,
            max(registered_at, ended.get(page, registered_at), ended.get(portal, registered_at)),
        )
        for page, portal, url, version, etag, modified, body, checked_at, registered_at in db.execute(_SOUND)
    ]
