"""Alerts over Telegram: the text with its buttons first, then the pictures as a reply to it."""

import asyncio
import functools
import re

import structlog
from telegram import Bot, InlineKeyboardMarkup, InputMediaPhoto, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from defacewatch.alerts import AlertKind, DeliveryError, Notice, handover_of
from defacewatch.gathering import CHANGED, Gathered
from defacewatch.incidents import State
from defacewatch.language import translator
from defacewatch.notify import botapi, buttons, message

log = structlog.get_logger(__name__)

TEXT_WITHIN = 18.0  # seconds; text and pictures together stay below the outbox's limit for one message
PICTURES_WITHIN = 20.0
UNCHANGED = "message is not modified"
LOST_CHAT = ("chat not found", "user is deactivated", "peer_id_invalid")
LOST_MESSAGE = ("message to edit not found", "message can't be edited", "message_id_invalid")
JUDGED = frozenset({AlertKind.DEFACED, AlertKind.CHANGED})
ANSWERED = JUDGED | {AlertKind.UNREACHABLE}


class TelegramChannel:
    """Sends to an officer's Telegram user. The officer must have started the bot once."""

    def __init__(self, token: str, *, api_url: str, proxy: str | None = None) -> None:
        self._token = token
        self._request = botapi.request(api_url, proxy, connections=8)
        self._bot = Bot(
            token, base_url=botapi.base_url(api_url), request=self._request, get_updates_request=self._request
        )

    @property
    def name(self) -> str:
        return "telegram"

    @property
    def editable(self) -> bool:
        return True

    async def send(self, notice: Notice) -> str:
        """Send, and return 'message_id …'. Raises DeliveryError.

        Once the text is out the alert counts as sent: pictures that fail are noted in the receipt.
        """
        if notice.to is None or notice.to.telegram_user is None:
            raise DeliveryError("Telegram: the officer has no telegram_user in the roster", permanent=True)
        try:
            async with asyncio.timeout(TEXT_WITHIN):
                sent = await self._send_said(notice, notice.to.telegram_user, _keyboard(notice))
        except TelegramError as error:
            raise botapi.delivery_error(error, self._token) from error
        except TimeoutError as error:
            raise DeliveryError(f"Telegram: no answer within {TEXT_WITHIN:g} s") from error
        return f"message_id {sent.message_id}" + await self._send_pictures(notice, sent)

    async def send_gathered(self, gathered: Gathered) -> str:
        """Send, or change the message that it takes the place of; 'message_id …'. Raises DeliveryError.

        A message that cannot be changed any more (somebody deleted it) is sent anew, as silently.
        """
        chat = gathered.to.telegram_user
        if chat is None:
            raise DeliveryError("Telegram: the officer has no telegram_user in the roster", permanent=True)
        try:
            async with asyncio.timeout(TEXT_WITHIN):
                changed = _message_id(gathered.changes)
                if changed is not None and await self._edit(gathered, chat, changed):
                    return f"message_id {changed}{CHANGED}"
                first = _message_id(gathered.follows)
                silent = changed is not None
                sent = await self._send_said(
                    gathered, chat, _take_all(gathered), reply_to=first, silent=silent
                )
        except TelegramError as error:
            raise botapi.delivery_error(error, self._token) from error
        except TimeoutError as error:
            raise DeliveryError(f"Telegram: no answer within {TEXT_WITHIN:g} s") from error
        await self._retire(chat, _message_id(gathered.replaces))
        return f"message_id {sent.message_id}"

    async def _edit(self, gathered: Gathered, chat: int, changed: int) -> bool:
        """Change a message, to plain words where Telegram refuses the markup; False where it is there no
        more."""
        keyboard, refused = _take_all(gathered), ""
        plain = _plain(gathered)
        for text, mode in ((message.telegram_html(gathered), ParseMode.HTML), (plain, None)):
            try:
                await self._bot.edit_message_text(text, chat, changed, parse_mode=mode, reply_markup=keyboard)
            except BadRequest as error:
                if UNCHANGED in error.message.lower():
                    return True
                refused = refused or error.message
                if any(words in error.message.lower() for words in LOST_MESSAGE):
                    break
            else:
                return True
        log.warning("a message could not be changed: sent anew", error=refused)
        return False

    async def _retire(self, chat: int, replaced: int | None) -> None:
        """Take the button from a message that another one has replaced: it tells of less."""
        if replaced is None:
            return
        try:
            async with asyncio.timeout(PICTURES_WITHIN):
                await self._bot.edit_message_reply_markup(chat, replaced, reply_markup=None)
        except (TelegramError, TimeoutError) as error:
            log.info("an older message keeps its button", error=str(error).replace(self._token, "<token>"))

    async def reachable(self) -> str:
        """Ask who the bot is. Raises DeliveryError."""
        try:
            me = await self._bot.get_me()
        except TelegramError as error:
            raise botapi.delivery_error(error, self._token) from error
        return f"@{me.username}"

    async def close(self) -> None:
        await self._request.shutdown()

    async def _send_said(
        self,
        said: message.Said,
        chat: int,
        keyboard: InlineKeyboardMarkup | None,
        *,
        reply_to: int | None = None,
        silent: bool = False,
    ) -> Message:
        reply = None if reply_to is None else ReplyParameters(reply_to, allow_sending_without_reply=True)
        send = functools.partial(
            self._bot.send_message,
            chat,
            reply_markup=keyboard,
            reply_parameters=reply,
            disable_notification=silent or None,
        )
        try:
            return await send(message.telegram_html(said), parse_mode=ParseMode.HTML)
        except BadRequest as error:
            if any(words in error.message.lower() for words in LOST_CHAT):
                raise
            # Whatever Telegram finds wrong with the markup, the words must get through.
            log.warning("Telegram refused the markup", error=error.message)
            return await send(_plain(said))

    async def _send_pictures(self, notice: Notice, sent: Message) -> str:
        """Send what pictures there are; what the receipt says of them."""
        photos = [
            (data, message.caption(notice, before=data is notice.before))
            for data in (notice.before, notice.after)
            if data is not None
        ]
        if not photos:
            return ""
        reply = ReplyParameters(sent.message_id, allow_sending_without_reply=True)
        try:
            async with asyncio.timeout(PICTURES_WITHIN):
                if len(photos) == 1:
                    data, caption = photos[0]
                    await self._bot.send_photo(sent.chat_id, data, caption=caption, reply_parameters=reply)
                else:
                    album = [InputMediaPhoto(data, caption=caption) for data, caption in photos]
                    await self._bot.send_media_group(sent.chat_id, album, reply_parameters=reply)
        except (TelegramError, TimeoutError) as error:
            why = str(error).replace(self._token, "<token>") or "no answer in time"
            log.warning("pictures were not sent", alert=notice.alert.id, error=why)
            return f", without pictures: {why}"
        return f", {len(photos)} pictures"


def _plain(said: message.Said) -> str:
    """The words without markup, as many as one message takes."""
    return message.text(said)[: message.TELEGRAM_TEXT // 2]


def _message_id(receipt: str | None) -> int | None:
    """The message that a receipt of ours is about."""
    found = re.match(r"message_id (\d+)", receipt or "")
    return int(found[1]) if found else None


def _take_all(gathered: Gathered) -> InlineKeyboardMarkup | None:
    if not gathered.open:
        return None
    _ = translator(gathered.language)
    return buttons.taking_all(gathered.message, len(gathered.open), gathered.up_to, _)


def _keyboard(notice: Notice) -> InlineKeyboardMarkup | None:
    incident, handover = notice.incident, handover_of(notice.alert)
    if handover is not None:
        return buttons.handing(handover, translator(notice.language))
    if incident is None or incident.state is State.RESOLVED or notice.alert.kind not in ANSWERED:
        return None
    return buttons.choices(
        incident.id,
        notice.capture,
        translator(notice.language),
        acknowledge=incident.state is State.OPEN,
        judge=notice.alert.kind in JUDGED,
    )
