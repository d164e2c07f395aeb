"""`report`, `roster handover` and `incidents report`, from a store that was really written to files that are
really opened."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import docx
import pytest
from pypdf import PdfReader

from defacewatch.audit import audit_key
from defacewatch.cli import report
from defacewatch.config import ensure_secret_key
from defacewatch.handovers import Handover
from defacewatch.incidents import Resolution
from defacewatch.store import Store
from tests.cli.conftest import Shell
from tests.store.samples import CLEAN, DEFACED, checked, registered
from tests.store.test_duty import told

NOW = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOSTILE = '=HYPERLINK("http://evil.example/") <b>x</b>'
SUMMARY = {"goes": "An", "comes": "Bình", "unresolved": 0, "blind": 2, "alerts": {"defaced": 1}}


def in_store(work: Callable[[Store], Awaitable[None]]) -> None:
    """Do something to the store of the configuration, before the command is run."""

    async def whole() -> None:
        store = await Store.open(
            "sqlite+aiosqlite:///data/defacewatch.db",
            baselines=Path("baselines"),
            evidence=Path("data/evidence"),
            audit_key=audit_key(ensure_secret_key(Path("data/secret.key")).encode()),
        )
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(whole())


async def november(store: Store) -> None:
    """An attack that was told, taken and restored; and a handover that one of two has confirmed."""
    page = await registered(store, "songhong", name=HOSTILE)
    await checked(store, page, DEFACED, NOW)
    (view,) = await store.incidents.list()
    number = view.incident.id
    await told(store, NOW + MINUTE, "an")
    await store.incidents.acknowledge(number, by="an", via="cli", now=NOW + 3 * MINUTE)
    await checked(store, page, CLEAN, NOW + 30 * MINUTE)
    await store.incidents.resolve(number, as_=Resolution.RESTORED, by="an", now=NOW + 40 * MINUTE)
    made = await store.handovers.begin(Handover(NOW, ("an",), ("binh",), SUMMARY), now=NOW)
    assert made == 1
    await store.handovers.confirm(1, officer="an", via="telegram", now=NOW + MINUTE)


@pytest.fixture
def filled(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell.general["report"] = {
        "authority": "Sở Khoa học và Công nghệ",
        "issuer": "Trung tâm Giám sát",
        "place": "Sông Hồng",
        "symbol": "TTGS",
        "signer_title": "Giám đốc",
        "recipients": ["UBND tỉnh"],
    }
    shell.write()
    Path("data").mkdir()
    in_store(november)
    monkeypatch.setattr(report, "utc_now", lambda: LATER)
    return shell


def pdf_text(name: str) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(name).pages).split())


def test_the_report_of_the_last_month_is_a_pdf_of_that_name(filled: Shell) -> None:
    said = filled.run("report", "--language", "vi")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("report-2026-11.pdf: ")
    text = pdf_text("report-2026-11.pdf")
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "TRUNG TÂM GIÁM SÁT",
        "/BC-TTGS",
        "Sông Hồng, ngày 01 tháng 12 năm 2026",
        "BÁO CÁO",
        "Tháng 11 năm 2026",
        "SC-000001",
        "10:00:00 05/11/2026",
        "Nguyễn Văn An",
        "Đã khôi phục trang",
        "- UBND tỉnh;",
    ):
        assert part in text, part
    pdf = PdfReader("report-2026-11.pdf")
    assert [page.get("/Annots") for page in pdf.pages] == [None] * len(pdf.pages)
    assert pdf.metadata is not None
    assert pdf.metadata.title is not None
    assert pdf.metadata.title.startswith("BÁO CÁO: ")


def test_a_report_as_docx_is_known_by_its_ending(filled: Shell) -> None:
    assert filled.run("report", "--month", "2026-11", "--out", "thang-11.docx", "--number", "15").code == 0
    document = docx.Document("thang-11.docx")
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("No.: 15/BC-TTGS" in cell for cell in cells)
    assert "REPORT" in [paragraph.text for paragraph in document.paragraphs]
    assert any(cell.startswith('=HYPERLINK("hxxp://evil[.]example/") <b>x<[/]b>') for cell in cells)


def test_a_report_as_csv_goes_to_standard_output_with_nothing_to_calculate(filled: Shell) -> None:
    said = filled.run("report", "--month", "2026-11", "--format", "csv")
    assert said.code == 0
    assert said.out.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(said.out.removeprefix("\ufeff"), newline="")))
    incident = next(row for row in rows if row and row[0] == "SC-000001")
    assert incident[1].startswith("'=HYPERLINK")
    assert incident[3] == "10:00:00 05/11/2026"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_report_as_json_is_one_line_of_the_store_s_figures(filled: Shell) -> None:
    (line,) = filled.run("report", "--from", "2026-11-05", "--to", "2026-11-05", "--format", "json").lines
    assert line["from"] == "2026-11-04T17:00:00.000Z"
    assert line["to"] == "2026-11-05T17:00:00.000Z"
    assert line["time_to_alert"] == {"incidents": 1, "p50": 61.0, "p90": 61.0, "longest": 61.0}
    assert line["time_to_acknowledge"]["p50"] == 180.0
    assert line["time_to_restore"]["p50"] == 1800.0
    assert line["incidents"][0]["told"] == {"an": "2026-11-05T03:01:01.000Z"}
    (empty,) = filled.run("report", "--month", "2026-10", "--format", "json").lines
    assert empty["incidents"] == []
    assert empty["time_to_alert"]["incidents"] == 0


def test_what_is_there_already_is_not_overwritten(filled: Shell) -> None:
    Path("mine.csv").write_text("mine")
    said = filled.run("report", "--out", "mine.csv")
    assert (said.code, said.err) == (
        2,
        "defacewatch: mine.csv is there already; name another file with --out\n",
    )
    assert Path("mine.csv").read_text() == "mine"
    assert filled.run("report", "--out", "nowhere/x.csv").code == 3
    assert filled.run("roster", "handover", "--format", "docx").code == 0
    assert filled.run("roster", "handover", "--format", "docx").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--month", "November"), "'November' is not a month such as 2026-11"),
        (("--month", "2026-13"), "'2026-13' is not a month such as 2026-11"),
        (("--month", "2026-11", "--from", "2026-11-01"), "name one or the other"),
        (("--to", "2026-11-01"), "is missing beside --to"),
        (("--from", "1/11"), "'1/11' is not a day such as 2026-11-01"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "lies before --from"),
        (("--language", "fr"), "'fr' is not one of vi, en"),
        (("--format", "xls"), "'xls'"),
    ],
)
def test_words_that_it_does_not_take_are_refused(shell: Shell, words: tuple[str, ...], said: str) -> None:
    refused = shell.run("report", *words)
    assert refused.code == 2
    assert said in " ".join(refused.err.split())
    assert list(Path().glob("report-*")) == []


def test_from_a_day_alone_means_until_today(filled: Shell) -> None:
    (line,) = filled.run("report", "--from", "2026-11-30", "--format", "json").lines
    assert line["to"] == datetime(2026, 12, 2, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC).strftime(
        "%Y-%m-%dT%H:%M:%S.000Z"
    )


def test_the_latest_handover_is_a_record_with_who_has_confirmed_and_room_for_the_others(
    filled: Shell,
) -> None:
    assert filled.run("roster", "handover", "--out", "giao-ca.pdf", "--language", "vi").code == 0
    text = pdf_text("giao-ca.pdf")
    for part in (
        "BIÊN BẢN",
        "Vào hồi 10 giờ 00 phút, ngày 05 tháng 11 năm 2026",
        "/BB-TTGS",
        "Đã xác nhận lúc 10:01:00 05/11/2026 qua Telegram",
        "Chưa xác nhận trên hệ thống: Trần Thị Bình",
        "Trang không quan sát được 2",
        "BÊN NHẬN CA",
    ):
        assert part in text, part


def test_a_handover_by_its_number_as_docx_and_json(filled: Shell) -> None:
    assert filled.run("roster", "handover", "1", "--out", "h.docx").code == 0
    foot = docx.Document("h.docx").tables[-1]
    assert "Confirmed at 10:01:00 05/11/2026 by Telegram" in foot.rows[0].cells[0].text
    said = filled.run("roster", "handover", "1", "--format", "json")
    assert json.loads(said.out) == filled.run("roster", "handovers", "--json").lines[0]


def test_a_handover_that_is_not_there_is_not_found(shell: Shell) -> None:
    assert shell.run("roster", "handover").err == "defacewatch: there is no handover yet\n"
    assert shell.run("roster", "handover", "9").code == 3
    assert shell.run("roster", "handover", "last").code == 2
    assert shell.run("roster", "handover", "--format", "csv").code == 2


def test_the_report_on_an_incident_as_pdf_and_docx(filled: Shell) -> None:
    assert filled.run("incidents", "report", "SC-000001", "--language", "vi").out.startswith(
        "incident-1.pdf: "
    )
    text = pdf_text("incident-1.pdf")
    for part in ("Về sự cố SC-000001", "HYPERLINK", "Dấu hiệu", "Ai đã làm gì", "đã khôi phục trang"):
        assert part in text
    assert [page.get("/Annots") for page in PdfReader("incident-1.pdf").pages if page.get("/Annots")] == []
    assert filled.run("incidents", "report", "1", "--out", "i.docx", "--language", "en").code == 0
    assert "On incident SC-000001: suspected attack" in [p.text for p in docx.Document("i.docx").paragraphs]
    assert filled.run("incidents", "report", "1", "--format", "json").code == 2
    assert filled.run("incidents", "report", "99").code == 3
    assert filled.run("incidents", "report", "1", "--out", "i.docx").code == 2
