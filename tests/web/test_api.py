"""The read-only JSON API."""

from datetime import timedelta
from typing import Any

import pytest

from defacewatch.handovers import Handover
from defacewatch.store import Store
from tests.conftest import Clock
from tests.web.conftest import TOKEN, Client
from tests.web.seeds import HOSTILE, NOW, attacked, portal, registered


async def asked(client: Client, path: str, status: int = 200) -> Any:
    answer = await client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == status
    assert answer.content_type == "application/json"
    return await answer.json()


async def test_portals_come_as_they_are_registered(client: Client, store: Store) -> None:
    await store.portals.apply([portal("hungyen", "/", "/tin-tuc")], now=NOW)
    found = (await asked(client, "portals"))["portals"]
    assert [p["key"] for p in found] == ["hungyen"]
    assert [p["url"] for p in found[0]["pages"]] == [
        "https://hungyen.gov.vn/",
        "https://hungyen.gov.vn/tin-tuc",
    ]
    assert found[0]["source"] == "file"
    await store.portals.apply([], now=NOW)
    assert (await asked(client, "portals"))["portals"] == []
    assert len((await asked(client, "portals?disabled=1"))["portals"]) == 1


async def test_pages_say_how_they_stand(client: Client, store: Store) -> None:
    page, incident = await attacked(store)
    found = (await asked(client, "pages"))["pages"]
    assert len(found) == 1
    state = found[0]
    assert (state["page"], state["verdict"], state["incident"]) == (page, "defaced", incident)
    assert state["checked_at"] == "2026-09-02T07:40:00.000Z"
    assert state["has_baseline"] is True


async def test_checks_have_the_keys_of_the_contract(client: Client, store: Store) -> None:
    page, incident = await attacked(store, said=HOSTILE)
    found = (await asked(client, f"checks?page={page}&limit=5"))["checks"]
    check = found[0]
    assert list(check) == [
        "page", "portal", "url", "at", "tier", "verdict", "score", "signals", "dom_hash", "screen_hash",
        "capture", "incident",
    ]  # fmt: skip
    assert check["tier"] == "render"
    assert check["incident"] == incident
    assert list(check["signals"][0]) == ["kind", "severity", "points", "summary", "evidence"]
    assert check["signals"][0]["evidence"]["after"] == HOSTILE


async def test_incidents_can_be_chosen_by_state_and_page(client: Client, store: Store) -> None:
    page, incident = await attacked(store)
    found = (await asked(client, "incidents?state=open&state=acknowledged"))["incidents"]
    assert list(found[0]) == [
        "id", "page", "portal", "url", "state", "verdict", "opened_at", "alerted_at", "acknowledged_by",
        "resolved_as", "campaign",
    ]  # fmt: skip
    assert found[0]["id"] == incident
    assert (await asked(client, "incidents?campaign=7"))["incidents"] == []
    wrong = await client.get("/api/v1/incidents?campaign=x", headers={"Authorization": f"Bearer {TOKEN}"})
    assert wrong.status == 400
    assert (await asked(client, "incidents?state=resolved"))["incidents"] == []
    assert len((await asked(client, f"incidents?page={page}"))["incidents"]) == 1
    assert (await asked(client, "incidents?page=other"))["incidents"] == []


async def test_one_incident_comes_with_its_evidence(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    found = await asked(client, f"incidents/{incident}")
    assert [event["event"] for event in found["timeline"]] == ["opened"]
    assert {d["channel"]: d["state"] for d in found["deliveries"]} == {"telegram": "sent", "email": "failed"}
    assert found["before"] != found["after"]
    assert found["signals"][0]["kind"] == "title"


async def test_sentences_come_in_the_language_that_is_asked_for(client: Client, store: Store) -> None:
    page, _ = await attacked(store)
    english = (await asked(client, f"checks?page={page}"))["checks"][0]["signals"][1]["summary"]
    vietnamese = (await asked(client, f"checks?page={page}&lang=vi"))["checks"][0]["signals"][1]["summary"]
    assert english == "words of a defacement in the title: “hacked by x”"
    assert vietnamese == "từ ngữ của trang bị thay đổi giao diện trong tiêu đề: “hacked by x”"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("checks", "which page"),
        ("checks?page=hungyen&limit=0", "limit"),
        ("checks?page=hungyen&limit=10000000000000000000000", "limit"),
        ("incidents?limit=x", "limit"),
        ("incidents?state=closed", "open, acknowledged, resolved"),
    ],
)
async def test_a_query_that_means_nothing_is_told_so(
    client: Client, store: Store, path: str, says: str
) -> None:
    page = await registered(store)
    problem = await asked(client, path.replace("hungyen", page), 400)
    assert says in problem["error"]


async def test_what_does_not_exist_is_404(client: Client) -> None:
    for path in ("checks?page=nothing", "incidents/99", "officers"):
        assert "error" in await asked(client, path, 404)


async def test_nothing_can_be_written(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await client.request(method, "/api/v1/portals", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 405


async def test_channel_tests_come_by_changes_of_shift_as_the_command_prints_them(
    client: Client, store: Store, clock: Clock
) -> None:
    for hours in (16, 8):
        at = clock() - timedelta(hours=hours)
        tests = (("an", "email"),)
        number = await store.handovers.begin(Handover(at, (), ("an",), {}), now=at, tests=tests)
    assert number is not None
    await store.handovers.confirm(number, officer="an", via="email", now=clock(), channel="email")
    newest, older = (await asked(client, "channel-tests"))["channel_tests"]
    assert newest == {
        "shift": "2026-09-01T23:00:00.000Z",
        "officer": "an",
        "channel": "email",
        "state": "proved",
        "sent_at": None,
        "receipt": None,
        "error": None,
        "acknowledged_at": "2026-09-02T07:00:00.000Z",
        "via": "email",
        "told_at": None,
    }
    assert older["state"] == "unproved"
    assert (await asked(client, "channel-tests?limit=1"))["channel_tests"] == [newest]
