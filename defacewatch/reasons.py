"""Why our guard would not go somewhere, and why a page was not to be had. A reason is kept in English, as it
is logged and sent as JSON, and is read again for whoever reads it in another language."""

import re
from collections.abc import Mapping
from functools import cache

from defacewatch.language import N_, Translate

NOT_A_URL = N_("not a URL")
NO_SCHEME = N_("scheme missing")
SCHEME = N_("scheme {scheme}")
NO_HOST = N_("no host")
NOT_A_HOST = N_("not a host: {host}")
NOT_AN_ADDRESS = N_("not an address: {address}")
PORT = N_("port {port}")
OURS = N_("our own listener {address} port {port}")

# By what an address is reserved for.
RESERVED: Mapping[str, str] = {
    "benchmarking": N_("benchmarking address {address}"),
    "documentation": N_("documentation address {address}"),
    "link-local": N_("link-local address {address}"),
    "loopback": N_("loopback address {address}"),
    "metadata": N_("metadata address {address}"),
    "multicast": N_("multicast address {address}"),
    "private": N_("private address {address}"),
    "reserved": N_("reserved address {address}"),
    "shared (CGNAT)": N_("shared (CGNAT) address {address}"),
    "unspecified": N_("unspecified address {address}"),
}

# A look that ended there says where.
THERE = N_("refused to go to {url}: {reason}")

# What failed, as signals say it before the reason: by the failure's name.
FAILED: Mapping[str, str] = {
    "connect": N_("connect: {reason}"),
    "crash": N_("crash: {reason}"),
    "dns": N_("dns: {reason}"),
    "protocol": N_("protocol: {reason}"),
    "redirects": N_("redirects: {reason}"),
    "refused": N_("refused: {reason}"),
    "timeout": N_("timeout: {reason}"),
    "tls": N_("tls: {reason}"),
}

UNRESOLVED = N_("the name does not resolve: {reason}")
TLS_FAILED = N_("TLS failed: {reason}")
NO_CONNECTION = N_("no connection: {reason}")
NO_HTTP = N_("not a valid HTTP answer: {reason}")
NOT_DECODED = N_("the body cannot be decoded: {reason}")
HANGS = N_("the page does not let go: {reason}")

NOT_IN_TIME = N_("no connection in time")
NO_ANSWER_IN_TIME = N_("no answer in time")
NO_ANSWER_WITHIN = N_("no answer within {seconds} s")
NO_END_WITHIN = N_("the page did not end within {seconds} s")
CLOSED = N_("the server closed the connection without an answer")
NOT_ASKED = N_("status 304 without having been asked conditionally")
STATUS = N_("status {status}")
LOOP = N_("a redirect loop")
REDIRECTS = N_("more than {count} redirects")
DOWNLOAD = N_("a download and not a page")
HELD = N_("the page does not let go")
ASKS = N_("the page does not let go, and asks whether scripts run")
CRASHED = N_("the page crashed its renderer")
GONE = N_("the browser went away")
NO_PICTURE = N_("no picture of the page could be taken")
NO_ANSWER = N_("no answer of the site")
OUT_OF_REACH = N_("{place} cannot be reached")

# What the system, its resolver and OpenSSL say; of those whose words are not here they stand as they are.
_THEIRS = (
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connect call failed {address}"),
    N_("No route to host"),
    N_("Network is unreachable"),
    N_("Name or service not known"),
    N_("No address associated with hostname"),
    N_("Temporary failure in name resolution"),
    N_("certificate has expired"),
    N_("certificate is not yet valid"),
    N_("self-signed certificate"),
    N_("self-signed certificate in certificate chain"),
    N_("unable to get issuer certificate"),
    N_("unable to get local issuer certificate"),
    N_("unable to verify the first certificate"),
    N_("Hostname mismatch, certificate is not valid for '{host}'."),
    N_("IP address mismatch, certificate is not valid for '{host}'."),
    N_("wrong version number"),
    N_("expires on {day}"),
    # of our workers
    N_("reading the page took more than {seconds} s"),
    N_("reading the page took more memory than a worker has"),
    N_("reading the page ended the worker process"),
    N_("no worker process can be started"),
)

# From the outside in, each at most once.
_AROUND = (
    tuple(FAILED.values()),
    (THERE, UNRESOLVED, TLS_FAILED, NO_CONNECTION, NO_HTTP, NOT_DECODED, HANGS),
)
_WHY = (
    *(NOT_A_URL, NO_SCHEME, NO_HOST, OURS, *RESERVED.values(), PORT, SCHEME, NOT_A_HOST, NOT_AN_ADDRESS),
    *(NOT_IN_TIME, NO_ANSWER_IN_TIME, NO_ANSWER_WITHIN, NO_END_WITHIN, CLOSED, NOT_ASKED, STATUS, LOOP),
    *(REDIRECTS, DOWNLOAD, HELD, ASKS, CRASHED, GONE, NO_PICTURE, NO_ANSWER, *_THEIRS, OUT_OF_REACH),
)
_FIELD = re.compile(r"\\\{(\w+)\\\}")


def said(reason: str, translate: Translate) -> str:
    """`reason` in the language of `translate`; what is no reason of ours stays as it is, and so does what the
    page put into it."""
    return _said(reason, translate, _AROUND)


def _said(reason: str, translate: Translate, around: tuple[tuple[str, ...], ...]) -> str:
    for depth, texts in enumerate(around, 1):
        for text in texts:
            if found := _form(text).fullmatch(reason):
                inner = _said(found["reason"], translate, around[depth:])
                return translate(text).format(**{**found.groupdict(), "reason": inner})
    for text in _WHY:
        if found := _form(text).fullmatch(reason):
            return translate(text).format(**found.groupdict())
    return reason


@cache
def _form(text: str) -> re.Pattern[str]:
    return re.compile(_FIELD.sub(r"(?P<\1>.+?)", re.escape(text)), re.DOTALL)
