import pytest

from defacewatch.compare import domains


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("/tin-tuc", "mau.gov.vn"),
        ("tin.html", "mau.gov.vn"),
        ("https://Evil.Example/x", "evil.example"),
        ("//evil.example", "evil.example"),
        ("https:\\\\evil.example\\x", "evil.example"),
        ("ht\ntps://evil.example/", "evil.example"),
        ("///evil.example/", "evil.example"),
        ("https://mau.gov.vn@evil.example:8443/", "evil.example"),
        ("http://[2001:db8::1]:80/", "2001:db8::1"),
        ("http://evil%2eexample/", "evil.example"),
        ("https://tỉnh.vn./", "xn--tnh-dlz.vn"),
        ("mailto:a@b.vn", None),
        ("javascript:go()", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("https://<b>/", None),
    ],
)
def test_the_host_is_the_one_a_browser_would_go_to(url: str, host: str | None) -> None:
    assert domains.host_of(url, "mau.gov.vn") == host


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("soyte.hungyen.gov.vn", "hungyen.gov.vn"),
        ("hungyen.gov.vn", "hungyen.gov.vn"),
        ("www.a.co.uk", "a.co.uk"),
        ("a.b.example.com", "example.com"),
        ("evil.github.io", "evil.github.io"),
        ("x.s3.amazonaws.com", "x.s3.amazonaws.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_the_owner_of_a_host_is_what_somebody_registered(host: str, owner: str) -> None:
    assert domains.registrable(host) == owner


def test_services_and_public_bodies_are_known_with_their_subdomains() -> None:
    assert domains.is_wellknown("cdn.jsdelivr.net")
    assert domains.is_official("dichvucong.gov.vn")
    assert not domains.is_wellknown("notgoogle.com")
    assert not domains.is_official("gov.vn.evil.example")
