import pytest

from defacewatch import forbidden
from defacewatch.fetch.addresses import METADATA, SPECIAL
from defacewatch.fetch.guard import Guard
from defacewatch.language import translator
from defacewatch.signals import Kind, Signal

ENGLISH, VIETNAMESE = translator("en"), translator("vi")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://a.vn:99999/", "không phải là địa chỉ URL"),
        ("//a.vn/", "thiếu giao thức"),
        ("ftp://a.vn/", "giao thức ftp"),
        ("http:///x", "không có tên máy chủ"),
        ("http://256.1.1.1/", "không phải tên máy chủ: 256.1.1.1"),
        ("http://a.vn:22/", "cổng 22"),
        ("http://10.0.0.5:22/", "cổng 22"),
        ("http://10.0.0.5/", "địa chỉ mạng nội bộ 10.0.0.5"),
        ("http://169.254.169.254/", "địa chỉ siêu dữ liệu của đám mây (metadata) 169.254.169.254"),
        ("http://100.64.0.1/", "địa chỉ dùng chung của nhà mạng (CGNAT) 100.64.0.1"),
        ("http://[fe80::1]/", "địa chỉ liên kết cục bộ (link-local) fe80::1"),
        ("http://127.0.0.1:8080/", "cổng 8080 tại 127.0.0.1 là của chính hệ thống giám sát"),
    ],
)
def test_why_the_guard_refuses_is_said_in_the_readers_language(url: str, said: str) -> None:
    guard = Guard()
    guard.forbid("127.0.0.1", 8080)
    reason = guard.refusal_of_url(url)
    assert reason is not None
    assert forbidden.said(reason, VIETNAMESE) == said
    assert forbidden.said(reason, ENGLISH) == reason


def test_every_address_that_is_reserved_has_a_reason() -> None:
    assert {name for _, name in SPECIAL} | {"metadata"} == set(forbidden.RESERVED)
    for address in METADATA:
        assert "metadata" in (Guard().refusal_of_address(str(address), 80) or "")


@pytest.mark.parametrize(
    "text", ["", "no connection in time", "a private address", "port", "{reason}", "refused: "]
)
def test_what_is_no_reason_of_ours_stays_as_it_is(text: str) -> None:
    assert forbidden.said(text, VIETNAMESE) == text


def test_what_a_page_put_into_a_reason_is_only_shown() -> None:
    host = "{0.__class__} port 22\nprivate address 10.0.0.1"
    reason = forbidden.NOT_A_HOST.format(host=host)
    assert forbidden.said(reason, VIETNAMESE) == f"không phải tên máy chủ: {host}"
    deep = "refused: " * 5000
    assert forbidden.said(deep, VIETNAMESE) == "bị từ chối: " + deep.removeprefix("refused: ")


def test_signs_give_the_reason_in_the_language_of_their_sentence() -> None:
    evidence = {"url": "http://10.0.0.5/admin", "reason": "private address 10.0.0.5"}
    reached = Signal(Kind.REFUSED_REQUEST, 20, "refused-request=10.0.0.5", evidence)
    assert reached.sentence(VIETNAMESE) == (
        "trang tìm tới địa chỉ bị cấm: http://10.0.0.5/admin (địa chỉ mạng nội bộ 10.0.0.5)"
    )
    assert reached.sentence(ENGLISH).endswith("http://10.0.0.5/admin (private address 10.0.0.5)")
    assert reached.evidence == evidence
    said = "refused: " + forbidden.THERE.format(url="http://10.0.0.5/", reason="private address 10.0.0.5")
    failed = Signal(Kind.FETCH_FAILED, 0, "fetch-failed:refused", {"detail": said})
    assert failed.sentence(VIETNAMESE) == (
        "không tải được trang: bị từ chối: không truy cập http://10.0.0.5/ vì bị cấm:"
        " địa chỉ mạng nội bộ 10.0.0.5"
    )
    assert failed.sentence(ENGLISH) == f"the page could not be fetched: {said}"


def test_a_page_cannot_have_its_own_words_read_as_a_reason() -> None:
    title = Signal(Kind.TITLE, 5, "title:x", {"before": "port 22", "after": "private address 10.0.0.5"})
    assert "private address 10.0.0.5" in title.sentence(VIETNAMESE)
