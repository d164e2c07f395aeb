"""Processes of the bench's own: the farm and the stand-ins."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.scale.farmhand import READY
from bench.scale.layout import Layout
from defacewatch.errors import DefacewatchError

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def helping(module: str, *options: str) -> AsyncIterator[tuple[int, str]]:
    """A process of the bench's own until the end of the block: its id, and the line that says it is there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *options),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield process.pid, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


@asynccontextmanager
async def farm_process(layout: Layout, corpus: Path | None, control: int) -> AsyncIterator[int]:
    """A farm until the end of the block, told what to do on port `control`; its process id."""
    options = [f"--size={layout.size}", f"--seed={layout.seed}", f"--port={layout.port}"]
    options += [f"--control={control}", *([f"--corpus={corpus}"] if corpus else [])]
    async with helping("bench.scale.farmhand", *options) as (process, said):
        if said != READY:
            raise DefacewatchError(f"the farm does not start: are ports {layout.port} and the next free?")
        yield process
