"""`python -m bench.scale.keeper COMMAND…`: runs a command, and loses nothing of what its children cost.

It is a child subreaper (prctl(2)): a process whose parent dies before it becomes the keeper's child, not
init's, so its CPU time is counted with the keeper's ended children, and what outlives the command is seen.
At the end one line of JSON on stdout: the command's exit status and the processes that were left behind.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from bench.scale.processes import descendants, named

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
GRACE = 2.0  # seconds after the command's end in which its children may still go by themselves


def main(command: list[str]) -> int:
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")
    # With its own pipe closed to them, whoever reads our last line need not wait for what was left behind.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _: process.send_signal(sent))
    status = _reaped(process.pid)
    left = _left_behind()
    print(json.dumps({"status": status, "left": left}), flush=True)
    return 0


def _reaped(wanted: int) -> int:
    """The exit status of the command; whatever else ends meanwhile is reaped."""
    while True:
        ended, status = os.wait()
        if ended == wanted:
            return os.waitstatus_to_exitcode(status)


def _left_behind() -> list[str]:
    """What of the command's tree is still there after a moment; it is ended."""
    until = time.monotonic() + GRACE
    while (left := descendants(os.getpid())) and time.monotonic() < until:
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.02)
    names = [named(process) for process in left]
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    with suppress(ChildProcessError):  # raised when none is left: until then each one's time is taken over
        while True:
            os.wait()
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
