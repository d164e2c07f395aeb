from dataclasses import replace
from datetime import UTC, datetime

from defacewatch.captures import Rendering
from defacewatch.compare import extract, visible
from defacewatch.features import Document
from defacewatch.profiles import Profile
from defacewatch.signals import Kind
from defacewatch.verdicts import CHANGED_AT
from tests.compare.portal import baseline_of, kinds, one, portal, render_of, signals_of

LINES = [
    "Sáng nay mưa lớn ở vùng núi phía bắc",
    "Trường tiểu học mới đón năm trăm em nhỏ",
    "Bến xe khách dời về khu đô thị ven sông",
    "Nông dân được mùa lúa nếp và cây ăn quả",
    "Trạm y tế xã thêm hai bác sĩ chuyên khoa",
    "Đội bóng huyện nhà giành cúp sau loạt luân lưu",
]
BODY = "".join(f"<p>{line}</p>" for line in LINES)
PAGE = portal(content=BODY)
BASELINE = baseline_of(render_of(PAGE, text="\n".join(LINES)))


def shown(lines: list[str], page: str = PAGE) -> Document:
    document = extract(render_of(page, text="\n".join(lines))).shown
    assert document is not None
    return document


def test_what_can_be_read_is_known_only_where_a_browser_looked() -> None:
    assert visible.visible_of(None) == (None, 0)
    words, length = visible.visible_of(
        Rendering(datetime(2026, 9, 2, tzinfo=UTC), text="Sở Y tế\n  Tin mới ")
    )
    assert words is not None
    assert len(words) == 2
    assert length == len("Sở Y tế Tin mới")


def test_nothing_is_hidden_on_the_same_page() -> None:
    assert visible.hidden_share(shown(LINES), shown(LINES), ()) == 0


def test_text_that_stands_in_the_document_and_cannot_be_read_is_hidden() -> None:
    assert visible.hidden_share(shown(LINES), shown(LINES[:1]), ()) > 0.8
    assert visible.hidden_share(shown(LINES), shown([]), ()) == 1.0


def test_text_that_has_left_the_document_too_is_not_hidden() -> None:
    other = portal(content="<p>một bài khác hẳn về mùa màng năm nay</p>")
    assert visible.hidden_share(shown(LINES), shown(LINES[:2], other), ()) == 0


def test_text_that_is_known_to_come_and_go_is_not_missed() -> None:
    before, after = shown(LINES), shown(LINES[:2])
    assert before.visible is not None
    assert after.visible is not None
    assert visible.hidden_share(before, after, before.visible - after.visible) == 0


def test_without_a_browser_nothing_is_said() -> None:
    before = shown(LINES)
    assert visible.hidden_share(replace(before, visible=None), shown([]), ()) == 0


def test_everything_hidden_but_one_block_is_a_change_by_itself() -> None:
    signal = one(signals_of(render_of(PAGE, text=LINES[0]), BASELINE), Kind.VISIBLE_TEXT)
    assert signal.points >= CHANGED_AT


def test_a_tab_that_shows_another_of_its_texts_is_no_news() -> None:
    look = render_of(PAGE, text="\n".join(LINES[1:]))
    assert Kind.VISIBLE_TEXT not in kinds(signals_of(look, BASELINE))


def test_only_a_bounded_share_of_what_is_read_can_be_taught_away() -> None:
    document = BASELINE.looks[0].features.shown
    assert document is not None
    assert document.visible is not None
    everything = Profile("mau", 9, visible={str(word): 9 for word in document.visible})
    signal = one(signals_of(render_of(PAGE, text=LINES[0]), BASELINE, everything), Kind.VISIBLE_TEXT)
    assert signal.points >= CHANGED_AT
