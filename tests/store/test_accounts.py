"""Accounts, sessions and tokens in the store, and what the audit log has of them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from defacewatch.accounts import Account, Role, Scope
from defacewatch.audit import Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from defacewatch.store.accountschema import accounts, api_tokens, audit, sessions
from tests.conftest import OpenStore
from tests.store.samples import NOW, Bounds
from tests.web.seeds import attacked

ME = Actor("root (system)", "cli")
HOUR = timedelta(hours=1)
BOUNDS = Bounds(idle=HOUR, longest=12 * HOUR)


async def added(store: Store, name: str = "an", role: Role = Role.ADMIN) -> Account:
    return await store.accounts.add(name, name.title(), role, password="hash", actor=ME, now=NOW)


async def acts(store: Store) -> list[tuple[str, str]]:
    """What the log says, oldest first."""
    return [(entry.act, entry.object) for entry in reversed(await store.audit.list())]


async def test_an_account_reads_back_and_its_name_is_taken(store: Store) -> None:
    account = await added(store)
    assert await store.accounts.named("an") == account
    assert await store.accounts.every() == [account]
    with pytest.raises(Conflict, match="taken"):
        await added(store)
    with pytest.raises(NotFound):
        await store.accounts.named("nobody")
    assert await acts(store) == [("account-added", "account an")]


async def test_of_those_who_would_be_first_at_once_one_is(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    tries = [
        one.accounts.add(f"a{n}", "A", Role.ADMIN, actor=ME, now=NOW, first=True)
        for n, one in enumerate((store, other, store, other))
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Account) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3


async def test_the_last_administrator_can_neither_be_disabled_nor_lose_the_role(store: Store) -> None:
    account = await added(store)
    for values in ({"disabled": True}, {"role": Role.VIEWER.value}):
        with pytest.raises(Conflict, match="last administrator"):
            await store.accounts.change(account.id, actor=ME, now=NOW, **values)
    other = await added(store, "binh")
    assert (await store.accounts.change(account.id, actor=ME, now=NOW, disabled=True)).disabled
    with pytest.raises(Conflict):
        await store.accounts.change(other.id, actor=ME, now=NOW, role="officer")
    (last,) = await store.audit.list(limit=1)
    assert last.act == "account-disabled"
    assert '"disabled":false' in last.before
    assert '"disabled":true' in last.after


async def test_a_session_ends_unused_after_its_time_by_hand_and_with_its_account(store: Store) -> None:
    account = await added(store)
    await added(store, "binh")

    async def begun() -> str:
        return await store.sessions.begin(
            account, verified="hash", address="192.0.2.1", agent="x", actor=ME, now=NOW
        )

    value = await begun()
    found = await store.sessions.find(value, **BOUNDS, now=NOW + HOUR / 2)
    assert found is not None
    assert found[1].name == "an"
    assert await store.sessions.find(value, **BOUNDS, now=NOW + HOUR * 1.4) is not None  # it was used
    assert await store.sessions.find(value, **BOUNDS, now=NOW + HOUR * 2.5) is None
    for hour in range(12):
        await store.sessions.find(value, **BOUNDS, now=NOW + hour * HOUR * 0.9)
    assert await store.sessions.find(value, **BOUNDS, now=NOW + 12 * HOUR) is None
    other = await begun()
    await store.sessions.end(account, actor=ME, now=NOW)
    assert await store.sessions.find(other, **BOUNDS, now=NOW) is None
    third = await begun()
    await store.accounts.change(account.id, actor=ME, now=NOW, disabled=True)
    assert await store.sessions.find(third, **BOUNDS, now=NOW) is None


async def test_a_new_sign_in_ends_the_session_that_the_browser_had(store: Store) -> None:
    account = await added(store)
    first = await store.sessions.begin(account, verified="hash", address="", agent="", actor=ME, now=NOW)
    second = await store.sessions.begin(
        account, verified="hash", address="", agent="", actor=ME, now=NOW, instead_of=first
    )
    assert first != second
    assert await store.sessions.find(first, **BOUNDS, now=NOW) is None
    assert len(await store.sessions.running(account.id, **BOUNDS, now=NOW)) == 1


async def test_nobody_ends_a_session_or_token_of_somebody_else(store: Store) -> None:
    an, binh = await added(store), await added(store, "binh")
    await store.sessions.begin(an, verified="hash", address="", agent="", actor=ME, now=NOW)
    (session,) = await store.sessions.running(an.id, **BOUNDS, now=NOW)
    with pytest.raises(NotFound):
        await store.sessions.end(binh, session=session.id, actor=ME, now=NOW)
    await store.api_tokens.make(an, "x", Scope.READ, expires=NOW + HOUR, actor=ME, now=NOW)
    (token,) = await store.api_tokens.of(an.id)
    with pytest.raises(NotFound):
        await store.api_tokens.revoke(binh, token.id, actor=ME, now=NOW)


async def test_of_sessions_and_tokens_the_store_has_hashes_alone(store: Store) -> None:
    account = await added(store)
    session = await store.sessions.begin(account, verified="hash", address="", agent="", actor=ME, now=NOW)
    token = await store.api_tokens.make(account, "x", Scope.ACT, expires=NOW + HOUR, actor=ME, now=NOW)
    async with store.engine.reading() as db:
        rows = [*(await db.execute(select(sessions))), *(await db.execute(select(api_tokens)))]
        log = [*(await db.execute(select(audit)))]
    assert session not in repr(rows + log)
    assert token not in repr(rows + log)


async def test_a_token_works_until_it_expires_is_revoked_or_its_owner_disabled(store: Store) -> None:
    account = await added(store)
    await added(store, "binh")

    async def made() -> str:
        return await store.api_tokens.make(account, "x", Scope.ACT, expires=NOW + HOUR, actor=ME, now=NOW)

    value = await made()
    found = await store.api_tokens.find(value, NOW + HOUR / 2)
    assert found is not None
    assert (found[0].scope, found[1].name) == (Scope.ACT, "an")
    assert await store.api_tokens.find(value, NOW + HOUR) is None
    assert await store.api_tokens.find("dw_wrong", NOW) is None
    (token,) = await store.api_tokens.of(account.id)
    assert token.used_at == NOW + HOUR / 2
    await store.api_tokens.revoke(account, token.id, actor=ME, now=NOW)
    assert await store.api_tokens.find(value, NOW) is None
    other = await made()
    await store.accounts.change(account.id, actor=ME, now=NOW, disabled=True)
    assert await store.api_tokens.find(other, NOW) is None


async def test_a_new_password_ends_all_sessions_and_a_link_sets_one_once(store: Store) -> None:
    account = await added(store)
    session = await store.sessions.begin(account, verified="hash", address="", agent="", actor=ME, now=NOW)
    await store.accounts.set_password(account.id, "new", actor=ME, now=NOW, instead_of="hash")
    assert await store.sessions.find(session, **BOUNDS, now=NOW) is None
    with pytest.raises(Conflict, match="has been used"):
        await store.accounts.set_password(account.id, "newer", actor=ME, now=NOW, instead_of="hash")
    found = await store.accounts.credentials(name="an")
    assert found is not None
    assert found.password == "new"


async def test_a_code_and_a_recovery_code_are_taken_once_even_at_the_same_moment(store: Store) -> None:
    account = await added(store)
    await store.accounts.set_totp(account.id, "box", ("c1", "c2"), step=5, actor=ME, now=NOW)
    steps = await asyncio.gather(*(store.accounts.use_step(account.id, 6) for _ in range(3)))
    assert sorted(steps) == [False, False, True]
    assert not await store.accounts.use_step(account.id, 5)
    used = await asyncio.gather(
        *(store.accounts.use_code(account.id, "c1", actor=ME, now=NOW) for _ in range(3))
    )
    assert sorted(used) == [False, False, True]
    assert await store.accounts.codes_left(account.id) == 1


async def test_what_people_do_about_incidents_is_in_the_log_in_one_chain(store: Store) -> None:
    _, incident = await attacked(store)
    await store.incidents.acknowledge(incident, by="an", via="telegram", now=NOW)
    await store.incidents.comment(incident, by="an", text="đã gọi \ud800\0", via="cli:root", now=NOW)
    await store.incidents.tick(incident, "gọi", by="an", now=NOW)
    await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", reason="x", now=NOW)
    with pytest.raises(Conflict):
        await store.incidents.acknowledge(incident, by="binh", via="cli", now=NOW)
    of = f"incident {incident}"
    assert [entry for entry in await acts(store) if entry[1] == of] == [
        ("acknowledged", of),
        ("commented", of),
        ("ticked", of),
        ("resolved", of),
    ]
    first = next(entry for entry in await store.audit.list() if entry.act == "acknowledged")
    assert (first.who, first.source) == ("an", "telegram")
    assert (await store.audit.verify())[0] is None


async def test_many_who_write_at_once_make_one_chain(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    await asyncio.gather(
        *(one.accounts.add(f"user{n}", "U", Role.VIEWER, actor=ME, now=NOW)
          for n, one in enumerate([store, other] * 6))
    )  # fmt: skip
    broken, head = await store.audit.verify()
    assert (broken, head.number) == (None, 12)


async def test_what_somebody_does_to_the_log_in_the_database_is_found(store: Store) -> None:
    account = await added(store)
    for role in ("officer", "viewer"):
        await added(store, f"x{role}", Role(role))
    await store.accounts.change(account.id, actor=ME, now=NOW, display="Another")
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 2).values(who="binh"))
    broken, _ = await store.audit.verify()
    assert broken is not None
    assert (broken.number, broken.why) == (2, "was changed")
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 2).values(who=ME.who))
        assert (await db.execute(text("DELETE FROM audit WHERE number = 4"))).rowcount == 1
    broken, _ = await store.audit.verify()
    assert broken is not None
    assert (broken.number, broken.why) == (4, "is missing")


async def test_what_was_not_done_is_not_in_the_log(store: Store) -> None:
    await added(store)
    with pytest.raises(Conflict):
        await added(store)
    assert len(await store.audit.list()) == 1
    async with store.engine.reading() as db:
        assert len((await db.execute(select(accounts))).all()) == 1


async def test_an_administrator_who_was_only_invited_does_not_count_as_one(store: Store) -> None:
    account = await added(store)
    await store.accounts.add("binh", "Binh", Role.ADMIN, actor=ME, now=NOW)
    for values in ({"disabled": True}, {"role": Role.VIEWER.value}):
        with pytest.raises(Conflict, match="last administrator"):
            await store.accounts.change(account.id, actor=ME, now=NOW, **values)


@pytest.mark.parametrize("how", ["link", "codes off", "disabled"])
async def test_taking_an_account_back_ends_its_tokens(store: Store, how: str) -> None:
    await added(store)
    account = await added(store, "binh")
    value = await store.api_tokens.make(account, "x", Scope.ACT, expires=NOW + HOUR, actor=ME, now=NOW)
    assert await store.api_tokens.find(value, NOW) is not None
    if how == "link":
        await store.accounts.set_password(account.id, "new", actor=ME, now=NOW, instead_of="hash")
    elif how == "codes off":
        await store.accounts.set_totp(account.id, None, (), recovery=True, actor=ME, now=NOW)
    else:
        await store.accounts.change(account.id, disabled=True, actor=ME, now=NOW)
        await store.accounts.change(account.id, disabled=False, actor=ME, now=NOW)
    assert await store.api_tokens.find(value, NOW) is None


async def test_sign_ins_and_changes_at_the_same_moment_do_not_wait_for_each_other_for_ever(
    store: Store,
) -> None:
    account = await added(store)
    former = ""
    for _ in range(20):
        former = await store.sessions.begin(
            account, verified="hash", address="", agent="", actor=ME, now=NOW, instead_of=former
        )
        await asyncio.gather(
            store.accounts.set_password(account.id, "hash", actor=ME, now=NOW),
            store.sessions.begin(
                account, verified="hash", address="", agent="", actor=ME, now=NOW, instead_of=former
            ),
            store.sessions.end(account, actor=ME, now=NOW),
            store.accounts.use_code(account.id, "none", actor=ME, now=NOW),
            store.accounts.renew_codes(account.id, ("none",), actor=ME, now=NOW),
        )
