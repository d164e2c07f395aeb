"""What was tried against the sign-in: parallel guesses, locking others out, changes meanwhile, floods."""

import asyncio
import re
import threading
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from defacewatch.accounts import Role, Scope, checked_name
from defacewatch.errors import Conflict, UsageError
from defacewatch.passwords import verified
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.web.access import FAILURES, PACE, Limiter, network_of
from defacewatch.web.guessing import FREE, TICKET_TRIES
from defacewatch.web.hashing import WAITING, Hashing
from defacewatch.web.welcome import welcome_url
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.web.conftest import TOKEN, Around, Client, Serve, csrf_of, send
from tests.web.people import KEY, ME, PASSWORD, code, hash_of, hidden, log_in, person

MONTH = timedelta(days=30)


async def test_failures_from_an_address_keep_nobody_out_who_has_signed_in_from_there(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)
    await person(store, "binh")
    assert (await log_in(client, "an")).status == 303
    client.session.cookie_jar.clear()
    for number in range(FAILURES):
        await log_in(client, f"user{number}", "guess number one")
    assert (await log_in(client, "stranger", "guess number one")).status == 429
    assert (await log_in(client, "an")).status == 303
    client.session.cookie_jar.clear()
    assert (await log_in(client, "binh")).status == 429  # has never come from here: waits a moment
    clock.now += PACE
    assert (await log_in(client, "binh")).status == 303


async def test_right_passwords_are_no_failures_of_their_address_while_the_clock_goes_on(
    serve: Serve, store: Store, clock: Clock
) -> None:
    def ticking() -> datetime:
        return clock.forward(microseconds=100)

    client = await serve(clock=ticking)
    for number in range(FAILURES + 1):
        await person(store, f"an{number}")
        assert (await log_in(client, f"an{number}")).status == 303, number
        client.session.cookie_jar.clear()


async def test_who_has_to_wait_is_told_for_how_long(client: Client, store: Store) -> None:
    for _ in range(FAILURES):
        await log_in(client, "nobody", "guess number one")
    text = await (await log_in(client, "nobody", "guess number one")).text()
    assert "Too many wrong attempts. Try again in " in text
    assert " s." in text


async def test_forged_links_and_wrong_bearers_keep_nobody_from_signing_in(
    client: Client, store: Store
) -> None:
    await person(store)
    for _ in range(FAILURES + 2):
        await client.get("/calendar/x/" + "0" * 40 + ".ics")
        await client.get("/api/v1/pages", headers={"Authorization": "Bearer dw_expired"})
    assert (await client.get("/calendar/x/" + "0" * 40 + ".ics")).status == 429
    wrong = await client.get("/api/v1/pages", headers={"Authorization": "Bearer dw_expired"})
    assert wrong.status == 429
    assert (await log_in(client, "an")).status == 303


async def test_a_password_given_again_counts_for_the_account_alone(
    client: Client, serve: Serve, store: Store
) -> None:
    await person(store)
    await person(store, "binh")
    await log_in(client, "an")
    wrong = [
        (await send(client, "/account/codes", {"password": "guess"}, page="/account")).status
        for _ in range(FREE + 1)
    ]
    assert wrong == [422] * FREE + [429]
    other = await serve()
    assert (await log_in(other, "binh")).status == 303
    assert (await log_in(client, "an")).status == 303


async def test_of_guesses_at_the_same_moment_no_more_are_tried_than_one_after_another(
    client: Client, store: Store
) -> None:
    await person(store)
    csrf = await csrf_of(client, "/login")

    async def guess(number: int) -> int:
        data = {"csrf": csrf, "user": "an", "password": f"guess number {number}"}
        return (await client.post("/login", data=data, allow_redirects=False)).status

    statuses = await asyncio.gather(*(guess(number) for number in range(30)))
    assert sorted(statuses) == [403] * FREE + [429] * (30 - FREE)


async def test_codes_at_the_same_moment_are_tried_no_oftener_and_a_ticket_is_good_for_five(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store, totp=True)
    ticket = hidden(await (await log_in(client, "an")).text(), "ticket")
    csrf = await csrf_of(client, "/login")

    async def guess(given: str) -> tuple[int, str]:
        data = {"csrf": csrf, "ticket": ticket, "code": given}
        answer = await client.post("/login/code", data=data, allow_redirects=False)
        return answer.status, await answer.text()

    await asyncio.gather(*(guess(f"{number:06}") for number in range(30)))
    tried = [entry for entry in await store.audit.list() if entry.act == "sign-in-failed"]
    assert len(tried) == TICKET_TRIES
    clock.forward(minutes=2)
    for spelling in (ticket, f"0{ticket}", ticket.replace(".", ".0", 1)):
        ticket = spelling
        status, page = await guess(code(clock))
        assert status == 403
        assert "Sign in again" in page


@pytest.mark.parametrize("what", ["password", "disabled"])
async def test_a_change_of_the_account_ends_a_sign_in_that_is_under_way(
    client: Client, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    account = await person(store)
    verify = Hashing.verify

    async def meanwhile(self: Hashing, kept: str | None, password: str) -> bool:
        right = await verify(self, kept, password)
        if what == "password":
            await store.accounts.set_password(account.id, hash_of("khác hẳn rồi nhé"), actor=ME, now=NOW)
        else:
            await store.accounts.change(account.id, disabled=True, actor=ME, now=NOW)
        return right

    monkeypatch.setattr(Hashing, "verify", meanwhile)
    answer = await log_in(client, "an")
    assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)
    running = await store.sessions.running(account.id, idle=MONTH, longest=MONTH, now=clock())
    assert running == []


async def test_what_makes_somebody_else_powerful_wants_the_administrators_own_proof(
    client: Client, store: Store, clock: Clock, around: Around
) -> None:
    root = await person(store, "root", Role.ADMIN, totp=True)
    binh, chi = await person(store, "binh", totp=True), await person(store, "chi")
    around.roster = Roster((Officer("an", "Nguyễn Văn An"),))
    ticket = hidden(await (await log_in(client, "root")).text(), "ticket")
    assert (await send(client, "/login/code", {"ticket": ticket, "code": code(clock)})).status == 303
    deeds = {
        f"/accounts/{binh.id}/change": {"display": "Binh", "role": "admin", "officer": ""},
        f"/accounts/{chi.id}/change": {"display": "Chi", "role": "officer", "officer": "an"},
        "/accounts": {"user": "dung", "display": "Chi", "role": "viewer"},
        f"/accounts/{binh.id}/link": {},
        f"/accounts/{binh.id}/totp-off": {},
    }
    for path, fields in deeds.items():
        for proof in ({}, {"password": PASSWORD}, {"password": PASSWORD, "code": "000000"}):
            clock.forward(minutes=6)
            answer = await send(client, path, fields | proof, page="/accounts")
            assert (answer.status, "/welcome/" in await answer.text()) == (422, False), (path, proof)
        clock.forward(minutes=6)
        proved = {"password": PASSWORD, "code": code(clock)}
        assert (await send(client, path, fields | proved, page="/accounts")).status in (200, 303), path
    small = {"display": "Bình", "role": "officer", "officer": ""}
    assert (await send(client, f"/accounts/{binh.id}/change", small, page="/accounts")).status == 303
    for what in ("link", "totp-off"):
        clock.forward(minutes=6)
        proved = {"password": PASSWORD, "code": code(clock)}
        answer = await send(client, f"/accounts/{root.id}/{what}", proved, page="/accounts")
        assert answer.status == 422
        assert "For your own account" in await answer.text()
    clock.forward(minutes=6)
    mine = {"display": "Root", "role": "admin", "officer": "an", "password": PASSWORD, "code": code(clock)}
    answer = await send(client, f"/accounts/{root.id}/change", mine, page="/accounts")
    assert (answer.status, "another administrator changes" in await answer.text()) == (422, True)
    assert (await store.accounts.named("root")).officer is None
    assert (await store.accounts.named("root")).has_totp


async def test_a_token_that_acts_needs_an_owner_with_the_code_that_the_role_needs(
    serve: Serve, store: Store, clock: Clock
) -> None:
    client = await serve(code_for=Role.ADMIN)
    root = await person(store, "root", Role.ADMIN)
    statuses = {}
    for scope in (Scope.READ, Scope.ADMIN):
        value = await store.api_tokens.make(root, "x", scope, expires=clock() + MONTH, actor=ME, now=clock())
        path = "/api/v1/audit" if scope is Scope.ADMIN else "/api/v1/pages"
        answer = await client.get(path, headers={"Authorization": f"Bearer {value}"})
        statuses[scope] = answer.status
    assert statuses == {Scope.READ: 200, Scope.ADMIN: 403}


@pytest.mark.usefixtures("shipped_passwords")
async def test_more_passwords_than_the_queue_holds_are_answered_at_once_that_it_is_full(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(store)
    begun = threading.Event()

    def slowly(kept: str | None, password: str) -> bool:
        begun.wait(60)
        return verified(kept, password)

    monkeypatch.setattr("defacewatch.web.hashing.verified", slowly)
    csrf = await csrf_of(client, "/login")

    async def attempt(number: int) -> tuple[int, bool]:
        data = {"csrf": csrf, "user": f"user{number}", "password": "guess number one"}
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = await client.post("/login", data=data, headers=headers, allow_redirects=False)
        return answer.status, "Retry-After" in answer.headers

    # One address may fail ten times: the queue (one, and eight that wait) is full before.
    attempts = [asyncio.create_task(attempt(number)) for number in range(FAILURES)]
    first, others = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in first] == [(503, True)]
    begun.set()
    assert await asyncio.gather(*others) == [(403, False)] * (WAITING + 1)
    assert (await log_in(client, "an")).status == 303  # what was not tried does not count


async def test_hashes_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hashing, seen = Hashing(), []

    async def one() -> None:
        seen.append(await hashing.hash(PASSWORD))

    async def watch(function: object, *given: object) -> str:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        running.pop()
        return "hash"

    running: list[int] = []
    most: list[int] = []
    monkeypatch.setattr(asyncio, "to_thread", watch)
    await asyncio.gather(*(one() for _ in range(5)))
    assert (len(seen), max(most)) == (5, 1)


async def test_a_secret_in_an_address_is_not_in_the_log(client: Client, store: Store, clock: Clock) -> None:
    account = await person(store)
    found = await store.accounts.credentials(number=account.id)
    assert found is not None
    path = welcome_url("", KEY, found, clock())
    await csrf_of(client, path)
    with capture_logs() as logs:
        assert (await client.post(path, data={"csrf": "x"})).status == 403
    assert logs
    assert path.rpartition("/")[2] not in repr(logs)
    assert "/welcome/{account}/{ends}/{token}" in repr(logs)


@pytest.mark.parametrize("charset", ["nope", "zlib", "raw_unicode_escape"])
async def test_a_form_in_a_charset_that_is_none_is_a_bad_request(client: Client, charset: str) -> None:
    answer = await client.post(
        "/login",
        data=b"user=%5Cud800&password=x",
        headers={"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"},
    )
    assert answer.status in (400, 403)
    key = await csrf_of(client, "/login")
    answer = await client.post(
        "/login",
        data=f"csrf={key}&user=\\ud800&password=x".encode(),
        headers={"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"},
    )
    assert answer.status == 400


async def test_parts_that_are_no_text_and_signs_that_no_store_takes_are_bad_requests(client: Client) -> None:
    key = await csrf_of(client, "/login")
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = part % (b"csrf", key.encode()) + part % (b"user", b"\xff\xfe") + b"--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await client.post("/login", data=body, headers=headers)).status == 400
    nul = await client.post("/login", data={"csrf": key, "user": "a\0b", "password": "x"})
    assert nul.status == 400


async def test_a_body_that_is_nested_too_deep_is_a_bad_request(
    client: Client, store: Store, clock: Clock
) -> None:
    owner = await person(store)
    value = await store.api_tokens.make(owner, "x", Scope.ACT, expires=clock() + MONTH, actor=ME, now=clock())
    headers = {"Authorization": f"Bearer {value}"}
    answer = await client.post("/api/v1/incidents/1/comment", data=b"[" * 8000, headers=headers)
    assert answer.status == 400


async def test_of_a_name_the_first_64_characters_count(client: Client, store: Store) -> None:
    await person(store)
    for number in range(FREE):
        assert (await log_in(client, "x" * 64 + str(number), "guess number one")).status == 403
    assert (await log_in(client, "x" * 64, "guess number one")).status == 429


def test_an_ipv4_address_in_the_clothes_of_ipv6_is_itself(clock: Clock) -> None:
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1/32"
    limiter = Limiter()
    for _ in range(FAILURES):
        limiter.failed("::ffff:192.0.2.1", clock())
    assert limiter.wait("::ffff:192.0.2.2", clock()) is None


async def test_behind_a_proxy_such_an_address_is_noted_as_itself(serve: Serve, store: Store) -> None:
    client = await serve(proxies=("127.0.0.1/32",))
    await person(store)
    data = {"csrf": await csrf_of(client, "/login"), "user": "an", "password": PASSWORD}
    headers = {"X-Forwarded-For": "::ffff:192.0.2.7"}
    assert (await client.post("/login", data=data, headers=headers, allow_redirects=False)).status == 303
    (entry,) = await store.audit.list(limit=1)
    assert entry.source == "192.0.2.7"


async def test_a_sign_in_with_the_shared_token_ends_the_session_before(
    client: Client, store: Store, clock: Clock
) -> None:
    account = await person(store)
    await log_in(client, "an")
    assert (await send(client, "/login", {"token": TOKEN})).status == 303
    running = await store.sessions.running(account.id, idle=MONTH, longest=MONTH, now=clock())
    assert running == []


@pytest.mark.parametrize("name", ["nobody", "program", "Token"])
def test_names_that_logs_use_for_others_are_reserved(name: str) -> None:
    with pytest.raises(UsageError, match="reserved"):
        checked_name(name)


async def test_nobody_is_named_as_another_officer(client: Client, store: Store, around: Around) -> None:
    around.roster = Roster(officers=(Officer("an1", "Nguyễn Văn An"), Officer("binh1", "Bình")))
    await person(store, "root", Role.ADMIN)
    await log_in(client, "root")
    fields = {"user": "an1", "display": "x", "role": "viewer", "password": PASSWORD}
    for officer in ("", "binh1"):
        answer = await send(client, "/accounts", fields | {"officer": officer}, page="/accounts")
        assert answer.status == 422
    answer = await send(client, "/accounts", fields | {"officer": "an1"}, page="/accounts")
    assert re.search(r"/welcome/\d+/", await answer.text())


async def test_a_session_is_begun_for_the_password_that_was_checked_alone(store: Store) -> None:
    account = await person(store)
    with pytest.raises(Conflict):
        await store.sessions.begin(account, verified="other", address="", agent="", actor=ME, now=NOW)


async def test_an_administrator_sees_and_ends_the_tokens_of_others(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store, "root", Role.ADMIN)
    binh = await person(store, "binh")
    value = await store.api_tokens.make(
        binh, "SIEM <b>", Scope.ACT, expires=clock() + MONTH, actor=ME, now=clock()
    )
    (token,) = await store.api_tokens.of(binh.id)
    await log_in(client, "root")
    assert "SIEM &lt;b&gt;" in await (await client.get("/accounts")).text()
    path, fields = f"/accounts/{binh.id}/tokens/revoke", {"token": str(token.id)}
    assert (await send(client, path, {"token": "x"}, page="/accounts")).status == 400
    assert (await send(client, path, fields, page="/accounts")).status == 303
    assert (await send(client, path, fields, page="/accounts")).status == 303, "it is done already"
    assert (await send(client, path, {"token": "999"}, page="/accounts")).status == 404
    assert await store.api_tokens.find(value, clock()) is None
