"""What a capture tells of how it came about."""

from dataclasses import replace

from defacewatch.captures import Capture
from defacewatch.web.details import REQUESTS, Details, details_of
from tests.store.samples import NOW

PLAIN = Capture("c", "p", NOW, "s", "d", "p", "f", "h", "h", "https://a.gov.vn/", 200, "Cổng")


def made(**details: object) -> Capture:
    return replace(PLAIN, details=details)


def asked(*urls: str) -> list[dict[str, object]]:
    return [{"url": url, "kind": "script", "status": 200} for url in urls]


def test_hosts_that_the_approved_page_does_not_ask_are_new_and_stand_first() -> None:
    before = made(resources=asked("https://a.gov.vn/x.js", "https://old.example/y.js"))
    after = made(resources=asked("https://a.gov.vn/z.js", "https://bad.example/1", "https://bad.example/2"))
    found = details_of(after, before)
    assert found.hosts == (("bad.example", 2),)
    assert found.gone == ("old.example",)
    assert [request.fresh for request in found.requests] == [True, True, False]


def test_without_an_approved_capture_nothing_is_called_new() -> None:
    found = details_of(made(resources=asked("https://bad.example/1"), headers={"Server": "nginx"}), None)
    assert not found.requests[0].fresh
    assert found.headers == (("Server", "nginx", False),)
    assert found.hosts == ()


def test_the_way_there_is_told_step_by_step() -> None:
    found = details_of(
        made(
            hops=[{"url": "http://a/", "status": 302, "location": "https://b/"}],
            tls={"problem": "expired", "detail": "since May", "fingerprint": "ab", "not_after": None},
            addresses=["192.0.2.1"],
            refusals=[{"url": "http://10.0.0.1/", "reason": "private address 10.0.0.1"}],
            downloads=2,
            page_errors=7,
        ),
        made(addresses=["192.0.2.9"], page_errors=1),
    )
    assert found.hops == (("http://a/", 302, "https://b/"),)
    assert found.tls == ("expired", "since May", "ab")
    assert (found.addresses, found.addresses_before) == (("192.0.2.1",), ("192.0.2.9",))
    assert found.refusals == (("http://10.0.0.1/", "private address 10.0.0.1"),)
    assert (found.downloads, found.page_errors, found.page_errors_before) == (2, 7, 1)


def test_what_an_older_program_kept_otherwise_is_left_out() -> None:
    odd = made(
        hops="x",
        resources=[1, {"url": None}],
        headers=[],
        tls=3,
        addresses={},
        downloads="many",
        page_errors=True,
    )
    found = details_of(odd, odd)
    assert replace(found, requests=(), asked=0) == Details()


def test_it_is_bounded() -> None:
    found = details_of(made(resources=asked(*(f"https://h{n}.example/" for n in range(500)))), made())
    assert (len(found.requests), found.asked) == (REQUESTS, 500)
    assert len(found.hosts) == 40


def test_addresses_that_are_none_have_no_host() -> None:
    found = details_of(made(resources=asked("https://[", "data:x")), made())
    assert found.hosts == ()


def test_a_header_that_says_something_else_is_marked_but_for_those_that_always_do() -> None:
    now = made(headers={"Server": "x", "Date": "today", "Via": "1.1 a", "X-New": "1"})
    found = details_of(now, made(headers={"Server": "nginx", "Date": "then", "Via": "1.1 a"}))
    assert {name for name, _, other in found.headers if other} == {"Server", "X-New"}
