import os
import subprocess
import sys
import time

from defacewatch.store.blobs import DiskFull
from defacewatch.watchdog import STALLED, Failures, Watchdog

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


def test_the_process_ends_though_nobody_takes_what_it_says() -> None:
    deaf = """
import sys
from defacewatch import watchdog
watchdog.TELLING = 0.5
dog = watchdog.Watchdog(late=0.1, stalled=0.3)
dog.beat("plan")
dog.start()
while True:
    sys.stderr.write("x" * 65536)
"""
    with subprocess.Popen([sys.executable, "-c", deaf], stderr=subprocess.PIPE) as process:
        assert process.wait(30) == STALLED


def test_it_ends_though_only_the_first_of_what_it_says_is_taken() -> None:
    deaf = """
import os, time
from defacewatch import watchdog
watchdog.TELLING = 0.5
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"x")
except BlockingIOError:
    os.set_blocking(2, True)
dog = watchdog.Watchdog(late=0.1, stalled=0.3)
dog.beat("plan")
dog.start()
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-u", "-c", deaf], stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process:
        os.read(process.stderr.fileno(), 4096)  # room for a line, and not for all stacks
        assert process.wait(30) == STALLED


def test_a_loop_that_beats_is_not_late_and_one_that_ended_is_forgotten() -> None:
    dog = Watchdog(late=0.0)
    dog.beats["plan"] = time.monotonic() - 5
    assert list(dog.late()) == ["plan"]
    dog.forget("plan")
    assert not dog.late()


def test_a_loop_is_told_of_that_fails_again_and_again_and_one_that_goes_on_is_not() -> None:
    failures = Failures(often=2, long=0.0)
    for known in ({}, {"audit log": (2, "the disk is full"), "plan": (2, "ValueError")}):
        failures.failed("audit log", ExceptionGroup("some", [DiskFull("the disk is full")]))
        failures.failed("plan", ValueError("INSERT INTO accounts VALUES ('secret')"))
        assert failures.lasting() == known
    failures.forget("plan")
    assert list(failures.lasting()) == ["audit log"]
    failures.long = 3600.0
    assert failures.lasting() == {}, "not for long enough"
