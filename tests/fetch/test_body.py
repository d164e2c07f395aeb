import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from defacewatch.fetch.body import Body, Undecodable


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for place in range(0, len(data), size):
        yield data[place : place + size]


async def read(data: bytes, coding: str, limit: int = 100_000, size: int = 1000) -> Body:
    body = Body(coding, limit)
    await body.read(chunks(data, size))
    return body


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (b"hello" * 100, ""),
        (gzip.compress(b"hello" * 100, mtime=0), "gzip"),
        (gzip.compress(b"hello" * 50, mtime=0) + gzip.compress(b"hello" * 50, mtime=0), "GZIP"),
        (gzip.compress(b"hello" * 100, mtime=0) + b"\0\0padding", "gzip"),
        (zlib.compress(b"hello" * 100), "deflate"),
        (_raw_deflate(b"hello" * 100), "deflate"),
        (gzip.compress(zlib.compress(b"hello" * 100), mtime=0), "deflate, gzip"),
        (gzip.compress(b"hello" * 100, mtime=0), "identity, gzip"),
    ],
)
async def test_every_coding_is_undone(data: bytes, coding: str, size: int) -> None:
    body = await read(data, coding, size=size)
    assert (body.data, body.truncated) == (b"hello" * 100, False)


@pytest.mark.parametrize(("length", "truncated"), [(999, False), (1000, False), (1001, True)])
@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_what_is_over_the_limit_is_cut(coding: str, length: int, truncated: bool) -> None:
    data = b"x" * length
    body = await read(gzip.compress(data, mtime=0) if coding else data, coding, limit=1000)
    assert (len(body.data), body.truncated) == (min(length, 1000), truncated)


NESTED = gzip.compress(gzip.compress(bytes(50_000_000), 1, mtime=0))
EMPTY_MEMBERS = gzip.compress(gzip.compress(b"") * 200_000, mtime=0)
NOT_NESTED = gzip.compress(bytes(50_000_000), 1, mtime=0)


@pytest.mark.parametrize(
    "bomb", [NESTED, EMPTY_MEMBERS, NOT_NESTED], ids=["nested", "empty members", "single"]
)
async def test_a_bomb_inside_a_bomb_stays_within_the_limit(bomb: bytes) -> None:
    body = Body("gzip, gzip", 1_000_000)
    try:
        await body.read(chunks(bomb, 65536))
    except Undecodable:
        return
    assert body.truncated
    assert len(body.data) <= 1_000_000


async def test_endless_empty_members_are_cut() -> None:
    assert (await read(gzip.compress(b"", mtime=0) * 5000, "gzip")).truncated


async def test_what_came_before_the_damage_is_kept() -> None:
    good = gzip.compress(bytes(range(256)) * 400, 0)
    body = Body("gzip", 1_000_000)
    with pytest.raises(Undecodable):
        await body.read(chunks(good[:70_000] + b"\xff" * 50_000))
    assert len(body.data) > 60_000


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip, gzip, gzip, gzip"])
def test_other_codings_are_not_taken(coding: str) -> None:
    with pytest.raises(Undecodable):
        Body(coding, 1000)
