import time

import pytest

from defacewatch.compare import nesting

MANY = "<p>x</p>" * nesting.FEW_TAGS


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 3000,
        MANY,
        "<ul>" + "<li>x" * 9000 + "</ul>",
        "<div title='<b><b><b>'>x</div>" * 9000,
        "<!-- <div><div> -->" * 9000,
        "<b>x</b>" * 9000,
        "<svg><g><path d='M0'/><use/></g></svg>" * 3000,
    ],
)
def test_pages_that_do_not_nest_deeply_or_are_small_are_parsed_whole(html: str) -> None:
    assert nesting.parsable(html) == html


@pytest.mark.parametrize(
    "deep", ["<div>", "<x-a>", "<div title='</div>'>", "<div></span>", "<div><!-- </div> -->"]
)
def test_a_deep_page_is_cut_where_it_goes_too_deep(deep: str) -> None:
    cut = nesting.parsable("<h1>first</h1>" + deep * 20_000)
    assert cut.startswith("<h1>first</h1>")
    assert len(cut) < 100_000


def test_a_page_of_very_many_tags_is_cut() -> None:
    assert len(nesting.parsable(MANY * 20)) < len(MANY * 20)


@pytest.mark.parametrize("piece", ["<a ", "<a='", "<a b ", '<a "', "<!--", "<", "<a '\"", "</"])
def test_looking_takes_linear_time_whatever_is_left_open(piece: str) -> None:
    began = time.perf_counter()
    nesting.parsable(nesting.narrow(piece * 500_000))
    assert time.perf_counter() - began < 8


def test_a_tag_keeps_so_many_attributes_and_scripts_keep_their_end() -> None:
    assert nesting.narrow("<p " + "a " * 900 + "x='>'>y").count("a") == nesting.ATTRIBUTES
    page = "<script>/*<b " + "a " * 900 + "x='*/</script><h1>Hacked</h1><p title='>"
    assert nesting.narrow(page).endswith("</script><h1>Hacked</h1><p title='>")
    assert nesting.narrow("<p title='" + "a " * 900 + "'>") == "<p title='" + "a " * 900 + "'>"
