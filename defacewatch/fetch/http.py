"""The probe: one page over plain HTTP, as a browser that is new to the site would ask for it."""

import asyncio
import time
from datetime import datetime, timedelta

from defacewatch.captures import Failure, Probe, Validators
from defacewatch.fetch.connector import GuardedConnector
from defacewatch.fetch.guard import Guard, Lookup, system_lookup
from defacewatch.fetch.probing import Bounds, Probing
from defacewatch.fetch.tls import trusting_context, verifying_context


class HttpFetcher:
    """Probes pages. Keeps nothing between probes but its settings: each has its own connections and cookies.

    `timeout` is for the whole of a probe; `max_bytes` for the body, decompressed; `cafile` names further
    roots (PEM). Raises OSError when `cafile` cannot be read.
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
        lookup: Lookup = system_lookup,
    ) -> None:
        self._guard = guard
        self._timeout = timeout.total_seconds()
        self._bounds = Bounds(max_bytes, max_redirects, expiry_warning)
        self._lookup = lookup
        # Loading the roots takes tens of milliseconds: once, and not for each probe.
        self._verifying = verifying_context(cafile)
        self._trusting = trusting_context()

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Probe:
        """Look at `url`, conditionally with `validators`. Never raises for what the page or its server does;
        raises Exhausted when this host lacks what it takes to look.

        `now` dates the probe, and is what the certificate's end is compared with. Validators come back only
        for a page that needed no redirect: a condition sent to the first of several URLs could be answered
        by a document that is not the one it was made from.
        """
        started = time.monotonic()
        connector = GuardedConnector(self._guard, self._verifying, lookup=self._lookup)
        probing = Probing(self._guard, connector, self._trusting, self._bounds, url, validators)
        try:
            async with asyncio.timeout(self._timeout):
                await probing.follow()
        except TimeoutError:
            what = "no answer" if probing.status is None else "the page did not end"
            probing.fail(Failure.TIMEOUT, f"{what} within {self._timeout:g} s")
        finally:
            await probing.close()
        return probing.probe(now=now, elapsed=time.monotonic() - started)

    async def close(self) -> None:
        """Nothing is held open between probes."""
