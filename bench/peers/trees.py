"""Commands under a keeper: what the whole tree of each costs, processes that have ended included."""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from bench.scale.processes import Ledger, Usage, descendants, named

ROOT = Path(__file__).resolve().parents[2]
STOPS_WITHIN = 30.0  # seconds after SIGTERM
LOOK_EVERY = 0.5  # seconds between looks at memory
_TRIALS = 5


class Peak:
    """The most memory (bytes) and processes that were seen at once, over several trees together."""

    def __init__(self) -> None:
        self.rss = self.pss = self.processes = 0

    def note(self, usages: Sequence[Usage]) -> None:
        self.rss = max(self.rss, sum(one.rss for one in usages))
        self.pss = max(self.pss, sum(one.pss for one in usages))
        self.processes = max(self.processes, sum(one.processes for one in usages))


class Tree:
    """A running command. `ledger` counts what it and all its descendants cost."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.ledger = process, Ledger(process.pid)

    @classmethod
    async def grown(
        cls, command: Sequence[str], *, environ: Mapping[str, str], folder: Path, log: Path
    ) -> "Tree":
        """Start `command` in `folder`; what it says goes to `log`."""
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.scale.keeper", *command),
                env={**environ, "PYTHONPATH": str(ROOT)},
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
            )
        return cls(process)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None and bool(descendants(self.process.pid))

    async def ended(self) -> tuple[int, list[str]]:
        """Wait for its end: the command's exit status, and the processes that it left behind."""
        assert self.process.stdout is not None
        said = await self.process.stdout.read()
        await self.process.wait()
        last = json.loads(said or b'{"status": -1, "left": ["the keeper itself failed"]}')
        return last["status"], list(last["left"])

    async def felled(self) -> list[str]:
        """SIGTERM to the command and, since it may be a script that started the real one, to what it started;
        SIGKILL to what is left a while later, which is returned."""
        for child in descendants(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
        ending = asyncio.create_task(self.ended())
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                return (await asyncio.shield(ending))[1]
        except TimeoutError:
            slow = descendants(self.process.pid)
            for child in slow:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
            return [named(child) for child in slow] + (await ending)[1]


def spent() -> float:
    """CPU seconds of all children of this process that it has waited for, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def of_keeping(folder: Path) -> float:
    """CPU seconds that a keeper itself costs: what a command costs that does nothing. The median of some."""
    costs = []
    for _ in range(_TRIALS):
        before = spent()
        tree = await Tree.grown(["/bin/true"], environ=os.environ, folder=folder, log=folder / "keeping.log")
        await tree.ended()
        costs.append(spent() - before)
    return median(costs)
