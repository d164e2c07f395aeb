"""The audit log in the store, against whoever may write to the database: nothing stops an act."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update

from defacewatch.accounts import Role
from defacewatch.audit import Act, Actor, audit_key
from defacewatch.errors import Conflict
from defacewatch.store import Store
from defacewatch.store.accountschema import accounts, audit
from defacewatch.store.schema import meta
from defacewatch.store.witness import kept_outside
from tests.conftest import OpenStore
from tests.store.samples import NOW

ME = Actor("root (system)", "cli")
FORGED = {"number": 3, "digest": "0" * 64, "seal": "0" * 64}
HEAD = meta.c.key == "audit:head"


async def filled(store: Store, count: int = 5) -> None:
    for number in range(count):
        await store.accounts.add(f"user{number}", "U", Role.VIEWER, actor=ME, now=NOW)


async def done(store: Store, *statements: object) -> None:
    async with store.engine.writing() as db:
        for statement in statements:
            await db.execute(statement)  # type: ignore[call-overload]


async def act(store: Store) -> None:
    await store.audit.note(ME, Act.SIGN_IN_FAILED, at=NOW, of="account an")


async def wrong(store: Store, last: int | None = None) -> tuple[int, str] | None:
    broken, _ = await store.audit.verify(last)
    return None if broken is None else (broken.number, broken.why)


async def acts(store: Store) -> list[str]:
    return [entry.act for entry in reversed(await store.audit.list())]


async def test_the_last_entries_cannot_be_taken_away_by_a_junk_head_and_the_next_act(store: Store) -> None:
    await filled(store)
    await done(store, delete(audit).where(audit.c.number > 3), update(meta).where(HEAD).values(value="{}"))
    await act(store)
    assert (await acts(store))[3:] == ["log-broken", "sign-in-failed"]
    (entry,) = [e for e in await store.audit.list() if e.act == "log-broken"]
    assert json.loads(entry.after)["found"] == "a head that was not sealed with this secret key"
    for _ in range(3):
        await act(store)
    assert await wrong(store) == (4, "says that the log was found broken")
    assert await wrong(store, 2) == (4, "says that the log was found broken")  # also from before the tail
    assert (await acts(store)).count("log-broken") == 1


async def test_entries_that_are_gone_while_the_head_stays_are_told_with_the_next_act(store: Store) -> None:
    await filled(store)
    await done(store, delete(audit).where(audit.c.number > 3))
    await act(store)
    assert (await acts(store))[3:] == ["log-broken", "sign-in-failed"]
    assert await wrong(store) == (4, "is missing")


async def test_a_log_that_was_wiped_with_its_head_is_broken(store: Store, open_store: OpenStore) -> None:
    assert await wrong(store) is None  # nothing was done yet
    await filled(store)
    await done(store, delete(audit), delete(meta).where(HEAD))
    assert await wrong(store) == (0, "has no head after it")
    again = await open_store()  # a start does not mend it
    assert await wrong(again) == (0, "has no head after it")
    await act(again)
    assert await acts(again) == ["log-broken", "sign-in-failed"]
    assert await wrong(again) == (1, "says that the log was found broken")


async def test_a_log_without_its_head_is_broken_though_nobody_has_an_account(store: Store) -> None:
    await done(store, delete(meta).where(HEAD))
    assert await wrong(store) == (0, "has no head after it")


@pytest.mark.parametrize("far", [1, 2, 2**40, 2**62, 2**63 - 1])
@pytest.mark.parametrize("head", [None, "junk"])
async def test_a_row_in_the_way_of_the_next_entry_stops_no_act(
    store: Store, far: int, head: str | None
) -> None:
    await filled(store, 2)
    row = dict.fromkeys(
        ("who", "source", "act", "object", "before", "after", "previous", "digest", "seal"), "x"
    )
    number = 2 + far if far < 3 else far
    await done(store, insert(audit).values(number=number, at=NOW, **row))
    if head is not None:
        await done(store, update(meta).where(HEAD).values(value=head))
    for _ in range(3):
        await act(store)
    assert await wrong(store) is not None
    assert (await acts(store)).count("sign-in-failed") == 3
    assert (await acts(store)).count("log-broken") <= 1


@pytest.mark.parametrize(
    "head",
    [
        "", "null", "[]", "9", "{", "[" * 20000, '{"number":"x","digest":"","seal":""}', '{"number":1}',
        '{"number":1.5,"digest":"a","seal":"b"}', '{"number":true,"digest":"a","seal":"b"}',
        '{"number":1,"digest":1,"seal":"b"}', '{"number":1,"digest":"a","seal":"é"}',
        '{"number":1,"digest":"\\ud800","seal":"\\ud800"}',
        '{"number":%s,"digest":"a","seal":"b"}' % ("9" * 5000),
        '{"number":%s,"digest":"a","seal":"b"}' % ("9" * 30), '{"number":-1,"digest":"a","seal":"b"}',
        '{"number":1,"digest":"a","seal":"b","more":1}', json.dumps(FORGED),
    ],
)  # fmt: skip
async def test_no_head_that_somebody_wrote_stops_an_act_or_the_checker(store: Store, head: str) -> None:
    await filled(store, 2)
    await done(store, update(meta).where(HEAD).values(value=head))
    assert await wrong(store) is not None
    await act(store)
    assert (await acts(store))[2:] == ["log-broken", "sign-in-failed"]
    assert await wrong(store) == (3, "says that the log was found broken")


@pytest.mark.parametrize(
    "column", ["who", "source", "object", "before", "after", "previous", "digest", "seal"]
)
@pytest.mark.parametrize("value", ["é", "{", "[" * 20000, '"\\ud800"'])
async def test_no_value_that_somebody_wrote_stops_the_checker_or_the_list(
    store: Store, column: str, value: str
) -> None:
    await filled(store, 2)
    await done(store, update(audit).where(audit.c.number == 2).values({column: value}))
    assert (await wrong(store) or (0, ""))[0] == 2
    await act(store)
    assert len(await store.audit.list()) >= 3


async def test_a_moment_that_is_none_is_an_entry_that_was_changed(store: Store) -> None:
    await filled(store, 2)
    moment = "rubbish" if store.engine.sqlite else "infinity"
    await done(store, text(f"UPDATE audit SET at = '{moment}' WHERE number = 2"))
    assert await wrong(store) == (2, "was changed")
    assert len(await store.audit.list()) == 2


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["x'ff'", "CAST(x'ff' AS TEXT)", "7"])
async def test_what_is_no_text_in_an_sqlite_file_stops_nothing(store: Store, value: str) -> None:
    await filled(store, 2)
    columns = ("who", "before", "digest", "seal", "at")
    await done(store, *(text(f"UPDATE audit SET {column} = {value} WHERE number = 2") for column in columns))
    await done(store, text(f"UPDATE meta SET value = {value} WHERE key = 'audit:head'"))
    assert await wrong(store) is not None
    await act(store)
    assert (await acts(store))[2:] == ["log-broken", "sign-in-failed"]


async def test_facts_hold_nothing_that_cannot_be_written_out(store: Store) -> None:
    facts = {"text": "a\ud800\0b", "list": ["\udfff", {"\ud800": ("\ud800",)}]}
    await store.audit.note(ME, Act.COMMENTED, at=NOW, before=facts, after=facts)
    (entry,) = await store.audit.list()
    assert json.loads(entry.after) == {"text": "a?�b", "list": ["?", {"?": ["?"]}]}
    json.dumps(json.loads(entry.before), ensure_ascii=False).encode()


async def test_a_tail_is_verified_alone(store: Store) -> None:
    await filled(store, 8)
    assert await wrong(store, 3) is None
    await done(store, update(audit).where(audit.c.number == 2).values(who="x"))
    assert await wrong(store, 3) is None
    assert await wrong(store) == (2, "was changed")
    await done(store, update(audit).where(audit.c.number == 7).values(who="x"))
    assert await wrong(store, 3) == (7, "was changed")
    await done(store, delete(audit).where(audit.c.number == 5))
    assert (await wrong(store, 3) or (0, ""))[0] == 6


async def test_acts_go_on_while_the_log_is_verified(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(store, 3)
    entries, loop = store.audit._entries, asyncio.get_running_loop()

    def acting(*given: object) -> object:
        asyncio.run_coroutine_threadsafe(act(store), loop).result(20)  # while the transaction is open
        return entries(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store.audit, "_entries", acting)
    broken, head = await store.audit.verify()
    assert (broken, head.number) == (None, 3)  # one moment
    assert len(await store.audit.list()) == 4


async def test_an_older_log_put_back_whole_is_found_by_what_is_kept_outside(
    store: Store, tmp_path: Path
) -> None:
    outside = tmp_path / "audit.head"
    store.audit.outside = outside
    await filled(store, 3)
    async with store.engine.reading() as db:
        older = await db.scalar(select(meta.c.value).where(HEAD))
    await act(store)
    assert await store.audit.witness() is None
    assert (outside.stat().st_mode & 0o777, outside.read_text()[:2]) == (0o600, "4:")
    assert list(tmp_path.glob("audit.head.*")) == []
    back = delete(audit).where(audit.c.number > 3), update(meta).where(HEAD).values(value=older)
    await done(store, *back)
    missing = (4, "is missing, and is the one that is kept beside the secret key")
    assert await wrong(store) == missing
    assert await store.audit.witness() is not None
    assert outside.read_text()[:2] == "4:"  # it is not made to fit
    await store.audit.note(ME, Act.SIGNED_OUT, at=NOW)
    assert await wrong(store) == (4, "is not the one that is kept beside the secret key")
    outside.write_text("rubbish")
    assert (await wrong(store) or (1, ""))[0] == 0
    outside.unlink()
    assert await wrong(store) is None  # who has both is not seen: docs/decisions/0022


async def test_a_log_that_was_wiped_with_all_accounts_is_found_by_what_is_kept_outside(
    store: Store, open_store: OpenStore, tmp_path: Path
) -> None:
    store.audit.outside = tmp_path / "audit.head"
    await filled(store, 2)
    await store.audit.witness()
    await done(store, delete(audit), delete(meta).where(HEAD), delete(accounts))
    again = await open_store()
    again.audit.outside = store.audit.outside
    assert await wrong(again) == (2, "is missing, and is the one that is kept beside the secret key")


async def test_what_is_kept_outside_holds_up_nothing_where_it_cannot_be_written(
    store: Store, tmp_path: Path
) -> None:
    store.audit.outside = tmp_path / "nowhere" / "audit.head"
    await filled(store, 2)
    assert await store.audit.witness() is None
    noted = kept_outside(store.audit.outside)
    assert noted is not None
    assert noted.number == 0


async def test_another_key_is_told_from_a_head_that_somebody_wrote(store: Store) -> None:
    await filled(store, 2)
    await store.audit.refuse_another_key()
    own, store.engine.audit_key = store.engine.audit_key, audit_key(b"another")
    with pytest.raises(Conflict, match="DEFACEWATCH_SECRET_KEY"):
        await store.audit.refuse_another_key()
    store.engine.audit_key = own
    await done(store, update(meta).where(HEAD).values(value="{}"))
    await store.audit.refuse_another_key()
