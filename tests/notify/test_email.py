import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from defacewatch.alerts import AlertKind, DeliveryError, Notice
from defacewatch.demo.mailbox import Mailbox
from defacewatch.notify.email import EmailChannel
from defacewatch.portals import Urgency
from tests.notify.examples import AFTER, AN, BEFORE, PORTAL, delivery, notice

SENDER = "canhbao@example.gov.vn"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def channel(mailbox: Mailbox) -> EmailChannel:
    return EmailChannel("127.0.0.1", mailbox.port, sender=SENDER)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def cafile(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def refusal(channel: EmailChannel, told: Notice) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(told)
    return caught.value


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


async def test_an_alert_arrives_as_text_and_html_with_both_pictures_inside(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    receipt = await channel.send(notice())
    (mail,) = mailbox.messages
    assert receipt == "2.0.0 Ok: queued as DEMO000001"
    assert str(mail["Subject"]).startswith("🔴 SC-000123 NGHI TẤN CÔNG")
    assert part(mail, "plain").startswith("🔴 NGHI TẤN CÔNG")
    pictures = {p["Content-ID"].strip("<>"): p.get_content() for p in mail.walk() if p["Content-ID"]}
    assert list(pictures.values()) == [BEFORE, AFTER]
    assert all(f'src="cid:{cid}"' in part(mail, "html") for cid in pictures)
    assert [p.get_content_type() for p in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
        "image/jpeg",
    ]


async def test_an_alert_without_pictures_is_a_plain_alternative(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    await channel.send(notice(before=None, after=None))
    assert "<img" not in part(mailbox.messages[0], "html")


async def test_headers_say_that_a_program_writes_and_for_which_incident(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    await channel.send(notice())
    mail = mailbox.messages[0]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Defacewatch-Incident"] == "123"
    assert mail["In-Reply-To"] == mail["References"] == "<incident-123@example.gov.vn>"
    assert mail["Importance"] == "high"
    assert mail["To"].addresses[0].display_name == "Nguyễn Văn An"
    assert mail["From"].addresses[0].addr_spec == SENDER


async def test_a_message_that_is_not_urgent_and_has_no_incident_has_no_such_headers(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    quiet = replace(notice(AlertKind.TEST).alert, urgency=Urgency.NORMAL)
    await channel.send(notice(AlertKind.TEST, alert=quiet, incident=None))
    mail = mailbox.messages[0]
    assert not any(name in mail for name in ("Importance", "In-Reply-To", "X-Defacewatch-Incident"))


async def test_two_attempts_of_one_delivery_have_one_message_id(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    for row in (delivery(id_=77), delivery(id_=77), delivery(id_=78)):
        await channel.send(notice(delivery=row))
    await channel.send(notice())
    first, second, third, fourth = (m["Message-ID"] for m in mailbox.messages)
    assert first == second == "<delivery-77@example.gov.vn>"
    assert third != first
    assert fourth == "<alert-12-an@example.gov.vn>"


async def test_a_hostile_title_adds_no_header(mailbox: Mailbox, channel: EmailChannel) -> None:
    await channel.send(notice(portal=replace(PORTAL, name="X\r\nBcc: all@example.org\r\n\r\nbody")))
    mail = mailbox.messages[0]
    assert mail["Bcc"] is None
    assert "Bcc: all[@]example[.]org body" in str(mail["Subject"])


async def test_no_line_is_longer_than_smtp_allows(mailbox: Mailbox, channel: EmailChannel) -> None:
    await channel.send(notice())
    assert max(len(line) for line in mailbox.raw[0].splitlines()) <= 998
    assert mailbox.raw[0].isascii()


@pytest.mark.parametrize(
    ("reply", "at", "permanent"),
    [
        ("450 4.2.0 greylisted", "RCPT", False),
        ("550 5.1.1 no such user", "RCPT", True),
        ("530 5.7.0 authentication required", "RCPT", False),
        ("534 5.7.9 mechanism too weak", "DATA", False),
        ("451 4.3.0 try later", "DATA", False),
        ("554 5.7.1 rejected", "DATA", True),
    ],
)
async def test_what_may_pass_is_tried_again_and_a_clear_no_is_not(
    mailbox: Mailbox, channel: EmailChannel, reply: str, at: str, permanent: bool
) -> None:
    mailbox.reject(reply, at=at)
    error = await refusal(channel, notice())
    assert error.permanent is permanent
    assert reply.split(" ", 1)[1] in str(error)
    assert mailbox.messages == []


async def test_a_message_refused_for_its_pictures_goes_without_them(
    mailbox: Mailbox, channel: EmailChannel
) -> None:
    big = b"\xff\xd8" + bytes(60_000)
    mailbox.reject("552 5.3.4 too big", over=50_000)
    receipt = await channel.send(notice(before=big))
    assert "queued as" in receipt
    assert "without pictures: 552" in receipt
    assert "<img" not in part(mailbox.messages[0], "html")


async def test_a_server_with_a_small_size_limit_gets_the_words() -> None:
    async with Mailbox(size=30_000) as small:
        channel = EmailChannel("127.0.0.1", small.port, sender=SENDER)
        receipt = await channel.send(notice(before=b"\xff\xd8" + bytes(60_000)))
        assert "without pictures: 552" in receipt
        assert len(small.messages) == 1


async def test_a_server_that_is_down_is_tried_again(mailbox: Mailbox, channel: EmailChannel) -> None:
    await mailbox.stop()
    assert not (await refusal(channel, notice())).permanent
    await mailbox.start()
    assert "queued as" in await channel.send(notice())


@pytest.mark.parametrize("to", [None, replace(AN, email=None), replace(AN, email="not an address")])
async def test_an_officer_without_a_usable_address_is_permanent(channel: EmailChannel, to: object) -> None:
    assert (await refusal(channel, notice(to=to))).permanent


async def test_starttls_is_used_and_verified_and_then_a_login(
    server_side: ssl.SSLContext, cafile: str
) -> None:
    async with Mailbox(starttls=server_side, users={"watch": "s3cret"}) as mailbox:
        channel = EmailChannel(
            "127.0.0.1",
            mailbox.port,
            security="starttls",
            user="watch",
            password="s3cret",
            sender=SENDER,
            cafile=cafile,
        )
        assert "queued as" in await channel.send(notice())
        assert "250" in await channel.reachable()
        assert mailbox.logins == ["watch", "watch"]


async def test_tls_from_the_first_byte_works(server_side: ssl.SSLContext, cafile: str) -> None:
    async with Mailbox(tls=server_side) as mailbox:
        channel = EmailChannel("127.0.0.1", mailbox.port, security="tls", sender=SENDER, cafile=cafile)
        assert "queued as" in await channel.send(notice())


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_from_a_stranger_is_refused(server_side: ssl.SSLContext, security: str) -> None:
    side = server_side if security == "starttls" else None
    async with Mailbox(starttls=side, tls=None if side else server_side) as mailbox:
        channel = EmailChannel("127.0.0.1", mailbox.port, security=security, sender=SENDER)
        error = await refusal(channel, notice())
        assert "certificate" in str(error).lower()
        assert mailbox.messages == []


async def test_a_server_without_starttls_gets_no_message_in_clear(mailbox: Mailbox) -> None:
    channel = EmailChannel("127.0.0.1", mailbox.port, security="starttls", sender=SENDER)
    assert "STARTTLS" in str(await refusal(channel, notice()))
    assert mailbox.messages == []


async def test_a_wrong_password_is_tried_on_and_not_repeated_in_the_error(
    server_side: ssl.SSLContext, cafile: str
) -> None:
    async with Mailbox(starttls=server_side, users={"watch": "s3cret"}) as mailbox:
        channel = EmailChannel(
            "127.0.0.1",
            mailbox.port,
            security="starttls",
            user="watch",
            password="wr0ng",
            sender=SENDER,
            cafile=cafile,
        )
        error = await refusal(channel, notice())
    assert "535" in str(error)
    assert not error.permanent, "the password can be put right"
    assert "wr0ng" not in str(error)


def test_an_unknown_kind_of_security_is_refused() -> None:
    with pytest.raises(ValueError, match="starttls"):
        EmailChannel("127.0.0.1", 25, security="ssl", sender=SENDER)
