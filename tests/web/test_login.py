"""The login form and its cookie."""

import asyncio

import pytest

from defacewatch.web import forms
from tests.conftest import Clock
from tests.web.conftest import CSRF, TOKEN, Client, Serve, csrf_of, send


async def test_the_form_stands_on_its_own(client: Client) -> None:
    answer = await client.get("/login")
    text = await answer.text()
    assert answer.status == 200
    assert 'type="password"' in text
    assert "<script" not in text
    assert "style=" not in text
    for path in ("/static/console.css", "/static/mark.svg"):
        assert path in text
        assert (await client.get(path)).status == 200


async def test_the_right_token_opens_a_session_and_leads_back(client: Client) -> None:
    answer = await send(client, "/login", {"token": f" {TOKEN} ", "next": "/incidents/12"})
    assert (answer.status, answer.headers["Location"]) == (303, "/incidents/12")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    assert (await client.get("/", allow_redirects=False)).status == 200


async def test_behind_https_the_cookie_is_for_https_alone(serve: Serve) -> None:
    client = await serve(public_url="https://giamsat.example.gov.vn")
    form = await client.get("/login")
    found, csrf = form.headers["Set-Cookie"], CSRF.search(await form.text())
    assert found.startswith("__Host-")
    assert csrf is not None
    answer = await client.post(
        "/login",
        data={"token": TOKEN, "csrf": csrf[1]},
        headers={"Cookie": found.partition(";")[0]},  # the client keeps none over plain HTTP
        allow_redirects=False,
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "Path=/" in cookie


async def test_a_wrong_token_opens_nothing_and_says_so(client: Client) -> None:
    answer = await send(client, "/login", {"token": "wrong"})
    assert answer.status == 403
    assert "This token is not right." in await answer.text()
    assert "Set-Cookie" not in answer.headers
    assert (await client.get("/", allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://bad.example/", "//bad.example", "/\\bad.example", "/incidents/1\r\nX: y", "javascript:1"],
)
async def test_a_login_leads_nowhere_but_to_our_own_pages(client: Client, elsewhere: str) -> None:
    answer = await send(client, "/login", {"token": TOKEN, "next": elsewhere})
    assert answer.headers["Location"] == "/"
    form = await client.get("/login", params={"next": elsewhere})
    assert 'name="next" value="/"' in await form.text()


async def test_a_session_ends_by_signing_out_or_after_a_shift_without_use(
    reader: Client, clock: Clock
) -> None:
    clock.forward(hours=7)
    renewed = await reader.get("/", allow_redirects=False)
    assert renewed.status == 200
    assert "Set-Cookie" in renewed.headers
    clock.forward(hours=11)
    assert (await reader.get("/", allow_redirects=False)).status == 200
    clock.forward(hours=12)
    assert (await reader.get("/", allow_redirects=False)).status == 303


async def test_a_page_that_renewed_its_session_can_sign_out(reader: Client, clock: Clock) -> None:
    before = await csrf_of(reader, "/")
    clock.forward(hours=7)
    assert await csrf_of(reader, "/") == before
    answer = await reader.post("/logout", data={"csrf": before}, allow_redirects=False)
    assert answer.status == 303


async def test_signing_out_ends_the_session_in_this_browser(reader: Client) -> None:
    answer = await send(reader, "/logout", {}, page="/")
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert (await reader.get("/", allow_redirects=False)).status == 303


async def test_a_form_that_does_not_arrive_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "WITHIN", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99"
    writer.write(
        b"POST /login HTTP/1.1\r\nHost: x\r\nCookie: defacewatch_form="
        + b"x" * 43
        + b"\r\n"
        + kind
        + b"\r\n\r\ntoken="
    )
    async with asyncio.timeout(10):
        assert b" 400 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
