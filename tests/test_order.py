"""Long tests come first, for each worker some of them."""

from pathlib import Path

import pytest

from tests.order import LONG, dealt

SHORT = [f"tests/test_short.py::test_{number}" for number in range(40)]
TESTS = [*SHORT[:20], *(f"{name}::test_{number}" for name in sorted(LONG) for number in "ab"), *SHORT[20:]]


def test_every_long_module_is_there() -> None:
    assert [name for name in LONG if not Path(name).is_file()] == []


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 60])
@pytest.mark.parametrize("tests", [TESTS, SHORT, TESTS[18:24], []])
def test_each_test_is_run_once(tests: list[str], workers: int) -> None:
    assert sorted(dealt(tests, workers)) == list(range(len(tests)))


def test_each_workers_part_begins_with_long_modules_the_longest_at_once() -> None:
    names = [TESTS[number].partition("::")[0] for number in dealt(TESTS, 3)]
    size = len(TESTS) // 3
    parts = names[:size], names[size : 2 * size], names[2 * size :]
    assert [list(dict.fromkeys(part)) for part in parts] == [
        [*LONG[worker::3], "tests/test_short.py"] for worker in range(3)
    ]


def test_what_is_short_keeps_its_order_and_long_modules_stay_whole() -> None:
    order = dealt(TESTS, 3)
    short = [number for number in order if TESTS[number] in SHORT]
    assert short == sorted(short)
    long = [TESTS[number].partition("::")[0] for number in order if TESTS[number] not in SHORT]
    assert long[::2] == long[1::2]
