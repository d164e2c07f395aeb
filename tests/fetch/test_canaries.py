from datetime import timedelta

from defacewatch.fetch.canaries import Canaries
from defacewatch.fetch.http import HttpFetcher
from tests.conftest import Clock
from tests.fetch.conftest import no_descriptors
from tests.fetch.portal import Portal, page


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
