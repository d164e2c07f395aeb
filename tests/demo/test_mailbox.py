from email.message import EmailMessage

import aiosmtplib
import pytest

from defacewatch.demo.mailbox import Mailbox


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.org", "b@example.org"
    message.set_content("words")
    return message


async def test_what_is_sent_can_be_waited_for() -> None:
    async with Mailbox() as mailbox:
        await aiosmtplib.send(mail("one"), hostname="127.0.0.1", port=mailbox.port)
        await aiosmtplib.send(mail("two"), hostname="127.0.0.1", port=mailbox.port)
        found = await mailbox.wait_for(lambda m: m["Subject"] == "two")
        assert found.get_content().strip() == "words"
        assert len(mailbox.messages) == 2


async def test_waiting_for_what_never_comes_ends() -> None:
    async with Mailbox() as mailbox:
        with pytest.raises(TimeoutError):
            await mailbox.wait_for(lambda m: True, timeout=0.05)


async def test_a_mailbox_keeps_its_port_over_a_pause() -> None:
    async with Mailbox() as mailbox:
        port = mailbox.port
        await mailbox.stop()
        with pytest.raises(aiosmtplib.SMTPConnectError):
            await aiosmtplib.send(mail("one"), hostname="127.0.0.1", port=port)
        assert await mailbox.start() == port
        await aiosmtplib.send(mail("two"), hostname="127.0.0.1", port=port)
        assert [m["Subject"] for m in mailbox.messages] == ["two"]


async def test_rejections_end_when_told() -> None:
    async with Mailbox() as mailbox:
        mailbox.reject("451 4.3.0 later")
        with pytest.raises(aiosmtplib.SMTPDataError):
            await aiosmtplib.send(mail("one"), hostname="127.0.0.1", port=mailbox.port)
        mailbox.accept()
        await aiosmtplib.send(mail("one"), hostname="127.0.0.1", port=mailbox.port)
        assert len(mailbox.messages) == 1
