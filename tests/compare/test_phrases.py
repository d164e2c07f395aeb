import pytest

from defacewatch.captures import Phrase
from defacewatch.compare import phrases, text
from defacewatch.compare.phrases import Block


def find(written: str, place: str = "text") -> list[Phrase]:
    return list(phrases.find([Block(place, written)], [text.words(text.fold(written))]))


@pytest.mark.parametrize(
    ("family", "written"),
    [
        ("deface", "Hacked By X"),
        ("deface", "H4ck3d by x"),
        ("deface", "H A C K E D - your security is low"),
        ("deface", "Trang web đã bị hack"),
        ("deface", "trang web da bi hack"),
        ("deface", "Sitemiz hacklendi"),
        ("deface", "Situs ini telah diretas"),
        ("deface", "تم اختراق الموقع"),
        ("deface", "Сайт взломан"),
        ("deface", "这个网站被黑了"),
        ("spam", "Nhà cái uy tín số 1"),
        ("spam", "lô đề"),
        ("spam", "situs slot gacor"),
        ("spam", "Canlı bahis"),
        ("spam", "Онлайн казино"),
        ("spam", "百家乐"),
        ("maintenance", "Hệ thống đang bảo trì"),
        ("maintenance", "Down for maintenance"),
        ("bot-wall", "Just a moment..."),
        ("bot-wall", "Xác minh bạn là con người"),
        ("error-page", "502 Bad Gateway"),
        ("error-page", "Không tìm thấy trang"),
    ],
)
def test_wording_is_found_in_its_language(family: str, written: str) -> None:
    assert family in {phrase.family for phrase in find(written)}


@pytest.mark.parametrize(
    "written",
    [
        "Hội nghị an toàn thông tin năm 2026",
        "Sở Y tế làm việc với bệnh viện",
        "lo de con cháu học hành",
        "Ca cuộc thi tiếng hát",
        "Our specialists hacked together nothing here? No: they wrote a report",
    ],
)
def test_ordinary_wording_is_not_strong(written: str) -> None:
    assert not [phrase for phrase in find(written) if phrase.strong]


def test_a_claim_is_bare_and_a_report_is_not() -> None:
    claim = find("Hacked by Foo Team")[0]
    report = find("Airport website hacked by Foo Team, passengers told to come back later, officials say")[0]
    assert (claim.phrase, claim.bare) == ("hacked by foo team", True)
    assert (report.strong, report.bare) == (True, False)


def test_longer_wording_wins_over_what_it_contains() -> None:
    assert [phrase.phrase for phrase in find("got hacked by foo")] == ["got hacked by foo"]


def test_the_number_of_phrases_is_bounded() -> None:
    blocks = [Block("text", f"hacked by team{chr(97 + n % 26)}{chr(97 + n // 26)}") for n in range(500)]
    assert len(phrases.find(blocks, [text.words(text.fold(b.text)) for b in blocks])) <= phrases.LIMIT


def test_spam_hosts_and_bot_walls_are_known_by_their_names() -> None:
    assert phrases.spam_host("top-nhacai.example") == "nhacai"
    assert phrases.spam_host("www.specialists.gov") is None
    assert phrases.bot_wall_markup('<script src="/TSPD/08a">') == "/TSPD/"
