"""Logs tell of errors without what was in hand when they happened."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from defacewatch import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_is_logged_with_where_it_was_and_without_its_variables(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(form)
    key = "".join(("hunter", "2"))  # so that no line of this file has it
    try:
        sys.getsizeof(key) / 0
    except ZeroDivisionError:
        structlog.get_logger("test").exception("a message could not be made", delivery=7)
    said = capsys.readouterr().err
    assert "a message could not be made" in said
    assert "ZeroDivisionError" in said
    assert "test_logs.py" in said
    assert key not in said
