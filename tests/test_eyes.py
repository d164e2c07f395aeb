from datetime import timedelta

from aiohttp import web

from defacewatch.agenda import Way
from defacewatch.config import Settings
from defacewatch.config.general import Watch
from defacewatch.eyes import forbid_listener, opened_eyes
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import Behind
from defacewatch.store import Store
from tests.conftest import Clock


def test_our_listeners_port_is_refused_on_every_address_of_this_host() -> None:
    guard = Guard(["127.0.0.0/8", "::1/128", "192.0.2.0/24"])
    forbid_listener(guard, "127.0.0.1", 8080)
    for address in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"):
        reason = guard.refusal_of_address(address, 8080)
        assert reason is not None, address
        assert "our own listener" in reason
    assert guard.refusal_of_address("127.0.0.1", 8081) is None
    assert guard.refusal_of_address("192.0.2.1", 8080) is None


async def test_canaries_are_dialled_anew_and_what_pages_are_made_of_waits_behind_pages(
    store: Store, clock: Clock
) -> None:
    callers: set[object] = set()

    async def keep(request: web.Request) -> web.Response:
        callers.add(request.transport)
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", keep)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    canary = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    settings = Settings(watch=Watch(canaries=(canary,), allow_networks=("127.0.0.0/8",)))
    async with opened_eyes(settings, store, clock=clock, browser=None) as eyes:
        for _ in range(2):
            assert await eyes.canaries.online()
            clock.now += timedelta(seconds=10)
        assert isinstance(eyes.revalidation.http, Behind)
        assert not any(eyes.crowded(way) for way in Way)
        eyes.workers.waiting = 8
        assert eyes.checker.crowded(), "probes that would bring more are put off"
        assert not any(eyes.crowded(way) for way in Way), "those that have waited come first"
        eyes.workers.waiting = 16
        assert [way for way in Way if eyes.crowded(way)] == [Way.READ]
        eyes.workers.waiting = 0
        assert not eyes.checker.crowded()
        eyes.checker.held = {f"p-{n}" for n in range(64)}
        assert eyes.checker.crowded(), "documents wait for other things than to be read as well"
    await runner.cleanup()
    assert len(callers) == 2
