"""The description of the API is true: of every route, and of what each error looks like."""

import json

import jsonschema_rs
import pytest

from defacewatch.store import Store
from defacewatch.web.access import FAILURES
from defacewatch.web.api.described import BASE
from tests.web.conftest import TOKEN, Client, Serve
from tests.web.described import document
from tests.web.seeds import attacked
from tests.web.test_rules import routes

BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_the_description_is_served_to_those_who_may_read(client: Client) -> None:
    assert (await client.get("/api/v1/openapi.json")).status == 401
    answer = await client.get("/api/v1/openapi.json", headers=BEARER)
    assert await answer.json() == json.loads(json.dumps(document()))
    assert (await answer.json())["openapi"].startswith("3.1")


async def test_every_route_of_the_api_is_described_and_no_other(client: Client) -> None:
    described = {(m.upper(), path) for path, each in document()["paths"].items() for m in each}
    assert described == {(m, path) for m, path in routes(client) if path.startswith(BASE)}


def test_every_operation_says_what_it_does_and_for_whom() -> None:
    names = []
    for path, each in document()["paths"].items():
        for operation in each.values():
            assert operation["summary"], path
            assert "Needs the role" in operation["description"], path
            names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    text = json.dumps(document())
    for name, schema in document()["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert f"#/components/schemas/{name}" in text or name == "Problem", name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/v1/incidents/9999999999999999999", 404),
        ("DELETE", "/api/v1/portals", 405),
        ("GET", "/api/v1/audit", 403),
        ("GET", "/api/v1/pages?limit=0", 400),
    ],
)
async def test_each_error_is_a_problem(client: Client, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path, headers=BEARER)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    said = await answer.json()
    assert said["detail"]
    assert ("Allow" in answer.headers) is (status == 405)


async def test_whoever_guesses_at_tokens_has_to_wait_and_is_told_how_long(client: Client) -> None:
    for _ in range(FAILURES):
        await client.get("/api/v1/pages", headers={"Authorization": "Bearer guess"})
    answer = await client.get("/api/v1/pages", headers={"Authorization": "Bearer guess"})
    assert (answer.status, answer.content_type) == (429, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0


async def test_an_error_of_our_own_tells_nothing_of_its_inside(serve: Serve, store: Store) -> None:
    def broken() -> None:
        raise RuntimeError("password=hunter2")

    client = await serve(runbooks=broken)
    _, incident = await attacked(store)
    answer = await client.get(f"/api/v1/incidents/{incident}", headers=BEARER)
    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert "hunter2" not in await answer.text()
    assert "Traceback" not in await answer.text()
