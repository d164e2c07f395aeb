"""The masks of a page in the console: drawn, confirmed, ended, by whom it is allowed to."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch import masking
from defacewatch.accounts import Role
from defacewatch.captures import Box
from defacewatch.compare.outside import regions_of
from defacewatch.masks import Mask, Rectangle, Standing
from defacewatch.profiles import Profile
from defacewatch.roster import Officer, Roster
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.web import masks
from tests.conftest import Clock
from tests.store.samples import CHANGED, MINUTE, NOW, checked, features, look, registered
from tests.web.conftest import Client, Serve, send
from tests.web.people import log_in, person
from tests.web.seeds import HOSTILE, screenshot

BOXES = (
    Box(-1, "body", "", "", 0, 0, 1280, 1600),
    Box(0, "div", "", "ad", 160, 200, 320, 200),
    Box(0, "div", "", HOSTILE, 480, 200, 320, 200),
    Box(0, "div", "", "ad", 0, 1200, 320, 200),
)
HTML = (
    '<body><div class="ad"><p>Chào mừng ngày hội toàn dân</p></div>'
    + "<main>"
    + "".join(f"<p>Bài số {n} nói về việc {n} của thôn xóm</p>" for n in "abcdefghijklmn")
    + "</main></body>"
)
RECTANGLE = {"left": "170", "top": "205", "width": "300", "height": "190"}


async def approved(store: Store, *, critical: bool = False) -> tuple[str, str]:
    """A page with an approved look whose blocks were kept; its id, and the capture's."""
    page = await registered(store, critical=critical)
    seen = look("a", NOW, screenshot=screenshot(), html=HTML, boxes=BOXES)
    kept = await store.checks.keep(page, seen, features("a"))
    made = await store.baselines.keep_capture(kept, proposed_by="an", profile=None, now=NOW)
    await store.baselines.approve(made.id, by="binh", reason="x", now=NOW)
    return page, made.id


async def as_(serve: Serve, store: Store, name: str, role: Role = Role.APPROVER) -> Client:
    client = await serve()
    await person(store, name, role, officer=name)
    assert (await log_in(client, name)).status == 303
    return client


@pytest.fixture
async def approver(serve: Serve, store: Store, clock: Clock) -> Client:
    clock.now = NOW + 30 * MINUTE
    return await as_(serve, store, "an")


async def draw(client: Client, page: str, capture: str, /, **fields: str) -> tuple[int, str]:
    """The status, and where it leads or what is said."""
    at = f"/pages/{page}/masks"
    usual = {**RECTANGLE, "capture": capture, "days": "30", "reason": "Băng rôn", "do": "draw"}
    answer = await send(client, at, usual | fields, page=at)
    return answer.status, answer.headers.get("Location", "") or await answer.text()


async def shown(client: Client, page: str) -> str:
    answer = await client.get(f"/pages/{page}/masks")
    assert answer.status == 200
    return await answer.text()


async def test_a_mask_is_drawn_with_its_block_and_ended(approver: Client, store: Store) -> None:
    page, capture = await approved(store)
    status, to = await draw(approver, page, capture, block="1")
    assert (status, to) == (303, f"/pages/{page}/masks?done=drawn")
    (mask,) = await store.masks.every()
    assert mask.rectangle == Rectangle(160, 200, 320, 200)
    assert (mask.blocks, mask.by, mask.reason) == (("html/body/div.ad",), "an", "Băng rôn")
    assert mask.expires == NOW + 30 * MINUTE + timedelta(days=30)
    html = await shown(approver, page)
    assert f"№{mask.id}" in html
    assert "in force" in html
    answer = await send(approver, f"/pages/{page}/masks/{mask.id}/end", {}, page="/account")
    assert answer.headers["Location"].endswith("done=ended")
    assert (await store.masks.get(mask.id)).ended_by == "an"
    assert "Those that are over" in await shown(approver, page)
    again = await send(approver, f"/pages/{page}/masks/{mask.id}/end", {}, page="/account")
    assert again.status == 409
    assert "This mask is over already." in await again.text()


async def test_without_scripts_the_server_shows_what_a_rectangle_covers(
    approver: Client, store: Store
) -> None:
    page, capture = await approved(store)
    status, html = await draw(approver, page, capture, do="look", reason="")
    assert status == 200
    assert 'class="drawn" x="160" y="200" width="320" height="200"' in html
    assert "6.3 % of the first screen" in html or "6.2 % of the first screen" in html
    assert re.search(r'<li data-box="160 200 320 200;0 1200 320 200">.*?value="1".*?2 alike', html)
    assert re.search(r'<li data-box="480 200 320 200" hidden>', html)
    assert "<script>alert" not in html
    assert await store.masks.every() == ()


async def test_the_blocks_of_a_page_are_found_beside_the_event_loop(
    approver: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, threads = threading.get_ident(), set()

    def noting(work: Callable[..., object]) -> Callable[..., object]:
        def noted(*given: object) -> object:
            threads.add(threading.get_ident())
            return work(*given)

        return noted

    monkeypatch.setattr(masking, "regions_of", noting(regions_of))
    monkeypatch.setattr(masks, "choices_of", noting(masks.choices_of))
    page, capture = await approved(store)
    assert (await draw(approver, page, capture, do="look"))[0] == 200
    assert threads
    assert loop not in threads


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"width": "0"}, "Draw a rectangle first"),
        ({"width": "viel"}, "Draw a rectangle first"),
        ({"reason": " "}, "needs a name and a reason"),
        ({"days": "91"}, "within 90 days"),
        ({"left": "0", "top": "0", "width": "1280", "height": "400"}, "40 % of the first screen"),
        ({"capture": "20260101-0000000000"}, "Another look is approved by now"),
    ],
)
async def test_what_cannot_be_is_refused_and_the_form_keeps_what_was_given(
    approver: Client, store: Store, fields: dict[str, str], said: str
) -> None:
    page, capture = await approved(store)
    status, html = await draw(approver, page, capture, **fields)
    assert status == 409
    assert said in html
    assert 'name="top" type="number" inputmode="numeric" min="0" max="4000" value="' in html
    assert await store.masks.every() == ()


async def test_of_a_critical_portal_a_second_person_confirms_it(
    approver: Client, serve: Serve, store: Store, clock: Clock
) -> None:
    page, capture = await approved(store, critical=True)
    status, to = await draw(approver, page, capture)
    assert (status, to.partition("?")[2]) == (303, "done=waiting")
    (mask,) = await store.masks.every()
    confirm = f"/pages/{page}/masks/{mask.id}/confirm"
    own = await send(approver, confirm, {}, page="/account")
    assert own.status == 409
    assert "another person than who drew the mask" in await own.text()
    other = await as_(serve, store, "binh")
    assert "waits for a second person" in await shown(other, page)
    assert (await send(other, confirm, {}, page="/account")).status == 303
    confirmed = await store.masks.get(mask.id)
    assert confirmed.confirmed_by == "binh"
    assert confirmed.standing(clock(), critical=True) is Standing.APPLIED


async def test_two_accounts_without_an_officer_mask_nothing_of_a_critical_portal(
    serve: Serve, store: Store, clock: Clock
) -> None:
    clock.now = NOW + 30 * MINUTE
    page, capture = await approved(store, critical=True)
    for name, officer in (("one", None), ("two", None), ("an", "an")):
        client = await serve(roster=lambda: Roster((Officer("an", "An"), Officer("binh", "Bình"))))
        await person(store, name, Role.APPROVER, officer=officer)
        assert (await log_in(client, name)).status == 303
        status, said = await draw(client, page, capture)
        assert (status, "only officers of the roster" in said) == ((303, False) if officer else (409, True))
    [mask] = await store.masks.every()
    refused = await send(
        await signed_in(serve, "two"), f"/pages/{page}/masks/{mask.id}/confirm", {}, page="/account"
    )
    assert refused.status == 409
    foreign = await store.masks.add(replace(mask, by="one"), now=clock(), via="")
    confirm = f"/pages/{page}/masks/{foreign.id}/confirm"
    assert (await send(client, confirm, {}, page="/account")).status == 409


async def signed_in(serve: Serve, name: str) -> Client:
    client = await serve(roster=lambda: Roster((Officer("an", "An"), Officer("binh", "Bình"))))
    assert (await log_in(client, name)).status == 303
    return client


async def test_who_may_not_approve_sees_the_masks_and_draws_none(
    serve: Serve, store: Store, clock: Clock
) -> None:
    page, capture = await approved(store)
    mask = Mask(page, Rectangle(0, 0, 160, 40), HOSTILE, "an", NOW, NOW + timedelta(days=1), capture)
    entered = await store.masks.add(mask, now=NOW, via="")
    officer = await as_(serve, store, "chi", Role.OFFICER)
    html = await shown(officer, page)
    assert f"№{entered.id}" in html
    assert 'id="draw"' not in html
    assert "<script>alert" not in html
    for path in ("", f"/{entered.id}/end", f"/{entered.id}/confirm"):
        answer = await send(officer, f"/pages/{page}/masks{path}", RECTANGLE, page="/account")
        assert answer.status == 403
    assert (await store.masks.get(entered.id)).ended_at is None


async def test_a_mask_is_moved_at_the_address_of_its_own_page_alone(approver: Client, store: Store) -> None:
    page, capture = await approved(store)
    await draw(approver, page, capture)
    (mask,) = await store.masks.every()
    answer = await send(approver, f"/pages/other-00000000/masks/{mask.id}/end", {}, page="/account")
    assert answer.status == 404
    assert (await store.masks.get(mask.id)).ended_at is None


async def test_what_the_profile_knows_to_move_is_suggested_and_taken_over(
    approver: Client, store: Store
) -> None:
    page, capture = await approved(store)
    tiles = {str(tile): 50 for tile in (10, 11, 18, 19)}
    await store.baselines.set_profile(page, Profile(page, samples=500, tiles=tiles))
    html = await shown(approver, page)
    assert 'class="moving" x="320" y="40" width="320" height="80"' in html
    found = re.search(r'<form method="post" action="/pages/[^"]*" class="row">(.*?)</form>', html, re.DOTALL)
    assert found is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[1]))
    assert (await draw(approver, page, capture, **fields))[0] == 303
    (mask,) = await store.masks.every()
    assert mask.rectangle == Rectangle(320, 40, 320, 80)
    assert "Suggested" not in await shown(approver, page)


async def test_a_page_without_an_approved_look_has_nothing_to_draw_on(approver: Client, store: Store) -> None:
    page = await registered(store)
    answer = await approver.get(f"/pages/{page}/masks")
    assert answer.status == 409
    assert "no approved look yet" in await answer.text()
    assert (await approver.get("/pages/none-00000000/masks")).status == 404


async def test_the_page_of_an_incident_says_what_a_mask_left_out(approver: Client, store: Store) -> None:
    page, _ = await approved(store)
    evidence = {"masks": [3, 4], "kind": "screen", "without": 20.5, "counted": 0.0}
    note = Signal(Kind.MASKED, 0.0, "masked:screen", evidence)
    verdict = replace(CHANGED, signals=(*CHANGED.signals, note))
    await checked(store, page, verdict, NOW + 10 * MINUTE, "b")
    html = await (await approver.get("/incidents/1")).text()
    assert "left out by a mask (3, 4): screen, 0.0 instead of 20.5 points" in html
    assert f'href="/pages/{page}/masks"' in html
