from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defacewatch.alerts import AlertKind, DeliveryError
from defacewatch.demo.botapi import TOKEN, BotApi
from defacewatch.incidents import State
from defacewatch.notify.telegram import TelegramChannel
from tests.notify.examples import AFTER, AN, BEFORE, notice
from tests.notify.gallery import gathered


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(users={1001}) as api:
        yield api


@pytest.fixture
async def channel(api: BotApi) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(TOKEN, api_url=api.url)
    yield channel
    await channel.close()


async def test_an_alert_arrives_with_text_buttons_and_both_pictures(
    api: BotApi, channel: TelegramChannel
) -> None:
    receipt = await channel.send(notice())
    text, album = api.sent
    assert receipt == f"message_id {text.message_id}, 2 pictures"
    assert text.chat == 1001
    assert "NGHI TẤN CÔNG" in text.text
    assert text.button_data == ["ack:123:01JQ7X5C2Z", "false:123:01JQ7X5C2Z", "legit:123:01JQ7X5C2Z"]
    assert album.pictures == [BEFORE, AFTER]
    assert album.reply_to == text.message_id
    assert album.caption.startswith("Trước")


async def test_a_single_picture_is_sent_as_a_photo(api: BotApi, channel: TelegramChannel) -> None:
    assert (await channel.send(notice(before=None))).endswith(", 1 pictures")
    assert api.sent[1].pictures == [AFTER]
    assert "sendPhoto" in api.calls


async def test_an_alert_without_pictures_is_one_message(api: BotApi, channel: TelegramChannel) -> None:
    receipt = await channel.send(notice(before=None, after=None))
    assert receipt == f"message_id {api.sent[0].message_id}"
    assert api.calls == ["sendMessage"]


async def test_pictures_that_are_refused_do_not_lose_the_alert(api: BotApi, channel: TelegramChannel) -> None:
    receipt = await channel.send(notice(after=b"\x00 not a picture"))
    assert len(api.sent) == 1
    assert "without pictures: Image_process_failed" in receipt


async def test_pictures_that_run_into_the_rate_limit_do_not_send_the_text_again(
    api: BotApi, channel: TelegramChannel
) -> None:
    api.fail_with(429, "Too Many Requests", retry_after=30, method="sendMediaGroup")
    assert "without pictures" in await channel.send(notice())
    assert api.calls == ["sendMessage", "sendMediaGroup"]


async def test_markup_that_is_refused_is_sent_again_as_plain_text(
    api: BotApi, channel: TelegramChannel
) -> None:
    api.fail_with(400, "Bad Request: can't parse entities: ...", method="sendMessage", times=1)
    await channel.send(notice())
    assert api.sent[0].text.startswith("🔴 NGHI TẤN CÔNG")
    assert len(api.sent[0].button_data) == 3


async def test_a_rate_limit_is_passed_on_with_its_time(api: BotApi, channel: TelegramChannel) -> None:
    api.fail_with(429, "Too Many Requests: retry after 17", retry_after=17)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(notice())
    assert caught.value.retry_after == timedelta(seconds=17)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [(403, "Forbidden: bot was blocked by the user", True), (401, "Unauthorized", False)],
)
async def test_a_bot_that_is_blocked_is_permanent_and_a_wrong_token_is_tried_on(
    api: BotApi, channel: TelegramChannel, status: int, words: str, permanent: bool
) -> None:
    api.fail_with(status, words)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(notice())
    assert caught.value.permanent is permanent


async def test_an_officer_who_never_started_the_bot_is_permanent(channel: TelegramChannel) -> None:
    with pytest.raises(DeliveryError, match="Chat not found") as caught:
        await channel.send(notice(to=replace(AN, telegram_user=2002)))
    assert caught.value.permanent


async def test_an_officer_without_telegram_is_permanent(channel: TelegramChannel) -> None:
    for nobody in (None, replace(AN, telegram_user=None)):
        with pytest.raises(DeliveryError) as caught:
            await channel.send(notice(to=nobody))
        assert caught.value.permanent


@pytest.mark.parametrize("status", [500, 502])
async def test_a_server_in_trouble_is_tried_again(api: BotApi, channel: TelegramChannel, status: int) -> None:
    api.fail_with(status)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(notice())
    assert not caught.value.permanent


async def test_a_server_that_is_down_is_tried_again_and_back_is_back(
    api: BotApi, channel: TelegramChannel
) -> None:
    await api.refuse_connections()
    with pytest.raises(DeliveryError) as caught:
        await channel.send(notice())
    assert not caught.value.permanent
    await api.accept_connections()
    assert "message_id" in await channel.send(notice())


async def test_the_token_is_in_no_error(api: BotApi) -> None:
    channel = TelegramChannel("42:wrong", api_url=api.url)
    with pytest.raises(DeliveryError) as caught:
        await channel.reachable()
    assert "42:wrong" not in str(caught.value)
    await channel.close()


async def test_reachable_names_the_bot_and_sends_nothing(api: BotApi, channel: TelegramChannel) -> None:
    assert await channel.reachable() == "@defacewatch_demo_bot"
    assert api.sent == []


async def test_buttons_are_those_that_still_make_sense(api: BotApi, channel: TelegramChannel) -> None:
    quiet: dict[str, Any] = {"before": None, "after": None}
    await channel.send(notice(AlertKind.UNREACHABLE, **quiet))
    taken = replace(notice().incident, state=State.ACKNOWLEDGED)  # type: ignore[type-var]
    await channel.send(notice(incident=taken, **quiet))
    await channel.send(notice(capture=None, **quiet))
    await channel.send(notice(AlertKind.RECOVERED, **quiet))
    await channel.send(notice(AlertKind.TEST, incident=None, **quiet))
    assert [m.button_data for m in api.sent] == [
        ["ack:123:01JQ7X5C2Z"],
        ["false:123:01JQ7X5C2Z", "legit:123:01JQ7X5C2Z"],
        ["ack:123", "false:123"],
        [],
        [],
    ]


async def test_an_update_whose_markup_is_refused_is_edited_in_as_plain_text(
    api: BotApi, channel: TelegramChannel
) -> None:
    first = await channel.send_gathered(gathered("vi"))
    api.fail_with(400, "Bad Request: can't parse entities: ...", method="editMessageText", times=1)
    receipt = await channel.send_gathered(replace(gathered("vi"), changes=first))
    assert receipt.startswith(first)
    (sent,) = api.sent
    assert sent.edits == 1
    assert "DT-000007" in sent.text


async def test_an_update_of_a_message_that_is_gone_is_sent_anew_without_a_sound(
    api: BotApi, channel: TelegramChannel
) -> None:
    first = await channel.send_gathered(gathered("vi"))
    assert not api.sent[0].silent
    api.fail_with(400, "Bad Request: message to edit not found", method="editMessageText")
    receipt = await channel.send_gathered(replace(gathered("vi"), changes=first))
    assert receipt == f"message_id {api.sent[1].message_id}"
    assert api.sent[1].silent
