"""Texts that are asked for again and again."""

import pytest

from defacewatch.fetch.remembering import LONGEST, remembered


def test_what_is_known_is_not_found_out_again_and_what_a_page_may_make_long_is_not_kept() -> None:
    asked: list[str] = []

    @remembered
    def length(text: str) -> int:
        """How long it is."""
        asked.append(text)
        return len(text)

    longest, longer = "x" * LONGEST, "x" * (LONGEST + 1)
    assert [length(text) for text in ("a", "a", longest, longest, longer, longer)] == [
        1, 1, LONGEST, LONGEST, LONGEST + 1, LONGEST + 1,
    ]  # fmt: skip
    assert asked == ["a", longest, longer, longer]
    assert [length("Hưng Yên"), length("Hưng Yên"), len(asked)] == [8, 8, 6]
    assert length.__doc__ == "How long it is."


def test_what_was_refused_is_refused_again() -> None:
    @remembered
    def refusing(text: str) -> str:
        raise ValueError(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="no host"):
            refusing("no host")
