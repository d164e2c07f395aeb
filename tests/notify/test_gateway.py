"""Gateways, as stand-ins on loopback that answer as those of Vietnam do; the examples are documented ones."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from defacewatch.alerts import DeliveryError, Notice
from defacewatch.channels import build_channels
from defacewatch.config import load
from defacewatch.gathering import Channel
from defacewatch.notify.gateway import GatewayChannel, Request, Success, pointed
from tests.notify.examples import AN, delivery, notice
from tests.notify.gallery import gathered

DOCUMENT = Path(__file__).parents[2].joinpath("docs/webhooks.md").read_text("utf-8")
PHONE = replace(AN, phone="0900 000 001")
PORTALS = "portals: []\n"


@dataclass
class Gateway:
    """Takes what is posted, and answers as told: an object, or bytes as they are."""

    url: str = ""
    status: int = 200
    answer: object = field(default_factory=dict)
    posted: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method != "HEAD":
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            self.posted.append(await request.text())
        raw = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return web.Response(status=self.status, body=raw)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", gateway.handle)
    server = TestServer(app)
    await server.start_server()
    gateway.url = str(server.make_url("/send"))
    yield gateway
    await server.close()


def documented(name: str, gateway: Gateway, folder: Path, environ: dict[str, str]) -> Channel:
    """The channel of an example of docs/webhooks.md, its address turned to the stand-in."""
    (example,) = [
        text for text in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if f"name: {name}\n" in text
    ]
    (folder / "portals.yaml").write_text(PORTALS)
    (folder / "defacewatch.yaml").write_text(re.sub(r"url: \S+", f"url: {gateway.url}", example))
    (folder / "roster.yaml").write_text('officers: [{key: an, name: An, phone: "0900 000 001"}]\n')
    settings = load(folder, environ)
    assert settings.roster.officers[0].channels == (f"gateway:{name}",)
    return build_channels(settings)[f"gateway:{name}"]


SMS = {"DEFACEWATCH_GATEWAY_SMS_KEY": "hunter2-key", "DEFACEWATCH_GATEWAY_SMS_SECRET": "hunter2-secret"}
ZALO = {"DEFACEWATCH_GATEWAY_ZALO_TOKEN": "hunter2-token"}


def told(**changes: Any) -> Notice:
    take = "https://watch.example.gov.vn/take/77/1788419109/" + "a" * 40
    return notice(to=PHONE, delivery=delivery(), take_url=take, **changes)


async def test_the_documented_sms_gateway_gets_one_short_message_without_diacritics(
    gateway: Gateway, tmp_path: Path
) -> None:
    channel = documented("sms", gateway, tmp_path, SMS)
    gateway.answer = {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "a8f1-22"}
    assert await channel.send(told()) == "HTTP 200, a8f1-22"
    await channel.close()
    posted = json.loads(gateway.posted[0])
    assert posted["Phone"] == "0900000001"
    assert (posted["ApiKey"], posted["SecretKey"]) == ("hunter2-key", "hunter2-secret")
    assert posted["Content"].startswith("SC-000123 NGHI TAN CONG THAY DOI GIAO DIEN")
    assert posted["Content"].endswith("a" * 40)
    assert len(posted["Content"]) <= 306  # two parts at most
    assert posted["Content"].isascii()
    assert posted["RequestId"] == "delivery_77"


async def test_an_sms_gateway_that_answers_200_with_an_error_is_tried_again_or_given_up(
    gateway: Gateway, tmp_path: Path
) -> None:
    channel = documented("sms", gateway, tmp_path, SMS)
    for code, permanent in (("103", False), ("99", False), ("102", True)):
        gateway.answer = {"CodeResult": code, "ErrorMessage": "hunter2-key"}
        with pytest.raises(DeliveryError, match=f"sms: HTTP 200, but /CodeResult says {code}") as caught:
            await channel.send(told())
        assert caught.value.permanent is permanent
    await channel.close()


async def test_the_documented_zalo_gateway_gets_the_fields_of_its_template(
    gateway: Gateway, tmp_path: Path
) -> None:
    channel = documented("zalo", gateway, tmp_path, ZALO)
    gateway.answer = {"error": 0, "message": "Success", "data": {"msg_id": "9f2c", "sent_time": "1788332709"}}
    assert await channel.send(told()) == "HTTP 200, 9f2c"
    posted = json.loads(gateway.posted[0])
    assert gateway.headers[0]["access_token"] == "hunter2-token"
    assert posted["phone"] == "84900000001"
    assert posted["tracking_id"] == "delivery_77"
    assert posted["template_data"]["ma"] == "SC-000123"
    assert posted["template_data"]["cong"] == "Cổng Thông tin điện tử tỉnh Hưng Yên"
    gateway.answer = {"error": -118, "message": "Zalo account not existed"}
    with pytest.raises(DeliveryError, match="/error says -118") as caught:
        await channel.send(told())
    assert caught.value.permanent
    await channel.close()


def made(gateway: Gateway, **changes: Any) -> GatewayChannel:
    request = Request(gateway.url, '{"to": {{ phone|tojson }}}', success=Success("/ok", frozenset({"true"})))
    return GatewayChannel("sms", replace(request, **changes), secrets={"KEY": "hunter2"})


async def test_an_answer_that_repeats_our_secret_is_told_without_it(gateway: Gateway) -> None:
    channel = made(gateway, headers={"X-Key": "{{ secret.KEY }}"}, receipt="/id")
    gateway.answer = {"ok": "key hunter2 is wrong"}
    with capture_logs() as logs, pytest.raises(DeliveryError) as caught:
        await channel.send(told())
    assert "key <secret> is wrong" in str(caught.value)
    gateway.answer = {"ok": True, "id": "hunter2\n<b>"}
    receipt = await channel.send(told())
    assert receipt == "HTTP 200, <secret> <b>"
    assert "hunter2" not in f"{caught.value}{receipt}{logs}{caught.value.__cause__}"
    await channel.close()


async def test_no_answer_is_told_without_what_is_secret(unused_tcp_port: int) -> None:
    request = Request(f"http://127.0.0.1:{unused_tcp_port}/hunter2", "{{ text }}", "text/plain")
    channel = GatewayChannel("sms", request, secrets={"KEY": "hunter2"})
    for call in (channel.send(told()), channel.reachable()):
        with pytest.raises(DeliveryError) as caught:
            await call
        assert not caught.value.permanent
        assert "hunter2" not in str(caught.value)
    await channel.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"<html>", "its answer is no JSON"),
        (b"", "its answer is no JSON"),
        (b"[" * 200_000, "its answer is no JSON"),
        ({"okay": True}, "/ok says nothing"),
        ({"ok": {"deep": 1}}, "/ok says nothing"),
        ({"ok": False}, "/ok says false"),
    ],
)
async def test_what_an_answer_does_not_say_is_no_success(gateway: Gateway, answer: object, says: str) -> None:
    gateway.answer = answer
    channel = made(gateway)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(told())
    assert says in str(caught.value)
    assert not caught.value.permanent
    await channel.close()


async def test_statuses_count_as_with_any_webhook(gateway: Gateway) -> None:
    channel = made(gateway)
    for status, permanent in ((400, True), (503, False), (302, True)):
        gateway.status = status
        with pytest.raises(DeliveryError) as caught:
            await channel.send(told())
        assert caught.value.permanent is permanent
    assert await channel.reachable() == "HTTP 302"
    await channel.close()


async def test_without_a_pointer_the_status_is_the_receipt(gateway: Gateway) -> None:
    channel = made(gateway, success=None, method="PUT", content_type="application/x-www-form-urlencoded")
    gateway.answer = b"queued"
    assert await channel.send(told()) == "HTTP 200"
    assert gateway.headers[0]["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert "webhook-signature" not in gateway.headers[0]
    await channel.close()


async def test_an_officer_without_a_number_is_told_otherwise_at_once(gateway: Gateway) -> None:
    channel = made(gateway)
    for officer in (AN, replace(AN, phone="hỏi tổng đài"), None):
        with pytest.raises(DeliveryError, match="has no phone") as caught:
            await channel.send(notice(to=officer))
        assert caught.value.permanent
    assert gateway.posted == []
    await channel.close()


async def test_what_a_page_says_breaks_out_of_no_header(gateway: Gateway) -> None:
    channel = made(gateway, headers={"X-Text": "{{ text }}"}, success=None)
    await channel.send(told())
    assert "\n" not in gateway.headers[0]["x-text"]
    await channel.close()


async def test_a_gateway_that_is_posted_once_an_alert_is_a_webhook(gateway: Gateway) -> None:
    request = Request(gateway.url, '{"text": {{ subject|tojson }}}')
    channel = GatewayChannel("chat", request, secrets={}, per_officer=False)
    assert channel.name == "webhook:chat"
    assert await channel.send(notice(to=None)) == "HTTP 200"
    assert json.loads(gateway.posted[0])["text"].startswith("🔴 SC-000123")
    await channel.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a/0/b", "1"),
        ("/a/1", None),
        ("/a/x", None),
        ("/a", None),
        ("/c~1d", "true"),
        ("/e~0f", "text"),
        ("/n", None),
        ("/", "empty"),
    ],
)
def test_a_pointer_finds_what_the_standard_says(pointer: str, value: str | None) -> None:
    document = {"a": [{"b": 1}], "c/d": True, "e~f": "text", "n": None, "": "empty"}
    assert pointed(document, pointer) == value


async def test_what_carries_several_alerts_is_one_short_message_too(gateway: Gateway, tmp_path: Path) -> None:
    channel = documented("sms", gateway, tmp_path, SMS)
    gateway.answer = {"CodeResult": "100", "SMSID": "a8f1-23"}
    assert (
        await channel.send_gathered(replace(gathered("vi"), to=PHONE, take_url=told().take_url))
        == "HTTP 200, a8f1-23"
    )
    await channel.close()
    posted = json.loads(gateway.posted[0])
    assert posted["Phone"] == "0900000001"
    assert "DT-000007" in posted["Content"]
    assert posted["Content"].isascii()
    assert len(posted["Content"].partition(" https")[0]) <= 150
