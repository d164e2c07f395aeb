"""A small site on loopback whose answers a test decides, request by request."""

import hashlib
from collections.abc import Callable

from aiohttp import web

NEWS = ("Kỳ họp thứ 12 HĐND tỉnh", "Khai giảng năm học mới", "Tập huấn chuyển đổi số", "Lịch tiếp công dân")

PAGE = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Cổng thông tin tỉnh</title>
<style>body {{ font: 16px sans-serif; margin: 0 }}
header {{ background: #b71c1c; color: #fff; padding: 20px }}
main {{ padding: 20px }} li {{ padding: 8px }}</style></head><body>
<header><h1>Cổng thông tin điện tử tỉnh</h1><nav><a href="/gioi-thieu">Giới thiệu</a>
<a href="/tin-tuc">Tin tức</a> <a href="/van-ban">Văn bản</a> <a href="/lien-he">Liên hệ</a></nav></header>
<main><h2>Tin mới</h2><ul>{news}</ul><p>Ủy ban nhân dân tỉnh thông báo lịch làm việc trong tuần của lãnh đạo,
các sở, ban, ngành và địa phương chuẩn bị nội dung theo phân công.</p>{more}</main>
<footer>Cơ quan chủ quản: Ủy ban nhân dân tỉnh. Điện thoại: 0221 000 000</footer></body></html>"""

DEFACED = """<!doctype html><html><head><title>Hacked By Test Crew</title></head>
<body style="background: #000; color: #0f0; text-align: center"><h1>Hacked By Test Crew</h1>
<p>your security is a joke, greetz to all</p></body></html>"""


def page(*news: str, more: str = "") -> str:
    """The site's usual page, with `news` on top."""
    items = "".join(f'<li><a href="/tin/{n}">{title}</a></li>' for n, title in enumerate((*news, *NEWS)))
    return PAGE.format(news=items, more=more)


USUAL = page()


class Site:
    """`answer` makes the answer to each request for the front page; `requests` counts them. `pictures` are
    PNGs by their path, each with an ETag of its own."""

    def __init__(self) -> None:
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: html(USUAL)
        self.requests = 0
        self.pictures: dict[str, bytes] = {}
        self.url = ""
        self._runner: web.AppRunner | None = None

    def show(self, *pages: str, status: int = 200) -> None:
        """Answer with `pages` one after the other, and with the last one from then on."""
        left = list(pages)
        self.answer = lambda _: html(left.pop(0) if len(left) > 1 else left[0], status)

    async def start(self) -> str:
        app = web.Application()
        app.router.add_get("/", self._front)
        app.router.add_get("/{name}.png", self._picture)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self.url

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        body = self.pictures.get(request.path)
        if body is None:
            raise web.HTTPNotFound
        mark = hashlib.sha256(body).hexdigest()[:16]
        return web.Response(body=body, content_type="image/png", headers={"ETag": f'"{mark}"'})

    async def _front(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return self.answer(request)


def html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def by_browser(shown: str, served: str) -> Callable[[web.Request], web.Response]:
    """One page for browsers, another for everybody else."""
    return lambda request: html(shown if "sec-ch-ua" in request.headers else served)
