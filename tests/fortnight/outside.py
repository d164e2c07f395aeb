"""What surrounds the daemon: a site whose pages go wrong, a mail server and a Bot API server that note what
they took at which simulated time, and that can be away, or keep a message for as long as the daemon lives."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.resilience.servers import DEFACED, PAGE
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.botrules import ApiError, Sent
from defacewatch.demo.mailbox import Mailbox
from defacewatch.notify.buttons import Action
from defacewatch.notify.content import incident_number
from tests.fortnight.setting import EMAIL, TELEGRAM

FRAME = '<iframe src="https://khung-{story}.example/" width="0" height="0"></iframe></main>'
OFFICERS = {
    **{str(user): key for key, user in TELEGRAM.items()},
    **{mail: key for key, mail in EMAIL.items()},
}


class Wrong(StrEnum):
    """What happens to a page."""

    DEFACED = "defaced"
    CHANGED = "changed"
    UNREACHABLE = "unreachable"


class Site:
    """Pages `/xa/1` …; `wrong` says which of them show what, and in which story (a number)."""

    def __init__(self) -> None:
        self.wrong: dict[int, tuple[Wrong, int]] = {}
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

    async def _page(self, request: web.Request) -> web.StreamResponse:
        number = int(request.match_info["n"])
        wrong, story = self.wrong.get(number, (None, 0))
        text = PAGE.format(n=number)
        if wrong is Wrong.UNREACHABLE:
            return web.Response(status=502, text="<h1>502 Bad Gateway</h1>", content_type="text/html")
        if wrong is Wrong.DEFACED:
            text = DEFACED.format(n=f"{number}, {story}")
        elif wrong is Wrong.CHANGED:
            text = text.replace("</main>", FRAME.format(story=story))
        etag = f'"{number}-{wrong}-{story}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="text/html", headers={"ETag": etag})


@dataclass(frozen=True)
class Received:
    """A message that a server took, or changed: `receipt` is what its answer names, `life` the daemon that
    sent it, `incidents` are those that it names."""

    channel: str
    officer: str
    receipt: str
    at: datetime
    life: int
    incidents: frozenset[int]
    text: str = field(repr=False, default="")


class Moment(StrEnum):
    """When a message finds the trap: before the server has taken it, or before its answer is out."""

    BEFORE = "before the server took it"
    AFTER = "taken, not yet acknowledged"


class Trap:
    """Keeps the next message, so that the daemon can be killed with it on the way."""

    def __init__(self) -> None:
        self.moment: Moment | None = None
        self.caught = asyncio.Event()
        self._over = asyncio.Event()

    def arm(self, moment: Moment) -> None:
        self.moment = moment

    def clear(self) -> None:
        """The daemon is dead: let go of what was kept."""
        self.moment = None
        self.caught = asyncio.Event()
        self._over.set()
        self._over = asyncio.Event()

    async def keeps(self, moment: Moment) -> bool:
        """Whether a message was kept; returns when its sender is gone."""
        if self.moment is not moment:
            return False
        self.moment = None
        self.caught.set()
        await self._over.wait()
        return True


@dataclass
class Post:
    """What both servers share: the time, whose life it is, the trap, and everything that was received."""

    now: datetime
    life: int = 0
    trap: Trap = field(default_factory=Trap)
    received: list[Received] = field(default_factory=list)
    tell: Callable[[Received, Sent | EmailMessage], None] = lambda received, message: None

    def note(
        self,
        channel: str,
        to: str,
        receipt: str,
        incidents: frozenset[int],
        message: Sent | EmailMessage,
        text: str,
    ) -> None:
        received = Received(channel, OFFICERS[to], receipt, self.now, self.life, incidents, text)
        self.received.append(received)
        self.tell(received, message)


class DeskMailbox(Mailbox):
    """The demo's mail server."""

    def __init__(self, post: Post) -> None:
        super().__init__()
        self.post = post

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if await self.post.trap.keeps(Moment.BEFORE):
            return "451 4.3.0 nobody is listening any more"
        reply = await super().handle_DATA(server, session, envelope)
        if queued := re.search(r"queued as (\w+)", reply):
            mail = self.messages[-1]
            body = mail.get_body(("plain",))
            to = envelope.rcpt_tos[0]
            about = named_in(str(body.get_content())) if body is not None else frozenset()
            self.post.note("email", to, queued[1], about, mail, str(mail["Subject"]))
            await self.post.trap.keeps(Moment.AFTER)
        return reply


class DeskBotApi(BotApi):
    """The demo's Bot API server. Alerts are told from the bot's answers by their markup."""

    def __init__(self, post: Post) -> None:
        super().__init__(users=set(TELEGRAM.values()))
        self.post = post

    async def _api_sendMessage(self, form: Any) -> Any:
        if form.get("parse_mode") != "HTML":
            return await super()._api_sendMessage(form)
        if await self.post.trap.keeps(Moment.BEFORE):
            raise ApiError(503, "nobody is listening any more")
        answer = await super()._api_sendMessage(form)
        sent = next(s for s in reversed(self.sent) if s.message_id == answer["message_id"])
        self._note(sent)
        await self.post.trap.keeps(Moment.AFTER)
        return answer

    async def _api_editMessageText(self, form: Any) -> Any:
        if await self.post.trap.keeps(Moment.BEFORE):
            raise ApiError(503, "nobody is listening any more")
        answer = await super()._api_editMessageText(form)
        self._note(next(s for s in self.sent if s.message_id == answer["message_id"]))
        await self.post.trap.keeps(Moment.AFTER)
        return answer

    def _note(self, sent: Sent) -> None:
        about = named_in(sent.text)
        if any(data.startswith(f"{Action.HANDOVER}:") for data in sent.button_data):
            about = frozenset()  # a handover names several, and is about none
        self.post.note("telegram", str(sent.chat), str(sent.message_id), about, sent, sent.text)


def named_in(text: str) -> frozenset[int]:
    """The incidents that a text names, those of a range too. What one follows is not what it is about."""
    found: set[int] = set()
    for first, last in re.findall(r"(?<!tiếp theo )(SC-\d+)(?:–(SC-\d+))?", text):
        start, end = incident_number(first), incident_number(last or first)
        assert start is not None
        assert end is not None
        found.update(range(start, end + 1))
    return frozenset(found)
