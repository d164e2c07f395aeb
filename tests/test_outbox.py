"""The outbox over a real store, with real channels to servers on loopback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import time, timedelta

import pytest
import structlog
from prometheus_client import REGISTRY

from defacewatch.alerts import (
    FAIL_OVER_AFTER,
    LEASE,
    TELL_AGAIN_AFTER,
    AlertKind,
    Delivery,
    DeliveryError,
    DeliveryState,
    Draft,
    Notice,
)
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.gathering import Channel, Gathered
from defacewatch.incidents import Event
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.outbox import SENDERS, Outbox
from defacewatch.portals import Urgency
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Duty, Officer, Quiet, Roster, Step
from defacewatch.shifts import Shift
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import CHANGED, DEFACED, checked, registered

AN = Officer("an", "An", telegram_user=1001, email="an@example.gov.vn")
BINH = Officer("binh", "Bình", role=Duty.SHIFT_LEAD, telegram_user=1002, email="binh@example.gov.vn")
CUC = Officer("cuc", "Cúc", role=Duty.LEADERSHIP, email="cuc@example.gov.vn")
ROSTER = Roster(
    (AN, BINH, CUC),
    (Shift(("an",), time(0), time(0), days=frozenset(range(7))),),
    (
        Step(timedelta(0), "on_duty"),
        Step(timedelta(minutes=10), "shift_lead"),
        Step(timedelta(minutes=30), "leadership"),
    ),
)


class Desk:
    """An outbox with its channels and servers."""

    def __init__(self, store: Store, clock: Clock, mailbox: Mailbox, api: BotApi) -> None:
        self.store, self.clock, self.mailbox, self.api = store, clock, mailbox, api
        self.roster = ROSTER
        telegram = TelegramChannel(api.token, api_url=api.url, proxy=None)
        mail = EmailChannel(
            host="127.0.0.1",
            port=mailbox.port,
            security="none",
            user=None,
            password=None,
            sender="defacewatch@example.gov.vn",
        )
        self.channels: dict[str, Channel] = {"telegram": telegram, "email": mail}
        self.outbox = self.another()

    def another(self) -> Outbox:
        return Outbox(
            self.store,
            self.channels,
            lambda: self.roster,
            clock=self.clock,
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            public_url="https://watch.example.gov.vn",
        )

    async def told(self) -> list[tuple[str, str | None, DeliveryState]]:
        """Who was told how, in order."""
        return [(d.channel, d.officer, d.state) for d in await self.deliveries()]

    async def deliveries(self) -> Sequence[Delivery]:
        return await self.store.alerts.deliveries()


@pytest.fixture
async def desk(store: Store, clock: Clock) -> AsyncIterator[Desk]:
    async with Mailbox() as mailbox, BotApi() as api:
        made = Desk(store, clock, mailbox, api)
        yield made
        for channel in made.channels.values():
            await channel.close()


SENT, PENDING, FAILED = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.FAILED


async def test_an_attack_is_told_on_all_channels_of_the_officer_on_duty(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock(), mark="b")
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT), ("email", "an", SENT)]
    assert all(delivery.receipt for delivery in await desk.deliveries())
    assert len(desk.mailbox.messages) == 1
    assert desk.api.sent[0].chat == 1001
    assert desk.api.sent[0].button_data


async def test_an_attack_says_until_when_the_page_is_to_be_restored_and_a_change_does_not(
    desk: Desk,
) -> None:
    page = await registered(desk.store)
    await checked(desk.store, page, CHANGED, desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(hours=3)
    await checked(desk.store, page, DEFACED, desk.clock())
    await desk.outbox.drain()
    change, attack = (message for message in desk.api.sent if message.chat == AN.telegram_user)
    due = (desk.clock() + timedelta(hours=24)).astimezone(ROSTER.zone)
    assert f"Hạn khôi phục: {due:%H:%M:%S %d/%m/%Y}" in attack.text
    assert "Hạn khôi phục" not in change.text


async def test_a_change_is_told_on_the_first_channel(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT)]


async def test_a_change_fails_over_to_the_next_channel_and_telegram_is_tried_on(desk: Desk) -> None:
    desk.api.fail_with(502)
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", PENDING)]
    desk.clock.forward(seconds=5)
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", PENDING), ("email", "an", SENT)]


async def test_a_permanent_failure_fails_over_at_once(desk: Desk) -> None:
    desk.api.users = {1002}
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", FAILED), ("email", "an", SENT)]


async def test_when_no_channel_of_an_officer_works_the_next_officer_is_told(desk: Desk) -> None:
    desk.api.users = {1002}
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [
        ("telegram", "an", FAILED),
        ("email", "an", FAILED),
        ("telegram", "binh", SENT),
    ]


async def test_a_dead_mail_server_does_not_hold_up_telegram(desk: Desk) -> None:
    await desk.mailbox.stop()
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT), ("email", "an", PENDING)]
    await desk.mailbox.start()


async def test_telegrams_wish_to_wait_is_honoured(desk: Desk) -> None:
    desk.api.fail_with(429, retry_after=90)
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    (delivery,) = await desk.deliveries()
    assert delivery.next_at == desk.clock() + timedelta(seconds=90)
    desk.api.work_again()
    desk.clock.forward(seconds=89)
    await desk.outbox.drain()
    assert not desk.api.sent
    desk.clock.forward(seconds=1)
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT)]


async def test_an_alert_climbs_until_it_is_acknowledged(desk: Desk) -> None:
    page = await registered(desk.store)
    await checked(desk.store, page, DEFACED, desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(minutes=10)
    await desk.outbox.drain()
    assert ("email", "binh", SENT) in await desk.told()
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="binh", via="test", now=desk.clock())
    desk.clock.forward(minutes=60)
    await desk.outbox.drain()
    assert not any(officer == "cuc" for _, officer, _ in await desk.told())


async def test_an_attack_that_nobody_takes_is_told_again_and_again_until_somebody_does(desk: Desk) -> None:
    again = replace(ROSTER.escalation[-1], every=timedelta(minutes=20))
    desk.roster = replace(ROSTER, escalation=(*ROSTER.escalation[:-1], again))
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    told: list[int] = []
    for _ in range(9):
        await desk.outbox.drain()
        told.append(sum(officer == "cuc" for _, officer, _ in await desk.told()))
        desk.clock.forward(minutes=10)
    assert told == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="cuc", via="test", now=desk.clock())
    desk.clock.forward(hours=3)
    await desk.outbox.drain()
    assert sum(officer == "cuc" for _, officer, _ in await desk.told()) == 3


async def test_a_change_that_somebody_took_and_becomes_an_attack_climbs_until_somebody_takes_it(
    desk: Desk,
) -> None:
    page = await registered(desk.store)
    await checked(desk.store, page, CHANGED, desk.clock())
    await desk.outbox.drain()
    (view,) = await desk.store.incidents.list()
    number = view.incident.id
    desk.clock.forward(minutes=2)
    await desk.store.incidents.acknowledge(number, by="an", via="test", now=desk.clock())
    desk.clock.forward(hours=30)
    heard = len(await desk.deliveries())
    await checked(desk.store, page, DEFACED, desk.clock())
    for _ in range(4):
        await desk.outbox.drain()
        desk.clock.forward(minutes=10)
    told = (await desk.deliveries())[heard:]
    assert {d.officer for d in told} == {"an", "binh", "cuc"}
    assert len({d.alert for d in told}) == 1, "who took the change has taken that"
    attack = desk.api.sent[1]
    assert "An đã tiếp nhận khi chưa phải là tấn công" in attack.text
    assert "Đã được" not in attack.text
    assert attack.button_data
    assert [entry.event for entry in await desk.store.incidents.timeline(number)][:3] == [
        Event.OPENED,
        Event.ACKNOWLEDGED,
        Event.WORSENED,
    ]
    await desk.store.incidents.acknowledge(number, by="binh", via="test", now=desk.clock())
    desk.clock.forward(hours=2)
    await desk.outbox.drain()
    steps = [d.step for d in await desk.deliveries() if d.officer == "cuc"]
    assert steps == [2, 0], "it goes no further, and who took it is told"


async def test_what_comes_again_and_again_comes_once_after_a_stop(desk: Desk) -> None:
    every = timedelta(minutes=30)
    again = replace(ROSTER.escalation[-1], every=every)
    desk.roster = replace(ROSTER, escalation=(*ROSTER.escalation[:-1], again))
    began = desk.clock()
    await checked(desk.store, await registered(desk.store), DEFACED, began)
    await desk.outbox.drain()
    desk.clock.forward(hours=10, minutes=7)
    await desk.another().drain()
    told = [d for d in await desk.deliveries() if d.officer == "cuc"]
    assert [d.state for d in told] == [SENT]
    due = began + timedelta(hours=10, minutes=30)
    [alert] = {d.alert for d in told}
    assert (await desk.store.alerts.facts(alert)).alert.next_step_at == due
    body = desk.mailbox.messages[-1].get_body(("plain",))
    assert body is not None
    assert f"Hạn tiếp nhận: {due.astimezone(ROSTER.zone):%H:%M:%S}" in body.get_content()
    for minutes, count in ((22, 1), (1, 2), (29, 2), (1, 3)):
        desk.clock.forward(minutes=minutes)
        await desk.outbox.drain()
        assert sum(d.officer == "cuc" for d in await desk.deliveries()) == count


@pytest.mark.parametrize(
    ("without", "cuc_after"), [((1,), 30), ((0, 1), 30), ((2,), None)], ids=["lead", "first", "leadership"]
)
async def test_a_step_that_is_taken_out_on_the_way_makes_none_of_the_others_be_left_out(
    desk: Desk, without: tuple[int, ...], cuc_after: int | None
) -> None:
    began = desk.clock()
    await checked(desk.store, await registered(desk.store), DEFACED, began)
    await desk.outbox.drain()
    desk.clock.forward(minutes=11)
    await desk.outbox.drain()
    left = tuple(step for number, step in enumerate(ROSTER.escalation) if number not in without)
    desk.roster = replace(ROSTER, escalation=left)
    for _ in range(12):
        desk.clock.forward(minutes=5)
        await desk.outbox.drain()
    told = [d.created_at - began for d in await desk.deliveries() if d.officer == "cuc"]
    assert len(told) == (0 if cuc_after is None else 1)
    assert all(timedelta(minutes=30) <= after <= timedelta(minutes=35) for after in told)


async def test_a_step_that_is_put_off_before_it_was_due_waits(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    late = replace(ROSTER.escalation[1], after=timedelta(minutes=20))
    desk.roster = replace(ROSTER, escalation=(ROSTER.escalation[0], late, ROSTER.escalation[2]))
    for minutes, heard in ((10, False), (9, False), (1, True)):
        desk.clock.forward(minutes=minutes)
        await desk.outbox.drain()
        assert any(d.officer == "binh" for d in await desk.deliveries()) is heard


async def test_a_change_in_the_quiet_hours_is_told_when_they_end_and_climbs_from_then(desk: Desk) -> None:
    now = desk.clock().astimezone(ROSTER.zone)
    ends = now + timedelta(minutes=90)
    desk.roster = replace(ROSTER, quiet=Quiet(now.time(), ends.time()))
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    waited = REGISTRY.get_sample_value("defacewatch_time_to_alert_seconds_sum") or 0.0
    await desk.outbox.drain()
    desk.clock.forward(minutes=89)
    await desk.outbox.drain()
    assert await desk.told() == []
    desk.clock.forward(minutes=1)
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT)]
    assert (REGISTRY.get_sample_value("defacewatch_time_to_alert_seconds_sum") or 0.0) - waited < 60
    assert f"<b>Hạn tiếp nhận</b>: {ends + timedelta(minutes=10):%H:%M:%S}" in desk.api.sent[0].text
    desk.clock.forward(minutes=9)
    await desk.outbox.drain()
    assert len(await desk.told()) == 1
    desk.clock.forward(minutes=1)
    await desk.outbox.drain()
    assert ("telegram", "binh", SENT) in await desk.told()


async def test_an_attack_in_the_quiet_hours_is_told_at_once(desk: Desk) -> None:
    now = desk.clock().astimezone(ROSTER.zone)
    desk.roster = replace(ROSTER, quiet=Quiet(now.time(), (now + timedelta(hours=8)).time()))
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT), ("email", "an", SENT)]


async def test_each_kind_climbs_by_its_own_steps(desk: Desk) -> None:
    steps = (
        Step(timedelta(0), "on_duty"),
        Step(timedelta(minutes=2), "leadership", kinds=frozenset({"defaced"})),
        Step(timedelta(minutes=40), "leadership", kinds=frozenset({"changed"})),
    )
    desk.roster = replace(ROSTER, escalation=steps)
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(minutes=39)
    await desk.outbox.drain()
    assert not any(officer == "cuc" for _, officer, _ in await desk.told())
    assert "quá hạn chuyển lãnh đạo" in desk.api.sent[0].text
    desk.clock.forward(minutes=1)
    await desk.outbox.drain()
    assert any(officer == "cuc" for _, officer, _ in await desk.told())


async def test_in_a_raised_watch_a_change_may_be_told_like_an_attack_and_climbs_more_quickly(
    desk: Desk,
) -> None:
    today = desk.clock().date()
    watch = RaisedWatch("2/9", today, today + timedelta(days=1), hasten=5.0, urgent_changes=True)
    desk.roster = replace(ROSTER, raised_watch=(watch,))
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT), ("email", "an", SENT)]
    desk.clock.forward(minutes=2)
    await desk.outbox.drain()
    assert (await desk.told())[2:] == [("telegram", "binh", SENT), ("email", "binh", SENT)]


async def test_a_channel_that_is_down_is_told_of_on_the_others_alone(desk: Desk) -> None:
    facts = {"channel": "telegram", "error": "connection refused"}
    draft = Draft(AlertKind.CHANNEL_DOWN, Urgency.HIGH, facts)
    await desk.store.alerts.raise_(draft, now=desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("email", "an", SENT)]
    body = desk.mailbox.messages[0].get_body(("plain",))
    assert body is not None
    assert "Kênh: telegram" in body.get_content()


async def test_everybody_who_was_told_learns_who_took_it_but_who_did(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(minutes=10)
    await desk.outbox.drain()
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="binh", via="test", now=desk.clock())
    before = len(await desk.told())
    await desk.outbox.drain()
    assert (await desk.told())[before:] == [("telegram", "an", SENT)]
    said = desk.api.sent[-1]
    assert said.chat == 1001
    assert "Bình đã tiếp nhận" in said.text
    assert not said.button_data


async def test_who_took_it_is_told_to_nobody_else_when_that_fails(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="binh", via="test", now=desk.clock())
    desk.api.users = {1002}
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    before = len(await desk.told())
    await desk.outbox.drain()
    assert (await desk.told())[before:] == [("telegram", "an", FAILED), ("email", "an", FAILED)]
    desk.clock.forward(minutes=60)
    await desk.outbox.drain()
    assert len(await desk.told()) == before + 2


async def test_what_is_addressed_by_name_falls_to_nobody_else(desk: Desk) -> None:
    desk.api.users = {1002}
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    draft = Draft(AlertKind.HANDOVER, Urgency.HIGH, {"handover": 1, "to": ["an", "gone"]})
    await desk.store.alerts.raise_(draft, now=desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", FAILED), ("email", "an", FAILED)]


async def test_where_nobody_else_was_told_nobody_is_told_who_took_it(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="an", via="test", now=desk.clock())
    before = len(await desk.told())
    await desk.outbox.drain()
    assert len(await desk.told()) == before


async def test_a_mail_has_the_link_to_take_the_incident_while_it_is_open(desk: Desk) -> None:
    desk.outbox.notices = replace(
        desk.outbox.notices, take_url=lambda delivery: f"https://watch.example.gov.vn/take/{delivery.id}"
    )
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    (mail,) = desk.mailbox.messages
    number = next(d.id for d in await desk.deliveries() if d.channel == "email")
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"Tiếp nhận sự cố: https://watch.example.gov.vn/take/{number}" in body.get_content()
    page = mail.get_body(("html",))
    assert page is not None
    assert f'href="https://watch.example.gov.vn/take/{number}"' in page.get_content()


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_waits_does_not_wait_for_longer_when_the_clock_is_set_back(
    desk: Desk, restarted: bool
) -> None:
    desk.clock.forward(hours=7)  # a clock of the host that keeps local time, before it is set by the network
    await desk.outbox.drain()
    desk.api.fail_with(502)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", PENDING), ("email", "an", SENT)]
    desk.api.work_again()
    desk.clock.forward(hours=-7, seconds=1)
    outbox = desk.another() if restarted else desk.outbox
    await outbox.drain()
    desk.clock.forward(seconds=5)
    await outbox.drain()
    assert await desk.told() == [("telegram", "an", SENT), ("email", "an", SENT)]
    for minutes, officer, channel in ((10, "binh", "telegram"), (20, "cuc", "email")):
        assert officer not in {one.officer for one in await desk.deliveries()}
        desk.clock.forward(minutes=minutes)
        await (desk.another() if restarted else outbox).drain()
        told = await desk.told()
        assert (channel, officer, SENT) in told, "it goes on when nobody takes it, and no sooner"


async def test_turns_that_fail_are_told_of_until_one_has_done_something(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    again, went, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def failed(loop: str, error: Exception) -> None:
        told.append((loop, str(error)))
        if len(told) >= 3:
            again.set()

    async def fails() -> bool:
        raise ValueError("ours")

    outbox = desk.outbox
    outbox.idle, outbox.failed, outbox.went = 0.01, failed, lambda loop: went.set()
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    async with asyncio.TaskGroup() as group:
        with monkeypatch.context() as broken:
            broken.setattr(outbox, "expand_one", fails)
            running = group.create_task(outbox.run(stop))
            await again.wait()
            assert set(told) == {("outbox", "ours")}
            assert not went.is_set(), "of the senders each has nothing to do, which says nothing of the other"
        await went.wait()
        await desk.api.wait_for(lambda message: bool(message.buttons))
        stop.set()
        await running


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("minutes", [4, 15, 25])
async def test_steps_keep_their_distance_when_the_clock_is_set_back_by_minutes(
    desk: Desk, minutes: int, restarted: bool
) -> None:
    await desk.outbox.drain()
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(minutes=1)
    await desk.outbox.drain()
    desk.clock.forward(minutes=-minutes)
    reached: dict[str, int] = {}
    outbox = desk.outbox
    for passed in range(1, 40):
        if restarted:
            outbox = desk.another()
            outbox.turned_at = desk.clock() + timedelta(minutes=minutes) if passed == 1 else None
        await outbox.drain()
        for officer in {one.officer for one in await desk.deliveries()}:
            reached.setdefault(str(officer), passed)
        desk.clock.forward(minutes=1)
    assert reached == {"an": 1, "binh": 10, "cuc": 30}


async def test_a_clock_that_trembles_changes_nothing(desk: Desk) -> None:
    desk.api.fail_with(502)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    waits = await desk.deliveries()
    desk.clock.forward(seconds=-1)
    await desk.outbox.drain()
    assert await desk.deliveries() == waits


async def test_an_alert_that_nobody_takes_reaches_the_leadership(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    for _ in range(3):
        await desk.outbox.drain()
        desk.clock.forward(minutes=30)
    assert ("email", "cuc", SENT) in await desk.told()


async def test_a_gap_in_the_roster_tells_the_shift_lead(desk: Desk) -> None:
    desk.roster = replace(ROSTER, shifts=())
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "binh", SENT), ("email", "binh", SENT)]


async def test_an_officer_whom_no_channel_reaches_is_stood_in_for(desk: Desk) -> None:
    mute = replace(AN, telegram_user=None, email=None)
    desk.roster = replace(ROSTER, officers=(mute, BINH, CUC))
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "binh", SENT)]


async def test_an_alert_that_nobody_can_be_told_of_waits_for_somebody(desk: Desk) -> None:
    desk.roster = Roster(escalation=ROSTER.escalation)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    assert await desk.told() == []
    desk.roster = ROSTER
    desk.clock.forward(seconds=30)
    await desk.outbox.drain()
    assert ("telegram", "an", SENT) in await desk.told()


async def test_what_a_dead_process_claimed_is_sent_after_its_lease(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    assert await desk.store.alerts.claim(desk.clock()) is not None
    await desk.another().drain()
    assert not desk.api.sent
    desk.clock.forward(seconds=LEASE.total_seconds())
    await desk.another().drain()
    assert await desk.told() == [("telegram", "an", SENT)]


async def test_a_delivery_that_was_being_sent_when_the_process_died_is_sent_again(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.expand_one()
    assert await desk.store.alerts.claim_delivery("telegram", now=desk.clock()) is not None
    desk.clock.forward(seconds=LEASE.total_seconds())
    await desk.another().drain()
    assert await desk.told() == [("telegram", "an", SENT)]


class Poisonous:
    """A channel that breaks on one alert, in a way that no channel should."""

    name = "telegram"
    editable = True

    def __init__(self, poison: int) -> None:
        self.poison, self.sent = poison, 0

    async def send(self, notice: Notice) -> str:
        if notice.alert.id == self.poison:
            raise RuntimeError("a message that cannot be made")
        self.sent += 1
        return "ok"

    async def send_gathered(self, gathered: Gathered) -> str:
        raise AssertionError("nothing is gathered")

    async def reachable(self) -> str:
        return "ok"

    async def close(self) -> None:
        return None


async def test_one_bad_message_never_stops_the_queue(desk: Desk) -> None:
    poison, _ = [
        await desk.store.alerts.raise_(Draft(AlertKind.TEST, Urgency.NORMAL, officer="an"), now=desk.clock())
        for _ in range(2)
    ]
    broken = Poisonous(poison)
    desk.channels["telegram"] = broken
    outbox = desk.another()
    await outbox.drain()
    assert broken.sent == 1
    state = {d.alert: d for d in await desk.deliveries() if d.channel == "telegram"}[poison]
    assert (state.state, state.attempts) == (PENDING, 1)
    assert state.error is not None
    assert "cannot be made" in state.error


async def test_an_alert_is_told_when_all_channels_work_again_after_more_than_a_day(desk: Desk) -> None:
    desk.api.fail_with(502)
    desk.mailbox.reject("451 4.3.0 try later", at="RCPT")
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    for _ in range(26):
        await desk.outbox.drain()
        desk.clock.forward(hours=1)
    assert {state for _, _, state in await desk.told()} <= {PENDING, FAILED}
    desk.api.work_again()
    desk.mailbox.accept()
    await desk.outbox.drain()
    desk.clock.forward(seconds=TELL_AGAIN_AFTER.total_seconds())
    await desk.outbox.drain()
    assert {(officer, state) for _, officer, state in await desk.told()} == {
        ("an", SENT),
        ("binh", SENT),
        ("cuc", SENT),
    }


async def test_an_alert_that_every_channel_refuses_comes_back_until_somebody_hears_of_it(desk: Desk) -> None:
    desk.api.users = set()
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    again = TELL_AGAIN_AFTER.total_seconds()
    for _ in range(6):
        await desk.outbox.drain()
        desk.clock.forward(seconds=again)
    refused = await desk.told()
    assert {state for _, _, state in refused} == {FAILED}
    desk.mailbox.accept()
    await desk.outbox.drain()
    assert len(await desk.told()) == len(refused), "the rows start over"
    assert ("email", "an", SENT) in await desk.told()
    heard = len(desk.mailbox.messages)
    desk.clock.forward(seconds=again)
    await desk.outbox.drain()
    assert len(desk.mailbox.messages) == heard


async def test_a_refused_alert_is_told_to_whoever_joined_the_roster_meanwhile(desk: Desk) -> None:
    desk.api.users = {1002}
    desk.roster = replace(ROSTER, officers=(replace(AN, email=None),))
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    for _ in range(4):
        await desk.outbox.drain()
        desk.clock.forward(seconds=TELL_AGAIN_AFTER.total_seconds())
    desk.roster = replace(ROSTER, officers=(BINH,))
    await desk.outbox.drain()
    assert ("telegram", "binh", SENT) in await desk.told()


async def test_a_refused_alert_comes_back_no_more_once_it_is_acknowledged(desk: Desk) -> None:
    desk.api.users = set()
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    await desk.outbox.drain()
    (view,) = await desk.store.incidents.list()
    await desk.store.incidents.acknowledge(view.incident.id, by="binh", via="test", now=desk.clock())
    desk.mailbox.accept()
    desk.clock.forward(hours=1)
    await desk.outbox.drain()
    assert not desk.mailbox.messages


async def test_nobody_is_asked_twice_however_often_a_channel_fails(desk: Desk) -> None:
    desk.api.fail_with(502)
    desk.mailbox.reject("550 5.1.1 no such user", at="RCPT")
    dung = Officer("dung", "Dũng", email="dung@example.gov.vn")
    desk.roster = replace(ROSTER, officers=(AN, BINH, CUC, dung), escalation=ROSTER.escalation[:1])
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    for _ in range(2):
        await desk.outbox.drain()
        desk.clock.forward(seconds=15)
    desk.mailbox.accept()
    asked = [("telegram", "an"), ("email", "an"), ("telegram", "binh")]
    assert [(channel, officer) for channel, officer, _ in await desk.told()] == asked
    for _ in range(4):
        await desk.outbox.drain()
        desk.clock.forward(minutes=10)
    assert [(channel, officer) for channel, officer, _ in await desk.told()] == [*asked, ("email", "binh")]


async def test_an_attempt_that_a_crash_swallowed_does_not_swallow_the_fail_over(desk: Desk) -> None:
    desk.api.fail_with(502)
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.expand_one()
    for _ in range(FAIL_OVER_AFTER):
        assert await desk.store.alerts.claim_delivery("telegram", now=desk.clock()) is not None
        desk.clock.forward(seconds=LEASE.total_seconds())
    await desk.another().drain()
    assert await desk.told() == [("telegram", "an", PENDING), ("email", "an", SENT)]


async def test_what_waits_on_a_channel_that_is_gone_fails_over_when_the_outbox_starts(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.expand_one()
    telegram = desk.channels.pop("telegram")
    stop = asyncio.Event()
    running = asyncio.create_task(desk.another().run(stop))
    await desk.mailbox.wait_for(lambda message: True)
    stop.set()
    async with asyncio.timeout(5):
        await running
    assert await desk.told() == [("telegram", "an", FAILED), ("email", "an", SENT)]
    await telegram.close()


async def test_what_waits_for_an_officer_who_left_the_roster_goes_to_those_who_stand_in(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    await desk.outbox.expand_one()
    desk.roster = replace(ROSTER, officers=(BINH, CUC))
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "an", FAILED), ("telegram", "binh", SENT)]


async def test_a_test_goes_to_the_one_officer_it_names_and_climbs_no_further(desk: Desk) -> None:
    await desk.store.alerts.raise_(Draft(AlertKind.TEST, Urgency.HIGH, officer="binh"), now=desk.clock())
    await desk.outbox.drain()
    desk.clock.forward(hours=1)
    await desk.outbox.drain()
    assert await desk.told() == [("telegram", "binh", SENT), ("email", "binh", SENT)]


async def test_the_loops_send_what_is_recorded_and_stop_when_told(desk: Desk) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(desk.outbox.run(stop))
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock())
    desk.outbox.wake()
    await desk.api.wait_for(lambda message: bool(message.buttons))
    await desk.mailbox.wait_for(lambda message: True)
    stop.set()
    async with asyncio.timeout(5):
        await running


class Slow(Poisonous):
    """A channel that holds every message until all that it is given are there."""

    def __init__(self, until: int) -> None:
        super().__init__(poison=0)
        self.until, self.all = until, asyncio.Event()

    async def send(self, notice: Notice) -> str:
        self.sent += 1
        if self.sent == self.until:
            self.all.set()
        await self.all.wait()
        return "ok"


async def test_several_messages_are_on_the_way_at_once_though_one_sender_alone_looks_often(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.outbox.RESERVE", 3600.0)
    for _ in range(SENDERS):
        await desk.store.alerts.raise_(Draft(AlertKind.TEST, Urgency.NORMAL, officer="an"), now=desk.clock())
        await desk.outbox.expand_one()
    desk.clock.forward(minutes=-1)  # they are due in a minute: nobody is called then
    desk.channels["telegram"] = slow = Slow(until=SENDERS)
    stop, outbox = asyncio.Event(), desk.another()
    outbox.turned_at = desk.clock()  # or it would take the clock for one that was set back
    running = asyncio.create_task(outbox.run(stop))
    async with asyncio.timeout(30):
        while not outbox.looking >= {"outbox", "send:telegram", "send:email"}:  # noqa: ASYNC110 - they look
            await asyncio.sleep(0.01)
        assert slow.sent == 0
        desk.clock.forward(minutes=1)
        await slow.all.wait()
    stop.set()
    await asyncio.wait_for(running, 30)


async def test_errors_of_a_channel_are_kept_with_the_delivery(desk: Desk) -> None:
    desk.api.fail_with(502)
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    for _ in range(FAIL_OVER_AFTER):
        await desk.outbox.drain()
        desk.clock.forward(seconds=15)
    first, *_ = await desk.deliveries()
    assert first.attempts == FAIL_OVER_AFTER
    assert first.error
    with pytest.raises(DeliveryError):
        await desk.channels["telegram"].reachable()


async def test_that_the_only_channel_is_away_can_be_told_to_nobody_and_is_not_tried_for_ever(
    desk: Desk,
) -> None:
    desk.channels = {"email": desk.channels["email"]}
    desk.outbox = desk.another()
    down = Draft(AlertKind.CHANNEL_DOWN, Urgency.HIGH, {"channel": "email", "error": "refused"})
    number = await desk.store.alerts.raise_(down, now=desk.clock())
    with structlog.testing.capture_logs() as said:
        await desk.outbox.drain()
    assert {"event": "the only channel does not answer", "log_level": "error"}.items() <= said[0].items()
    desk.clock.forward(hours=1)
    assert not await desk.outbox.expand_one()
    assert (await desk.store.alerts.facts(number)).alert.step == 1
