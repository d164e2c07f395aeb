"""The watchdog: a loop that stalls ends the process, so that the supervisor starts it again."""

import faulthandler
import os
import threading
import time
from collections.abc import Mapping

from defacewatch.errors import DefacewatchError

STALLED = 70  # exit status (EX_SOFTWARE)
TELLING = 5.0  # seconds for the last words
STACKS = 1024 * 1024  # bytes
STDERR = 2


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
                    _end(f"defacewatch: {loop} has stalled for {silent:.0f} s; stopping\n")


class Failures:
    """Turns of loops that failed: a loop that turns and does nothing is as bad as one that stands still, but
    a restart need not help. Told of is one that has failed `often` times in a row and for `long` seconds."""

    def __init__(self, *, often: int = 2, long: float = 120.0) -> None:
        self.often, self.long = often, long
        self._counted: dict[str, tuple[int, float, str]] = {}  # how often, since when, and why at last

    def failed(self, loop: str, error: Exception) -> int:
        """Note a turn that failed; how many of that loop have, in a row."""
        count, since, _ = self._counted.get(loop, (0, time.monotonic(), ""))
        self._counted[loop] = count + 1, since, _why(error)
        return count + 1

    def forget(self, loop: str) -> None:
        self._counted.pop(loop, None)

    def lasting(self) -> Mapping[str, tuple[int, str]]:
        """The loops that are told of: how often each has failed, and why at last."""
        now = time.monotonic()
        return {
            loop: (count, why)
            for loop, (count, since, why) in self._counted.items()
            if count >= self.often and now - since >= self.long
        }


def _why(error: Exception) -> str:
    """What may be shown to anybody: our own sentences, and of other errors no more than what they are."""
    if isinstance(error, ExceptionGroup):
        return _why(error.exceptions[0])
    if isinstance(error, DefacewatchError):
        return str(error).partition("\n")[0][:200]
    return type(error).__name__


def _end(said: str) -> None:
    """End the process, whatever else happens: what is said last may go nowhere, as who should take it may be
    what everything waits for."""
    try:
        telling = threading.Thread(target=_tell, args=(said,), daemon=True)
        telling.start()
        telling.join(TELLING)
    finally:
        os._exit(STALLED)


def _tell(said: str) -> None:
    """Where nobody takes it, this waits for ever, and holds nothing meanwhile: no lock of `sys.stderr`, and
    not the interpreter's, as writing the stacks to a pipe would."""
    stacks = os.memfd_create("stacks")
    faulthandler.dump_traceback(stacks, all_threads=True)
    left = said.encode() + os.pread(stacks, STACKS, 0)
    while left:
        left = left[os.write(STDERR, left) :]
