import subprocess
import sys

from defacewatch.compare import sketch
from defacewatch.signals import NEAR_BITS


def test_hashes_are_the_same_in_every_process() -> None:
    code = "from defacewatch.compare.sketch import hash64; print(hash64('Cổng'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) == sketch.hash64("Cổng")


def test_a_large_set_is_sampled_fairly() -> None:
    one = sketch.hashes(f"word {n}" for n in range(30_000))
    other = sketch.hashes(f"word {n}" for n in range(15_000, 45_000))
    assert len(one) == sketch.SET_LIMIT
    kept = sorted(one | other)[: sketch.SET_LIMIT]
    assert abs(sum(h in one and h in other for h in kept) / len(kept) - 1 / 3) < 0.03


def test_a_sketch_is_near_for_a_little_more_and_far_for_something_else() -> None:
    one = sketch.hashes(f"a {n}" for n in range(400))
    more = one | sketch.hashes(f"b {n}" for n in range(12))
    other = sketch.hashes(f"c {n}" for n in range(400))
    assert (sketch.simhash(one) ^ sketch.simhash(more)).bit_count() <= NEAR_BITS
    assert (sketch.simhash(one) ^ sketch.simhash(other)).bit_count() > NEAR_BITS
    assert sketch.simhash(()) == 0
