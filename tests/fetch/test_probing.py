from datetime import timedelta

import pytest

from defacewatch.captures import Failure
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from tests.fetch.conftest import NOW, Fetching
from tests.fetch.portal import Portal, page, redirect


async def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(fetching: Fetching) -> None:
    portal, forbidden = Portal("127.0.0.2"), Portal("127.0.0.1")
    await portal.start()
    await forbidden.start()
    portal.answers["/"] = redirect(forbidden.url("/admin"))
    fetcher = fetching(Guard(["127.0.0.2/32"]), timeout=timedelta(seconds=5))
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.failure, probe.refusals[0].url) == (Failure.REFUSED, forbidden.url("/admin"))
    assert probe.refusals[0].reason == "loopback address 127.0.0.1"
    assert len(probe.hops) == 1
    assert forbidden.asked == []
    await portal.stop()
    await forbidden.stop()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "metadata address 169.254.169.254"),
        ("http://[fd00:ec2::254]/", "metadata address fd00:ec2::254"),
        ("http://2852039166/", "metadata address 169.254.169.254"),
        ("http://0xa9.0xfe.0xa9.0xfe/", "metadata address 169.254.169.254"),
        ("http://[::ffff:10.0.0.1]/", "private address 10.0.0.1"),
        ("//10.1/", "private address 10.0.0.1"),
        ("/\\10.1/", "private address 10.0.0.1"),
        ("file:///etc/passwd", "scheme file"),
        ("javascript:alert(1)", "scheme javascript"),
        ("data:text/html,x", "scheme data"),
        ("http://127.0.0.1:6379/", "port 6379"),
        ("http://127.0.0.1:99999/", "not a URL"),
    ],
)
async def test_a_redirect_elsewhere_is_refused_and_recorded(
    portal: Portal, fetcher: HttpFetcher, location: str, reason: str
) -> None:
    portal.answers["/"] = redirect(location)
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.failure is Failure.REFUSED
    assert [refusal.reason for refusal in probe.refusals] == [reason]


async def test_a_redirect_to_our_own_listener_is_refused(
    portal: Portal, guard: Guard, fetcher: HttpFetcher
) -> None:
    console = Portal()
    await console.start()
    guard.forbid("0.0.0.0", console.port)
    portal.answers["/"] = redirect(f"http://127.0.0.9:{console.port}/")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.failure is Failure.REFUSED
    assert "our own listener" in probe.refusals[0].reason
    await console.stop()


async def test_a_name_that_answers_with_a_private_address_is_refused(fetching: Fetching) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["10.0.0.5"]

    fetcher = fetching(Guard(), timeout=timedelta(seconds=5), lookup=lookup)
    probe = await fetcher.probe("http://portal.example/", now=NOW)
    assert (probe.failure, probe.refusals[0].reason) == (Failure.REFUSED, "private address 10.0.0.5")


async def test_a_name_that_changes_its_answer_between_hops_is_refused(
    portal: Portal, fetching: Fetching
) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])

    async def lookup(host: str, port: int) -> list[str]:
        return next(answers)

    portal.answers["/"] = redirect("/next")
    fetcher = fetching(Guard(["127.0.0.1"]), timeout=timedelta(seconds=5), lookup=lookup)
    probe = await fetcher.probe(portal.url(host="portal.example"), now=NOW)
    assert probe.hops
    assert (probe.failure, probe.refusals[0].reason) == (Failure.REFUSED, "private address 10.0.0.5")


async def test_only_the_checked_answers_of_a_name_are_dialled(portal: Portal, fetching: Fetching) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["10.0.0.5", "127.0.0.1"]

    portal.answers["/"] = page("here")
    fetcher = fetching(Guard(["127.0.0.1"]), timeout=timedelta(seconds=5), lookup=lookup)
    probe = await fetcher.probe(portal.url(host="portal.example"), now=NOW)
    assert (probe.html, probe.addresses, probe.refusals) == ("here", ("127.0.0.1",), ())
    assert portal.asked[0].headers["host"] == f"portal.example:{portal.port}"
