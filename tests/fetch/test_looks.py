import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from defacewatch.captures import Failure, Tier, Validators
from defacewatch.errors import Exhausted
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.fetch.proxy import FilteringProxy
from tests.fetch.conftest import NOW, no_descriptors
from tests.fetch.portal import Portal, page


@pytest.fixture
async def looking(guard: Guard, fetcher: HttpFetcher) -> AsyncIterator[Fetcher]:
    proxy = FilteringProxy(guard)
    browser = Browser(proxy, executable=find_chromium(None), timeout=timedelta(seconds=10))
    await proxy.start()
    await browser.start()
    yield Fetcher(fetcher, browser)
    await browser.stop()
    await proxy.stop()


async def test_a_probe_is_conditional_and_has_no_rendering(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers["/"] = page("<h1>here</h1>")
    look = await Fetcher(fetcher, None).probe(portal.url(), now=NOW, validators=Validators(etag='"1"'))
    assert (look.tier, look.rendering, look.probe.status) == (Tier.PROBE, None, 200)
    assert portal.asked[0].headers["if-none-match"] == '"1"'


async def test_a_rendering_comes_with_an_unconditional_probe_of_the_same_moment(
    portal: Portal, looking: Fetcher
) -> None:
    portal.answers["/"] = page("<h1></h1><script>document.querySelector('h1').append('shown')</script>")
    look = await looking.render(portal.url(), now=NOW)
    assert look.rendering is not None
    assert (look.tier, look.at, look.rendering.at) == (Tier.RENDER, NOW, NOW)
    assert "<h1></h1>" in look.probe.html
    assert "<h1>shown</h1>" in look.rendering.html
    assert not any("if-none-match" in asked.headers for asked in portal.asked)
    assert len([asked for asked in portal.asked if asked.path == "/"]) == 2


async def test_what_the_guard_refuses_fails_in_both(portal: Portal, looking: Fetcher) -> None:
    look = await looking.render("http://169.254.169.254/latest/meta-data/", now=NOW)
    assert look.rendering is not None
    assert (look.probe.failure, look.rendering.failure) == (Failure.REFUSED, Failure.REFUSED)


async def test_a_host_out_of_descriptors_ends_both_looks_and_sees_again_later(
    portal: Portal, looking: Fetcher
) -> None:
    portal.answers["/"] = page("<h1>here</h1>")
    with no_descriptors(), pytest.raises(Exhausted):
        await looking.render(portal.url(), now=NOW)
    look = await looking.render(portal.url(), now=NOW)
    assert look.rendering is not None
    assert (look.probe.failure, look.rendering.failure) == (None, None)


async def test_without_a_browser_a_rendering_is_a_probe(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers["/"] = page("<h1>here</h1>")
    fetching = Fetcher(fetcher, None)
    first, second = await fetching.probe(portal.url(), now=NOW), await fetching.render(portal.url(), now=NOW)
    assert second.tier is Tier.PROBE
    assert dataclasses.replace(first.probe, elapsed=0, headers={}) == dataclasses.replace(
        second.probe, elapsed=0, headers={}
    )
