"""A small Telegram Bot API server on loopback, for the demo and the tests.

It speaks the part of the Bot API that defacewatch uses, keeps what was sent, and lets the caller act as a
Telegram user. It is as strict as the real one where that has bitten people: markup, lengths, button data,
unknown chats.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from defacewatch.demo.botrules import (
    BOT,
    ApiError,
    Sent,
    buttons_of,
    caption_of,
    chat_json,
    message_json,
    person,
    picture_of,
    text_of,
)

TOKEN = "1000000000:loopback-only-token-of-the-demo"  # noqa: S105  (good for nothing but this server)

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Refusal:
    """How calls are answered while the server is told to fail; `times` None means until told otherwise."""

    status: int
    description: str
    retry_after: int | None = None
    method: str | None = None


class BotApi:
    """The server. `async with BotApi() as api:` listens on a free port; `api.url` is the `api_url`.

    `users` are the Telegram users who have started the bot; None lets everybody be written to.
    """

    def __init__(self, *, token: str = TOKEN, users: set[int] | None = None) -> None:
        self.token, self.users = token, users
        self.sent: list[Sent] = []
        self.answers: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.url = ""
        self._updates: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._changed = asyncio.Condition()
        self._refusal: Refusal | None = None
        self._refusals_left: int | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._port = 0

    async def __aenter__(self) -> "BotApi":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> str:
        """Listen on loopback; the URL to use as `api_url`."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.accept_connections()
        return self.url

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def refuse_connections(self) -> None:
        """Be down: nothing listens on the port."""
        assert self._runner is not None
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner.server is not None:
            await self._runner.server.shutdown(0.1)

    async def accept_connections(self) -> None:
        """Be there (again), on the same port."""
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    def fail_with(
        self,
        status: int,
        description: str = "Internal Server Error",
        *,
        retry_after: int | None = None,
        method: str | None = None,
        times: int | None = None,
    ) -> None:
        """Answer calls (of `method`, if named) with an error, `times` times or until `work_again`."""
        self._refusal = Refusal(status, description, retry_after, method)
        self._refusals_left = times

    def work_again(self) -> None:
        self._refusal = None

    async def wait_for(self, predicate: Callable[[Sent], bool], timeout: float = 10.0) -> Sent:
        """The first message that `predicate` holds for, waiting up to `timeout` seconds (TimeoutError)."""

        def first() -> Sent | None:
            return next((message for message in self.sent if predicate(message)), None)

        return await self._when(first, timeout)

    async def wait_for_call(self, method: str, count: int = 1, timeout: float = 10.0) -> None:
        """Until `method` has been called `count` times in all."""
        await self._when(lambda: self.calls.count(method) >= count or None, timeout)

    async def wait_for_answer(self, count: int = 1, timeout: float = 10.0) -> dict[str, Any]:
        """The `count`-th answer to a pressed button."""
        return await self._when(
            lambda: self.answers[count - 1] if len(self.answers) >= count else None, timeout
        )

    async def press(self, message: Sent, button: str, user: int, *, chat: int | None = None) -> None:
        """Press the button of `message` whose text or data contains `button`, as `user`."""
        data = next(
            (data for row in message.buttons for text, data in row if button in data or button in text),
            button,
        )
        where = message.chat if chat is None else chat
        await self.update(
            callback_query={
                "id": str(next(self._ids)),
                "from": person(user),
                "chat_instance": str(where),
                "data": data,
                "message": message_json(message, chat=where),
            }
        )

    async def say(self, user: int, text: str, *, chat: int | None = None) -> None:
        """Write `text` to the bot as `user`, in their private chat or in the group `chat`."""
        command = text.split()[0] if text.startswith("/") else ""
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if command else []
        await self.update(
            message={
                "message_id": next(self._ids),
                "date": int(time.time()),
                "from": person(user),
                "chat": chat_json(user if chat is None else chat),
                "text": text,
                "entities": entities,
            }
        )

    async def update(self, **what: Any) -> None:
        """Hand the bot an update."""
        async with self._changed:
            self._updates.append({"update_id": next(self._ids), **what})
            self._changed.notify_all()

    async def _when(self, found: Callable[[], _Found | None], timeout: float) -> _Found:
        async with asyncio.timeout(timeout), self._changed:
            while (result := found()) is None:
                await self._changed.wait()
            return result

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            form = await request.post()
            async with self._changed:
                self.calls.append(method)
                self._changed.notify_all()
            self._fail_if_told_to(method)
            call = getattr(self, f"_api_{method}", None)
            if call is None:
                raise ApiError(404, "Not Found: method not found")
            result = await call(form)
        except ApiError as error:
            answer: dict[str, Any] = {
                "ok": False,
                "error_code": error.status,
                "description": error.description,
            }
            if error.retry_after is not None:
                answer["parameters"] = {"retry_after": error.retry_after}
            return web.json_response(answer, status=error.status)
        return web.json_response({"ok": True, "result": result})

    def _fail_if_told_to(self, method: str) -> None:
        refusal = self._refusal
        if refusal is None or (refusal.method is not None and refusal.method != method):
            return
        if self._refusals_left is not None:
            self._refusals_left -= 1
            if self._refusals_left <= 0:
                self._refusal = None
        raise ApiError(refusal.status, refusal.description, refusal.retry_after)

    async def _api_getMe(self, form: Any) -> Any:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False}

    async def _api_deleteWebhook(self, form: Any) -> Any:
        return True

    async def _api_setMyCommands(self, form: Any) -> Any:
        return True

    async def _api_getChat(self, form: Any) -> Any:
        return {**chat_json(self._chat_of(form)), "accent_color_id": 0, "max_reaction_count": 0}

    async def _api_getUpdates(self, form: Any) -> Any:
        offset, wait = int(form.get("offset", 0)), float(form.get("timeout", 0))
        async with self._changed:
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
            if not self._updates and wait:
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait_for(lambda: bool(self._updates))
                except TimeoutError:
                    return []
            return list(self._updates)

    async def _api_sendMessage(self, form: Any) -> Any:
        return await self._keep(form, text=text_of(form))

    async def _api_sendPhoto(self, form: Any) -> Any:
        return await self._keep(
            form, caption=caption_of(form), pictures=[picture_of(form, form.get("photo"))]
        )

    async def _api_sendMediaGroup(self, form: Any) -> Any:
        media = json.loads(form["media"])
        if not 2 <= len(media) <= 10:
            raise ApiError(400, "Bad Request: there must be 2-10 items in the album")
        captions = [caption_of(item) for item in media]
        pictures = [picture_of(form, item["media"]) for item in media]
        sent = await self._keep(form, caption="\n".join(captions), pictures=pictures)
        return [{**sent, "message_id": sent["message_id"]} for _ in media]

    async def _api_editMessageText(self, form: Any) -> Any:
        message = self._message_of(form)
        async with self._changed:
            message.text = text_of(form)
            message.buttons = buttons_of(form)
            message.edits += 1
            self._changed.notify_all()
        return message_json(message)

    async def _api_editMessageReplyMarkup(self, form: Any) -> Any:
        message, buttons = self._message_of(form), buttons_of(form)
        if buttons == message.buttons:
            raise ApiError(400, "Bad Request: message is not modified")
        async with self._changed:
            message.buttons = buttons
            message.edits += 1
            self._changed.notify_all()
        return message_json(message)

    async def _api_answerCallbackQuery(self, form: Any) -> Any:
        async with self._changed:
            self.answers.append(dict(form))
            self._changed.notify_all()
        return True

    async def _keep(self, form: Any, **what: Any) -> dict[str, Any]:
        reply = json.loads(form.get("reply_parameters", "{}")).get("message_id")
        what.update(buttons=buttons_of(form), silent=form.get("disable_notification") == "true")
        message = Sent(self._chat_of(form), next(self._ids), reply_to=reply, **what)
        async with self._changed:
            self.sent.append(message)
            self._changed.notify_all()
        return message_json(message)

    def _chat_of(self, form: Any) -> int:
        chat = int(form["chat_id"])
        if self.users is not None and chat not in self.users:
            raise ApiError(400, "Bad Request: chat not found")
        return chat

    def _message_of(self, form: Any) -> Sent:
        wanted = int(form["message_id"])
        found = next((message for message in self.sent if message.message_id == wanted), None)
        if found is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        return found
