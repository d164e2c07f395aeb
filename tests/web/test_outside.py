"""Signing in by a provider outside, which may be wrong, dead, or somebody else's."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from defacewatch.accounts import Account, Role
from defacewatch.audit import Act
from defacewatch.identities import Identity, Trust
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.web.access import FAILURES
from defacewatch.web.provider import Provider, ProviderError
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.web.conftest import Around, Client, Serve, csrf_of, send
from tests.web.gallery import looking
from tests.web.people import ME, PASSWORD, code, hidden, log_in, person
from tests.web.provider import CLIENT, SECRET, SignInService, a_key
from tests.web.stage import console_over

HOUR = timedelta(hours=1)


@pytest.fixture
async def service(clock: Clock) -> AsyncIterator[SignInService]:
    service = SignInService(clock)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
def trust(service: SignInService) -> Trust:
    return Trust(service.issuer, CLIENT, "SSO tỉnh")


@pytest.fixture
async def client(serve: Serve, trust: Trust) -> Client:
    return await serve(oidc=trust, oidc_secret=SECRET)


async def bound(store: Store, service: SignInService, name: str = "an", **given: Any) -> Account:
    account = await person(store, name, **given)
    who = Identity(service.issuer, service.subject)
    await store.identities.bind(account.id, who, actor=ME, now=NOW)
    return account


async def leave(client: Client, to: str = "/") -> str:
    """Go to the provider; the address by which it sends the browser back."""
    answer = await client.get(f"/login/oidc?next={to}", allow_redirects=False)
    assert answer.status == 303, await answer.text()
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(answer.headers["Location"], allow_redirects=False) as sent,
    ):
        assert sent.status == 302
        parts = urlsplit(sent.headers["Location"])
    return f"{parts.path}?{parts.query}"


async def come_back(client: Client, to: str = "/") -> aiohttp.ClientResponse:
    return await client.get(await leave(client, to), allow_redirects=False)


async def refused(answer: aiohttp.ClientResponse, store: Store, why: str) -> None:
    assert answer.status == 403
    assert "The sign-in service has not signed you in" in await answer.text()
    last = (await store.audit.list(limit=1))[0]
    assert last.act == Act.SIGN_IN_FAILED
    assert why in last.after


async def not_ours(answer: aiohttp.ClientResponse, store: Store) -> None:
    """Refused, and not written down: nobody here began it."""
    assert answer.status == 403
    assert "The sign-in service has not signed you in" in await answer.text()
    assert Act.SIGN_IN_FAILED not in [entry.act for entry in await store.audit.list(limit=50)]


async def test_whoever_is_bound_signs_in_and_is_led_on_as_themselves(
    client: Client, store: Store, service: SignInService, clock: Clock
) -> None:
    account = await bound(store, service)
    assert "Sign in by SSO tỉnh" in await (await client.get("/login")).text()
    answer = await come_back(client, "/incidents/7")
    assert (answer.status, answer.headers["Location"]) == (303, "/incidents/7")
    assert "An" in await (await client.get("/account")).text()
    running = await store.sessions.running(account.id, idle=HOUR, longest=HOUR, now=clock())
    assert [one.strong for one in running] == [False]
    entries = [entry.act for entry in await store.audit.list(limit=5)]
    assert Act.SIGNED_IN in entries
    assert Act.IDENTITY_BOUND in entries


async def test_a_real_browser_goes_to_another_site_and_comes_back_signed_in(
    store: Store, service: SignInService, clock: Clock
) -> None:
    """With its rules for cookies between sites and for where a page may lead, which a client has not."""
    service.issuer = service.issuer.replace("127.0.0.1", "localhost")
    await bound(store, service, totp=True)
    trust = Trust(service.issuer, CLIENT, "SSO tỉnh")
    complaints: list[str] = []
    async with console_over(store, clock, oidc=trust, oidc_secret=SECRET) as stage, looking() as page:
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        await page.goto(f"{stage.base}/account?lang=en")
        await page.click("text=Sign in by SSO tỉnh")
        await page.fill("#code", code(clock))
        await page.click("main button")
        await page.wait_for_url(f"{stage.base}/account")
        assert await page.inner_text("h1") == "An"
        cookies = {cookie["name"] for cookie in await page.context.cookies()}
    assert "defacewatch_session" in cookies
    assert "defacewatch_outside" not in cookies
    assert complaints == []


async def test_no_account_is_made_and_a_stranger_is_told_the_subject_that_is_to_be_bound(
    client: Client, store: Store, service: SignInService
) -> None:
    await person(store, "an")
    service.says = {"email": "an@example.gov.vn", "email_verified": True, "preferred_username": "an"}
    answer = await come_back(client)
    assert answer.status == 403
    assert "8f2c-an" in await answer.text()
    assert len(await store.accounts.every()) == 1
    assert (await client.get("/account", allow_redirects=False)).status == 303


async def test_a_disabled_account_is_refused_and_one_that_is_disabled_is_out_at_once(
    client: Client, store: Store, service: SignInService
) -> None:
    account = await bound(store, service)
    await person(store, "root", Role.ADMIN)
    assert (await come_back(client)).status == 303
    await store.accounts.change(account.id, disabled=True, actor=ME, now=NOW)
    assert (await client.get("/account", allow_redirects=False)).status == 303
    answer = await come_back(client)
    assert answer.status == 403
    assert "may not sign in" in await answer.text()


async def test_whoever_is_no_longer_bound_is_signed_out(
    client: Client, store: Store, service: SignInService
) -> None:
    account = await bound(store, service)
    assert (await come_back(client)).status == 303
    await store.identities.unbind(account.id, service.issuer, actor=ME, now=NOW)
    assert (await client.get("/account", allow_redirects=False)).status == 303
    assert (await come_back(client)).status == 403


@pytest.mark.parametrize(
    "says",
    [
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": [CLIENT, "somebody-else"]},
        {"azp": "somebody-else"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 300},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_now_and_this_sign_in_opens_nothing(
    client: Client, store: Store, service: SignInService, says: dict[str, Any]
) -> None:
    await bound(store, service)
    service.says = says
    service.sign = lambda claims: service.signed({n: v for n, v in claims.items() if v is not None})
    await refused(await come_back(client), store, "ID token")


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(service: SignInService, claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none'})}.{part(claims)}."


def by_public_key(service: SignInService, claims: dict[str, Any]) -> str:
    """Signed with the public key as if it were a shared secret."""
    head = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    seal = hmac.digest(service.key.as_pem(private=False), head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def by_client_secret(service: SignInService, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def by_another(service: SignInService, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, a_key("another"))


def by_its_own(service: SignInService, claims: dict[str, Any]) -> str:
    """With the key that it was signed by in its head."""
    key = a_key("its own")
    return jwt.encode({"alg": "RS256", "jwk": key.as_dict(private=False)}, claims, key)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("forge", [unsigned, by_public_key, by_client_secret, by_another, by_its_own])
async def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    client: Client, store: Store, service: SignInService, forge: Any
) -> None:
    await bound(store, service)
    service.sign = lambda claims: forge(service, claims)
    await refused(await come_back(client), store, "ID token")


async def test_a_key_that_is_new_is_asked_for_once(
    client: Client, store: Store, service: SignInService, clock: Clock
) -> None:
    await bound(store, service)
    assert (await come_back(client)).status == 303
    service.key = a_key("two")
    service.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, service.key)
    clock.forward(seconds=11)
    assert (await come_back(client)).status == 303
    assert service.asked == ["configuration", "keys"] * 2


async def test_an_address_that_comes_back_twice_opens_nothing_the_second_time(
    client: Client, store: Store, service: SignInService
) -> None:
    await bound(store, service)
    kept = client.session.cookie_jar
    there = await leave(client)
    cookies = {cookie.key: cookie.value for cookie in kept if cookie.key == "defacewatch_outside"}
    assert (await client.get(there, allow_redirects=False)).status == 303
    client.session.cookie_jar.update_cookies(cookies, client.make_url("/"))
    await not_ours(await client.get(there, allow_redirects=False), store)


async def test_a_code_of_another_browser_opens_nothing_here(
    serve: Serve, trust: Trust, store: Store, service: SignInService
) -> None:
    """Whoever gets somebody to open their own way back would have them work under a strange name."""
    await bound(store, service)
    mine, theirs = [await serve(oidc=trust, oidc_secret=SECRET) for _ in range(2)]
    there = await leave(theirs)
    await not_ours(await mine.get(there, allow_redirects=False), store)
    query = parse_qs(urlsplit(await leave(mine)).query)
    stolen = parse_qs(urlsplit(there).query)["code"][0]
    there = f"/login/oidc/back?code={stolen}&state={query['state'][0]}"
    await refused(await mine.get(there, allow_redirects=False), store, "answered 400")


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login/oidc"])
async def test_nobody_is_led_elsewhere(client: Client, store: Store, service: SignInService, to: str) -> None:
    await bound(store, service)
    answer = await come_back(client, to)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_an_account_with_an_authenticator_is_asked_for_its_code(
    client: Client, store: Store, service: SignInService, clock: Clock
) -> None:
    await bound(store, service, totp=True)
    asked = await come_back(client, "/account")
    text = await asked.text()
    assert "One more step" in text
    csrf = await csrf_of(client, "/login")
    fields = {"csrf": csrf, "ticket": hidden(text, "ticket"), "next": "/account"}
    wrong = await client.post("/login/code", data=fields | {"code": "000000"}, allow_redirects=False)
    assert wrong.status == 403
    answer = await client.post("/login/code", data=fields | {"code": code(clock)}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/account")


async def test_a_ticket_ends_when_the_identity_is_bound_to_another(
    client: Client, store: Store, service: SignInService, clock: Clock
) -> None:
    account = await bound(store, service, totp=True)
    text = await (await come_back(client)).text()
    await store.identities.unbind(account.id, service.issuer, actor=ME, now=NOW)
    fields = {"ticket": hidden(text, "ticket"), "code": code(clock), "next": "/"}
    assert (await send(client, "/login/code", fields)).status == 403


@pytest.mark.parametrize(("believed", "strong"), [((), False), (("mfa",), True)])
async def test_a_second_factor_of_the_provider_counts_where_it_is_believed(
    serve: Serve, trust: Trust, store: Store, service: SignInService, believed: tuple[str, ...], strong: bool
) -> None:
    await bound(store, service, role=Role.ADMIN)
    service.says = {"amr": ["pwd", "mfa"]}
    client = await serve(oidc=replace(trust, second_factor=believed), oidc_secret=SECRET, code_for=Role.ADMIN)
    assert (await come_back(client)).status == 303
    assert (await client.get("/audit", allow_redirects=False)).status == (200 if strong else 303)


@pytest.mark.parametrize(
    ("says", "believed", "binds"),
    [
        ({"email": "An@Example.gov.vn", "email_verified": True}, True, True),
        ({"email": "an@example.gov.vn", "email_verified": False}, True, False),
        ({"email": "an@example.gov.vn", "email_verified": "true"}, True, False),
        ({"email": "an@example.gov.vn"}, True, False),
        ({"email": "binh@example.gov.vn", "email_verified": True}, True, False),
        ({"email": "an@example.gov.vn", "email_verified": True}, False, False),
    ],
)
async def test_a_verified_address_of_an_officer_binds_their_account_where_that_is_believed(
    serve: Serve,
    trust: Trust,
    around: Around,
    store: Store,
    service: SignInService,
    says: dict[str, Any],
    believed: bool,
    binds: bool,
) -> None:
    around.roster = Roster((Officer("an", "Nguyễn Văn An", email="an@example.gov.vn"),))
    account = await person(store, "an", officer="an")
    service.says = says
    client = await serve(oidc=replace(trust, bind_by_email=believed), oidc_secret=SECRET)
    assert (await come_back(client)).status == (303 if binds else 403)
    assert (await store.identities.of(service.issuer)) == ({account.id: "8f2c-an"} if binds else {})
    if binds:  # once: another with the same address does not take their place
        service.subject = "another"
        assert (await come_back(client)).status == 403


@pytest.mark.parametrize(
    ("role", "kept", "said"),
    [
        (Role.ADMIN, "an@example.gov.vn", "an@example.gov.vn"),
        (Role.APPROVER, "an@example.gov.vn", "an@example.gov.vn"),
        (Role.OFFICER, "office@example.gov.vn", "o\ufb03ce@example.gov.vn"),
        (Role.OFFICER, "kien@example.gov.vn", "\u212aien@example.gov.vn"),
        (Role.OFFICER, "o\ufb03ce@example.gov.vn", "o\ufb03ce@example.gov.vn"),
    ],
)
async def test_an_address_binds_no_role_above_the_most_and_no_twin_of_an_address(
    serve: Serve,
    trust: Trust,
    around: Around,
    store: Store,
    service: SignInService,
    role: Role,
    kept: str,
    said: str,
) -> None:
    around.roster = Roster((Officer("an", "Nguyễn Văn An", email=kept),))
    await person(store, "an", role, officer="an")
    service.says = {"email": said, "email_verified": True}
    client = await serve(oidc=replace(trust, bind_by_email=True), oidc_secret=SECRET)
    assert (await come_back(client)).status == 403
    assert await store.identities.of(service.issuer) == {}


@pytest.mark.parametrize(
    ("groups", "most", "before", "after"),
    [
        (["duty"], Role.APPROVER, Role.VIEWER, Role.OFFICER),
        (["duty", "heads"], Role.APPROVER, Role.VIEWER, Role.APPROVER),
        (["heads"], Role.OFFICER, Role.VIEWER, Role.OFFICER),
        (["duty"], Role.APPROVER, Role.APPROVER, Role.OFFICER),
        (["duty"], Role.APPROVER, Role.ADMIN, Role.ADMIN),
        (["strangers"], Role.APPROVER, Role.OFFICER, Role.VIEWER),
        ([], Role.APPROVER, Role.APPROVER, Role.VIEWER),
        (None, Role.APPROVER, Role.APPROVER, Role.VIEWER),
        (["strangers"], Role.APPROVER, Role.ADMIN, Role.ADMIN),
        ("heads", Role.APPROVER, Role.VIEWER, Role.APPROVER),
        ({"heads": 1}, Role.APPROVER, Role.VIEWER, Role.VIEWER),
    ],
)
async def test_roles_come_from_a_claim_where_it_is_believed_and_never_above_the_most(
    serve: Serve,
    trust: Trust,
    store: Store,
    service: SignInService,
    groups: object,
    most: Role,
    before: Role,
    after: Role,
) -> None:
    account = await bound(store, service, role=before)
    service.says = {} if groups is None else {"groups": groups}
    roles = {"duty": Role.OFFICER, "heads": Role.ADMIN if most is Role.OFFICER else Role.APPROVER}
    believed = replace(trust, role_claim="groups", roles=roles, most=most)
    client = await serve(oidc=believed, oidc_secret=SECRET)
    assert (await come_back(client)).status == 303
    assert (await store.accounts.get(account.id)).role is after


@pytest.mark.parametrize(
    ("before", "status"), [(Role.OFFICER, 403), (Role.VIEWER, 403), (Role.APPROVER, 403), (Role.ADMIN, 303)]
)
async def test_whom_the_claim_gives_no_role_is_not_let_in_where_that_is_so_configured(
    serve: Serve, trust: Trust, store: Store, service: SignInService, before: Role, status: int
) -> None:
    account = await bound(store, service, role=before)
    service.says = {"groups": ["strangers"]}
    believed = replace(trust, role_claim="groups", roles={"duty": Role.OFFICER}, deny_unmatched=True)
    client = await serve(oidc=believed, oidc_secret=SECRET)
    answer = await come_back(client)
    assert answer.status == status
    if status == 403:
        assert "The sign-in service gives you no role here." in await answer.text()
        (entry, *_) = await store.audit.list(limit=1)
        assert (entry.act, entry.object, "no role" in entry.after) == (
            "sign-in-failed",
            "account an",
            True,
        )
    assert (await store.accounts.get(account.id)).role is before  # as it is for a password
    service.says = {"groups": ["duty"]}
    assert (await come_back(client)).status == 303


async def test_of_several_administrators_by_hand_whom_the_claim_gives_no_role_is_not_let_in(
    serve: Serve, trust: Trust, store: Store, service: SignInService
) -> None:
    account = await bound(store, service, role=Role.ADMIN)
    await person(store, "binh", Role.ADMIN)
    service.says = {"groups": ["strangers"]}
    believed = replace(trust, role_claim="groups", roles={"duty": Role.OFFICER}, deny_unmatched=True)
    client = await serve(oidc=believed, oidc_secret=SECRET)
    assert (await come_back(client)).status == 403
    assert (await store.accounts.get(account.id)).role is Role.ADMIN


@pytest.mark.parametrize("deny", [False, True])
async def test_the_only_administrator_stays_one_and_that_is_written_down(
    serve: Serve, trust: Trust, store: Store, service: SignInService, deny: bool
) -> None:
    account = await bound(store, service, role=Role.ADMIN)
    service.says = {"groups": []}
    roles = {"heads": Role.ADMIN}
    believed = replace(trust, role_claim="groups", roles=roles, most=Role.ADMIN, deny_unmatched=deny)
    client = await serve(oidc=believed, oidc_secret=SECRET)
    assert (await come_back(client)).status == 303
    assert (await store.accounts.get(account.id)).role is Role.ADMIN
    kept = [entry for entry in await store.audit.list() if entry.act == "role-kept"]
    assert [(entry.who, entry.object) for entry in kept] == [(trust.issuer, "account an")]
    await person(store, "binh", Role.ADMIN)
    assert (await come_back(client)).status == (403 if deny else 303)
    assert (await store.accounts.get(account.id)).role is (Role.ADMIN if deny else Role.VIEWER)


async def test_a_claim_says_nothing_of_roles_where_it_is_not_configured(
    client: Client, store: Store, service: SignInService
) -> None:
    account = await bound(store, service, role=Role.VIEWER)
    service.says = {"groups": ["admin"], "role": "admin", "roles": ["admin"]}
    assert (await come_back(client)).status == 303
    assert (await store.accounts.get(account.id)).role is Role.VIEWER


async def test_an_address_that_fails_again_and_again_waits_and_may_then_go_on_where_it_was(
    client: Client, store: Store, service: SignInService, clock: Clock
) -> None:
    await bound(store, service)
    for _ in range(FAILURES):
        forged = (await leave(client)).replace("code=", "code=no-")
        assert (await client.get(forged)).status == 403
    there = await leave(client)
    waits = await client.get(there, allow_redirects=False)
    assert waits.status == 429
    assert "Set-Cookie" not in waits.headers
    clock.forward(seconds=6)
    assert (await client.get(there, allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {},
    ],
)
async def test_a_page_elsewhere_keeps_nobody_out_by_sending_their_browser_here(
    client: Client, store: Store, service: SignInService, clock: Clock, headers: dict[str, str]
) -> None:
    await bound(store, service)
    there = await leave(client)
    before = await store.audit.list(limit=50)
    for _ in range(3 * FAILURES):
        answer = await client.get("/login/oidc/back?state=x&code=y", headers=headers)
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers
    assert await store.audit.list(limit=50) == before
    assert (await client.get(there, allow_redirects=False)).status == 303


@pytest.mark.parametrize("destination", ["image", "iframe", "script", "empty"])
async def test_nobody_signs_in_by_what_is_no_page_of_their_own(
    client: Client, store: Store, service: SignInService, destination: str
) -> None:
    await bound(store, service)
    there = await leave(client)
    answer = await client.get(there, headers={"Sec-Fetch-Dest": destination}, allow_redirects=False)
    assert answer.status == 403
    assert (
        await client.get(there, headers={"Sec-Fetch-Dest": "document"}, allow_redirects=False)
    ).status == 303


async def test_behind_a_dead_provider_the_password_still_opens(
    client: Client, store: Store, service: SignInService
) -> None:
    await bound(store, service)
    await service.stop()
    answer = await client.get("/login/oidc", allow_redirects=False)
    assert answer.status == 503
    assert "Sign in with your password" in await answer.text()
    assert (await log_in(client, "an")).status == 303


async def test_without_a_provider_nothing_of_it_is_there(serve: Serve, store: Store) -> None:
    await person(store, "an")
    client = await serve()
    assert (await client.get("/login/oidc")).status == 404
    assert (await client.get("/login/oidc/back?code=x&state=y")).status == 404
    assert "/login/oidc" not in await (await client.get("/login")).text()


async def test_an_administrator_binds_a_subject_with_their_own_password(
    client: Client, store: Store, service: SignInService
) -> None:
    account = await person(store, "an")
    await person(store, "root", Role.ADMIN)
    assert (await log_in(client, "root")).status == 303
    path, fields = f"/accounts/{account.id}/identity", {"subject": " 8f2c-an "}
    unproved = await send(client, path, fields, page="/accounts")
    assert unproved.status == 422
    done = await send(client, path, fields | {"password": PASSWORD}, page="/accounts")
    assert done.headers["Location"] == "/accounts?done=identity"
    assert await store.identities.of(service.issuer) == {account.id: "8f2c-an"}
    done = await send(client, path, {"subject": "", "password": PASSWORD}, page="/accounts")
    assert done.status == 303
    assert await store.identities.of(service.issuer) == {}


async def test_a_subject_signs_in_to_one_account_alone(
    client: Client, store: Store, service: SignInService
) -> None:
    await bound(store, service)
    other = await person(store, "binh")
    await person(store, "root", Role.ADMIN)
    assert (await log_in(client, "root")).status == 303
    fields = {"subject": "8f2c-an", "password": PASSWORD}
    answer = await send(client, f"/accounts/{other.id}/identity", fields, page="/accounts")
    assert "this subject is bound to another account" in await answer.text()


async def test_a_provider_that_does_not_answer_is_known_to_for_a_while(
    service: SignInService, trust: Trust, clock: Clock
) -> None:
    provider = Provider(trust, None, back="https://console.example/login/oidc/back", clock=clock)
    assert len((await provider.known()).keys.keys) == 1
    await service.stop()
    clock.forward(seconds=601)
    for _ in range(2):
        with pytest.raises(ProviderError, match="does not answer"):
            await provider.known()


async def test_a_provider_that_is_somebody_else_is_not_asked(
    serve: Serve, trust: Trust, service: SignInService
) -> None:
    service.issuer = "https://evil.example"
    client = await serve(oidc=trust, oidc_secret=SECRET)
    assert (await client.get("/login/oidc", allow_redirects=False)).status == 503
    assert "keys" not in service.asked
