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
    assert domains.is_public("cdn.jsdelivr.net")
    assert not domains.is_public("ajax.googleapis.com")
    assert not domains.is_wellknown("notgoogle.com")
    assert not domains.is_official("gov.vn.evil.example")


OWN = frozenset({"www.baomau.example"})


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("203.0.113.9", "address"),
        ("2001:db8::1", "address"),
        ("www.youtube.com", "wellknown"),
        ("cdn.cookielaw.org", "wellknown"),
        ("sp.zalo.me", "wellknown"),
        ("plausible.io", "wellknown"),
        ("fonts.googleapis.com", "wellknown"),
        ("storage.googleapis.com", "anybody"),
        ("script.google.com", "anybody"),
        ("somebody.github.io", "anybody"),
        ("raw.githubusercontent.com", "anybody"),
        ("d1a2.cloudfront.net", "anybody"),
        ("pastebin.com", "anybody"),
        ("bit.ly", "anybody"),
        ("x.ngrok-free.app", "anybody"),
        ("so.gov.vn", "official"),
        ("gov.vn.evil.example", "unknown"),
        ("cdn.update-service.top", "risky"),
        ("mau.gov.vn.click", "risky"),
        ("xn--gogle-0ta.com", "risky"),
        ("a1b2c3d4.net", "risky"),
        ("intranet", "risky"),
        ("static.baomau-cdn.net", "kin"),
        ("baomau-cdn.top", "risky"),
        ("notgoogle.com", "unknown"),
        ("thirdparty.example", "unknown"),
    ],
)
def test_a_name_tells_what_is_known_of_a_host(host: str, known: str) -> None:
    assert domains.standing(host, OWN) == known


@pytest.mark.parametrize("host", ["mau-gov.com", "tinhmau.net", "tinhmau-gov-vn.org"])
def test_nobody_is_a_relative_of_a_public_body_by_taking_its_name(host: str) -> None:
    assert domains.standing(host, frozenset({"tinhmau.gov.vn"})) == "unknown"


def test_short_names_make_no_relatives() -> None:
    assert domains.standing("faxtra.net", frozenset({"fax.example"})) == "unknown"


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("storage.googleapis.com", "storage.googleapis.com"),
        ("maps.googleapis.com", "googleapis.com"),
        ("a.b.pages.dev", "b.pages.dev"),
        ("pages.dev", "pages.dev"),
        ("bucket.s3.eu-west-1.amazonaws.com", "bucket.s3.eu-west-1.amazonaws.com"),
    ],
)
def test_who_took_a_name_where_anybody_can_is_its_owner(host: str, owner: str) -> None:
    assert domains.registrable(host) == owner
