import time

import pytest

from defacewatch.compare import phrases, text
from defacewatch.compare.phrases import Block
from defacewatch.features import Phrase


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
        ("deface", "Your data has been encrypted"),
        ("deface", "The Paracel Islands belong to China"),
        ("deface", "Website của bạn đã bị chiếm quyền"),
        ("deface", "Website cua ban da bi chiem quyen"),
        ("deface", "Dữ liệu của bạn đã bị mã hóa"),
        ("deface", "Hoàng Sa Trường Sa là của Trung Quốc"),
        ("deface", "0wn3d by rose"),
        ("deface", "Maaf admin, keamanan web anda lemah"),
        ("deface", "Внимание: ваш сервер взломан"),
        ("deface", "南海是中国的"),
        ("deface", "គេហទំព័រនេះត្រូវបានហេគដោយផ្កាកុលាប"),
        ("deface", "เว็บไซต์นี้ถูกแฮกโดยกุหลาบ"),
        ("deface", "해킹되었습니다"),
        ("spam", "link vào fb88"),
        ("spam", "8XBET"),
        ("spam", "thuốc cường dương"),
        ("spam", "thuoc cuong duong"),
        ("spam", "xoc dia doi thuong"),
        ("spam", "judi online maxwin"),
        ("spam", "สล็อตเว็บตรง"),
        ("spam", "开元棋牌"),
        ("spam", "카지노사이트"),
        ("spam", "generic viagra"),
        ("spam", "payday loan"),
        ("spam", "replica rolex"),
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
        "Đa dạo chơi xuân, đã đào tạo nghề cho lao động nông thôn",
        "Cho vay nông nghiệp, chốt sổ bảo hiểm xã hội, bàn cách bán cá",
        "Máy bay B52, đoạn đường 88, số 189",
        "The clinic says the infection is treated without delay; book a time slot",
        "Our specialists hacked together nothing here? No: they wrote a report",
    ],
)
def test_ordinary_wording_is_not_strong(written: str) -> None:
    assert not [phrase for phrase in find(written) if phrase.strong]


def test_a_claim_is_bare_and_a_report_is_not() -> None:
    claim = find("Hacked by Foo Team")[0]
    report = find("Airport website hacked by Foo Team, passengers told to come back later, officials say")[0]
    assert (claim.phrase, claim.bare) == ("hacked by foo team", True)
    assert (report.strong, report.bare) == (False, False)


def said(*written: str, place: str = "text") -> list[Phrase]:
    blocks = [Block(place, line) for line in written]
    return list(phrases.find(blocks, [text.words(text.fold(line)) for line in written]))


@pytest.mark.parametrize(
    "written",
    [
        "Hacked by Foo Team. Your security is weak, so mend it before somebody worse comes by, dear all.",
        "Xin chào, trang web của bạn đã bị hack bởi nhóm Foo. Hãy sửa lỗi.",
    ],
)
def test_a_claim_at_the_start_of_a_short_paragraph_is_said(written: str) -> None:
    assert any(phrase.strong and phrase.bare for phrase in said(written))
    assert not any(phrase.bare for phrase in said(written + " Và thêm nhiều chữ nữa." * 9))


def test_what_neighbours_report_is_told_and_not_said() -> None:
    article = (
        "Công an triệt phá đường dây cá độ bóng đá, nhà cái FB88",
        "Theo cơ quan điều tra, các đối tượng lập trang fb88, w88, bk8 và quảng cáo tài xỉu online.",
        "We are Foo, hacked by Foo Team, viết trên trang web.",
        "Cơ quan chức năng cảnh báo người dân không tham gia đánh bạc trực tuyến.",
    )
    assert {phrase.family for phrase in said(*article)} == {"spam", "deface"}
    assert not any(phrase.strong or phrase.bare for phrase in said(*article))


def test_nothing_is_reported_where_nobody_reads() -> None:
    advert = "cảnh báo: nhà cái fb88, tài xỉu online"
    assert all(phrase.strong for phrase in said(advert, place="hidden"))
    assert not any(phrase.strong for phrase in said(advert))


def test_spam_wording_that_fills_a_block_advertises() -> None:
    assert all(
        phrase.bare for phrase in said("Nhà cái uy tín, cá cược bóng đá, tài xỉu online, nổ hũ đổi thưởng")
    )
    long = "một bài viết rất dài về nhiều điều khác nhau ở tỉnh ta trong năm qua " * 3
    assert not any(phrase.bare for phrase in said(long + "nhà cái, tài xỉu"))


def test_longer_wording_wins_over_what_it_contains() -> None:
    assert [phrase.phrase for phrase in find("got hacked by foo")] == ["got hacked by foo"]


def test_the_number_of_phrases_is_bounded() -> None:
    blocks = [Block("text", f"hacked by team{chr(97 + n % 26)}{chr(97 + n // 26)}") for n in range(500)]
    assert len(phrases.find(blocks, [text.words(text.fold(b.text)) for b in blocks])) <= phrases.LIMIT


def test_spam_hosts_and_bot_walls_are_known_by_their_names() -> None:
    assert phrases.spam_host("top-nhacai.example") == "nhacai"
    assert phrases.spam_host("www.specialists.gov") is None
    assert phrases.bot_wall_markup('<script src="/TSPD/08a">') == "/TSPD/"


@pytest.mark.parametrize("place", ["title", "heading", "dialog"])
def test_words_of_a_report_do_not_make_a_claim_news(place: str) -> None:
    assert any(p.strong and p.bare for p in said("Hacked by Rose police court", place=place))


def test_hidden_words_report_nothing() -> None:
    claim, told = "Hacked by Rose", "police arrested a suspect, court investigation, officials say"
    blocks = [Block("hidden", told), Block("text", claim), Block("hidden", told)]
    found = phrases.find(blocks, [text.words(text.fold(block.text)) for block in blocks])
    assert any(p.place == "text" and p.strong and p.bare for p in found)


def test_looking_takes_linear_time_whatever_is_repeated() -> None:
    words = ["your"] * 300_000
    began = time.perf_counter()
    phrases.find([Block("text", " ".join(words))], [words])
    assert time.perf_counter() - began < 4


def test_of_a_very_long_text_beginning_and_end_are_looked_at() -> None:
    blocks = [Block("text", f"{n} some words of no meaning") for n in range(60_000)]
    blocks = [Block("text", "hacked by rose"), *blocks, Block("text", "pwned by thorn")]
    found = phrases.find(blocks, [text.words(block.text) for block in blocks])
    assert {p.phrase for p in found} >= {"hacked by rose", "pwned by thorn"}
