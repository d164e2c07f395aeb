"""An SMS gateway as a channel of officers: told at once of attacks, failed over to, failed over from."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import time, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from defacewatch.alerts import AlertKind, DeliveryState, Draft
from defacewatch.demo.mailbox import Mailbox
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.gateway import GatewayChannel, Request, Success
from defacewatch.outbox import Outbox
from defacewatch.portals import Urgency
from defacewatch.roster import Duty, Officer, Roster, Step
from defacewatch.shifts import Shift
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import CHANGED, DEFACED, checked, registered

SENT, FAILED, PENDING = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.PENDING
GATEWAY = "gateway:sms"
AN = Officer("an", "An", email="an@example.gov.vn", phone="0900 000 001", gateways=(GATEWAY,))
BINH = Officer("binh", "Bình", Duty.SHIFT_LEAD, phone="0900 000 002", gateways=(GATEWAY,))
ROSTER = Roster(
    (AN, BINH),
    (Shift(("an",), time(0), time(0), days=frozenset(range(7))),),
    (Step(timedelta(0), "on_duty"), Step(timedelta(minutes=10), "shift_lead")),
)


@dataclass
class Sms:
    codes: dict[str, str] = field(default_factory=dict)  # by number; "100" otherwise
    posted: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.posted.append(json.loads(await request.text()))
        code = self.codes.get(self.posted[-1]["to"], "100")
        return web.json_response({"code": code, "id": f"sms-{len(self.posted)}"})


class Desk:
    def __init__(self, store: Store, clock: Clock, mailbox: Mailbox, sms: Sms, url: str) -> None:
        self.store, self.clock, self.mailbox, self.sms = store, clock, mailbox, sms
        success = Success("/code", frozenset({"100"}), frozenset({"102"}))
        body = '{"to": {{ phone|tojson }}, "text": {{ (subject|sms(60) ~ " " ~ take_url)|tojson }}}'
        request = Request(url, body, success=success, receipt="/id")
        mail = EmailChannel(host="127.0.0.1", port=mailbox.port, sender="defacewatch@example.gov.vn")
        self.gateway = GatewayChannel("sms", request, secrets={})
        self.outbox = Outbox(
            store,
            {"email": mail, GATEWAY: self.gateway},
            lambda: ROSTER,
            clock=clock,
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            public_url="https://watch.example.gov.vn",
            take_url=lambda delivery: f"https://watch.example.gov.vn/take/{delivery.id}",
        )

    async def told(self) -> list[tuple[str, str | None, DeliveryState]]:
        return [(d.channel, d.officer, d.state) for d in await self.store.alerts.deliveries()]


@pytest.fixture
async def desk(store: Store, clock: Clock) -> AsyncIterator[Desk]:
    sms = Sms()
    app = web.Application()
    app.router.add_post("/", sms.handle)
    server = TestServer(app)
    await server.start_server()
    async with Mailbox() as mailbox:
        made = Desk(store, clock, mailbox, sms, str(server.make_url("/")))
        yield made
        await made.gateway.close()
    await server.close()


async def test_an_attack_goes_to_the_telephone_at_once_and_escalates_to_the_lead_s(desk: Desk) -> None:
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock(), mark="b")
    await desk.outbox.drain()
    assert await desk.told() == [("email", "an", SENT), (GATEWAY, "an", SENT)]
    mailed, sent = await desk.store.alerts.deliveries()
    assert sent.receipt == "HTTP 200, sms-1"
    assert desk.sms.posted[0]["to"] == "0900000001"
    assert desk.sms.posted[0]["text"].endswith(f"... https://watch.example.gov.vn/take/{sent.id}")
    assert mailed.receipt != sent.receipt
    desk.clock.forward(minutes=10)
    await desk.outbox.drain()
    assert (await desk.told())[2:] == [(GATEWAY, "binh", SENT)]


async def test_a_change_goes_to_the_telephone_when_the_mail_fails_and_a_refusal_to_the_next_officer(
    desk: Desk,
) -> None:
    desk.sms.codes["0900000001"] = "102"
    await desk.mailbox.stop()
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    for _ in range(2):
        await desk.outbox.drain()
        desk.clock.forward(seconds=5)
    assert await desk.told() == [("email", "an", PENDING), (GATEWAY, "an", FAILED), (GATEWAY, "binh", SENT)]
    refused = (await desk.store.alerts.deliveries())[1]
    assert refused.error == "sms: HTTP 200, but /code says 102"


async def test_a_gateway_that_is_for_attacks_alone_gets_nothing_else_and_every_test(desk: Desk) -> None:
    desk.outbox.kinds = {GATEWAY: ["defaced"]}
    await desk.mailbox.stop()
    await checked(desk.store, await registered(desk.store), CHANGED, desk.clock())
    for _ in range(2):
        await desk.outbox.drain()
        desk.clock.forward(seconds=5)
    assert await desk.told() == [("email", "an", PENDING)]
    facts = {"handover": 7, "channel": GATEWAY}
    draft = Draft(AlertKind.TEST, Urgency.HIGH, facts, officer="an")
    await desk.store.alerts.raise_(draft, now=desk.clock())
    await desk.outbox.drain()
    (_, test) = await desk.store.alerts.deliveries()
    assert (test.channel, test.officer, test.state) == (GATEWAY, "an", SENT)
    assert desk.sms.posted[0]["text"].startswith("TIN NHAN THU")
    assert desk.sms.posted[0]["text"].endswith(f"/take/{test.id}")
    other = await registered(desk.store, "bacninh")
    await checked(desk.store, other, DEFACED, desk.clock(), mark="c")
    await desk.outbox.drain()
    assert (GATEWAY, "an", SENT) in (await desk.told())[2:]
