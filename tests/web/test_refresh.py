"""The console in a real browser: fits any screen, keeps itself up to date, and says when it cannot."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from defacewatch.fetch.chromium import find_chromium
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from defacewatch.web import live
from defacewatch.web.wall import LIVE
from tests.conftest import Clock
from tests.store.samples import CLEAN, DEFACED
from tests.web.conftest import TOKEN, Client
from tests.web.people import PASSWORD, person
from tests.web.seeds import HOSTILE, MINUTE, NOW, attacked, checked, everything_hostile, portal, registered
from tests.web.test_events import Broken


@pytest.fixture
async def screen(client: Client) -> AsyncIterator[Page]:
    """A reader's browser, signed in; what its policy refuses or its script throws fails the test."""
    async with a_screen(client, {"#token": TOKEN}) as page:
        yield page


@pytest.fixture
async def officer(client: Client, store: Store) -> AsyncIterator[Page]:
    """The same of an officer."""
    await person(store)
    async with a_screen(client, {"#user": "an", "#password": PASSWORD}) as page:
        yield page


@asynccontextmanager
async def a_screen(client: Client, proof: Mapping[str, str]) -> AsyncIterator[Page]:
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.clock.install()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        await page.goto(str(client.make_url("/")))
        for field, value in proof.items():
            await page.fill(field, value)
        await page.click("main button")
        await page.wait_for_url(str(client.make_url("/")))
        yield page
        await browser.close()
    assert complaints == []


async def test_the_wall_shows_what_happens_without_being_loaded_again(screen: Page, store: Store) -> None:
    await expect(screen.locator("h1")).to_have_text("No portal is registered yet")
    _, incident = await attacked(store)
    await expect(screen.locator("h1")).to_have_text("A page may have been attacked")
    assert "(1)" in await screen.title()
    await store.incidents.acknowledge(incident, by="Nguyễn Văn An", via="cli", now=NOW + 12 * MINUTE)
    await expect(screen.locator(".card")).to_contain_text("Acknowledged: Nguyễn Văn An")


async def test_a_tile_that_is_attacked_moves_to_the_front_and_the_others_stay_what_they_were(
    screen: Page, client: Client, store: Store
) -> None:
    await store.portals.apply([portal(key) for key in ("a", "b", "c")], now=NOW)
    pages = {p.key: p.pages[0].id for p in await store.portals.all()}
    for page in pages.values():
        await checked(store, page, CLEAN)
    for view, seats in (("tiles", ".tile"), ("rows", "#seats > tr")):
        await screen.goto(str(client.make_url(f"/?view={view}")))
        await expect(screen.locator(seats)).to_have_count(3)
        await screen.evaluate("document.querySelectorAll('#seats > *').forEach(seat => seat.seen = true)")
        hit = pages["c" if view == "tiles" else "b"]
        await checked(store, hit, DEFACED, NOW + MINUTE, mark="b")
        await expect(screen.locator(seats).first).to_contain_text("Suspected attack")
        await expect(screen.locator(".chip.v-defaced b")).to_have_text("1" if view == "tiles" else "2")
        kept = await screen.evaluate(
            "[...document.querySelectorAll('#seats > *')].filter(s => s.seen).length"
        )
        assert kept == 2
        assert hit.split("-")[0] in await screen.locator(seats).first.inner_text()


@pytest.mark.parametrize("streams", [32, 0])
async def test_the_age_of_the_oldest_capture_follows_and_nothing_beside_it_is_made_anew(
    screen: Page, client: Client, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, streams: int
) -> None:
    monkeypatch.setattr(live, "STREAMS", streams)
    await store.portals.apply([portal(key) for key in ("a", "b")], now=NOW)
    pages = {p.key: p.pages[0].id for p in await store.portals.all()}
    for key, at in (("a", NOW - 50 * MINUTE), ("b", NOW - 20 * MINUTE)):
        await checked(store, pages[key], CLEAN, at, mark="a")
    clock.now = NOW
    await screen.goto(str(client.make_url("/")))
    age = screen.locator("#oldest time")
    first, second = (str(int((NOW - past * MINUTE).timestamp())) for past in (50, 20))
    await expect(age).to_have_attribute("data-age", first)
    await screen.evaluate("document.getElementById('front').seen = true")
    await checked(store, pages["a"], CLEAN, NOW, mark="a")
    if not streams:
        await screen.clock.fast_forward(16_000)
    await expect(age).to_have_attribute("data-age", second)
    assert await screen.evaluate("document.getElementById('front').seen === true")


async def test_where_there_is_no_stream_the_wall_asks_again_and_again(
    screen: Page, client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 0)
    await screen.goto(str(client.make_url("/")))
    await attacked(store)
    await screen.clock.fast_forward(16_000)
    await expect(screen.locator("h1")).to_have_text("A page may have been attacked")
    await expect(screen.locator("#offline")).to_be_hidden()


async def test_without_a_stream_nothing_says_that_the_connection_is_lost_while_the_page_can_be_had(
    screen: Page, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 0)
    async with screen.expect_response("**/events?**"):
        await screen.goto(str(client.make_url("/")))
    for _ in range(2):
        await screen.clock.run_for(10_000)
        await expect(screen.locator("#offline")).to_be_hidden()
        address = str(client.make_url("/"))
        async with screen.expect_response("**/events?**"), screen.expect_response(address):
            await screen.clock.run_for(6_000)
    await screen.clock.run_for(10_000)
    await expect(screen.locator("#offline")).to_be_hidden()


async def test_after_a_restart_the_wall_asks_until_it_has_been_loaded_again(
    screen: Page, client: Client, store: Store
) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    await screen.goto(str(client.make_url("/")))
    await expect(screen.locator(".tile")).to_have_count(1)
    await screen.evaluate("dispatchEvent(new Event('pagehide'))")
    assert client.app is not None
    client.app[LIVE].epoch = "ffffffff"  # as another process has it
    await screen.route("**/", lambda route: route.fulfill(status=503, body="x"))
    await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    await screen.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(screen.locator("#offline")).to_be_visible()
    async with screen.expect_response("**/"):
        await screen.clock.run_for(16_000)
    await expect(screen.locator("#offline")).to_be_visible()
    await screen.unroute("**/")
    await screen.clock.run_for(16_000)
    await expect(screen.locator(".tile .badge")).to_have_text("Suspected attack")
    await expect(screen.locator("#offline")).to_be_hidden()
    await store.incidents.acknowledge(1, by="an", via="cli", now=NOW + 2 * MINUTE)
    await expect(screen.locator(".card")).to_contain_text("Acknowledged")


async def test_a_wall_of_which_the_store_cannot_be_read_says_so(
    screen: Page, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await expect(screen.locator("#offline")).to_be_hidden()
    with monkeypatch.context() as broken:
        broken.setattr(store.wall, "engine", Broken())
        await expect(screen.locator("#offline")).to_have_text(re.compile("cannot read its own records"))
        await expect(screen.locator("#offline")).to_be_visible()
    await expect(screen.locator("#offline")).to_be_hidden()


async def test_a_list_that_was_empty_is_shown_when_something_comes(
    screen: Page, client: Client, store: Store
) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    await screen.goto(str(client.make_url("/?view=rows&verdict=defaced")))
    await expect(screen.locator("#wall-live")).to_contain_text("No portal is like that.")
    await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    await expect(screen.locator("#seats > tr")).to_be_visible()
    await expect(screen.locator("#wall-live")).not_to_contain_text("No portal is like that.")


async def test_a_screen_reader_hears_of_an_attack_and_the_keyboard_keeps_its_place(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    await expect(screen.locator("#news")).to_have_text("(1) A page may have been attacked")
    await screen.focus(".card")
    await screen.evaluate("document.querySelector('.gauges').seen = true")
    await store.portals.apply([portal("hungyen"), portal("b")], now=NOW)
    other = (await store.portals.get("b")).pages[0].id
    await checked(store, other, DEFACED, NOW + MINUTE, mark="b")
    await expect(screen.locator("#news")).to_have_text("(2) A page may have been attacked")
    assert not await screen.evaluate("document.querySelector('.gauges').seen ?? false")
    at = "document.activeElement.getAttribute('href')"
    assert await screen.evaluate(at) == f"/incidents/{incident}"
    await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=NOW + 13 * MINUTE)
    await expect(screen.locator("#lately .code")).to_have_count(1)


async def test_before_and_after_can_be_laid_over_one_another(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    await screen.goto(str(client.make_url(f"/incidents/{incident}")))
    await screen.click("label[for=as-slider]")
    await screen.locator("#slide").press("Home")
    cut = "getComputedStyle(document.querySelector('.stage')).getPropertyValue('--cut')"
    assert await screen.evaluate(cut) == "0%"
    async with screen.expect_response(f"**/incidents/{incident}"):
        await screen.clock.fast_forward(16_000)
    await expect(screen.locator("#offline")).to_be_hidden()
    assert await screen.evaluate(cut) == "0%"  # what has not changed is left alone
    await expect(screen.locator("#as-slider")).to_be_checked()
    await screen.click("label[for=as-difference]")
    loaded = "document.querySelector('.overlay img').decode().then(() => true)"
    assert await screen.evaluate(loaded)
    await expect(screen.locator("#words")).to_contain_text("Trang chủ")


async def test_differences_for_which_there_was_no_time_are_asked_for_again(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    asked: Counter[str] = Counter()

    async def busy(route: Route) -> None:
        what = route.request.url.rpartition("/")[2]
        asked[what] += 1
        if asked[what] < 3:
            await route.fulfill(status=503, headers={"Retry-After": "10"})
        else:
            await route.continue_()

    for what in ("difference", "words"):
        await screen.route(f"**/incidents/{incident}/{what}", busy)
    await screen.goto(str(client.make_url(f"/incidents/{incident}")))
    async with screen.expect_response("**/difference"):
        await screen.click("label[for=as-difference]")
    for _ in range(2):
        async with screen.expect_response("**/difference"), screen.expect_response("**/words"):
            await screen.clock.fast_forward(10_000)
    await expect(screen.locator("#words")).to_contain_text("Trang chủ")
    assert await screen.evaluate("document.querySelector('.overlay img').decode().then(() => true)")
    assert asked["words"] == 3


async def test_a_difference_that_cannot_be_made_is_asked_for_once_more_and_no_longer(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    asked: list[str] = []

    async def gone(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=404)

    await screen.route(f"**/incidents/{incident}/difference", gone)
    await screen.goto(str(client.make_url(f"/incidents/{incident}")))
    async with screen.expect_response("**/difference"):
        await screen.click("label[for=as-difference]")
    async with screen.expect_response("**/difference"):
        await screen.clock.fast_forward(10_000)
    await screen.clock.run_for(120_000)
    assert len(asked) == 2


async def test_a_wall_that_stands_still_says_so(screen: Page, client: Client) -> None:
    await expect(screen.locator("#offline")).to_be_hidden()
    await client.close()
    await screen.clock.fast_forward(16_000)
    await expect(screen.locator("#offline")).to_be_visible()


async def test_nothing_sticks_out_from_a_telephone_to_a_wall(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store, said="h4ck3d" * 60)
    for path in (
        "/?lang=vi",
        f"/incidents/{incident}",
        "/?lang=en&view=rows",
        f"/incidents/{incident}/words",
    ):
        for width in (390, 768, 1280, 1920):
            await screen.set_viewport_size({"width": width, "height": 800})
            await screen.goto(str(client.make_url(path)))
            assert await screen.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.mark.parametrize(
    "said",
    [
        HOSTILE,
        "<script>document.title='ran'</script><svg/onload=\"document.title='ran'\">",
        '"><img src=x onerror="document.title=\'ran\'"><a href="javascript:document.title=\'ran\'">',
        "</title></style></script><iframe srcdoc=\"<script>parent.document.title='ran'</script>\">",
        "{{ 7*7 }}${7*7}<!--]]>",
    ],
)
async def test_nothing_that_a_page_controls_runs_or_is_markup_on_any_page(
    screen: Page, client: Client, store: Store, said: str
) -> None:
    incident = await everything_hostile(store, said)
    asked: list[str] = []
    screen.on("request", lambda request: asked.append(request.url))
    screen.on("dialog", lambda dialog: asked.append(dialog.message))
    await expect(screen.locator("h1")).to_have_text("A page may have been attacked")  # by the stream
    for path in ("/", "/?view=rows", f"/incidents/{incident}", f"/incidents/{incident}/words"):
        await screen.goto(str(client.make_url(path)))
        if path == f"/incidents/{incident}":
            await expect(screen.locator("#words .reading")).to_be_attached(timeout=30_000)
            await screen.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert "ran" not in (await screen.title()).split()
        assert await screen.locator("iframe, [onerror], [onload], [srcdoc], a[href^=javascript]").count() == 0
        assert await screen.locator("body script, main style").count() == 0
    ours = str(client.make_url("/"))
    assert all(address.startswith(ours) for address in asked)


async def test_an_officer_who_does_nothing_is_warned_and_stays_in_by_pressing_a_key(
    client: Client, store: Store, clock: Clock, officer: Page
) -> None:
    warning = officer.locator("#leaving")
    await officer.clock.fast_forward(54 * 60_000)
    clock.forward(minutes=54)
    await expect(warning).to_be_hidden()
    await officer.clock.fast_forward(2 * 60_000)
    clock.forward(minutes=2)
    await expect(warning).to_contain_text("you will be signed out in a few minutes")
    async with officer.expect_response("**/api/v1/me") as asked:
        await officer.keyboard.press("Shift")
    assert (await asked.value).status == 200
    await expect(warning).to_be_hidden()
    clock.forward(minutes=55)
    assert (await officer.request.get(str(client.make_url("/api/v1/me")))).status == 200


async def test_a_wall_at_which_nobody_is_left_is_signed_out_and_says_so(
    client: Client, store: Store, clock: Clock, officer: Page
) -> None:
    await registered(store)
    clock.forward(minutes=61)
    await client.app[LIVE].end(client.app)  # streams end, as they do with the session
    async with asyncio.timeout(30):  # its browser tries again by itself, and then the page is asked for
        while await officer.locator("h1").inner_text() != "You are signed out":
            await officer.clock.run_for(1000)
    await expect(officer.locator("main")).to_contain_text("The watch goes on")
    await expect(officer.locator(".tile")).to_have_count(0)
