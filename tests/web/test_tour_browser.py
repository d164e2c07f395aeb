"""The first steps, with scripts: what happens meanwhile shows by itself."""

import pytest
from playwright.async_api import Page, expect

from defacewatch.accounts import Role
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import NOW, portal
from tests.web.conftest import Client
from tests.web.people import PASSWORD, person
from tests.web.test_sign_in_browser import screen

__all__ = ["screen"]


@pytest.mark.parametrize("screen", [True], indirect=True, ids=["with scripts"])
async def test_how_far_learning_is_shows_by_itself(
    screen: Page, client: Client, store: Store, clock: Clock
) -> None:
    base = str(client.make_url("")).rstrip("/")
    await person(store, "root", Role.ADMIN)
    await store.portals.import_([portal("a")], now=NOW)
    await screen.goto(f"{base}/login")
    await screen.fill("#user", "root")
    await screen.fill("#password", PASSWORD)
    await screen.click("main button >> nth=0")
    await screen.click("a[href='/tour']")
    await screen.click("main form button")
    progress = screen.locator(".progress label")
    await expect(progress).to_have_text("0 of 3 captures", timeout=30_000)
    lesson = await store.lessons.claim(clock())
    assert lesson is not None
    await store.lessons.took(lesson, 2, now=clock())
    await expect(progress).to_have_text("2 of 3 captures", timeout=30_000)
    await store.lessons.end(lesson, now=clock(), error="503 Service Unavailable")
    await expect(screen.locator("main")).to_contain_text("503 Service Unavailable", timeout=30_000)
    for width in (390, 768, 1280):
        for path in ("/tour", "/portals", "/portals/a", "/portals/a/edit", "/register", "/register/import"):
            await screen.set_viewport_size({"width": width, "height": 800})
            await screen.goto(f"{base}{path}")
            assert await screen.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
