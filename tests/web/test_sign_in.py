"""Signing in with an account: password, code, what guessing costs, and what nobody learns by it."""

from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from defacewatch.accounts import Role
from defacewatch.store import Store
from defacewatch.totp import recovery_hash
from defacewatch.web.access import FAILURES
from defacewatch.web.guessing import FREE, LONGEST_WAIT, NAMES, Guesses
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.web.conftest import Client, Serve, csrf_of, send
from tests.web.people import KEY, ME, PASSWORD, code, hidden, log_in, person
from tests.web.seeds import attacked


async def acts(store: Store) -> list[str]:
    return [entry.act for entry in reversed(await store.audit.list())]


async def sign_in_with_code(client: Client, clock: Clock) -> None:
    asked = await (await log_in(client, "an")).text()
    fields = {"ticket": hidden(asked, "ticket"), "code": code(clock)}
    assert (await send(client, "/login/code", fields)).status == 303


async def test_the_right_password_opens_a_session_with_a_cookie_for_us_alone(
    client: Client, store: Store
) -> None:
    await person(store)
    answer = await send(client, "/login", {"user": " AN ", "password": PASSWORD, "next": "/incidents/12"})
    assert (answer.status, answer.headers["Location"]) == (303, "/incidents/12")
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["defacewatch_session"]
    assert len(cookie.value) == 43
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert "An" in await (await client.get("/")).text()
    assert (await acts(store))[-1] == "signed-in"


async def test_nobody_learns_whether_an_account_is_there(client: Client, store: Store) -> None:
    await person(store)
    off = await person(store, "binh")
    await store.accounts.change(off.id, disabled=True, actor=ME, now=NOW)
    answers = []
    for name in ("an", "nobody", "binh"):
        given = PASSWORD if name == "binh" else "not the password"
        answer = await log_in(client, name, given)
        text = (await answer.text()).replace(await csrf_of(client, "/login"), "")
        answers.append((answer.status, text))
    assert answers[0][0] == 403
    assert answers[0] == answers[1] == answers[2]
    failed = [entry for entry in await store.audit.list() if entry.act == "sign-in-failed"]
    assert [entry.object for entry in failed] == ["account binh", "no account", "account an"]
    assert "nobody" not in failed[1].object + failed[1].after


async def test_an_account_with_an_authenticator_wants_its_code_too(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store, totp=True)
    asked = await log_in(client, "an")
    page = await asked.text()
    assert (asked.status, "Set-Cookie" in asked.headers) == (200, False)
    ticket = hidden(page, "ticket")
    assert (await client.get("/", allow_redirects=False)).status == 303
    wrong = await send(client, "/login/code", {"ticket": ticket, "code": "000000"})
    assert (wrong.status, "Set-Cookie" in wrong.headers) == (403, False)
    right = code(clock)
    assert (await send(client, "/login/code", {"ticket": ticket, "code": right})).status == 303
    assert (await client.get("/account")).status == 200
    again = hidden(await (await log_in(client, "an")).text(), "ticket")
    replayed = await send(client, "/login/code", {"ticket": again, "code": right})
    assert replayed.status == 403
    clock.forward(seconds=30)
    assert (await send(client, "/login/code", {"ticket": again, "code": code(clock)})).status == 303


async def test_a_ticket_ends_after_five_minutes_and_is_for_one_account(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store, totp=True)
    other = await person(store, "binh", totp=True)
    ticket = hidden(await (await log_in(client, "an")).text(), "ticket")
    forged = f"{other.id}.{ticket.partition('.')[2]}"
    for given in (forged, "", "1.2.3", "x"):
        answer = await send(client, "/login/code", {"ticket": given, "code": code(clock)})
        assert "Sign in again" in await answer.text()
    clock.forward(minutes=5)
    late = await send(client, "/login/code", {"ticket": ticket, "code": code(clock)})
    assert late.status == 403
    assert "Sign in again" in await late.text()


async def test_a_recovery_code_lets_in_once(client: Client, store: Store) -> None:
    account = await person(store, totp=True)
    kept = recovery_hash(KEY, account.id, "abcdef-ghjkmn")
    await store.accounts.renew_codes(account.id, [kept], actor=ME, now=NOW)
    for status in (303, 403):
        ticket = hidden(await (await log_in(client, "an")).text(), "ticket")
        answer = await send(client, "/login/code", {"ticket": ticket, "code": "ABCDEF ghjkmn"})
        assert answer.status == status
    assert "recovery-code-used" in await acts(store)


async def test_guessing_a_name_from_many_addresses_is_slow_and_never_keeps_its_owner_out(
    serve: Serve, store: Store, clock: Clock
) -> None:
    client = await serve(proxies=("127.0.0.1/32",))
    await person(store)

    async def attempt(address: str, password: str) -> int:
        csrf = await csrf_of(client, "/login")
        data = {"csrf": csrf, "user": "an", "password": password}
        headers = {"X-Forwarded-For": f"8.8.8.8, {address}"}
        return (await client.post("/login", data=data, headers=headers, allow_redirects=False)).status

    assert await attempt("192.0.2.7", PASSWORD) == 303
    client.session.cookie_jar.clear()
    statuses = [await attempt(f"198.51.100.{n}", "guess number one") for n in range(FREE + 2)]
    assert statuses == [403] * FREE + [429] * 2
    assert await attempt("203.0.113.9", PASSWORD) == 429  # the right one tells a guesser nothing
    assert await attempt("192.0.2.7", PASSWORD) == 303  # where the owner has signed in before
    clock.forward(seconds=2)
    assert await attempt("203.0.113.9", PASSWORD) == 303


async def test_one_address_waits_after_ten_failures_whatever_the_names(client: Client, store: Store) -> None:
    await person(store)
    for number in range(FAILURES):
        assert (await log_in(client, f"user{number}", "guess number one")).status == 403
    answer = await log_in(client, "an")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_wait_for_a_name_doubles_is_bounded_and_is_forgotten(clock: Clock) -> None:
    guesses, waits = Guesses(), []
    for _ in range(FREE + 12):
        guesses.failed("an", clock())
        waits.append(guesses.wait("an", clock()))
    assert waits[: FREE - 1] == [None] * (FREE - 1)
    assert waits[FREE - 1 : FREE + 2] == [timedelta(seconds=s) for s in (2, 4, 8)]
    assert waits[-1] == LONGEST_WAIT
    assert guesses.wait("binh", clock()) is None
    clock.forward(hours=1)
    assert guesses.wait("an", clock()) is None
    guesses.failed("an", clock())
    assert guesses.wait("an", clock()) is None


def test_the_memory_of_names_is_bounded(clock: Clock) -> None:
    guesses = Guesses()
    for number in range(NAMES + 50):
        guesses.failed(f"user{number}", clock())
    assert len(guesses.seen) == NAMES


async def test_a_session_ends_by_signing_out_unused_and_in_any_case_after_its_longest(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)

    async def inside() -> bool:
        return (await client.get("/", allow_redirects=False)).status == 200

    await log_in(client, "an")
    value = next(c.value for c in client.session.cookie_jar if c.key == "defacewatch_session")
    assert (await send(client, "/logout", {}, page="/")).status == 303
    client.session.cookie_jar.update_cookies({"defacewatch_session": value})
    assert not await inside()  # the cookie alone is worth nothing
    await log_in(client, "an")
    clock.forward(minutes=59)
    assert await inside()
    clock.forward(hours=1)
    assert not await inside()
    await log_in(client, "an")
    for _ in range(23):
        clock.forward(minutes=31)
        assert await inside()
    clock.forward(minutes=31)
    assert not await inside()
    assert "signed-out" in await acts(store)


UNATTENDED = (
    {"path": "/events"},
    {"path": "/", "headers": {"X-Unattended": "1"}},
    {"path": "/?view=rows&unattended=1"},
    {"path": "/", "headers": {"Sec-Fetch-Dest": "image"}},
    {"path": "{picture}"},
    {"path": "{picture}?small"},
    {"path": "/static/wall.css"},
    {"path": "/incidents/{incident}/difference"},
    {"path": "/baselines/{capture}/difference"},
)


@pytest.mark.parametrize("asked", UNATTENDED)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICER, Role.APPROVER, Role.ADMIN])
async def test_what_a_page_asks_by_itself_keeps_nobody_signed_in_who_may_act(
    client: Client, store: Store, clock: Clock, role: Role, asked: dict[str, Any]
) -> None:
    await person(store, "an", role, totp=role is Role.ADMIN)
    if role is Role.ADMIN:
        await sign_in_with_code(client, clock)
    else:
        await log_in(client, "an")
    begun = clock.now
    page, incident = await attacked(store)
    capture = (await store.baselines.captures(page, 1))[0]
    there = {"picture": f"/pictures/{capture.screenshot}", "capture": capture.id, "incident": incident}
    asked = asked | {"path": asked["path"].format(**there)}

    async def ask() -> int:
        async with client.get(**asked, allow_redirects=False) as answer:
            return answer.status

    for _ in range(5):
        clock.forward(minutes=11)
        assert await ask() == 200
    clock.forward(minutes=11)
    assert await ask() == (200 if role is Role.VIEWER else 303)
    answer = await client.get("/", allow_redirects=False)
    assert answer.status == (200 if role is Role.VIEWER else 303)
    while clock.now < begun + timedelta(hours=11, minutes=20):  # a screen on a wall stays in for its twelve
        clock.forward(minutes=30)
        assert await ask() == (200 if role is Role.VIEWER else 303)
    clock.forward(minutes=30)
    assert await ask() == 303


async def test_using_the_page_that_keeps_itself_up_to_date_keeps_its_reader_signed_in(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)
    await log_in(client, "an")
    for _ in range(3):
        clock.forward(minutes=50)
        assert (await client.get("/api/v1/me")).status == 200  # what its script asks when a key is pressed
        assert (await client.get("/", headers={"X-Unattended": "1"}, allow_redirects=False)).status == 200
    clock.forward(minutes=61)
    assert (await client.get("/api/v1/me")).status == 401


async def test_whose_session_has_ended_is_told_so_and_that_the_watch_goes_on(
    client: Client, store: Store, clock: Clock
) -> None:
    assert "You are signed out" not in await (await client.get("/")).text()
    await person(store)
    await log_in(client, "an")
    clock.forward(hours=2)
    answer = await client.get("/?unattended=1")
    assert str(answer.url.path_qs) == "/login?next=/&ended=1"
    page = await answer.text()
    assert "<title>You are signed out · defacewatch</title>" in page
    assert "The watch goes on, and alerts are sent as always." in page


async def test_the_address_by_which_a_page_loads_itself_goes_no_further(client: Client, store: Store) -> None:
    await person(store)
    await log_in(client, "an")
    page = await (await client.get("/?view=rows&unattended=1")).text()
    assert page.count("unattended") == 1
    assert '<meta http-equiv="refresh" content="15;url=?view=rows&amp;unattended=1">' in page
    assert 'href="?view=rows&amp;lang=vi"' in page


async def test_a_sign_in_gives_another_session_and_a_planted_one_is_not_taken_over(
    client: Client, store: Store
) -> None:
    await person(store)
    client.session.cookie_jar.update_cookies({"defacewatch_session": "x" * 43})
    await log_in(client, "an")
    values = [c.value for c in client.session.cookie_jar if c.key == "defacewatch_session"]
    assert values
    assert values != ["x" * 43]


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://bad.example"}],
)
async def test_a_form_that_says_it_comes_from_elsewhere_is_refused(
    client: Client, store: Store, headers: dict[str, str]
) -> None:
    await person(store)
    await log_in(client, "an")
    csrf = await csrf_of(client, "/account")
    fields = {"csrf": csrf, "language": "en"}
    refused = await client.post("/account/language", data=fields, headers=headers, allow_redirects=False)
    assert refused.status == 403
    ours = await client.post(
        "/account/language", data=fields, headers={"Origin": "null"}, allow_redirects=False
    )
    assert ours.status == 303


async def test_a_form_needs_the_token_of_its_own_session(client: Client, serve: Serve, store: Store) -> None:
    await person(store)
    await person(store, "binh")
    await log_in(client, "an")
    other = await serve()
    await log_in(other, "binh")
    theirs = await csrf_of(other, "/account")
    for given in ("", "0" * 40, theirs):
        data = {"language": "en", "csrf": given}
        assert (await client.post("/account/language", data=data, allow_redirects=False)).status == 403
    fresh = await serve()
    answer = await fresh.post("/login", data={"user": "an", "password": PASSWORD, "csrf": "0" * 40})
    assert answer.status == 403
    assert (await store.accounts.named("an")).language is None


async def test_the_shared_token_can_be_kept_from_opening_the_console(serve: Serve, store: Store) -> None:
    client = await serve(token_sign_in=False)
    await person(store)
    assert 'name="token"' not in await (await client.get("/login")).text()
    assert (await send(client, "/login", {"token": "mã-truy-cập-thử"})).status == 403


async def test_what_a_stranger_says_of_addresses_is_not_believed(client: Client, store: Store) -> None:
    await person(store)
    csrf = await csrf_of(client, "/login")
    data = {"csrf": csrf, "user": "an", "password": PASSWORD}
    await client.post("/login", data=data, headers={"X-Forwarded-For": "192.0.2.9"}, allow_redirects=False)
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.source) == ("signed-in", "127.0.0.1")


async def test_a_button_that_is_pressed_after_the_session_has_ended_says_so_and_leads_back(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)
    assert (await log_in(client, "an")).status == 303
    csrf = await csrf_of(client, "/")
    clock.forward(hours=2)
    for address, back in (
        ("/incidents/1/comment", "/incidents/1"),
        ("/account/tokens", "/account"),
        ("/x", "/"),
    ):
        answer = await client.post(f"{address}?lang=vi", data={"csrf": csrf, "text": "x"})
        text = await answer.text()
        assert (answer.status, answer.content_type) == (401, "text/html"), address
        assert "Thao tác chưa được thực hiện" in text
        assert f'href="/login?next={back}"' in text
    answer = await client.post("/api/v1/incidents/1/comments", json={})
    assert (answer.status, "json" in answer.content_type) == (401, True)


async def test_a_screen_that_only_hears_the_news_stays_signed_in_with_the_shared_token(
    reader: Client, clock: Clock
) -> None:
    clock.forward(hours=7)
    async with reader.get("/events") as stream:
        assert stream.status == 200
        assert "defacewatch_session" in stream.cookies
