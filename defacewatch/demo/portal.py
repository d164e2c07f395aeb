"""A provincial portal written for the demonstration: it is updated, defaced and restored on request."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from jinja2 import Environment, FileSystemLoader

SITE = Path(__file__).parent / "site"
FRONT = "/"
NEWS_KEPT = 8
MENU = (
    (FRONT, "Trang chủ"),
    ("/gioi-thieu", "Giới thiệu"),
    ("/tin-tuc", "Tin tức"),
    ("/van-ban", "Văn bản"),
    ("/dich-vu-cong", "Dịch vụ công"),
    ("/hoi-dap", "Hỏi đáp"),
    ("/lien-he", "Liên hệ"),
)
PLAIN_PAGES = {**{href: name for href, name in MENU if href != FRONT}, "/so-do": "Sơ đồ cổng"}


class Mood(StrEnum):
    """What the front page shows just now."""

    USUAL = "usual"
    DEFACED = "defaced"
    LINKS = "links"
    REDIRECTED = "redirected"
    FAILING = "failing"


class DemoPortal:
    """'Cổng Thông tin điện tử tỉnh Sông Hồng', a province that does not exist.

    What happens to the portal (`deface`, `publish_update` …) shows from the next request on, and on the
    front page alone. Every page carries ETag and Last-Modified, and answers conditional requests.
    """

    def __init__(self, today: date | None = None) -> None:
        content = yaml.safe_load((SITE / "content.yaml").read_text("utf-8"))
        self._today = today or datetime.now(UTC).date()
        self._news: list[dict[str, Any]] = [self._dated(item) for item in content["news"]]
        self._upcoming: list[dict[str, Any]] = content["upcoming"]
        self._documents: list[dict[str, Any]] = [self._dated(item) for item in content["documents"]]
        self._slides: list[dict[str, Any]] = content["slides"]
        self._notices: list[str] = content["notices"]
        self._pages = Environment(loader=FileSystemLoader(SITE / "pages"), autoescape=True, trim_blocks=True)
        self._mood = Mood.USUAL
        self._elsewhere = FRONT
        self._status = HTTPStatus.OK
        self._updates = 0
        self._visits = 18_234_911
        self._changed_at = datetime.now(UTC)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve, and return the address of the front page."""
        app = web.Application()
        app.router.add_get(FRONT, self._front)
        app.router.add_get("/tin-tuc", self._list)
        app.router.add_get("/tin-tuc/{slug}", self._article)
        app.router.add_get("/van-ban", self._papers)
        app.router.add_get("/truy-cap.json", self._counter)
        app.router.add_static("/static", SITE / "static")
        for path in PLAIN_PAGES.keys() - {"/tin-tuc", "/van-ban"}:
            app.router.add_get(path, self._plain)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return f"http://{host}:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def publish_update(self) -> str:
        """An ordinary update: a news item on top, the slider one picture on, the figures grown.

        Returns the title of the item that was published.
        """
        published = self._upcoming[self._updates % len(self._upcoming)]
        self._updates += 1
        item = self._dated({**published, "slug": f"{published['slug']}-{self._updates}", "days_ago": 0})
        self._news = [item, *self._news][:NEWS_KEPT]
        self._slides = [*self._slides[1:], self._slides[0]]
        self._visits += 1207
        self._touch()
        return str(item["title"])

    def deface(self) -> None:
        """Replace the whole front page by a black one that says who did it."""
        self._turn(Mood.DEFACED)

    def inject_links(self) -> None:
        """Put links to gambling sites into the front page, where readers do not see them."""
        self._turn(Mood.LINKS)

    def redirect(self, url: str) -> None:
        """Send visitors of the front page to `url`."""
        self._elsewhere = url
        self._turn(Mood.REDIRECTED)

    def error(self, status: int) -> None:
        """Answer for the front page with an error page of the web server."""
        self._status = HTTPStatus(status)
        self._turn(Mood.FAILING)

    def restore(self) -> None:
        """The front page as its editors left it."""
        self._turn(Mood.USUAL)

    def _turn(self, mood: Mood) -> None:
        self._mood = mood
        self._touch()

    def _touch(self) -> None:
        self._changed_at = datetime.now(UTC)

    def _dated(self, item: Mapping[str, Any]) -> dict[str, Any]:
        day = self._today - timedelta(days=item["days_ago"])
        return {**item, "day": f"{day:%d/%m/%Y}"}

    def _render(self, template: str, path: str = "", **values: object) -> str:
        return self._pages.get_template(template).render(
            menu=MENU, path=path, year=self._today.year, **values
        )

    def _answer(self, request: web.Request, html: str, status: int = HTTPStatus.OK) -> web.Response:
        etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:20]}"'
        headers = {"ETag": etag, "Last-Modified": format_datetime(self._changed_at, usegmt=True)}
        if status == HTTPStatus.OK and request.headers.get("If-None-Match") == etag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return web.Response(text=html, content_type="text/html", status=status, headers=headers)

    async def _front(self, request: web.Request) -> web.Response:
        self._visits += 1
        if self._mood is Mood.REDIRECTED:
            return web.Response(status=HTTPStatus.FOUND, headers={"Location": self._elsewhere})
        if self._mood is Mood.FAILING:
            page = self._render("error.html", status=self._status.value, phrase=self._status.phrase)
            return self._answer(request, page, self._status)
        if self._mood is Mood.DEFACED:
            return self._answer(request, self._render("defaced.html", host=request.host))
        return self._answer(
            request,
            self._render(
                "front.html",
                FRONT,
                news=self._news,
                slides=self._slides,
                documents=self._documents,
                notices=self._notices,
                received=f"{12_486 + 137 * self._updates:,}".replace(",", "."),
                links=self._mood is Mood.LINKS,
            ),
        )

    async def _list(self, request: web.Request) -> web.Response:
        return self._answer(request, self._render("list.html", "/tin-tuc", news=self._news))

    async def _article(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        item = next((item for item in self._news if item["slug"] == slug), None)
        if item is None:
            raise web.HTTPNotFound(text="Không tìm thấy bài viết")
        return self._answer(request, self._render("article.html", "/tin-tuc", item=item))

    async def _papers(self, request: web.Request) -> web.Response:
        return self._answer(request, self._render("documents.html", "/van-ban", documents=self._documents))

    async def _plain(self, request: web.Request) -> web.Response:
        return self._answer(request, self._render("plain.html", request.path, name=PLAIN_PAGES[request.path]))

    async def _counter(self, _: web.Request) -> web.Response:
        """The visitor counter, which the page asks for by script."""
        now = 96 + self._visits % 61
        return web.json_response({"now": now, "today": self._visits % 100_000, "total": self._visits})
