"""What Chromium's network errors mean here."""

import re

from defacewatch.captures import Failure

# Chromium's network errors (net/base/net_error_list.h), the first pattern that fits.
ERRORS: tuple[tuple[str, Failure], ...] = (
    (r"ERR_NAME_|ERR_DNS_|ERR_ICANN_", Failure.DNS),
    (r"ERR_CERT_|ERR_SSL_|ERR_BAD_SSL", Failure.TLS),
    (r"ERR_TOO_MANY_REDIRECTS", Failure.REDIRECTS),
    (r"TIMED_OUT|Timeout", Failure.TIMEOUT),
    (
        r"ERR_UNSAFE_PORT|ERR_BLOCKED|ERR_DISALLOWED|ERR_UNKNOWN_URL_SCHEME|ERR_UNSAFE_REDIRECT",
        Failure.REFUSED,
    ),
    (r"ERR_NETWORK_CHANGED|ERR_NETWORK_IO|ERR_INSUFFICIENT_RESOURCES", Failure.BROWSER),  # this host's
    (
        r"ERR_CONNECTION_|ERR_ADDRESS_|ERR_TUNNEL_|ERR_PROXY_|ERR_INTERNET_|ERR_NETWORK_ACCESS",
        Failure.CONNECT,
    ),
    (r"crashed", Failure.CRASH),
)


def told(error: str) -> tuple[Failure, str]:
    """The failure that Playwright's text of a navigation error tells of, and the error's own short name."""
    failure = next((kind for pattern, kind in ERRORS if re.search(pattern, error)), Failure.PROTOCOL)
    code = re.search(r"net::(\w+)", error)
    return failure, code[1] if code else (error.strip().splitlines() or ["failed"])[0][:200]
