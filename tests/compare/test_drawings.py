import time

import pytest

from defacewatch.compare import dom, drawings


@pytest.mark.parametrize(
    ("size", "large"),
    [
        ({"width": "100%"}, True),
        ({"width": "40em"}, True),
        ({"width": "24px", "height": "24"}, False),
        ({"style": "color:red;width:80vw"}, True),
        ({"style": "width: 1em"}, False),
        ({"class": "icon"}, False),
        ({}, True),
    ],
)
def test_a_vector_drawing_counts_by_its_size(size: dict[str, str], large: bool) -> None:
    assert drawings.is_drawing("svg", size) is large


@pytest.mark.parametrize("url", ["/a.png", "data:image/gif;base64,R0lGODlhAQABAAAAACw="])
def test_a_file_and_a_single_point_are_no_drawings(url: str) -> None:
    assert not drawings.is_drawing("img", {"src": url})


def test_texts_of_drawings_are_kept_apart_one_by_one_and_in_one() -> None:
    reading = dom.read("<p>a</p><svg><title>t</title><text>b<tspan>c</tspan></text><style>d</style></svg>e")
    assert reading.labels == ["t b c", "t", "b c"]
    assert [block.text for block in reading.blocks] == ["a", "e"]
    assert reading.title == ""


def test_texts_of_drawings_are_bounded() -> None:
    reading = dom.read("<svg><text>word word</text></svg>" * 2000 + "<svg>" + "<text>abc</text>" * 9000)
    assert len(reading.labels) == dom.LABELS
    assert max(map(len, reading.labels)) <= 2 * dom.TEXT_LIMIT


@pytest.mark.parametrize("piece", ["background:", "background: url", "content:" + " " * 99, "url(a"])
def test_the_time_for_a_style_sheet_is_bounded(piece: str) -> None:
    began = time.process_time()
    drawings.paints(piece * 100_000)
    assert time.process_time() - began < 1.0
