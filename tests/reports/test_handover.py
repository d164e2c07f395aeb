"""The record of a handover: what was left, who has confirmed it, who has still to sign."""

from dataclasses import replace

from defacewatch.papers.paper import Paper, Signature, Text
from defacewatch.reports.handover import handover_record
from tests.reports.samples import ISSUER, handover, wording


def texts(paper: Paper) -> list[str]:
    return [block.text for block in paper.blocks if isinstance(block, Text)]


def test_it_is_the_record_of_that_change_of_shift() -> None:
    paper = handover_record(handover(), ISSUER, wording(), number="7")
    assert paper.kind == "BIÊN BẢN"
    assert paper.subject[-1] == "Vào hồi 14 giờ 00 phút, ngày 03 tháng 11 năm 2026"
    assert paper.letterhead.number == "Số: 7/BB-TTGS"
    assert paper.letterhead.dated == "Sông Hồng, ngày 03 tháng 11 năm 2026"
    assert "Bên giao ca: Nguyễn Văn An." in texts(paper)
    assert "Bên nhận ca: Trần Thị Bình, Lê Mạnh Cường." in texts(paper)


def test_what_is_left_is_counted_and_the_incidents_are_named() -> None:
    state, incidents, alerts = handover_record(handover(), ISSUER, wording()).tables
    assert {row[0]: row[1] for row in state.rows} == {
        "Sự cố chưa đóng": "3",
        "Trang không quan sát được": "1",
        "Cổng tạm dừng giám sát": "0",
        "Trang có phần được bỏ qua (báo nhầm, vùng bỏ qua)": "1",
        "Cập nhật đã thông báo đang diễn ra": "1",
        "Mốc chuẩn chờ duyệt": "2",
        "Kiểm tra đúng chu kỳ": "99.8%",
        "Kênh không trả lời": "telegram",
    }
    assert incidents.rows[0] == (
        "SC-000101",
        "Cổng Thông tin điện tử tỉnh Sông Hồng",
        "Nghi bị tấn công",
        "Nguyễn Văn An",
    )
    assert incidents.rows[1][2:] == ("Thay đổi bất thường", "chưa ai tiếp nhận")
    assert "Còn 1 sự cố nữa có trên hệ thống." in texts(handover_record(handover(), ISSUER, wording()))
    assert {row[0]: row[1] for row in alerts.rows} == {
        "Thay đổi bất thường": "2",
        "Nghi tấn công thay đổi giao diện": "1",
        "Giao ca": "1",
    }


def test_who_has_confirmed_stands_with_the_time_and_the_way_and_the_others_have_room_to_sign() -> None:
    paper = handover_record(handover(), ISSUER, wording())
    going, coming = paper.foot
    assert isinstance(going, Signature)
    assert [(one.name, one.said) for one in (*going.people, *coming.people)] == [
        ("Nguyễn Văn An", "Đã xác nhận lúc 14:01:05 03/11/2026 qua Telegram"),
        ("Trần Thị Bình", "Đã xác nhận lúc 14:02:00 03/11/2026 qua đường dẫn trong thư điện tử"),
        ("Lê Mạnh Cường", ""),
    ]
    assert "Chưa xác nhận trên hệ thống: Lê Mạnh Cường. Đã báo trưởng ca lúc 14:15 03/11/2026." in texts(
        paper
    )


def test_one_that_everybody_has_confirmed_says_so() -> None:
    paper = handover_record(handover(full=True), ISSUER, wording())
    assert "Tất cả cán bộ của hai ca trực đã xác nhận trên hệ thống." in texts(paper)
    assert all(person.said for side in paper.foot if isinstance(side, Signature) for person in side.people)


def test_what_a_portal_is_called_stays_text_and_no_link() -> None:
    (row,) = (r for r in handover_record(handover(), ISSUER, wording()).tables[1].rows if r[0] == "SC-000100")
    assert row[1].startswith('<b>=HYPERLINK("hxxp://evil[.]example/")<[/]b> {{ 7*7 }}')
    assert not {"\u202e", "\x00"} & set(row[1])


def test_a_summary_that_is_empty_or_of_another_form_makes_a_record_all_the_same() -> None:
    odd: list[dict[str, object]] = [
        {},
        {"incidents": "x", "alerts": [1], "unresolved": None},
        {"incidents": [1, None, {}]},
    ]
    for summary in odd:
        paper = handover_record(replace(handover(), summary=summary), ISSUER, wording("en"))
        assert texts(paper).count("None.") >= 1
        assert paper.kind == "RECORD"
