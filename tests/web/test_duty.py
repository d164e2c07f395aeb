"""The duty desk as it is now, and who sees what of it."""

import pytest

from defacewatch.accounts import Role
from defacewatch.calling import Sending
from defacewatch.roster import Roster
from defacewatch.store import Store
from tests.conftest import Clock
from tests.web.conftest import Around, Client, Serve, sign_in
from tests.web.desks import ROSTER, local, shown, signed_in_as
from tests.web.seeds import attacked

TABS = ("/duty", "/duty/roster", "/duty/preview", "/duty/handovers", "/duty/windows", "/duty/channels")


@pytest.fixture
async def client(serve: Serve, around: Around, clock: Clock) -> Client:
    around.roster = ROSTER
    clock.now = local("2026-09-02T15:00")
    trouble = {"telegram": "api.telegram.org: no answer"}
    return await serve(sending=lambda: Sending(("email", "telegram")), trouble=lambda: trouble)


async def test_who_is_on_duty_who_comes_next_and_who_has_which_incident_is_said(
    client: Client, store: Store
) -> None:
    await attacked(store)
    _, taken = await attacked(store, "soyte")
    await store.incidents.acknowledge(taken, by="an", via="telegram", now=local("2026-09-02T15:00"))
    await signed_in_as(client, store, "binh")
    text = await shown(client, "/duty")
    now, following = text.split('id="next"')[0], text.split('id="next"')[1]
    assert "<bdi>An</bdi>" in now
    assert "<bdi>Binh</bdi>" in following
    assert text.index("Nobody yet") < text.index(">An <span")
    assert "api.telegram.org: no answer" in text


@pytest.mark.parametrize("page", TABS)
async def test_whoever_only_looks_sees_names_but_neither_numbers_nor_forms(
    client: Client, store: Store, page: str
) -> None:
    await attacked(store)
    await sign_in(client)
    text = await shown(client, page)
    assert "0912" not in text
    assert "api.telegram.org" not in text
    assert "/duty/reports" not in text
    assert 'method="post" action="/duty' not in text


async def test_officers_see_the_telephone_numbers(client: Client, store: Store) -> None:
    await signed_in_as(client, store, "binh")
    assert 'href="tel:09120"' in await shown(client, "/duty")
    assert 'href="tel:09122"' in await shown(client, "/duty/preview?at=2026-09-02T02:00&kind=defaced")


async def test_an_empty_roster_is_said_to_be_one(client: Client, around: Around) -> None:
    around.roster = Roster()
    await sign_in(client)
    assert "Nobody is on duty." in await shown(client, "/duty")
    for page in TABS:
        await shown(client, page)


async def test_the_reports_of_the_last_months_come_as_documents(client: Client, store: Store) -> None:
    await signed_in_as(client, store, "binh", Role.OFFICER)
    assert "/duty/reports/2026-08.docx" in await shown(client, "/duty/reports")
    made = await client.get("/duty/reports/2026-08.docx")
    assert made.status == 200
    assert made.headers["Content-Disposition"] == 'attachment; filename="report-2026-08.docx"'
    assert (await made.read())[:2] == b"PK"
    assert (await client.get("/duty/reports/2026-08.csv")).status == 200
    for gone in ("2025-09.docx", "2026-10.csv", "2026-13.csv", "2026-08.pdf"):
        assert (await client.get(f"/duty/reports/{gone}")).status == 404


async def test_who_would_be_called_is_shown_with_times_people_and_channels(
    client: Client, store: Store
) -> None:
    await attacked(store)
    await sign_in(client)
    text = await shown(client, "/duty/preview?at=2026-09-02T02:00&kind=defaced&portal=hungyen")
    assert [text.index(f"<b>{at}</b>") for at in ("02:00", "02:10", "02:30", "03:00")]
    assert "<bdi>Cuc</bdi>" in text
    assert "the shift lead" in text
    wrong = "/duty/preview?at=soon&kind=defaced"
    assert "both times are needed" in await shown(client, wrong, 422)
    assert "There is no such kind of alert." in await shown(client, "/duty/preview?kind=x", 422)


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "1999-12-31T23:59", "9999-12-31T23:59", "x"])
async def test_times_that_nothing_can_be_reckoned_from_are_said_to_be_none(
    client: Client, store: Store, at: str
) -> None:
    await signed_in_as(client, store, "an")
    assert (await client.get(f"/duty/preview?at={at}&kind=defaced")).status in (200, 422)


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "9999-12", "2026-13"])
async def test_there_is_no_report_of_a_month_that_was_not(client: Client, store: Store, month: str) -> None:
    await signed_in_as(client, store, "an")
    assert (await client.get(f"/duty/reports/{month}.csv")).status == 404
