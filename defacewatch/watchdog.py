"""The watchdog: a loop that stalls ends the process, so that the supervisor starts it again."""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Mapping

STALLED = 70  # exit status (EX_SOFTWARE)


class Watchdog:
    """Counts the beats of named loops from a thread of its own, which a blocked event loop cannot stop.

    A loop is late after `late` seconds without a beat (it makes /healthz say 503) and stalled after
    `stalled` seconds: then all stacks are written to stderr and the process exits with status 70.
    """

    def __init__(self, *, late: float = 45.0, stalled: float = 120.0) -> None:
        self.late_after, self.stalled_after = late, stalled
        self.beats: dict[str, float] = {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def beat(self, loop: str) -> None:
        self.beats[loop] = time.monotonic()

    def forget(self, loop: str) -> None:
        self.beats.pop(loop, None)

    def late(self) -> Mapping[str, float]:
        """The loops that are late, and for how many seconds they have been silent."""
        now = time.monotonic()
        beats = dict(self.beats)
        return {loop: now - at for loop, at in beats.items() if now - at > self.late_after}

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.done.set()

    def _watch(self) -> None:
        while not self.done.wait(1.0):
            for loop, silent in self.late().items():
                if silent > self.stalled_after:
                    sys.stderr.write(f"defacewatch: {loop} has stalled for {silent:.0f} s; stopping\n")
                    faulthandler.dump_traceback(all_threads=True)
                    os._exit(STALLED)
