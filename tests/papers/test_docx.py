"""Papers as DOCX, opened again."""

import io
import re
import zipfile

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from defacewatch.papers.docx import docx_of
from defacewatch.papers.paper import Column, Heading, Paper, Picture, Pictures, Table, Text
from tests.papers.samples import jpeg, paper

TABLE = Table(
    "Sự cố",
    (Column("Mã", 1), Column("Cổng", 3, centred=False)),
    (("SC-000001", "Cổng tỉnh"), ("SC-000002", "b")),
)


def opened(made: Paper) -> Document:
    return docx.Document(io.BytesIO(docx_of(made)))


def test_it_is_a4_with_the_margins_and_the_type_of_administrative_documents() -> None:
    document = opened(paper())
    (section,) = document.sections
    millimetres = [round(length / Mm(1), 1) for length in (
        section.page_width or 0, section.page_height or 0, section.top_margin or 0,
        section.bottom_margin or 0, section.left_margin or 0, section.right_margin or 0)]  # fmt: skip
    assert millimetres == [210, 297, 20, 20, 30, 15]
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert document.styles["Normal"].font.size == Pt(13)
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    assert section.first_page_header.paragraphs[0].text == ""


def test_it_says_head_body_and_foot_in_their_places() -> None:
    document = opened(paper(Heading("1. Sự cố"), Text("Trong kỳ có hai sự cố."), TABLE))
    head, body, foot = document.tables
    left, right = ([p.text for p in cell.paragraphs if p.text] for cell in head.rows[0].cells)
    assert left == ["SỞ KHOA HỌC VÀ CÔNG NGHỆ", "TRUNG TÂM GIÁM SÁT", "Số: 15/BC-TTGS"]
    assert right == [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Sông Hồng, ngày 01 tháng 12 năm 2026",
    ]
    said = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert said == ["BÁO CÁO", "Kết quả", "Tháng 11", "1. Sự cố", "Trong kỳ có hai sự cố."]
    assert [[cell.text for cell in row.cells] for row in body.rows] == [
        ["Mã", "Cổng"],
        ["SC-000001", "Cổng tỉnh"],
        ["SC-000002", "b"],
    ]
    recipients, signed = ([p.text for p in cell.paragraphs if p.text] for cell in foot.rows[0].cells)
    assert recipients == ["Nơi nhận:", "- Ủy ban nhân dân tỉnh;", "- Lưu: VT."]
    assert signed == ["GIÁM ĐỐC", "Hoàng Minh Đức", "Đã xác nhận lúc 14:02", "Lê Mạnh Cường"]


def test_the_head_of_a_table_comes_again_on_every_page_and_no_row_is_torn() -> None:
    (_, body, _) = opened(paper(TABLE)).tables
    assert [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in body.rows] == [True, False, False]
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in body.rows)


@pytest.mark.parametrize(
    "hostile",
    [
        "<w:r><w:t>x</w:t></w:r>",
        "</w:t></w:r></w:p>",
        "&lt;b&gt; &amp; \"'",
        "https://evil.example/ javascript:alert(1)",
        "\x00\x1b\ufffe\ud800 text",
        "{{ 7*7 }} ${x} DDEAUTO c:\\\\windows\\\\calc.exe",
    ],
)
def test_text_from_anywhere_is_text_and_nothing_else(hostile: str) -> None:
    made = paper(
        Heading(hostile), Text(hostile), Table("t", (Column(hostile, 1),), ((hostile,),)), signer=hostile
    )
    content = docx_of(made)
    held = re.sub("[\x00\x1b\ufffe\ud800]", "", hostile)
    document = docx.Document(io.BytesIO(content))
    assert held in [paragraph.text for paragraph in document.paragraphs]
    assert [cell.text for row in document.tables[1].rows for cell in row.cells] == [held, held]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("word/document.xml").decode()
        relations = archive.read("word/_rels/document.xml.rels").decode()
    assert "<w:hyperlink" not in xml
    assert xml.count("instrText") == 0  # the page number, the one field, is in the header
    assert "External" not in relations


def test_pictures_stand_beside_one_another_under_their_titles() -> None:
    document = opened(paper(Pictures((Picture("Trước\x00", jpeg()), Picture("Sau", b"", "Không có ảnh.")))))
    _, beside, _ = document.tables
    assert [[cell.text for cell in row.cells] for row in beside.rows] == [
        ["Trước", "Sau"],
        ["", "Không có ảnh."],
    ]
    (shown,) = document.inline_shapes
    assert shown.width < Mm(165) / 2
    assert shown._inline.docPr.get("descr") == "Trước"
    assert jpeg() in [part.blob for part in document.part.package.iter_parts()]
