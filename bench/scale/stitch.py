"""Documents put together from parts that were compressed beforehand, so that the farm costs next to nothing.

A part is a piece of a DEFLATE stream that ends on a byte (RFC 1951, a full flush), so parts can follow one
another; what differs from answer to answer goes between them as stored blocks. The CRC-32 of the whole is
combined from those of the parts as zlib's `crc32_combine` does it: appending n bytes is a linear map.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

_LEVEL = 6
_POLYNOMIAL = 0xEDB88320
_BITS = 32
_STORED = 65535  # bytes that one stored block can hold
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST = b"\x01\x00\x00\xff\xff"  # an empty stored block that says that it is the last

Matrix = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """Bytes that are the same in many answers: as they are, and compressed."""

    plain: bytes
    packed: bytes
    crc: int
    tables: tuple[tuple[int, ...], ...]  # what appending these bytes does to a CRC, by each of its bytes


def part(plain: bytes) -> Part:
    """Compress `plain` for use in any number of documents."""
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeeze.compress(plain) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return Part(plain, packed, zlib.crc32(plain), _tables(len(plain)))


def plain(pieces: Iterable[Part | bytes]) -> bytes:
    """The document."""
    return b"".join(piece.plain if isinstance(piece, Part) else piece for piece in pieces)


def gzipped(pieces: Iterable[Part | bytes]) -> bytes:
    """The document as one gzip member (RFC 1952)."""
    out, crc, size = [_HEAD], 0, 0
    for piece in pieces:
        if isinstance(piece, Part):
            a, b, c, d = piece.tables
            crc = piece.crc ^ a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24]
            size += len(piece.plain)
            out.append(piece.packed)
            continue
        crc = zlib.crc32(piece, crc)
        size += len(piece)
        for start in range(0, len(piece), _STORED):
            block = piece[start : start + _STORED]
            out += (struct.pack("<BHH", 0, len(block), len(block) ^ _STORED), block)
    out += (_LAST, struct.pack("<II", crc, size & 0xFFFFFFFF))
    return b"".join(out)


def _tables(length: int) -> tuple[tuple[int, ...], ...]:
    matrix = _appending(length)
    return tuple(tuple(_times(matrix, byte << shift) for byte in range(256)) for shift in (0, 8, 16, 24))


@cache
def _appending(length: int) -> Matrix:
    """The map from the CRC of any bytes to what it adds to the CRC of them and `length` more."""
    if length == 0:
        return tuple(1 << bit for bit in range(_BITS))
    if length == 1:
        one_bit: Matrix = (_POLYNOMIAL, *(1 << bit for bit in range(_BITS - 1)))
        for _ in range(3):
            one_bit = _square(one_bit)
        return one_bit
    half = _square(_appending(length // 2))
    return _product(_appending(1), half) if length % 2 else half


def _square(matrix: Matrix) -> Matrix:
    return _product(matrix, matrix)


def _product(left: Matrix, right: Matrix) -> Matrix:
    return tuple(_times(left, column) for column in right)


def _times(matrix: Matrix, vector: int) -> int:
    """A matrix over the field of two elements, one integer a column, times a vector of bits."""
    total = 0
    for column in matrix:
        if not vector:
            break
        if vector & 1:
            total ^= column
        vector >>= 1
    return total
