"""The cases of a plan, made in worker processes and kept: to see which pages a kind applies to takes as long
as judging them."""

import hashlib
import pickle
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.detect import kinds
from bench.detect.plan import Case, Plan
from bench.detect.score import PROCESSES
from bench.detect.subjects import Subject

REPLACEMENTS = ""  # in place of the name of a kind: all defacement pages
_HERE = Path(__file__).parent
# The code that cases come of.
_MAKING = ("attacks", "stress", "material", "strays", "kinds", "plan", "subjects", "made", "hosts", "events")


def cases(plan: Plan, subjects: Sequence[Subject], kept: Path) -> list[Case]:
    """All cases of a plan, from `kept` (a folder) where the same code has made them before."""
    file = kept / f"plan-{_key(plan)}.pickle"
    if file.is_file():
        found = pickle.loads(file.read_bytes())
        assert isinstance(found, list)
        return found
    names = [name for name, kind in kinds.kinds().items() if plan.wants(kind)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        making = [pool.submit(_made, plan, name, subjects) for name in (*names, REPLACEMENTS)]
        found = [case for made in making for case in made.result()]
    kept.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def _made(plan: Plan, name: str, subjects: Sequence[Subject]) -> list[Case]:
    if name == REPLACEMENTS:
        return list(plan.replacements(subjects))
    return list(plan.cases(kinds.kinds()[name], subjects))


def _key(plan: Plan) -> str:
    digest = hashlib.sha256(repr(plan).encode())
    for file in sorted(_HERE.rglob("*")):
        if file.suffix in (".py", ".yaml") and file.relative_to(_HERE).parts[0].startswith(_MAKING):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:24]
