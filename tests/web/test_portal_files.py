"""Importing with a preview that is done exactly or not at all; exporting."""

import io
import json
import os
import re
from datetime import UTC, datetime

import aiohttp
import pytest

from defacewatch.accounts import Role
from defacewatch.config import Registrar
from defacewatch.registering import Move, Sheet, Unacceptable, Wrong
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import NOW, portal
from tests.web.conftest import Client, Serve, csrf_of
from tests.web.people import log_in, person
from tests.web.test_portals import admin, text

__all__ = ["admin"]
CSV = (
    "key,name,owner,level,url\n"
    "a,Cổng a,UBND,3,https://a.gov.vn/\n"
    "b,Cổng b,,,https://b.gov.vn/\n"
    "b,,,,https://b.gov.vn/tin\n"
)


async def upload(client: Client, content: bytes, name: str = "x.csv") -> aiohttp.ClientResponse:
    form = aiohttp.FormData({"csrf": await csrf_of(client, "/register/import")})
    if name:
        kind = "application/octet-stream"
        form.add_field("file", io.BytesIO(content), filename=name, content_type=kind)
    return await client.post("/register/import", data=form)


def fields(page: str) -> dict[str, str]:
    """What the form of the preview sends."""
    form = page[page.index('action="/register/import/confirm"') :]
    return dict(re.findall(r'name="(csrf|name|seen|seal|content)" value="([^"]*)"', form)[:5])


async def confirm(client: Client, sent: dict[str, str]) -> aiohttp.ClientResponse:
    form = aiohttp.FormData()
    for name, value in sent.items():
        form.add_field(name, value, content_type="text/plain")
    return await client.post("/register/import/confirm", data=form)


async def test_what_would_be_done_is_shown_and_then_done(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a", owner="Sở TTTT")], now=NOW)
    answer = await upload(admin, CSV.encode())
    page = await answer.text()
    assert answer.status == 200
    assert re.findall(r'm-(\w+)"><b>(\d+)', page) == [
        ("added", "1"), ("changed", "1"), ("same", "0"), ("refused", "0"),
    ]  # fmt: skip
    assert "Sở TTTT" in page
    assert [p.key for p in await store.portals.all()] == ["a"]
    done = await confirm(admin, fields(page))
    assert done.status == 200
    a, b = await store.portals.all()
    assert (a.owner, a.contacts) == ("UBND", portal("a").contacts)  # CSV does not speak of contacts
    assert [p.url for p in b.pages] == ["https://b.gov.vn/", "https://b.gov.vn/tin"]


async def test_nothing_else_than_what_was_shown_can_be_confirmed(admin: Client, store: Store) -> None:
    shown = fields(await (await upload(admin, CSV.encode())).text())
    other = fields(await (await upload(admin, CSV.replace("UBND", "X").encode())).text())
    assert (await confirm(admin, shown | {"content": other["content"]})).status == 400
    assert (await confirm(admin, shown | {"seen": "0" * 64})).status == 400
    await store.portals.import_([portal("b")], now=NOW)
    moved = await confirm(admin, shown)
    assert moved.status == 409
    assert "has changed since you looked" in await moved.text()
    assert [p.key for p in await store.portals.all()] == ["b"]


async def test_what_a_file_provisions_otherwise_is_refused_and_so_is_all(admin: Client, store: Store) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    page = await (await upload(admin, CSV.encode())).text()
    assert ("refused", "1") in re.findall(r'm-(\w+)"><b>(\d+)', page)
    assert "/register/import/confirm" not in page


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (CSV.encode("utf-16"), "x.csv", "saved as UTF-16"),
        ("key,name,url\na,Cæng,https://a.vn/\n".encode("latin-1"), "x.csv", "in an old code"),
        (b"key,nam,url\na,A,https://a.vn/\n", "x.csv", "has to name the columns"),
        (b'key,name,url\na,"A"x,https://a.vn/\n', "x.csv", "not valid CSV"),
        (b"portals: [", "x.yaml", "not valid YAML"),
        (b"key,name,url\n", "x.xlsx", "Only .csv, .yaml"),
        (b"#" * (1024 * 1024 + 1), "x.csv", "too large"),
        (b"key,name,level,url\na,A,9,https://a.vn/\nb,B,1,ftp://b/\n", "x.csv", "a whole number from 1 to 5"),
        (b"", "", "Choose a file first."),
    ],
    ids=["utf-16", "old code", "columns", "csv", "yaml", "ending", "large", "values", "none"],
)
async def test_a_file_that_cannot_be_taken_says_why(
    admin: Client, store: Store, content: bytes, name: str, says: str
) -> None:
    answer = await upload(admin, content, name)
    page = await answer.text()
    assert answer.status == 400
    assert says in page
    assert await store.portals.all() == []


def entered(count: int, pages: int, url: str = "https://a{}.vn/{}") -> bytes:
    """A YAML file of so many portals with so many pages each."""
    entries = [
        {"key": f"a{n}", "name": "A", "pages": [{"url": url.format(n, page)} for page in range(pages)]}
        for n in range(count)
    ]
    return json.dumps({"portals": entries}).encode()


@pytest.mark.parametrize(
    "content",
    [entered(2, 2501), entered(3000, 2), b"portals: [" + b"{}, " * 25_000 + b"]"],
    ids=["pages", "more pages", "values"],
)
async def test_a_file_that_holds_too_much_is_refused(admin: Client, store: Store, content: bytes) -> None:
    answer = await upload(admin, content, "x.yaml")
    assert answer.status == 400
    assert "The file holds too much" in await answer.text()
    assert await store.portals.all() == []


async def test_of_all_that_is_wrong_the_first_is_told(admin: Client) -> None:
    page = await (await upload(admin, entered(300, 1, "ftp://{}/{}"), "x.yaml")).text()
    assert page.count('<tr><td class="number">') in (200, 201)
    assert "These are the first 200." in page


def read_by(raw: bytes, name: str) -> Sheet:
    """Says in which process a file was read."""
    raise Unacceptable([Wrong(f"read by {os.getpid()}")])


async def test_a_file_is_read_outside_of_the_process_that_watches(serve: Serve, store: Store) -> None:
    registrar = Registrar()
    registrar.sheet = read_by  # type: ignore[method-assign]
    client = await serve(registrar=registrar)
    await person(store, "an", Role.ADMIN)
    await log_in(client, "an")
    page = await (await upload(client, b"portals: []", "x.yaml")).text()
    found = re.search(r"read by (\d+)", page)
    assert found is not None
    assert int(found[1]) != os.getpid()


async def test_the_rows_that_are_wrong_are_numbered(admin: Client) -> None:
    page = await (await upload(admin, b"key;name;level;url\na;A;9;https://a.vn/\nb;B;1;ftp://b/\n")).text()
    assert re.findall(r'<tr><td class="number">(\d+)</td><td>([^<]+)</td>', page) == [
        ("2", "Security level"),
        ("3", "Address"),
    ]


async def test_an_upload_beyond_all_bounds_is_refused_and_nobody_else_is_listened_to(
    admin: Client, store: Store
) -> None:
    assert (await upload(admin, b"x" * (3 * 1024 * 1024))).status == 413
    csrf = await csrf_of(admin, "/register/import")
    assert (await admin.post("/register/import", data={"csrf": csrf, "x": "y" * 40_000})).status == 400
    assert (await admin.post("/account/language", data={"csrf": csrf, "x": "y" * 40_000})).status == 413
    await admin.post("/logout", data={"csrf": csrf})
    await person(store, "binh", Role.VIEWER)
    await log_in(admin, "binh")
    csrf = await csrf_of(admin, "/account")
    assert (await admin.post("/register/import", data={"csrf": csrf, "x": "y" * 900_000})).status == 403


async def test_what_is_exported_is_a_file_and_comes_back_the_same(admin: Client, store: Store) -> None:
    whole = portal("a", "/", "/tin", tags=("một cửa", "tỉnh"), name="=cmd|' /C calc'!A0", owner="'Sở")
    await store.portals.import_([whole], now=NOW)
    answer = await admin.get("/register/export.csv")
    raw = await answer.read()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="portals-2026-09-02.csv"'
    assert raw.startswith(b"\xef\xbb\xbfkey,name,")
    assert b",=" not in raw
    assert b"\n=" not in raw
    assert await moves(store, raw, "a.csv") == [Move.SAME]
    answer = await admin.get("/register/export.yaml")
    assert answer.headers["Content-Disposition"].endswith('.yaml"')
    assert await moves(store, await answer.read(), "a.yaml") == [Move.SAME]
    assert "Export CSV" in await text(admin, "/portals")


async def test_a_file_bears_the_day_that_it_is_here(admin: Client, store: Store, clock: Clock) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    clock.now = datetime(2026, 9, 2, 17, 30, tzinfo=UTC)  # half past midnight in Việt Nam
    await log_in(admin, "an")
    answer = await admin.get("/register/export.csv")
    assert "portals-2026-09-03.csv" in answer.headers["Content-Disposition"]


async def moves(store: Store, raw: bytes, name: str) -> list[Move]:
    """What importing a file would do."""
    sheet = Registrar().sheet(raw, name)
    return [step.move for step in await store.portals.preview(sheet.portals, sheet.said)]
