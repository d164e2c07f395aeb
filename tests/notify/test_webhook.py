import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from defacewatch.alerts import AlertKind, DeliveryError
from defacewatch.notify.webhook import WebhookChannel, payload, secret_key, signature
from defacewatch.signals import Kind, Signal
from tests.notify.examples import notice, signalled

DOCUMENT = Path(__file__).parents[2].joinpath("docs/webhooks.md").read_text("utf-8")
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


@dataclass
class Receiver:
    """An endpoint that keeps what it is sent and answers as told."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.methods.append(request.method)
        self.bodies.append(await request.read())
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    server = TestServer(app)
    await server.start_server()
    receiver.url = str(server.make_url("/hook"))
    yield receiver
    await server.close()


@pytest.fixture
async def channel(receiver: Receiver) -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel("siem", receiver.url, SECRET, clock=lambda: 1788332709.9)
    yield channel
    await channel.close()


async def refusal(channel: WebhookChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(notice())
    return caught.value


async def test_an_alert_is_posted_as_signed_json(receiver: Receiver, channel: WebhookChannel) -> None:
    assert channel.name == "webhook:siem"
    assert await channel.send(notice()) == "HTTP 204"
    headers, body = receiver.seen[0], receiver.bodies[0]
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "alert_12"
    assert headers["webhook-timestamp"] == "1788332709"
    signed = b"alert_12.1788332709." + body
    digest = hmac.new(b"0123456789abcdef01234567", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


async def test_the_object_is_what_the_documentation_says(receiver: Receiver, channel: WebhookChannel) -> None:
    await channel.send(notice())
    posted = json.loads(receiver.bodies[0])
    assert posted["type"] == "alert.defaced"
    assert posted["timestamp"] == "2026-09-02T07:05:09Z"
    data = posted["data"]
    assert set(data) == {"alert", "incident", "incidents", "portal", "page", "verdict", "signals", "urls"}
    assert data["incident"]["code"] == "SC-000123"
    assert data["page"] == {"id": "hungyen-0a1b2c3d", "url": "https://hungyen.gov.vn/"}
    assert data["verdict"]["confirmed_at"] == "2026-09-02T07:05:23Z"
    assert data["signals"][2]["evidence"] == {"hosts": ["evil.example"]}
    assert "evil[.]example" in data["signals"][2]["summary"]
    assert data["urls"] == {"evidence": "https://watch.example.gov.vn/incidents/123"}
    assert "Nguyễn" not in receiver.bodies[0].decode()


def shape(value: object) -> object:
    """The keys of an object, all the way down; evidence differs from signal to signal."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key != "evidence"}
    return [shape(value[0])] if isinstance(value, list) else None


def test_the_documented_object_and_kinds_are_the_real_ones() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert shape(json.loads(example)) == shape(payload(notice()))
    [kinds] = re.findall(r"`alert\.` and the kind: (.*?) \|", DOCUMENT)
    assert re.findall(r"`(.*?)`", kinds) == [str(kind) for kind in AlertKind]


async def test_the_documented_verification_accepts_what_is_sent_and_nothing_else(receiver: Receiver) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    names: dict[str, Callable[..., None]] = {}
    exec(code, names)
    channel = WebhookChannel("siem", receiver.url, SECRET)
    await channel.send(notice())
    await channel.close()
    headers, body = receiver.seen[0], receiver.bodies[0]
    names["verify"](SECRET, headers, body)
    for secret, what in ((SECRET, body + b" "), ("another", body)):
        with pytest.raises(ValueError, match="does not match"):
            names["verify"](secret, headers, what)


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_of_alert_has_a_payload(kind: AlertKind) -> None:
    bare = dict.fromkeys(("portal", "page", "incident", "verdict", "confirmed_at"))
    assert payload(notice(kind, **bare))["type"] == f"alert.{kind}"
    assert json.dumps(payload(notice(kind)))


async def test_evidence_without_a_json_form_is_still_posted(
    receiver: Receiver, channel: WebhookChannel
) -> None:
    odd = Signal(Kind.SCRIPT_HOST, 55.0, "s", {"hosts": frozenset({"b.example", "a.example"})})
    await channel.send(signalled(odd))
    posted = json.loads(receiver.bodies[0])
    assert posted["data"]["signals"][0]["evidence"]["hosts"] == ["a.example", "b.example"]


async def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    channel = WebhookChannel("siem", receiver.url)
    await channel.send(notice())
    await channel.close()
    assert "webhook-signature" not in receiver.seen[0]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (404, True),
        (410, True),
        (302, True),
        (408, False),
        (425, False),
        (429, False),
        (503, False),
    ],
)
async def test_a_clear_no_is_permanent_and_trouble_is_not(
    receiver: Receiver, channel: WebhookChannel, status: int, permanent: bool
) -> None:
    receiver.status, receiver.headers = status, {"Location": "/elsewhere"}
    error = await refusal(channel)
    assert error.permanent is permanent
    assert f"HTTP {status}" in str(error)
    assert len(receiver.bodies) == 1  # no redirect is followed


async def test_the_wait_that_a_receiver_asks_for_is_passed_on(
    receiver: Receiver, channel: WebhookChannel
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "90"}
    assert (await refusal(channel)).retry_after == timedelta(seconds=90)
    receiver.headers = {"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert (await refusal(channel)).retry_after == timedelta(0)
    receiver.headers = {"Retry-After": "soon"}
    assert (await refusal(channel)).retry_after is None


async def test_a_receiver_that_is_down_is_tried_again(unused_tcp_port: int) -> None:
    channel = WebhookChannel("siem", f"http://127.0.0.1:{unused_tcp_port}/", SECRET)
    assert not (await refusal(channel)).permanent
    with pytest.raises(DeliveryError):
        await channel.reachable()
    await channel.close()


async def test_a_receiver_that_hangs_up_is_tried_again() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = WebhookChannel("siem", f"http://127.0.0.1:{port}/", SECRET)
    assert not (await refusal(channel)).permanent
    await channel.close()
    server.close()
    await server.wait_closed()


async def test_reachable_sends_no_alert(receiver: Receiver, channel: WebhookChannel) -> None:
    receiver.status = 405
    assert await channel.reachable() == "HTTP 405"
    assert receiver.methods == ["HEAD"]


def test_the_signature_is_the_one_of_the_standard() -> None:
    # The example of the Standard Webhooks reference libraries.
    key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_secret_is_text_or_base64_with_its_mark() -> None:
    assert secret_key("plain text") == b"plain text"
    with pytest.raises(ValueError, match="base64"):
        secret_key("whsec_not base64!")
