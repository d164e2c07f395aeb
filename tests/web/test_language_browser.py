"""The switch of languages, pressed in a real browser: one stays where one is, with what was asked there."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.web.gallery import looking
from tests.web.nights import night
from tests.web.pages import Shown, refused, visit
from tests.web.people import PASSWORD
from tests.web.stage import ADMIN, OFFICER, Night, Stage, staged

__all__ = ["night"]
NAMES = {"vi": "Tiếng Việt", "en": "English"}
PLACES = {  # an address, and what stays of what was asked for there
    "wall": ("/?view=rows&q=UBND+huyện&critical=", "input[name=q]", "UBND huyện"),
    "portals": ("/portals?q=Sở&state=file", "select[name=state]", "file"),
    "incident": ("/incidents/{incident}", None, ""),
    "campaign": ("/campaigns/{campaign}", None, ""),
    "baselines": ("/baselines?kind=learned", None, ""),
    "baseline": ("/baselines/{proposal}", None, ""),
    "history": ("/pages/{page}", None, ""),
    "roster": ("/duty/roster?month=2026-10", None, ""),
    "preview": (
        "/duty/preview?kind=changed&portal=songhong&at=2026-09-03T02:00",
        "select[name=portal]",
        "songhong",
    ),
    "handovers": ("/duty/handovers", None, ""),
    "audit": ("/audit", None, ""),
    "account": ("/account", None, ""),
}


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, night: Night) -> AsyncIterator[Stage]:
    async with staged(sqlite_url, tmp_path, night=night) as stage:
        yield stage


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with looking() as page:
        page.set_default_timeout(60_000)
        yield page


async def press(page: Page, language: str) -> None:
    """Press the switch; the page is in that language."""
    await page.get_by_role("link", name=NAMES[language], exact=True).click()
    await spoken(page, language)


async def spoken(page: Page, language: str) -> None:
    await expect(page.locator(f"html[lang={language}]")).to_have_count(1, timeout=60_000)
    chosen = page.locator("nav.languages [aria-current=true]")
    await expect(chosen).to_have_attribute("lang", language)


def asked(page: Page) -> tuple[str, dict[str, str]]:
    """Where the page is, and what was asked for, but for the language."""
    parts = urlsplit(page.url)
    return parts.path, {name: value for name, value in parse_qsl(parts.query) if name != "lang" and value}


@pytest.mark.timeout(300)
async def test_on_each_page_the_switch_leads_to_the_same_in_the_other_language(
    page: Page, stage: Stage
) -> None:
    cookie = {"name": "defacewatch_session", "value": stage.cookies[ADMIN], "url": stage.base}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    for address, field, value in PLACES.values():
        await page.goto(stage.base + address.format(**stage.values))
        before, headline = asked(page), await page.locator("h1").first.inner_text()
        found = await page.locator("table.pages tbody tr").count()
        await spoken(page, "vi")
        for language in ("en", "vi"):
            await press(page, language)
            assert asked(page) == before, address
            if field is not None:
                await expect(page.locator("table.pages tbody tr")).to_have_count(found)
                await expect(page.locator(field)).to_have_value(value)
        assert await page.locator("h1").first.inner_text() == headline
    await press(page, "en")
    await page.goto(f"{stage.base}/duty")
    await spoken(page, "en")


async def test_a_form_that_was_refused_is_found_again_in_the_other_language(page: Page, stage: Stage) -> None:
    await visit(page, Shown("accounts-refused", "/accounts", "/accounts", steps=refused), stage)
    await press(page, "en")
    assert asked(page) == ("/accounts", {})
    await expect(page.locator("h1")).to_have_text("Accounts")
    await page.goto(f"{stage.base}/account?lang=vi")
    await page.fill("#codes-password", "sai mật khẩu rồi")
    await page.click("button[formaction='/account/totp/off']")
    await expect(page.get_by_role("alert")).to_be_visible()
    await press(page, "en")
    assert asked(page) == ("/account", {})
    await expect(page.locator("h1")).to_have_text("Phạm Thị Dung")


async def test_on_the_way_in_the_switch_keeps_where_one_was_going_and_the_language_stays(
    page: Page, stage: Stage
) -> None:
    there = f"/incidents/{stage.values['incident']}"
    await page.goto(stage.base + there)
    assert asked(page) == ("/login", {"next": there})
    await press(page, "en")
    assert asked(page) == ("/login", {"next": there})
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.fill("#user", OFFICER)
    await page.fill("#password", "sai mật khẩu rồi")
    await page.locator("main button").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("is not right")
    await press(page, "vi")
    assert asked(page) == ("/login", {"next": there})
    await press(page, "en")
    await page.fill("#user", OFFICER)
    await page.fill("#password", PASSWORD)
    await page.locator("main button").first.click()
    await page.wait_for_url(stage.base + there)
    await spoken(page, "en")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
