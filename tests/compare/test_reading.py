"""The difference of two documents, for people."""

import time

from hypothesis import given
from hypothesis import strategies as st

from defacewatch.compare.reading import BLOCK, SHOWN, Reading, read_difference


def said(reading: Reading) -> list[tuple[str, str, bool]]:
    return [
        (block.kind, "".join(f"{piece.mark}[{piece.text}]" for piece in block.pieces), block.hidden)
        for block in reading.blocks
    ]


def test_blocks_that_came_and_went_are_told_apart() -> None:
    found = read_difference("<h1>Cổng</h1><p>Tin cũ ở đây</p>", "<h1>Cổng</h1><div>Hacked by x</div>")
    assert said(found) == [("added", "+[Hacked by x]", False), ("removed", "-[Tin cũ ở đây]", False)]
    assert found.same == 1


def test_of_a_block_that_was_changed_the_words_are_marked() -> None:
    found = read_difference("<p>Giờ làm việc từ 7 giờ</p>", "<p>Giờ làm việc từ 8 giờ</p>")
    assert said(found) == [("changed", "[Giờ làm việc từ]-[7]+[8][giờ]", False)]


def test_what_visitors_do_not_see_is_marked_as_hidden() -> None:
    for hiding in (
        "hidden",
        'style="display : none"',
        'style="position:absolute;left:-9999px"',
        'style="font-size:0"',
    ):
        found = read_difference("<p>a</p>", f"<p>a</p><div {hiding}><b>nhà cái <i>uy tín</i></b></div>")
        assert said(found) == [("added", "+[nhà cái uy tín]", True)], hiding


def test_what_was_to_be_seen_and_is_hidden_now_is_told() -> None:
    found = read_difference("<p>Thông báo</p>", '<p style="visibility:hidden">Thông báo</p>')
    assert said(found) == [("changed", "[Thông báo]", True)]


def test_the_title_counts_and_code_does_not() -> None:
    before = "<head><title>Cổng</title><style>p{}</style></head><p>a</p><script>var a = 1</script>"
    after = "<head><title>Pwned</title><style>b{}</style></head><p>a</p><script>var b = 2</script>"
    assert said(read_difference(before, after)) == [
        ("added", "+[Pwned]", False),
        ("removed", "-[Cổng]", False),
    ]


def test_hosts_that_came_and_went_are_named_with_what_for() -> None:
    before = '<img src="https://a.vn/x.png"><a href="/tin">Tin</a>'
    after = '<script src="//Bad.example/x.js"></script><a href="https://casino.example:8443/">Tin</a><a href="http://[">'
    found = read_difference(before, after)
    assert found.hosts_added == (("link", "casino.example"), ("script", "bad.example"))
    assert found.hosts_removed == (("picture", "a.vn"),)
    assert not found.nothing


def test_the_same_is_nothing() -> None:
    assert read_difference("<p>a</p>", "<div>a</div>").nothing
    assert read_difference("", "").nothing


def test_a_difference_is_bounded_however_large_the_documents() -> None:
    many = "".join(f"<p>dòng {number} {'x' * 900}</p>" for number in range(5000))
    found = read_difference("<p>a</p>", many)
    assert len(found.blocks) == SHOWN
    assert found.more > 0
    assert all(len(piece.text) <= BLOCK for block in found.blocks for piece in block.pieces)


def test_what_is_made_to_be_slow_is_not() -> None:
    nested = "<div>" * 20_000 + "x"
    same = "<p>a b</p>" * 60_000
    near = "".join(f"<p>a b c d e f g h i j k l m n {number % 7}</p>" for number in range(5000))
    begun = time.process_time()
    for one, other in ((nested, same), (same, near), (near, near[::-1]), (near, same + near)):
        read_difference(one, other)
    assert time.process_time() - begun < 15


@given(st.text(alphabet="<>/pdivscrt=\"' &;ẩ\0 \n", max_size=200), st.text(max_size=200))
def test_nothing_that_a_page_holds_breaks_it(one: str, other: str) -> None:
    read_difference(one, other)
