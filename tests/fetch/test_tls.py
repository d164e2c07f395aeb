import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from defacewatch.captures import Failure, Hop, TlsProblem, Validators
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from tests.fetch.conftest import Fetching
from tests.fetch.portal import Portal, page, redirect

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def _der(leaf: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


def _fingerprint(leaf: trustme.LeafCert) -> str:
    return hashlib.sha256(_der(leaf)).hexdigest()


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def fetcher(ca: trustme.CA, tmp_path: Path, fetching: Fetching) -> HttpFetcher:
    cafile = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(cafile)
    guard = Guard(["127.0.0.1"])
    return fetching(guard, timeout=timedelta(seconds=10), cafile=str(cafile))


@asynccontextmanager
async def serving(leaf: trustme.LeafCert) -> AsyncIterator[Portal]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    portal = Portal(tls=context)
    await portal.start()
    portal.answers["/"] = page("<h1>over TLS</h1>", etag='"v1"')
    try:
        yield portal
    finally:
        await portal.stop()


async def test_a_valid_certificate_is_no_finding(ca: trustme.CA, fetcher: HttpFetcher) -> None:
    leaf = ca.issue_cert("127.0.0.1", not_after=NOW + 60 * DAY)
    async with serving(leaf) as portal:
        probe = await fetcher.probe(portal.url(), now=NOW)
    assert (probe.tls, probe.html, probe.failure) == (None, "<h1>over TLS</h1>", None)


async def test_an_end_that_is_near_is_told_ahead(ca: trustme.CA, fetcher: HttpFetcher) -> None:
    leaf = ca.issue_cert("127.0.0.1", not_after=NOW + 5 * DAY)
    async with serving(leaf) as portal:
        probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.tls is not None
    assert probe.tls.problem is TlsProblem.EXPIRES_SOON
    assert probe.tls.fingerprint == _fingerprint(leaf)
    assert probe.tls.not_after == (NOW + 5 * DAY).replace(microsecond=0)


async def test_the_end_is_told_for_an_unchanged_page_too(ca: trustme.CA, fetcher: HttpFetcher) -> None:
    async with serving(ca.issue_cert("127.0.0.1", not_after=NOW + 5 * DAY)) as portal:
        portal.answers["/"] = page(status="304 Not Modified", length=False)
        probe = await fetcher.probe(portal.url(), now=NOW, validators=Validators(etag='"v1"'))
    assert probe.not_modified
    assert probe.tls is not None
    assert probe.tls.problem is TlsProblem.EXPIRES_SOON


def _bad_leaves(ca: trustme.CA) -> dict[TlsProblem, trustme.LeafCert]:
    return {
        TlsProblem.EXPIRED: ca.issue_cert("127.0.0.1", not_before=NOW - 9 * DAY, not_after=NOW - DAY),
        TlsProblem.NOT_YET_VALID: ca.issue_cert("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 9 * DAY),
        TlsProblem.WRONG_HOST: ca.issue_cert("other.example"),
        TlsProblem.UNKNOWN_ISSUER: trustme.CA().issue_cert("127.0.0.1"),
    }


@pytest.mark.parametrize(
    "problem",
    [TlsProblem.EXPIRED, TlsProblem.NOT_YET_VALID, TlsProblem.WRONG_HOST, TlsProblem.UNKNOWN_ISSUER],
)
async def test_a_bad_certificate_is_a_finding_and_the_page_is_read_all_the_same(
    ca: trustme.CA, fetcher: HttpFetcher, problem: TlsProblem
) -> None:
    leaf = _bad_leaves(ca)[problem]
    async with serving(leaf) as portal:
        validators = Validators(etag='"v1"', last_modified="Sun, 22 Nov 2026 00:00:00 GMT", body_hash="00")
        probe = await fetcher.probe(portal.url(), now=NOW, validators=validators)
        asked = list(portal.asked)
    assert probe.tls is not None
    assert (probe.tls.problem, probe.tls.fingerprint) == (problem, _fingerprint(leaf))
    assert probe.tls.not_after is not None
    assert probe.tls.detail
    assert (probe.failure, probe.status, probe.html) == (None, 200, "<h1>over TLS</h1>")
    assert len(asked) == 1, "nothing was sent before the certificate had been judged"
    assert not {"if-none-match", "if-modified-since", "cookie"} & asked[0].headers.keys()


async def test_a_wrong_name_is_found_behind_a_host_name(
    ca: trustme.CA, tmp_path: Path, fetching: Fetching
) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    cafile = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(cafile)
    fetcher = fetching(Guard(["127.0.0.1"]), timeout=timedelta(seconds=10), cafile=str(cafile), lookup=lookup)
    async with serving(ca.issue_cert("good.example", not_after=NOW + 90 * DAY)) as portal:
        good = await fetcher.probe(portal.url(host="good.example"), now=NOW)
        bad = await fetcher.probe(portal.url(host="bad.example"), now=NOW)
    assert good.tls is None
    assert bad.tls is not None
    assert (bad.tls.problem, bad.html) == (TlsProblem.WRONG_HOST, "<h1>over TLS</h1>")


async def test_redirects_behind_a_bad_certificate_are_followed_without_cookies(
    ca: trustme.CA, fetcher: HttpFetcher
) -> None:
    leaf = trustme.CA().issue_cert("127.0.0.1")
    async with serving(leaf) as portal:
        portal.answers |= {"/": redirect("/home"), "/home": page("home")}
        probe = await fetcher.probe(portal.url(), now=NOW)
    assert probe.hops == (Hop(portal.url(), 302, "/home"),)
    assert (probe.html, probe.tls and probe.tls.fingerprint) == ("home", _fingerprint(leaf))


async def test_a_cookie_of_a_trusted_hop_is_not_shown_to_a_server_that_failed(
    ca: trustme.CA, fetcher: HttpFetcher
) -> None:
    good = ca.issue_cert("127.0.0.1", not_after=NOW + 90 * DAY)
    async with serving(good) as trusted, serving(trustme.CA().issue_cert("127.0.0.1")) as other:
        trusted.answers["/"] = redirect(other.url(), set_cookie="id=1; Path=/")
        probe = await fetcher.probe(trusted.url(), now=NOW)
        assert "cookie" not in other.asked[0].headers
    assert probe.tls is not None
    assert probe.tls.problem is TlsProblem.UNKNOWN_ISSUER


async def test_a_server_that_does_not_speak_tls_is_a_failure_and_a_finding(fetcher: HttpFetcher) -> None:
    def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe = await fetcher.probe(f"https://127.0.0.1:{port}/", now=NOW)
    server.close()
    await server.wait_closed()
    assert probe.failure is Failure.TLS
    assert probe.tls is not None
    assert (probe.tls.problem, probe.tls.detail) == (TlsProblem.OTHER, "wrong version number")
