"""Masks and mutes through the API: what is drawn, confirmed and ended, by whom it is allowed to."""

import re
from typing import Any

from defacewatch.accounts import Role
from defacewatch.incidents import Resolution
from defacewatch.profiles import Profile
from defacewatch.roster import Officer, Roster
from defacewatch.shapes import moment
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.store.statements import asked as statements
from tests.web.conftest import Around, Client
from tests.web.seeds import MINUTE, attacked, registered
from tests.web.test_api import asked
from tests.web.test_api_incidents import sent, token
from tests.web.test_masks import approved

BOX: dict[str, Any] = {"left": 170, "top": 205, "width": 300, "height": 190}
ON_GRID = {"left": 160, "top": 200, "width": 320, "height": 200}
OFFICERS = Roster((Officer("an", "An"), Officer("binh", "Bình")))


async def test_a_mask_is_looked_at_drawn_and_ended(client: Client, store: Store, clock: Clock) -> None:
    page, capture = await approved(store)
    clock.now = NOW + 30 * MINUTE
    ground = await asked(client, f"pages/{page}/maskable")
    assert (ground["capture"], ground["drawn"], ground["used"]) == (capture, None, 0)
    query = "&".join(f"{side}={px}" for side, px in BOX.items())
    ground = await asked(client, f"pages/{page}/maskable?{query}")
    assert ground["drawn"] == ON_GRID
    assert 0 < ground["covers"] < ground["most"]
    (block,) = [one for one in ground["blocks"] if one["covered"]]
    assert ON_GRID in block["boxes"]
    await asked(client, f"pages/{page}/maskable?left=1", 400)
    await asked(client, f"pages/{page}/maskable?left=0&top=0&width=0&height=5", 400)

    headers = await token(store, Role.APPROVER)
    drawing = BOX | {"reason": "Băng rôn", "blocks": [block["block"]], "capture": capture}
    await sent(client, await token(store, Role.OFFICER, "o", "o"), f"pages/{page}/masks", drawing, 403)
    await sent(client, headers, f"pages/{page}/masks", drawing | {"reason": " "}, 422)
    await sent(client, headers, f"pages/{page}/masks", drawing | {"days": 91}, 422)
    await sent(client, headers, f"pages/{page}/masks", drawing | {"blocks": ["html/body/b"]}, 400)
    await sent(client, headers, f"pages/{page}/masks", drawing | {"width": 1280, "height": 3000}, 400)
    await sent(client, headers, f"pages/{page}/masks", drawing | {"capture": "another"}, 409)
    made = await sent(client, headers, f"pages/{page}/masks", drawing, 201)
    assert {side: made[side] for side in ON_GRID} == ON_GRID
    assert (made["state"], made["by"], made["blocks"]) == ("applied", "an", [block["block"]])
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.source) == ("mask-drawn", "api:127.0.0.1 account siem token 1")
    assert (await asked(client, f"pages/{page}/maskable"))["used"] == ground["covers"]
    assert (await asked(client, f"masks?page={page}"))["masks"] == [made]
    ended = await sent(client, headers, f"masks/{made['id']}/end")
    assert (ended["state"], ended["ended_by"]) == ("ended", "an")
    await sent(client, headers, f"masks/{made['id']}/end", status=409)
    await sent(client, headers, "masks/99/end", status=404)
    assert (await asked(client, "masks"))["masks"] == []
    assert (await asked(client, "masks?over=true"))["masks"] == [ended]
    assert (await asked(client, "masks?over=true&page=other"))["masks"] == []


async def test_a_mask_of_a_critical_portal_waits_for_another_officer(
    client: Client, store: Store, around: Around, clock: Clock
) -> None:
    around.roster = OFFICERS
    page, capture = await approved(store, critical=True)
    clock.now = NOW + 30 * MINUTE
    assert (await asked(client, f"pages/{page}/maskable"))["critical"] is True
    an, binh = await token(store, Role.APPROVER), await token(store, Role.APPROVER, "b", "binh")
    stranger = await token(store, Role.APPROVER, "khach", None)
    drawing = BOX | {"reason": "Băng rôn", "capture": capture}
    await sent(client, stranger, f"pages/{page}/masks", drawing, 409)
    made = await sent(client, an, f"pages/{page}/masks", drawing, 201)
    assert made["state"] == "waiting"
    await sent(client, an, f"masks/{made['id']}/confirm", status=409)
    await sent(client, stranger, f"masks/{made['id']}/confirm", status=409)
    done = await sent(client, binh, f"masks/{made['id']}/confirm")
    assert (done["state"], done["confirmed_by"]) == ("applied", "binh")
    await sent(client, binh, f"masks/{made['id']}/confirm", status=409)


async def test_what_is_known_to_move_is_suggested(client: Client, store: Store, clock: Clock) -> None:
    page, capture = await approved(store)
    clock.now = NOW + 30 * MINUTE
    tiles = {str(number): 400 for number in (0, 1)}
    await store.baselines.set_profile(page, Profile(page, samples=500, tiles=tiles))
    ground = await asked(client, f"pages/{page}/maskable")
    assert ground["suggested"] == ground["moving"] != []
    headers = await token(store, Role.APPROVER)
    first = ground["suggested"][0]
    await sent(client, headers, f"pages/{page}/masks", first | {"reason": "x", "capture": capture}, 201)
    ground = await asked(client, f"pages/{page}/maskable")
    assert (ground["suggested"], len(ground["moving"])) == ([], 1)


async def test_a_page_that_nobody_has_approved_has_nothing_to_draw_on(client: Client, store: Store) -> None:
    page = await registered(store)
    await asked(client, f"pages/{page}/maskable", 409)
    await asked(client, "pages/nothing/maskable", 404)


async def test_of_long_lists_the_store_is_asked_for_one_part(client: Client, store: Store) -> None:
    with statements(store) as seen:
        for path in ("masks?limit=1", "masks?limit=1&over=true", "mutes?limit=1", "lessons?limit=1"):
            await asked(client, path)
    told = [one for one in seen if re.search(r"FROM (masks|mutes|lessons)\b", one)]
    assert len(told) == 4
    assert [one for one in told if "LIMIT" not in one] == []


async def test_of_portals_a_list_of_masks_reads_those_that_it_shows(
    client: Client, store: Store, clock: Clock
) -> None:
    page, capture = await approved(store, critical=True)
    await registered(store, "moet")
    clock.now = NOW + 30 * MINUTE
    drawing = BOX | {"reason": "Băng rôn", "capture": capture}
    await sent(client, await token(store, Role.APPROVER), f"pages/{page}/masks", drawing, 201)
    with statements(store) as seen:
        (found,) = (await asked(client, "masks"))["masks"]
    assert found["state"] == "waiting"
    read = [one for one in seen if re.search(r"\bportals\b", one)]
    assert [seen[one] for one in read] == [(page,)] or [list(seen[one].values()) for one in read] == [[page]]


async def test_what_a_false_alarm_has_muted_is_listed_and_ended(
    client: Client, store: Store, clock: Clock
) -> None:
    clock.now = NOW + 30 * MINUTE
    page, incident = await attacked(store)
    await store.incidents.resolve(
        incident, as_=Resolution.FALSE_ALARM, by="an", reason="x", now=NOW + 12 * MINUTE
    )
    found = await asked(client, f"mutes?page={page}&limit=1")
    assert [mute["incident"] for mute in found["mutes"]] == [incident]
    rest = await asked(client, f"mutes?cursor={found['next']}")
    assert rest["mutes"]
    assert (await asked(client, "mutes?page=other"))["mutes"] == []
    number = found["mutes"][0]["id"]
    await sent(client, await token(store, name="o", officer="o"), f"mutes/{number}/end", status=403)
    headers = await token(store, Role.APPROVER)
    ended = await sent(client, headers, f"mutes/{number}/end")
    assert (ended["id"], ended["ends_at"]) == (number, moment(clock()))
    (entry,) = await store.audit.list(limit=1)
    assert (entry.act, entry.who, entry.source) == ("mute-ended", "an", "api:127.0.0.1 account siem token 2")
    await sent(client, headers, f"mutes/{number}/end", status=409)
    assert number not in [mute["id"] for mute in (await asked(client, "mutes"))["mutes"]]
