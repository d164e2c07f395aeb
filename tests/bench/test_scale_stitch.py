"""Documents from compressed parts are what any gzip reader makes of them."""

import gzip
import zlib
from random import Random

import pytest

from bench.scale.stitch import Part, gzipped, part, plain


@pytest.mark.parametrize("seed", range(8))
def test_parts_and_bytes_in_any_order_are_one_gzip_member(seed: int) -> None:
    dice = Random(seed)
    pieces: list[Part | bytes] = []
    for _ in range(6):
        content = dice.randbytes(dice.choice((0, 1, 7, 4000)))
        pieces.append(part(content) if dice.random() < 0.5 else content)
    assert gzip.decompress(gzipped(pieces)) == plain(pieces)


def test_bytes_of_more_than_a_stored_block_are_split() -> None:
    pieces: list[Part | bytes] = [part(b"<html>" * 100), bytes(200_000), part(b"</html>")]
    assert gzip.decompress(gzipped(pieces)) == plain(pieces)


def test_the_same_part_can_be_used_again() -> None:
    one = part(b"<li>tin</li>")
    assert gzip.decompress(gzipped([one, b"-", one, one])) == b"<li>tin</li>-<li>tin</li><li>tin</li>"


def test_a_document_without_anything_is_empty() -> None:
    assert zlib.decompress(gzipped([]), wbits=31) == b""
