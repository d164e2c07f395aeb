"""A mask is drawn in a real browser: with the mouse, with keys, and without scripts."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.accounts import Role
from defacewatch.fetch.chromium import find_chromium
from defacewatch.masks import Rectangle
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import MINUTE, NOW
from tests.web.conftest import Client
from tests.web.people import PASSWORD, person
from tests.web.test_masks import approved


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A browser; what its policy refuses or a script throws fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        context = await browser.new_context(
            java_script_enabled=request.param, viewport={"width": 1280, "height": 900}
        )
        page = await context.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        yield page
        await browser.close()
    assert complaints == []


async def editor(screen: Page, client: Client, store: Store, clock: Clock) -> str:
    """The editor of a page, opened by an approver; the page's id."""
    clock.now = NOW + 30 * MINUTE
    page, _ = await approved(store)
    await person(store, "binh", Role.APPROVER, officer="binh")
    base = str(client.make_url("")).rstrip("/")
    await screen.goto(f"{base}/login?next=/pages/{page}/masks")
    await screen.fill("#user", "binh")
    await screen.fill("#password", PASSWORD)
    await screen.click("main button >> nth=0")
    await expect(screen.locator("h1")).to_have_text("Masks")
    return page


async def entered(screen: Page, store: Store) -> Rectangle:
    """What the form enters, with the block that it covers."""
    await screen.fill("#reason", "Băng rôn")
    await screen.check("#blocks input[value='1']")
    await screen.click("button[value=draw] >> nth=0")
    await expect(screen.get_by_role("status")).to_contain_text("The mask is entered")
    (mask,) = await store.masks.every()
    assert (mask.by, mask.blocks) == ("binh", ("html/body/div.ad",))
    return mask.rectangle


@pytest.mark.parametrize("screen", [True], indirect=True, ids=["with scripts"])
async def test_a_mask_is_drawn_with_the_mouse_or_with_keys(
    screen: Page, client: Client, store: Store, clock: Clock
) -> None:
    await editor(screen, client, store, clock)
    canvas = screen.locator("#canvas")
    await canvas.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowDown"):
        await canvas.press(key)
    values = [await screen.input_value(f"#{name}") for name in ("left", "top", "width", "height")]
    assert values == ["160", "40", "160", "80"]
    await canvas.press("Escape")
    assert await screen.input_value("#width") == ""
    await canvas.scroll_into_view_if_needed()
    area = await canvas.bounding_box()
    assert area is not None
    scale = area["width"] / 1280
    await screen.mouse.move(area["x"] + 200 * scale, area["y"] + 210 * scale)
    await screen.mouse.down()
    await screen.mouse.move(area["x"] + 300 * scale, area["y"] + 300 * scale)
    await expect(screen.locator("#blocks li:visible")).to_have_count(0)
    await screen.mouse.move(area["x"] + 470 * scale, area["y"] + 390 * scale)
    await screen.mouse.up()
    await expect(screen.locator("#drawn")).to_have_attribute("width", "320")
    await expect(screen.locator("#measure")).to_have_text("6.3 % of the first screen")
    await expect(screen.locator("#blocks li:visible")).to_have_count(1)
    assert await entered(screen, store) == Rectangle(160, 200, 320, 200)


@pytest.mark.parametrize("screen", [False], indirect=True, ids=["without scripts"])
async def test_without_scripts_the_fields_do_it(
    screen: Page, client: Client, store: Store, clock: Clock
) -> None:
    await editor(screen, client, store, clock)
    for name, value in (("left", "160"), ("top", "200"), ("width", "320"), ("height", "200")):
        await screen.fill(f"#{name}", value)
    await screen.click("button[value=look]")
    await expect(screen.locator("#drawn")).to_have_attribute("y", "200")
    await expect(screen.locator("#blocks li:visible")).to_have_count(1)
    assert await entered(screen, store) == Rectangle(160, 200, 320, 200)
    await screen.click(".entries button.danger")
    await expect(screen.get_by_role("status")).to_contain_text("The mask is ended")


@pytest.mark.parametrize("screen", [True], indirect=True, ids=["with scripts"])
async def test_the_editor_does_not_stick_out_from_a_telephone_to_a_desk(
    screen: Page, client: Client, store: Store, clock: Clock
) -> None:
    await editor(screen, client, store, clock)
    for width in (390, 768, 1280, 1920):
        await screen.set_viewport_size({"width": width, "height": 900})
        wide = await screen.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
