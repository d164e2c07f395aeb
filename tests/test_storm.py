"""Many alerts at once, over a real store, with real channels to servers on loopback."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from itertools import pairwise

import pytest

from defacewatch.alerts import LEASE, AlertKind, DeliveryState, Draft
from defacewatch.bot.presses import Presses
from defacewatch.campaigns import Mark, Trait
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.botrules import Sent
from defacewatch.demo.mailbox import Mailbox
from defacewatch.gathering import CAP, DIGEST_EVERY, EDIT_EVERY, MINUTE, MORE_EVERY, UPDATE_EVERY
from defacewatch.incidents import Resolution, State
from defacewatch.language import translator
from defacewatch.notify.buttons import parse
from defacewatch.notify.content import incident_code
from defacewatch.notify.message import TELEGRAM_TEXT
from defacewatch.portals import Portal, Urgency
from defacewatch.roster import Quiet
from defacewatch.store import Store
from defacewatch.store.messages import UNDER_WAY
from defacewatch.verdicts import Verdict
from tests.conftest import Clock
from tests.store.samples import CHANGED, CLEAN, DEFACED, checked, portal, registered
from tests.test_outbox import AN, Desk

EVIL = frozenset({Mark(Trait.CODE_HOST, "evil.example")})
OTHER = frozenset({Mark(Trait.CODE_HOST, "other.example")})
SENT, PENDING = DeliveryState.SENT, DeliveryState.PENDING


class Storm(Desk):
    """A desk while many pages are attacked."""

    def __init__(self, store: Store, clock: Clock, mailbox: Mailbox, api: BotApi) -> None:
        super().__init__(store, clock, mailbox, api)
        self.known: set[int] = set()

    async def attack(
        self,
        *numbers: int,
        verdict: Verdict = DEFACED,
        marks: frozenset[Mark] = EVIL,
        mark: str | None = None,
    ) -> None:
        pages = {entry.key: entry.pages[0].id for entry in await self.portals(numbers)}
        for number in numbers:
            await checked(self.store, pages[f"p{number:03}"], verdict, self.clock(), mark, marks=marks)

    async def portals(self, numbers: Sequence[int]) -> list[Portal]:
        """All portals so far, with these."""
        self.known |= set(numbers)
        await self.store.portals.apply([portal(f"p{number:03}") for number in self.known], now=self.clock())
        return await self.store.portals.all()

    async def pass_by(self, seconds: int) -> None:
        """Let time pass, second by second, and send what is due."""
        for _ in range(seconds):
            self.clock.forward(seconds=1)
            await self.outbox.drain()

    async def numbers(self) -> list[int]:
        """The numbers of all incidents, the newest first."""
        return [view.incident.id for view in await self.store.incidents.list()]

    async def message(self) -> int:
        """The message that carried the last delivery that did not go alone."""
        mine = [d for d in await self.deliveries() if d.channel == "telegram"]
        return max(d.message for d in mine if d.message is not None)

    async def codes(self) -> list[str]:
        """The codes of all incidents, the newest first."""
        return [incident_code(view.incident.id) for view in await self.store.incidents.list()]

    def chat(self) -> list[Sent]:
        return [message for message in self.api.sent if message.chat == AN.telegram_user]

    async def unsent(self) -> Counter[DeliveryState]:
        states = Counter(delivery.state for delivery in await self.deliveries())
        del states[SENT]
        return states


def codes_in(message: Sent) -> list[str]:
    """The codes of the incidents that a message names, in their order."""
    return re.findall(r"SC-\d+", message.text)


def named_in(message: Sent) -> set[int]:
    """The numbers of the incidents that a message names, also within a range."""
    return numbers_in(message.text)


def numbers_in(text: str) -> set[int]:
    runs = re.findall(r"SC-(\d+)(?:–SC-(\d+))?", text)
    return {number for first, last in runs for number in range(int(first), int(last or first) + 1)}


def mail_text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
async def storm(store: Store, clock: Clock) -> AsyncIterator[Storm]:
    async with Mailbox() as mailbox, BotApi() as api:
        made = Storm(store, clock, mailbox, api)
        yield made
        for channel in made.channels.values():
            await channel.close()


async def test_the_pages_of_one_attack_are_one_thread_in_telegram_that_is_edited(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    first, thread = storm.chat()
    assert thread.reply_to == first.message_id
    assert thread.text.startswith("🔴 <b>NGHI TẤN CÔNG NHIỀU TRANG (2)</b>")
    assert re.search(r"DT-\d{6}", thread.text)
    assert "evil[.]example" in thread.text
    assert codes_in(thread) == await storm.codes()
    await storm.store.incidents.acknowledge(
        (await storm.numbers())[1], by="an", via="test", now=storm.clock()
    )
    storm.clock.forward(seconds=30)
    await storm.attack(3)
    await storm.outbox.drain()
    assert len(storm.chat()) == 2, "somebody has it: no sound"
    assert thread.edits == 1
    assert "(3)" in thread.text
    assert set(codes_in(thread)) == set(await storm.codes())
    [button] = thread.button_data
    assert button == f"all:{await storm.message()}:{(await storm.numbers())[0]}"


async def test_every_delivery_of_a_thread_keeps_the_receipt_of_the_message_that_told_of_it(
    storm: Storm,
) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2, 3)
    await storm.outbox.drain()
    mine = [d for d in await storm.deliveries() if d.channel == "telegram"]
    first, thread = storm.chat()
    assert [d.receipt for d in mine] == [f"message_id {m.message_id}" for m in (first, thread, thread)]
    assert mine[0].message is None
    assert mine[1].message == mine[2].message is not None
    assert {d.state for d in mine} == {SENT}


async def test_a_thread_in_the_mail_is_one_conversation_and_comes_at_most_once_a_minute(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    assert len(storm.mailbox.messages) == 2
    await storm.store.incidents.acknowledge(
        (await storm.numbers())[0], by="an", via="test", now=storm.clock()
    )
    await storm.attack(3)
    await storm.pass_by(5)
    assert len(storm.mailbox.messages) == 2
    await storm.pass_by(int(UPDATE_EVERY.total_seconds()))
    assert len(storm.mailbox.messages) == 3
    _, second, third = storm.mailbox.messages
    assert second["References"] == third["References"]
    assert re.fullmatch(r"<campaign-\d+@example\.gov\.vn>", second["References"])
    assert "(3)" in str(third["Subject"])
    assert await storm.unsent() == Counter()


async def test_two_hundred_pages_in_a_minute_lose_nothing_and_do_not_drown_the_officer(storm: Storm) -> None:
    await storm.portals(range(200))
    for moment in range(12):
        await storm.attack(*range(moment * 200 // 12, (moment + 1) * 200 // 12))
        storm.clock.forward(seconds=5)
        await storm.outbox.drain()
    storm.clock.forward(seconds=UPDATE_EVERY.total_seconds())
    await storm.outbox.drain()
    assert await storm.unsent() == Counter()
    assert len([d for d in await storm.deliveries() if d.channel == "telegram"]) == 200
    assert len(storm.chat()) <= 10
    assert len(storm.mailbox.messages) <= 10
    assert storm.chat()[-1].edits == 0, "nobody has it: every update was heard"
    first, *threads = storm.chat()
    assert first.text.count("SC-") == 1
    assert "(200)" in threads[-1].text
    assert all(len(message.text.encode("utf-16-le")) // 2 <= TELEGRAM_TEXT for message in threads)


async def test_whoever_defaces_a_page_every_five_seconds_is_heard_as_often_as_the_cap_allows(
    storm: Storm,
) -> None:
    await storm.portals(range(36))
    heard, mails = [], []
    for number in range(36):
        await storm.attack(number)
        for _ in range(5):
            storm.clock.forward(seconds=1)
            before, posted = len(storm.chat()), len(storm.mailbox.messages)
            await storm.outbox.drain()
            heard += [storm.clock()] * (len(storm.chat()) - before)
            mails += [storm.clock()] * (len(storm.mailbox.messages) - posted)
    digests = MINUTE / DIGEST_EVERY
    for times, most in ((heard, CAP + digests), (mails, CAP + 1)):
        assert max(sum(at <= one < at + MINUTE for one in times) for at in times) <= most
    assert heard[2] - heard[1] <= EDIT_EVERY + timedelta(seconds=5)
    assert mails[2] - mails[1] <= EDIT_EVERY + timedelta(seconds=5)
    soon = [at for at, later in pairwise(mails[2:]) if later - at < MORE_EVERY]
    assert len(soon) <= 1, "a mail more for each; the first digest waits for nothing"
    await storm.pass_by(60)
    assert await storm.unsent() == Counter()


async def test_an_attack_does_not_wait_for_its_turn_behind_pages_that_are_well_again(storm: Storm) -> None:
    numbers = range(12)
    for number in numbers:
        await storm.attack(number, marks=frozenset())
    await storm.pass_by(180)
    assert await storm.unsent() == Counter()
    for number in numbers:
        await storm.attack(number, verdict=CLEAN, marks=frozenset(), mark="a")
        storm.clock.forward(seconds=5)
        await storm.outbox.drain()
    before = len(storm.chat())
    await storm.attack(20, marks=frozenset())
    await storm.outbox.drain()
    told = storm.chat()[before:]
    assert (await storm.codes())[0] in {code for message in told for code in codes_in(message)}
    await storm.pass_by(120)
    assert await storm.unsent() == Counter()


async def test_a_page_that_joins_alone_puts_off_no_flood_that_waits(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    chat, mails = len(storm.chat()), len(storm.mailbox.messages)
    await storm.pass_by(1)
    await storm.attack(3, 4, 5)
    await storm.pass_by(5)
    await storm.attack(6)
    await storm.pass_by(13)
    assert (len(storm.chat()), len(storm.mailbox.messages)) == (chat, mails)
    await storm.pass_by(1)
    assert (len(storm.chat()), len(storm.mailbox.messages)) == (chat + 1, mails + 1)
    assert await storm.unsent() == Counter()
    assert set((await storm.codes())[:4]) <= set(codes_in(storm.chat()[-1]))


async def test_alerts_that_have_nothing_in_common_go_alone_up_to_the_cap_and_then_in_digests(
    storm: Storm,
) -> None:
    await storm.attack(*range(40), marks=frozenset())
    await storm.outbox.drain()
    assert len(storm.chat()) == CAP + 1
    digest = storm.chat()[-1]
    assert digest.text.startswith("🔴 <b>NHIỀU CẢNH BÁO CÙNG LÚC (34)</b>")
    assert await storm.unsent() == Counter()
    await storm.attack(40, marks=frozenset())
    await storm.outbox.drain()
    assert len(storm.chat()) == CAP + 1
    await storm.pass_by(int(DIGEST_EVERY.total_seconds()))
    assert codes_in(storm.chat()[-1]) == (await storm.codes())[:1]
    assert await storm.unsent() == Counter()
    storm.clock.forward(minutes=2)
    await storm.attack(41, marks=frozenset())
    await storm.outbox.drain()
    assert storm.chat()[-1].text.startswith("🔴 <b>NGHI TẤN CÔNG THAY ĐỔI GIAO DIỆN</b>")


async def test_a_digest_that_could_not_be_sent_is_made_again_with_what_came_since(storm: Storm) -> None:
    await storm.attack(*range(CAP), marks=frozenset())
    await storm.outbox.drain()
    storm.api.fail_with(502)
    await storm.attack(10, 11, marks=frozenset())
    await storm.outbox.drain()
    storm.api.work_again()
    await storm.attack(12, marks=frozenset())
    await storm.pass_by(int(DIGEST_EVERY.total_seconds()) + 5)
    told = {code for message in storm.chat()[CAP:] for code in codes_in(message)}
    assert set((await storm.codes())[:3]) <= told
    assert [d for d in await storm.deliveries() if d.channel == "telegram" and d.state is not SENT] == []


async def test_a_message_that_somebody_deleted_is_sent_anew(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    storm.api.sent.remove(storm.chat()[-1])
    await storm.store.incidents.acknowledge(
        (await storm.numbers())[0], by="an", via="test", now=storm.clock()
    )
    storm.clock.forward(seconds=30)
    await storm.attack(3)
    await storm.outbox.drain()
    assert "(3)" in storm.chat()[-1].text
    assert len(storm.chat()) == 2


async def test_who_is_told_of_a_campaign_later_gets_one_alert_in_full_and_the_others_together(
    storm: Storm,
) -> None:
    await storm.attack(*range(30))
    await storm.outbox.drain()
    storm.clock.forward(minutes=10)
    await storm.outbox.drain()
    await storm.pass_by(2)
    lead = [message for message in storm.api.sent if message.chat == 1002]
    assert len(lead) == 2
    assert ", một trong 30 trang: mã lệnh hoặc liên kết từ evil[.]example" in lead[0].text
    assert "(30)" in lead[1].text
    assert "Quá hạn mà chưa ai tiếp nhận" in lead[1].text


async def test_that_a_campaign_was_taken_is_said_once_to_each_and_stops_it(storm: Storm) -> None:
    await storm.attack(*range(20))
    await storm.outbox.drain()
    storm.clock.forward(minutes=10)
    await storm.outbox.drain()
    await storm.pass_by(5)
    before = len(storm.api.sent)
    every = [view.incident.id for view in await storm.store.incidents.list()]
    await storm.store.incidents.acknowledge_all(every, by="an", via="test", now=storm.clock())
    await storm.pass_by(60)
    thread = [message for message in storm.api.sent if message.chat == 1002][-1]
    assert thread.edits
    assert "✋" in thread.text
    assert thread.buttons == []
    assert len(storm.api.sent) == before
    storm.clock.forward(hours=2)
    await storm.outbox.drain()
    assert len(storm.api.sent) == before


async def test_a_channel_that_tells_many_things_at_once_keeps_what_is_about_the_watch_apart(
    storm: Storm,
) -> None:
    await storm.attack(*range(CAP + 5), marks=frozenset())
    await storm.store.alerts.raise_(Draft(AlertKind.BLIND, Urgency.HIGH), now=storm.clock())
    await storm.outbox.drain()
    [blind] = [message for message in storm.chat() if message.text.startswith("⚠️")]
    assert codes_in(blind) == []


async def test_who_took_many_at_once_is_said_in_a_digest_with_all_their_codes(storm: Storm) -> None:
    await storm.attack(*range(15), marks=frozenset())
    await storm.pass_by(120)
    taken = await storm.numbers()
    await storm.attack(*range(20, 28), marks=frozenset())
    await storm.outbox.drain()
    before = len(storm.chat())
    await storm.store.incidents.acknowledge_all(taken, by="binh", via="telegram", now=storm.clock())
    await storm.attack(*range(30, 33), marks=frozenset())  # with which it goes
    await storm.pass_by(int(DIGEST_EVERY.total_seconds()) + 5)
    said = [message for message in storm.chat()[before:] if "✋" in message.text]
    assert len(said) == 1
    assert set(taken) <= named_in(said[0])
    assert "Bình đã tiếp nhận 15 sự cố" in said[0].text
    new = {
        code for line in said[0].text.splitlines() if "🆕" in line for code in re.findall(r"SC-(\d+)", line)
    }
    assert not set(map(int, new)) & set(taken), "that somebody has it is nothing new to see"


async def test_deadlines_of_a_campaign_make_a_sound_and_each_of_them_is_said(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2, 3)
    await storm.outbox.drain()
    await storm.store.incidents.acknowledge_all(await storm.numbers(), by="an", via="test", now=storm.clock())
    await storm.pass_by(30)
    heard = len(storm.chat())
    view = (await storm.store.incidents.list())[0]
    for what in ("restore", "report"):
        facts = {"what": what, "stage": "over", "due": storm.clock().isoformat(), "to": ["an"]}
        draft = Draft(AlertKind.DEADLINE, Urgency.HIGH, facts)
        number = view.incident.id
        await storm.store.alerts.raise_(draft, now=storm.clock(), page=view.page.id, incident=number)
    while await storm.outbox.expand_one():
        pass
    await storm.outbox.drain()
    assert len(storm.chat()) == heard + 1, "heard, and not edited in"
    [line] = [line for line in storm.chat()[-1].text.splitlines() if "⏰" in line]
    assert incident_code(view.incident.id) in line
    assert "Đã quá thời hạn khôi phục" in line
    assert "báo cáo" in line
    assert await storm.unsent() == Counter()


async def test_a_thread_says_when_the_first_of_it_goes_on_whatever_it_tells_anew(storm: Storm) -> None:
    began = storm.clock()
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2, 3)
    await storm.pass_by(30)
    storm.clock.forward(minutes=6)
    await storm.attack(4)
    await storm.pass_by(30)
    due = f"{(began + timedelta(minutes=10)).astimezone(storm.roster.zone):%H:%M:%S}"
    assert f"Hạn tiếp nhận</b>: {due}" in storm.chat()[-1].text
    newest = (await storm.numbers())[0]
    await storm.store.incidents.acknowledge(newest, by="binh", via="test", now=storm.clock())
    await storm.pass_by(10)
    assert storm.chat()[-1].edits
    assert "✋" in storm.chat()[-1].text
    assert f"Hạn tiếp nhận</b>: {due}" in storm.chat()[-1].text


async def test_changes_of_many_pages_alike_are_told_as_such(storm: Storm) -> None:
    await storm.attack(1, 2, 3, verdict=CHANGED)
    await storm.outbox.drain()
    assert storm.chat()[-1].text.startswith("🟠 <b>NHIỀU TRANG THAY ĐỔI GIỐNG NHAU (3)</b>")
    assert storm.mailbox.messages == []
    storm.clock.forward(seconds=1)
    await storm.attack(4)
    await storm.outbox.drain()
    assert storm.chat()[-1].text.startswith("🔴 <b>NGHI TẤN CÔNG THAY ĐỔI GIAO DIỆN</b>"), "its first attack"
    storm.clock.forward(seconds=30)
    await storm.attack(5)
    await storm.outbox.drain()
    assert storm.chat()[-1].text.startswith("🔴 <b>NGHI TẤN CÔNG NHIỀU TRANG (5)</b>")


async def test_a_button_takes_what_its_message_told_of_and_nothing_that_came_since(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    press = parse(storm.chat()[-1].button_data[0])
    assert press is not None
    await storm.attack(*range(3, 40))
    presses = Presses(storm.store, lambda: storm.roster, storm.clock, "Asia/Ho_Chi_Minh")
    answer = await presses.press(press, AN, translator("vi"), shown_at=None)
    assert answer.text == "✋ An đã tiếp nhận 2 sự cố Sau đó có thêm 37 sự cố: xem tin mới nhất."
    states = Counter(view.incident.state for view in await storm.store.incidents.list())
    assert states == {State.ACKNOWLEDGED: 2, State.OPEN: 37}
    assert answer.keyboard is not None
    assert "37" in answer.keyboard.inline_keyboard[0][0].text


async def test_an_older_message_of_a_thread_loses_its_button_when_a_new_one_is_heard(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    storm.clock.forward(seconds=30)
    await storm.attack(3)
    await storm.outbox.drain()
    _, older, newer = storm.chat()
    assert older.buttons == []
    assert newer.button_data


async def test_the_worst_and_the_critical_are_named_first_and_the_rest_by_their_codes(storm: Storm) -> None:
    await storm.attack(*range(CAP), marks=frozenset())
    await storm.outbox.drain()
    await storm.attack(50, marks=frozenset())
    await storm.attack(*range(60, 80), verdict=CHANGED, marks=frozenset())
    await storm.pass_by(int(DIGEST_EVERY.total_seconds()))
    codes = await storm.codes()
    digest = next(message for message in reversed(storm.chat()) if codes[20] in message.text)
    assert codes_in(digest)[0] == codes[20]
    assert f"và 9 sự cố khác: {codes[19]}–{codes[11]}" in digest.text


async def test_a_retry_that_carries_more_has_another_name_and_the_same_retry_the_same(storm: Storm) -> None:
    await storm.attack(*range(CAP), marks=frozenset())
    await storm.outbox.drain()
    storm.clock.forward(minutes=2)
    await storm.attack(*range(10, 12 + CAP), marks=frozenset())
    await storm.outbox.drain()
    names = [str(message["Message-ID"]) for message in storm.mailbox.messages]
    assert len(names) == len(set(names)), names
    digests = [name for name in names if name.startswith("<message-")]
    assert digests


async def test_a_critical_portal_is_heard_at_once_though_somebody_has_the_campaign(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    await storm.store.incidents.acknowledge_all(await storm.numbers(), by="an", via="test", now=storm.clock())
    await storm.pass_by(10)
    before = len(storm.chat())
    page = await registered(storm.store, "province", critical=True)
    await checked(storm.store, page, DEFACED, storm.clock(), marks=EVIL)
    await storm.outbox.drain()
    assert len(storm.chat()) == before + 1
    assert "cổng trọng yếu" in storm.chat()[-1].text


async def test_a_drill_in_a_storm_goes_alone_and_is_called_one(storm: Storm) -> None:
    await storm.attack(*range(CAP), marks=frozenset())
    await storm.outbox.drain()
    page = await storm.store.portals.drill_page("p000", now=storm.clock())
    await checked(storm.store, page.id, DEFACED, storm.clock())
    await storm.attack(20, 21, marks=frozenset())
    await storm.outbox.drain()
    drills = [message for message in storm.chat() if "DIỄN TẬP" in message.text]
    assert len(drills) == 1
    assert len(codes_in(drills[0])) == 1


async def test_markup_that_telegram_refuses_does_not_keep_a_thread_from_getting_through(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    storm.api.fail_with(400, "Bad Request: can't parse entities", method="sendMessage", times=1)
    await storm.attack(2)
    await storm.outbox.drain()
    assert storm.chat()[-1].text.startswith("🔴 NGHI TẤN CÔNG NHIỀU TRANG (2)")
    assert await storm.unsent() == Counter()


async def test_a_campaign_on_a_channel_that_does_not_answer_fails_and_falls_over_together(
    storm: Storm,
) -> None:
    storm.api.fail_with(502)
    await storm.attack(*range(40), verdict=CHANGED)
    for _ in range(6):
        await storm.outbox.drain()
        storm.clock.forward(seconds=20)
    await storm.pass_by(5)
    told = {code for mail in storm.mailbox.messages for code in re.findall(r"SC-\d+", mail_text(mail))}
    assert len(storm.mailbox.messages) <= 4
    assert len(storm.api.calls) <= 12
    assert told
    sent = [d for d in await storm.deliveries() if d.channel == "email" and d.state is SENT]
    assert len(sent) == 40


async def test_a_change_that_is_gone_wakes_nobody_in_the_quiet_hours_and_is_told_so_in_the_morning(
    storm: Storm,
) -> None:
    now = storm.clock().astimezone(storm.roster.zone)
    storm.roster = replace(storm.roster, quiet=Quiet(now.time(), (now + timedelta(hours=2)).time()))
    await storm.attack(1, verdict=CHANGED, marks=frozenset())
    storm.clock.forward(minutes=10)
    page = (await storm.store.portals.all())[0].pages[0].id
    outcome = await checked(storm.store, page, CLEAN, storm.clock())
    assert [draft.kind for draft in outcome.alerts] == [AlertKind.CALMED]
    await storm.outbox.drain()
    assert storm.chat() == []
    storm.clock.forward(hours=2)
    await storm.outbox.drain()
    assert "Hiện trang đã trở lại như mốc chuẩn" in storm.chat()[0].text


async def test_what_was_resolved_in_the_quiet_hours_is_not_told_any_more(storm: Storm) -> None:
    now = storm.clock().astimezone(storm.roster.zone)
    storm.roster = replace(storm.roster, quiet=Quiet(now.time(), (now + timedelta(hours=2)).time()))
    await storm.attack(1, verdict=CHANGED, marks=frozenset())
    [number] = await storm.numbers()
    await storm.store.incidents.resolve(
        number, as_=Resolution.FALSE_ALARM, by="binh", now=storm.clock(), via="test"
    )
    await storm.outbox.drain()
    storm.clock.forward(hours=3)
    await storm.outbox.drain()
    assert storm.chat() == []


async def test_a_message_whose_sender_died_does_not_hold_up_the_campaign_for_its_lease(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.expand_one()
    for channel in storm.channels:
        claimed = await storm.store.messages.claim(channel, editable=True, now=storm.clock())
        assert claimed is not None, "and its sender is killed"
    await storm.attack(3)
    await storm.outbox.drain()
    assert len(storm.chat()) == 1, "as good as under way"
    await storm.pass_by(21)
    newest = (await storm.codes())[0]
    assert [newest in message.text for message in storm.chat()] == [False, True]
    await storm.pass_by(70)
    assert await storm.unsent() == {}
    assert len(storm.mailbox.messages) == 3


async def test_what_waits_for_a_message_under_way_is_looked_at_again_soon(storm: Storm) -> None:
    await storm.attack(10, 11, marks=OTHER)
    await storm.outbox.drain()
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.pass_by(1)
    await storm.attack(12, 13, 14, marks=OTHER)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.expand_one()
    assert await storm.store.messages.claim("telegram", editable=True, now=storm.clock()) is not None
    await storm.attack(3)
    await storm.outbox.drain()
    waiting = [d for d in await storm.deliveries() if (d.channel, d.state) == ("telegram", PENDING)]
    assert [d.next_at for d in waiting] == [storm.clock() + UNDER_WAY] * 4


async def test_what_a_sender_died_with_is_not_on_its_way_when_it_has_to_wait_once_more(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    storm.clock.forward(minutes=2)
    await storm.attack(2)
    await storm.outbox.expand_one()
    dead = await storm.store.messages.claim("telegram", editable=True, now=storm.clock())
    assert dead is not None, "and its sender is killed"
    storm.clock.forward(seconds=LEASE.total_seconds() - 1)
    await storm.attack(*range(10, 10 + CAP + 1), marks=frozenset())
    await storm.outbox.drain()
    storm.clock.forward(seconds=2)
    await storm.outbox.drain()
    [waiting] = [d for d in await storm.deliveries() if d.id == dead.deliveries[0].id]
    assert waiting.state is PENDING, "so many were heard within the minute"
    await storm.pass_by(int(DIGEST_EVERY.total_seconds()))
    assert await storm.unsent() == Counter()


async def test_what_waits_for_its_time_is_not_looked_at_before(storm: Storm) -> None:
    await storm.attack(1)
    await storm.outbox.drain()
    await storm.attack(2)
    await storm.outbox.drain()
    heard = storm.clock()
    await storm.pass_by(1)
    await storm.attack(3, 4, 5)
    await storm.outbox.drain()
    waiting = [d.next_at for d in await storm.deliveries() if d.state is PENDING]
    assert waiting == [heard + DIGEST_EVERY] * 6, "three on each channel"
