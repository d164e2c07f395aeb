import asyncio
import json
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from defacewatch.accounts import Role
from defacewatch.alerts import Wanted
from defacewatch.audit import Actor
from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.identities import Identity
from defacewatch.profiles import Profile
from defacewatch.store import Store
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from defacewatch.store.schema import metadata
from tests.conftest import OpenStore
from tests.postgres import Cluster
from tests.store.archives import rewritten, swapped
from tests.store.samples import CHANGED, DEFACED, NOW, Bounds, captured, checked, registered
from tests.store.test_masks import mask

ME = Actor("root (system)", "cli:root")
WHO = Identity("https://sso.example.gov.vn", "8f2c41e0")
Rows = dict[str, list[tuple[Any, ...]]]
Elsewhere = Callable[[str], Awaitable[Store]]


async def rows_of(store: Store) -> Rows:
    """All there is, but for what the audit log says of restoring."""
    async with store.engine.reading() as db:
        rows = {
            table.name: [
                tuple(row) for row in await db.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }
    rows["audit"] = [row for row in rows["audit"] if "backup-restored" not in row]
    rows["meta"] = [row for row in rows["meta"] if row[0] != "audit:head"]
    return rows


async def filled(store: Store) -> str:
    """A store with something in every table that a SOC's day writes to; its page."""
    page = await registered(store)
    capture = await captured(store, page, "a")
    await store.baselines.approve(capture, by="an", reason="đăng ký lần đầu", now=NOW)
    await store.baselines.set_profile(page, Profile(page))
    await checked(store, page, DEFACED, NOW + timedelta(hours=1), "bb")
    alert = await store.alerts.claim(NOW + timedelta(hours=2))
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    await store.masks.add(mask(page, capture=capture), now=NOW, via="console")
    await store.lessons.ask([page], by="an", via="console", samples=3, now=NOW)
    account = await store.accounts.add("root", "Root", Role.ADMIN, password="hash", actor=ME, now=NOW)
    await store.identities.bind(account.id, WHO, actor=ME, now=NOW)
    return page


@pytest.fixture
async def page(store: Store) -> str:
    return await filled(store)


@pytest.fixture(scope="session")
def spare(cluster: Cluster) -> str:
    """Another PostgreSQL database with our tables."""
    url = cluster.url(cluster.database())
    migrate(parse(url))
    return url


@pytest.fixture
async def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Elsewhere]:
    """Opens an empty store of either kind, apart from `store`."""
    async with AsyncExitStack() as stack:

        async def empty(kind: str) -> Store:
            folder = tmp_path / "elsewhere"
            url = f"sqlite+aiosqlite:///{folder}/store.db"
            if kind == "postgresql":
                url = request.getfixturevalue("spare")
            store = await Store.open(url, baselines=folder / "baselines", evidence=folder / "evidence")
            stack.push_async_callback(store.close)
            async with store.engine.writing() as db:
                for table in reversed(metadata.sorted_tables):
                    await db.execute(table.delete())
            return store

        yield empty


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", ["all.tar", "all.tar.gz"])
async def test_a_backup_brings_everything_back_into_either_database(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path, kind: str, name: str
) -> None:
    saved = await store.upkeep.backup(tmp_path / name)
    assert saved.problems == ()
    assert saved.blobs == len(list(store.blobs.all())) + len(list(store.approved.all())) == 12
    assert saved.bytes == (tmp_path / name).stat().st_size
    other = await elsewhere(kind)
    await other.upkeep.restore(tmp_path / name, actor=ME, now=NOW)
    there = await rows_of(other)
    assert there == await rows_of(store)
    assert all(there[table] for table in ("masks", "lessons", "identities"))
    assert saved.rows == sum(map(len, (await rows_of(store)).values())) + 1  # the head of the audit log
    assert set(other.blobs.all()) == set(store.blobs.all())
    assert set(other.approved.all()) == set(store.approved.all())
    assert await other.upkeep.check() == []


async def test_a_restored_store_goes_on_where_it_was(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    other = await elsewhere("sqlite" if store.engine.sqlite else "postgresql")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    await checked(other, page, CHANGED, NOW + timedelta(hours=3), "ccc")
    assert len(await other.checks.history(page)) == 2
    again = await captured(other, page, "dddd", at=NOW + timedelta(hours=4))
    await other.baselines.approve(again, by="binh", reason="new", now=NOW + timedelta(hours=5))
    assert [a.by for a in await other.baselines.history(page)] == ["an", "binh"]
    (kept,) = await other.masks.every(page=page)
    ended = await other.masks.end(kept.id, by="binh", now=NOW + timedelta(hours=5), via="console")
    added = await other.masks.add(mask(page, capture=again), now=NOW + timedelta(hours=6), via="console")
    assert await other.masks.every(page=page) == (added, ended)
    lesson = await other.lessons.claim(NOW + timedelta(hours=6))
    assert lesson is not None
    assert (lesson.page, lesson.by, lesson.samples) == (page, "an", 3)
    bound = await other.identities.account(WHO)
    assert bound is not None
    assert bound.name == "root"


async def test_checks_go_on_during_a_backup_which_keeps_to_one_moment(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    saving = asyncio.create_task(store.upkeep.backup(tmp_path / "all.tar"))
    made = 0
    while not saving.done():
        made += 1
        await checked(store, page, DEFACED, NOW + timedelta(hours=2 + made), "x" * made)
    assert made
    assert (await saving).problems == ()
    other = await elsewhere("sqlite")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert await other.upkeep.check() == []
    captures = {capture.id for capture in await other.baselines.captures(page)}
    history = await other.checks.history(page)
    assert {check.capture for check in history} < captures
    (latest,) = await other.checks.latest()
    assert latest.capture == history[0].capture


async def test_a_backup_that_cannot_be_written_leaves_nothing(
    store: Store, page: str, tmp_path: Path
) -> None:
    with pytest.raises(DefacewatchError, match=r"nowhere/all.tar cannot be written: No such file"):
        await store.upkeep.backup(tmp_path / "nowhere" / "all.tar")
    (tmp_path / "taken").mkdir()
    with pytest.raises(DefacewatchError, match=r"taken cannot be written: Is a directory"):
        await store.upkeep.backup(tmp_path / "taken")
    assert not (tmp_path / "taken.tmp").exists()


async def test_a_damaged_blob_does_not_prevent_a_backup_but_is_told(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    capture = (await store.baselines.captures(page))[0]
    store.blobs.path(capture.screenshot).write_bytes(b"rubbish")
    saved = await store.upkeep.backup(tmp_path / "all.tar")
    assert len(saved.problems) == 1
    assert saved.problems[0].startswith(f"capture {capture.id}: ")
    other = await elsewhere("sqlite")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert await other.upkeep.check() == [
        f"capture {capture.id}: there is no blob {capture.screenshot} in {other.blobs.folder}"
    ]


async def test_a_blob_that_is_damaged_in_one_folder_is_saved_from_the_other(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    (approval,) = await store.baselines.history(page)
    capture = await store.baselines.capture(approval.capture)
    store.blobs.delete(capture.dom)
    store.approved.path(capture.screenshot).write_bytes(b"rubbish")
    assert (await store.upkeep.backup(tmp_path / "all.tar")).problems == ()
    other = await elsewhere("sqlite")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert await other.upkeep.check() == []
    assert other.blobs.has(capture.dom)
    assert other.approved.has(capture.screenshot)


async def test_a_store_in_use_is_replaced_only_by_force(store: Store, page: str, tmp_path: Path) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    before = await rows_of(store)
    await checked(store, page, CHANGED, NOW + timedelta(hours=3), "ccc")
    with pytest.raises(Conflict, match=r"is in use: restore into an empty one, or replace .* with --force"):
        await store.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert await rows_of(store) != before
    await store.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW, force=True)
    assert await rows_of(store) == before


async def test_restoring_is_in_the_log_with_what_was_before_and_ends_all_sessions(
    store: Store, page: str, tmp_path: Path
) -> None:
    account = await store.accounts.add("an", "An", Role.ADMIN, password="hash", actor=ME, now=NOW)
    bounds = Bounds(idle=timedelta(hours=1), longest=timedelta(hours=1))
    value = await store.sessions.begin(
        account, verified="hash", address="192.0.2.1", agent="x", actor=ME, now=NOW
    )
    _, saved = await store.audit.verify()
    await store.upkeep.backup(tmp_path / "all.tar")
    await store.accounts.change(account.id, display="Another", actor=ME, now=NOW)
    _, replaced = await store.audit.verify()
    await store.upkeep.restore(tmp_path / "all.tar", force=True, actor=ME, now=NOW)
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.who, entry.object) == ("backup-restored", ME.who, "backup all.tar")
    assert json.loads(entry.before) == {"number": replaced.number, "digest": replaced.digest}
    after = {"number": saved.number, "digest": saved.digest, "sessions_ended": 1}
    assert json.loads(entry.after) == after
    assert await store.sessions.find(value, **bounds, now=NOW) is None
    assert (await store.audit.verify())[0] is None


async def test_registered_portals_alone_are_no_use(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    other = await elsewhere("sqlite")
    await registered(other, "another")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert [portal.key for portal in await other.portals.all()] == ["hungyen"]


async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    store: Store, page: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    rewritten(tmp_path / "all.tar", swapped("rows/incidents.jsonl", b""))
    other = await elsewhere("sqlite")
    await registered(other, "another")
    before = await rows_of(other)
    with pytest.raises(DefacewatchError, match=r"rows/incidents.jsonl is not as it was saved"):
        await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW, force=True)
    assert await rows_of(other) == before
    assert list(other.blobs.all()) == list(other.approved.all()) == []


async def test_a_backup_of_other_tables_is_refused(store: Store, page: str, tmp_path: Path) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    other = json.dumps(manifest | {"revision": "9999"}).encode()
    rewritten(tmp_path / "all.tar", swapped("manifest.json", other))
    with pytest.raises(DefacewatchError, match="was saved with tables of version 9999, and these"):
        await store.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW, force=True)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lines", [b"{}\n", b"[]\n", b"rubbish\n", b'{"key": "a"}\n'])
async def test_rows_that_do_not_fit_change_nothing(
    store: Store, page: str, tmp_path: Path, lines: bytes
) -> None:
    await store.upkeep.backup(tmp_path / "all.tar")
    rewritten(tmp_path / "all.tar", swapped("rows/meta.jsonl", lines), mend=True)
    before = await rows_of(store)
    with pytest.raises(DefacewatchError, match="holds rows that this version does not know"):
        await store.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW, force=True)
    assert await rows_of(store) == before


async def test_an_empty_store_can_be_saved_and_brought_back(
    open_store: OpenStore, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    store = await open_store()
    saved = await store.upkeep.backup(tmp_path / "all.tar")
    assert saved.blobs == 0
    other = await elsewhere("sqlite")
    await other.upkeep.restore(tmp_path / "all.tar", actor=ME, now=NOW)
    assert await rows_of(other) == await rows_of(store)
