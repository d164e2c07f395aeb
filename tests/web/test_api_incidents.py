"""What programs do about incidents through the API, and how it stands in the audit log."""

import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from defacewatch.accounts import Role, Scope
from defacewatch.incidents import State
from defacewatch.runbooks import Runbook, Step
from defacewatch.store import Store
from tests.store.samples import CHANGED, DEFACED, NOW, checked, registered
from tests.web.conftest import Client, Serve, csrf_of
from tests.web.people import ME, log_in, person
from tests.web.seeds import HOSTILE, MINUTE, attacked


async def token(
    store: Store, role: Role = Role.OFFICER, name: str = "siem", officer: str | None = "an"
) -> Mapping[str, str]:
    """The headers of a program that acts for somebody."""
    account = await person(store, name, role, officer=officer)
    scope = Scope.ADMIN if role is Role.ADMIN else Scope.ACT
    value = await store.api_tokens.make(account, "x", scope, expires=NOW + 60 * MINUTE, actor=ME, now=NOW)
    return {"Authorization": f"Bearer {value}"}


async def sent(
    client: Client, headers: Mapping[str, str], path: str, body: object = None, status: int = 200
) -> Any:
    answer = await client.post(f"/api/v1/{path}", headers=headers, json=body)
    said = await answer.json()
    assert answer.status == status, said
    return said


async def seen(client: Client, headers: Mapping[str, str], path: str) -> int:
    """The number of the last line of an incident's timeline."""
    shown = await (await client.get(f"/api/v1/{path}", headers=headers)).json()
    return int(shown["timeline"][-1]["id"])


async def test_what_a_program_does_is_noted_with_account_token_and_address(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    headers = await token(store)
    path = f"incidents/{incident}"
    await sent(client, headers, f"{path}/acknowledge")
    await sent(client, headers, f"{path}/comment", {"text": " đã gọi "}, 201)
    closing = {"as": "false-alarm", "reason": "chữ trong tin bài", "seen": await seen(client, headers, path)}
    closed = await sent(client, headers, f"{path}/resolve", closing)
    assert (closed["state"], closed["resolved_as"]) == ("resolved", "false-alarm")
    resolved, comment, taken = await store.audit.list(limit=3)
    for entry in (resolved, comment, taken):
        assert (entry.who, entry.source) == ("siem", "api:127.0.0.1")
    owner = {"token": 1, "by": "an"}
    assert json.loads(taken.after) == owner
    assert json.loads(comment.after) == {**owner, "text": "đã gọi"}
    assert json.loads(resolved.after) == {**owner, "as": "false-alarm", "reason": "chữ trong tin bài"}


async def test_what_cannot_be_is_a_conflict_or_says_which_field_is_wrong(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    headers, path = await token(store), f"incidents/{incident}"
    await sent(client, headers, f"{path}/acknowledge")
    again = await sent(client, headers, f"{path}/acknowledge", status=409)
    assert "an" in again["detail"]
    assert "clean" in (await sent(client, headers, f"{path}/resolve", {"as": "restored"}, 409))["detail"]
    drill = await sent(client, headers, f"{path}/resolve", {"as": "drill"}, 422)
    assert [(e["field"], e["where"]) for e in drill["errors"]] == [("as", "body")]
    assert "reason" in (await sent(client, headers, f"{path}/resolve", {"as": "false-alarm"}, 400))["detail"]
    more = await sent(client, headers, f"{path}/comment", {"text": "x", "by": "bình"}, 422)
    assert more["errors"][0]["field"] == "by"
    assert (await sent(client, headers, f"{path}/comment", {"text": "a\ud800"}, 400))["status"] == 400
    await sent(client, headers, f"{path}/comment", {"text": "a\0"}, 422)
    await sent(client, headers, f"{path}/comment", {"text": "x" * 20_000}, 413)
    await sent(client, headers, "incidents/99/acknowledge", status=404)
    await sent(client, headers, f"{path}/assign", {"officer": "ai"}, 404)
    assert (await store.incidents.get(incident)).incident.state is State.ACKNOWLEDGED


async def test_a_false_alarm_mutes_nothing_that_the_program_has_not_seen(
    client: Client, store: Store
) -> None:
    page = await registered(store)
    await checked(store, page, CHANGED, NOW)
    headers, path = await token(store), "incidents/1"
    closing: dict[str, object] = {"as": "false-alarm", "reason": "băng rôn"}
    missing = await sent(client, headers, f"{path}/resolve", closing, 400)
    assert "seen" in missing["detail"]
    before = await seen(client, headers, path)
    await checked(store, page, DEFACED, NOW + MINUTE)
    await sent(client, headers, f"{path}/resolve", {**closing, "seen": before}, 409)
    assert not (await store.checks.context(page, now=NOW)).mutes
    again = await seen(client, headers, path)
    await sent(client, headers, f"{path}/resolve", {**closing, "seen": again})


async def test_the_steps_of_the_runbook_are_ticked_and_unticked(serve: Serve, store: Store) -> None:
    client = await serve(runbooks=lambda: {"default": Runbook("", (Step("Gọi cổng"), Step("Chụp màn hình")))})
    _, incident = await attacked(store)
    headers, path = await token(store), f"incidents/{incident}/tick"
    done = (await sent(client, headers, path, {"step": 2}))["runbook"]
    assert [(step["step"], step["text"], step["by"]) for step in done] == [
        (1, "Gọi cổng", None),
        (2, "Chụp màn hình", "an"),
    ]
    undone = (await sent(client, headers, path, {"step": 2, "done": False}))["runbook"]
    assert undone[1]["by"] is None
    assert "2 steps" in (await sent(client, headers, path, {"step": 3}, 400))["detail"]


async def test_an_incident_is_exported_with_documents_that_open_as_text(client: Client, store: Store) -> None:
    _, incident = await attacked(store, said=HOSTILE)
    headers = await token(store)
    answer = await client.get(f"/api/v1/incidents/{incident}/export", headers=headers)
    assert "attachment" in answer.headers["Content-Disposition"]
    with tarfile.open(fileobj=io.BytesIO(await answer.read())) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"incident.json", "before-screen.png", "after-screen.png", "after-dom.html.txt"} <= names
    assert not any(name.endswith(".html") for name in names)


async def test_a_campaign_is_taken_as_a_whole(client: Client, store: Store) -> None:
    answer = await client.post("/api/v1/campaigns/1/acknowledge", headers=await token(store))
    assert answer.status == 404
    found = await (await client.get("/api/v1/campaigns", headers=await token(store, name="b"))).json()
    assert found == {"campaigns": [], "next": None}


async def test_a_browser_that_has_signed_in_acts_with_its_cookie_and_the_token_of_its_forms(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    await person(store, officer="an")
    await log_in(client, "an")
    path = f"/api/v1/incidents/{incident}/comment"
    forged = await client.post(path, json={"text": "x"})
    assert (forged.status, forged.content_type) == (403, "application/problem+json")
    csrf = {"X-CSRF-Token": await csrf_of(client, "/account")}
    assert (await client.post(path, json={"text": "x"}, headers=csrf)).status == 201
    elsewhere = csrf | {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post(path, json={"text": "x"}, headers=elsewhere)).status == 403
