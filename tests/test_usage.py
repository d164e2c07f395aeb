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


FREES = """
import sys
from defacewatch.usage import give_back, measured, spare_memory
spare_memory()
kept = [bytearray(100_000) for _ in range(500)]
before = measured().memory
del kept[:-1]
give_back()
print(before - measured().memory)
"""


async def test_what_is_free_is_given_back_to_the_system() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FREES, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert int(out) > 30_000_000
