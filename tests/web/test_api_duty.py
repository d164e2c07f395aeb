"""Baselines, the duty desk, people and the audit log, through the API."""

import io
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from defacewatch.accounts import Role, Scope
from defacewatch.handovers import Handover
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.rostering import REASON
from defacewatch.shifts import Shift
from defacewatch.store import Store
from defacewatch.windows import Window
from tests.conftest import Clock
from tests.store.samples import NOW, captured, features, look, portal
from tests.web.conftest import TOKEN, Around, Client, csrf_of
from tests.web.people import ME, log_in, person
from tests.web.seeds import MINUTE, attacked, registered
from tests.web.test_api import asked
from tests.web.test_api_incidents import sent, token

OFFICERS = (
    Officer("an", "Nguyễn Văn An", email="an@example.gov.vn"),
    Officer("binh", "Trần Thị Bình", role=Duty.SHIFT_LEAD),
)
ROSTER = Roster(OFFICERS, (Shift(("an",), time(7), time(19), frozenset(range(7)), name="ngày"),))

RECEIVED = {"channel": "email"}


async def test_a_critical_baseline_needs_a_second_officer_of_the_roster(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    page = await registered(store, critical=True)
    first = await captured(store, page, by="learner")
    an, binh = await token(store), await token(store, Role.APPROVER, "b", "binh")
    stranger = await token(store, Role.APPROVER, "khach", None)
    approving = {"capture": first, "reason": "đăng ký", "against": 0}
    await sent(client, an, "baselines/approve", approving, 403)
    refused = await sent(client, stranger, "baselines/approve", approving, 409)
    assert "only officers of the roster" in refused["detail"]
    second = await captured(store, page, "b", by="binh")
    own = await sent(client, binh, "baselines/approve", {**approving, "capture": second}, 409)
    assert "another person" in own["detail"]
    waiting = await asked(client, "baselines/proposals?limit=1")
    assert len(waiting["proposals"]) == 1
    rest = await asked(client, f"baselines/proposals?cursor={waiting['next']}")
    assert {waiting["proposals"][0]["id"], rest["proposals"][0]["id"]} == {first, second}
    foreign = await sent(client, binh, "baselines/approve", approving, 409)
    assert "is no officer of the roster" in foreign["detail"]
    await sent(client, an, "baselines/propose", {"capture": first})
    done = await sent(client, binh, "baselines/approve", approving, 201)
    assert (done["by"], done["capture"], done["also"]) == ("binh", first, False)
    assert [look["id"] for look in (await asked(client, f"baselines/{page}"))["looks"]] == [first]
    (line,) = (await asked(client, f"baselines/{page}/history"))["approvals"]
    assert (line["reason"], line["withdrawn_at"]) == ("đăng ký", None)
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.who) == ("baseline-approved", "binh")
    assert entry.source == "api:127.0.0.1 account b token 2"
    await sent(client, binh, "baselines/approve", {**approving, "reason": " "}, 422)
    await sent(client, binh, "baselines/approve", {**approving, "capture": "none"}, 404)


async def test_a_program_approves_only_what_somebody_has_seen_as_it_stands(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    page = await registered(store)
    first = await captured(store, page, "a", at=NOW)
    headers = await token(store, Role.APPROVER, "b", "binh")
    body: dict[str, object] = {"capture": first, "reason": "x"}
    await sent(client, headers, "baselines/approve", body, 422)
    await sent(client, headers, "baselines/approve", {**body, "against": 7}, 409)
    await sent(client, headers, "baselines/approve", {**body, "against": 0}, 201)
    version = (await asked(client, f"baselines/{page}"))["version"]
    kept = await store.checks.keep(page, look("b", NOW + MINUTE), features("b"), attack=True)
    evil = (await store.baselines.keep_capture(kept, proposed_by="an", profile=None, now=NOW + MINUTE)).id
    body = {"capture": evil, "reason": "x", "against": version}
    refused = await sent(client, headers, "baselines/approve", body, 409)
    assert "evidence of attack" in refused["detail"]
    newer = await captured(store, page, "c", at=NOW + 2 * MINUTE)
    await sent(client, headers, "baselines/approve", {**body, "attack": True}, 409)
    await sent(client, headers, "baselines/decline", {"capture": newer, "reason": "x"})
    await sent(client, headers, "baselines/approve", {**body, "attack": True}, 201)


async def test_a_proposal_is_turned_down_with_a_reason(client: Client, store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    headers = await token(store, Role.APPROVER)
    turned = await sent(client, headers, "baselines/decline", {"capture": capture, "reason": "bị tấn công"})
    assert turned["id"] == capture
    assert (await asked(client, "baselines/proposals"))["proposals"] == []
    await sent(client, headers, "baselines/decline", {"capture": capture, "reason": "x"}, 409)


async def test_portals_are_imported_after_a_look_at_what_would_change_and_exported(
    client: Client, store: Store
) -> None:
    headers = {**await token(store, Role.ADMIN, "root", None), "Content-Type": "text/csv"}

    async def imported(text: str, query: str = "", status: int = 200) -> Any:
        sent_text = io.BytesIO(text.encode())
        answer = await client.post(f"/api/v1/portals/import{query}", headers=headers, data=sent_text)
        assert answer.status == status, await answer.text()
        return await answer.json()

    text = "key,name,url\nhungyen,Hưng Yên,https://hungyen.gov.vn/\n"
    dry = await imported(text, "?dry_run=true")
    assert (dry["dry_run"], dry["added"]) == (True, ["hungyen"])
    assert await store.portals.all() == []
    assert (await imported(text))["added"] == ["hungyen"]
    assert (await imported(text))["same"] == ["hungyen"]
    other = text.replace("Hưng Yên", "Tỉnh Hưng Yên")
    assert (await imported(other, "?dry_run=true"))["changed"] == ["hungyen"]
    await imported(other, status=409)
    assert (await imported(other, "?change=true"))["changed"] == ["hungyen"]
    wrong = await imported("key,name,url\nx,X,nothing\n", status=422)
    assert wrong["errors"][0]["where"] == "line 2"
    await imported(text + "#" * 1_100_000, status=413)
    rows = await client.get("/api/v1/portals.csv", headers=headers)
    assert "Tỉnh Hưng Yên" in await rows.text()
    yaml = await client.get("/api/v1/portals.yaml", headers=headers)
    headers["Content-Type"] = "application/yaml"
    assert (await imported(await yaml.text()))["same"] == ["hungyen"]


async def test_an_import_does_exactly_what_its_dry_run_has_shown_or_nothing(
    client: Client, store: Store
) -> None:
    headers = {**await token(store, Role.ADMIN, "root", None), "Content-Type": "text/csv"}

    async def imported(text: str, query: str, status: int = 200) -> Any:
        body = io.BytesIO(text.encode())
        answer = await client.post(f"/api/v1/portals/import?{query}", headers=headers, data=body)
        assert answer.status == status, await answer.text()
        return await answer.json()

    text = "key,name,url\nhungyen,Hưng Yên,https://hungyen.gov.vn/\n"
    digest = (await imported(text, "dry_run=true"))["digest"]
    await imported(text.replace("Hưng Yên", "Tỉnh"), f"seen={digest}", 409)  # another file
    assert await store.portals.all() == []
    assert (await imported(text, f"seen={digest}"))["digest"] is None
    assert [one.name for one in await store.portals.all()] == ["Hưng Yên"]
    await imported(text, f"seen={digest}", 409)  # it is registered by now
    await imported(text, f"dry_run=true&seen={digest}", 409)
    other = text.replace("Hưng Yên", "Tỉnh")
    digest = (await imported(other, "dry_run=true"))["digest"]
    await store.portals.import_([portal("hungyen", name="Khác")], change=True, now=NOW)  # somebody was faster
    await imported(other, f"change=true&seen={digest}", 409)
    digest = (await imported(other, "dry_run=true"))["digest"]
    assert (await imported(other, f"seen={digest}"))["changed"] == ["hungyen"]  # as it was shown
    assert [one.name for one in await store.portals.all()] == ["Tỉnh"]
    await imported(other, "seen=x", 400)


async def test_portals_are_paused_and_resumed_by_administrators(client: Client, store: Store) -> None:
    await store.portals.apply([portal("hungyen")], now=NOW)
    admin = await token(store, Role.ADMIN, "root", None)
    why = {"reason": "nâng cấp"}
    await sent(client, await token(store), "portals/hungyen/pause", why, status=403)
    await sent(client, admin, "portals/hungyen/pause", {"reason": " "}, status=422)
    assert (await sent(client, admin, "portals/hungyen/pause", why))["paused"] is True
    assert (await asked(client, "portals/hungyen"))["paused"] is True
    assert (await sent(client, admin, "portals/hungyen/resume"))["paused"] is False
    await sent(client, admin, "portals/khong/pause", why, status=404)


async def test_who_is_on_duty_when_and_what_is_wrong_with_the_roster(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    assert [one["key"] for one in (await asked(client, "duty"))["officers"]] == ["an"]
    assert (await asked(client, "duty?at=2026-09-01T20:00:00Z"))["officers"] == []
    for wrong in ("2026-09-01", "2026-09-01T20:00:00", "9999-12-31T00:00:00Z", "x"):
        assert (await asked(client, f"duty?at={wrong}", 400))["errors"][0]["field"] == "at"
    assert [one["role"] for one in (await asked(client, "roster"))["officers"]] == ["officer", "shift_lead"]
    assert [one["email"] for one in (await asked(client, "roster"))["officers"]] == [None, None]
    answer = await client.get("/api/v1/roster", headers=await token(store))
    assert (await answer.json())["officers"][0]["email"] == "an@example.gov.vn"
    found = (await asked(client, "roster/turns?from=2026-09-02T00:00:00Z&days=2"))["turns"]
    assert [(turn["shift"], turn["officers"]) for turn in found] == [("ngày", ["an"])] * 2
    faults = {one["fault"] for one in (await asked(client, "roster/findings?days=1"))["findings"]}
    assert faults == {"gap", "unreachable"}


async def test_leave_swaps_and_announcements_are_entered_and_withdrawn(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    await store.portals.apply([portal("hungyen")], now=NOW)
    headers, own = await token(store, Role.OFFICER, "b", "binh"), await token(store)
    others = {"officer": "binh", "from": "2026-09-03T00:00:00Z", "to": "2026-09-03T12:00:00Z", "reason": "x"}
    await sent(client, own, "absences", others, 403)  # only a shift lead arranges for others
    leave = {"officer": "an", "from": "2026-09-03T00:00:00Z", "to": "2026-09-03T12:00:00Z"}
    unsaid = await sent(client, headers, "absences", leave, 422)
    assert unsaid["errors"][0]["field"] == "reason"
    leave["reason"] = "nghỉ phép"
    made = await sent(client, headers, "absences", leave, 201)
    assert [turn["away"] for turn in made["uncovered"]] == [["an"]]
    swap = {"officer": "an", "instead": "binh", "at": "2026-09-04T03:00:00Z", "reason": "đám cưới"}
    await sent(client, headers, "swaps", swap | {"reason": " "}, 422)
    for path, body in (("absences", leave), ("swaps", swap)):  # nothing is cut off in silence
        long = await sent(client, headers, path, body | {"reason": "x" * (REASON + 1)}, 422)
        assert long["errors"][0]["field"] == "reason"
    await sent(client, headers, "swaps", swap, 201)
    await sent(client, headers, "swaps", swap | {"officer": "ai"}, 404)
    backwards = leave | {"to": "2026-09-02T00:00:00Z"}
    assert "after it begins" in (await sent(client, headers, "absences", backwards, 400))["detail"]
    await sent(
        client,
        await token(store, name="c", officer=None),
        f"absences/{made['entered'][0]}/withdraw",
        status=403,
    )
    gone = await sent(client, headers, f"absences/{made['entered'][0]}/withdraw")
    assert gone == {"withdrawn": made["entered"]}
    await sent(client, headers, f"absences/{made['entered'][0]}/withdraw", status=409)
    lines = (await asked(client, "absences"))["absences"]
    assert [(line["officer"], line["by"], line["withdrawn_by"]) for line in lines] == [
        ("an", "binh", None),
        ("an", "binh", "binh"),
    ]
    window = {"portal": "hungyen", "from": "2026-09-02T12:00:00Z", "to": "2026-09-02T14:00:00Z"}
    number = (await sent(client, headers, "windows", window | {"reason": "nâng cấp"}, 201))["window"]
    long = window | {"to": "2026-09-22T14:00:00Z", "reason": "x"}
    assert "seven days" in (await sent(client, headers, "windows", long, 400))["detail"]
    (line,) = (await asked(client, "windows?portal=hungyen"))["windows"]
    assert (line["id"], line["by"], line["reason"], line["via"]) == (number, "binh", "nâng cấp", "api")
    assert await sent(client, headers, f"windows/{number}/withdraw") == {"withdrawn": [number]}
    done = [(entry.act, entry.source) for entry in await store.audit.list(limit=9)]
    acts = {"absence-entered", "absence-withdrawn", "window-announced", "window-called-off"}
    assert {source for act, source in done if act in acts} == {"api:127.0.0.1 account b token 1"}
    assert acts <= {act for act, _ in done}


async def test_an_officer_confirms_a_handover_and_a_channel_through_the_api(
    client: Client, store: Store, around: Around, clock: Clock
) -> None:
    around.roster = ROSTER
    headers = await token(store)
    change = Handover(clock(), ("binh",), ("an",), {"open": 1})
    number = await store.handovers.begin(change, now=clock(), tests=(("an", "email"),))
    done = await sent(client, headers, f"handovers/{number}/confirm")
    assert (done["confirmed"]["an"]["via"], done["missing"]) == ("api", ["binh"])
    (entry,) = await store.audit.list(limit=1)
    assert (entry.who, entry.source) == ("an", "api:127.0.0.1 account siem token 1")
    test = await sent(client, headers, "channel-tests/received", {"channel": "email"})
    (entry,) = await store.audit.list(limit=1)
    assert (entry.who, entry.source) == ("an", "api:127.0.0.1 account siem token 1")
    assert (test["state"], test["via"]) == ("proved", "api")
    await sent(client, headers, "channel-tests/received", {"channel": "telegram"}, 404)
    for nobody in ("khach", "binh"):  # an account that has the name of an officer is not theirs
        stranger = await token(store, name=nobody, officer=None)
        for path, body in ((f"handovers/{number}/confirm", None), ("channel-tests/received", RECEIVED)):
            said = await sent(client, stranger, path, body, 409)
            assert "not linked with an officer" in said["detail"]
    assert (await store.handovers.get(number or 0)).missing == ("binh",)


async def test_the_figures_of_a_period_are_those_of_the_report(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    headers = await token(store)

    async def figures(query: str, status: int = 200) -> Any:
        answer = await client.get(f"/api/v1/figures?{query}", headers=headers)
        assert answer.status == status
        return await answer.json()

    found = await figures("from=2026-09-01&to=2026-09-30")
    assert [story["id"] for story in found["incidents"]] == [incident]
    assert found["portals"] == 1
    for wrong in ("to=2026-09-30", "from=2026-09-30&to=2026-09-01", "from=2000-01-01"):
        assert (await figures(wrong, 400))["detail"]
    assert (await figures(""))["incidents"] == []


async def test_everybody_sees_themselves_and_administrators_see_and_end_what_others_have(
    client: Client, store: Store
) -> None:
    officer, root = await token(store), await token(store, Role.ADMIN, "root", None)
    me = await (await client.get("/api/v1/me", headers=officer)).json()
    assert (me["account"]["name"], me["role"]) == ("siem", "officer")
    shared = await (await client.get("/api/v1/me", headers={"Authorization": f"Bearer {TOKEN}"})).json()
    assert shared == {"account": None, "role": "viewer"}
    assert (await client.get("/api/v1/accounts", headers=officer)).status == 403
    found = (await (await client.get("/api/v1/accounts", headers=root)).json())["accounts"]
    number = {one["name"]: one["id"] for one in found}
    theirs = f"/api/v1/accounts/{number['siem']}"
    assert (await (await client.get(theirs, headers=root)).json())["officer"] == "an"
    (one,) = (await (await client.get(f"{theirs}/tokens", headers=root)).json())["tokens"]
    assert (one["account"], one["scope"]) == ("siem", "act")
    (mine,) = (await (await client.get("/api/v1/me/tokens", headers=officer)).json())["tokens"]
    assert mine["id"] == one["id"]
    await sent(client, officer, "me/tokens/99/revoke", status=404)
    path = f"accounts/{number['siem']}"
    assert await sent(client, root, f"{path}/tokens/{one['id']}/revoke") == {"revoked": one["id"]}
    assert (await client.get("/api/v1/me", headers=officer)).status == 401
    assert (await sent(client, root, f"{path}/disable"))["disabled"] is True
    assert (await sent(client, root, f"{path}/enable"))["disabled"] is False
    last = await sent(client, root, f"accounts/{number['root']}/disable", status=409)
    assert "last administrator" in last["detail"]


async def test_the_audit_log_is_read_in_parts_and_verified(client: Client, store: Store) -> None:
    account = await person(store, "root", Role.ADMIN)
    for _ in range(5):
        await store.portals.import_([portal(f"p{_}")], now=NOW)
    value = await store.api_tokens.make(
        account, "x", Scope.ADMIN, expires=NOW + 60 * MINUTE, actor=ME, now=NOW
    )
    headers = {"Authorization": f"Bearer {value}"}
    numbers, cursor = [], ""
    while True:
        answer = await client.get(f"/api/v1/audit?limit=3{cursor}", headers=headers)
        said = await answer.json()
        numbers += [entry["number"] for entry in said["audit"]]
        if said["next"] is None:
            break
        cursor = f"&cursor={said['next']}"
    assert numbers == [7, 6, 5, 4, 3, 2, 1]
    older = await (await client.get("/api/v1/audit?before=3", headers=headers)).json()
    assert [entry["number"] for entry in older["audit"]] == [2, 1]
    found = await (await client.get("/api/v1/audit/verification", headers=headers)).json()
    assert (found["whole"], found["number"], found["why"]) == (True, 7, None)


async def test_a_roster_that_changes_is_asked_each_time(client: Client, around: Around) -> None:
    around.roster = ROSTER
    assert len((await asked(client, "roster"))["officers"]) == 2
    around.roster = replace(ROSTER, officers=OFFICERS[:1])
    assert len((await asked(client, "roster"))["officers"]) == 1


async def test_those_who_only_look_are_not_told_how_people_are_reached_nor_what_providers_answer(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = Roster((Officer("an", "An", email="an@example.gov.vn", phone="0900000001"),))
    _, incident = await attacked(store)
    window = Window("hungyen", NOW, NOW + timedelta(hours=2), "cục", "nâng cấp", "0912345678", "link")
    await store.windows.announce(window, now=NOW)
    officer, reader = await token(store), {"Authorization": f"Bearer {TOKEN}"}
    ways = ("portals", "portals/hungyen", f"incidents/{incident}", "deliveries", "windows", "roster")
    for way in ways:
        whole = await (await client.get(f"/api/v1/{way}", headers=officer)).text()
        less = await (await client.get(f"/api/v1/{way}", headers=reader)).text()
        secrets = ("09000000", "0912345678", "message 4211", "user</b> unknown", "an@example")
        assert any(secret in whole for secret in secrets), way
        assert not any(secret in less for secret in secrets), way


async def test_pages_show_a_viewer_no_telephone_and_no_receipt(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    await person(store, "xem", Role.VIEWER, officer=None)
    await person(store, "an", Role.OFFICER, officer="an")
    for name, told in (("xem", False), ("an", True)):
        assert (await log_in(client, name)).status == 303
        one = await (await client.get(f"/incidents/{incident}")).text()
        other = await (await client.get("/portals/hungyen")).text()
        assert [said in one for said in ("0900000000", "message 4211")] == [told, told]
        assert ("0900000000" in other) is told
        await client.post("/logout", data={"csrf": await csrf_of(client, "/account")})
