import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacewatch.notify.hostile import bounded, clean, defang, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://bad.example/x", "hxxps://bad[.]example/x"),
        ("HTTP://BAD.EXAMPLE", "hxxp://BAD[.]EXAMPLE"),
        ("see bad.example now", "see bad[.]example now"),
        ("a.b.bad.example", "a[.]b[.]bad[.]example"),
        ("10.0.0.1", "10[.]0[.]0[.]1"),
        ("http://10.0.0.1:8080/", "hxxp://10[.]0[.]0[.]1:8080/"),
        ("root@bad.example", "root[@]bad[.]example"),
        ("@anon_team", "[@]anon_team"),
        ("tg://resolve?domain=x", "tg[:]//resolve?domain=x"),
        ("bad。example", "bad[.]example"),
        ("xấu.vn", "xấu[.]vn"),
        ("xn--abc-.vn", "xn--abc-[.]vn"),
        ("tap /acknowledge", "tap [/]acknowledge"),
        ("50.5 %, hết. Xong", "50.5 %, hết. Xong"),
        ("1/2 và/hoặc", "1/2 và/hoặc"),
    ],
)
def test_addresses_are_taken_apart(text: str, shown: str) -> None:
    assert defang(text) == shown


def test_defanging_twice_changes_nothing_more() -> None:
    once = defang("https://bad.example/@x 10.0.0.1 tg://y")
    assert defang(once) == once


@given(
    st.from_regex(
        r"(https?://)?[a-z0-9-]{1,8}(\.[a-z0-9-]{1,8}){0,2}\.[a-z]{2,8}(/[a-z@.:]{0,9})?", fullmatch=True
    )
)
def test_no_host_name_survives_defanging(address: str) -> None:
    shown = safe(f"Hacked! {address} (thanks)")
    assert not re.search(r"[^\W_]\.[a-z]{2,}", shown)
    assert "http" not in shown


def test_control_bidi_and_invisible_characters_are_gone() -> None:
    hostile = "a\x00b\u202ec\u2066d\u200be\ufefff\u00adg\x1b[31m\x07\U000e0041"
    assert clean(hostile) == "abcdefg[31m"


def test_line_breaks_of_every_kind_become_spaces() -> None:
    assert clean("one\r\ntwo\u2028three\u2029four\x85five\vsix\tseven") == "one two three four five six seven"


def test_letters_that_look_like_nothing_become_spaces() -> None:
    assert clean("x\u3164\u2800y") == "x y"


def test_piled_up_accents_are_cut_and_vietnamese_is_kept() -> None:
    zalgo = "h" + "\u0335\u0321\u0322\u0327" * 20 + "i"
    assert len(clean(zalgo)) == 4
    assert clean(unicodedata.normalize("NFD", "Đường dây nóng: Nguyễn Ước")) == "Đường dây nóng: Nguyễn Ước"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert bounded("x" * 20, 10) == "x" * 9 + "…"
    assert len(safe("a.a" * 10_000, 100)) <= 300


def test_right_to_left_text_is_isolated() -> None:
    shown = safe("اخترق")
    assert shown[0] == "\u2068"
    assert shown[-1] == "\u2069"


@given(st.text(max_size=400))
def test_whatever_comes_in_is_one_bounded_line_without_controls(text: str) -> None:
    shown = safe(text, 80)
    assert len(shown) <= 80 * 3 + 2
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200f\u200e")
