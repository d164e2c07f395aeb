"""The status page in a real browser: fits any screen, keeps itself up to date, and says when it cannot."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.fetch.chromium import find_chromium
from defacewatch.store import Store
from tests.web.conftest import TOKEN, Client
from tests.web.seeds import MINUTE, NOW, attacked


@pytest.fixture
async def screen(client: Client) -> AsyncIterator[Page]:
    """A reader's browser, signed in; what its policy refuses or its script throws fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.clock.install()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        await page.goto(str(client.make_url("/")))
        await page.fill("#token", TOKEN)
        await page.click("main button")
        await page.wait_for_url(str(client.make_url("/")))
        yield page
        await browser.close()
    assert complaints == []


async def test_the_status_page_shows_what_happens_without_being_loaded_again(
    screen: Page, store: Store
) -> None:
    await expect(screen.locator("h1")).to_have_text("No portal is registered yet")
    _, incident = await attacked(store)
    await screen.clock.fast_forward(16_000)
    await expect(screen.locator("h1")).to_have_text("A page may have been attacked")
    assert "(1)" in await screen.title()
    await store.incidents.acknowledge(incident, by="Nguyễn Văn An", via="cli", now=NOW + 12 * MINUTE)
    await screen.clock.fast_forward(16_000)
    await expect(screen.locator(".card")).to_contain_text("Acknowledged: Nguyễn Văn An")


async def test_a_status_page_that_stands_still_says_so(screen: Page, client: Client) -> None:
    await expect(screen.locator("#offline")).to_be_hidden()
    await client.close()
    await screen.clock.fast_forward(16_000)
    await expect(screen.locator("#offline")).to_be_visible()


async def test_nothing_sticks_out_from_a_telephone_to_a_wall(
    screen: Page, client: Client, store: Store
) -> None:
    _, incident = await attacked(store, said="h4ck3d" * 60)
    for path in ("/?lang=vi", f"/incidents/{incident}", "/?lang=en"):
        for width in (390, 768, 1280, 1920):
            await screen.set_viewport_size({"width": width, "height": 800})
            await screen.goto(str(client.make_url(path)))
            assert await screen.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
