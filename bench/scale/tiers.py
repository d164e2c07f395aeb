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
    """What CPU time was for. What a probe leads to (a second look, the record) is the probe's, but for
    captures, which are captures wherever they are made."""

    PROBE = "probe"
    READ = "probe, its document read in full"
    REVALIDATE = "revalidation"
    CAPTURE = "capture"
    TELLING = "telling"
    CONSOLE = "console and metrics"
    REST = "schedule, upkeep, what is written together"


class Where(StrEnum):
    """In what of the daemon the time was spent. `OTHER` is what its process used besides: the event loop's
    waiting for what is ready, threads that nobody here has started, and what it takes to count."""

    LOOP = "event loop"
    THREADS = "threads"
    WORKERS = "workers"
    OTHER = "not told apart"


class Timed:
    """Work for a worker process that says what it took: gives what it gave and the process's CPU seconds."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work

    def __call__(self, *args: object) -> tuple[Any, float]:
        began = time.process_time()
        found = self.work(*args)
        return found, time.process_time() - began
