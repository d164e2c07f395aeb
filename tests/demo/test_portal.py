"""The demo portal behaves like a portal, and is updated, defaced and restored on request."""

import re
from collections.abc import AsyncIterator
from datetime import date
from html.parser import HTMLParser

import aiohttp
import pytest
from multidict import CIMultiDictProxy

from defacewatch.demo.portal import DemoPortal


class Site:
    """The running portal and a client that asks for its pages."""

    def __init__(self, portal: DemoPortal, url: str, client: aiohttp.ClientSession) -> None:
        self.portal, self.url, self.client = portal, url, client

    async def get(self, path: str = "", **headers: str) -> tuple[int, str, CIMultiDictProxy[str]]:
        url = self.url + path.removeprefix("/")
        async with self.client.get(url, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    portal = DemoPortal(today=date(2026, 9, 2))
    url = await portal.start()
    async with aiohttp.ClientSession() as client:
        yield Site(portal, url, client)
    await portal.stop()


class _Targets(HTMLParser):
    """Where the links, pictures, scripts and styles of a page point."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update(value for key, value in attrs if key in ("href", "src") and value)


async def test_everything_that_the_portal_links_to_on_its_own_host_is_there(site: Site) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        status, text, headers = await site.get(path)
        assert status == 200, path
        if headers["Content-Type"].startswith("text/html"):
            targets = _Targets()
            targets.feed(text)
            waiting += [target for target in targets.found if target.startswith("/")]
    assert {"/", "/tin-tuc", "/van-ban", "/tin-tuc/khoi-cong-cau-thong-nhat"} <= seen
    assert any(path.startswith("/static/") and path.split("?")[0].endswith(".svg") for path in seen)


async def test_an_unchanged_front_page_answers_a_conditional_request_with_304(site: Site) -> None:
    _, _, headers = await site.get()
    assert headers["Last-Modified"].endswith("GMT")
    status, body, again = await site.get("", **{"If-None-Match": headers["ETag"]})
    assert (status, body, again["ETag"]) == (304, "", headers["ETag"])


async def test_an_ordinary_update_puts_a_news_item_on_top_moves_the_slider_and_grows_the_figures(
    site: Site,
) -> None:
    _, before, headers = await site.get()
    title = site.portal.publish_update()
    status, after, _ = await site.get("", **{"If-None-Match": headers["ETag"]})
    assert status == 200
    assert title not in before
    assert after.index(title) < after.index("Khởi công dự án cầu Thống Nhất")
    first_picture = re.compile(r'class="slide on"><img src="([^"]+)"')
    assert first_picture.findall(before) != first_picture.findall(after)
    assert "12.486" in before
    assert "12.623" in after


async def test_updates_go_on_when_the_prepared_items_run_out_and_each_has_its_own_address(site: Site) -> None:
    for _ in range(10):
        site.portal.publish_update()
    _, listing, _ = await site.get("tin-tuc")
    articles = set(re.findall(r'href="(/tin-tuc/[^"]+)"', listing))
    assert len(articles) == 8
    for path in articles:
        assert (await site.get(path))[0] == 200


async def test_the_visitor_counter_grows_without_changing_the_page(site: Site) -> None:
    _, first, _ = await site.get()
    _, counter, _ = await site.get("truy-cap.json")
    _, second, _ = await site.get()
    _, later, _ = await site.get("truy-cap.json")
    assert first == second
    assert counter != later


async def test_a_defacement_replaces_the_whole_front_page_and_nothing_else_until_it_is_restored(
    site: Site,
) -> None:
    _, usual, _ = await site.get()
    site.portal.deface()
    status, defaced, headers = await site.get()
    assert status == 200
    assert "Hacked by" in defaced
    assert "Sông Hồng" not in defaced
    assert "ETag" in headers
    assert "Sông Hồng" in (await site.get("van-ban"))[1]
    site.portal.restore()
    assert (await site.get())[1] == usual


async def test_injected_links_stand_in_the_usual_page_out_of_sight(site: Site) -> None:
    _, usual, _ = await site.get()
    site.portal.inject_links()
    _, injected, _ = await site.get()
    assert "left:-9999px" in injected
    assert "https://nohu-vuong.example/" in injected
    assert len(injected) > len(usual)
    assert "https://nohu-vuong.example/" not in usual


async def test_visitors_can_be_sent_elsewhere(site: Site) -> None:
    site.portal.redirect("https://nhacai.example/")
    status, _, headers = await site.get()
    assert (status, headers["Location"]) == (302, "https://nhacai.example/")


@pytest.mark.parametrize(("status", "phrase"), [(503, "Service Unavailable"), (404, "Not Found")])
async def test_the_front_page_can_fail_as_a_web_server_does(site: Site, status: int, phrase: str) -> None:
    site.portal.error(status)
    answered, text, _ = await site.get()
    assert answered == status
    assert phrase in text


async def test_an_article_that_does_not_exist_is_404(site: Site) -> None:
    assert (await site.get("tin-tuc/khong-co"))[0] == 404


async def test_a_stopped_portal_can_be_started_again(site: Site) -> None:
    await site.portal.stop()
    site.url = await site.portal.start()
    assert (await site.get())[0] == 200
