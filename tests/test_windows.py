"""Announcements: what they may be, and what they let pass."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.errors import UsageError
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.windows import LINK, TEXT, Window, checked, is_expected

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window("so", NOW + HOUR, NOW + 3 * HOUR, " Lê  Văn Tám ", "Nâng cấp\ngiao diện", "0900", "link")


def test_an_announcement_is_kept_in_plain_lines() -> None:
    kept = checked(WINDOW, NOW)
    assert (kept.by, kept.reason, kept.contact) == ("Lê Văn Tám", "Nâng cấp giao diện", "0900")
    assert len(checked(replace(WINDOW, reason="x" * 1000), NOW).reason) == TEXT


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"by": " "}, "a name"),
        ({"reason": ""}, "what will be done"),
        ({"end": NOW + HOUR}, "must end after"),
        ({"end": NOW + timedelta(days=8)}, "seven days"),
        ({"start": NOW - 3 * HOUR, "end": NOW}, "over already"),
        ({"start": NOW + timedelta(days=61), "end": NOW + timedelta(days=62)}, "sixty days"),
    ],
)
def test_one_that_cannot_be_is_refused_in_words(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        checked(replace(WINDOW, **changes), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict(VerdictKind.CHANGED, 40.0), True),
        (Verdict(VerdictKind.UNREACHABLE), True),
        (Verdict(VerdictKind.DEFACED, 90.0), False),
        (Verdict(VerdictKind.CLEAN), False),
        (Verdict(VerdictKind.CHANGED, 40.0, intermittent=True), False),
    ],
)
def test_changes_and_absence_are_expected_and_attacks_never(verdict: Verdict, expected: bool) -> None:
    assert is_expected(WINDOW, verdict) is expected
    assert not is_expected(None, verdict)


def test_whoever_announces_by_a_link_proposes_as_the_link_and_not_as_who_they_say_they_are() -> None:
    by_link = Window("hungyen", NOW, NOW + timedelta(hours=1), "an", "x", "", LINK)
    assert by_link.signed == "link:hungyen"
    assert replace(by_link, via="console").signed == "an"
