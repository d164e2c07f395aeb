"""The cost of a real tree of processes, those included that have ended."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.scale.processes import (
    Ledger,
    Part,
    Process,
    difference,
    host_cpu,
    memory,
    own_cpu,
    parsed,
    part_of,
)

ROOT = Path(__file__).resolve().parents[2]
BURN = "import time; e = time.process_time() + {0}\nwhile time.process_time() < e: pass\n"


Keeper = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    """Starts a keeper over a Python process."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bench.scale.keeper", sys.executable, "-c", code]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=30)
    return dict(json.loads(out))


@dataclass
class Word:
    """What another process says once: it runs `saying`, and `heard` waits for it."""

    path: Path

    @property
    def saying(self) -> str:
        return f"import os; open({str(self.path)!r}, 'w').write(str(os.getpid()))\n"

    def heard(self) -> int:
        """The process that has said it."""
        return int(self.path.read_text())


@pytest.fixture
def word(tmp_path: Path) -> Word:
    path = tmp_path / "word"
    os.mkfifo(path)  # whoever reads waits for whoever writes
    return Word(path)


def gone(pid: int) -> None:
    """Wait until a process has ended and was reaped."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(30)


def test_the_time_of_children_that_have_ended_is_counted(keeper: Keeper, word: Word) -> None:
    child = BURN.format(0.3)
    code = (
        "import subprocess, sys, signal\n"
        f"for _ in range(2): subprocess.run([sys.executable, '-c', {child!r}])\n"
        f"{word.saying}signal.pause()\n"
    )
    process = keeper(code)
    ledger = Ledger(process.pid)
    ledger.look()
    word.heard()
    usage = ledger.look()
    assert usage.processes == 1
    assert usage.total >= 0.6, "whatever part it was taken for while it ran, none of it is lost"
    process.terminate()
    assert said(process) == {"status": -15, "left": []}


def test_what_has_ended_and_was_not_waited_for_is_a_zombie(keeper: Keeper, word: Word) -> None:
    code = (
        "import subprocess, sys, signal, os\n"
        "child = subprocess.Popen([sys.executable, '-c', ''])\n"
        "os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)\n"
        f"{word.saying}signal.pause()\n"
    )
    process = keeper(code)
    word.heard()
    usage = Ledger(process.pid).look()
    assert (usage.processes, usage.zombies) == (2, 1)
    process.terminate()
    assert said(process)["status"] == -15


def test_the_time_of_orphans_is_counted_by_the_keeper(keeper: Keeper, word: Word) -> None:
    grandchild = word.saying + BURN.format(0.3)
    between = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {grandchild!r}])"
    code = (
        "import subprocess, sys, signal\n"
        f"subprocess.run([sys.executable, '-c', {between!r}])\n"
        "signal.pause()\n"
    )
    process = keeper(code)
    ledger = Ledger(process.pid)
    orphan = word.heard()
    ledger.look()
    gone(orphan)
    usage = ledger.look()
    assert usage.processes == 1
    assert usage.total >= 0.3
    process.terminate()
    assert said(process)["status"] == -15


def test_what_outlives_the_command_is_told_and_ended(keeper: Keeper) -> None:
    code = (
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
    )
    process = keeper(code)
    told = said(process)
    assert told["status"] == 0
    (left,) = told["left"]
    assert "signal.pause" in left
    pid = int(left.split()[0])
    gone(pid)
    assert not os.path.exists(f"/proc/{pid}")


def test_a_status_of_the_command_is_passed_on(keeper: Keeper) -> None:
    assert said(keeper("raise SystemExit(7)"))["status"] == 7


def test_names_with_spaces_and_brackets_are_read() -> None:
    text = "41 (a (b) c) S 7 41 41 0 -1 4194560 1 2 0 0 30 12 400 50 20 0 1 0 987654 1 2"
    found = parsed(text)
    assert (found.pid, found.parent, found.name, found.started) == (41, 7, "a (b) c", 987654)
    assert [found.own, found.waited] == pytest.approx([0.42, 4.5])


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("/usr/bin/chromium-headless-shell --type=renderer --lang=vi", Part.RENDERER),
        ("/usr/bin/chromium-headless-shell --type=zygote", Part.ZYGOTE),
        ("/usr/bin/chromium-headless-shell --type=gpu-process", Part.GPU),
        ("/usr/bin/chromium-headless-shell --type=utility --utility-sub-type=network", Part.UTILITY),
        ("/usr/bin/chromium-headless-shell --headless", Part.BROWSER),
        ("/x/playwright/driver/node /x/package/cli.js run-driver", Part.DRIVER),
        ("/x/bin/python -c from multiprocessing.spawn import spawn_main", Part.WORKER),
        ("/bin/sleep 1", Part.OTHER),
    ],
)
def test_processes_are_told_apart_by_their_command_lines(command: str, part: Part) -> None:
    process = Process(5, 4, "x", 0.0, 0.0, 1, zombie=False, command=command)
    assert part_of(process, root=9) is part
    assert part_of(process, root=5) is Part.DAEMON


def test_memory_of_this_process_is_seen_and_of_one_that_is_gone_not() -> None:
    rss, pss = memory(os.getpid())
    assert rss >= pss > 10 * 2**20
    assert memory(2**22 + 1) == (0, 0)


def test_the_host_is_at_least_as_busy_as_one_of_its_processes() -> None:
    host, own = host_cpu(), own_cpu(os.getpid())
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert own_cpu(os.getpid()) - own >= 0.25
    assert host_cpu() - host >= 0.25


def test_between_two_looks_only_what_was_spent_there_counts(keeper: Keeper, word: Word) -> None:
    process = keeper(BURN.format(0.2) + word.saying + "import signal; signal.pause()")
    ledger = Ledger(process.pid)
    word.heard()
    first = ledger.look()
    assert first.total >= 0.2
    assert sum(difference(ledger.look(), first).values()) < 0.2
    process.terminate()
    said(process)
