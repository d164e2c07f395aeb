"""What aiohttp raises, in our words: a failure and a short English detail."""

import asyncio
import errno
import os
import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from defacewatch import reasons
from defacewatch.captures import Failure
from defacewatch.errors import Exhausted
from defacewatch.fetch.guard import Refused

# Everything that a server can make aiohttp raise. ValueError: URLs and hosts that cannot be, found late.
PAGE_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, EOFError)
_DETAIL = 200  # characters
# Descriptors, buffers, memory, threads: what this host runs out of, and no server can make it say so.
_EXHAUSTION = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN))


def failure_of(error: Exception) -> tuple[Failure, str]:
    """The failure that one of PAGE_ERRORS stands for. Raises Exhausted when it is this host's own."""
    cause = _cause(error)
    if is_exhaustion(cause):
        raise Exhausted(
            f"this host has run out of files, buffers, memory or threads ({_reason(cause)}): "
            "raise the limit of open files (ulimit -n), or watch fewer pages at once"
        ) from error
    if isinstance(cause, Refused):
        return Failure.REFUSED, str(cause)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Failure.DNS, short(reasons.UNRESOLVED.format(reason=_reason(cause)))
    if isinstance(cause, ssl.SSLError):
        return Failure.TLS, short(reasons.TLS_FAILED.format(reason=_reason(cause)))
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)) or isinstance(cause, TimeoutError):
        return Failure.TIMEOUT, reasons.NOT_IN_TIME
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Failure.PROTOCOL, reasons.CLOSED
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientOSError, OSError)):
        return Failure.CONNECT, short(reasons.NO_CONNECTION.format(reason=_reason(cause)))
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure.PROTOCOL, short(reasons.NO_HTTP.format(reason=error.message))
    return Failure.PROTOCOL, short(reasons.NO_HTTP.format(reason=_reason(error)))


def is_exhaustion(error: Exception) -> bool:
    """Whether this host lacked what a connection or a lookup takes: nobody else is to blame for that."""
    # OpenSSL's and the resolver's errors are OSErrors too, with numbers of their own.
    foreign = isinstance(error, (ssl.SSLError, socket.gaierror))
    return isinstance(error, OSError) and not foreign and error.errno in _EXHAUSTION


def tls_error(error: Exception) -> ssl.SSLError | None:
    """The TLS error inside `error`: of the certificate or of the handshake; None when it is neither."""
    cause = _cause(error)
    return cause if isinstance(cause, ssl.SSLError) else None


def short(text: str) -> str:
    """`text` on one printable line of at most 200 characters: it may quote what a server sent."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _DETAIL else line[: _DETAIL - 1] + "…"


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        if error.errno and error.strerror.startswith("Multiple exceptions"):
            return os.strerror(error.errno)  # of a host with several addresses
        return error.strerror
    return str(error) or type(error).__name__


def _cause(error: Exception) -> Exception:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error  # this one has no os_error, although its class says so
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
