"""Hashes and sketches that are the same in every process (Python's own `hash` is not)."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

SET_LIMIT = 6000  # hashes kept of one set; beyond it the smallest ones stand for all


def hash64(text: str) -> int:
    """A 64-bit hash of `text`."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def hashes(texts: Iterable[str]) -> frozenset[int]:
    """The 64-bit hashes of `texts`, at most `SET_LIMIT`.

    Keeping the smallest hashes is a fair sample of the set: the overlap of two such samples estimates the
    overlap of the sets (bottom-k sketch, Broder 1997).
    """
    every = {hash64(text) for text in texts}
    return frozenset(every if len(every) <= SET_LIMIT else sorted(every)[:SET_LIMIT])


def simhash(items: Iterable[int]) -> int:
    """A 64-bit sketch of a set of hashes: similar sets differ in few bits (Charikar 2002). 0 if empty."""
    values = np.fromiter(items, dtype=np.uint64)
    if not len(values):
        return 0
    bits = np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1)
    majority = bits.sum(axis=0, dtype=np.int64) * 2 > len(values)
    return int.from_bytes(np.packbits(majority).tobytes(), "big")
