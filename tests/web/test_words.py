"""What the pages call things."""

from datetime import UTC, datetime

import pytest

from defacewatch.web.words import Words

NOW = datetime(2026, 9, 2, 7, 44, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-09-02T06:44", "2026-09-02T08:44", "13:44 – 15:44 02/09/2026"),
        ("2026-09-03T16:00", "2026-09-03T20:00", "23:00 03/09 – 03:00 04/09/2026"),
        ("2026-12-31T15:00", "2026-12-31T23:00", "22:00 31/12/2026 – 06:00 01/01/2027"),
    ],
)
def test_a_span_says_day_and_year_once_where_they_are_the_same(start: str, end: str, said: str) -> None:
    words = Words("vi", "Asia/Ho_Chi_Minh", NOW)
    moments = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))
    assert words.span(*moments) == said
