import pytest

from defacewatch.compare import dom, identity

PAGE = """<title>Cổng thông tin tỉnh Mẫu</title><link rel=stylesheet href="/static/giaodien/a.css">
<nav><a href="/gioi-thieu/co-cau">Giới thiệu</a><a href="https://mau.gov.vn/tin-tuc/1.html">Tin tức</a></nav>
<a href="https://khac.example/x">Trang khác</a>
<a href="/tin-tuc/2.html">Một tin rất dài về hội nghị tổng kết cuối năm</a><h2>Thông báo</h2>"""


def items(html: str) -> frozenset[str]:
    headings = ["Thông báo"] if "Thông báo" in html else []
    return identity.identity_of(dom.read(html), "mau.gov.vn", headings, [])


def test_the_name_the_menu_and_own_addresses_make_the_identity() -> None:
    found = items(PAGE)
    assert {
        "title mau",
        "link gioi thieu",
        "path gioi-thieu",
        "path tin-tuc",
        "asset static/giaodien",
    } <= found
    assert "heading thong bao" in found
    assert not any("khac" in item or "hoi nghi" in item for item in found)


def test_a_bare_page_is_known_by_its_words() -> None:
    found = identity.identity_of(dom.read("<p>Sở Y tế</p>"), "mau.gov.vn", [], [["trang", "dang", "xay"]])
    assert found == {"word trang", "word dang", "word xay"}


def test_nothing_is_lost_from_the_same_page_and_everything_from_another() -> None:
    assert identity.lost_share(items(PAGE), items(PAGE), ()) == 0
    assert identity.lost_share(items(PAGE), items("<title>Hacked</title>"), ()) == 1


def test_what_moves_does_not_count_as_lost() -> None:
    before = frozenset({"title mau", "title tinh", "link a", "link b"})
    assert identity.lost_share(before, frozenset({"title mau", "title tinh", "link a"}), ("link b",)) == 0


def test_a_title_counts_more_than_a_picture_folder() -> None:
    before = items(PAGE)
    without_title = frozenset(item for item in before if not item.startswith("title"))
    without_asset = frozenset(item for item in before if not item.startswith("asset"))
    assert identity.lost_share(before, without_title, ()) > identity.lost_share(before, without_asset, ())


@pytest.mark.parametrize(("title", "words"), [("(3) Tin mới 2026", {"tin", "moi"}), ("", set())])
def test_numbers_are_no_words_of_a_title(title: str, words: set[str]) -> None:
    assert identity.title_words(title) == words
