import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from defacewatch.fetch.canaries import Canaries, seeing
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from tests.conftest import Clock
from tests.fetch.conftest import no_descriptors
from tests.fetch.portal import Portal, page


class Way:
    """The way to a canary on loopback that keeps connections: a resolver and a port, which may die."""

    def __init__(self, listener: web.TCPSite, url: str) -> None:
        self.listener, self.url, self.resolves = listener, url, True

    async def lookup(self, host: str, port: int) -> list[str]:
        if not self.resolves:
            raise socket.gaierror(socket.EAI_AGAIN, "no resolver")
        return ["127.0.0.1"]


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    async def here(request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", here)
    runner = web.AppRunner(app)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    yield Way(listener, f"http://canary.example:{runner.addresses[0][1]}/")
    await runner.cleanup()


async def test_one_canary_that_answers_anything_proves_that_we_can_see(
    fetcher: HttpFetcher, portal: Portal, clock: Clock
) -> None:
    portal.answers["/"] = page(status="503 Service Unavailable")
    canaries = Canaries(fetcher, [portal.url(), "http://127.0.0.1:9/"], clock=clock)
    assert await canaries.online()


async def test_when_all_canaries_fail_we_are_blind_until_one_answers_again(
    fetcher: HttpFetcher, portal: Portal, clock: Clock
) -> None:
    canaries = Canaries(fetcher, [portal.url()], clock=clock)
    await portal.stop()
    assert not await canaries.online()
    await portal.start()
    assert not await canaries.online(), "one answer serves all who ask at the same time"
    clock.now += timedelta(seconds=10)
    assert await canaries.online()


async def test_a_host_out_of_descriptors_does_not_see(
    fetcher: HttpFetcher, portal: Portal, clock: Clock
) -> None:
    with no_descriptors():
        assert not await Canaries(fetcher, [portal.url()], clock=clock).online()


async def test_without_canaries_we_take_ourselves_to_be_online(fetcher: HttpFetcher, clock: Clock) -> None:
    assert await Canaries(fetcher, [], clock=clock).online()


@pytest.mark.parametrize("dead", ["resolver", "way out"])
async def test_what_is_dead_for_new_connections_is_noticed_at_the_next_question(
    way: Way, guard: Guard, clock: Clock, dead: str
) -> None:
    http = seeing(guard, timeout=timedelta(seconds=5), lookup=way.lookup)
    canaries = Canaries(http, [way.url], clock=clock)
    assert await canaries.online()
    if dead == "resolver":
        way.resolves = False
    else:
        await way.listener.stop()  # what is connected stays so
    clock.now += timedelta(seconds=10)
    assert not await canaries.online()
    await http.close()


async def test_an_answer_from_the_future_is_none(fetcher: HttpFetcher, portal: Portal, clock: Clock) -> None:
    canaries = Canaries(fetcher, [portal.url()], clock=clock)
    assert await canaries.online()
    await portal.stop()
    clock.now -= timedelta(hours=7)
    assert not await canaries.online(), "the clock was set back since"
