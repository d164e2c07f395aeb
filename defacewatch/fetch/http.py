"""The probe: one page over plain HTTP, as a browser that is new to the site would ask for it."""

import asyncio
import resource
import time
from collections import OrderedDict
from datetime import datetime, timedelta

import aiohttp

from defacewatch import reasons
from defacewatch.captures import Failure, Probe, Validators
from defacewatch.fetch import headers
from defacewatch.fetch.connector import CONNECTIONS, GuardedConnector
from defacewatch.fetch.guard import Guard, Lookup, system_lookup
from defacewatch.fetch.manners import Manners
from defacewatch.fetch.names import CachedLookup
from defacewatch.fetch.probing import Bounds, Known, Probing, host_of
from defacewatch.fetch.tls import trusting_context, verifying_context

_HEAD_LINE = 64 * 1024  # bytes; content security policies grow long
_KNOWN = 100_000  # documents of which it is remembered how they were sent,
_LASTS = 86_400.0  # seconds: addresses with a version in them are never asked for again
_UNREACHED = frozenset((Failure.DNS, Failure.CONNECT, Failure.TIMEOUT))
_SHARE = 0.5  # of the files that this process may open, how many may be connections of probes


class HttpFetcher:
    """Probes pages. What it keeps between probes saves work and changes no answer: connections, for some
    minutes; addresses of names, for one; how each document was sent. Each probe has its own cookies. One that
    keeps nothing (`keeps` False) resolves and dials for each: it tells whether that still works.

    `timeout` is for the whole of a probe, once its host has its turn (see `Manners`); `max_bytes` for the
    body, decompressed; `cafile` names further roots (PEM). Raises OSError when `cafile` cannot be read.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        timeout: timedelta,
        max_bytes: int = 10 * 1024 * 1024,
        max_redirects: int = 10,
        expiry_warning: timedelta = timedelta(days=14),
        cafile: str | None = None,
        lookup: Lookup | None = None,
        keeps: bool = True,
        manners: Manners | None = None,
    ) -> None:
        self._guard = guard
        self._timeout = timeout.total_seconds()
        self._bounds = Bounds(max_bytes, max_redirects, expiry_warning)
        self._lookup = lookup or (CachedLookup(system_lookup) if keeps else system_lookup)
        self._keeps = keeps
        self._manners = manners or Manners()
        # Loading the roots takes tens of milliseconds: once, and not for each probe.
        self._verifying = verifying_context(cafile)
        self._trusting = trusting_context()
        self._known: OrderedDict[str, tuple[Known, float]] = OrderedDict()  # and since when (monotonic)
        self._open: tuple[aiohttp.ClientSession, GuardedConnector] | None = None

    async def probe(
        self,
        url: str,
        *,
        now: datetime,
        validators: Validators | None = None,
        timeout: timedelta | None = None,
        behind: bool = False,
    ) -> Probe:
        """Look at `url`, conditionally with `validators`. Never raises for what the page or its server does;
        raises Exhausted when this host lacks what it takes to look.

        `now` dates the probe, and is what the certificate's end is compared with. Validators come back only
        for a page that needed no redirect: a condition sent to the first of several URLs could be answered
        by a document that is not the one it was made from. `timeout` may be shorter than the fetcher's own;
        `behind` lets others go first who wait for the same host.
        """
        host = host_of(url)
        async with self._manners.turn(host, behind=behind):
            started = time.monotonic()
            session, connector = self._opened()
            probing = Probing(
                self._guard,
                session,
                connector,
                self._trusting,
                self._bounds,
                url,
                validators,
                self._known.get(url, (None,))[0],
            )
            within = self._timeout if timeout is None else min(self._timeout, timeout.total_seconds())
            try:
                async with asyncio.timeout(within):
                    await probing.follow()
            except TimeoutError:
                what = reasons.NO_ANSWER_WITHIN if probing.status is None else reasons.NO_END_WITHIN
                probing.fail(Failure.TIMEOUT, what.format(seconds=f"{within:g}"))
        probe = probing.probe(now=now, elapsed=time.monotonic() - started)
        answered = probe.status is not None or bool(probe.hops)
        self._manners.heard(host, reached=answered or probe.failure not in _UNREACHED)
        if probing.known is not None:
            self._remember(url, probing.known)
        return probe

    async def close(self) -> None:
        """End the connections."""
        if self._open is not None:
            await self._open[0].close()
            self._open = None

    def _remember(self, url: str, known: Known) -> None:
        now = time.monotonic()
        self._known.pop(url, None)
        self._known[url] = known, now
        while len(self._known) > _KNOWN or next(iter(self._known.values()))[1] < now - _LASTS:
            self._known.popitem(last=False)

    def _opened(self) -> tuple[aiohttp.ClientSession, GuardedConnector]:
        """The session and its connections, made in the loop that uses them."""
        if self._open is None:
            files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = min(CONNECTIONS, int(files * _SHARE)) if files != resource.RLIM_INFINITY else CONNECTIONS
            connector = GuardedConnector(
                self._guard, self._verifying, lookup=self._lookup, most=most, keeps=self._keeps
            )
            session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers.REQUEST,
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                max_line_size=_HEAD_LINE,
                max_field_size=_HEAD_LINE,
            )
            self._open = session, connector
        return self._open


class Behind:
    """Asks as `http` does, for what can wait: at each host, after those who wait for a document."""

    def __init__(self, http: HttpFetcher) -> None:
        self._http = http

    async def probe(
        self,
        url: str,
        *,
        now: datetime,
        validators: Validators | None = None,
        timeout: timedelta | None = None,
    ) -> Probe:
        """As `HttpFetcher.probe`."""
        return await self._http.probe(url, now=now, validators=validators, timeout=timeout, behind=True)
