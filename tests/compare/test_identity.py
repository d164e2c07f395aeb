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


MENU = "".join(f'<a href="/muc-{chr(97 + n)}/">Chuyên mục {chr(97 + n)}</a>' for n in range(12))


def lost(before: str, after: str) -> identity.Kept:
    links = identity.own_links(dom.read(after), "mau.gov.vn")
    return identity.kept(items(before), items(after), (), links)


def test_a_redesign_that_says_whose_it_is_and_leads_into_its_site_keeps_the_name() -> None:
    assert lost(PAGE, f"<title>Trang mới – tỉnh Mẫu</title><h1>Cổng thông tin</h1>{MENU}").named


@pytest.mark.parametrize(
    "after",
    [
        "<title>Hacked www.mau.gov.vn</title><h1>Cổng thông tin tỉnh Mẫu was here</h1>",
        f"<title>Một trang khác</title>{MENU}",
        "<title>Cổng thông tin tỉnh Mẫu</title>" + '<a href="#len">Lên</a>' * 20,
        f"<title>Cổng thông tin tỉnh Mẫu</title><div style='display:none'>{MENU}</div>",
        "<title>Cổng thông tin tỉnh Mẫu</title>" + "".join(f'<a href="/{n}">.</a>' for n in range(20)),
        "<title>Cổng thông tin tỉnh Mẫu</title>" + "".join(f'<a href="/?{n}">Mục {n}</a>' for n in range(20)),
        "<title>Cổng thông tin tỉnh Mẫu</title>" + "".join(f'<a href="/{n}">Chào</a>' for n in range(20)),
    ],
    ids=[
        "a claim that names the site",
        "links without the name",
        "the name without links",
        "the name and hidden links",
        "the name and links of one character",
        "the name and links to one place",
        "the name and links of one text",
    ],
)
def test_neither_the_name_nor_links_alone_keep_it(after: str) -> None:
    assert not lost(PAGE, after).named


def test_a_part_of_the_menu_keeps_the_name_that_is_said_anywhere() -> None:
    before = f"<title>Cổng thông tin tỉnh Mẫu</title>{MENU}"
    kept = "".join(f'<a href="/muc-{letter}/">Chuyên mục {letter}</a>' for letter in "abcd")
    assert lost(before, f"<title>x</title><p>© Cổng thông tin tỉnh Mẫu</p>{kept}").named
    assert not lost(before, f"<title>x</title>{kept}").named
    assert not lost(before, f"<title>x</title><p>© Cổng thông tin tỉnh Mẫu</p>{kept[:40]}").named


def test_links_that_nobody_sees_are_no_identity() -> None:
    hidden = f"<div hidden>{MENU}</div>" + '<a href="/an/">.</a>'
    assert not any(item.startswith(("link", "path")) for item in items(f"<title>x</title>{hidden}"))


def test_what_stands_in_place_of_a_page_keeps_nothing() -> None:
    assert lost(PAGE, "<title>Hacked</title><h1>Owned by nobody</h1>") == (1.0, False)


def test_words_that_anybody_uses_are_nobodys_identity() -> None:
    assert not items('<title>Home – Welcome</title><a href="/index.html">Home</a><img src="/images">')


def test_logo_copyright_sister_sites_and_mail_say_whose_a_page_is() -> None:
    page = (
        '<meta property="og:site_name" content="Sở Y tế"><img src="/i/logo.png" alt="Huy hiệu">'
        '<p>© Văn phòng tỉnh</p><a href="mailto:vp@mau.gov.vn?x=a">Thư</a><a href="tel:+84 24-1">Gọi</a>'
        + '<a href="https://du-lich.example/x">x</a>' * 3
        + '<a href="https://facebook.com/x">x</a>' * 3
    )
    found = items(page)
    assert {"name te", "name hieu", "name phong"} <= found
    assert {"contact mau.gov.vn", "contact 84241", "home du-lich.example"} <= found
    assert not any("facebook" in item for item in found)


def test_links_of_its_own_site_are_counted_once_each_and_not_places_in_the_page() -> None:
    page = (
        '<a href="/a">Một</a><a href="/a#x">Hai</a><a href="/a?y">Bốn</a><a href="#y">Năm</a>'
        '<a href="https://o.example/">Sáu</a>'
    )
    assert identity.own_links(dom.read(page), "mau.gov.vn") == 1


def test_a_page_that_has_become_richer_is_not_missed_for_its_words() -> None:
    before = frozenset({"title mau", "word lua", "word ngo"})
    after = frozenset({"title mau", *(f"link {n}" for n in range(9))})
    assert identity.lost_share(before, after, ()) == 0
