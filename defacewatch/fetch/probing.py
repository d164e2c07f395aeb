"""One probe on its way: the redirects followed by hand so that each hop is checked, and what was learnt."""

import hashlib
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from yarl import URL

from defacewatch import reasons
from defacewatch.captures import Failure, Hop, Probe, Refusal, TlsFinding, Validators
from defacewatch.fetch import headers, redirects, tls
from defacewatch.fetch.body import Body, Undecodable
from defacewatch.fetch.charset import decode
from defacewatch.fetch.connector import PEER, GuardedConnector, Peer
from defacewatch.fetch.failures import PAGE_ERRORS, failure_of, short, tls_error
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.remembering import remembered

_URL = 2000  # characters of a URL that is kept for people to read
_MEANING = ("content-type", "content-encoding", "refresh", "content-disposition")  # headers


@dataclass(frozen=True)
class Bounds:
    """The limits of a probe: decompressed bytes, redirects, and how early a certificate's end is told."""

    max_bytes: int
    max_redirects: int
    expiry_warning: timedelta


@dataclass(frozen=True)
class Known:
    """A document that has been read before: the SHA-256 of how it was sent, headers that change its meaning
    included, and of its body."""

    received: bytes
    body_hash: str


class Probing:
    """The state of one probe. `follow` goes as far as it gets, `probe` says how far that was.

    With validators, and `known` as the document that they belong to, a document that comes again as it was
    is not read again: it counts as not modified, whether or not its server knows of conditions.
    """

    def __init__(
        self,
        guard: Guard,
        session: aiohttp.ClientSession,
        connector: GuardedConnector,
        trusting: ssl.SSLContext,
        bounds: Bounds,
        url: str,
        validators: Validators | None,
        known: Known | None = None,
    ) -> None:
        self._guard = guard
        self._session = session
        self._connector = connector
        self._trusting = trusting
        self._bounds = bounds
        self._url = self._final_url = url
        self._condition = validators or Validators()
        self._known = known
        self._jar: aiohttp.CookieJar | None = None  # this probe's own; most need none
        self._peer = Peer()
        self._distrusted: set[tuple[str | None, int | None]] = set()
        self._asked: set[tuple[str, str]] = set()
        self._hops: list[Hop] = []
        self._refusals: list[Refusal] = []
        self._headers: dict[str, str] = {}
        self._tls: TlsFinding | None = None
        self._leaf: bytes | None = None
        self._body: Body | None = None
        self._cut = False
        self._not_modified = False
        self._failure: Failure | None = None
        self._detail = ""
        self.status: int | None = None
        self.known: Known | None = None  # what to know this document by the next time

    async def follow(self) -> None:
        """Ask, and follow redirects, until there is a page or a failure."""
        PEER.set(self._peer)
        following: str | None = self._url
        while following is not None:
            url = following
            self._final_url, self.status, self._headers = url, None, {}
            if reason := self._guard.refusal_of_url(url):
                self._refuse(url, reason)
                return
            try:
                following = await self._hop(url)
            except PAGE_ERRORS as error:
                failure, detail = failure_of(error)
                if failure is Failure.REFUSED:
                    self._refuse(url, detail)
                elif not self._seems_whole():
                    self.fail(failure, detail)
                return

    def fail(self, failure: Failure, detail: str) -> None:
        """Note why there is no page, or not all of it."""
        self._failure, self._detail, self._cut = failure, detail, self._body is not None

    def probe(self, *, now: datetime, elapsed: float) -> Probe:
        """What was learnt."""
        body = b"" if self._not_modified else self._decoded()
        truncated = self._cut or (self._body is not None and self._body.truncated)
        body_hash = hashlib.sha256(body).hexdigest() if self._body is not None else None
        content_type = self._headers.get("content-type")
        if self._not_modified:
            body_hash = self._condition.body_hash
        elif self._body is not None and not truncated and body_hash is not None:
            self.known = Known(self._as_sent(self._body), body_hash)
        address = (self._peer.address,) if self._peer.address else ()
        return Probe(
            url=self._url,
            at=now,
            final_url=self._final_url,
            status=self.status,
            html=decode(body, content_type) if body and headers.is_text(content_type, body) else "",
            body_hash=body_hash,
            content_type=content_type,
            not_modified=self._not_modified,
            truncated=truncated,
            validators=Validators() if truncated else self._validators(body_hash),
            hops=tuple(self._hops),
            headers=self._headers,
            addresses=self._connector.addresses_of(host_of(self._final_url)) or address,
            tls=self._tls_finding(now),
            refusals=tuple(self._refusals),
            failure=self._failure,
            detail=self._detail,
            elapsed=elapsed,
        )

    async def _hop(self, url: str) -> str | None:
        """Ask for one URL; the next one when it redirects. Raises PAGE_ERRORS."""
        request = redirects.requestable(url)
        asking = (url, "" if self._jar is None else self._jar.filter_cookies(request).output())
        # The same URL once more is no loop when a cookie has been set meanwhile.
        if asking in self._asked or len(self._hops) > self._bounds.max_redirects:
            many = reasons.REDIRECTS.format(count=len(self._hops) - 1)
            self.fail(Failure.REDIRECTS, reasons.LOOP if asking in self._asked else many)
            return None
        self._asked.add(asking)
        response = await self._ask(request)
        try:
            return await self._take(url, response)
        finally:
            if self._connector.crowded:
                response.close()
            else:
                response.release()

    async def _get(self, request: URL, **options: Any) -> aiohttp.ClientResponse:
        """Ask, with the cookies that were set on the way, and keep those that are set now."""
        cookies = None
        if self._jar is not None:
            set_before = self._jar.filter_cookies(request)
            cookies = {name: morsel.value for name, morsel in set_before.items()} or None
        response = await self._session.get(
            request, allow_redirects=False, cookies=cookies, headers=self._conditions(), **options
        )
        if response.cookies and response.status in redirects.STATUSES:
            self._jar = self._jar or aiohttp.CookieJar(unsafe=True)
            self._jar.update_cookies(response.cookies, response.url)
        return response

    async def _ask(self, request: URL) -> aiohttp.ClientResponse:
        """The answer's head. A certificate that fails is a finding; the page is asked for all the same."""
        origin = (request.host, request.port)
        if origin in self._distrusted:
            return await self._get(request, ssl=self._trusting)
        try:
            response = await self._get(request)
        except aiohttp.ClientConnectorError as error:
            problem = tls_error(error)
            if problem is None:
                raise
            finding = tls.finding_of(problem)
            self._tls = self._tls or finding
            if not isinstance(problem, ssl.SSLCertVerificationError):
                raise
            # Whoever answers now may be anybody: no cookies, no conditions.
            self._distrusted.add(origin)
            self._jar = None
            self._condition = Validators()
            self._peer.leaf = None
            try:
                return await self._get(request, ssl=self._trusting)
            finally:
                if self._tls is finding:
                    self._tls = tls.with_leaf(finding, self._peer.leaf)
        self._leaf = self._peer.leaf
        return response

    def _conditions(self) -> dict[str, str]:
        if self._hops:
            return {}
        named = {"If-None-Match": self._condition.etag, "If-Modified-Since": self._condition.last_modified}
        return {name: value for name, value in named.items() if value}

    async def _take(self, url: str, response: aiohttp.ClientResponse) -> str | None:
        self.status = response.status
        self._headers = headers.kept(response.headers)
        location = response.headers.get("Location")
        if response.status in redirects.STATUSES and location is not None:
            self._hops.append(Hop(url[:_URL], response.status, headers.clean(location)[:_URL]))
            return redirects.target(url, location)
        if response.status == 304:
            self._not_modified = bool(not self._hops and self._conditions())
            if not self._not_modified:
                self.fail(Failure.PROTOCOL, reasons.NOT_ASKED)
            return None
        await self._read(response)
        return None

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        try:
            self._body = Body(
                ",".join(response.headers.getall("Content-Encoding", ())), self._bounds.max_bytes
            )
            await self._body.receive(response.content.iter_any())
            self._not_modified = self._is_known(self._body)
            if not self._not_modified:
                self._body.decode()
        except Undecodable as error:
            self._cut = True
            if self._body is None or not self._body.data:
                self.fail(Failure.PROTOCOL, short(reasons.NOT_DECODED.format(reason=error)))

    def _is_known(self, body: Body) -> bool:
        """Whether this is the document that the validators belong to, sent once more."""
        known, condition = self._known, self._condition
        return (
            known is not None
            and known.body_hash == condition.body_hash
            and self.status == 200
            and not self._hops
            and not body.truncated
            and known.received == self._as_sent(body)
        )

    def _as_sent(self, body: Body) -> bytes:
        """SHA-256 of a body and of the headers that say what it is, or send its reader elsewhere."""
        said = [self._headers.get(name, "") for name in _MEANING]
        return hashlib.sha256("\n".join(said).encode() + b"\n" + body.received).digest()

    def _decoded(self) -> bytes:
        """The body as far as it came: what cut it off may have been a failure or the clock."""
        if self._body is None:
            return b""
        with suppress(Undecodable):
            self._body.decode()
        return self._body.data

    def _seems_whole(self) -> bool:
        """Whether a body that broke off had all but ended: servers that count wrongly are not down."""
        return b"</html" in self._decoded()[-1024:].lower()

    def _refuse(self, url: str, reason: str) -> None:
        self._refusals.append(Refusal(headers.clean(url)[:_URL], reason))
        self.fail(Failure.REFUSED, short(reasons.THERE.format(url=url[:100], reason=reason)))

    def _validators(self, body_hash: str | None) -> Validators:
        if self._hops or self._failure is not None or self.status not in (200, 304):
            return Validators()
        etag = headers.sendable(self._headers.get("etag"))
        modified = headers.sendable(self._headers.get("last-modified"))
        if not self._not_modified:
            return Validators(etag, modified, body_hash)
        old = self._condition
        if etag in (None, old.etag) and modified in (None, old.last_modified):
            return old
        return replace(old, etag=etag or old.etag, last_modified=modified or old.last_modified)

    def _tls_finding(self, now: datetime) -> TlsFinding | None:
        if self._tls is not None or self._leaf is None:
            return self._tls
        return tls.expiry_of(self._leaf, now=now, warning=self._bounds.expiry_warning)


@remembered
def host_of(url: str) -> str:
    """The host of a URL as it is dialled; '' where there is none."""
    try:
        return URL(url).raw_host or ""
    except ValueError:
        return ""
