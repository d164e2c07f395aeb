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


class Heads:
    """Heads that come one after another on a stream, each of at most `limit` bytes."""

    def __init__(self, reader: asyncio.StreamReader, limit: int) -> None:
        self._reader, self._limit = reader, limit
        self._read = bytearray()

    async def next(self) -> Head:
        """Read a head. Raises BadHead, and EOFError when the stream ends before it does.

        As lenient as browsers: bare line feeds end lines, blank lines may come first, folded lines belong to
        the field above, and a line without a colon is dropped.
        """
        start = b""
        fields: list[list[bytes]] = []  # each with its folded lines
        size = 0
        while True:
            raw = await self._line(size)
            size += len(raw)
            line = raw.rstrip(b"\r\n")
            if not start:
                start = line
            elif not line:
                del self._read[:size]
                named = ((field[0].partition(b":")[0].strip().lower(), b" ".join(field)) for field in fields)
                return Head(start, tuple(named), size)
            elif line[:1] in b" \t":
                if fields:
                    fields[-1].append(line.strip())
            elif b":" in line:
                fields.append([line])

    async def _line(self, begin: int) -> bytes:
        """The line that begins there, with its end; more is read where it has not come yet."""
        seen = begin
        while (end := self._read.find(b"\n", seen)) < 0:
            seen = len(self._read)
            if seen > self._limit:
                break
            more = await self._reader.read(self._limit)
            if not more:
                raise EOFError("the connection ended in the middle of a head")
            self._read += more
        if not 0 <= end < self._limit:
            raise BadHead("a head that is too long")
        return bytes(self._read[begin : end + 1])

    def rest(self) -> bytes:
        """What came behind the last head, and was read with it."""
        found = bytes(self._read)
        self._read.clear()
        return found
