"""In which order the workers of pytest-xdist begin: what takes long comes first, so that none is left with it
when the others have done all else."""

from collections.abc import Sequence

LONG = (  # modules that take more than half a minute, longest first
    "tests/test_check.py",
    "tests/fetch/test_browser.py",
    "tests/web/test_pages.py",
    "tests/test_storm.py",
    "tests/test_kills.py",
    "tests/web/test_refresh.py",
    "tests/demo/test_story.py",
    "tests/cli/test_look.py",
    "tests/test_daemon.py",
    "tests/web/test_sign_in.py",
    "tests/test_turning.py",
    "tests/test_outbox.py",
    "tests/test_made_of.py",
    "tests/test_hostile_pages.py",
    "tests/test_first_steps.py",
    "tests/test_restart.py",
    "tests/test_masking.py",
    "tests/fortnight/test_fortnight.py",
    "tests/web/test_stored_scripts.py",
)


def dealt(tests: Sequence[str], workers: int) -> list[int]:
    """The numbers of `tests` (node ids) in the order in which they are to stand in the list. That is dealt
    out in parts of one size, and stolen from their ends, so each part begins with long modules."""
    modules: dict[str, list[int]] = {name: [] for name in LONG}
    others: list[int] = []
    for number, test in enumerate(tests):
        modules.get(test.partition("::")[0], others).append(number)
    found = [module for module in modules.values() if module]
    order: list[int] = []
    for worker in range(workers):
        first = [number for module in found[worker::workers] for number in module]
        size = (len(tests) - len(order)) // (workers - worker)
        rest = max(0, size - len(first))
        order += [*first, *others[:rest]]
        others = others[rest:]
    return order + others
