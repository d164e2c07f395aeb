"""From the first administrator's link to a sign-in with an authenticator, in a real browser; and how the
pages look from a telephone to a desk."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.accounts import Role
from defacewatch.fetch.chromium import find_chromium
from defacewatch.store import Store
from defacewatch.totp import code_at, step_at
from defacewatch.web.welcome import setup_url
from tests.conftest import Clock
from tests.web.conftest import Client
from tests.web.people import KEY, PASSWORD, person


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A browser; what its policy refuses or a script throws fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=request.param)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
        yield page
        await browser.close()
    assert complaints == []


async def test_the_first_administrator_sets_up_a_code_and_signs_in_with_it(
    screen: Page, client: Client, store: Store, clock: Clock
) -> None:
    base = str(client.make_url("")).rstrip("/")
    url = await setup_url(store, base, KEY, clock())
    assert url is not None
    await screen.goto(url)
    await screen.fill("#user", "an")
    await screen.fill("#display", "Nguyễn Văn An")
    await screen.fill("#password", PASSWORD)
    await screen.fill("#password-again", PASSWORD)
    await screen.click("main button")
    await expect(screen.locator("h1")).to_have_text("Nguyễn Văn An")
    await screen.fill("#totp-password", PASSWORD)
    await screen.click("form[action='/account/totp'] button")
    await expect(screen.locator(".qr svg")).to_be_visible()
    secret = (await screen.locator("#secret").inner_text()).replace(" ", "")
    await screen.fill("#code", code_at(secret, step_at(clock())))
    await screen.click("main button")
    await expect(screen.locator(".codes li")).to_have_count(10)
    await screen.click("header form button")
    await screen.wait_for_url(f"{base}/login")
    clock.forward(seconds=30)
    await screen.fill("#user", "an")
    await screen.fill("#password", PASSWORD)
    await screen.click("main button >> nth=0")
    await screen.fill("#code", "000000")
    await screen.click("main button")
    await expect(screen.get_by_role("alert")).to_contain_text("This code is not right")
    await screen.fill("#code", code_at(secret, step_at(clock())))
    await screen.click("main button")
    await screen.wait_for_url(f"{base}/")
    await expect(screen.locator("header")).to_contain_text("Nguyễn Văn An")


@pytest.mark.parametrize("screen", [True], indirect=True, ids=["with scripts"])
async def test_no_page_of_accounts_sticks_out_from_a_telephone_to_a_desk(
    screen: Page, client: Client, store: Store
) -> None:
    base = str(client.make_url("")).rstrip("/")
    await person(store, "root", Role.ADMIN)
    await person(store, "x" * 32, Role.APPROVER, officer="an", totp=True)
    await screen.goto(f"{base}/login")
    await screen.fill("#user", "root")
    await screen.fill("#password", PASSWORD)
    await screen.click("main button >> nth=0")
    await screen.wait_for_url(f"{base}/")
    for path in ("/account", "/accounts", "/audit"):
        for width in (390, 768, 1280):
            for language in ("vi", "en"):
                await screen.set_viewport_size({"width": width, "height": 800})
                await screen.goto(f"{base}{path}?lang={language}")
                assert await screen.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
