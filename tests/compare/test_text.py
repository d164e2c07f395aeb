import time

import pytest

from defacewatch.compare import text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Đã bị HACK", "da bi hack"),
        ("Türkiye'nin ışığı İl", "turkiye nin isigi il"),
        ("ＨＡＣＫＥＤ", "hacked"),
        ("𝐇𝐚𝐜𝐤𝐞𝐝", "hacked"),
        ("ʜᴀᴄᴋᴇᴅ ʙʏ ᴋɪɴᴇ", "hacked by kine"),
        ("تَمَّ", "تم"),
        ("h\u200back", "hack"),
        ("h\u2062a\ufeffc\u180ek\U000e0041e\u20e3d\u0488", "hacked"),
        ("🅷🅰🄲🄺🅴🅳", "hacked"),
        ("НАСКЕD ВY", "hacked by"),
        ("Hасkеd", "hacked"),
        ("Hαckєd вy", "hacked by"),
        ("tin НАСКЕ ВУ tin", "tin hacke by tin"),
        ("Сайт взломан, 2026", "саит взломан, 2026"),
        ("IT для нас", "it для нас"),
        ("ถูก", "ถูก"),
        ("ហេគ", "ហេគ"),
    ],
)
def test_folding_sees_through_the_way_it_is_written(written: str, plain: str) -> None:
    assert text.fold(written) == plain


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("h4ck3d by x", ["hacked", "by", "x"]),
        ("0wn3d p@tch $ecurity", ["owned", "patch", "security"]),
        ("H A C K E D by me", ["hacked", "by", "me"]),
        ("năm 2026, ngày 02/09", ["nam", "ngay"]),
        ("hacked_by_x", ["hacked", "by", "x"]),
    ],
)
def test_words_are_read_through_leetspeak_and_without_numbers(written: str, found: list[str]) -> None:
    assert list(text.words(text.fold(written))) == found


def test_folding_is_quick() -> None:
    page = "Chủ tịch tỉnh làm việc với các sở, ngành về chuyển đổi số\n" * 1800
    text.fold(page)
    began = time.perf_counter()
    text.fold(page)
    assert time.perf_counter() - began < 0.5


def test_line_breaks_survive_folding() -> None:
    assert text.fold("Một\nHAI\n３").split("\n") == ["mot", "hai", "3"]


def test_shingles_are_word_triples_and_short_blocks_as_they_are() -> None:
    assert text.shingles([["a", "b", "c", "d"], ["e", "f"], []]) == {"a b c", "b c d", "e f"}
