"""`python -m tests.fortnight`: run it, audit it, print the results; 0 when nothing is amiss."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.fortnight import report
from tests.fortnight.audit import audit
from tests.fortnight.scenario import scenario
from tests.fortnight.simulation import Fortnight


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    plan = scenario(options.seed, days=options.days, incidents=options.incidents, kills=options.kills)
    with tempfile.TemporaryDirectory(prefix="fortnight-", ignore_cleanup_errors=True) as temporary:
        folder = options.folder or Path(temporary)
        fortnight = Fortnight(plan, folder, lambda line: print(line, file=sys.stderr, flush=True))
        began = time.monotonic()
        record = asyncio.run(fortnight.run())
        run = report.Run(_machine(), time.monotonic() - began, fortnight.steps)
    found = audit(record)
    text = report.markdown(plan, record, found, run)
    print(text)
    if options.out:
        options.out.write_text(text, "utf-8")
    for problem in found.problems:
        print(f"fortnight: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


def _machine() -> str:
    """What it ran on, and how busy that was: the wall time is of little worth without."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} processors, {system}; load of the last 15 minutes {os.getloadavg()[2]:.1f}"


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.fortnight", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all that is decided by chance (default 1)")
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--incidents", type=int, default=60)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument(
        "--folder", type=Path, help="an empty folder to use and keep, instead of a temporary one"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results there as well (Markdown)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
