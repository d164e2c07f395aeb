"""Papers as CSV: read back as a spreadsheet reads them, with nothing in them to calculate."""

import csv
import io

import pytest

from defacewatch.papers.paper import Column, Table
from defacewatch.papers.sheet import csv_of, defused
from tests.papers.samples import paper

ATTACKS = [
    "=1+1",
    "=HYPERLINK(\"http://evil.example\")",
    "+84 900",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "  =cmd|'/C calc'!A0",
    "＝1+1",
]  # fmt: skip


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_table_comes_under_its_title_with_vietnamese_letters() -> None:
    first = Table("Sự cố", (Column("Mã", 1), Column("Cổng", 1)), (("SC-000001", 'Cổng\ntỉnh; A, "B"'),))
    second = Table("Diễn tập", (Column("Mã", 1),), ())
    assert rows(csv_of(paper(first, second))) == [
        ["BÁO CÁO Kết quả Tháng 11"],
        [],
        ["Sự cố"],
        ["Mã", "Cổng"],
        ["SC-000001", "Cổng tỉnh; A, \"B\""],
        [],
        ["Diễn tập"],
        ["Mã"],
    ]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_cell_is_a_formula(attack: str) -> None:
    table = Table(attack, (Column(attack, 1),), ((attack,),))
    cells = [cell for row in rows(csv_of(paper(table))) for cell in row]
    assert len(cells) == 4
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in cells)


@pytest.mark.parametrize("harmless", ["", "SC-000001", "5 phút", "–", "a=b", "Nguyễn Văn An"])
def test_what_is_no_formula_stays_as_it_is(harmless: str) -> None:
    assert defused(harmless) == harmless


def test_a_separator_of_another_locale_makes_no_cell_of_what_follows() -> None:
    content = csv_of(paper(Table("t", (Column("c", 1),), (("a;=1+1",),)))).decode("utf-8-sig")
    assert '"a;=1+1"' in content


def test_half_a_surrogate_pair_does_not_keep_the_rest_from_being_written() -> None:
    assert rows(csv_of(paper(Table("t", (Column("c", 1),), (("a\ud800b",),)))))[-1] == ["a?b"]
