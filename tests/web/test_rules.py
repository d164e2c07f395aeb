"""Every route has a rule, and every role may do exactly what the table says."""

import re

import pytest

from defacewatch.accounts import Role, Scope
from defacewatch.store import Store
from defacewatch.web.rules import RULES, Open, key_of
from tests.store.samples import NOW
from tests.web.conftest import TOKEN, Client, csrf_of
from tests.web.people import ME, log_in, person
from tests.web.seeds import MINUTE

EXAMPLES = {
    "id": "7", "sha": "0" * 64, "name": "refresh.js", "account": "7", "issue": "1", "ends": "1",
    "token": "0" * 40, "whose": "an", "delivery": "1", "portal": "tinh",
    "action": "acknowledge", "capture": "20260902-0123456789", "page": "tinh-01234567", "mask": "7",
    "mute": "7",
    "key": "tinh", "form": "csv", "month": "2026-08",
}  # fmt: skip


def address(route: str) -> str:
    return re.sub(r"{(\w+)}", lambda field: EXAMPLES[field[1]], route)


def routes(client: Client) -> set[tuple[str, str]]:
    found = client.server.app.router.routes()  # type: ignore[attr-defined]
    return {key_of(route.method, route.resource) for route in found}


async def test_every_route_has_a_rule_and_every_rule_a_route(client: Client) -> None:
    assert routes(client) == set(RULES)


@pytest.mark.parametrize("role", [None, *Role])
async def test_every_role_may_use_the_routes_that_the_table_gives_it_and_no_others(
    client: Client, store: Store, role: Role | None
) -> None:
    csrf = ""
    if role is not None:
        await person(store, role=role)
        assert (await log_in(client, "an")).status == 303
        csrf = await csrf_of(client, "/account")
    for (method, route), rule in sorted(RULES.items(), key=lambda entry: entry[0][1] == "/logout"):
        if isinstance(rule, Open):
            continue
        path = address(route)
        data = {"csrf": csrf} if method == "POST" else None
        answer = await client.request(method, path, data=data, allow_redirects=False)
        if role is None:
            refused = answer.status == 401 or answer.headers.get("Location", "").startswith("/login?next=/")
            assert refused, (method, path, answer.status)
        else:
            assert (answer.status == 403) is not role.covers(rule), (method, path, answer.status)
        assert answer.status != 500, (method, path)


@pytest.mark.parametrize("scope", Scope)
async def test_a_token_of_an_administrator_may_what_its_scope_says(
    client: Client, store: Store, scope: Scope
) -> None:
    account = await person(store, role=Role.ADMIN)
    token = await store.api_tokens.make(account, "x", scope, expires=NOW + 60 * MINUTE, actor=ME, now=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/portals", headers=headers)).status == 200
    took = await client.post("/api/v1/incidents/7/acknowledge", headers=headers)
    assert took.status == (403 if scope is Scope.READ else 404)
    audit = await client.get("/api/v1/audit", headers=headers)
    assert audit.status == (200 if scope is Scope.ADMIN else 403)
    page = await client.get("/accounts", headers=headers, allow_redirects=False)
    assert page.status == 303  # such tokens are for the API


async def test_the_shared_token_reads_and_does_nothing(client: Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert (await client.get("/api/v1/incidents", headers=headers)).status == 200
    assert (await client.get("/api/v1/audit", headers=headers)).status == 403
    assert (await client.post("/api/v1/incidents/7/acknowledge", headers=headers)).status == 403
    for page in ("/account", "/accounts", "/audit"):
        assert (await client.get(page, headers=headers)).status == 403
