"""A new administrator, from an empty store to the first approved baseline and a test alert that arrived: the
daemon with all its parts, a real page, a real browser without scripts."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from defacewatch.accounts import Role
from defacewatch.demo.mailbox import Mailbox
from defacewatch.fetch.chromium import find_chromium
from defacewatch.verdicts import VerdictKind
from tests.site import Site
from tests.test_daemon import Stand, until
from tests.web.people import PASSWORD, person

FIVE_MINUTES = 300.0


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    site = Site()
    await site.start()
    made = Stand(tmp_path, site)
    made.portals = []
    made.roster = {"officers": [{"key": "an", "name": "Nguyễn Văn An", "email": "an@example.gov.vn"}]}
    made.general["web"] = {"listen": f"127.0.0.1:{made.port}", "sessions": {"code_for": "nobody"}}
    yield made
    await site.stop()


@pytest.fixture
async def screen() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, locale="vi")
        yield await context.new_page()
        await browser.close()


@pytest.mark.timeout(FIVE_MINUTES + 60)
async def test_the_first_steps_take_less_than_five_minutes(
    stand: Stand, screen: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.set_default_timeout(120_000)
    async with AsyncExitStack() as stack, Mailbox() as mailbox:
        stand.general["alerts"] = {"email": {"host": "127.0.0.1", "port": mailbox.port}}
        daemon = await stand.daemon(stack)
        await person(daemon.store, "an", Role.ADMIN)
        base = f"http://127.0.0.1:{stand.port}"
        began = time.monotonic()
        now = screen.locator(".toursteps .now")
        await screen.goto(f"{base}/login?lang=vi")
        await screen.fill("#user", "an")
        await screen.fill("#password", PASSWORD)
        await screen.click("main button >> nth=0")
        await screen.click("a[href='/tour']")
        await expect(now).to_contain_text("Thêm cổng đầu tiên", timeout=60_000)
        await screen.fill("#name", "Cổng Thông tin điện tử tỉnh")
        await screen.fill("#url", stand.site.url)
        await screen.click("main form button")
        await expect(now).to_contain_text("Cho hệ thống học", timeout=60_000)
        await screen.click("main form button")
        await expect(screen.locator("progress").first).to_be_visible(timeout=60_000)
        await expect(screen.locator(".proposal")).to_be_visible(timeout=120_000)  # it loads itself
        seen = await screen.locator(".proposal img").evaluate_all("all => all.length")
        assert seen == 1
        await screen.click(".proposal a.button")
        await expect(screen.locator("#why")).to_have_value("đăng ký lần đầu")
        await screen.click("#decision .buttons button >> nth=0")
        await expect(now).to_contain_text("Thử các kênh báo tin", timeout=60_000)
        await screen.select_option("#to", "an")
        await screen.click("main form button")
        await expect(screen.locator(".finished")).to_be_visible(timeout=60_000)
        taken = time.monotonic() - began
        await screen.click(".finished a[href='/']")
        await expect(screen.locator(".tile")).to_have_count(1)
        assert "an@example.gov.vn" in mailbox.messages[0]["To"]
        (page,) = await daemon.store.wall.pages()
        await until(lambda: page.page in daemon.schedule.planned)
        await until(lambda: page.page in daemon.eyes.checker.clean)
        (page,) = await daemon.store.wall.pages()
        assert (page.has_baseline, page.verdict) == (True, VerdictKind.CLEAN)
    with capsys.disabled():
        print(f"\nfirst steps: {taken:.0f} s")
    assert taken < FIVE_MINUTES
    assert re.fullmatch(r"127-0-0-1", page.portal)
