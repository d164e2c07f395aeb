"""What the Bot API accepts and how it writes things down, as far as defacewatch's own server needs it."""

import json
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TEXT_LIMIT, CAPTION_LIMIT, DATA_LIMIT = 4096, 1024, 64
BOT = {"id": 1000000000, "is_bot": True, "first_name": "defacewatch", "username": "defacewatch_demo_bot"}
_TAGS = frozenset({"b", "strong", "i", "em", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"})


@dataclass
class Sent:
    """A message that the bot sent; `pictures` are the uploaded bytes, `buttons` rows of (text, data). A
    `silent` one makes no sound."""

    chat: int
    message_id: int
    text: str = ""
    caption: str = ""
    pictures: list[bytes] = field(default_factory=list)
    buttons: list[list[tuple[str, str]]] = field(default_factory=list)
    reply_to: int | None = None
    silent: bool = False
    edits: int = 0

    @property
    def button_data(self) -> list[str]:
        return [data for row in self.buttons for _, data in row]


class ApiError(Exception):
    """An answer with ok=false."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.retry_after = status, description, retry_after


class _Markup(HTMLParser):
    """Refuses what Telegram's HTML mode refuses: unknown tags, and tags that do not match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise ApiError(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ApiError(400, f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data


def words(text: str, form: Any, limit: int, too_long: str) -> str:
    shown = text
    if form.get("parse_mode") == "HTML":
        markup = _Markup()
        markup.feed(text)
        markup.close()
        if markup.open:
            raise ApiError(400, "Bad Request: can't parse entities: Can't find end tag")
        shown = markup.text
    if len(shown.encode("utf-16-le")) // 2 > limit:
        raise ApiError(400, f"Bad Request: {too_long}")
    if limit == TEXT_LIMIT and not shown.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    return text


def text_of(form: Any) -> str:
    return words(str(form.get("text", "")), form, TEXT_LIMIT, "message is too long")


def caption_of(form: Any) -> str:
    return words(str(form.get("caption", "")), form, CAPTION_LIMIT, "message caption is too long")


def picture_of(form: Any, named: Any) -> bytes:
    part = form.get(named.removeprefix("attach://")) if isinstance(named, str) else named
    if not isinstance(part, web.FileField):
        raise ApiError(400, "Bad Request: there is no photo in the request")
    with part.file as file:
        data = file.read()
    if not data.startswith((b"\xff\xd8", b"\x89PNG")):
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    return data


def buttons_of(form: Any) -> list[list[tuple[str, str]]]:
    rows = json.loads(form.get("reply_markup") or "{}").get("inline_keyboard", [])
    buttons = [[(button["text"], button["callback_data"]) for button in row] for row in rows]
    if any(not 1 <= len(data.encode()) <= DATA_LIMIT for row in buttons for _, data in row):
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return buttons


def person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"user {user}"}


def chat_json(chat: int) -> dict[str, Any]:
    if chat < 0:
        return {"id": chat, "type": "supergroup", "title": f"group {chat}"}
    return {"id": chat, "type": "private", "first_name": f"user {chat}"}


def message_json(message: Sent, *, chat: int | None = None) -> dict[str, Any]:
    keyboard = [[{"text": text, "callback_data": data} for text, data in row] for row in message.buttons]
    return {
        "message_id": message.message_id,
        "date": int(time.time()),
        "from": BOT,
        "chat": chat_json(message.chat if chat is None else chat),
        **({"text": message.text} if message.text else {"caption": message.caption}),
        **({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {}),
    }
