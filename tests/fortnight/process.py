"""The daemon's process as its surroundings have it: started, stepped, killed."""

import asyncio
import multiprocessing
from collections.abc import Mapping
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fortnight.child import Step, Stood, serve

ANSWERS_WITHIN = 120.0  # real seconds for one step, on however busy a machine


class Died(Exception):
    """The process ended by itself, or does not answer."""


class Process:
    """One daemon after the other over the same folder. `lives` counts them."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.environ = folder, dict(environ)
        # forked from a process that has imported everything, and done nothing
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["tests.fortnight.child", "tests.fortnight.report"])
        self.lives = 0
        self.alive = False
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    async def start(self, now: datetime) -> None:
        """Start it, at this simulated time, until it is ready. Raises Died."""
        if self._pipe is not None:
            self._pipe.close()
        self._pipe, theirs = self.context.Pipe()
        arguments = (theirs, self.folder, self.environ, now)
        self._process = self.context.Process(target=serve, args=arguments)
        self._process.start()
        theirs.close()
        self.lives += 1
        self.alive = True
        await self._answer()

    async def step(self, step: Step) -> Stood:
        """Let it be this time, until everything is done that is due then. Raises Died."""
        assert self._pipe is not None
        self._pipe.send(step)
        return await self._answer()

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self.alive = False
        self._process.kill()
        await asyncio.to_thread(self._process.join)

    async def stop(self) -> None:
        """Let it end in order; killed where it does not."""
        if not self.alive or self._process is None or self._pipe is None:
            return
        self._pipe.send(None)
        await asyncio.to_thread(self._process.join, 20)
        await self.kill()

    async def _answer(self) -> Stood:
        assert self._pipe is not None
        loop, pipe, ready = asyncio.get_running_loop(), self._pipe, asyncio.Event()
        number = pipe.fileno()
        loop.add_reader(number, ready.set)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await ready.wait()
            answer = pipe.recv()
        except TimeoutError:
            raise Died(f"the daemon does not come to rest; see {self.folder / 'daemon.log'}") from None
        except (EOFError, OSError) as error:
            raise Died(f"the daemon ended by itself; see {self.folder / 'daemon.log'}") from error
        finally:
            loop.remove_reader(number)
        assert isinstance(answer, Stood)
        return answer
