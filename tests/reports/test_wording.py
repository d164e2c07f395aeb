from datetime import UTC, date, datetime, timedelta

import pytest

from defacewatch.incidents import PROGRAM
from defacewatch.reports.wording import NOTHING
from tests.reports.samples import wording


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 giây"),
        (59.4, "59 giây"),
        (60, "1 phút"),
        (95, "1 phút 35 giây"),
        (3600, "1 giờ"),
        (3605, "1 giờ"),
        (5460, "1 giờ 31 phút"),
        (86400, "1 ngày"),
        (93600, "1 ngày 2 giờ"),
        (86460, "1 ngày"),
        (400 * 86400, "400 ngày"),
    ],
)
def test_spans_are_said_in_their_two_largest_units(seconds: float, shown: str) -> None:
    assert wording().span(timedelta(seconds=seconds)) == shown


def test_what_did_not_happen_is_a_dash() -> None:
    said = wording()
    assert said.span(None) == said.when(None) == said.person(None) == NOTHING


def test_documents_are_dated_as_the_decree_says() -> None:
    assert wording().long_day(date(2026, 2, 3)) == "ngày 03 tháng 02 năm 2026"
    assert wording().long_day(date(2026, 11, 30)) == "ngày 30 tháng 11 năm 2026"
    assert wording("en").long_day(date(2026, 2, 3)) == "3 February 2026"


def test_moments_are_local() -> None:
    moment = datetime(2026, 10, 31, 17, 5, 9, tzinfo=UTC)
    assert wording().when(moment) == "00:05:09\n01/11/2026"
    assert wording().moment(moment) == "00:05 01/11/2026"
    assert wording().formal(moment) == "00 giờ 05 phút, ngày 01 tháng 11 năm 2026"
    assert wording("en").formal(moment) == "00:05, 1 November 2026"


@pytest.mark.parametrize(
    ("value", "shown"), [(1, "100%"), (0.99999, "99,99%"), (0.7143, "71,43%"), (0, "0%"), (0.5, "50%")]
)
def test_what_is_not_quite_all_is_never_shown_as_all(value: float, shown: str) -> None:
    assert wording().share(value) == shown


def test_people_are_named_and_who_is_no_officer_cannot_smuggle_a_link() -> None:
    assert wording().person("an") == "Nguyễn Văn An"
    assert wording().person(PROGRAM) == "Hệ thống giám sát"
    assert wording().person("https://evil.example/") == "hxxps://evil[.]example/"
