"""Pages of the tests settle sooner than the product waits for: that is most of what a look at them takes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from defacewatch.fetch import rendering

LEAST, QUIET = 0.7, 0.2  # seconds: their sites are near, and what tests wait for starts within half of that


@contextmanager
def settling_soon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "SETTLE_LEAST", LEAST)
        patch.setattr(rendering, "QUIET", QUIET)
        yield
