"""Portals in the console: seen by all, changed by administrators, checked as portals.yaml is."""

import re

import pytest

from defacewatch.accounts import Role
from defacewatch.audit import Act
from defacewatch.portals import Contact, Source, Urgency
from defacewatch.store import Store
from defacewatch.web import portallist
from defacewatch.web.api.cursors import cursor_of
from tests.store.samples import NOW, captured, portal
from tests.store.statements import asked
from tests.web.conftest import Around, Client, csrf_of, send
from tests.web.people import log_in, person
from tests.web.seeds import HOSTILE, attacked

HUNGYEN = {
    "key": "hungyen",
    "name": "Cổng TTĐT tỉnh Hưng Yên",
    "owner": "Văn phòng UBND tỉnh",
    "level": "3",
    "critical": "true",
    "tags": "tỉnh, một cửa",
    "changed_urgency": "normal",
    "defaced_urgency": "high",
    "pages-0-url": "https://HungYen.gov.vn",
    "pages-0-probe_every": "15s",
    "contacts-1-name": "Trần Thị Bình",
    "contacts-1-email": "binh@hungyen.gov.vn",
}


@pytest.fixture
async def admin(client: Client, store: Store) -> Client:
    await person(store, "an", Role.ADMIN, totp=False)
    assert (await log_in(client, "an")).status == 303
    return client


async def text(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, (path, answer.status)
    return await answer.text()


async def acts(store: Store) -> list[str]:
    return [entry.act for entry in await store.audit.list(limit=20)]


async def test_a_portal_is_added_with_all_that_portals_yaml_takes(admin: Client, store: Store) -> None:
    answer = await send(admin, "/register", HUNGYEN, page="/register")
    assert answer.headers["Location"] == "/portals/hungyen?done=added"
    there = await store.portals.get("hungyen")
    assert (there.name, there.owner, there.level, there.critical) == (
        "Cổng TTĐT tỉnh Hưng Yên",
        "Văn phòng UBND tỉnh",
        3,
        True,
    )
    assert there.tags == ("một cửa", "tỉnh")
    assert there.contacts == (Contact("Trần Thị Bình", None, "binh@hungyen.gov.vn"),)
    assert [(page.url, page.probe_every and page.probe_every.seconds) for page in there.pages] == [
        ("https://hungyen.gov.vn/", 15)
    ]
    assert (there.source, there.changed_urgency) == (Source.STORE, Urgency.NORMAL)
    assert Act.PORTALS_IMPORTED in await acts(store)
    page = await text(admin, "/portals/hungyen?done=added")
    assert "The portal is registered." in page
    assert "binh@hungyen.gov.vn" in page


async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    admin: Client, store: Store
) -> None:
    wrong = HUNGYEN | {"level": "9", "pages-1-url": "ftp://x", "contacts-1-email": "binh", "key": "Hưng Yên"}
    answer = await send(admin, "/register", wrong, page="/register")
    page = await answer.text()
    assert answer.status == 400
    assert re.findall(r'class="wrong" id="e-([\w-]+)"', page) == [
        "key",
        "level",
        "pages-1-url",
        "contacts-0-email",
    ]
    for typed in ("Văn phòng UBND tỉnh", "ftp://x", 'value="binh"', "tỉnh, một cửa"):
        assert typed in page
    assert await store.portals.all() == []


async def test_a_key_is_made_of_the_address_and_a_taken_one_is_said(admin: Client, store: Store) -> None:
    fields = {"name": "A", "pages-0-url": "https://www.so-khcn.hungyen.gov.vn/"}
    answer = await send(admin, "/register", fields, page="/register")
    assert answer.headers["Location"] == "/portals/so-khcn-hungyen?done=added"
    again = await send(admin, "/register", fields | {"name": "B"}, page="/register")
    assert again.status == 400
    assert "A portal of this key is registered already." in await again.text()


async def test_more_rows_cost_nothing_that_was_typed(admin: Client) -> None:
    answer = await send(admin, "/register", HUNGYEN | {"more": "1"}, page="/register")
    page = await answer.text()
    assert answer.status == 200
    assert 'name="pages-5-url"' in page
    assert "Văn phòng UBND tỉnh" in page


async def test_a_portal_of_the_store_is_changed_and_who_was_slower_is_told(
    admin: Client, store: Store
) -> None:
    await store.portals.import_([portal("a", "/", "/tin")], now=NOW)
    form = await text(admin, "/portals/a/edit")
    seen = re.search(r'name="seen" value="(\w+)"', form)
    assert seen is not None
    fields = {
        "seen": seen[1], "name": "Cổng khác", "tags": "tỉnh", "changed_urgency": "high",
        "defaced_urgency": "high", "pages-0-url": "https://a.gov.vn/tin",
    }  # fmt: skip
    answer = await send(admin, "/portals/a/edit", fields, page="/portals/a/edit")
    assert answer.headers["Location"] == "/portals/a?done=changed"
    there = await store.portals.get("a")
    assert (there.name, there.tags, [page.url for page in there.pages]) == (
        "Cổng khác",
        ("tỉnh",),
        ["https://a.gov.vn/tin"],
    )
    entry = (await store.audit.list(limit=1))[0]
    assert entry.act == Act.PORTAL_CHANGED
    assert '"name"' in entry.before
    slower = await send(admin, "/portals/a/edit", fields | {"name": "X"}, page="/portals/a/edit")
    assert slower.status == 409
    assert "has changed since you looked" in await slower.text()
    assert (await store.portals.get("a")).name == "Cổng khác"


async def test_a_provisioned_portal_is_read_only_and_says_where_it_stands(
    admin: Client, store: Store, around: Around
) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    around.places["a"] = "config/portals.yaml:12"
    page = await text(admin, "/portals/a")
    assert "config/portals.yaml:12" in page
    assert "/portals/a/edit" not in page
    assert (await admin.get("/portals/a/edit", allow_redirects=False)).status == 303
    answer = await send(admin, "/portals/a/edit", {"name": "X"}, page="/portals/a")
    assert answer.status == 409
    assert (await store.portals.get("a")).name != "X"


async def test_pausing_needs_a_reason_which_everybody_sees(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    refused = await send(admin, "/portals/a/pause", {"reason": " "}, page="/portals/a")
    assert refused.status == 409
    assert not (await store.portals.get("a")).paused
    await send(admin, "/portals/a/pause", {"reason": "nâng cấp"}, page="/portals/a")
    assert (await store.portals.get("a")).paused
    assert "nâng cấp" in await text(admin, "/portals/a")
    assert 'class="tag">paused' in await text(admin, "/portals")
    await send(admin, "/portals/a/resume", {}, page="/portals/a")
    assert not (await store.portals.get("a")).paused
    assert (await acts(store))[:2] == [Act.PORTAL_RESUMED, Act.PORTAL_PAUSED]


async def test_learning_is_asked_for_once(admin: Client, store: Store) -> None:
    await store.portals.import_([portal("a", "/", "/tin")], now=NOW)
    answer = await send(admin, "/portals/a/learn", {}, page="/portals/a")
    assert answer.headers["Location"] == "/portals/a?done=learning"
    again = await send(admin, "/portals/a/learn", {}, page="/portals/a")
    assert again.headers["Location"] == "/portals/a?done=known"
    assert [(lesson.by, lesson.samples) for lesson in (await store.lessons.latest()).values()] == [
        ("an", 3),
        ("an", 3),
    ]
    assert "0 of 3 captures" in await text(admin, "/portals/a")


async def test_the_list_is_narrowed_by_everything_that_a_portal_has(admin: Client, store: Store) -> None:
    await store.portals.import_(
        [
            portal("a", tags=("tỉnh",), operator="VNPT", level=4),
            portal("b", tags=("huyện",), critical=True),
            portal("c"),
        ],
        now=NOW,
    )
    await store.portals.pause("c", by="an", now=NOW)

    async def found(query: str) -> list[str]:
        return re.findall(r'<b><a href="/portals/(\w+)"', await text(admin, f"/portals?{query}"))

    assert await found("") == ["a", "b", "c"]
    assert await found("tag=tỉnh") == ["a"]
    assert await found("operator=VNPT") == ["a"]
    assert await found("level=4") == ["a"]
    assert await found("critical=1") == ["b"]
    assert await found("state=paused") == ["c"]
    assert await found("state=file") == []
    assert await found("q=huyen") == ["b"]
    wall = await text(admin, "/?tag=huyện")
    assert 'id="t-b"' in wall
    assert 'id="t-a"' not in wall


async def test_of_many_portals_a_page_of_the_list_reads_how_those_that_it_shows_stand(
    admin: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portallist, "SHOWN", 2)
    await store.portals.import_([portal(key) for key in "abcde"], now=NOW)
    captures = [await captured(store, (await store.portals.get(key)).pages[0].id) for key in "ac"]
    await store.baselines.approve(captures[1], by="an", reason="x", now=NOW)
    for number, keys, bare in ((1, ["a", "b"], 2), (2, ["c", "d"], 1), (3, ["e"], 1), (9, ["e"], 1)):
        with asked(store) as seen:
            page = await text(admin, f"/portals?page={number}")
        assert re.findall(r'<b><a href="/portals/(\w+)"', page) == keys
        assert page.count('<span class="tag">no baseline</span>') == bare
        (of_pages,) = [seen[statement] for statement in seen if "page_state" in statement]
        assert [value for value in of_pages if value in set("abcde")] == keys
        assert not re.search(r"portals\.contacts|incidents\.opened_at", " ".join(seen))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
async def test_others_see_portals_and_change_nothing(client: Client, store: Store, role: Role) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    await person(store, "binh", role)
    await log_in(client, "binh")
    for path in ("/portals", "/portals/a"):
        page = await text(client, path)
        assert '<form method="post" action="/portals' not in page
    csrf = await csrf_of(client, "/account")
    for path in ("/register", "/portals/a/edit", "/portals/a/pause", "/portals/a/learn", "/register/import"):
        assert (await client.post(path, data={"csrf": csrf, "reason": "x"})).status == 403
    assert not (await store.portals.get("a")).paused


async def test_a_page_shows_its_verdicts_captures_baselines_and_incidents(
    client: Client, store: Store
) -> None:
    page, incident = await attacked(store, said=HOSTILE)
    await person(store, "an", Role.VIEWER)
    await log_in(client, "an")
    shown = await text(client, f"/pages/{page}")
    for part in ("Trần Thị Bình", "đăng ký lần đầu", f'href="/incidents/{incident}"', "?tiny", "72"):
        assert part in shown, part
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert (await client.get("/pages/nothing")).status == 404


async def test_old_checks_are_on_pages_of_their_own(client: Client, store: Store) -> None:
    page, _ = await attacked(store)
    oldest = (await store.checks.history(page))[-1]
    first = cursor_of("checks", (oldest.at, oldest.id))
    await person(store, "an", Role.VIEWER)
    await log_in(client, "an")
    assert "Nothing has been checked yet." in await text(client, f"/pages/{page}?before={first}")
    assert "Nothing has been checked yet." not in await text(client, f"/pages/{page}?before=x")
