import asyncio
import gzip
import hashlib
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from defacewatch.captures import Failure, Hop, Validators
from defacewatch.errors import Exhausted
from defacewatch.fetch.connector import GuardedConnector
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import Behind, HttpFetcher
from defacewatch.fetch.manners import Manners
from defacewatch.fetch.tls import verifying_context
from tests.fetch.conftest import NOW, Fetching, no_descriptors
from tests.fetch.portal import Answer, Asked, Portal, Writer, drip, flood, page, redirect, silence


async def test_a_page_is_kept_with_its_status_headers_hash_and_address(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    portal.answers["/"] = page("<h1>Cổng thông tin</h1>", server="nginx", set_cookie="id=1", x_seen="1")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.status, probe.html, probe.failure) == (200, "<h1>Cổng thông tin</h1>", None)
    assert probe.body_hash == hashlib.sha256("<h1>Cổng thông tin</h1>".encode()).hexdigest()
    assert probe.headers["server"] == "nginx"
    assert "set-cookie" not in probe.headers
    assert probe.content_type == "text/html; charset=utf-8"
    assert (probe.url, probe.final_url, probe.at) == (portal.url(), portal.url(), NOW)
    assert probe.addresses == ("127.0.0.1",)
    assert 0 < probe.elapsed < 5


async def test_it_asks_as_a_vietnamese_browser_does(portal: Portal, fetcher: HttpFetcher) -> None:
    await fetcher.probe(portal.url(), now=NOW)
    headers = portal.asked[0].headers
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert headers["accept-language"].startswith("vi")
    assert headers["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in headers
    assert "authorization" not in headers


async def test_an_unchanged_page_answers_304_and_keeps_the_hash_of_its_body(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    modified = "Sun, 22 Nov 2026 00:00:00 GMT"

    async def conditional(asked: Asked, writer: Writer) -> None:
        fresh = asked.headers.get("if-none-match") == '"v1"'
        assert ("if-modified-since" in asked.headers) == fresh
        writer.write(
            page(status="304 Not Modified") if fresh else page("one", etag='"v1"', last_modified=modified)
        )

    portal.answers["/"] = conditional
    first = await fetcher.probe(portal.url(), now=NOW)
    assert first.validators == Validators('"v1"', modified, first.body_hash)
    second = await fetcher.probe(portal.url(), now=NOW, validators=first.validators)
    assert (second.status, second.not_modified, second.html, second.failure) == (304, True, "", None)
    assert second.body_hash == first.body_hash
    assert second.validators == first.validators


async def test_a_304_that_nobody_asked_for_is_a_failure(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers["/"] = page(status="304 Not Modified")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.failure, probe.not_modified) == (Failure.PROTOCOL, False)


async def test_a_condition_is_never_sent_past_a_redirect(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers |= {"/": redirect("/home"), "/home": page("home", etag='"v1"')}
    first = await fetcher.probe(portal.url(), now=NOW)
    assert first.validators == Validators()
    await fetcher.probe(portal.url(), now=NOW, validators=Validators(etag='"v1"', body_hash="00"))
    assert "if-none-match" in portal.asked[-2].headers
    assert "if-none-match" not in portal.asked[-1].headers


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_redirects_are_followed_and_recorded(portal: Portal, fetcher: HttpFetcher, status: str) -> None:
    portal.answers |= {"/": redirect("next?a=1#part", status=status), "/next?a=1": page("there")}
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.hops == (Hop(portal.url(), int(status[:3]), "next?a=1#part"),)
    assert (probe.final_url, probe.html, probe.status) == (portal.url("/next?a=1"), "there", 200)


async def test_a_redirect_loop_is_a_failure(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers |= {"/": redirect("/a"), "/a": redirect("/")}
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.failure is Failure.REDIRECTS
    assert len(probe.hops) == 2
    assert len(portal.asked) == 2


async def test_too_many_redirects_are_a_failure(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(50)}
    probe = await fetcher.probe(portal.url("/0"), now=NOW)
    assert (probe.failure, probe.detail) == (Failure.REDIRECTS, "more than 10 redirects")
    assert len(portal.asked) == 11


async def test_a_page_that_sets_a_cookie_and_redirects_to_itself_is_reached(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    async def wants_cookie(asked: Asked, writer: Writer) -> None:
        known = asked.headers.get("cookie") == "seen=1"
        writer.write(page("welcome") if known else redirect("/", set_cookie="seen=1"))

    portal.answers["/"] = wants_cookie
    assert (await fetcher.probe(portal.url(), now=NOW)).html == "welcome"
    await fetcher.probe(portal.url(), now=NOW)
    assert "cookie" not in portal.asked[2].headers, "cookies do not outlive a probe"


@pytest.mark.parametrize(("answer", "html"), [(silence, ""), (drip, "<h1>hello</h1>")])
async def test_a_tarpit_ends_in_time_with_what_was_read(
    portal: Portal, guard: Guard, fetching: Fetching, answer: Answer, html: str
) -> None:
    portal.answers["/"] = answer
    fetcher = fetching(guard, timeout=timedelta(seconds=1.5))
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.failure is Failure.TIMEOUT
    assert probe.html.startswith(html)
    assert probe.truncated == bool(html)
    assert probe.elapsed < 10


async def test_an_endless_body_is_cut(portal: Portal, guard: Guard, fetching: Fetching) -> None:
    portal.answers["/"] = flood
    fetcher = fetching(guard, timeout=timedelta(seconds=10), max_bytes=100_000)
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.failure, probe.truncated, len(probe.html)) == (None, True, 100_000)
    assert probe.validators == Validators()


async def test_a_body_of_exactly_the_limit_is_whole(portal: Portal, guard: Guard, fetching: Fetching) -> None:
    portal.answers["/"] = page(b"x" * 1000)
    fetcher = fetching(guard, timeout=timedelta(seconds=10), max_bytes=1000)
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.truncated, len(probe.html)) == (False, 1000)


async def test_a_decompression_bomb_is_cut_at_the_limit(portal: Portal, fetcher: HttpFetcher) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), 6, mtime=0)
    portal.answers["/"] = page(bomb, content_encoding="gzip")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.failure, probe.truncated, len(probe.html)) == (None, True, 10 * 1024 * 1024)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"<p>xin ch\xc3\xa0o</p>", mtime=0)),
        ("x-gzip", gzip.compress(b"<p>xin ch\xc3\xa0o</p>", mtime=0)),
        ("deflate", zlib.compress(b"<p>xin ch\xc3\xa0o</p>")),
        ("identity", b"<p>xin ch\xc3\xa0o</p>"),
    ],
)
async def test_compressed_pages_are_read(
    portal: Portal, fetcher: HttpFetcher, coding: str, body: bytes
) -> None:
    portal.answers["/"] = page(body, content_encoding=coding)
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.html == "<p>xin chào</p>"
    assert probe.body_hash == hashlib.sha256(b"<p>xin ch\xc3\xa0o</p>").hexdigest()


async def test_a_coding_that_was_not_asked_for_is_a_failure(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers["/"] = page(b"\x1b\x00", content_encoding="br")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.failure, probe.detail) == (
        Failure.PROTOCOL,
        "the body cannot be decoded: content coding br",
    )


async def test_an_error_page_is_kept_with_its_status(portal: Portal, fetcher: HttpFetcher) -> None:
    portal.answers["/"] = page("<h1>hacked</h1>", status="503 Service Unavailable")
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.status, probe.html, probe.failure) == (503, "<h1>hacked</h1>", None)
    assert probe.validators == Validators()


@pytest.mark.parametrize(
    ("content_type", "html"),
    [
        ("image/png", ""),
        ("application/octet-stream", ""),
        ("application/xhtml+xml", "abc"),
        ("text/plain", "abc"),
    ],
)
async def test_only_text_becomes_html(
    portal: Portal, fetcher: HttpFetcher, content_type: str, html: str
) -> None:
    portal.answers["/"] = page("abc", content_type=content_type)
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.html, probe.body_hash) == (html, hashlib.sha256(b"abc").hexdigest())


async def test_a_body_that_breaks_off_is_a_failure_unless_the_document_had_ended(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    portal.answers["/half"] = page("<html><p>half", content_length="1000")
    portal.answers["/whole"] = page("<html><p>whole</html>\n", content_length="1000")
    half = await fetcher.probe(portal.url("/half"), now=NOW)
    assert (half.failure, half.truncated, half.html) == (Failure.PROTOCOL, True, "<html><p>half")
    whole = await fetcher.probe(portal.url("/whole"), now=NOW)
    assert (whole.failure, whole.truncated) == (None, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff garbage\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(5000)) + b"\r\n",
        page(b"not gzip at all", content_encoding="gzip"),
    ],
    ids=lambda answer: answer[:40],
)
async def test_an_answer_that_is_not_http_is_a_failure(
    portal: Portal, fetcher: HttpFetcher, answer: bytes
) -> None:
    portal.answers["/"] = answer
    probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.failure is Failure.PROTOCOL
    assert 0 < len(probe.detail) <= 200


JUNK = """HTTP/1.1 |200 OK|302 Found|\r\n|\n|Location: |http://|//|\x00|\xff|Content-Length: 5|5|: |%|[::1
|xn--|Transfer-Encoding: chunked|Content-Encoding: gzip|Set-Cookie: a=b; Domain=x|Content-Type: text/html"""


FUZZED = Guard(["127.0.0.1"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    junk=st.lists(st.sampled_from([part.encode("latin-1") for part in JUNK.split("|")]), max_size=14),
    proper=st.booleans(),
)
def test_a_probe_never_raises_whatever_a_server_sends(junk: list[bytes], proper: bool) -> None:
    async def probe() -> None:
        portal = Portal()
        await portal.start()
        portal.answers["/"] = (
            (b"HTTP/1.1 302 Found\r\nLocation: " if proper else b"") + b"".join(junk) + b"\r\n\r\n"
        )
        fetcher = HttpFetcher(FUZZED, timeout=timedelta(seconds=2))
        result = await fetcher.probe(portal.url(), now=NOW)
        await fetcher.close()
        result.html.encode()
        str(result.headers).encode()
        await portal.stop()

    asyncio.run(probe())


async def test_a_closed_port_and_an_unknown_name_are_told_apart(fetcher: HttpFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = await fetcher.probe(f"http://127.0.0.1:{port}/", now=NOW)
    assert closed.failure is Failure.CONNECT
    unknown = await fetcher.probe("http://no-such-name.invalid/", now=NOW)
    assert unknown.failure is Failure.DNS


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_host_out_of_descriptors_blames_itself_and_not_the_site(
    portal: Portal, fetcher: HttpFetcher, host: str
) -> None:
    portal.answers["/"] = page("here")
    url = portal.url(host=host)
    assert (await fetcher.probe(url, now=NOW)).html == "here"
    with no_descriptors(), pytest.raises(Exhausted, match="raise the limit of open files"):
        await fetcher.probe(url, now=NOW)
    assert (await fetcher.probe(url, now=NOW)).html == "here"


async def test_other_hosts_are_probed_while_one_is_held_up(
    portal: Portal, fetching: Fetching, guard: Guard
) -> None:
    portal.answers |= {"/tarpit": drip, "/": page("quick")}
    fetcher = fetching(guard, timeout=timedelta(seconds=1))
    held = asyncio.create_task(fetcher.probe(portal.url("/tarpit"), now=NOW))
    quick = await asyncio.gather(
        *(fetcher.probe(portal.url(host="localhost"), now=NOW) for _ in range(3)),
    )
    assert not held.done()
    assert {probe.html for probe in quick} == {"quick"}
    assert (await held).failure is Failure.TIMEOUT


async def test_a_host_is_asked_one_thing_at_a_time(portal: Portal, fetcher: HttpFetcher) -> None:
    at_once = most = 0

    async def answer(asked: Asked, writer: Writer) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        writer.write(page(asked.path))
        await writer.drain()
        at_once -= 1

    portal.answers |= {f"/{number}": answer for number in range(4)}
    probes = await asyncio.gather(
        *(fetcher.probe(portal.url(f"/{number}"), now=NOW) for number in range(4)),
    )
    assert [probe.html for probe in probes] == ["/0", "/1", "/2", "/3"]
    assert most == 1


async def test_what_a_page_is_made_of_is_asked_for_after_the_pages_of_its_host(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    portal.answers |= {path: page("here") for path in ("/first", "/style.css", "/page")}
    await asyncio.gather(
        fetcher.probe(portal.url("/first"), now=NOW),
        Behind(fetcher).probe(portal.url("/style.css"), now=NOW),
        fetcher.probe(portal.url("/page"), now=NOW),
    )
    assert [asked.path for asked in portal.asked] == ["/first", "/page", "/style.css"]


async def test_of_a_host_that_cannot_be_reached_the_manners_hear_and_of_one_that_answers_badly_too(
    portal: Portal, fetching: Fetching, guard: Guard
) -> None:
    class Told(Manners):
        def heard(self, host: str, *, reached: bool) -> None:
            heard.append((host, reached))

    heard: list[tuple[str, bool]] = []
    portal.answers |= {
        "/drip": drip,
        "/silence": silence,
        "/bad": b"x",
        "/away": redirect("http://127.0.0.1:9/"),
    }
    fetcher = fetching(guard, timeout=timedelta(seconds=0.3), manners=Told())
    paths = ("/drip", "/bad", "/away", "/silence")
    for path in paths:
        await fetcher.probe(portal.url(path), now=NOW)
    await fetcher.probe("http://no-such-name.invalid/", now=NOW)
    assert heard == [
        *(("127.0.0.1", path != "/silence") for path in paths),
        ("no-such-name.invalid", False),
    ]


async def test_a_connection_is_used_again_and_made_anew_when_it_is_old(
    guard: Guard, fetcher: HttpFetcher
) -> None:
    ports: list[int] = []

    async def keep(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(text="here")

    async with serving(keep) as url:
        connector = GuardedConnector(guard, verifying_context(), age=0.0)
        await fetcher.probe(url, now=NOW)
        await fetcher.probe(url, now=NOW)
        async with aiohttp.ClientSession(connector=connector) as session:
            for _ in range(2):
                async with session.get(url) as answer:
                    await answer.read()
    again, anew = ports[:2], ports[2:]
    assert len(set(again)) == 1
    assert len(set(anew)) == 2


async def test_connections_beyond_the_bound_are_not_kept(guard: Guard) -> None:
    async def keep(request: web.Request) -> web.Response:
        return web.Response(text="here")

    connector = GuardedConnector(guard, verifying_context(), most=0)
    async with serving(keep) as url, aiohttp.ClientSession(connector=connector) as session:
        assert not connector.crowded
        async with session.get(url):
            assert connector.crowded


async def test_a_document_that_comes_as_before_is_not_read_again(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    portal.answers["/"] = page(gzip.compress(b"<h1>here</h1>", mtime=0), content_encoding="gzip")
    first = await fetcher.probe(portal.url(), now=NOW)
    again = await fetcher.probe(portal.url(), now=NOW, validators=first.validators)
    assert (again.not_modified, again.html, again.status) == (True, "", 200)
    assert again.body_hash == first.body_hash
    unasked = await fetcher.probe(portal.url(), now=NOW)
    assert (unasked.not_modified, unasked.html) == (False, "<h1>here</h1>")


@pytest.mark.parametrize(
    "other",
    [
        page(b"<h1>there</h1>"),
        page(b"<h1>here</h1>", status="404 Not Found"),
        page(b"<h1>here</h1>", refresh="0; url=http://127.0.0.1/"),
        page(b"<h1>here</h1>", content_type="text/plain"),
    ],
    ids=["text", "status", "refresh", "type"],
)
async def test_a_document_that_comes_otherwise_is_read(
    portal: Portal, fetcher: HttpFetcher, other: bytes
) -> None:
    portal.answers["/"] = page(b"<h1>here</h1>")
    first = await fetcher.probe(portal.url(), now=NOW)
    portal.answers["/"] = other
    again = await fetcher.probe(portal.url(), now=NOW, validators=first.validators)
    assert not again.not_modified
    assert "here" in again.html or "there" in again.html


async def test_what_was_known_of_a_document_says_nothing_about_other_validators(
    portal: Portal, fetcher: HttpFetcher
) -> None:
    portal.answers["/"] = page(b"<h1>here</h1>")
    await fetcher.probe(portal.url(), now=NOW)
    again = await fetcher.probe(portal.url(), now=NOW, validators=Validators(body_hash="0" * 64))
    assert (again.not_modified, again.html) == (False, "<h1>here</h1>")


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The URL of a server that keeps connections open, as real ones do."""
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()
