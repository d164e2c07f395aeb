"""What the bot refuses, and that each refusal is in the log with who tried what."""

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from defacewatch.handovers import Handover
from defacewatch.incidents import State
from defacewatch.language import translator
from defacewatch.notify.buttons import handing
from tests.bot.test_bot import GROUP, STRANGER, Duties, api, duties, store
from tests.store.samples import NOW

__all__ = ["api", "duties", "store"]  # fixtures

Line = MutableMapping[str, Any]


def refused(logs: list[Line], event: str) -> list[Line]:
    return [line for line in logs if line["event"] == event]


async def handed(duties: Duties) -> int:
    number = await duties.store.handovers.begin(
        Handover(NOW, (), ("binh",), {}), now=NOW, tests=(("binh", "telegram"), ("binh", "email"))
    )
    assert number is not None
    return number


async def proved(duties: Duties, number: int) -> dict[str, str | None]:
    return {t.channel: t.via for t in await duties.store.channel_tests.of(number) if t.acknowledged_at}


@pytest.mark.parametrize("chat", [None, GROUP, 1001])
@pytest.mark.parametrize("command", ["/acknowledge 1", "/status", "/done 1 1"])
async def test_a_stranger_s_command_is_refused_and_logged_whatever_the_chat(
    duties: Duties, command: str, chat: int | None
) -> None:
    with capture_logs() as logs:
        await duties.api.say(STRANGER, command, chat=chat)
        await duties.api.say(1001, "/help")
        await duties.api.wait_for(lambda sent: "Bot hiểu" in sent.text)
    (line,) = refused(logs, "refused: not an officer")
    assert (line["user"], line["chat"], line["log_level"]) == (STRANGER, chat or STRANGER, "warning")
    assert (await duties.stands()).state is State.OPEN


@pytest.mark.parametrize(
    "data", ["", "rm -rf", "ack:x", "ack:1;2", "ack:-1", "approve:1:c", "recv:1", "hand:"]
)
async def test_a_forged_button_is_refused_and_logged_with_what_it_said(duties: Duties, data: str) -> None:
    alert = await duties.alert()
    with capture_logs() as logs:
        await duties.api.press(replace(alert, buttons=[]), data or ":", 1001)
        assert await duties.toast() == "Nút này không còn tác dụng."
    (line,) = refused(logs, "a button that is not ours")
    assert (line["data"], line["officer"], line["log_level"]) == (data or ":", "an", "warning")
    assert (await duties.stands()).state is State.OPEN


@pytest.mark.parametrize("data", ["ack:99", "sure:99", "legit:99:x", "hand:99", "legit:1:no-such-capture"])
async def test_a_button_for_what_there_is_not_is_refused_and_logged(duties: Duties, data: str) -> None:
    alert = await duties.alert()
    with capture_logs() as logs:
        await duties.api.press(replace(alert, buttons=[]), data, 1001)
        said = await duties.toast()
        assert said
        assert data not in ("ack:99", "sure:99") or said == "Không có sự cố số 99"
    (line,) = refused(logs, "refused")
    assert (line["officer"], line["pressed"], line["log_level"]) == ("an", data, "warning")
    assert (await duties.stands()).state is State.OPEN


async def test_an_officer_cannot_answer_the_test_of_another_s_channel(duties: Duties) -> None:
    number = await handed(duties)
    alert = await duties.alert()
    with capture_logs() as logs:
        await duties.api.press(replace(alert, buttons=[]), f"hand:{number}", 1001)
        assert f"Lần giao ca {number} là giữa Trần Thị Bình" in await duties.toast()
    (line,) = refused(logs, "refused")
    assert (line["officer"], line["pressed"]) == ("an", f"hand:{number}")
    assert await proved(duties, number) == {}


async def test_a_stranger_who_presses_the_button_of_a_handover_is_refused_and_logged(duties: Duties) -> None:
    number = await handed(duties)
    await duties.bot._bot.send_message(1002, "alert", reply_markup=handing(number, translator("en")))
    with capture_logs() as logs:
        await duties.api.press(duties.api.sent[-1], "hand:", STRANGER)
        assert "6666" in await duties.toast()
    (line,) = refused(logs, "refused: not an officer")
    assert (line["user"], line["pressed"]) == (STRANGER, f"hand:{number}")
    assert await proved(duties, number) == {}


async def test_the_button_proves_telegram_and_says_where_to_press_besides(duties: Duties) -> None:
    number = await handed(duties)
    await duties.bot._bot.send_message(1002, "alert", reply_markup=handing(number, translator("en")))
    message = duties.api.sent[-1]
    await duties.api.press(message, "hand:", 1002)
    assert await duties.said() == (
        "✅ The handover is confirmed by everybody.\nPress in the message on your other channels, too: email"
    )
    assert await proved(duties, number) == {"telegram": "telegram"}
    await duties.api.say(1002, "/status")
    assert "🔔 Channels proved this shift: 1 of 2 (Trần Thị Bình – email)" in await duties.said(2)
