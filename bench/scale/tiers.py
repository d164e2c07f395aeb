"""For what the daemon's CPU time goes: names, and what a worker process needs to say its share.

Workers import this module with their work: it imports nothing heavy.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

SPENT = "bench_tier_cpu_seconds_total"  # labels tier, where
BEGUN = "bench_tier_begun_total"  # label tier: how often one was begun


class Tier(StrEnum):
    """What CPU time was for. A probe of a calm page that finds it as it was, or with a little news, ends as a
    probe. Any other is a whole `CHECK`: the fetch of a page that was not calm, reading, comparing, judging,
    second looks, the record; but captures are captures wherever they are made. `OTHER` is what the daemon's
    process used and nobody claims: the event loop's waiting for what is ready, host names, what goes to
    workers and comes back being packed and unpacked, and the counting itself."""

    PROBE = "probe"
    CHECK = "probe that becomes a whole check"
    REVALIDATE = "revalidation"
    CAPTURE = "capture"
    TELLING = "telling"
    CONSOLE = "console and metrics"
    REST = "schedule, upkeep, what is written together"
    OTHER = "not told apart"


class Where(StrEnum):
    """In what of the daemon the time was spent."""

    LOOP = "event loop"
    THREADS = "threads"
    WORKERS = "workers"
    OTHER = "besides"


class Timed:
    """Work for a worker process that says what it took: gives what it gave and the process's CPU seconds."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work

    def __call__(self, *args: object) -> tuple[Any, float]:
        began = time.process_time()
        found = self.work(*args)
        return found, time.process_time() - began
