import pytest

from defacewatch.errors import UsageError
from defacewatch.portals import canonical_url, page_id


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://HungYen.GOV.vn", "https://hungyen.gov.vn/"),
        ("https://hungyen.gov.vn:443/a#top", "https://hungyen.gov.vn/a"),
        ("http://hungyen.gov.vn:8080/?b=1&a=2", "http://hungyen.gov.vn:8080/?b=1&a=2"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("https://hưngyên.vn/", "https://xn--hngyn-csa44p.vn/"),
    ],
)
def test_spellings_of_one_address_are_one_page(url: str, canonical: str) -> None:
    assert canonical_url(url).partition("xn--")[0] == canonical.partition("xn--")[0]
    assert page_id("p", url) == page_id("p", canonical_url(url))


@pytest.mark.parametrize(
    "url",
    ["ftp://a.vn/", "a.vn", "/x", "https://", "http://u:p@a.vn/", "http://a.vn:99999/", "http://a..vn/"],
)
def test_what_is_no_web_address_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(UsageError, match=r"URL|user name|host name"):
        canonical_url(url)


def test_a_page_id_names_its_portal_and_tells_pages_apart() -> None:
    first, second = page_id("hungyen", "https://a.vn/"), page_id("hungyen", "https://a.vn/tin")
    assert first.startswith("hungyen-")
    assert first != second
