import socket
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch import reasons
from defacewatch.captures import Failure
from defacewatch.fetch.addresses import METADATA, SPECIAL
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
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
    assert reasons.said(reason, VIETNAMESE) == said
    assert reasons.said(reason, ENGLISH) == reason


def test_every_address_that_is_reserved_has_a_reason() -> None:
    assert {name for _, name in SPECIAL} | {"metadata"} == set(reasons.RESERVED)
    for address in METADATA:
        assert "metadata" in (Guard().refusal_of_address(str(address), 80) or "")


@pytest.mark.parametrize(
    "text", ["", "no connection in good time", "a private address", "port", "{reason}", "refused: "]
)
def test_what_is_no_reason_of_ours_stays_as_it_is(text: str) -> None:
    assert reasons.said(text, VIETNAMESE) == text


def test_what_a_page_put_into_a_reason_is_only_shown() -> None:
    host = "{0.__class__} port 22\nprivate address 10.0.0.1"
    reason = reasons.NOT_A_HOST.format(host=host)
    assert reasons.said(reason, VIETNAMESE) == f"không phải tên máy chủ: {host}"
    deep = "refused: " * 5000
    assert reasons.said(deep, VIETNAMESE) == "bị từ chối: " + deep.removeprefix("refused: ")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("timeout: no answer within 20 s", "quá thời gian chờ: không có câu trả lời trong 20 giây"),
        (
            "dns: the name does not resolve: Name or service not known",
            "phân giải tên miền (DNS): không phân giải được tên miền: tên miền không tồn tại",
        ),
        (
            "connect: no connection: Connect call failed ('127.0.0.1', 9)",
            "kết nối: không kết nối được: máy chủ không nhận kết nối ('127.0.0.1', 9)",
        ),
        ("redirects: more than 20 redirects", "chuyển hướng: quá 20 lần chuyển hướng"),
        ("status 503", "mã trạng thái 503"),
        ("certificate has expired", "chứng chỉ đã hết hạn"),
        (
            "Hostname mismatch, certificate is not valid for 'a.vn'.",
            "sai tên máy chủ, chứng chỉ không dùng cho 'a.vn'",
        ),
        ("protocol: ERR_EMPTY_RESPONSE", "giao thức HTTP: ERR_EMPTY_RESPONSE"),
    ],
)
def test_why_a_page_was_not_to_be_had_is_said_in_the_readers_language(reason: str, said: str) -> None:
    assert reasons.said(reason, VIETNAMESE) == said
    assert reasons.said(reason, ENGLISH) == reason


def test_every_failure_that_signals_name_has_its_words() -> None:
    blames_nobody = {Failure.BROWSER}
    assert set(reasons.FAILED) == {failure.value for failure in Failure if failure not in blames_nobody}
    assert all(text.startswith(f"{name}: ") for name, text in reasons.FAILED.items())


async def test_what_probes_meet_is_said_in_vietnamese(unused_tcp_port: int) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    http = HttpFetcher(Guard(["127.0.0.0/8"]), timeout=timedelta(seconds=20), lookup=lookup)
    try:
        nowhere = await http.probe(f"http://127.0.0.1:{unused_tcp_port}/", now=datetime.now(UTC))
        nobody = await http.probe("http://khong-co.invalid/", now=datetime.now(UTC))
    finally:
        await http.close()
    said = reasons.said(nowhere.detail, VIETNAMESE)
    assert said.startswith("không kết nối được: máy chủ"), nowhere.detail
    assert reasons.said(nobody.detail, VIETNAMESE) == "không phân giải được tên miền: tên miền không tồn tại"


@pytest.mark.parametrize("kind", [Kind.TLS, Kind.TLS_KNOWN])
def test_what_is_wrong_with_a_certificate_is_said_in_vietnamese(kind: Kind) -> None:
    evidence = {"detail": "self-signed certificate", "fingerprint": "f"}
    assert "chứng chỉ tự ký" in Signal(kind, 0, "tls:x", evidence).sentence(VIETNAMESE)


def test_signs_give_the_reason_in_the_language_of_their_sentence() -> None:
    evidence = {"url": "http://10.0.0.5/admin", "reason": "private address 10.0.0.5"}
    reached = Signal(Kind.REFUSED_REQUEST, 20, "refused-request=10.0.0.5", evidence)
    assert reached.sentence(VIETNAMESE) == (
        "trang tìm tới địa chỉ bị cấm: http://10.0.0.5/admin (địa chỉ mạng nội bộ 10.0.0.5)"
    )
    assert reached.sentence(ENGLISH).endswith("http://10.0.0.5/admin (private address 10.0.0.5)")
    assert reached.evidence == evidence
    said = "refused: " + reasons.THERE.format(url="http://10.0.0.5/", reason="private address 10.0.0.5")
    failed = Signal(Kind.FETCH_FAILED, 0, "fetch-failed:refused", {"detail": said})
    assert failed.sentence(VIETNAMESE) == (
        "không tải được trang: bị từ chối: không truy cập http://10.0.0.5/ vì bị cấm:"
        " địa chỉ mạng nội bộ 10.0.0.5"
    )
    assert failed.sentence(ENGLISH) == f"the page could not be fetched: {said}"


def test_a_page_cannot_have_its_own_words_read_as_a_reason() -> None:
    title = Signal(Kind.TITLE, 5, "title:x", {"before": "port 22", "after": "private address 10.0.0.5"})
    assert "private address 10.0.0.5" in title.sentence(VIETNAMESE)
