"""The HTTP server that the other monitors tell of changes."""

import asyncio
import time

import aiohttp
import pytest

from bench.peers.receiver import Receiver

PAGE = "http://127.20.0.1:20080/vi/"


async def send(receiver: Receiver, text: str) -> None:
    async with aiohttp.ClientSession() as client, client.post(receiver.url, data=text.encode()) as answer:
        assert answer.status == 200


async def test_a_message_tells_of_the_page_whose_address_is_in_it() -> None:
    async with Receiver() as receiver:
        before = time.time()
        await send(receiver, f"CHANGED: {PAGE} and more")
        at = receiver.told(PAGE, before)
        assert at is not None
        assert before <= at <= time.time()


async def test_a_message_about_another_host_tells_of_nothing() -> None:
    async with Receiver() as receiver:
        before = time.time()
        await send(receiver, "CHANGED: http://127.20.0.11:20080/vi/")
        assert receiver.told(PAGE, before) is None


async def test_a_message_that_came_before_the_defacement_does_not_tell_of_it() -> None:
    async with Receiver() as receiver:
        await send(receiver, PAGE)
        assert receiver.told(PAGE, time.time()) is None


async def test_an_address_is_found_in_json_whose_slashes_are_escaped() -> None:
    async with Receiver() as receiver:
        before = time.time()
        await send(receiver, '{"text": "' + PAGE.replace("/", "\\/") + '"}')
        assert receiver.told(PAGE, before) is not None


async def test_it_is_quiet_when_nothing_has_come_for_so_long() -> None:
    async with Receiver() as receiver:
        waiting = asyncio.create_task(receiver.quiet(0.2))
        await send(receiver, "something")
        async with asyncio.timeout(5):
            await waiting
        assert [text for _, text in receiver.messages] == ["something"]


async def test_it_is_not_quiet_while_messages_come() -> None:
    async with Receiver() as receiver:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await receiver.quiet(60.0)
