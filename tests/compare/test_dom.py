import time

import pytest

from defacewatch.compare import dom
from tests.compare.portal import portal


def hash_of(html: str) -> str:
    return dom.read(html).dom_hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a</p><!-- made 10:00 -->", "<p>a</p>"),
        ('<p id="a" class="b">x</p>', "<p class='b'   id=a>x</p>"),
        ("<p>a  b\n</p>", "<p> a b</p>"),
        ("<p>mơ\u0301i</p>", "<p>mới</p>"),
        ('<script nonce="one">go()</script>', '<script nonce="two">go()</script>'),
        (
            '<input type=hidden name=__VIEWSTATE value="one">',
            '<input type=hidden name=__VIEWSTATE value="two">',
        ),
        ('<meta name=csrf-token content="one">', '<meta name=csrf-token content="two">'),
        ('<img src="/a.png?v=1">', '<img src="/a.png?v=2">'),
        ('<div id="yui_1584000001">a</div>', '<div id="yui_1584999999">a</div>'),
    ],
)
def test_what_means_nothing_does_not_change_the_hash(one: str, other: str) -> None:
    assert hash_of(one) == hash_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a</p>", "<p>b</p>"),
        ("<p>a</p>", "<div>a</div>"),
        ('<a href="/a">x</a>', '<a href="/b">x</a>'),
        ("<script>go()</script>", "<script>went()</script>"),
        ("<p>a</p><p>b</p>", "<p>a<b>b</b></p>"),
        ('<img src="/a.png">', '<img src="https://evil.example/a.png">'),
    ],
)
def test_what_means_something_changes_the_hash(one: str, other: str) -> None:
    assert hash_of(one) != hash_of(other)


def test_a_longer_list_has_the_same_shingles() -> None:
    one, other = (dom.read(f"<ul class=news>{'<li class=item><a>x</a></li>' * n}</ul>") for n in (3, 9))
    assert one.shingles == other.shingles


def test_states_and_numbers_of_classes_do_not_make_another_shape() -> None:
    one = dom.read('<div class="item active slick-current w12"></div>')
    assert one.shingles == dom.read('<div class="item w7"></div>').shingles


@pytest.mark.parametrize(
    ("html", "place", "text"),
    [
        ("<h1>a b</h1>", "heading", "a b"),
        ('<h2><a href="/x">a</a></h2>', "anchor", "a"),
        ("<p>a <b>b</b> c</p>", "text", "a b c"),
        ("<p hidden>a</p>", "hidden", "a"),
        ('<div style="display: none"><p>a</p></div>', "hidden", "a"),
        ('<div style="position:absolute; left:-9999px">a</div>', "hidden", "a"),
        ('<p style="font-size:0.9em">a</p>', "text", "a"),
        ('<p style="font-size:0">a</p>', "hidden", "a"),
    ],
)
def test_text_is_read_with_the_place_it_stands_in(html: str, place: str, text: str) -> None:
    assert (place, text) in dom.read(html).blocks


def test_hidden_text_inside_a_line_stands_apart() -> None:
    blocks = dom.read('<p>shown <span style="display:none">not shown</span> again</p>').blocks
    assert [(b.place, b.text) for b in blocks] == [
        ("text", "shown"),
        ("hidden", "not shown"),
        ("text", "again"),
    ]


def test_scripts_styles_and_the_title_are_no_text() -> None:
    reading = dom.read(
        "<title>t</title><style>p{}</style><script>x</script><svg><title>no</title></svg><p>a</p>"
    )
    assert (reading.title, [b.text for b in reading.blocks], reading.scripts) == ("t", ["a"], ["x"])


def test_data_blocks_are_no_scripts() -> None:
    reading = dom.read('<script type="application/ld+json">{}</script><body onload="go()">')
    assert reading.scripts == ["go()"]


def test_a_deeply_nested_page_is_read_without_recursion_and_within_bounds() -> None:
    reading = dom.read("<p>a</p>" + "<div>" * 20_000 + "b" + "<p>c</p>" * 60_000)
    assert reading.cut
    assert reading.blocks[0] == ("text", "a")
    assert len(reading.normalised) < 4 * dom.NODE_LIMIT


def test_what_lies_beyond_the_limit_still_changes_the_hash() -> None:
    long = "<p>b</p>" * dom.NODE_LIMIT
    assert hash_of(long + "<p>one</p>") != hash_of(long + "<p>two</p>")


def test_a_tick_of_the_clock_changes_the_hash_only_where_it_is_text() -> None:
    one, other = (portal(clock=clock).replace(f">{clock}<", "><") for clock in ("08:00:01", "08:00:02"))
    assert one != other
    assert hash_of(one.replace("080001", "")) == hash_of(other.replace("080002", ""))


def test_broken_text_from_a_browser_is_read() -> None:
    assert dom.read("<p>a\ud800b</p>").blocks[0].text == "a?b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('<div class="css-1x2abc card">', '<div class="css-9k3zzq card">'),
        ('<div class="css-1x2abc-Footer">', '<div class="css-zz9k3q-Footer">'),
        ('<div class="mb-4 md:flex w-[3px] news">', '<div class="mt-2 lg:grid news">'),
        ('<div class="Card_title__3xK9a">', '<div class="Card_title__9Qw1z">'),
        ('<html class="js gecko win">', "<html>"),
        ('<div id="ember-main">', '<div id="react-root">'),
    ],
)
def test_what_a_style_compiler_makes_up_is_no_part_of_the_shape(one: str, other: str) -> None:
    assert dom.read(one).shingles == dom.read(other).shingles


def test_classes_that_name_a_part_are_part_of_the_shape() -> None:
    assert dom.read('<div class="news-list">').shingles != dom.read('<div class="contact">').shingles


@pytest.mark.parametrize("filler", ["<a href=#></a>", "<b>x</b>", "<i>"])
@pytest.mark.parametrize("count", [61_000, 100_000])
def test_no_filler_hides_what_follows_it(filler: str, count: int) -> None:
    claim = "<h1>Hacked by Rose</h1><script src=//cdn.example/a.js></script>"
    for end in ("", "<p>x</p>" * 15_000):
        reading = dom.read(portal(end=f"<div hidden>{filler * count}</div>{claim}{end}"))
        assert reading.cut
        assert any("Hacked by Rose" in block.text for block in reading.blocks)
        assert "//cdn.example/a.js" in [attributes.get("src") for _, attributes in reading.elements]


def test_an_ordinary_page_is_read_whole() -> None:
    assert not dom.read(portal()).cut


def test_a_tag_of_very_many_attributes_is_read_quickly() -> None:
    wide = "<div " + " ".join(f"a{n}=1" for n in range(100_000)) + ">"
    began = time.perf_counter()
    reading = dom.read(wide + "<h1>Hacked by Rose</h1>")
    assert time.perf_counter() - began < 4
    assert reading.cut
    assert ("heading", "Hacked by Rose") in reading.blocks


def test_a_place_where_a_word_may_break_does_not_split_it() -> None:
    blocks = dom.read("<h1>HAC<wbr>KED by<wbr> Rose</h1>").blocks
    assert [block.text for block in blocks] == ["HACKED by Rose"]
