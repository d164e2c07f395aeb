"""Calendars at their secret addresses."""

from datetime import time

import pytest

from defacewatch.roster import Officer, Roster
from defacewatch.shifts import Shift
from defacewatch.store import Store
from defacewatch.web.access import FAILURES
from defacewatch.web.calendar import EVERYBODY, calendar_url, link_name
from tests.web.conftest import Around, Client, Serve

KEY = b"k" * 32
AN = Officer("an", "Nguyễn Văn An", language="en")
WEEK = Shift(("an",), time(7), time(19), days=frozenset(range(7)), name="Ca ngày")


def path(whose: str, issue: int = 0, key: bytes = KEY) -> str:
    return calendar_url("", key, whose, issue)


@pytest.fixture
async def client(serve: Serve, around: Around) -> Client:
    around.roster = Roster((AN,), (WEEK,))
    return await serve()


@pytest.mark.parametrize("whose", ["an", EVERYBODY])
async def test_who_has_the_address_gets_the_turns_without_signing_in(client: Client, whose: str) -> None:
    answer = await client.get(path(whose))
    assert answer.status == 200
    assert answer.content_type == "text/calendar"
    text = await answer.text()
    assert text.count("BEGIN:VEVENT") >= 60
    assert "Ca ngày" in text


async def test_wrong_addresses_are_all_alike_and_few_are_answered(client: Client) -> None:
    for wrong in (path("an", key=b"x" * 32), path("binh", key=b"x" * 32), path("binh")):
        assert (await client.get(wrong)).status == 404
    for _ in range(FAILURES):
        last = await client.get(path("an", key=b"x" * 32))
    assert last.status == 429
    assert (await client.get(path("an"))).status == 200  # the right one always passes


async def test_an_address_that_was_renewed_ends_the_one_before(client: Client, store: Store) -> None:
    assert await store.links.renew(link_name("an")) == 1
    assert (await client.get(path("an"))).status == 404
    assert (await client.get(path("an", 1))).status == 200
    assert await store.links.renew(link_name("an")) == 2
    assert (await client.get(path("an", 1))).status == 404


async def test_a_calendar_is_a_file_that_no_page_may_embed(client: Client) -> None:
    answer = await client.get(path("an"))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
