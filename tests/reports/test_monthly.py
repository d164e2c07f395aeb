"""What a report says, against what happened."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from defacewatch.deadlines import Response
from defacewatch.figures import Happened, Period, figures_of
from defacewatch.incidents import Resolution
from defacewatch.papers.paper import Heading, Paper, Recipients, Table, Text
from defacewatch.reports.form import Issuer
from defacewatch.reports.lines import figures_line
from defacewatch.reports.monthly import LISTED, report_of
from defacewatch.verdicts import VerdictKind
from tests.reports.samples import HOSTILE, ISSUER, MADE, NOVEMBER, ZONE, local, november, story, wording


def made(*more: object, language: str = "vi", issuer: Issuer = ISSUER, listed: int | None = LISTED) -> Paper:
    figures = november(*more)  # type: ignore[arg-type]
    return report_of(figures, issuer, wording(language), response=Response(), listed=listed)


def table(paper: Paper, title: str) -> Table:
    (found,) = (one for one in paper.tables if one.title == title)
    return found


def texts(paper: Paper) -> list[str]:
    return [block.text for block in paper.blocks if isinstance(block, Text)]


def test_head_and_foot_are_the_configured_office_s() -> None:
    paper = made()
    head = paper.letterhead
    assert (head.authority, head.issuer) == (ISSUER.authority, ISSUER.name)
    assert head.number.replace("\N{NO-BREAK SPACE}", "") == "Số: /BC-TTGS"
    assert head.nation == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert head.motto == "Độc lập - Tự do - Hạnh phúc"
    assert head.dated == "Sông Hồng, ngày 01 tháng 12 năm 2026"
    assert (paper.kind, paper.subject[-1]) == ("BÁO CÁO", "Tháng 11 năm 2026")
    recipients, signature = paper.foot
    assert isinstance(recipients, Recipients)
    assert recipients.lines == (
        "- Ủy ban nhân dân tỉnh (để báo cáo);",
        "- Công an tỉnh (phòng A05);",
        "- Lãnh đạo Sở;",
        "- Lưu: VT.",
    )
    assert (signature.title, signature.people[0].name) == ("GIÁM ĐỐC", "Hoàng Minh Đức")


def test_what_is_not_configured_is_left_to_be_filled_in_and_no_office_is_invented() -> None:
    paper = made(issuer=Issuer())
    head, (recipients, signature) = paper.letterhead, paper.foot
    assert head.authority == ""
    blanks = (head.issuer, head.dated.partition(",")[0], signature.title, signature.people[0].name)
    assert all(set(blank) == {"."} for blank in blanks)
    assert head.number.endswith("/BC")
    assert isinstance(recipients, Recipients)
    assert recipients.lines == ("- Lưu: VT.",)


def test_it_opens_with_the_whole_month_in_a_sentence() -> None:
    assert texts(made())[0] == (
        "Từ ngày 01/11/2026 đến ngày 30/11/2026, hệ thống giám sát 4 cổng, trang thông tin điện tử"
        " với 10 trang; ghi nhận 7 sự cố trên 3 cổng (nghi bị tấn công: 3; thay đổi bất thường: 3;"
        " không truy cập được: 1). Báo động nhầm: 2. Chưa đóng đến thời điểm lập báo cáo: 1."
        " Tồn từ kỳ trước: 1. Diễn tập: 1."
    )


def test_the_sections_are_numbered() -> None:
    headings = [block.text for block in made().blocks if isinstance(block, Heading)]
    assert [heading.partition(".")[0] for heading in headings] == list("1234567")


def test_the_figures_are_in_its_tables() -> None:
    paper = made()
    times = table(paper, "Kết quả theo các chỉ tiêu trực ban").rows
    assert [row[1:] for row in times] == [
        ("6", "20 giây", "31 giây", "31 giây"),
        ("6", "5 phút", "21 phút", "21 phút"),
        ("3", "1 giờ 31 phút", "2 giờ 30 phút", "2 giờ 30 phút"),
    ]
    assert "Tiếp nhận trước khi chuyển lên cấp cảnh báo tiếp theo: 5/7 sự cố (71,43%)." in texts(paper)
    kinds = table(paper, "Sự cố theo kết luận và kết quả xử lý").rows
    assert kinds[0] == ("Nghi bị tấn công", "3", "2", "0", "0", "1")
    assert kinds[-1] == ("Tổng cộng", "7", "3", "2", "1", "1")
    portals = table(paper, "Sự cố theo cổng thông tin điện tử").rows
    assert portals[-1] == ("Sở Khoa học và Công nghệ", "0", "0", "1", "0", "1 ngày 1 giờ", "96,43%")
    false = table(paper, "Báo động nhầm theo cán bộ").rows
    assert false[0] == ("Nguyễn Văn An", "2", "0,5", "2 (09/11 – 15/11/2026)")
    channels = table(paper, "Kênh cảnh báo").rows
    assert channels[1] == ("telegram", "41", "3", "0", "52", "93,18%")
    unwell = table(paper, "Các lần gián đoạn của hệ thống giám sát").rows
    assert [row[2] for row in unwell] == ["12 phút", "2 giờ 30 phút"]
    line = "Tỷ lệ kiểm tra đúng chu kỳ tại các lần đổi ca: thấp nhất 99,8%, trung vị 99,8%."
    assert line in texts(paper)
    drills = table(paper, "Diễn tập").rows
    assert drills[0][2] == "15:00:00\n21/11/2026\nCa 2"
    assert [(row[0], *row[3:]) for row in drills] == [
        ("SC-000110", "11 giây", "9 giây", "1 phút 2 giây", "Lê Mạnh Cường")
    ]
    unconfirmed = table(paper, "Các lần giao ca chưa được xác nhận đầy đủ").rows
    assert [(row[1], row[3]) for row in unconfirmed] == [("Nguyễn Văn An", "Lê Mạnh Cường")]


def test_each_incident_has_a_line_with_who_and_when() -> None:
    own, carried = (one for one in made().tables if one.title == "Sự cố")
    assert [row[0] for row in own.rows] == [f"SC-000{number}" for number in range(101, 108)]
    assert [row[0] for row in carried.rows] == ["SC-000098"]
    assert own.rows[1] == (
        "SC-000102",
        "Cổng Thông tin điện tử tỉnh Sông Hồng\nsonghong[.]gov[.]vn/",
        "Nghi bị tấn công",
        "02:41:30\n05/11/2026",
        "02:42:01\n05/11/2026",
        "Đặng Hương Giang\n03:02:30\n05/11/2026",
        "05:11:30\n05/11/2026\nĐã khôi phục trang",
    )
    assert own.rows[-1][3:] == ("23:50:00\n28/11/2026", "–", "–", "Chưa đóng")


def test_shortfalls_are_named() -> None:
    said = texts(made())
    for line in (
        "- Chưa ghi nhận cán bộ nào nhận được cảnh báo: SC-000107.",
        "- Chỉ được tiếp nhận sau khi đã chuyển lên cấp cảnh báo tiếp theo, hoặc không được tiếp nhận:"
        " SC-000102, SC-000107.",
        "- Sự cố tấn công chưa được khôi phục trong thời hạn 1 ngày: SC-000107.",
        "- Chưa đóng: SC-000107.",
        "- Kênh telegram: 3 tin không gửi được.",
        "- Số lần giao ca chưa được xác nhận đầy đủ: 1.",
        "- Hệ thống giám sát hoặc kênh cảnh báo bị gián đoạn tổng cộng 2 giờ 42 phút.",
    ):
        assert line in said


def test_the_time_to_restore_counts_from_when_a_change_became_an_attack() -> None:
    days = 3 * 24 * 3600
    late = story(108, "2026-11-10T08:00:00", taken=60, ended=days)
    became = replace(late, attacked_at=late.opened_at + timedelta(days=2, hours=12))
    over = "- Sự cố tấn công chưa được khôi phục trong thời hạn 1 ngày: "
    assert over + "SC-000107, SC-000108." in texts(made(late))
    assert over + "SC-000107." in texts(made(became))


def test_a_drill_that_nobody_acknowledged_is_a_shortfall_and_no_more() -> None:
    drill = story(
        130, "2026-11-22T09:00", told=None, taken=None, ended=1800, as_=Resolution.DRILL, drill=True
    )
    said = [line for line in texts(made(drill)) if "SC-000130" in line]
    assert said == ["- Cuộc diễn tập không có ai tiếp nhận: SC-000130."]


def test_a_month_without_anything_says_so() -> None:
    figures = figures_of(Happened(pages={"songhong": 1}), NOVEMBER, MADE)
    paper = report_of(figures, ISSUER, wording(), response=Response())
    said = texts(paper)
    assert said.count("Trong kỳ không có.") == 4
    assert "Qua số liệu chưa phát hiện tồn tại, hạn chế." in said
    assert "Trong kỳ không có sự cố nào phải tiếp nhận." in said
    assert [one.title for one in paper.tables] == ["Kết quả theo các chỉ tiêu trực ban"]


def test_a_period_that_is_not_over_says_of_when_it_is() -> None:
    period = Period(date(2026, 11, 20), date(2026, 12, 10), ZONE)
    figures = figures_of(Happened(), period, MADE)
    paper = report_of(figures, ISSUER, wording(), response=Response())
    assert paper.subject[-1] == "Từ ngày 20/11/2026 đến ngày 10/12/2026"
    assert "Kỳ báo cáo chưa kết thúc; số liệu tính đến 08:30 01/12/2026." in texts(paper)


def test_a_storm_is_listed_in_part_on_paper_and_in_full_for_a_spreadsheet() -> None:
    storm = [story(200 + n, "2026-11-15T10:00") for n in range(LISTED)]
    paper, whole = made(*storm), made(*storm, listed=None)
    own, sheet = (next(t for t in one.tables if t.title == "Sự cố") for one in (paper, whole))
    assert (len(own.rows), len(sheet.rows)) == (LISTED, LISTED + 7)
    assert "Còn 7 dòng nữa có trong bản CSV và JSON của báo cáo này." in texts(paper)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_others_wrote_is_taken_apart(language: str) -> None:
    bad = replace(story(140, "2026-11-23T10:00", name=HOSTILE, by=HOSTILE), url="https://evil.example/=x")
    paper = made(bad, language=language)
    (row,) = (r for t in paper.tables for r in t.rows if r[0] == "SC-000140")
    said = "\n".join(row)
    assert "hxxp://evil[.]example" in said
    assert "evil.example" not in said
    assert not {"\u202e", "\x00"} & set(said)


def test_in_english_nothing_stays_vietnamese_but_names() -> None:
    paper = made(language="en")
    assert paper.letterhead.dated == "Sông Hồng, 1 December 2026"
    assert paper.subject == ("Results of the watch over web portals for defacement", "Month 11/2026")
    assert texts(paper)[0].startswith(
        "From 01/11/2026 to 30/11/2026, 4 portals with 10 pages were under watch."
    )


def test_the_json_has_the_same_figures_in_seconds() -> None:
    line = figures_line(november())
    assert (line["from"], line["to"]) == ("2026-10-31T17:00:00.000Z", "2026-11-30T17:00:00.000Z")
    assert line["time_to_alert"] == {"incidents": 6, "p50": 20.0, "p90": 31.0, "longest": 31.0}
    assert line["acknowledged_before_escalation"] == {"incidents": 5, "of": 7}
    assert [story["id"] for story in line["incidents"]] == list(range(101, 108))
    assert [story["id"] for story in line["drills"]] == [110]
    assert line["false_alarms"][0] == {"officer": "an", "weeks": {"2026-11-09": 2}}
    assert {"verdict": "changed", "resolved_as": "false-alarm", "incidents": 2} in line["ended"]
    assert line["interruptions"][1]["channel"] == "telegram"
    assert [handover["missing"] for handover in line["handovers"]] == [["cuong"], []]
    unreachable = [p["unreachable_for"] for p in line["by_portal"] if p["portal"] == "skhcn"]
    within = local("2026-11-02T00:10") - NOVEMBER.start
    assert unreachable == [(within + timedelta(seconds=5460)).total_seconds()]
    assert line["incidents"][2]["verdict"] == VerdictKind.CHANGED
