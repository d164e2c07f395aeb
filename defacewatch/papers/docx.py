"""A paper as DOCX, for an office that wants to write on in it."""

import io
import re

from docx import Document
from docx.document import Document as Written
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import _Cell as Cell
from docx.table import _Row as Line
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from defacewatch.papers.paper import Block, Heading, Letterhead, Paper, Pictures, Recipients, Signature, Table

FONT = "Times New Roman"
WIDTH = Mm(165)  # between the margins
_GAP = Mm(5)  # beside a picture
_NOT_XML = re.compile(r"[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CENTRE, _LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT


def docx_of(paper: Paper) -> bytes:
    document = Document()
    _set_up(document, paper)
    _letterhead(document, paper.letterhead)
    _line(document.add_paragraph(), paper.kind.upper(), bold=True, size=14, before=16)
    for line in paper.subject:
        _line(document.add_paragraph(), line, bold=True, size=13.5)
    _rule(document.add_paragraph(), Mm(60), after=10)
    for block, following in zip(paper.blocks, (*paper.blocks[1:], None), strict=False):
        _block(document, block, leads=isinstance(following, Table | Pictures))
    _foot(document, paper)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _set_up(document: Written, paper: Paper) -> None:
    """Decree 30/2020/NĐ-CP, appendix I: A4, the margins, the type, page numbers from the second page on."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = _CENTRE
    _field(number.add_run(), "PAGE")
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(13)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), FONT)
    normal.paragraph_format.space_after = Pt(0)
    about = document.core_properties
    about.title = _held(" ".join((paper.kind, *paper.subject)))[:255]
    about.author, about.comments = _held(paper.letterhead.issuer)[:255], ""
    about.language = paper.language


def _letterhead(document: Written, head: Letterhead) -> None:
    left, right = _sides(document, (WIDTH * 2 // 5, WIDTH * 3 // 5))
    if head.authority:
        _line(_next(left), head.authority.upper(), size=12)
    _line(_next(left), head.issuer.upper(), bold=True, size=12)
    _rule(_next(left), Mm(20))
    _line(_next(left), head.number)
    _line(_next(right), head.nation.upper(), bold=True, size=12)
    _line(_next(right), head.motto, bold=True)
    _rule(_next(right), Mm(20))
    _line(_next(right), head.dated, italic=True)


def _block(document: Written, block: Block, *, leads: bool) -> None:
    """One part of the body; what leads to a table stays on its page."""
    if isinstance(block, Table):
        _table(document, block)
        return
    if isinstance(block, Pictures):
        _pictures(document, block)
        return
    paragraph = document.add_paragraph()
    if isinstance(block, Heading):
        _line(paragraph, block.text, bold=True, align=_LEFT, before=10, after=5)
    elif block.note:
        _line(paragraph, block.text, italic=True, size=10.5, align=_LEFT, after=6)
        return
    else:
        _line(paragraph, block.text, align=WD_ALIGN_PARAGRAPH.JUSTIFY, after=6)
    paragraph.paragraph_format.keep_with_next = leads or isinstance(block, Heading)
    paragraph.paragraph_format.first_line_indent = Mm(10)


def _table(document: Written, table: Table) -> None:
    grid = document.add_table(1, len(table.columns), "Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    whole = sum(column.share for column in table.columns)
    widths = [Length(round(WIDTH * column.share / whole)) for column in table.columns]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    size = 9 if table.dense else 10
    _row(
        grid.rows[0],
        [column.title for column in table.columns],
        [True] * len(widths),
        widths,
        size,
        bold=True,
    )
    _mark(grid.rows[0]._tr, "w:tblHeader")
    centred = [column.centred for column in table.columns]
    for row in table.rows:
        _row(grid.add_row(), row, centred, widths, size)
    document.add_paragraph().paragraph_format.line_spacing = Pt(8)


def _row(
    row: Line,
    texts: list[str] | tuple[str, ...],
    centred: list[bool],
    widths: list[Length],
    size: float,
    *,
    bold: bool = False,
) -> None:
    _mark(row._tr, "w:cantSplit")
    for cell, text, middle, width in zip(row.cells, texts, centred, widths, strict=True):
        cell.width, cell.vertical_alignment = width, WD_ALIGN_VERTICAL.CENTER
        _line(cell.paragraphs[0], text, bold=bold, size=size, align=_CENTRE if middle else _LEFT)


def _pictures(document: Written, block: Pictures) -> None:
    """Titles over pictures, in columns without lines around them."""
    width = Length(WIDTH // len(block.shown))
    grid = document.add_table(2, len(block.shown))
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for row in grid.rows:
        _mark(row._tr, "w:cantSplit")
    for column, picture in enumerate(block.shown):
        title, below = (row.cells[column] for row in grid.rows)
        grid.columns[column].width = title.width = below.width = width
        _line(title.paragraphs[0], picture.title, italic=True, size=11)
        title.paragraphs[0].paragraph_format.keep_with_next = True
        if not picture.jpeg:
            _line(below.paragraphs[0], picture.lacking, size=11)
            continue
        below.paragraphs[0].alignment = _CENTRE
        run = below.paragraphs[0].add_run()
        shown = run.add_picture(io.BytesIO(picture.jpeg), width=Length(width - _GAP))
        shown._inline.docPr.set("descr", _held(picture.title))
    document.add_paragraph().paragraph_format.line_spacing = Pt(8)


def _foot(document: Written, paper: Paper) -> None:
    document.add_paragraph()
    for cell, side in zip(_sides(document, (WIDTH // 2, WIDTH // 2)), paper.foot, strict=True):
        if isinstance(side, Recipients):
            _line(_next(cell), side.title, bold=True, italic=True, size=12, align=_LEFT)
            for line in side.lines:
                _line(_next(cell), line, size=11, align=_LEFT)
        else:
            _signature(cell, side)


def _signature(cell: Cell, side: Signature) -> None:
    _line(_next(cell), side.title.upper(), bold=True)
    if side.note:
        _line(_next(cell), side.note, italic=True, size=12)
    for person in side.people:
        if person.said:
            _line(_next(cell), person.said, italic=True, size=12, before=8)
        else:
            _line(_next(cell), "", before=56)
        _line(_next(cell), person.name, bold=True)


def _sides(document: Written, widths: tuple[int, int]) -> tuple[Cell, Cell]:
    """Two columns without lines around them."""
    grid = document.add_table(1, 2)
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _mark(grid.rows[0]._tr, "w:cantSplit")
    left, right = grid.rows[0].cells
    for cell, column, width in zip((left, right), grid.columns, widths, strict=True):
        cell.width = column.width = Length(width)
    return left, right


def _next(cell: Cell) -> Paragraph:
    """The next paragraph of a cell, which begins with one that is not written yet."""
    first: Paragraph = cell.paragraphs[0]
    if len(cell.paragraphs) == 1 and not first.runs:
        return first
    added: Paragraph = cell.add_paragraph()
    return added


def _line(
    paragraph: Paragraph,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float = 13,
    align: WD_ALIGN_PARAGRAPH = _CENTRE,
    before: float = 0,
    after: float = 0,
) -> None:
    paragraph.alignment = align
    form = paragraph.paragraph_format
    if before or after:
        form.space_before, form.space_after = Pt(before), Pt(after)
    run = paragraph.add_run(_held(text))
    run.font.size = Pt(size)
    if bold:
        run.bold = True
    if italic:
        run.italic = True


def _rule(paragraph: Paragraph, indent: Length, *, after: float = 4) -> None:
    """A short line: the lower edge of an empty paragraph."""
    _line(paragraph, "", size=2, after=after)
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = indent
    form.line_spacing = Pt(3)
    border, edge = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        edge.set(qn(f"w:{name}"), value)
    border.append(edge)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(border, *_AFTER_BORDERS)


def _field(run: Run, name: str) -> None:
    """What a word processor fills in by itself."""
    for kind in ("begin", None, "end"):
        if kind is None:
            part = OxmlElement("w:instrText")
            part.text = name
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._r.append(part)


def _mark(row: object, name: str) -> None:
    row.get_or_add_trPr().append(OxmlElement(name))  # type: ignore[attr-defined]


def _held(text: str) -> str:
    """`text` without what XML cannot hold."""
    return _NOT_XML.sub("", text)


_AFTER_BORDERS = (
    "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct",
    "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", "w:adjustRightInd", "w:snapToGrid",
    "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap", "w:jc",
    "w:textDirection", "w:textAlignment", "w:textboxTightWrap",
    "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange",
)  # fmt: skip
