"""The farm and the stand-ins as processes: a page is defaced, and what the channels get is timed."""

import random
import smtplib
import socket
import time
from contextlib import suppress
from email.message import EmailMessage

import aiohttp
import pytest

from bench.scale.attacks import Kind
from bench.scale.farmhand import Farmer
from bench.scale.helping import farm_process
from bench.scale.layout import Layout
from bench.scale.run import Plan, standins_process
from bench.scale.standins import TELEGRAM_USER, Postman
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError


def free_pair() -> int:
    """A port that is free, as is the next; below those that the system gives away to whoever asks for any."""
    while True:
        port = random.randrange(10_000, 32_000, 2)
        with suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("", port))
            other.bind(("", port + 1))
            return port


async def test_a_farm_of_three_pages_is_defaced_counted_and_restored() -> None:
    control = free_port()
    plan = Plan(Layout(3, 4, free_pair()))
    async with farm_process(plan.layout, plan.corpus, control), aiohttp.ClientSession() as client:
        farmer = Farmer(client, control)
        page, _, _ = await farmer.pages()
        await farmer.deface([page.number], Kind.WHOLE)
        async with client.get(page.url) as answer:
            assert "Hacked By" in await answer.text()
        await farmer.restore([page.number])
        async with client.get(page.url) as answer:
            assert page.name in await answer.text()
        assert (await farmer.counts())["probes"] == 2
        (done,) = await farmer.defaced()
        assert done.shown_at is not None
        assert done.restored_at is not None
        assert done.at <= done.shown_at <= done.restored_at <= time.time()


async def test_two_farms_cannot_have_one_port() -> None:
    plan = Plan(Layout(3, 4, free_pair()))
    async with farm_process(plan.layout, plan.corpus, free_port()):
        with pytest.raises(DefacewatchError, match="free"):
            async with farm_process(plan.layout, plan.corpus, free_port()):
                pass


async def test_messages_are_timed_and_known_by_their_incidents() -> None:
    control = free_port()
    async with standins_process(control) as (_, addresses), aiohttp.ClientSession() as client:
        postman = Postman(client, control)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@example.vn", "b@example.vn", "SC-000007"
        message["X-Defacewatch-Incident"] = "7"
        message.set_content("SC-000007 và SC-000009")
        before = time.time()
        with smtplib.SMTP("127.0.0.1", addresses["smtp"]) as smtp:
            smtp.send_message(message)
        async with client.post(
            f"{addresses['telegram']}/bot{addresses['token']}/sendMessage",
            data={"chat_id": TELEGRAM_USER, "text": "sự cố SC-000008, SC-000010–SC-000012"},
        ) as answer:
            assert answer.status == 200
        receipts = {one.channel: one for one in await postman.collect()}
        assert receipts["email"].incidents == (7, 9)
        assert receipts["telegram"].incidents == (8, 10, 11, 12)
        assert all(before <= one.at <= time.time() for one in receipts.values())
        assert len(await postman.collect()) == 2
