from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.alerts import Alert, AlertKind
from defacewatch.incidents import State
from defacewatch.notify.content import SIGNS, compose, incident_code, incident_number
from defacewatch.notify.sayings import HEADLINES
from defacewatch.portals import Page, Urgency
from defacewatch.signals import Kind, Signal
from tests.notify.examples import AT, PORTAL, delivery, notice, signalled


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_of_alert_has_a_headline(kind: AlertKind, language: str) -> None:
    content = compose(notice(kind, language=language))
    assert content.emoji == HEADLINES[kind][0]
    assert content.headline.isupper()


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_of_alert_can_be_told_with_nothing_but_the_alert(kind: AlertKind) -> None:
    bare = dict.fromkeys(
        ("portal", "page", "incident", "verdict", "confirmed_at", "deadline", "next_to", "to")
    )
    content = compose(notice(kind, evidence_url=None, capture=None, **bare))
    assert content.headline
    assert content.code is None
    assert content.link is None


def test_signs_are_told_worst_first_without_notes() -> None:
    signs = compose(notice()).signs
    assert [sign.points for sign in signs] == ["60 điểm", "55 điểm", "40 điểm", "12 điểm"]
    assert "evil[.]example" in signs[1].sentence


def test_signs_beyond_the_limit_are_counted() -> None:
    many = [Signal(Kind.TITLE, 10.0 + n, f"title:{n}", {"before": "x", "after": str(n)}) for n in range(9)]
    content = compose(signalled(*many))
    assert len(content.signs) == SIGNS
    assert content.unsaid == 3


def test_an_outage_is_told_though_it_weighs_nothing() -> None:
    content = compose(
        replace(
            signalled(Signal(Kind.HTTP_ERROR, 0.0, "http:503", {"status": 503})),
            alert=notice(AlertKind.UNREACHABLE).alert,
        )
    )
    assert content.signs[0].line == "Máy chủ trả về mã 503"


def test_the_place_of_a_phrase_is_translated() -> None:
    assert "trong tiêu đề" in compose(notice()).signs[0].sentence


def test_make_up_and_new_code_are_told_in_the_officers_language() -> None:
    marks = Signal(Kind.MAKE_UP, 30.0, "make-up=a", {"traits": ["marquee", "blink", "falling", "glow"]})
    address = "https://mau.gov.vn/static/giao-dien/chinh/tep/rat/dai/trang-chu-moi.js"
    code = Signal(Kind.ALTERED_SCRIPT, 20.0, "altered-script=a", {"does": ["rewrites"], "url": [address]})
    told = [sign.sentence for sign in compose(signalled(marks, code)).signs]
    assert told[0].endswith(": chữ chạy, chữ nhấp nháy, ký tự rơi trên màn hình (+1)")
    assert told[1].startswith("Mã lệnh mới trên trang ghi đè nội dung trang: hxxps://mau[.]gov[.]vn/")
    assert told[1].endswith("trang-chu-moi[.]js")


def test_long_lists_of_hosts_are_cut_and_counted() -> None:
    hosts = [f"h{n}.example" for n in range(9)]
    line = compose(signalled(Signal(Kind.SCRIPT_HOST, 55.0, "s", {"hosts": hosts}))).signs[0].line
    assert "h0[.]example, h1[.]example, h2[.]example (+6)" in line


def test_braces_and_percents_in_evidence_are_only_text() -> None:
    title = Signal(Kind.TITLE, 60.0, "t", {"before": "{after.__class__}", "after": "%s {0} {before}"})
    assert "{after.__class__}" in compose(signalled(title)).signs[0].sentence


def test_an_intermittent_attack_says_so() -> None:
    there = compose(notice(verdict=replace(notice().verdict, intermittent=True)))  # type: ignore[type-var]
    assert "Chập chờn: không phải lần xem nào cũng thấy" in there.notes
    assert not compose(notice()).notes


def test_a_further_change_of_an_open_incident_says_so() -> None:
    again = notice(alert=replace(notice().alert, facts={"event": "changed-again"}))
    assert "Thay đổi tiếp theo của sự cố đang mở" in compose(again).notes


def test_an_escalated_alert_says_that_nobody_acknowledged_it() -> None:
    assert compose(notice(delivery=delivery(step=1))).notes == ("Quá hạn mà chưa ai tiếp nhận cảnh báo này",)
    assert compose(notice(delivery=delivery(step=0))).notes == ()


def test_a_late_message_says_who_has_acknowledged_and_has_no_deadline() -> None:
    taken = replace(notice().incident, state=State.ACKNOWLEDGED, acknowledged_by="binh")  # type: ignore[type-var]
    content = compose(notice(incident=taken, delivery=delivery(step=1)))
    assert content.notes == ("Đã được binh tiếp nhận",)
    assert content.deadline is None


def test_the_deadline_names_the_next_level_or_officer() -> None:
    due = "14:15:09 02/09/2026 (GMT+7)"
    assert compose(notice()).deadline == ("Hạn tiếp nhận", f"{due}; quá hạn chuyển trưởng ca")
    assert compose(notice(next_to="binh")).deadline == ("Hạn tiếp nhận", f"{due}; quá hạn chuyển binh")
    assert compose(notice(next_to=None)).deadline == ("Hạn tiếp nhận", due)


def test_what_nobody_can_acknowledge_says_where_it_goes_on() -> None:
    blind = notice(AlertKind.BLIND, incident=None)
    assert compose(blind).deadline == ("Chuyển cấp", "trưởng ca lúc 14:15:09 02/09/2026 (GMT+7)")


def test_the_confirming_look_names_its_date_when_it_is_another_day() -> None:
    assert dict(compose(notice()).facts)["Thời điểm phát hiện"] == (
        "14:05:09 02/09/2026 (GMT+7), kiểm tra lại 14:05:23"
    )
    late = compose(notice(confirmed_at=AT + timedelta(days=1)))
    assert "kiểm tra lại 14:05:09 03/09/2026" in dict(late.facts)["Thời điểm phát hiện"]


def test_a_page_below_the_front_page_is_named() -> None:
    below = notice(page=Page("p", "hungyen", "https://hungyen.gov.vn/tin-tuc?id=7"))
    assert dict(compose(below).facts)["Địa chỉ"] == "hxxps://hungyen[.]gov[.]vn/tin-tuc?id=7"
    assert "Địa chỉ" not in dict(compose(notice()).facts)


def test_an_incident_that_follows_another_names_it() -> None:
    linked = compose(notice(incident=replace(notice().incident, previous=120)))  # type: ignore[type-var]
    assert dict(linked.facts)["Mã"] == "SC-000123 (tiếp theo SC-000120)"


def test_a_portal_without_operator_or_level_has_no_empty_lines() -> None:
    bare = replace(PORTAL, operator=None, owner=None, level=None, critical=False, contacts=())
    facts = dict(compose(notice(portal=bare)).facts)
    assert facts["Mức độ"] == "KHẨN CẤP"
    assert not {"Đơn vị vận hành", "Cơ quan chủ quản", "Đầu mối liên hệ"} & set(facts)


def test_a_recovery_tells_from_when_to_when() -> None:
    facts = dict(compose(notice(AlertKind.RECOVERED)).facts)
    assert facts["Không truy cập được từ"] == "14:05:09 02/09/2026 (GMT+7)"
    assert "Truy cập lại được lúc" in facts


@pytest.mark.parametrize("code", ["SC-000123", "sc-123", "SC123", "#123", " 123 "])
def test_an_incident_is_found_by_its_code_or_number(code: str) -> None:
    assert incident_number(code) == 123


@pytest.mark.parametrize("code", ["", "SC-", "abc", "1;2", "-5", "١٢", "9" * 40])
def test_what_is_no_incident_code_is_none(code: str) -> None:
    assert incident_number(code) is None


def test_codes_grow_beyond_six_digits() -> None:
    assert incident_code(7) == "SC-000007"
    assert incident_number(incident_code(12_345_678)) == 12_345_678


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Watch paused: Cổng A – by an (in the console: 10[.]0[.]0[.]7, account an): bảo trì"),
        (
            "vi",
            "Tạm dừng giám sát: Cổng A – do an thực hiện (trên bảng điều khiển: 10[.]0[.]0[.]7, tài khoản",
        ),
    ],
)
def test_what_was_taken_out_of_the_watch_is_told_by_whom_and_what_is_too_much_is_counted(
    language: str, says: str
) -> None:
    act = {
        "what": "paused",
        "portal": "Cổng A",
        "by": "an",
        "via": "console:10.0.0.7 account an",
        "detail": "bảo trì",
    }
    bare = dict.fromkeys(("portal", "page", "incident", "verdict", "confirmed_at"))
    facts = {"reduced": [act] * 30, "count": 30}
    alert = Alert(1, AlertKind.WATCH_REDUCED, Urgency.HIGH, AT, facts=facts)
    told = notice(AlertKind.WATCH_REDUCED, alert=alert, language=language, **bare)
    lines = [f"{label}: {text}" for label, text in compose(told).facts]
    assert sum(line.startswith(says) for line in lines) == 10
    assert any("20" in line for line in lines)
