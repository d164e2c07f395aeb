"""Signs of life to a system outside."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from defacewatch.alerts import DeliveryError
from defacewatch.notify.ping import LONGEST, Ping


class Outside:
    """What a system outside was told: (path, text)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        self.told.append((request.path, await request.text()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Outside, Ping]]:
    there = Outside()
    app = web.Application()
    app.router.add_post("/{tail:.*}", there.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ping = Ping(f"http://127.0.0.1:{runner.addresses[0][1]}/uuid/")
    yield there, ping
    await ping.close()
    await runner.cleanup()


async def test_it_says_that_it_begins_that_it_is_well_and_what_is_not(outside: tuple[Outside, Ping]) -> None:
    there, ping = outside
    await ping.start()
    await ping.beat([])
    await ping.beat(["browser: failed 3 times", "disk full"])
    assert there.told == [
        ("/uuid/start", ""),
        ("/uuid", ""),
        ("/uuid/fail", "browser: failed 3 times\ndisk full"),
    ]


async def test_a_long_list_is_cut(outside: tuple[Outside, Ping]) -> None:
    there, ping = outside
    await ping.beat(["x" * (LONGEST * 2)])
    assert len(there.told[0][1]) == LONGEST


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_what_is_not_taken_is_an_error_and_no_redirect_is_followed(
    outside: tuple[Outside, Ping], status: int
) -> None:
    there, ping = outside
    there.status = status
    with pytest.raises(DeliveryError, match=f"heartbeat: HTTP {status}"):
        await ping.beat([])
    assert len(there.told) == 1


async def test_nobody_there_is_an_error() -> None:
    ping = Ping("http://127.0.0.1:1/uuid")
    with pytest.raises(DeliveryError, match="heartbeat: "):
        await ping.start()
    await ping.close()
