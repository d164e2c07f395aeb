"""HTTP/1 message heads, as much of them as a forwarding proxy must understand (RFC 9112)."""

import asyncio
from dataclasses import dataclass

# RFC 9110, 7.6.1. Transfer-Encoding stays: the body passes through as it is framed.
_PER_HOP = b"connection proxy-connection keep-alive te upgrade proxy-authenticate proxy-authorization"
_HOP_BY_HOP = frozenset(_PER_HOP.split())
_NEEDED = frozenset((b"host", b"content-length", b"transfer-encoding", b"set-cookie", b"cache-control"))


class BadHead(Exception):
    """What came is not an HTTP/1 head, or is too long; its text says what."""


@dataclass(frozen=True)
class Head:
    """The start line, (lower-case name, raw line) of each field in order, and the size in bytes as read."""

    start: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    size: int

    def request(self) -> tuple[str, str]:
        """Method and target of a request. Raises BadHead."""
        words = self.start.split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            raise BadHead("not an HTTP/1 request")
        if any(byte <= 0x20 or byte >= 0x7F for byte in words[0] + words[1]):
            raise BadHead("a request line that is not ASCII")
        return words[0].decode("ascii"), words[1].decode("ascii")

    def status(self) -> int:
        """The status of a response. Raises BadHead."""
        version, _, rest = self.start.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit() or len(rest[:3]) != 3:
            raise BadHead("not an HTTP/1 response")
        return int(rest[:3])

    def encoded(
        self, start: bytes, extra: tuple[bytes, ...] = (), without: frozenset[bytes] = frozenset()
    ) -> bytes:
        """The head for the next hop: `start` and `extra` first, hop-by-hop fields and `without` left out."""
        named = {
            name.strip().lower()
            for field, line in self.fields
            if field == b"connection"
            for name in line.partition(b":")[2].split(b",")
        }
        left_out = _HOP_BY_HOP | (named - _NEEDED) | without
        kept = [line for name, line in self.fields if name not in left_out]
        return b"\r\n".join([start, *extra, *kept, b"", b""])


async def read_head(reader: asyncio.StreamReader, limit: int) -> Head:
    """Read a head of at most `limit` bytes. Raises BadHead, and EOFError when the stream ends before it does.

    As lenient as browsers: bare line feeds end lines, blank lines may come first, folded lines belong to
    the field above, and a line without a colon is dropped.
    """
    start = b""
    fields: list[tuple[bytes, bytes]] = []
    size = 0
    while True:
        try:
            raw = await reader.readline()
        except ValueError:
            raise BadHead("a header line that is too long") from None
        size += len(raw)
        if size > limit:
            raise BadHead("a head that is too long")
        if not raw.endswith(b"\n"):
            raise EOFError("the connection ended in the middle of a head")
        line = raw.rstrip(b"\r\n")
        if not start:
            start = line
        elif not line:
            return Head(start, tuple(fields), size)
        elif line[:1] in b" \t":
            if fields:
                name, above = fields.pop()
                fields.append((name, above + b" " + line.strip()))
        elif b":" in line:
            fields.append((line.partition(b":")[0].strip().lower(), line))
