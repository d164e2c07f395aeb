"""What surrounds the daemon: a site whose pages are defaced one by one, servers that can keep it waiting."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from defacewatch.demo.botapi import BotApi
from defacewatch.demo.botrules import ApiError
from defacewatch.demo.mailbox import Mailbox
from defacewatch.notify.content import incident_number

PAGE = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Xã {n} – Cổng thông tin</title>
<style>body {{ font: 16px sans-serif; margin: 0 }}
header {{ background: #b71c1c; color: #fff; padding: 20px }}
main {{ padding: 20px }} li {{ padding: 8px }}</style></head><body>
<header><h1>Trang thông tin điện tử xã {n}</h1><nav><a href="/gioi-thieu">Giới thiệu</a>
<a href="/tin-tuc">Tin tức</a> <a href="/van-ban">Văn bản</a> <a href="/lien-he">Liên hệ</a></nav></header>
<main><h2>Tin mới</h2><ul><li><a href="/tin/1">Kỳ họp thứ 12 HĐND xã {n}</a></li>
<li><a href="/tin/2">Khai giảng năm học mới</a></li><li><a href="/tin/3">Tập huấn chuyển đổi số</a></li>
<li><a href="/tin/4">Lịch tiếp công dân tháng này</a></li></ul>
<p>Ủy ban nhân dân xã {n} thông báo lịch làm việc trong tuần của lãnh đạo; các thôn, tổ dân phố chuẩn bị nội
dung theo phân công.</p></main><footer>Cơ quan chủ quản: Ủy ban nhân dân xã {n}</footer></body></html>"""

DEFACED = """<!doctype html><html><head><title>Hacked By Test Crew</title></head>
<body style="background: #000; color: #0f0; text-align: center"><h1>Hacked By Test Crew</h1>
<p>your security is a joke, greetz to all. page {n}</p></body></html>"""


class Site:
    """Pages `/xa/1` … `/xa/N`, with ETags, as they are until they are defaced."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.defaced: set[int] = set()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "Site":
        app = web.Application()
        app.router.add_get(r"/xa/{n:\d+}", self._page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def url_of(self, number: int) -> str:
        return f"{self.url}/xa/{number}"

    async def _page(self, request: web.Request) -> web.StreamResponse:
        number = int(request.match_info["n"])
        if not 1 <= number <= self.pages:
            raise web.HTTPNotFound
        defaced = number in self.defaced
        text = (DEFACED if defaced else PAGE).format(n=number)
        etag = f'"{number}-{defaced}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="text/html", headers={"ETag": etag})


class Hold:
    """Keeps requests about new incidents unanswered. What is held is never delivered."""

    def __init__(self) -> None:
        self.above: int | None = None
        self.held: set[str] = set()
        self.changed = asyncio.Event()
        self.over = asyncio.Event()

    def begin(self, above: int) -> None:
        """Hold requests about incidents with a number above this one."""
        self.above, self.over = above, asyncio.Event()
        self.held.clear()
        self.changed.clear()

    def end(self) -> None:
        self.above = None
        self.over.set()

    async def until(self, channels: Iterable[str], within: float) -> None:
        """Until a request is held on each of the channels; after so many seconds, as it is."""
        wanted = set(channels)
        try:
            async with asyncio.timeout(within):
                while not wanted <= self.held:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return

    async def dropped(self, channel: str, incident: int | None) -> bool:
        """Whether a request is not to be answered; returns only when its sender is gone."""
        if self.above is None or incident is None or incident <= self.above:
            return False
        self.held.add(channel)
        self.changed.set()
        await self.over.wait()
        return True


class HeldMailbox(Mailbox):
    """The demo's mail server; `incidents` are the incidents of the messages that it accepted."""

    def __init__(self, hold: Hold) -> None:
        super().__init__()
        self.hold = hold

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        found = re.search(rb"^X-Defacewatch-Incident: (\d+)", envelope.content, re.MULTILINE)
        if await self.hold.dropped("email", int(found[1]) if found else None):
            return "451 4.3.0 nobody is listening any more"
        return await super().handle_DATA(server, session, envelope)

    @property
    def incidents(self) -> list[int]:
        return [int(m["X-Defacewatch-Incident"]) for m in self.messages if m["X-Defacewatch-Incident"]]


class HeldBotApi(BotApi):
    """The demo's Bot API server; `incidents` are the incidents of the texts that it accepted."""

    def __init__(self, hold: Hold, users: set[int]) -> None:
        super().__init__(users=users)
        self.hold = hold

    async def _api_sendMessage(self, form: Any) -> Any:
        if await self.hold.dropped("telegram", _incident(str(form.get("text", "")))):
            raise ApiError(503, "nobody is listening any more")
        return await super()._api_sendMessage(form)

    @property
    def incidents(self) -> list[int]:
        numbers = (_incident(message.text) for message in self.sent)
        return [number for number in numbers if number is not None]


def _incident(text: str) -> int | None:
    found = re.search(r"SC-\d+", text)
    return incident_number(found[0]) if found else None
