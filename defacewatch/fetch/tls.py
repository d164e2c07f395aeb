"""Certificates: what is wrong with one, which one it was, and when it ends."""

import hashlib
import ssl
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509

from defacewatch.captures import TlsFinding, TlsProblem

# OpenSSL's X509_V_ERR_… codes.
_PROBLEMS = {
    9: TlsProblem.NOT_YET_VALID,
    10: TlsProblem.EXPIRED,
    62: TlsProblem.WRONG_HOST,
    64: TlsProblem.WRONG_HOST,  # an IP address
    2: TlsProblem.UNKNOWN_ISSUER,
    18: TlsProblem.UNKNOWN_ISSUER,  # self-signed leaf
    19: TlsProblem.UNKNOWN_ISSUER,  # self-signed root
    20: TlsProblem.UNKNOWN_ISSUER,  # an intermediate that was not sent, or a root that is not known
    21: TlsProblem.UNKNOWN_ISSUER,
    27: TlsProblem.UNKNOWN_ISSUER,
}
_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT, which Python names since 3.12


def verifying_context(cafile: str | None = None) -> ssl.SSLContext:
    """Verifies against the system's roots, and those of `cafile` (PEM) as well. Raises OSError.

    As strict as browsers, not stricter: no RFC 5280 pedantry, and servers without secure renegotiation pass.
    """
    context = ssl.create_default_context()
    if cafile is not None:
        context.load_verify_locations(cafile)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return _like_a_browser(context)


def trusting_context() -> ssl.SSLContext:
    """Verifies nothing: only for another look at a server whose certificate has failed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the roots, which take long to load
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return _like_a_browser(context)


def _like_a_browser(context: ssl.SSLContext) -> ssl.SSLContext:
    context.options |= _LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(["http/1.1"])
    return context


def leaf_of(ssl_object: ssl.SSLObject | None) -> bytes | None:
    """The certificate that the server showed in this handshake (DER), or None without one."""
    return ssl_object.getpeercert(binary_form=True) if ssl_object is not None else None


def finding_of(error: ssl.SSLError) -> TlsFinding:
    """What a failed handshake says; the leaf is not known yet (see `with_leaf`)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        problem = _PROBLEMS.get(error.verify_code, TlsProblem.OTHER)
        return TlsFinding(problem, error.verify_message)
    return TlsFinding(TlsProblem.OTHER, str(error.reason or error).replace("_", " ").lower())


def with_leaf(finding: TlsFinding, leaf: bytes | None) -> TlsFinding:
    """`finding` with the fingerprint and the end of the certificate that it is about."""
    if leaf is None:
        return finding
    return TlsFinding(finding.problem, finding.detail, fingerprint(leaf), not_after(leaf))


def expiry_of(leaf: bytes, *, now: datetime, warning: timedelta) -> TlsFinding | None:
    """A finding when a certificate that verifies will end within `warning` of `now`."""
    end = not_after(leaf)
    if end is None or end - now > warning:
        return None
    return TlsFinding(TlsProblem.EXPIRES_SOON, f"expires on {end:%Y-%m-%d}", fingerprint(leaf), end)


def fingerprint(leaf: bytes) -> str:
    """SHA-256 of the certificate, hex."""
    return hashlib.sha256(leaf).hexdigest()


@lru_cache(maxsize=4096)
def not_after(leaf: bytes) -> datetime | None:
    """The end of the certificate's life (UTC), or None when it is too malformed to tell."""
    try:
        return x509.load_der_x509_certificate(leaf).not_valid_after_utc
    except ValueError:
        return None
