"""A change of shift over real channels: each is proved by itself, and what fails is told on what works."""

import re
from collections.abc import AsyncIterator
from datetime import time

import pytest

from defacewatch.alerts import AlertKind
from defacewatch.bot import Bot
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.gathering import Channel
from defacewatch.handing import HandingOver
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.outbox import Outbox
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Shift
from defacewatch.shifttests import Outcome
from defacewatch.store import Store
from defacewatch.web.take import take_url
from tests.conftest import Clock

KEY = b"k" * 32
AN = Officer("an", "An", telegram_user=1001, email="an@example.gov.vn")
BINH = Officer("binh", "Bình", telegram_user=1002, email="binh@example.gov.vn")
CUC = Officer("cuc", "Cúc", Duty.SHIFT_LEAD, telegram_user=1003, email="cuc@example.gov.vn")
WEEK = frozenset(range(7))
ROSTER = Roster(
    (AN, BINH, CUC),
    (Shift(("an",), time(6), time(14), days=WEEK), Shift(("binh",), time(14), time(22), days=WEEK)),
)


class Desk:
    def __init__(self, store: Store, clock: Clock, mailbox: Mailbox, api: BotApi) -> None:
        self.store, self.clock, self.mailbox, self.api = store, clock, mailbox, api
        channels: dict[str, Channel] = {
            "telegram": TelegramChannel(api.token, api_url=api.url),
            "email": EmailChannel("127.0.0.1", mailbox.port, sender="defacewatch@example.gov.vn"),
        }
        self.telegram = channels["telegram"]
        self.outbox = Outbox(
            store,
            channels,
            lambda: ROSTER,
            clock=clock,
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            public_url="https://watch.example.gov.vn",
            take_url=take_url("https://watch.example.gov.vn", KEY),
        )
        self.handing = HandingOver(store, lambda: ROSTER, clock, sending=lambda: self.outbox)
        self.bot = Bot(
            api.token,
            api_url=api.url,
            proxy=None,
            roster=lambda: ROSTER,
            store=store,
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            clock=clock,
        )

    async def states(self) -> dict[tuple[str, str], Outcome]:
        within, now = ROSTER.shift_test.within, self.clock()
        tests = await self.store.channel_tests.last()
        return {(test.officer, test.channel): test.outcome(within, now) for test in tests}


@pytest.fixture
async def desk(store: Store, clock: Clock) -> AsyncIterator[Desk]:
    """At 14:00 An goes and Bình comes."""
    async with Mailbox() as mailbox, BotApi() as api:
        made = Desk(store, clock, mailbox, api)
        await made.bot.start()
        yield made
        await made.bot.stop()
        await made.telegram.close()


async def test_the_button_proves_telegram_and_silence_on_the_mail_reaches_the_lead(desk: Desk) -> None:
    assert await desk.handing.watch()
    await desk.outbox.drain()
    (message,) = [sent for sent in desk.api.sent if sent.chat == 1002]
    assert "Tin này dùng để thử kênh" in message.text
    mails = [mail for mail in desk.mailbox.messages if "binh@" in str(mail["To"])]
    body = mails[0].get_body(("plain",))
    assert body is not None
    assert re.search(r"https://watch\.example\.gov\.vn/take/\d+/\d+/[0-9a-f]{40}", body.get_content())
    await desk.api.press(message, "hand:", 1002)
    await desk.api.wait_for_answer()
    (an,) = [sent for sent in desk.api.sent if sent.chat == 1001]
    await desk.api.press(an, "hand:", 1001)
    await desk.api.wait_for_answer(2)
    assert await desk.states() == {("binh", "telegram"): Outcome.PROVED, ("binh", "email"): Outcome.WAITING}
    desk.clock.forward(minutes=15)
    assert await desk.handing.watch()
    await desk.outbox.drain()
    (told,) = [sent for sent in desk.api.sent if sent.chat == 1003]
    assert "Bình – email: chưa trả lời" in told.text
    assert any("cuc@" in str(mail["To"]) for mail in desk.mailbox.messages)


async def test_a_mail_server_that_is_away_is_told_of_by_telegram_before_the_time_is_up(desk: Desk) -> None:
    await desk.mailbox.stop()
    assert await desk.handing.watch()
    for _ in range(2):
        await desk.outbox.drain()
        desk.clock.forward(seconds=5)
    assert (await desk.states())["binh", "email"] is Outcome.FAILED
    assert await desk.handing.watch()
    await desk.outbox.drain()
    alert = await desk.store.alerts.last((AlertKind.CHANNEL_UNPROVED,))
    assert alert is not None
    (told,) = [sent for sent in desk.api.sent if sent.chat == 1003]
    assert "Bình – email: không gửi được: SMTP" in told.text
    assert not await desk.handing.watch()
