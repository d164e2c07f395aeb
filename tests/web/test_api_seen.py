"""What reviewers see, lessons, and how portals are registered, through the API."""

from collections.abc import Mapping
from dataclasses import replace

from defacewatch.accounts import Role, Scope
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from defacewatch.windows import LINK, Window
from tests.conftest import Clock
from tests.store.samples import DEFACED, NOW, captured, portal
from tests.store.statements import asked as statements
from tests.web.conftest import TOKEN, Around, Client
from tests.web.people import ME, PASSWORD, hash_of, log_in, person
from tests.web.seeds import HOSTILE, MINUTE, attacked, checked, registered
from tests.web.test_api import asked
from tests.web.test_api_duty import ROSTER
from tests.web.test_api_incidents import sent, token

BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_a_capture_is_seen_as_who_approves_sees_it(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    page = await registered(store, critical=True)
    first = await captured(store, page, by="an")
    await person(store, "an", Role.APPROVER, officer="an")
    await person(store, "binh", Role.APPROVER, officer="binh")
    found = await asked(client, f"captures/{first}/review")
    assert (found["origin"], found["before"], found["version"], found["waiting"]) == ("first", None, 0, True)
    assert (found["hurdle"], found["approvers"], found["attack"]) == (None, ["Binh"], False)
    mine = await store.api_tokens.make(
        await store.accounts.named("an"), "x", Scope.ACT, expires=NOW + 60 * MINUTE, actor=ME, now=NOW
    )
    answer = await client.get(f"/api/v1/captures/{first}/review", headers={"Authorization": f"Bearer {mine}"})
    assert (await answer.json())["hurdle"] == "own-proposal"
    answer = await client.get(f"/api/v1/captures/{first}/review", headers=await token(store))
    assert (await answer.json())["hurdle"] is None  # an officer, who approves nothing
    assert await asked(client, "baselines/waiting") == {"counts": {"first": 1}, "without": 0}
    assert (await asked(client, f"captures/{first}/words"))["made"] is False
    await asked(client, f"captures/{first}/difference", 404)
    await asked(client, "captures/none/review", 404)
    await store.baselines.decline(first, by="binh", reason="x", now=NOW, via="cli")
    turned = await asked(client, f"captures/{first}/review")
    assert (turned["waiting"], turned["approvers"]) == (False, [])


async def test_what_stands_has_no_attack_and_nobody_to_approve_it(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    await person(store, "binh", Role.APPROVER)
    capture = (await asked(client, f"incidents/{incident}"))["capture"]
    assert (await asked(client, f"captures/{capture}/review"))["attack"] is True
    await store.baselines.propose(capture, by="an", now=NOW + 20 * MINUTE, via="cli")
    waits = await asked(client, f"captures/{capture}/review")
    assert (waits["attack"], waits["approvers"]) == (True, ["Binh"])
    await store.baselines.approve(capture, by="binh", reason="x", now=NOW + 21 * MINUTE)
    stands = await asked(client, f"captures/{capture}/review")
    assert (stands["stands"], stands["attack"], stands["approvers"]) == (True, False, [])


async def test_the_log_is_searched_for_those_alone_who_may_approve_what_waits(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    capture = await captured(store, await registered(store, critical=True), by="an")
    headers = await token(store, Role.APPROVER, "b", "binh")

    async def searched(headers: Mapping[str, str]) -> bool:
        with statements(store) as seen:
            answer = await client.get(f"/api/v1/captures/{capture}/review", headers=headers)
            assert answer.status == 200
        return any("FROM audit" in statement for statement in seen)

    assert await searched(headers)
    assert not await searched(BEARER)
    await store.baselines.decline(capture, by="binh", reason="x", now=NOW, via="cli")
    assert not await searched(headers)


async def test_a_name_that_was_typed_behind_an_agencys_link_is_no_officers(
    client: Client, store: Store
) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    told = Window("hungyen", NOW - MINUTE, NOW + 60 * MINUTE, "binh", "nâng cấp", "", LINK)
    number = await store.windows.announce(told, now=NOW - MINUTE)
    found = (await asked(client, f"captures/{capture}/review"))["window"]
    assert found == {"id": number, "by": "link:hungyen", "reason": "nâng cấp", "via": "link"}
    await store.windows.withdraw(number, by="an", now=NOW, via="cli")
    number = await store.windows.announce(replace(told, via="console"), now=NOW - MINUTE)
    found = (await asked(client, f"captures/{capture}/review"))["window"]
    assert (found["id"], found["by"], found["via"]) == (number, "binh", "console")


async def test_no_capture_is_proposed_where_a_newer_one_is_to_be_looked_at(
    client: Client, store: Store
) -> None:
    page = await registered(store)
    old = await captured(store, page, "a")
    newer = await captured(store, page, "b", at=NOW + MINUTE)
    headers = await token(store)
    assert (await asked(client, f"captures/{old}/review"))["newer"] == newer
    await sent(client, headers, "baselines/propose", {"capture": old}, 409)
    assert (await sent(client, headers, "baselines/propose", {"capture": newer}))["id"] == newer


async def test_an_incident_is_seen_in_pictures_words_and_clocks(client: Client, store: Store) -> None:
    _, incident = await attacked(store, said=HOSTILE)
    shown = await asked(client, f"incidents/{incident}")
    assert [(clock["what"], clock["stage"]) for clock in shown["clocks"]] == [("restore", None)]
    picture = await client.get(f"/api/v1/pictures/{shown['after']}", headers=BEARER)
    assert (picture.status, picture.content_type) == (200, "image/png")
    assert (await client.get(f"/api/v1/pictures/{'0' * 64}", headers=BEARER)).status == 404
    words = await asked(client, f"incidents/{incident}/words")
    assert words["made"] is True
    assert [block["kind"] for block in words["blocks"]] == ["changed"]
    await asked(client, "incidents/99/words", 404)
    await asked(client, "incidents/99/difference", 404)


async def test_pages_are_learned_when_an_administrator_asks(client: Client, store: Store) -> None:
    await store.portals.import_([portal("a"), portal("b"), portal("c")], now=NOW)
    pages = {key: (await store.portals.get(key)).pages[0].id for key in "abc"}
    first = await captured(store, pages["c"])
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    root = await token(store, Role.ADMIN, "root", None)
    await sent(client, await token(store), "portals/a/learn", {}, 403)
    await sent(client, root, "portals/khong/learn", {}, 404)
    await store.portals.apply([portal("d")], now=NOW)
    await store.portals.apply([], now=NOW)  # it is disabled by now
    await sent(client, root, "portals/d/learn", {}, 404)
    await sent(client, root, "portals/a/learn", {"page": pages["b"]}, 404)
    assert await sent(client, root, "portals/a/learn", {}, 202) == {"asked": [pages["a"]]}
    assert await sent(client, root, "portals/a/learn", {"page": pages["a"]}, 202) == {"asked": []}
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.who) == ("learning-asked-for", "root")
    assert entry.source == "api:127.0.0.1 account root token 1"
    assert await sent(client, root, "lessons", status=202) == {"asked": [pages["b"]]}  # c has a baseline
    both = await asked(client, "lessons?limit=1")
    assert [lesson["page"] for lesson in both["lessons"]] == [pages["a"]]
    rest = await asked(client, f"lessons?cursor={both['next']}")
    assert [lesson["page"] for lesson in rest["lessons"]] == [pages["b"]]
    lesson = await store.lessons.claim(NOW + 60 * MINUTE)
    assert lesson is not None
    await store.lessons.end(lesson, now=NOW, capture="x", verdict=VerdictKind.LEARNING)
    (line,) = (await asked(client, f"lessons?portal=a&page={pages['a']}"))["lessons"]
    assert (line["verdict"], line["capture"], line["trouble"]) == ("learning", "x", None)
    assert (await asked(client, f"lessons?portal=b&page={pages['a']}"))["lessons"] == []


async def test_a_portal_says_who_paused_it_and_a_page_how_quickly_it_answers(
    client: Client, store: Store
) -> None:
    page, _ = await attacked(store)
    await store.portals.pause("hungyen", by="an", now=NOW, via="cli", reason="nâng cấp")
    found = await asked(client, "portals/hungyen")
    assert (found["paused_by"], found["paused_reason"], found["paused"]) == ("an", "nâng cấp", True)
    assert (found["defaced_urgency"], found["changed_urgency"]) == ("high", "normal")
    history = await asked(client, f"pages/{page}/history")
    assert (history["probes"], history["renders"]["count"], history["days"]) == (None, 1, [])
    await asked(client, "pages/nothing/history", 404)


async def test_one_ends_ones_sessions_and_a_token_that_reads_ends_none(
    client: Client, store: Store, clock: Clock
) -> None:
    owner = await person(store, "an", Role.OFFICER, officer="an")
    assert (await log_in(client, "an")).status == 303
    elsewhere = await store.sessions.begin(
        owner, verified=hash_of(PASSWORD), address="10.0.0.7", agent="x", actor=ME, now=clock()
    )
    assert elsewhere
    headers = []
    for scope in (Scope.READ, Scope.ACT):
        made = await store.api_tokens.make(owner, "x", scope, expires=NOW + 60 * MINUTE, actor=ME, now=NOW)
        headers.append({"Authorization": f"Bearer {made}"})
    reads, acts = headers
    assert (await client.get("/api/v1/me/sessions", headers=reads)).status == 403  # where somebody is
    found = (await (await client.get("/api/v1/me/sessions", headers=acts)).json())["sessions"]
    assert [one["current"] for one in found] == [False, False]
    (other,) = [one["id"] for one in found if one["address"] == "10.0.0.7"]
    for path in ("me/sessions/end", f"me/sessions/{other}/end"):
        await sent(client, reads, path, status=403)
    assert (await client.post("/api/v1/me/language", headers=reads, json={"language": "en"})).status == 403
    assert await sent(client, acts, f"me/sessions/{other}/end") == {"ended": 1}
    mine = (await (await client.get("/api/v1/me/sessions")).json())["sessions"]
    assert [one["current"] for one in mine] == [True]
    assert await sent(client, acts, "me/sessions/end") == {"ended": 1}


async def test_signs_of_an_attack_beside_an_earlier_baseline_are_told_too(
    client: Client, store: Store
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    made = await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    address = f"captures/{made.kept.capture.id}/review"
    found = await asked(client, address)
    assert (found["verdict"], found["forgotten"]) == ("defaced", [])
    await store.incidents.resolve(1, as_=Resolution.FALSE_ALARM, by="an", now=NOW + MINUTE)
    same = await captured(store, page, "b", at=NOW + 2 * MINUTE)
    await store.baselines.approve(same, by="binh", reason="x", now=NOW + 2 * MINUTE)
    found = await asked(client, address)
    assert (found["verdict"], found["signals"], found["attack"]) == ("clean", [], True)
    assert [sign["kind"] for sign in found["forgotten"]] == ["deface-phrase"]
    assert "words of a defacement" in found["forgotten"][0]["summary"]
