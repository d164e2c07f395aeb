from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken, NetworkError

from defacewatch.demo.botapi import TOKEN, BotApi
from defacewatch.notify import botapi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


def client(api: BotApi, token: str = TOKEN) -> Bot:
    request = botapi.request(api.url, None, connections=4)
    return Bot(token, base_url=botapi.base_url(api.url), request=request, get_updates_request=request)


async def test_updates_are_delivered_until_they_are_confirmed(api: BotApi) -> None:
    async with client(api) as bot:
        await api.say(7, "/status now")
        (first,) = await bot.get_updates(timeout=1)
        assert first.message is not None
        assert first.message.text == "/status now"
        assert (await bot.get_updates(timeout=1))[0].update_id == first.update_id
        assert await bot.get_updates(offset=first.update_id + 1, timeout=0) == ()


async def test_a_pressed_button_carries_its_data_and_who_pressed(api: BotApi) -> None:
    async with client(api) as bot:
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Take it", callback_data="ack:1")]])
        await bot.send_message(7, "alert", reply_markup=keyboard)
        await api.press(api.sent[0], "Take", 8, chat=-100)
        (update,) = await bot.get_updates(timeout=1)
        assert update.callback_query is not None
        assert update.callback_query.data == "ack:1"
        assert update.callback_query.from_user.id == 8
        assert update.effective_chat is not None
        assert update.effective_chat.id == -100


async def test_messages_can_be_edited_and_waited_for(api: BotApi) -> None:
    async with client(api) as bot:
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")]])
        sent = await bot.send_message(7, "alert", reply_markup=keyboard)
        await bot.edit_message_text("taken", chat_id=7, message_id=sent.message_id)
        found = await api.wait_for(lambda m: m.text == "taken")
        assert found.buttons == []
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_reply_markup(chat_id=7, message_id=sent.message_id)


@pytest.mark.parametrize("text", ["<b>open", "<marquee>x</marquee>", "</b>", " ", "x" * 4097])
async def test_what_telegram_refuses_is_refused(api: BotApi, text: str) -> None:
    async with client(api) as bot:
        with pytest.raises(BadRequest):
            await bot.send_message(7, text, parse_mode="HTML")
    assert api.sent == []


async def test_button_data_beyond_64_bytes_is_refused(api: BotApi) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="ả" * 32)]])
    async with client(api) as bot:
        with pytest.raises(BadRequest):
            await bot.send_message(7, "alert", reply_markup=keyboard)


async def test_a_wrong_token_is_refused(api: BotApi) -> None:
    with pytest.raises(InvalidToken):
        async with client(api, "1:no"):
            pass


async def test_a_server_told_to_fail_fails_as_often_as_told(api: BotApi) -> None:
    async with client(api) as bot:
        api.fail_with(500, method="sendMessage", times=1)
        with pytest.raises(NetworkError):
            await bot.send_message(7, "one")
        await bot.send_message(7, "two")
    assert [m.text for m in api.sent] == ["two"]


async def test_a_server_that_is_down_comes_back_on_its_port(api: BotApi) -> None:
    url = api.url
    async with client(api) as bot:
        await api.refuse_connections()
        with pytest.raises(NetworkError):
            await bot.send_message(7, "one")
        await api.accept_connections()
        assert api.url == url
        await bot.send_message(7, "two")
