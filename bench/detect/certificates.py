"""Certificates for every host name that is asked for, from an authority that the probes trust."""

import ssl
from functools import cache
from pathlib import Path

import trustme


class Certificates:
    """An authority, and a server's context that answers each host name with a certificate for it."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.server = self._context("localhost")
        self.server.sni_callback = self._choose
        self._of = cache(self._context)

    def write_authority(self, file: Path) -> None:
        """Its root, as PEM."""
        self._authority.cert_pem.write_to_path(file)

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._of(name or "localhost")

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context
