import asyncio
import socket

import pytest

from defacewatch.fetch.names import CachedLookup


class Resolver:
    """Answers when it is let, and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.addresses = ["192.0.2.1"]
        self.error: OSError | None = None
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return self.addresses


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_name_is_asked_for_once_while_its_answer_is_young() -> None:
    resolver, watch = Resolver(), Watch()
    lookup = CachedLookup(resolver, ttl=60, clock=watch)
    assert await lookup("Portal.example", 80) == ["192.0.2.1"]
    resolver.addresses = ["192.0.2.9"]
    watch.now = 59.0
    assert await lookup("portal.example", 443) == ["192.0.2.1"]
    watch.now = 60.0
    assert await lookup("portal.example", 80) == ["192.0.2.9"]
    assert resolver.asked == 2


async def test_many_that_ask_at_once_share_one_question() -> None:
    resolver = Resolver()
    resolver.free.clear()
    lookup = CachedLookup(resolver)
    asking = [asyncio.create_task(lookup("portal.example", 80)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    resolver.free.set()
    assert await asyncio.gather(*asking[1:]) == [["192.0.2.1"]] * 4
    assert resolver.asked == 1


async def test_a_failure_is_not_remembered() -> None:
    resolver = Resolver()
    resolver.error = socket.gaierror(socket.EAI_AGAIN, "try again")
    lookup = CachedLookup(resolver)
    with pytest.raises(socket.gaierror):
        await lookup("portal.example", 80)
    resolver.error = None
    assert await lookup("portal.example", 80) == ["192.0.2.1"]
