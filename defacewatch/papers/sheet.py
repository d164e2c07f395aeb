"""The tables of a paper as CSV: UTF-8 with a byte order mark, so that Excel shows Vietnamese."""

import csv
import io

from defacewatch.papers.paper import Paper

_STARTS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def csv_of(paper: Paper) -> bytes:
    """Each table under its title, with a line between. Cells that a spreadsheet would calculate begin with an
    apostrophe, and all are quoted, so that no separator within one makes another of it."""
    out = io.StringIO()
    write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow
    write([" ".join((paper.kind, *map(defused, paper.subject)))])
    for table in paper.tables:
        out.write("\r\n")
        write([defused(table.title)])
        write([defused(column.title) for column in table.columns])
        for row in table.rows:
            write([defused(" ".join(cell.split("\n"))) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_STARTS_A_FORMULA) else cell
