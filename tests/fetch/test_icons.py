import asyncio
import base64
import gzip
import ssl
import time

import pytest
import trustme

from defacewatch.fetch.browser import Browser
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.icons import SIZE, icon_of
from defacewatch.fetch.proxy import FilteringProxy
from tests.fetch.conftest import NOW
from tests.fetch.portal import Portal, flood, page, redirect, silence

pytestmark = pytest.mark.asyncio(loop_scope="module")

ICON = b"\x89PNG an icon"
INLINE = f"data:image/png;base64,{base64.b64encode(ICON).decode()}"


async def fetched(site: Portal, named: str, *, within: float = 5.0) -> bytes:
    proxy = FilteringProxy(Guard(["127.0.0.0/8"]))
    await proxy.start()
    async with proxy.session() as session:
        icon = await icon_of(site.url(), named, proxy=session.server, user_agent="x", within=within)
    await proxy.stop()
    return icon


async def test_the_icon_is_the_last_that_the_page_names(browser: Browser, site: Portal) -> None:
    site.answers |= {
        "/one.ico": page(b"one", content_type="image/x-icon"),
        "/two.ico": page(ICON, content_type="image/x-icon"),
        "/": page(
            "<link rel=icon href=/one.ico><link rel='Shortcut ICON' href=/two.ico><link rel=other href=/x>",
            content_security_policy="connect-src 'none'",
        ),
    }
    rendering = await browser.render(site.url(), now=NOW)
    assert (rendering.icon, rendering.console_errors, rendering.refusals) == (ICON, 0, ())
    asked = [asked for asked in site.asked if asked.path == "/two.ico"]
    assert len(asked) == 1
    assert "Headless" not in asked[0].headers["user-agent"]


async def test_a_page_that_names_no_icon_has_that_of_its_host(browser: Browser, site: Portal) -> None:
    site.answers |= {"/deep/page": page("<h1>here"), "/favicon.ico": page(ICON, content_type="image/x-icon")}
    rendering = await browser.render(site.url("/deep/page"), now=NOW)
    assert (rendering.failure, rendering.icon) == (None, ICON)
    del site.answers["/favicon.ico"]


async def test_an_icon_where_nobody_may_go_is_a_refusal_and_none(browser: Browser, site: Portal) -> None:
    site.answers["/"] = page("<link rel=icon href='http://10.0.0.1/icon.png'><h1>here")
    rendering = await browser.render(site.url(), now=NOW)
    assert (rendering.failure, rendering.icon) == (None, b"")
    assert [refusal.url for refusal in rendering.refusals] == ["http://10.0.0.1/icon.png"]


async def test_an_icon_may_stand_in_the_page_itself(site: Portal) -> None:
    assert await fetched(site, INLINE) == ICON
    assert await fetched(site, "data:image/svg+xml,%3Csvg/%3E") == b"<svg/>"
    assert await fetched(site, f"data:,{'x' * (SIZE + 1)}") == b"x" * SIZE
    for broken in ("data:image/png;base64,a", "data:"):
        assert await fetched(site, broken) == b""


async def test_an_icon_may_come_compressed_from_elsewhere_and_behind_any_certificate(site: Portal) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(context)
    packed = page(gzip.compress(ICON), content_type="image/png", content_encoding="gzip")
    secure = Portal(tls=context, answers={"/icon": packed})
    await secure.start()
    site.answers["/moved"] = redirect(secure.url("/icon"))
    assert await fetched(site, site.url("/moved")) == ICON
    await secure.stop()


@pytest.mark.parametrize("named", ["/missing", "/soft", "/round", "/broken", "/flood"])
async def test_what_is_no_icon_is_left_out(site: Portal, named: str) -> None:
    site.answers |= {
        "/soft": page("<h1>not found"),
        "/round": redirect("/round"),
        "/broken": b"HTTP/1.1",
        "/flood": flood,
    }
    assert await fetched(site, site.url(named)) == b""


async def test_of_what_is_larger_than_an_icon_the_beginning_is_taken(site: Portal) -> None:
    site.answers |= {
        "/large": page(b"x" * (SIZE + 1), content_type="image/png"),
        "/bomb": page(gzip.compress(bytes(50_000_000)), content_type="image/png", content_encoding="gzip"),
    }
    assert await fetched(site, site.url("/large")) == b"x" * SIZE
    assert await fetched(site, site.url("/bomb")) == bytes(SIZE)


async def test_an_icon_that_does_not_come_costs_its_time_and_no_more(site: Portal) -> None:
    site.answers["/silence"] = silence
    began = time.monotonic()
    names = ("file:///etc/passwd", "http://[", "http://nowhere.invalid/x", site.url("/silence"))
    assert await asyncio.gather(*(fetched(site, named, within=0.5) for named in names)) == [b""] * 4
    assert time.monotonic() - began < 10
