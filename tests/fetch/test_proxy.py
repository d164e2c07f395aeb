import asyncio
import errno
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack

import aiohttp
import pytest
import trustme

from defacewatch.captures import Failure, Refusal
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.proxy import FilteringProxy, Limits, ProxySession
from tests.fetch.conftest import no_descriptors
from tests.fetch.portal import Asked, Portal, Writer, flood, page, silence


@pytest.fixture
async def proxy(guard: Guard) -> AsyncIterator[FilteringProxy]:
    proxy = FilteringProxy(guard)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def session(proxy: FilteringProxy) -> AsyncIterator[ProxySession]:
    async with proxy.session() as session:
        yield session


def _address(session: ProxySession) -> tuple[str, int]:
    host, _, port = session.server.removeprefix("http://").partition(":")
    return host, int(port)


async def _exchange(session: ProxySession, request: bytes) -> bytes:
    """Everything that the proxy answers to `request` until it closes."""
    reader, writer = await asyncio.open_connection(*_address(session))
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.transport.abort()


async def test_a_plain_request_passes_with_its_hop_by_hop_fields_changed(
    portal: Portal, session: ProxySession
) -> None:
    portal.answers["/a?b=c"] = page(
        "hello", connection="keep-alive, x-hop", x_hop="1", keep_alive="timeout=5", x_end="2"
    )
    request = (
        f"GET {portal.url('/a?b=c')} HTTP/1.1\r\nHost: elsewhere.example\r\nProxy-Connection: keep-alive\r\n"
        "Proxy-Authorization: Basic eA==\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nX-Kept: 2\r\n\r\n"
    )
    answer = await _exchange(session, request.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"hello"
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"http/1.1 200 ok"
    assert b"connection: close" in lines
    assert b"x-end: 2" in lines
    assert not [line for line in lines if line.startswith((b"x-hop", b"keep-alive", b"connection: keep"))]
    seen = portal.asked[0]
    assert (seen.method, seen.path, seen.headers["host"]) == ("GET", "/a?b=c", f"127.0.0.1:{portal.port}")
    assert seen.headers["connection"] == "close"
    assert seen.headers["x-kept"] == "2"
    assert not {"proxy-connection", "proxy-authorization", "x-mine"} & seen.headers.keys()


async def test_request_bodies_and_chunked_answers_pass_through(portal: Portal, session: ProxySession) -> None:
    async def echo(asked: Asked, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(asked.body), asked.body))
        await asyncio.Event().wait()  # and the connection stays open

    portal.answers["/"] = echo
    body = b"x" * 300_000
    async with (
        aiohttp.ClientSession() as client,
        client.post(portal.url(), data=body, proxy=session.server) as answer,
    ):
        assert await answer.read() == body


async def test_a_head_comes_in_pieces_or_together_with_what_follows_it(
    portal: Portal, session: ProxySession
) -> None:
    async def dribble(asked: Asked, writer: Writer) -> None:
        for byte in b"\r\nHTTP/1.1 200 OK\nX-Folded: one\n two\n\t three\nnonsense\n\nhello " + asked.body:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        writer.close()

    portal.answers["/"] = dribble
    post = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nthere" % portal.url().encode()
    expected = b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-Folded: one two three\r\n\r\nhello there"
    assert await _exchange(session, post) == expected
    portal.answers["/in"] = page("through")
    inner = b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n"
    told = await _exchange(session, b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % portal.port + inner)
    assert told.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert told.endswith(b"\r\n\r\nthrough")


async def test_a_tunnel_carries_tls_end_to_end(session: ProxySession) -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    portal = Portal(tls=context)
    await portal.start()
    portal.answers["/"] = page("x" * 1_000_000)
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    async with (
        aiohttp.ClientSession() as client,
        client.get(portal.url(), proxy=session.server, ssl=trusting) as answer,
    ):
        assert len(await answer.read()) == 1_000_000
    assert (session.refusals, session.failures, session.exceeded) == ([], {}, False)
    await portal.stop()


@pytest.mark.parametrize(
    ("request_line", "refusal"),
    [
        ("GET http://10.0.0.1/x HTTP/1.1", Refusal("http://10.0.0.1/x", "private address 10.0.0.1")),
        ("CONNECT 10.0.0.1:443 HTTP/1.1", Refusal("https://10.0.0.1/", "private address 10.0.0.1")),
        (
            "CONNECT [::ffff:10.0.0.1]:8443 HTTP/1.1",
            Refusal("https://[::ffff:10.0.0.1]:8443/", "private address 10.0.0.1"),
        ),
        (
            "CONNECT 169.254.169.254:80 HTTP/1.1",
            Refusal("http://169.254.169.254/", "metadata address 169.254.169.254"),
        ),
        ("CONNECT mail.example:25 HTTP/1.1", Refusal("https://mail.example:25/", "port 25")),
        ("CONNECT mail.example:0 HTTP/1.1", Refusal("https://mail.example:0/", "port 0")),
    ],
)
async def test_what_the_guard_refuses_gets_403_and_is_recorded(
    session: ProxySession, request_line: str, refusal: Refusal
) -> None:
    answer = await _exchange(session, f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert session.refusals == [refusal]


async def test_a_name_is_dialled_at_the_address_that_was_checked(portal: Portal) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])

    async def lookup(host: str, port: int) -> list[str]:
        return next(answers)

    portal.answers["/"] = page("here")
    proxy = FilteringProxy(Guard(["127.0.0.0/8"]), lookup=lookup)
    request = f"GET {portal.url(host='portal.example')} HTTP/1.1\r\n\r\n".encode()
    async with proxy.session() as session:
        assert (await _exchange(session, request)).endswith(b"here")
        assert (await _exchange(session, request)).startswith(b"HTTP/1.1 403 ")
        assert [refusal.reason for refusal in session.refusals] == ["private address 10.0.0.5"]


async def test_the_next_address_is_tried_when_the_first_does_not_answer(portal: Portal) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["10.0.0.5", "127.0.0.3", "127.0.0.1"]

    portal.answers["/"] = page("here")
    proxy = FilteringProxy(Guard(["127.0.0.0/8"]), lookup=lookup)
    async with proxy.session() as session:
        answer = await _exchange(session, f"GET {portal.url(host='x.example')} HTTP/1.1\r\n\r\n".encode())
        assert answer.endswith(b"here")
        assert session.refusals == []


async def test_no_session_reaches_another_or_itself(proxy: FilteringProxy, session: ProxySession) -> None:
    async with proxy.session() as other:
        for server in (session.server, other.server):
            answer = await _exchange(session, f"GET {server}/ HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 403 ")
        assert other.refusals == []
    assert len(session.refusals) == 2


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET https://a.example/ HTTP/1.1\r\n\r\n",
        b"GET ftp://a.example/ HTTP/1.1\r\n\r\n",
        b"CONNECT a.example HTTP/1.1\r\n\r\n",
        b"CONNECT a.example:99999 HTTP/1.1\r\n\r\n",
        b"GET http://a.example/ HTTP/2.0\r\n\r\n",
        b"GET http://a.example/\x01 HTTP/1.1\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
    ],
    ids=lambda data: data[:30],
)
async def test_what_is_not_a_proxy_request_gets_400(session: ProxySession, request_bytes: bytes) -> None:
    assert (await _exchange(session, request_bytes)).startswith(b"HTTP/1.1 400 ")


async def test_why_a_host_could_not_be_reached_is_told(guard: Guard, portal: Portal) -> None:
    portal.answers |= {"/junk": b"junk\r\n\r\n", "/nothing": b"", "/upgrade": b"HTTP/1.1 101 Yes\r\n\r\n"}
    proxy = FilteringProxy(guard)
    for path in portal.answers:
        async with proxy.session() as session:
            answer = await _exchange(session, f"GET {portal.url(path)} HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 502 ")
            assert session.failures == {f"127.0.0.1:{portal.port}": Failure.PROTOCOL}
    async with proxy.session() as session:
        await _exchange(session, b"CONNECT No-Such-Name.invalid:443 HTTP/1.1\r\n\r\n")
        await _exchange(session, b"CONNECT 127.0.0.1:1234 HTTP/1.1\r\n\r\n")
        assert session.failures == {
            "no-such-name.invalid:443": Failure.DNS,
            "127.0.0.1:1234": Failure.CONNECT,
        }


async def test_a_server_that_never_answers_is_given_up(guard: Guard, portal: Portal) -> None:
    portal.answers["/"] = silence
    async with FilteringProxy(guard, limits=Limits(idle=0.3)).session() as session:
        answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 504 ")
        assert session.failures == {f"127.0.0.1:{portal.port}": Failure.TIMEOUT}


async def test_of_informational_heads_only_100_is_passed_on(portal: Portal, session: ProxySession) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + b"HTTP/1.1 102 Processing\r\n\r\n"
    portal.answers["/"] = hints * 8 + b"HTTP/1.1 100 Continue\r\n\r\n" + page("here")
    answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"here")


@pytest.mark.parametrize("status", ["100 Continue", "103 Early Hints"])
async def test_informational_heads_without_end_are_no_answer(
    portal: Portal, session: ProxySession, status: str
) -> None:
    async def endless(asked: Asked, writer: Writer) -> None:
        while True:
            writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode() * 1000)
            await writer.drain()

    portal.answers["/"] = endless
    answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
    assert answer.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").startswith(b"HTTP/1.1 502 ")
    assert answer.count(b"HTTP/1.1 1") <= 21
    assert session.failures == {f"127.0.0.1:{portal.port}": Failure.PROTOCOL}


@pytest.mark.parametrize(
    "answer", [page(filler="x" * 10_000), page("x" * 10_000)], ids=["head", "what came with a head"]
)
async def test_heads_count_as_traffic_and_so_does_what_came_with_one(
    guard: Guard, portal: Portal, answer: bytes
) -> None:
    portal.answers["/"] = answer
    async with FilteringProxy(guard, limits=Limits(traffic=5000)).session() as session:
        await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
        assert session.exceeded


@pytest.mark.parametrize(("beyond", "status"), [(0, b"200 OK"), (1, b"502 Bad Gateway")])
async def test_a_head_may_be_as_long_as_the_limit_and_no_longer(
    guard: Guard, portal: Portal, beyond: int, status: bytes
) -> None:
    size = page("here", filler="").index(b"here")
    portal.answers["/"] = page("here", filler="x" * (1000 - size + beyond))
    async with FilteringProxy(guard, limits=Limits(head=1000)).session() as session:
        answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 %b\r\n" % status)


@pytest.mark.parametrize("tunnel", [False, True])
async def test_what_a_client_sends_with_its_head_arrives_once(session: ProxySession, tunnel: bool) -> None:
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = b"CONNECT 127.0.0.1:%d" % port if tunnel else b"POST http://127.0.0.1:%d/" % port
    _, writer = await asyncio.open_connection(*_address(session))
    body = b"y" * 30_000
    writer.write(target + b" HTTP/1.1\r\n\r\n" + body[:100])
    await writer.drain()
    writer.write(body[100:])
    writer.write_eof()
    seen = await arrived
    assert seen.partition(b"\r\n\r\n")[2] == body if not tunnel else seen == body
    writer.transport.abort()
    server.close()


async def test_only_the_proxys_own_answers_carry_its_mark(portal: Portal, session: ProxySession) -> None:
    mark = session.mark.encode()
    portal.answers["/"] = page("here").replace(b"\r\n", b"\r\n%b: 1\r\n" % mark, 1)
    answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
    assert answer.endswith(b"here")
    assert mark not in answer
    for target in ("http://10.0.0.1/", "http://127.0.0.1:1234/", "https://a.example/"):
        assert mark in await _exchange(session, f"GET {target} HTTP/1.1\r\n\r\n".encode())


async def test_running_out_of_descriptors_is_our_own_failing(guard: Guard, portal: Portal) -> None:
    with ExitStack() as stack:

        async def lookup(host: str, port: int) -> list[str]:
            stack.enter_context(no_descriptors())
            return ["127.0.0.1", "127.0.0.1"]

        async with FilteringProxy(guard, lookup=lookup).session() as session:
            await _exchange(session, f"GET {portal.url(host='x.example')} HTTP/1.1\r\n\r\n".encode())
            assert session.failures == {f"x.example:{portal.port}": Failure.BROWSER}
            assert session.exhausted


async def test_a_session_for_which_there_is_no_descriptor_does_not_begin(proxy: FilteringProxy) -> None:
    with no_descriptors(), pytest.raises(OSError, match="Too many open files"):
        async with proxy.session():
            pass
    async with proxy.session() as session:
        assert session.server


async def test_a_lookup_without_a_descriptor_is_our_own_failing(guard: Guard) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        raise OSError(errno.EMFILE, "Too many open files")

    async with FilteringProxy(guard, lookup=lookup).session() as session:
        await _exchange(session, b"CONNECT x.example:443 HTTP/1.1\r\n\r\n")
        assert (session.failures, session.exhausted) == ({"x.example:443": Failure.BROWSER}, True)


async def test_a_client_that_says_nothing_is_let_go(guard: Guard) -> None:
    async with FilteringProxy(guard, limits=Limits(idle=0.2)).session() as session:
        assert await _exchange(session, b"GET http://a.example/ HT") == b""


async def test_an_idle_tunnel_is_closed(guard: Guard, portal: Portal) -> None:
    async with FilteringProxy(guard, limits=Limits(idle=0.3)).session() as session:
        answer = await _exchange(session, f"CONNECT 127.0.0.1:{portal.port} HTTP/1.1\r\n\r\n".encode())
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n"


async def test_a_session_carries_only_so_many_bytes(guard: Guard, portal: Portal) -> None:
    portal.answers["/"] = flood
    async with FilteringProxy(guard, limits=Limits(traffic=500_000)).session() as session:
        answer = await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
        assert 400_000 < len(answer) < 501_000
        assert session.exceeded
        assert await _exchange(session, f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode()) == b""


async def test_a_session_has_only_so_many_connections(guard: Guard) -> None:
    async with FilteringProxy(guard, limits=Limits(concurrent=2)).session() as session:
        held = [await asyncio.open_connection(*_address(session)) for _ in range(2)]
        with pytest.raises(OSError):
            assert await _exchange(session, b"GET http://10.0.0.1/ HTTP/1.1\r\n\r\n") == b""
            raise ConnectionResetError
        assert session.exceeded
        for _, writer in held:
            writer.transport.abort()


async def test_everything_is_closed_with_the_session(guard: Guard, portal: Portal) -> None:
    portal.answers["/"] = silence
    proxy = FilteringProxy(guard)
    async with proxy.session() as session:
        reader, writer = await asyncio.open_connection(*_address(session))
        writer.write(f"GET {portal.url()} HTTP/1.1\r\n\r\n".encode())
        async with asyncio.timeout(20):
            await portal.seen.wait()
        address = _address(session)
        assert guard.refusal_of_address(*address) is not None
    async with asyncio.timeout(20):
        with pytest.raises(OSError):
            assert await reader.read() == b""
            raise ConnectionResetError
    with pytest.raises(OSError):
        await asyncio.open_connection(*address)
    assert guard.refusal_of_address(*address) is None
    writer.transport.abort()


async def test_stopping_the_proxy_ends_its_sessions(guard: Guard) -> None:
    proxy = FilteringProxy(guard)
    await proxy.start()
    async with proxy.session() as session:
        await proxy.stop()
        with pytest.raises(OSError):
            await asyncio.open_connection(*_address(session))
