"""That the audit log was changed past the program is told, once, to those who have to know."""

from sqlalchemy import update

from defacewatch import metrics
from defacewatch.alerts import AlertKind
from defacewatch.audit import Act, Actor
from defacewatch.auditwatch import AuditWatch
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.store import Store
from defacewatch.store.accountschema import audit
from defacewatch.telling import first_wanted
from tests.conftest import Clock

ME = Actor("test", "test")
ROSTER = Roster(
    (
        Officer("an", "An", email="an@example.gov.vn"),
        Officer("lan", "Lan", Duty.LEADERSHIP, email="lan@example.gov.vn"),
        Officer("root", "Root", Duty.ADMIN, email="root@example.gov.vn"),
    )
)


def gauge(name: str) -> float | None:
    (sample,) = next(iter(getattr(metrics, name).collect())).samples
    return float(sample.value)


async def spoiled(store: Store, number: int) -> None:
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == number).values(digest="0" * 64))


async def test_a_whole_log_is_no_news(store: Store, clock: Clock) -> None:
    await store.audit.note(ME, Act.SIGNED_IN, at=clock())
    assert not await AuditWatch(store, lambda: ROSTER, clock).watch()
    assert (gauge("AUDIT_BROKEN"), gauge("AUDIT_FINDINGS")) == (0, 0)


async def test_a_log_that_somebody_has_changed_is_told_once_also_over_a_restart(
    store: Store, clock: Clock
) -> None:
    await store.audit.note(ME, Act.SIGNED_IN, at=clock())
    await spoiled(store, 1)
    assert await AuditWatch(store, lambda: ROSTER, clock).watch()
    assert gauge("AUDIT_BROKEN") == 1
    assert not await AuditWatch(store, lambda: ROSTER, clock).watch()
    told = await store.alerts.last((AlertKind.AUDIT_BROKEN,))
    assert told is not None
    assert (told.facts["entry"], told.facts["to"]) == (1, ["root", "lan"])
    wanted = first_wanted(told, ROSTER, ["email"], clock())
    assert [each.officer for each in wanted] == ["root", "lan"]


async def test_what_was_found_when_something_was_added_is_told_although_the_end_is_whole_again(
    store: Store, clock: Clock
) -> None:
    await store.audit.note(ME, Act.SIGNED_IN, at=clock())
    await spoiled(store, 1)
    await store.audit.note(ME, Act.SIGNED_IN, at=clock())
    watching = AuditWatch(store, Roster, clock)
    assert await watching.watch()
    assert (gauge("AUDIT_BROKEN"), gauge("AUDIT_FINDINGS")) == (0, 1)
    told = await store.alerts.last((AlertKind.AUDIT_BROKEN,))
    assert told is not None
    assert "to" not in told.facts, "nobody administers: it falls to those on duty"
    assert not await watching.watch()
    await spoiled(store, 3)
    await store.audit.note(ME, Act.SIGNED_IN, at=clock())
    assert await watching.watch()
    assert gauge("AUDIT_FINDINGS") == 2
