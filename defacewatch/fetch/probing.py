"""One probe on its way: the redirects followed by hand so that each hop is checked, and what was learnt."""

import hashlib
import ssl
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import aiohttp
from yarl import URL

from defacewatch.captures import Failure, Hop, Probe, Refusal, TlsFinding, Validators
from defacewatch.fetch import headers, redirects, tls
from defacewatch.fetch.body import Body, Undecodable
from defacewatch.fetch.charset import decode
from defacewatch.fetch.connector import GuardedConnector
from defacewatch.fetch.failures import PAGE_ERRORS, failure_of, short, tls_error
from defacewatch.fetch.guard import Guard

_URL = 2000  # characters of a URL that is kept for people to read
_HEAD_LINE = 64 * 1024  # bytes; content security policies grow long


@dataclass(frozen=True)
class Bounds:
    """The limits of a probe: decompressed bytes, redirects, and how early a certificate's end is told."""

    max_bytes: int
    max_redirects: int
    expiry_warning: timedelta


class Probing:
    """The state of one probe. `follow` goes as far as it gets, `probe` says how far that was."""

    def __init__(
        self,
        guard: Guard,
        connector: GuardedConnector,
        trusting: ssl.SSLContext,
        bounds: Bounds,
        url: str,
        validators: Validators | None,
    ) -> None:
        self._guard = guard
        self._connector = connector
        self._trusting = trusting
        self._bounds = bounds
        self._url = self._final_url = url
        self._condition = validators or Validators()
        self._jar = aiohttp.CookieJar(unsafe=True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=self._jar,
            headers=headers.REQUEST,
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            max_line_size=_HEAD_LINE,
            max_field_size=_HEAD_LINE,
        )
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

    async def follow(self) -> None:
        """Ask, and follow redirects, until there is a page or a failure."""
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

    async def close(self) -> None:
        """End the connections."""
        await self._session.close()

    def fail(self, failure: Failure, detail: str) -> None:
        """Note why there is no page, or not all of it."""
        self._failure, self._detail, self._cut = failure, detail, self._body is not None

    def probe(self, *, now: datetime, elapsed: float) -> Probe:
        """What was learnt."""
        body = self._body.data if self._body is not None else b""
        truncated = self._cut or (self._body is not None and self._body.truncated)
        body_hash = hashlib.sha256(body).hexdigest() if self._body is not None else None
        content_type = self._headers.get("content-type")
        if self._not_modified:
            body_hash = self._condition.body_hash
        return Probe(
            url=self._url,
            at=now,
            final_url=self._final_url,
            status=self.status,
            html=decode(body, content_type) if headers.is_text(content_type, body) else "",
            body_hash=body_hash,
            content_type=content_type,
            not_modified=self._not_modified,
            truncated=truncated,
            validators=Validators() if truncated else self._validators(body_hash),
            hops=tuple(self._hops),
            headers=self._headers,
            addresses=self._connector.addresses_of(_host(self._final_url)),
            tls=self._tls_finding(now),
            refusals=tuple(self._refusals),
            failure=self._failure,
            detail=self._detail,
            elapsed=elapsed,
        )

    async def _hop(self, url: str) -> str | None:
        """Ask for one URL; the next one when it redirects. Raises PAGE_ERRORS."""
        request = redirects.requestable(url)
        asking = (url, self._jar.filter_cookies(request).output())
        # The same URL once more is no loop when a cookie has been set meanwhile.
        if asking in self._asked or len(self._hops) > self._bounds.max_redirects:
            kind = (
                "a redirect loop" if asking in self._asked else f"more than {len(self._hops) - 1} redirects"
            )
            self.fail(Failure.REDIRECTS, kind)
            return None
        self._asked.add(asking)
        response = await self._ask(request)
        try:
            return await self._take(url, response)
        finally:
            response.release()

    async def _ask(self, request: URL) -> aiohttp.ClientResponse:
        """The answer's head. A certificate that fails is a finding; the page is asked for all the same."""
        origin = (request.host, request.port)
        if origin in self._distrusted:
            return await self._session.get(request, allow_redirects=False, ssl=self._trusting)
        try:
            response = await self._session.get(request, allow_redirects=False, headers=self._conditions())
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
            self._jar.clear()
            self._condition = Validators()
            self._connector.leaf = None
            try:
                return await self._session.get(request, allow_redirects=False, ssl=self._trusting)
            finally:
                if self._tls is finding:
                    self._tls = tls.with_leaf(finding, self._connector.leaf)
        self._leaf = self._connector.leaf
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
                self.fail(Failure.PROTOCOL, "status 304 without having been asked conditionally")
            return None
        await self._read(response)
        return None

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        try:
            self._body = Body(
                ",".join(response.headers.getall("Content-Encoding", ())), self._bounds.max_bytes
            )
            await self._body.read(response.content.iter_any())
        except Undecodable as error:
            self._cut = True
            if self._body is None or not self._body.data:
                self.fail(Failure.PROTOCOL, short(f"the body cannot be decoded: {error}"))

    def _seems_whole(self) -> bool:
        """Whether a body that broke off had all but ended: servers that count wrongly are not down."""
        return self._body is not None and b"</html" in self._body.data[-1024:].lower()

    def _refuse(self, url: str, reason: str) -> None:
        self._refusals.append(Refusal(headers.clean(url)[:_URL], reason))
        self.fail(Failure.REFUSED, short(f"refused to go to {url[:100]}: {reason}"))

    def _validators(self, body_hash: str | None) -> Validators:
        if self._hops or self._failure is not None or self.status not in (200, 304):
            return Validators()
        new = Validators(
            headers.sendable(self._headers.get("etag")),
            headers.sendable(self._headers.get("last-modified")),
            body_hash,
        )
        if not self._not_modified:
            return new
        old = self._condition
        return replace(old, etag=new.etag or old.etag, last_modified=new.last_modified or old.last_modified)

    def _tls_finding(self, now: datetime) -> TlsFinding | None:
        if self._tls is not None or self._leaf is None:
            return self._tls
        return tls.expiry_of(self._leaf, now=now, warning=self._bounds.expiry_warning)


def _host(url: str) -> str:
    try:
        return URL(url).raw_host or ""
    except ValueError:
        return ""
