import pytest

from defacewatch.captures import Script
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.script_files import ALL, EACH, FILES
from tests.fetch.conftest import NOW
from tests.fetch.portal import Portal, page

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_script_files_of_a_page_are_read_as_they_came(browser: Browser, site: Portal) -> None:
    other = Portal(answers={"/far.js": page("var far = 1", content_type="text/javascript")})
    await other.start()
    site.answers |= {
        "/near.js": page("var gần = 2", content_type="text/javascript"),
        "/late.js": page("var late = 3", content_type="text/javascript"),
        "/": page(
            "<script src=/near.js></script><script src=/near.js></script>"
            f"<script src='{other.url('/far.js')}'></script><script src=/missing.js></script>"
            "<script>inline()</script><script>"
            "document.head.appendChild(Object.assign(document.createElement('script'), {src: '/late.js'}))"
            "</script>"
        ),
    }
    rendering = await browser.render(site.url(), now=NOW)
    await other.stop()
    assert set(rendering.scripts) == {
        Script(site.url("/near.js"), "var gần = 2"),
        Script(other.url("/far.js"), "var far = 1"),
        Script(site.url("/late.js"), "var late = 3"),
    }
    assert len(rendering.scripts) == 3


async def test_what_is_read_of_script_files_is_bounded(browser: Browser, site: Portal) -> None:
    names = [f"/{number}.js" for number in range(FILES + 5)]
    site.answers |= {name: page("//" + "x" * EACH, content_type="text/javascript") for name in names}
    site.answers["/"] = page("".join(f"<script src={name}></script>" for name in names) + "<h1>here")
    rendering = await browser.render(site.url(), now=NOW)
    assert (rendering.failure, rendering.text.strip()) == (None, "here")
    assert 1 < len(rendering.scripts) <= ALL // EACH + 1
    assert {len(script.text) for script in rendering.scripts[:-1]} == {EACH + 1}
    assert sum(len(script.text) for script in rendering.scripts) <= ALL + FILES


async def test_of_a_long_script_file_both_ends_are_read(browser: Browser, site: Portal) -> None:
    site.answers["/long.js"] = page(
        "var begun;" + "x" * 2 * EACH + ";var added", content_type="text/javascript"
    )
    site.answers["/"] = page("<script src=/long.js></script>")
    rendering = await browser.render(site.url(), now=NOW)
    text = rendering.scripts[0].text
    assert (text[:10], text[-10:], len(text)) == ("var begun;", ";var added", EACH + 1)
