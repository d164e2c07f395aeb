"""Bodies: read and decompressed within a limit, so that neither an endless stream nor a bomb fills memory."""

import hashlib
import zlib
from collections.abc import AsyncIterable, Iterator

_PIECE = 64 * 1024  # bytes that a decompressor may give at once
_MEMBERS = 1000  # gzip members in one body; real ones have one
_CODINGS = 3  # codings on top of each other; real pages have one

ACCEPT_ENCODING = "gzip, deflate"  # what can be decoded here, and nothing else
_NO_CODING = frozenset(("", "identity", "none"))


class Undecodable(Exception):
    """The body is not in the coding that it claims, or in one that was not asked for."""


class _Full(Exception):
    """The limit is reached."""


class _Inflate:
    """A gzip or deflate stream, decoded piece by piece. More than `limit` bytes out raise _Full."""

    def __init__(self, coding: str, limit: int) -> None:
        self._gzip = coding == "gzip"
        self._left = limit + _PIECE  # the body's own limit comes first; this one is for inner codings
        self._members = 0
        self._stream: zlib._Decompress | None = None
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._ended:
            if self._stream is None:
                # What follows a stream and is not another member is padding, which browsers ignore too.
                self._ended = self._members > 0 and not (self._gzip and data[0] == 0x1F)
                if self._ended:
                    return
                self._stream = self._new_stream(data[0])
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error as error:
                raise Undecodable(str(error)) from None
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream = None
            self._left -= len(piece)
            if self._left < 0:
                raise _Full
            yield piece

    def _new_stream(self, first: int) -> "zlib._Decompress":
        self._members += 1
        if self._members > _MEMBERS:
            raise _Full
        if self._gzip:
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib's format, but some servers send the bare stream.
        return zlib.decompressobj(zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS)


class Body:
    """A body on its way in: received as it was sent, and decoded when somebody wants to read it.

    `data` is what has been decoded, never more than `limit` bytes; `truncated` says that the limit was
    reached. A body that came before need not be decoded to be known again: `received` tells.
    """

    def __init__(self, content_encoding: str, limit: int) -> None:
        self._limit = limit
        self._raw = bytearray()
        self._decoded_to = 0  # of `_raw`
        self._data = bytearray()
        self._stages = [_Inflate(coding, limit) for coding in reversed(_codings(content_encoding))]
        self.truncated = False

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    @property
    def received(self) -> bytes:
        """SHA-256 of what was received, as it was sent."""
        return hashlib.sha256(self._raw).digest()

    async def read(self, chunks: AsyncIterable[bytes]) -> None:
        """Receive, and decode. Raises Undecodable and what `chunks` does."""
        await self.receive(chunks)
        self.decode()

    async def receive(self, chunks: AsyncIterable[bytes]) -> None:
        """Take chunks until they end or the limit is reached. Raises what `chunks` does."""
        async for chunk in chunks:
            room = self._limit - len(self._raw)
            self._raw += chunk[:room]
            if len(chunk) > room:
                self.truncated = True
                return

    def decode(self) -> None:
        """Decode what was received since the last time. Raises Undecodable; what came before that stays."""
        start, self._decoded_to = self._decoded_to, len(self._raw)
        try:
            # Piece by piece: what a decompressor leaves over is copied each time.
            for place in range(start, len(self._raw), _PIECE):
                self._take(bytes(self._raw[place : place + _PIECE]))
        except _Full:
            self.truncated = True

    def _take(self, chunk: bytes) -> None:
        for piece in self._decoded(chunk, 0):
            room = self._limit - len(self._data)
            self._data += piece[:room]
            if len(piece) > room:
                raise _Full

    def _decoded(self, chunk: bytes, stage: int) -> Iterator[bytes]:
        if stage == len(self._stages):
            yield chunk
            return
        for piece in self._stages[stage].feed(chunk):
            yield from self._decoded(piece, stage + 1)


def _codings(content_encoding: str) -> list[str]:
    """The codings that were applied, in that order. Raises Undecodable."""
    codings = [name.strip().lower().removeprefix("x-") for name in content_encoding.split(",")]
    codings = [name for name in codings if name not in _NO_CODING]
    unknown = [name for name in codings if name not in ("gzip", "deflate")]
    if unknown or len(codings) > _CODINGS:
        raise Undecodable(f"content coding {', '.join(unknown or codings)[:100]}")
    return codings
