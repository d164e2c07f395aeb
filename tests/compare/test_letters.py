import pytest

from defacewatch.compare.letters import letters_of, shift
from defacewatch.signals import Kind
from tests.compare.portal import CONTENT, NEWS, kinds, one, portal, probe_of, signals_of

VIETNAMESE = "Chủ tịch tỉnh làm việc với các sở, ngành về chuyển đổi số và cải cách hành chính. " * 5
STRIPPED = "Chu tich tinh lam viec voi cac so, nganh ve chuyen doi so va cai cach hanh chinh. " * 5
ENGLISH = "The province is working with the departments on the digital services for the people. " * 5
SAMPLES = {
    "Arabic": "هذه صفحة باللغة العربية عن الأخبار والخدمات العامة " * 6,
    "Chinese": "这是一个关于新闻和公共服务的中文网页内容示例" * 12,
    "Cyrillic": "Это страница на русском языке о новостях и услугах " * 6,
    "Khmer": "នេះជាទំព័រភាសាខ្មែរអំពីព័ត៌មាន " * 12,
    "Thai": "นี่คือหน้าเว็บภาษาไทยเกี่ยวกับข่าว " * 12,
    "Korean": "이것은 뉴스와 서비스에 관한 한국어 페이지입니다 " * 12,
    "Greek": "Αυτή είναι μια ελληνική σελίδα για ειδήσεις " * 6,
}


@pytest.mark.parametrize("system", sorted(SAMPLES))
def test_writing_systems_are_told_apart(system: str) -> None:
    letters = letters_of([SAMPLES[system]])
    assert letters[system] > 0.8
    moved = shift(letters_of([VIETNAMESE]), letters)
    assert moved is not None
    assert (moved[0] > 0.8, moved[1:]) == (True, ("Vietnamese", system))


def test_vietnamese_is_known_by_its_marks_in_either_form() -> None:
    assert letters_of([VIETNAMESE])["Vietnamese"] > 0.15
    assert letters_of([STRIPPED])["Vietnamese"] == 0
    assert letters_of(["o\u0302\u0301 a\u0306 " * 100]) == letters_of(["ố ă " * 100])


def test_losing_all_marks_weighs_more_than_turning_to_english() -> None:
    vietnamese, stripped, english = (letters_of([text]) for text in (VIETNAMESE, STRIPPED, ENGLISH))
    lost, switched = shift(vietnamese, stripped), shift(vietnamese, english)
    assert lost is not None
    assert switched is not None
    assert lost[0] > switched[0] > 0


def test_the_same_letters_and_too_few_letters_are_no_shift() -> None:
    assert shift(letters_of([VIETNAMESE]), letters_of([VIETNAMESE * 2])) is None
    assert letters_of(["ngắn"]) == {}
    assert shift({}, letters_of([SAMPLES["Arabic"]])) is None


def test_a_page_in_other_letters_is_a_difference_and_no_change_by_itself() -> None:
    page = portal(content=f"<p>{SAMPLES['Khmer'] * 20}</p>")
    signal = one(signals_of(probe_of(page)), Kind.LANGUAGE)
    assert 5 <= signal.points <= 15
    assert signal.identity == "language:Vietnamese Khmer"
    assert signal.evidence == {"before": "Vietnamese", "after": "Khmer"}


def test_other_news_are_in_the_same_letters() -> None:
    assert Kind.LANGUAGE not in kinds(signals_of(probe_of(portal(NEWS[:2], content=CONTENT * 2))))
