"""The bot over real sockets: our Bot API server, a store on SQLite."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from defacewatch.alerts import AlertKind, DeliveryError, Wanted
from defacewatch.bot import DEAF_AFTER, Bot
from defacewatch.campaigns import Mark, Trait
from defacewatch.demo.botapi import TOKEN, BotApi
from defacewatch.demo.botrules import Sent
from defacewatch.errors import Conflict
from defacewatch.handovers import Handover
from defacewatch.incidents import Event, Incident, Resolution, State
from defacewatch.language import translator
from defacewatch.messenger import Buttons
from defacewatch.notify.buttons import Action, Press, choices, handing, taking_all
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.runbooks import Runbook, Step
from defacewatch.store import Store
from defacewatch.store.stormschema import messages
from tests.store.samples import CHANGED, DEFACED, NOW, checked, registered

AN = Officer("an", "Nguyễn Văn An", telegram_user=1001, phone="0901 000 001")
BINH = Officer("binh", "Trần Thị Bình", Duty.SHIFT_LEAD, telegram_user=1002, language="en")
STRANGER = 6666
GROUP = -100200


@dataclass
class Duties:
    """The bot at work, and what it works with."""

    api: BotApi
    bot: Bot
    store: Store
    page: str
    incident: int
    capture: str

    async def alert(self, capture: str | None = None) -> Sent:
        """A message with the buttons of an alert, as the channel sends it."""
        keyboard = choices(self.incident, capture or self.capture, translator("vi"))
        await self.bot._bot.send_message(1001, "alert", reply_markup=keyboard)
        return self.api.sent[-1]

    async def stands(self) -> Incident:
        return (await self.store.incidents.get(self.incident)).incident

    async def said(self, count: int = 1) -> str:
        """The `count`-th text that the bot sent besides the alert."""
        await self.api.wait_for(lambda _: len(self._texts()) >= count)
        return self._texts()[count - 1]

    async def toast(self, count: int = 1) -> str:
        return str((await self.api.wait_for_answer(count))["text"])

    def _texts(self) -> list[str]:
        return [message.text for message in self.api.sent if message.text != "alert"]


@pytest.fixture
async def store(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(sqlite_url, baselines=tmp_path / "baselines", evidence=tmp_path / "evidence")
    yield store
    await store.close()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


def make_bot(api: BotApi, store: Store, roster: Roster) -> Bot:
    return Bot(
        TOKEN,
        api_url=api.url,
        proxy=None,
        roster=lambda: roster,
        store=store,
        language="vi",
        zone="Asia/Ho_Chi_Minh",
        clock=lambda: NOW + timedelta(minutes=1),
        pauses=(0.01, 0.05),
    )


@pytest.fixture
async def duties(api: BotApi, store: Store) -> AsyncIterator[Duties]:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="attack")
    [view] = await store.incidents.list()
    assert view.incident.capture is not None
    bot = make_bot(api, store, Roster(officers=(AN, BINH)))
    await bot.start()
    yield Duties(api, bot, store, page, view.incident.id, view.incident.capture)
    await bot.stop()


async def test_an_officer_acknowledges_with_the_button(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "ack:", 1001)
    assert await duties.said() == "✋ Nguyễn Văn An đã tiếp nhận SC-000001 lúc 14:31:00 02/09/2026 (GMT+7)"
    taken = await duties.stands()
    assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "an")
    assert (await duties.store.incidents.timeline(duties.incident))[-1].via == "telegram"
    assert not any(data.startswith("ack:") for data in alert.button_data)
    assert len(alert.button_data) == 2


async def test_a_second_officer_hears_who_has_it(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "ack:", 1001)
    await duties.toast()
    await duties.api.press(alert, f"ack:{duties.incident}", 1002)
    assert (await duties.toast(2)).startswith("✋ SC-000001 was acknowledged by Nguyễn Văn An at 14:31:00")
    assert (await duties.stands()).acknowledged_by == "an"


async def test_an_update_that_comes_twice_changes_nothing_more(duties: Duties) -> None:
    alert = await duties.alert()
    for count in (1, 2):
        await duties.api.press(alert, f"ack:{duties.incident}:{duties.capture}", 1001)
        assert "đã tiếp nhận" in await duties.toast(count)
    events = [entry.event for entry in await duties.store.incidents.timeline(duties.incident)]
    assert events == [Event.OPENED, Event.ACKNOWLEDGED]


async def test_a_false_alarm_needs_a_second_press(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "false:", 1001)
    assert "Đóng là báo nhầm?" in await duties.toast()
    await duties.api.wait_for(lambda m: any(data.startswith("sure:") for data in m.button_data))
    assert (await duties.stands()).state is State.OPEN
    await duties.api.press(alert, "sure:", 1001)
    assert (await duties.said()).endswith(": báo nhầm")
    closed = await duties.stands()
    assert (closed.resolved_as, closed.resolved_by) == (Resolution.FALSE_ALARM, "an")
    assert alert.buttons == []


async def test_going_back_brings_the_buttons_back_and_does_nothing(duties: Duties) -> None:
    alert = await duties.alert()
    before = alert.buttons
    await duties.api.press(alert, "false:", 1001)
    await duties.api.wait_for(lambda m: "back" in str(m.buttons))
    await duties.api.press(alert, "back:", 1001)
    await duties.api.wait_for(lambda m: m.edits == 2)
    assert alert.buttons == before
    assert (await duties.stands()).state is State.OPEN


@pytest.mark.parametrize("press", ["false:", "sure:"])
async def test_an_old_message_cannot_mute_what_came_after_it(duties: Duties, press: str) -> None:
    alert = await duties.alert()
    worse = replace(DEFACED, signals=DEFACED.signals + CHANGED.signals)
    await checked(duties.store, duties.page, worse, NOW + timedelta(minutes=3), mark="more")
    await duties.api.press(alert, f"{press}{duties.incident}:{duties.capture}", 1001)
    assert "Hãy xét theo cảnh báo mới nhất" in await duties.toast()
    assert (await duties.stands()).state is State.OPEN


@pytest.mark.parametrize(("further", "stale"), [(False, False), (True, True)])
async def test_a_message_too_old_to_have_a_time_may_mute_the_first_difference_alone(
    duties: Duties, further: bool, stale: bool
) -> None:
    if further:
        worse = replace(DEFACED, signals=DEFACED.signals + CHANGED.signals)
        await checked(duties.store, duties.page, worse, NOW + timedelta(minutes=3), mark="more")
    press = Press(Action.CONFIRM_FALSE_ALARM, duties.incident)
    asked = duties.bot.presses.press(press, AN, translator("en"), shown_at=None)
    if stale:
        with pytest.raises(Conflict, match="changed further"):
            await asked
    else:
        assert "false alarm" in (await asked).text
    assert ((await duties.stands()).state is State.OPEN) is stale


async def test_a_button_with_another_pages_capture_proposes_nothing(duties: Duties) -> None:
    other = await registered(duties.store, "bacninh")
    await checked(duties.store, other, DEFACED, mark="elsewhere")
    [foreign] = await duties.store.baselines.captures(other)
    alert = await duties.alert(foreign.id)
    await duties.api.press(alert, "legit:", 1002)
    assert await duties.toast() == "This button does nothing any more."
    assert await duties.store.baselines.proposals() == []


async def test_a_legitimate_update_is_only_proposed(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "legit:", 1002)
    assert "is proposed as baseline by Trần Thị Bình" in await duties.said()
    [capture] = await duties.store.baselines.proposals()
    assert (capture.id, capture.proposed_by) == (duties.capture, "binh")
    assert await duties.store.baselines.get(duties.page) is None
    assert (await duties.stands()).state is State.OPEN
    assert not any(data.startswith("legit:") for data in alert.button_data)


async def test_buttons_of_a_closed_incident_say_so_and_go_away(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.store.incidents.resolve(duties.incident, as_=Resolution.FALSE_ALARM, by="binh", now=NOW)
    await duties.api.press(alert, "ack:", 1001)
    assert "Trần Thị Bình đã đóng SC-000001" in await duties.toast()
    await duties.api.wait_for(lambda m: m is alert and not m.buttons)


async def test_a_stranger_who_presses_in_a_group_is_refused_and_logged(duties: Duties) -> None:
    alert = await duties.alert()
    with capture_logs() as logs:
        await duties.api.press(alert, "ack:", STRANGER, chat=GROUP)
        assert "6666" in await duties.toast()
    assert (await duties.stands()).state is State.OPEN
    [line] = [entry for entry in logs if entry["event"] == "refused: not an officer"]
    assert (line["user"], line["chat"]) == (STRANGER, GROUP)


async def test_a_known_officer_may_press_in_a_group(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "ack:", 1001, chat=GROUP)
    await duties.toast()
    assert (await duties.stands()).acknowledged_by == "an"


async def test_a_strangers_command_is_refused_in_private_and_not_answered_in_a_group(duties: Duties) -> None:
    await duties.api.say(STRANGER, "/status", chat=GROUP)
    await duties.api.say(STRANGER, "/incidents")
    await duties.api.say(1001, "/help")
    assert await duties.said() == ("Bạn không có trong lịch trực. Hãy báo số này cho quản trị viên: 6666")
    assert (await duties.said(2)).startswith("Bot hiểu các lệnh")


async def test_the_officers_chat_does_not_let_others_in(duties: Duties) -> None:
    await duties.api.say(STRANGER, f"/acknowledge {duties.incident}", chat=1001)
    assert "6666" in await duties.said()
    assert (await duties.stands()).state is State.OPEN


@pytest.mark.parametrize("word", ["SC-000001", "1", "sc-1"])
async def test_an_incident_is_acknowledged_by_command(duties: Duties, word: str) -> None:
    await duties.api.say(1001, f"/acknowledge {word}")
    assert "Nguyễn Văn An đã tiếp nhận SC-000001" in await duties.said()


async def test_a_command_without_or_with_an_unknown_incident_says_so(duties: Duties) -> None:
    await duties.api.say(1001, "/acknowledge")
    assert await duties.said() == "Hãy nêu mã sự cố: /acknowledge SC-000123"
    await duties.api.say(1001, "/acknowledge 99")
    assert "99" in await duties.said(2)


async def test_status_counts_and_names_what_is_wrong(duties: Duties) -> None:
    await duties.api.say(1002, "/status")
    words = await duties.said()
    assert "1 pages are watched" in words
    assert "🔴 suspected attack: 1" in words
    assert "SC-000001" in words


async def test_incidents_are_listed_without_clickable_addresses(duties: Duties) -> None:
    await duties.api.say(1001, "/incidents")
    words = await duties.said()
    assert "SC-000001" in words
    assert "hungyen[.]gov[.]vn" in words
    assert "chưa ai tiếp nhận" in words


async def test_a_gap_in_the_roster_says_who_is_told_instead(duties: Duties) -> None:
    await duties.api.say(1001, "/onduty")
    assert await duties.said() == "Không có ai trực. Cảnh báo gửi tới:\n• Trần Thị Bình"


async def test_words_that_are_no_command_get_the_help(duties: Duties) -> None:
    await duties.api.say(1001, "xin chào")
    assert "/acknowledge" in await duties.said()


@pytest.mark.parametrize("data", ["", "rm -rf", "ack:x", "ack:1;2", "approve:1:c", "legit:1:no-such-capture"])
async def test_button_data_that_is_not_ours_does_nothing(duties: Duties, data: str) -> None:
    alert = await duties.alert()
    await duties.api.press(replace(alert, buttons=[]), data or ":", 1001)
    assert await duties.toast()
    assert (await duties.stands()).state is State.OPEN


async def test_what_was_pressed_counts_though_the_answer_cannot_be_shown(duties: Duties) -> None:
    alert = await duties.alert()
    duties.api.fail_with(400, "Bad Request: query is too old", method="answerCallbackQuery")
    await duties.api.press(alert, "ack:", 1001)
    assert "đã tiếp nhận" in await duties.said()
    assert (await duties.stands()).state is State.ACKNOWLEDGED


async def test_the_bot_waits_for_telegram_to_come_back(api: BotApi, store: Store) -> None:
    await api.refuse_connections()
    bot = make_bot(api, store, Roster(officers=(AN,)))
    await bot.start()
    await api.accept_connections()
    await api.wait_for_call("getUpdates")
    api.fail_with(502, "Bad Gateway", method="getUpdates")
    await api.say(1001, "/help")  # ends the request that is under way
    await api.wait_for_call("getUpdates", 3)
    api.fail_with(429, "Too Many Requests", retry_after=0, method="getUpdates", times=2)
    await api.say(1001, "/onduty")
    await api.wait_for(lambda m: "Cảnh báo gửi tới" in m.text)
    await bot.stop()


async def test_a_wrong_token_neither_stops_the_daemon_nor_shows_in_the_log(api: BotApi, store: Store) -> None:
    api.token = "2:another"
    bot = make_bot(api, store, Roster(officers=(AN,)))
    with capture_logs() as logs:
        await bot.start()
        api.token = TOKEN
        await api.wait_for_call("getUpdates")
        await bot.stop()
    assert TOKEN not in str(logs)


async def test_what_was_handled_is_confirmed_when_the_bot_stops(api: BotApi, store: Store) -> None:
    bot = make_bot(api, store, Roster(officers=(AN,)))
    await bot.start()
    await api.say(1001, "/help")
    await api.wait_for(lambda m: "Bot hiểu" in m.text)
    await api.wait_for_call("getUpdates", 2)
    await bot.stop()
    again = make_bot(api, store, Roster(officers=(AN,)))
    await again.start()
    await api.say(1001, "/onduty")
    await api.wait_for(lambda m: "Cảnh báo gửi tới" in m.text)
    await again.stop()
    assert len(api.sent) == 2


async def test_stopping_a_bot_that_was_never_started_or_never_got_through_is_quick(
    api: BotApi, store: Store
) -> None:
    bot = make_bot(api, store, Roster())
    await bot.stop()
    await api.refuse_connections()
    bot = make_bot(api, store, Roster())
    await bot.start()
    await bot.stop()


async def test_the_runbook_is_listed_and_its_steps_are_ticked_by_command(duties: Duties) -> None:
    steps = (Step("Giữ bằng chứng"), Step("Gọi vận hành"))
    duties.bot.runbooks = lambda: {"defaced": Runbook("Khi bị tấn công", steps)}
    await duties.api.say(1001, f"/runbook {duties.incident}")
    assert (await duties.said()).splitlines() == [
        "SC-000001 · Khi bị tấn công",
        "☐ 1. Giữ bằng chứng",
        "☐ 2. Gọi vận hành",
        "Đánh dấu: /done SC-000001 1",
    ]
    await duties.api.say(1002, f"/done SC-{duties.incident} 2")
    assert "☑ 2. Gọi vận hành – Trần Thị Bình, 14:31:00 02/09/2026" in await duties.said(2)
    assert (await duties.store.incidents.ticked(duties.incident))["Gọi vận hành"].by == "binh"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/done 1 3", "Có 2 việc."),
        ("/done 1", "Ghi rõ sự cố và số thứ tự việc"),
        ("/done 1 x", "Ghi rõ sự cố và số thứ tự việc"),
        ("/runbook", "Ghi rõ sự cố"),
    ],
)
async def test_a_step_that_is_none_is_said(duties: Duties, command: str, answer: str) -> None:
    duties.bot.runbooks = lambda: {"default": Runbook("", (Step("a"), Step("b")))}
    await duties.api.say(1001, command)
    assert answer in await duties.said()
    assert await duties.store.incidents.ticked(duties.incident) == {}


async def test_a_handover_is_confirmed_with_its_button_by_those_whom_it_concerns(duties: Duties) -> None:
    handover = Handover(NOW, ("an",), ("binh",), {})
    number = await duties.store.handovers.begin(handover, now=NOW)
    assert number is not None
    await duties.bot._bot.send_message(1001, "alert", reply_markup=handing(number, translator("vi")))
    message = duties.api.sent[-1]
    await duties.api.press(message, "hand:", 1001)
    assert await duties.said() == "✅ Bạn đã xác nhận giao ca. Còn chờ: Trần Thị Bình"
    await duties.api.press(message, f"hand:{number}", 1002)
    assert await duties.said(2) == "✅ The handover is confirmed by everybody."
    confirmed = (await duties.store.handovers.get(number)).confirmed
    assert {key: one.via for key, one in confirmed.items()} == {"an": "telegram", "binh": "telegram"}


async def several(duties: Duties) -> Sent:
    """A message that tells of a campaign of two incidents, as the channel sends it."""
    alike = frozenset({Mark(Trait.WORDS, "hacked by x")})
    for key in ("two", "three"):
        await checked(duties.store, await registered(duties.store, key), DEFACED, marks=alike)
    for alert in await duties.store.alerts.of_incident(3, AlertKind.DEFACED):
        await duties.store.alerts.claim(NOW, only=[alert.id])
        await duties.store.alerts.expand(
            alert.id, [Wanted("telegram", "an")], step=1, next_step_at=None, now=NOW
        )
        await duties.store.alerts.claim_delivery("telegram", now=NOW, only=[alert.id])
    async with duties.store.engine.lasting() as db:
        made = insert(messages).values(
            channel="telegram", officer="an", campaign=1, created_at=NOW, heard_of=2
        )
        number = (await db.execute(made.returning(messages.c.id))).scalar_one()
    keyboard = taking_all(number, 2, 3, translator("vi"))
    await duties.bot._bot.send_message(1001, "alert", reply_markup=keyboard)
    return duties.api.sent[-1]


async def test_all_that_a_message_tells_of_is_taken_with_one_button(duties: Duties) -> None:
    message = await several(duties)
    await duties.api.press(message, "all:", 1001)
    assert await duties.said() == "✋ Nguyễn Văn An đã tiếp nhận 2 sự cố"
    views = await duties.store.incidents.list(campaign=1)
    assert {view.incident.acknowledged_by for view in views} == {"an"}
    assert (await duties.stands()).state is State.OPEN, "it is not of this campaign"
    assert message.buttons == []


async def test_pressed_again_it_says_that_nothing_is_left(duties: Duties) -> None:
    message = await several(duties)
    data = message.button_data[0]
    await duties.api.press(message, data, 1001)
    await duties.toast()
    await duties.api.press(message, data, 1001)
    assert await duties.toast(2) == "Bạn đã nhận 2 sự cố trong số này; không còn sự cố nào chờ tiếp nhận."
    await duties.api.press(message, data, 1002)
    assert await duties.toast(3) == "Nothing is left to take."


async def test_a_campaign_is_taken_by_its_code(duties: Duties) -> None:
    await several(duties)
    await duties.api.say(1001, "/acknowledge DT-000001")
    assert await duties.said() == "✋ Nguyễn Văn An đã tiếp nhận 2 sự cố"
    await duties.api.say(1001, "/acknowledge DT-000009")
    assert await duties.said(2) == "There is no campaign 9"


async def test_a_message_that_is_none_can_not_be_taken(duties: Duties) -> None:
    alert = await duties.alert()
    await duties.api.press(alert, "all:99", 1001)
    assert "There is no message 99" in await duties.toast()
    assert (await duties.stands()).state is State.OPEN


async def test_a_bot_that_hears_nothing_for_minutes_says_so_though_telegram_takes_messages(
    duties: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = TelegramChannel(duties.api.token, api_url=duties.api.url)
    buttons = Buttons(sends, duties.bot)
    assert await buttons.reachable() == "polls"
    await duties.bot.stop()  # as good as another program that polls with the same token
    later = monotonic() + DEAF_AFTER + 1
    monkeypatch.setattr("defacewatch.bot.monotonic", lambda: later)
    with pytest.raises(DeliveryError, match="no presses of buttons come in"):
        await buttons.reachable()
    await duties.api.refuse_connections()
    assert "ConnectError" in await buttons.reachable(), "that the channel is away is told of the channel"
    await sends.close()
