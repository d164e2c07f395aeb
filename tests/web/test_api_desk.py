"""The duty desk through the API: who would be called, tests of channels, secret addresses, what is filed."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs
from yarl import URL

from defacewatch.accounts import Role
from defacewatch.alerts import Wanted
from defacewatch.calling import Sending
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.printing import pdf_of
from defacewatch.handovers import Handover
from defacewatch.raising import RaisedWatch
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.web.conftest import TOKEN, Around, Client, Serve
from tests.web.desks import ROSTER, local
from tests.web.seeds import attacked, portal, registered
from tests.web.test_api import asked
from tests.web.test_api_incidents import sent, token


@pytest.fixture
async def client(serve: Serve, around: Around, clock: Clock) -> Client:
    around.roster = ROSTER
    clock.now = local("2026-09-02T14:25")
    return await serve(sending=lambda: Sending(("email", "telegram")), trouble=lambda: {"telegram": "401 no"})


async def read(client: Client, headers: Any, path: str, status: int = 200) -> bytes:
    answer = await client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status == status, await answer.text()
    return await answer.read()


async def test_who_would_be_called_is_what_the_outbox_would_do(client: Client, store: Store) -> None:
    await registered(store)
    window = {"portal": "hungyen", "from": "2026-09-02T15:00:00+07:00", "to": "2026-09-02T18:00:00+07:00"}
    headers = await token(store)
    number = (await sent(client, headers, "windows", window | {"reason": "nâng cấp"}, 201))["window"]
    found = await asked(client, "roster/calls?at=2026-09-02T16:00:00%2B07:00&kind=changed&portal=hungyen")
    assert (found["at"], found["kind"], found["portal"], found["window"]) == (
        "2026-09-02T09:00:00.000Z",
        "changed",
        "hungyen",
        number,
    )
    assert [turn["officers"] for turn in found["turns"]] == [["an"]]
    first = found["calls"][0]
    assert (first["after"], first["to"], first["officers"]) == (0, ["on_duty"], {"an": ["email"]})
    attack = await asked(client, "roster/calls?at=2026-09-02T16:00:00%2B07:00&portal=hungyen")
    assert (attack["kind"], attack["window"], attack["urgency"]) == ("defaced", None, "high")
    assert (await asked(client, "roster/calls"))["portal"] is None
    await asked(client, "roster/calls?portal=khong", 404)
    await asked(client, "roster/calls?kind=taken", 400)
    await asked(client, "roster/calls?at=2026-09-02T16:00", 400)
    await store.portals.apply([], now=NOW)
    await asked(client, "roster/calls?portal=hungyen", 404)


async def test_raised_watch_and_the_state_of_everything_are_told(
    client: Client, store: Store, around: Around
) -> None:
    _, incident = await attacked(store)
    status = await asked(client, "status")
    assert (status["worst"], status["open"], status["pages"], status["paused"]) == ("defaced", 1, 1, 0)
    assert (status["problems"], status["deliveries_failed"], status["duty"]) == ([], 1, around.duty)
    assert status["until"] == "2026-09-02T15:00:00.000Z"
    assert (status["oldest_capture"], status["uncaptured"]) == ("2026-09-02T07:40:00.000Z", 0)
    await store.portals.apply([portal("hungyen"), portal("new")], now=NOW)
    assert (await asked(client, "status"))["uncaptured"] == 1
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW)
    after = await asked(client, "status")
    assert (after["open"], after["acknowledged"]) == (0, 1)
    assert (await asked(client, "roster/raised-watch"))["raised_watch"] == []
    day, hour = date(2026, 9, 4), timedelta(hours=1)
    watch = RaisedWatch("Quốc khánh", day, day, probe_every=hour / 60, render_every=hour, hasten=2.0)
    around.roster = replace(ROSTER, raised_watch=(watch,))
    assert (await asked(client, "roster/raised-watch?days=1"))["raised_watch"] == []
    assert (await asked(client, "roster/raised-watch?days=2"))["raised_watch"] == [
        {
            "name": "Quốc khánh",
            "from": "2026-09-04",
            "to": "2026-09-04",
            "probe_every": 60.0,
            "render_every": 3600.0,
            "hasten": 2.0,
            "urgent_changes": False,
        }
    ]


async def test_channels_are_tested_by_those_whose_they_are_or_who_arrange(
    client: Client, store: Store, clock: Clock
) -> None:
    officer, lead = await token(store), await token(store, name="lan", officer="lan")
    works = {one["channel"]: one for one in (await asked(client, "channels"))["channels"]}
    assert (works["email"]["works"], works["email"]["reaches"]) == (True, 5)
    assert (works["telegram"]["works"], works["telegram"]["error"]) == (False, None)  # for those who look
    assert b"401 no" in await read(client, officer, "channels")
    other = await sent(client, officer, "channel-tests/ask", {"officer": "cuc"}, 403)
    assert "Only a shift lead" in other["detail"]
    await sent(client, officer, "channel-tests/ask", {"officer": "khong"}, 400)
    await sent(client, officer, "channel-tests/ask", {"officer": "an", "channel": "telegram"}, 400)
    made = await sent(client, officer, "channel-tests/ask", {"officer": "an", "channel": "email"}, 201)
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.source) == ("channel-tested", "api:127.0.0.1 account siem token 1")
    await sent(client, officer, "channel-tests/ask", {"officer": "an"}, 409)
    await sent(client, lead, "channel-tests/ask", {"officer": "cuc"}, 201)
    await store.alerts.expand(made["alert"], [Wanted("email", "an")], step=1, next_step_at=None, now=clock())
    (line,) = (await asked(client, "channel-tests/asked"))["tests"]
    assert (line["officer"], line["channel"], line["by"], line["state"]) == ("an", "email", "an", "pending")


async def test_a_test_alert_goes_to_those_on_duty_and_says_what_became_of_it(
    client: Client, store: Store, clock: Clock
) -> None:
    assert await asked(client, "test-alert") == {"trial": None}
    root = await token(store, Role.ADMIN, "root", None)
    await sent(client, await token(store), "test-alert", {}, 403)
    await sent(client, root, "test-alert", {"to": "khong"}, 400)
    assert await sent(client, root, "test-alert", {}, 201) == {"officers": ["an"]}
    await sent(client, root, "test-alert", {"to": "an"}, 409)
    alert = await store.alerts.claim(clock())
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=clock())
    trial = (await asked(client, "test-alert"))["trial"]
    assert (trial["officers"], trial["waiting"], trial["passed"]) == (["an"], True, False)
    delivery = await store.alerts.claim_delivery("email", now=clock())
    assert delivery is not None
    await store.alerts.sent(delivery.id, "250 ok", now=clock())
    trial = (await asked(client, "test-alert"))["trial"]
    assert (trial["waiting"], trial["passed"], trial["deliveries"][0]["state"]) == (False, True, "sent")


async def test_secret_addresses_are_given_renewed_and_ended(client: Client, store: Store) -> None:
    await registered(store)
    officer, lead = await token(store), await token(store, name="lan", officer="lan")

    async def opens(url: str) -> int:
        return (await client.get(URL(url).path)).status

    with capture_logs() as logs:
        nobody = await token(store, name="khach", officer=None)
        await sent(client, nobody, "roster/calendar-link", {}, 400)
        one = (await sent(client, officer, "roster/calendar-link", {}, 201))["url"]
        assert await opens(one) == 200
        (entry,) = await store.audit.list(limit=1)
        assert (entry.act, entry.who, entry.source) == ("address-given", "siem", "api:127.0.0.1 token 1")
        other = (await sent(client, officer, "roster/calendar-link", {"renew": True}, 201))["url"]
        assert [await opens(one), await opens(other)] == [404, 200]

        path = "portals/hungyen/announce-link"
        await sent(client, officer, path, {}, 403)
        await sent(client, officer, f"{path}/revoke", status=403)
        await sent(client, lead, "portals/khong/announce-link", {}, 404)
        third = (await sent(client, lead, path, {}, 201))["url"]
        fourth = (await sent(client, lead, path, {"renew": True}, 201))["url"]
        assert [await opens(third), await opens(fourth)] == [404, 200]
        assert await sent(client, lead, f"{path}/revoke") == {"ended": "hungyen"}
        assert await opens(fourth) == 404
        await store.portals.apply([], now=NOW)  # it is disabled: nothing is announced of it
        await sent(client, lead, path, {}, 404)
        await sent(client, lead, path, {"renew": True}, 404)
        assert await sent(client, lead, f"{path}/revoke") == {"ended": "hungyen"}
    kept = f"{await store.audit.list(limit=99)} {logs}"
    assert ("address-given" in kept, "refused: not theirs" in kept) == (True, True)
    for url in (one, other, third, fourth):
        assert max(re.findall("[0-9a-f]+", URL(url).path), key=len) not in kept


async def test_what_is_filed_comes_as_files(client: Client, store: Store, clock: Clock) -> None:
    number = await store.handovers.begin(Handover(clock(), ("dung",), ("an",), {"open": 1}), now=clock())
    headers = await token(store)
    assert (await asked(client, f"handovers/{number}"))["missing"] == ["dung", "an"]
    await asked(client, "handovers/99", 404)
    for path in (f"handovers/{number}/record.docx", "reports/2026-09.docx"):
        assert (await read(client, headers, path))[:2] == b"PK"
        await asked(client, path, 403)
    rows = []
    for happens in (False, True):
        if happens:
            await attacked(store)
        table = (await read(client, headers, "reports/2026-09.csv?lang=en")).decode("utf-8-sig")
        rows.append([row for row in csv.reader(io.StringIO(table)) if any("hungyen" in cell for cell in row)])
    assert (rows[0], bool(rows[1])) == ([], True)
    (view,) = await store.incidents.list()
    told = f"incidents/{view.incident.id}/report.docx"
    assert (await read(client, headers, told))[:2] == b"PK"
    await asked(client, told, 403)
    for wrong in (
        "incidents/99/report.docx",
        "reports/2026-13.docx",
        "reports/2020-01.csv",
        "handovers/99/record.docx",
    ):
        await read(client, headers, wrong, 404)
    named = await client.get("/api/v1/reports/2026-09.docx", headers=headers)
    assert named.headers["Content-Disposition"] == 'attachment; filename="report-2026-09.docx"'


async def test_what_is_filed_is_printed_by_the_browser_in_the_language_asked_for(
    serve: Serve, store: Store, clock: Clock
) -> None:
    client = await serve(printing=lambda html: pdf_of(html, executable=find_chromium(None)))
    number = await store.handovers.begin(Handover(clock(), ("dung",), ("an",), {"open": 1}), now=clock())
    headers = await token(store)
    made = await read(client, headers, f"handovers/{number}/record.pdf?lang=vi")
    assert made.startswith(b"%PDF-")
    assert "BIÊN BẢN" in PdfReader(io.BytesIO(made)).pages[0].extract_text().upper()


async def test_where_nothing_prints_it_is_said(serve: Serve, client: Client, store: Store) -> None:
    headers = await token(store)
    said = json.loads(await read(client, headers, "reports/2026-09.pdf", 404))
    assert said["detail"] == "Nothing on this host prints. Take the document (.docx) instead."
    without = await serve(printing=lambda html: pdf_of(html, executable=find_chromium("/nowhere/chromium")))
    broken = json.loads(await read(without, headers, "reports/2026-09.pdf?lang=vi", 503))
    assert "không in được" in broken["detail"]


async def test_sessions_end_and_a_language_is_chosen_by_a_token_that_may_all_that_its_owner_may(
    client: Client, store: Store
) -> None:
    officer, root = await token(store), await token(store, Role.ADMIN, "root", None)
    shared = {"Authorization": f"Bearer {TOKEN}"}
    assert (await client.get("/api/v1/me/sessions", headers=shared)).status == 403
    assert (await (await client.get("/api/v1/me/sessions", headers=officer)).json())["sessions"] == []
    await sent(client, officer, "me/sessions/9/end", status=404)
    assert await sent(client, officer, "me/sessions/end") == {"ended": 0}
    assert (await sent(client, officer, "me/language", {"language": "vi"}))["language"] == "vi"
    await sent(client, officer, "me/language", {"language": "xx"}, 400)
    assert (await sent(client, officer, "me/language", {"language": None}))["language"] is None
    number = (await store.accounts.named("siem")).id
    await sent(client, officer, f"accounts/{number}/sign-out", status=403)
    assert await sent(client, root, f"accounts/{number}/sign-out") == {"ended": 0}
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.who, entry.source) == ("sessions-ended", "root", "api:127.0.0.1 token 2")
    found = await (await client.get("/api/v1/identities", headers=root)).json()
    assert found == {"provider": None, "issuer": None, "identities": []}
