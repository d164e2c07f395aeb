import time

import pytest

from defacewatch.compare import scraps
from defacewatch.features import Phrase


def test_claims_are_found_in_titles_and_headings_across_markup() -> None:
    html = "<title>Hacked by Foo</title><p>Hacked by Bar</p><h3><b>Hacked</b> <i>by Baz</h3><p>Tin</p>"
    assert set(scraps.claims(html)) == {
        Phrase("deface", "title", "hacked by foo"),
        Phrase("deface", "heading", "hacked by baz"),
    }


def test_ordinary_headings_claim_nothing() -> None:
    assert scraps.claims("<title>Cổng thông tin</title><h1>Đang bảo trì</h1>") == ()


@pytest.mark.parametrize("piece", ["<", "<h1", "<h1 ", "<title>", "<h1><", "a"])
def test_the_time_is_bounded_whatever_the_page(piece: str) -> None:
    began = time.process_time()
    scraps.claims(piece * 500_000)
    assert time.process_time() - began < 1.0
