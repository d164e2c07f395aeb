"""What is watched and what was found, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from yarl import URL

from defacewatch.handovers import Handover
from defacewatch.shapes import moment
from defacewatch.shifts import Absence
from defacewatch.store import Store
from defacewatch.windows import Window
from tests.conftest import Clock
from tests.web.conftest import TOKEN, Client
from tests.web.seeds import HOSTILE, NOW, attacked, checked, portal, registered


async def asked(client: Client, path: str, status: int = 200) -> Any:
    answer = await client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == status
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
    assert (found["resolved_by"], found["previous"], found["runbook"]) == (None, None, [])
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
        ("checks", "page: Field required"),
        ("checks?page=hungyen&limit=0", "limit: "),
        ("checks?page=hungyen&limit=10000000000000000000000", "limit: "),
        ("incidents?limit=x", "limit: "),
        ("incidents?state=closed", "state: Input should be 'open', 'acknowledged' or 'resolved'"),
        ("incidents?stat=open", "stat: Extra inputs are not permitted"),
        ("incidents?page=a&page=b", "page: is given more than once"),
        ("incidents?page=%00", "page: "),
        ("incidents?cursor=x", "cursor: "),
        ("pages?cursor=WyJwb3J0YWxzIiwiYSJd", "cursor: is none that this list has given"),
    ],
)
async def test_a_query_that_means_nothing_is_told_so(
    client: Client, store: Store, path: str, says: str
) -> None:
    page = await registered(store)
    problem = await asked(client, path.replace("hungyen", page), 400)
    assert says in problem["detail"]
    assert problem["errors"][0]["field"] == says.partition(":")[0]
    assert problem["errors"][0]["where"] == "query"


async def test_what_does_not_exist_is_404(client: Client) -> None:
    for path in ("checks?page=nothing", "incidents/99", "officers"):
        assert (await asked(client, path, 404))["title"] == "Not Found"


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
    first = await asked(client, "channel-tests?limit=1")
    assert first["channel_tests"] == [newest]
    rest = await asked(client, f"channel-tests?limit=1&cursor={first['next']}")
    assert (rest["channel_tests"], rest["next"]) == ([older], None)


async def walked(client: Client, path: str, name: str) -> list[Any]:
    """A list, followed from its first part to its last by the links of the answers."""
    found: list[Any] = []
    following: str | None = f"/api/v1/{path}"
    while following is not None:
        answer = await client.get(following, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200
        said = await answer.json()
        found += said[name]
        link = answer.links.get("next")
        assert (said["next"] is None) is (link is None)
        following = None if link is None else URL(link["url"]).path_qs
    return found


async def test_each_list_is_walked_part_by_part_and_nothing_is_lost(client: Client, store: Store) -> None:
    page, incident = await attacked(store)
    await store.portals.import_([portal(f"p{n}", "/", "/b") for n in range(4)], now=NOW)
    for minute in range(4):
        await checked(store, page, at=NOW + timedelta(minutes=20 + minute), mark=f"c{minute}")
        at = NOW - timedelta(hours=minute)
        await store.handovers.begin(Handover(at, (), ("an",), {}), now=at)
        window = Window("hungyen", NOW, NOW + timedelta(hours=1), "an", "bảo trì")
        await store.windows.announce(window, now=NOW)
        await store.absences.add([Absence("an", NOW, NOW + timedelta(hours=1))], by="an", now=NOW)
    kept: dict[str, list[Any]] = {
        "portals": [p.key for p in await store.portals.all()],
        "pages": sorted(p.id for each in await store.portals.all() for p in each.pages),
        "checks": [c.at for c in await store.checks.history(page)],
        "captures": [c.id for c in await store.baselines.captures(page)],
        "deliveries": [d.id for d in reversed(await store.alerts.deliveries(incident=incident))],
        "handovers": [h.id for h in await store.handovers.last(9)],
        "windows": [w.window.id for w in reversed(await store.windows.every())],
        "absences": [a.absence.id for a in reversed(await store.absences.every())],
    }
    keys = {"portals": "key", "pages": "page", "checks": "at"}
    for name, expected in kept.items():
        of_page = f"&page={page}" if name in ("checks", "captures") else ""
        found = await walked(client, f"{name}?limit=2{of_page}", name)
        lines = [line[keys.get(name, "id")] for line in found]
        assert lines == [moment(e) if name == "checks" else e for e in expected], name
        assert len(lines) > 1, name
    assert (await walked(client, f"baselines/{page}/history?limit=1", "approvals"))[0]["page"] == page


async def test_what_is_added_meanwhile_neither_repeats_a_line_nor_hides_one(
    client: Client, store: Store
) -> None:
    await store.portals.import_([portal(key) for key in ("b", "d", "f")], now=NOW)
    first = await asked(client, "pages?limit=2")
    assert [line["portal"] for line in first["pages"]] == ["b", "d"]
    await store.portals.import_([portal(key) for key in ("a", "c", "e")], now=NOW)
    rest = await asked(client, f"pages?limit=9&cursor={first['next']}")
    assert [line["portal"] for line in rest["pages"]] == ["e", "f"]


async def test_pages_come_a_hundred_at_a_time_by_themselves(client: Client, store: Store) -> None:
    await store.portals.import_([portal("lon", *(f"/{n}" for n in range(130)))], now=NOW)
    first = await asked(client, "pages")
    assert len(first["pages"]) == 100
    assert len((await asked(client, f"pages?cursor={first['next']}"))["pages"]) == 30
    assert len((await asked(client, "pages?limit=1000"))["pages"]) == 130


async def test_a_capture_comes_with_its_picture_and_no_document(client: Client, store: Store) -> None:
    page, incident = await attacked(store, said=HOSTILE)
    shown = await asked(client, f"incidents/{incident}")
    capture = await asked(client, f"captures/{shown['capture']}")
    assert (capture["page"], capture["title"], capture["approved"]) == (page, HOSTILE, False)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = await client.get(f"/api/v1/captures/{capture['id']}/picture", headers=headers)
    assert answer.content_type == "image/png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (await asked(client, f"baselines/{page}"))["looks"][0]["page"] == page
    state = await asked(client, f"pages/{page}")
    assert (state["verdict"], state["incident"]) == ("defaced", incident)
