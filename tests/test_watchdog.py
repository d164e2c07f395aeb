import subprocess
import sys
import time

from defacewatch.watchdog import STALLED, Watchdog

BLOCKED = """
import time
from defacewatch.watchdog import Watchdog
dog = Watchdog(late=0.1, stalled=0.3)
dog.beat("plan")
dog.start()
time.sleep(60)
"""


def test_a_loop_that_stalls_ends_the_process_and_says_which() -> None:
    ended = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=30)
    assert ended.returncode == STALLED
    assert "plan has stalled" in ended.stderr
    assert "most recent call first" in ended.stderr, "the stacks say where it hangs"


def test_a_loop_that_beats_is_not_late_and_one_that_ended_is_forgotten() -> None:
    dog = Watchdog(late=0.0)
    dog.beats["plan"] = time.monotonic() - 5
    assert list(dog.late()) == ["plan"]
    dog.forget("plan")
    assert not dog.late()
