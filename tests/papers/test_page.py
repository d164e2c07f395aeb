"""Papers as HTML for the printer: escaped, and without anything that loads or runs."""

import re
from base64 import b64decode

from selectolax.lexbor import LexborHTMLParser

from defacewatch.papers.page import html_of
from defacewatch.papers.paper import Column, Heading, Letterhead, Picture, Pictures, Table, Text
from tests.papers.samples import jpeg, paper

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=a><a href='https://evil.example'>x</a></style>{{ 7*7 }}"
)


def test_text_from_anywhere_is_escaped_wherever_it_stands() -> None:
    head = Letterhead(*[HOSTILE] * 6)
    table = Table(HOSTILE, (Column(HOSTILE, 1),), ((HOSTILE,),))
    html = html_of(
        paper(Heading(HOSTILE), Text(HOSTILE), Text(HOSTILE, note=True), table, head=head, signer=HOSTILE)
    )
    tree = LexborHTMLParser(html)
    assert tree.css("script, img, a, iframe, object, link, form, svg") == []
    assert html.count("<style>") == html.count("</style>") == 1
    assert "{{ 7*7 }}" in html
    assert tree.body is not None
    assert tree.body.text().count("alert(1)") == 12


def test_nothing_is_loaded() -> None:
    html = html_of(paper(Text("x")))
    assert "default-src 'none'" in html
    assert re.findall(r"(?:src|href)=|url\(|@import|https?://", html) == []


def test_the_page_of_its_style_is_the_one_of_administrative_documents() -> None:
    html = html_of(paper())
    assert "@page { size: A4; margin: 20mm 15mm 20mm 30mm;" in html
    assert '<html lang="vi">' in html


def test_what_leads_to_a_table_stays_with_it_and_many_columns_have_small_type() -> None:
    wide = Table("t", tuple(Column(str(n), 1) for n in range(7)), (("x",) * 7,))
    tree = LexborHTMLParser(html_of(paper(Text("leads:"), wide, Text("ends"))))
    assert [p.text() for p in tree.css("p.lead")] == ["leads:"]
    assert len(tree.css("table.dense")) == 1
    assert len(tree.css("table.dense td")) == 7


def test_pictures_stand_in_it_beside_one_another_under_their_titles() -> None:
    shown = Pictures((Picture(HOSTILE, jpeg()), Picture("Sau", b"", HOSTILE)))
    tree = LexborHTMLParser(html_of(paper(Text("leads:"), shown)))
    (image,) = tree.css("img")
    head, _, content = (image.attributes["src"] or "").partition(",")
    assert (head, b64decode(content)) == ("data:image/jpeg;base64", jpeg())
    assert image.attributes["alt"] == HOSTILE
    assert [one.text() for one in tree.css("figcaption, .lacking")] == [HOSTILE, "Sau", HOSTILE]
    assert [p.text() for p in tree.css("p.lead")] == ["leads:"]
    assert tree.css("script, iframe, a") == []
