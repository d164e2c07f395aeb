import asyncio
import sys

from defacewatch.usage import DAEMON, WORKERS, measured

BUSY = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\nsys.stdin.read()"


async def test_processor_time_and_memory_are_counted_by_part_also_of_processes_that_were_started() -> None:
    before = measured()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUSY, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    during = measured()
    await process.communicate(b"")
    assert during.cpu[WORKERS] >= 0.25
    assert during.cpu[DAEMON] >= before.cpu[DAEMON] > 0
    assert during.memory > before.memory > 1_000_000
