import asyncio
import time

import pytest

from defacewatch.captures import Failure, Rendering
from defacewatch.fetch.browser import Browser
from tests.fetch.conftest import NOW
from tests.fetch.portal import Asked, Portal, Writer, page

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATE = (
    "<title>usual</title><h1>Tin tức</h1><script>setTimeout(() => {"
    "document.title = 'late'; document.querySelector('h1').textContent = 'hacked by nobody' }, 6000)</script>"
)
TOLD = "<script>setTimeout(() => fetch('/told'), 6000)</script>"
LEAVING = "<h1>usual</h1><script>setTimeout(() => { location.href = '/elsewhere' }, 6000)</script>"
STUCK = "<h1>usual</h1><script>while (true);</script>"


async def test_what_a_script_does_late_is_seen_by_a_capture_that_dwells_while_others_work(
    browser: Browser, site: Portal
) -> None:
    site.answers |= {"/": page(LATE), "/leaving": page(LEAVING), "/elsewhere": page("<h1>hacked</h1>")}
    began, ended = time.monotonic(), []

    async def render(path: str, *, dwell: bool) -> Rendering:
        rendering = await browser.render(site.url(path), now=NOW, dwell=dwell)
        ended.append((path, dwell))
        return rendering

    dwelling, leaving, usual = await asyncio.gather(
        render("/", dwell=True), render("/leaving", dwell=True), render("/", dwell=False)
    )
    assert ended[0] == ("/", False)
    assert (usual.failure, usual.title, usual.text.strip(), usual.dwelt) == (None, "usual", "Tin tức", False)
    assert (dwelling.failure, dwelling.title, dwelling.dwelt) == (None, "late", True)
    assert "hacked by nobody" in dwelling.text
    assert dwelling.screenshot != usual.screenshot
    assert (leaving.failure, leaving.text.strip()) == (None, "hacked")
    assert leaving.final_url == site.url("/elsewhere")
    took = time.monotonic() - began
    assert took >= 10
    assert dwelling.elapsed < took - 3  # what it waited is not counted


async def test_a_page_that_had_to_be_held_is_not_dwelt_on(browser: Browser, site: Portal) -> None:
    site.answers["/"] = page(STUCK)
    rendering = await browser.render(site.url(), now=NOW, dwell=True)
    assert (rendering.failure, rendering.text.strip(), rendering.dwelt) == (None, "usual", False)


async def test_a_page_that_cannot_be_reached_is_not_waited_for(browser: Browser) -> None:
    began = time.monotonic()
    rendering = await browser.render("http://10.0.0.1/", now=NOW, dwell=True)
    assert (rendering.failure, rendering.dwelt) == (Failure.REFUSED, False)
    assert time.monotonic() - began < 10


async def test_a_page_that_waited_long_for_its_place_was_dwelt_on_whether_or_not_that_was_wanted(
    browser: Browser, site: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.fetch.rendering.DWELL", 2.0)
    changed = asyncio.Event()

    async def told(asked: Asked, writer: Writer) -> None:
        changed.set()
        writer.write(page())

    site.answers |= {"/": page(LATE + TOLD), "/stuck": page(STUCK), "/told": told}
    async with browser._working.place(0):
        late = asyncio.create_task(browser.render(site.url(), now=NOW))
        stuck = asyncio.create_task(browser.render(site.url("/stuck"), now=NOW))
        async with asyncio.timeout(60):
            await changed.wait()
    rendering = await late
    assert (rendering.failure, rendering.title, rendering.dwelt) == (None, "late", True)
    assert not (await stuck).dwelt, "one that is held does nothing late"
