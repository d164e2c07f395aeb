"""What pages are made of, as their last captures found it: a cheap round asks whether any of it changed."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from defacewatch.captures import Material
from defacewatch.store.rows import materials_of, packed_materials
from defacewatch.store.schema import materials

Materials = tuple[Material, ...]


def save_materials(db: Connection, page: str, found: Materials, *, at: datetime) -> None:
    """Write what a page is made of; the caller has touched the page's state, so nobody else does at once."""
    values = {"at": at, "data": packed_materials(found)}
    saved = db.execute(update(materials).where(materials.c.page == page).values(**values))
    if saved.rowcount == 0:
        db.execute(insert(materials).values(page=page, **values))


def read_materials(db: Connection, page: str) -> Materials:
    data = db.scalar(select(materials.c.data).where(materials.c.page == page))
    return () if data is None else materials_of(data)
