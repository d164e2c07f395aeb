import gc
import weakref

import pytest

from defacewatch.fetch.browser import Browser
from defacewatch.fetch.untraced import INSIDE, untraced
from tests.fetch.conftest import NOW
from tests.fetch.portal import Portal, page

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_was_captured_is_gone_with_who_wanted_it_and_waits_for_no_collector(
    browser: Browser, site: Portal
) -> None:
    """A Playwright that knows its own calls otherwise fails this: captures are dearer then."""
    site.answers["/"] = page("<p>Cổng thông tin</p>")
    gc.disable()
    try:
        rendering = await browser.render(site.url("/"), now=NOW)
        assert rendering.screenshot
        left = weakref.ref(rendering)
        del rendering
        assert left() is None
    finally:
        gc.enable()


async def test_without_such_a_playwright_all_is_done_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> str:
        return "done"

    assert INSIDE is not None
    assert await untraced(work) == "done"
    monkeypatch.setattr("defacewatch.fetch.untraced.INSIDE", None)
    assert await untraced(work) == "done"
