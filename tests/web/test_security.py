"""What answers without a token, what every answer carries, and how errors look."""

import pytest

from defacewatch.language import Sentence
from defacewatch.store import Store
from defacewatch.web.access import FAILURES
from defacewatch.web.security import HEADERS
from tests.conftest import Clock
from tests.web.conftest import TOKEN, Around, Client, Serve, send, sign_in

PAGES = ("/", "/incidents/1", "/pictures/" + "0" * 64, "/static/refresh.js", "/nowhere", "/static/nothing")
PROGRAMS = ("/api/v1/portals", "/api/v1/pages", "/api/v1/checks", "/api/v1/incidents", "/metrics", "/api/x")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_sends_those_without_a_session_to_the_login_form(client: Client, path: str) -> None:
    answer = await client.get(path, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/login?next=/")
    assert await answer.read() == b""


@pytest.mark.parametrize("path", PROGRAMS)
async def test_a_program_without_a_token_is_told_that_it_needs_one(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS, "/healthz", "/login", "/static/console.css"])
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = await client.get(path, headers=headers, allow_redirects=False)
        for name in HEADERS:
            assert name in answer.headers, (path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_bearer_token_opens_the_api_and_a_wrong_one_does_not(client: Client) -> None:
    right = await client.get("/api/v1/portals", headers={"Authorization": f"bearer {TOKEN}"})
    assert (right.status, await right.json()) == (200, {"portals": [], "next": None})
    wrong = await client.get("/api/v1/portals", headers={"Authorization": "Bearer wrong"})
    assert wrong.status == 401


async def test_metrics_has_a_token_of_its_own_where_one_is_set(serve: Serve) -> None:
    client = await serve(metrics_token="scrape")
    await sign_in(client)
    expected = {"": 401, f"Bearer {TOKEN}": 401, "Bearer scrape": 200}
    for authorization, status in expected.items():
        answer = await client.get("/metrics", headers={"Authorization": authorization})
        assert answer.status == status
    assert (await client.get("/api/v1/pages", headers={"Authorization": "Bearer scrape"})).status == 401


async def test_too_many_wrong_tokens_make_an_address_wait_but_never_the_right_one(
    client: Client, clock: Clock
) -> None:
    for _ in range(FAILURES):
        answer = await send(client, "/login", {"token": "guess"})
        assert answer.status == 403
        answer = await client.get("/api/v1/pages", headers={"Authorization": "Bearer guess"})
        assert answer.status == 401
    clock.forward(minutes=4)
    for _ in range(2):  # a guess while it has to wait does not make it wait longer
        refused = await send(client, "/login", {"token": "guess"})
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) == 61
        assert "Set-Cookie" not in refused.headers
        wrong = await client.get("/api/v1/pages", headers={"Authorization": "Bearer guess"})
        assert wrong.status == 429
    assert (await client.get("/healthz")).status == 200
    right = await client.get("/api/v1/pages", headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status == 200
    assert (await send(client, "/login", {"token": TOKEN})).status == 303
    clock.forward(minutes=1)
    assert (await send(client, "/login", {"token": "guess"})).status == 403


async def test_somebody_who_signed_in_stays_in_while_the_address_has_to_wait(reader: Client) -> None:
    for _ in range(FAILURES):
        await send(reader, "/login", {"token": "guess"})
    assert (await reader.get("/")).status == 200


async def test_errors_are_pages_for_people_and_json_for_programs(reader: Client) -> None:
    page = await reader.get("/incidents/77")
    assert (page.status, page.content_type) == (404, "text/html")
    assert "There is nothing at this address." in await page.text()
    answer = await reader.get("/api/v1/incidents/77")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    said = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no incident 77"}
    assert await answer.json() == said
    assert (await reader.get("/nowhere")).status == 404


async def test_the_status_page_takes_no_writes(reader: Client) -> None:
    answer = await reader.post("/")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


async def test_a_failing_health_call_shows_nothing_of_its_inside(serve: Serve) -> None:
    def broken() -> list[Sentence]:
        raise RuntimeError("password=hunter2")

    client = await serve(health=broken)
    answer = await client.get("/healthz")
    assert answer.status == 500
    assert "hunter2" not in await answer.text()
    assert answer.headers["X-Frame-Options"] == "DENY"


async def test_a_store_that_does_not_answer_is_503(reader: Client, store: Store, around: Around) -> None:
    async with store.engine.writing() as db:
        await db.exec_driver_sql("DROP TABLE page_state")
    answer = await reader.get("/")
    assert answer.status in (500, 503)
    assert "page_state" not in await answer.text()


async def test_an_overlong_request_is_refused(client: Client) -> None:
    answer = await send(client, "/login", {"token": "x" * 100_000})
    assert answer.status == 413


async def test_the_language_is_chosen_by_a_link_and_kept(reader: Client) -> None:
    assert "No portal is registered yet" in await (await reader.get("/")).text()
    chosen = await reader.get("/?lang=vi")
    assert 'lang="vi"' in await chosen.text()
    assert "Chưa đăng ký cổng nào" in await (await reader.get("/")).text()
    assert 'lang="vi"' in await (await reader.get("/?lang=fr")).text()
