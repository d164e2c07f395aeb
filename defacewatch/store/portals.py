"""Registered portals: provisioned by a file, or imported into the store.

A portal that leaves the file is disabled, never deleted, and so is a page that leaves its portal: their
history stays, and when they return they are enabled again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.audit import PROGRAM, Act, Actor
from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.language import N_
from defacewatch.portals import DRILL, Page, Portal, Source, canonical_url, page_id
from defacewatch.reducing import Reduced, What, reductions
from defacewatch.registering import Move, Planned, differences, digest, mark, planned
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.reduced import tell_reduced
from defacewatch.store.rows import page_of, page_values, part, parts, portal_of, portal_values
from defacewatch.store.schema import page_state, pages, portals
from defacewatch.verdicts import Streak

_REGISTERING = 2  # the number of our advisory lock
STALE = N_("What is registered has changed since you looked. Look again.")
PROVISIONED = N_("This portal is provisioned by a file: change it there.")


@dataclass(frozen=True)
class Applied:
    """What provisioning did, by portal key."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What an import did, by portal key; `same` were registered already, exactly so."""

    added: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registered:
    """A portal with what the store knows of its registration; who paused or resumed it last, and why."""

    portal: Portal
    created_at: datetime
    updated_at: datetime
    paused_by: str | None
    paused_at: datetime | None
    paused_reason: str | None


class Portals:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def apply(self, wanted: Sequence[Portal], *, now: datetime) -> Applied:
        """Make the provisioned portals those of the file. All or nothing.

        Raises Conflict, naming it, when the store owns a portal of the same key that is not the same.
        """
        wanted = _normal_each(wanted, Source.FILE)
        async with self.engine.reading() as db:
            applied = _provisioning(await db.run_sync(_all), wanted)
        if applied == Applied():
            return applied
        async with self.engine.writing() as db:
            await self.engine.exclusive(db, _REGISTERING)
            known = await db.run_sync(_all)
            applied = _provisioning(known, wanted)
            moved = frozenset(applied.added + applied.changed)
            for portal in wanted:
                if portal.key in moved:
                    await _register(db, portal, known=portal.key in known, now=now)
            for key in applied.disabled:
                gone = update(portals).where(portals.c.key == key)
                await db.execute(gone.values(enabled=False, updated_at=now))
            seals, actor, after = self.engine.audit_key, Actor(PROGRAM, "config"), asdict(applied)
            await db.run_sync(note, seals, actor, Act.CONFIGURED, at=now, of="portals", after=after)
        return applied

    async def drill_page(self, key: str, *, now: datetime) -> Page:
        """The page on which attacks of a portal are rehearsed, made where there is none: nothing else looks
        at it. Raises NotFound."""
        async with self.engine.writing() as db:
            await self.engine.exclusive(db, _REGISTERING)
            portal = (await db.run_sync(_all)).get(key)
            if portal is None or not portal.pages:
                raise NotFound(f"there is no portal {key} with a page")
            page = Page(key + DRILL, key, portal.pages[0].url)
            known = await db.scalar(select(pages.c.id).where(pages.c.id == page.id))
            if known is None:
                await db.execute(insert(pages).values(page_values(page, -1) | {"enabled": False}))
                await db.execute(insert(page_state).values({"page": page.id} | _fresh_state()))
            return page

    async def preview(
        self, wanted: Sequence[Portal], said: Collection[str] | None = None
    ) -> tuple[Planned, ...]:
        """What `import_` would do with each of `wanted`. Raises UsageError where one is named twice."""
        wanted = _normal_each(wanted, Source.STORE)
        return planned(await self.engine.read(_all), wanted, said)

    async def import_(
        self,
        wanted: Sequence[Portal],
        *,
        now: datetime,
        by: str = "",
        via: str = "import",
        said: Collection[str] | None = None,
        change: bool = False,
        seen: str = "",
    ) -> Imported:
        """Register portals that the store owns from now on. All or nothing.

        One that is registered exactly so is left as it is; of one that is, `said` are the fields that are
        looked at (None: all). Raises Conflict for one that differs (with `change`: only where a file
        provisions it), and where it would do something else than what was `seen` (`registering.digest`).
        """
        wanted = _normal_each(wanted, Source.STORE)
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, _REGISTERING)
            known = await db.run_sync(_all)
            steps = planned(known, wanted, said)
            if seen and seen != digest(steps):
                raise Conflict(STALE)
            imported = _imported(steps, change=change)
            moved = [step for step in steps if step.move in (Move.ADDED, Move.CHANGED)]
            for step in moved:
                await _register(db, step.portal, known=step.portal.key in known, now=now)
            if moved:
                key, after = self.engine.audit_key, _told(imported, moved)
                actor, act = Actor(by or PROGRAM, via), Act.PORTALS_IMPORTED
                await db.run_sync(note, key, actor, act, at=now, of="portals", after=after)
                lost = [loss for s in moved if s.before for loss in reductions(s.before, s.portal)]
                await db.run_sync(tell_reduced, lost, actor, at=now)
        return imported

    async def change(self, portal: Portal, *, seen: str, by: str, now: datetime, via: str) -> Portal:
        """Register a portal of the store anew, of which `seen` is the `mark` that the changes were made
        to. Raises NotFound, and Conflict where a file provisions it or somebody was faster."""
        portal = normal(portal, Source.STORE)
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, _REGISTERING)
            old = await _one(db, portal.key)
            if old.source is not Source.STORE:
                raise Conflict(PROVISIONED)
            if mark(old) != seen:
                raise Conflict(STALE)
            if moved := differences(old, portal):
                await _register(db, portal, known=True, now=now)
                before = {name: values[0] for name, values in moved.items()}
                after = {name: values[1] for name, values in moved.items()}
                key, of = self.engine.audit_key, f"portal {portal.key}"
                facts, actor = {"before": before, "after": after}, Actor(by, via)
                await db.run_sync(note, key, actor, Act.PORTAL_CHANGED, at=now, of=of, **facts)
                await db.run_sync(tell_reduced, reductions(old, portal), actor, at=now)
            return await _one(db, portal.key)

    async def registered(self, key: str) -> Registered:
        """A portal, disabled ones included, with its registration. Raises NotFound."""
        async with self.engine.reading() as db:
            portal = await _one(db, key)
            row = part((await db.execute(select(portals).where(portals.c.key == key))).one(), portals)
        names = ("created_at", "updated_at", "paused_by", "paused_at", "paused_reason")
        return Registered(portal, *(row[name] for name in names))

    async def names(self, keys: Collection[str]) -> dict[str, str]:
        """The names of these portals, disabled ones included, by key."""
        if not keys:
            return {}
        query = select(portals.c.key, portals.c.name).where(portals.c.key.in_(keys))
        found = await self.engine.read(lambda db: db.execute(query).all())
        return dict(found)

    async def all(self, *, disabled: bool = False) -> list[Portal]:
        """The enabled portals, paused ones included, by key; with `disabled` the disabled ones too."""
        known = await self.engine.read(_all)
        return [portal for portal in known.values() if disabled or portal.enabled]

    async def some(self, limit: int, *, after: str | None = None, disabled: bool = False) -> list[Portal]:
        """At most `limit` of the portals, by key, those that come `after` one; with `disabled` the disabled
        ones too."""
        query = select(portals).order_by(portals.c.key).limit(limit)
        if after is not None:
            query = query.where(portals.c.key > after)
        if not disabled:
            query = query.where(portals.c.enabled)
        return await self.engine.read(lambda db: _some(db, query))

    async def get(self, key: str) -> Portal:
        """A portal, disabled ones included. Raises NotFound."""
        async with self.engine.reading() as db:
            return await _one(db, key)

    async def page(self, page: str) -> tuple[Portal, Page]:
        """A page and its portal, disabled ones included. Raises NotFound."""
        async with self.engine.reading() as db:
            return await page_with_portal(db, page)

    async def find(self, words: Sequence[str]) -> list[tuple[Portal, Page]]:
        """The enabled pages that `words` name, in order and once each: a portal's key, a page's id or its
        URL. Without words all of them. Raises NotFound naming the words that mean nothing."""
        known = await self.all()
        every = [(portal, page) for portal in known for page in portal.pages]
        if not words:
            return every
        found: dict[str, tuple[Portal, Page]] = {}
        unknown = []
        for word in words:
            names = {word, _as_url(word)}
            matching = [pair for pair in every if names & {pair[0].key, pair[1].id, pair[1].url}]
            if not matching:
                unknown.append(word)
            found |= {page.id: (portal, page) for portal, page in matching}
        if unknown:
            raise NotFound(f"no portal, page or URL is registered as {', '.join(unknown)}")
        return list(found.values())

    async def pause(self, key: str, *, by: str, now: datetime, via: str = "", reason: str = "") -> Portal:
        """Stop watching a portal until it is resumed; others are told. Raises NotFound."""
        how = {"paused": True, "paused_by": by, "paused_at": now, "paused_reason": reason or None}
        return await self._set_paused(key, Act.PORTAL_PAUSED, Actor(by, via), now, how)

    async def resume(self, key: str, *, by: str, now: datetime, via: str = "") -> Portal:
        """Watch a paused portal again. Raises NotFound."""
        how = {"paused": False, "paused_by": by, "paused_at": now, "paused_reason": None}
        return await self._set_paused(key, Act.PORTAL_RESUMED, Actor(by, via), now, how)

    async def _set_paused(
        self, key: str, act: Act, actor: Actor, now: datetime, values: Mapping[str, object]
    ) -> Portal:
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, _REGISTERING)
            before = await _one(db, key)
            await db.execute(update(portals).where(portals.c.key == key).values(**values))
            portal = await _one(db, key)
            of, reason = f"portal {key}", values["paused_reason"]
            after = None if reason is None else {"reason": reason}
            await db.run_sync(note, self.engine.audit_key, actor, act, at=now, of=of, after=after)
            if portal.paused and not before.paused:
                lost = [Reduced(What.PAUSED, portal.name, str(reason or ""))]
                await db.run_sync(tell_reduced, lost, actor, at=now)
            return portal


def normal(portal: Portal, source: Source) -> Portal:
    """`portal` as the store keeps it: canonical URLs, stable page ids, each page once."""
    kept: dict[str, Page] = {}
    for page in portal.pages:
        url = canonical_url(page.url)
        name = page_id(portal.key, url)
        kept.setdefault(name, replace(page, id=name, portal=portal.key, url=url))
    return replace(portal, pages=tuple(kept.values()), source=source, enabled=True)


def _normal_each(wanted: Iterable[Portal], source: Source) -> list[Portal]:
    each = [normal(portal, source) for portal in wanted]
    twice = sorted(key for key, times in Counter(portal.key for portal in each).items() if times > 1)
    if twice:
        raise UsageError(f"portals named more than once: {', '.join(twice)}")
    return each


async def page_with_portal(db: AsyncConnection, page: str) -> tuple[Portal, Page]:
    """A page and its portal, for other parts of the store. Raises NotFound."""
    row = (await db.execute(select(pages).where(pages.c.id == page))).one_or_none()
    if row is None:
        raise NotFound(f"there is no page {page}")
    found = page_of(part(row, pages))
    return await _one(db, found.portal), found


def _as_url(word: str) -> str:
    try:
        return canonical_url(word)
    except UsageError:
        return word


def _provisioning(known: Mapping[str, Portal], wanted: Iterable[Portal]) -> Applied:
    """What has to be done so that the provisioned portals are `wanted`."""
    added, changed, kept, conflicts = [], [], set(), []
    for portal in wanted:
        kept.add(portal.key)
        old = known.get(portal.key)
        if old is None:
            added.append(portal.key)
        elif old.source is Source.STORE:
            if old != portal:
                conflicts.append(portal.key)
        elif old != portal or not old.enabled:
            changed.append(portal.key)
    if conflicts:
        raise Conflict(
            f"the store has other portals of the same key as portals.yaml ({', '.join(conflicts)}):"
            " give them another key in the file, or make both the same"
        )
    disabled = [
        old.key for old in known.values() if old.source is Source.FILE and old.enabled and old.key not in kept
    ]
    return Applied(tuple(added), tuple(changed), tuple(disabled))


def _imported(steps: Iterable[Planned], *, change: bool) -> Imported:
    by_move: dict[Move, list[str]] = defaultdict(list)
    for step in steps:
        by_move[step.move].append(step.portal.key)
    conflicts = by_move[Move.REFUSED] + ([] if change else by_move[Move.CHANGED])
    if conflicts:
        raise Conflict(
            f"already registered and different: {', '.join(sorted(conflicts))}; nothing was imported"
            " (give them another key, or change the file that provisions them)"
        )
    return Imported(*(tuple(by_move[move]) for move in (Move.ADDED, Move.SAME, Move.CHANGED)))


def _told(imported: Imported, moved: Iterable[Planned]) -> dict[str, object]:
    """What the audit log says of an import."""
    changed = {
        step.portal.key: differences(step.before, step.portal)
        for step in moved
        if step.move is Move.CHANGED and step.before is not None
    }
    return {"added": imported.added} | ({"changed": changed} if changed else {})


def _some(db: Connection, query: Select[Any]) -> list[Portal]:
    rows = [part(row, portals) for row in db.execute(query)]
    theirs: dict[str, list[Page]] = defaultdict(list)
    of_them = select(pages).where(pages.c.enabled, pages.c.portal.in_([row["key"] for row in rows]))
    for row in db.execute(of_them.order_by(pages.c.position)):
        page = page_of(part(row, pages))
        theirs[page.portal].append(page)
    return [portal_of(row, theirs[row["key"]]) for row in rows]


def _all(db: Connection) -> dict[str, Portal]:
    """All portals by key, each with its enabled pages."""
    theirs: dict[str, list[Page]] = defaultdict(list)
    enabled = select(pages).where(pages.c.enabled).order_by(pages.c.portal, pages.c.position)
    for row in db.execute(enabled):
        (columns,) = parts(row, pages)
        page = page_of(columns)
        theirs[page.portal].append(page)
    known: dict[str, Portal] = {}
    for row in db.execute(select(portals).order_by(portals.c.key)):
        (columns,) = parts(row, portals)
        known[columns["key"]] = portal_of(columns, theirs[columns["key"]])
    return known


async def _one(db: AsyncConnection, key: str) -> Portal:
    row = (await db.execute(select(portals).where(portals.c.key == key))).one_or_none()
    if row is None:
        raise NotFound(f"there is no portal {key}")
    enabled = select(pages).where(pages.c.portal == key, pages.c.enabled).order_by(pages.c.position)
    return portal_of(part(row, portals), [page_of(part(p, pages)) for p in await db.execute(enabled)])


async def _register(db: AsyncConnection, portal: Portal, *, known: bool, now: datetime) -> None:
    values = portal_values(portal) | {
        "source": portal.source.value,
        "enabled": True,
        "updated_at": now,
    }
    if known:
        await db.execute(update(portals).where(portals.c.key == portal.key).values(**values))
    else:
        await db.execute(insert(portals).values(**values, paused=portal.paused, created_at=now))
    await db.execute(update(pages).where(pages.c.portal == portal.key).values(enabled=False))
    there = set(await db.scalars(select(pages.c.id).where(pages.c.portal == portal.key)))
    values_of = {page.id: page_values(page, position) for position, page in enumerate(portal.pages)}
    for name in values_of.keys() & there:
        await db.execute(update(pages).where(pages.c.id == name).values(**values_of[name]))
    if fresh := [name for name in values_of if name not in there]:
        await db.execute(insert(pages), [values_of[name] for name in fresh])
        await db.execute(insert(page_state), [{"page": name} | _fresh_state() for name in fresh])


def _fresh_state() -> dict[str, object]:
    streak = Streak()
    return {"version": 0, "score": 0.0, "failures": streak.failures, "failure_tier": streak.tier.value}
