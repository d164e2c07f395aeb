import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacewatch.fetch.guard import Guard
from defacewatch.fetch.redirects import requestable, target


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/a", "https://x.vn/a"),
        ("a?b=c#d", "https://x.vn/dir/a?b=c"),
        ("//evil.example/", "https://evil.example/"),
        ("/\\evil.example/", "https://evil.example/"),
        ("\\\\evil.example/", "https://evil.example/"),
        ("https:\\\\evil.example\\a?b\\c", "https://evil.example/a?b\\c"),
        ("  http://y.vn/ \r", "http://y.vn/"),
        ("ht\ttp://y.vn/", "http://y.vn/"),
        ("", "https://x.vn/dir/page?q"),
        ("?z", "https://x.vn/dir/page?z"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("/ti\udce1\udcba\udcbfng", "https://x.vn/tiếng"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: str, url: str) -> None:
    assert target("https://x.vn/dir/page?q", location) == url


def test_what_is_asked_for_is_quoted_and_names_no_user() -> None:
    assert str(requestable("http://me:pw@x.vn/tiếng việt?a=%20b#c")) == (
        "http://x.vn/ti%E1%BA%BFng%20vi%E1%BB%87t?a=%20b"
    )
    with pytest.raises(ValueError):
        requestable("http:///x")


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("hp:/\\[]@%?#.0x1aà。１\x00\t \ud8ff\udcff-"), max_size=30))
def test_whatever_a_location_says_only_a_value_error_comes_of_it(location: str) -> None:
    try:
        url = target("https://x.vn/dir/", location)
        if Guard().refusal_of_url(url) is None:
            requestable(url)
    except ValueError:
        return
