import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from defacewatch.alerts import AlertKind, Notice
from defacewatch.gathering import LINES, TOGETHER, Entry, Gathered
from defacewatch.incidents import Incident
from defacewatch.language import LANGUAGES
from defacewatch.notify import message
from defacewatch.portals import Page, Portal
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, VerdictKind
from tests.notify.examples import AT, PORTAL, notice, signalled
from tests.notify.gallery import gathered

HOSTILE = '<b onclick="x">\r\nBcc: a@bad.example</b> </a><img src=https://bad.example/x.png> & \u202e"\'' * 9


class Loads(HTMLParser):
    """Collects everything in a page that a client would load or follow."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = ("src", "href", "action", "background", "srcset", "data")
        self.targets += [value or "" for name, value in attrs if name in names or name.startswith("on")]


def hostile() -> Notice:
    title = Signal(Kind.TITLE, 60.0, "t", {"before": "x", "after": HOSTILE})
    phrase = Signal(Kind.DEFACE_PHRASE, 55.0, "d", {"place": HOSTILE, "phrases": [HOSTILE] * 9})
    return signalled(title, phrase, portal=replace(PORTAL, name=HOSTILE, operator=HOSTILE))


def test_the_vietnamese_alert_follows_the_pattern() -> None:
    assert message.text(notice()) == (
        "🔴 NGHI TẤN CÔNG THAY ĐỔI GIAO DIỆN\n"
        "Mã: SC-000123\n"
        "Mức độ: KHẨN CẤP · cấp độ an toàn 3 · cổng trọng yếu\n"
        "Cổng thông tin điện tử: Cổng Thông tin điện tử tỉnh Hưng Yên – hungyen[.]gov[.]vn\n"
        "Đơn vị vận hành: Trung tâm CNTT và Truyền thông\n"
        "Cơ quan chủ quản: Văn phòng UBND tỉnh\n"
        "Đầu mối liên hệ: Lê Văn Bình 0912 345 678\n"
        "Thời điểm phát hiện: 14:05:09 02/09/2026 (GMT+7), kiểm tra lại 14:05:23\n"
        "Dấu hiệu:\n"
        "• Từ ngữ của trang bị thay đổi giao diện trong tiêu đề: “Hacked by X” · 60 điểm\n"
        "• Mã lệnh (script) từ máy chủ không có trong mốc chuẩn: evil[.]example · 55 điểm\n"
        "• Mất 97 % những gì nhận diện trang là của cơ quan · 40 điểm\n"
        "• 88 % nội dung chữ khác mốc chuẩn · 12 điểm\n"
        "Hạn tiếp nhận: 14:15:09 02/09/2026 (GMT+7); quá hạn chuyển trưởng ca\n"
        "Xem bằng chứng: https://watch.example.gov.vn/incidents/123"
    )


def test_the_english_alert_says_the_same() -> None:
    words = message.text(notice(language="en"))
    assert words.startswith("🔴 SUSPECTED DEFACEMENT ATTACK\nCode: SC-000123\n")
    assert "Acknowledge by: 14:15:09 02/09/2026 (GMT+7); after that it goes to the shift lead" in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_alert_has_all_its_forms(kind: AlertKind, language: str) -> None:
    told = notice(kind, language=language)
    assert message.subject(told)
    assert message.text(told)
    assert message.telegram_html(told)
    assert "</html>" in message.html(told)


def test_the_subject_is_one_bounded_line_whatever_the_portal_is_called() -> None:
    line = message.subject(hostile())
    assert len(line) <= message.SUBJECT
    assert len(line.splitlines()) == 1
    assert message.subject(notice()).startswith("🔴 SC-000123 NGHI TẤN CÔNG THAY ĐỔI GIAO DIỆN: Cổng")


def test_attackers_text_brings_no_markup_into_telegram() -> None:
    page = message.telegram_html(hostile())
    assert set(Loads(page).tags) <= {"b", "a"}
    assert Loads(page).targets == ["https://watch.example.gov.vn/incidents/123"]


def test_attackers_text_brings_no_markup_into_the_mail() -> None:
    page = Loads(message.html(hostile(), before="b@x", after="a@x"))
    assert page.targets == ["cid:b@x", "cid:a@x", "https://watch.example.gov.vn/incidents/123"]
    assert page.tags.count("img") == 2
    assert not {"script", "link", "iframe", "object", "form", "b"} & set(page.tags)


def test_the_mail_loads_nothing_from_anywhere() -> None:
    page = message.html(notice(), before="b@x", after="a@x")
    assert "url(" not in page
    assert "@import" not in page
    assert re.findall(r'src="(?!cid:)', page) == []


def test_attackers_text_starts_no_line_of_its_own() -> None:
    assert not any(line.startswith("Bcc") for line in message.text(hostile()).splitlines())


def test_nothing_in_an_alert_is_clickable_but_our_own_link() -> None:
    for words in (message.text(hostile()), message.telegram_html(hostile())):
        assert not re.search(r"bad\.example|hungyen\.gov", words)


def test_the_longest_alert_fits_into_one_telegram_message() -> None:
    long = [
        Signal(Kind.TITLE, 90.0 - n, f"t{n}", {"before": "😀." * 900, "after": "<&>" * 900}) for n in range(9)
    ]
    words = message.telegram_html(signalled(*long))
    assert len(words.encode("utf-16-le")) // 2 <= message.TELEGRAM_TEXT
    assert "dấu hiệu khác" in words


def scattered(count: int, *, fresh: int) -> Gathered:
    """A digest of incidents whose numbers do not follow one another, with all that may be long as long as it
    may be; the first of them are told of anew."""
    words = Signal(
        Kind.DEFACE_PHRASE, 55.0, "d", {"place": "title", "phrases": [f"{n}<&>" * 40 for n in "abc"]}
    )
    seen = Verdict(VerdictKind.DEFACED, 60.0, 60.0, (words,))
    entries = []
    for number in range(count):
        portal = Portal(f"p{number}", "Cổng Thông tin điện tử " * 5, critical=True)
        page = Page(f"p{number}-1", portal.key, f"https://{'so-y-te.' * 8}gov.vn/{'duong-dan/' * 9}")
        story = Incident(page.id, VerdictKind.DEFACED, AT, id=100 + 2 * number)
        shown = seen if number < LINES else None
        entries.append(Entry(page, portal, story, shown, fresh=number < fresh))
    return replace(gathered("vi", campaign=False), entries=tuple(entries))


def numbers_in(words: str) -> list[int]:
    return [int(code) for code in re.findall(r"SC-(\d+)", words)]


@pytest.mark.parametrize(("count", "fresh"), [(20, 20), (100, 100), (TOGETHER, TOGETHER), (900, TOGETHER)])
def test_whatever_loses_its_line_keeps_its_code(count: int, fresh: int) -> None:
    said = scattered(count, fresh=fresh)
    words = message.telegram_html(said)
    assert len(words.encode("utf-16-le")) // 2 <= message.TELEGRAM_TEXT
    named = numbers_in(words)
    assert len(named) == len(set(named))
    assert {100 + 2 * number for number in range(fresh)} <= set(named)
    assert len(numbers_in(message.text(said))) == count
    assert len(numbers_in(message.html(said))) == count
    if (uncoded := count - len(named)) > 0:
        assert f"(+{uncoded})" in words


def test_what_is_seen_on_the_pages_goes_before_the_pages_themselves() -> None:
    words = message.telegram_html(scattered(20, fresh=20))
    lines = [line for line in words.splitlines() if line.startswith("• 🆕")]
    assert len(lines) == LINES
    assert "Từ ngữ của trang" in lines[0]
    assert "Từ ngữ của trang" not in lines[-1]


def test_captions_say_which_picture_is_which_and_are_bounded() -> None:
    assert message.caption(notice(), before=True).startswith(
        "Trước – theo mốc chuẩn đã duyệt\nSC-000123 · Cổng"
    )
    assert message.caption(notice(), before=False).startswith("Sau – như đã thấy lúc 14:05:23 02/09/2026")
    assert len(message.caption(hostile(), before=False)) <= message.TELEGRAM_CAPTION
