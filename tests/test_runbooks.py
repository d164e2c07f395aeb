"""Runbooks: lists in Markdown, ticked off."""

from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.runbooks import DEFAULT, MOST, Mark, Runbook, Step, Tick, parse, runbook_for, ticks

NOW = datetime(2026, 9, 2, tzinfo=UTC)
TEXT = """# Khi bị tấn công

Đọc kỹ trước khi làm.

- [ ] Giữ bằng chứng
* [x] Gọi đơn vị vận hành
1. [ ] Khôi phục {restored}
2) [ ] Báo cáo {reported}
- không có ô
    - [ ] thụt vào là mã lệnh
"""


def test_lines_with_boxes_are_steps_and_the_first_heading_the_title() -> None:
    assert parse(TEXT) == Runbook(
        "Khi bị tấn công",
        (
            Step("Giữ bằng chứng"),
            Step("Gọi đơn vị vận hành"),
            Step("Khôi phục", Mark.RESTORED),
            Step("Báo cáo", Mark.REPORTED),
        ),
    )


@pytest.mark.parametrize(
    ("markdown", "problem"),
    [
        ("# Title\n\nNo boxes\n", "expected lines with boxes"),
        ("- [ ] a\n- [ ] a\n", "each line with a box once"),
        ("- [ ] a {later}\n", "line 1: expected {restored} or {reported}, not {later}"),
        ("".join(f"- [ ] {n}\n" for n in range(MOST + 1)), f"at most {MOST} lines"),
    ],
)
def test_what_is_no_runbook_says_why(markdown: str, problem: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse(markdown)
    assert problem in str(raised.value)


def test_the_portal_s_own_goes_before_the_verdict_s_and_that_before_the_default() -> None:
    own, of_verdict, default = (Runbook(name) for name in ("own", "verdict", "default"))
    every = {"so": own, "defaced": of_verdict, DEFAULT: default}
    assert runbook_for(every, "so", "defaced") is own
    assert runbook_for(every, "khac", "defaced") is of_verdict
    assert runbook_for(every, "khac", "changed") is default
    assert runbook_for({}, "khac", "changed") == Runbook()


def test_what_is_ticked_is_by_whoever_did_it_first_until_it_is_taken_back() -> None:
    later = NOW + timedelta(minutes=1)
    assert ticks([("a", True, "an", NOW), ("a", True, "binh", later)]) == {"a": Tick("an", NOW)}
    assert ticks([("a", True, "an", NOW), ("a", False, "binh", later)]) == {}
    back = [("a", True, "an", NOW), ("a", False, "an", NOW), ("a", True, "binh", later)]
    assert ticks(back) == {"a": Tick("binh", later)}
