import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import denormalize, read_po

import defacewatch
from defacewatch.language import LANGUAGES, N_, local_time, translator
from defacewatch.signals import KINDS

PACKAGE = Path(defacewatch.__file__).parent
MARKS = {"N_": None, "_": None}
CATALOGUE = PACKAGE / "locales" / "vi" / "defacewatch.po"
ENTRY = re.compile(r'^msgid ((?:".*"\n)+)', re.MULTILINE)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]


def messages() -> set[str]:
    """Every text in the package that is marked for translation."""
    found = extract_from_dir(PACKAGE, METHODS, keywords=MARKS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


@pytest.fixture(scope="module")
def vietnamese() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="vi", abort_invalid=True) if m.id}


def test_no_text_stands_twice_in_the_catalogue(vietnamese: dict[str, str]) -> None:
    """What reads catalogues takes one of the two without a word."""
    texts = Counter(denormalize(text) for text in ENTRY.findall(CATALOGUE.read_text("utf-8")))
    assert texts.keys() - {""} == vietnamese.keys()
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_marked_text_has_a_vietnamese_one(vietnamese: dict[str, str]) -> None:
    assert sorted(text for text in messages() if not vietnamese.get(text)) == []


def test_every_vietnamese_text_is_still_used(vietnamese: dict[str, str]) -> None:
    assert sorted(set(vietnamese) - messages()) == []


def test_one_thing_has_one_name(vietnamese: dict[str, str]) -> None:
    """The terms at the head of the catalogue, there and in the guide."""
    others = re.compile("diện mạo|phê duyệt|danh sách trực|mặt nạ|bằng chứng (?:bị )?tấn công")
    guide = PACKAGE.parent.joinpath("docs", "huong-dan-truc-ban.md").read_text("utf-8")
    assert [shown for shown in vietnamese.values() if others.search(shown.lower())] == []
    assert others.findall(guide.lower().replace("\n", " ")) == []


def test_translations_fill_in_what_the_source_fills_in(vietnamese: dict[str, str]) -> None:
    assert [text for text, shown in vietnamese.items() if fields(text) != fields(shown)] == []


def test_the_extractor_sees_python_and_templates() -> None:
    found = messages()
    assert {kind.sentence for kind in KINDS.values()} <= found
    assert "Open the evidence" in found


def test_a_text_comes_in_the_language_asked_for() -> None:
    text = N_("the screen is blank")
    assert translator("en")(text) == "the screen is blank"
    assert translator("vi")(text) == "màn hình trống trơn"


def test_a_text_without_translation_stays_english() -> None:
    assert translator("vi")("no such text") == "no such text"


def test_another_language_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="vi, en"):
        translator("fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_loads(language: str) -> None:
    assert translator(language) is translator(language)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Ho_Chi_Minh", "14:05:09 02/09/2026 (GMT+7)"),
        ("UTC", "07:05:09 02/09/2026 (GMT+0)"),
        ("Asia/Kolkata", "12:35:09 02/09/2026 (GMT+5.5)"),
        ("America/New_York", "03:05:09 02/09/2026 (GMT-4)"),
    ],
)
def test_times_are_shown_as_an_officer_reads_them(zone: str, shown: str) -> None:
    assert local_time(datetime(2026, 9, 2, 7, 5, 9, tzinfo=UTC), zone) == shown
