import codecs

import pytest

from defacewatch.fetch import charset
from defacewatch.fetch.charset import decode, encoding_of

TEXT = "Cổng thông tin"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        (" UTF8 ", "utf-8"),
        ("unicode-1-1-utf-8", "utf-8"),
        ("iso-8859-1", "windows-1252"),
        ("latin1", "windows-1252"),
        ("ascii", "windows-1252"),
        ("windows-1258", "cp1258"),
        ("gb2312", "gb18030"),
        ("gbk", "gb18030"),
        ("shift_jis", "cp932"),
        ("euc-kr", "cp949"),
        ("tis-620", "cp874"),
        ("iso-8859-9", "cp1254"),
        ("utf-16", "utf-16-le"),
        ("utf-7", None),
        ("cp037", None),
        ("rot13", None),
        ("", None),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label: str, codec: str | None) -> None:
    assert encoding_of(label) == codec


def test_python_has_a_text_codec_for_every_encoding() -> None:
    assert len(charset._ENCODINGS) > 200
    for codec in set(charset._ENCODINGS.values()):
        assert isinstance(codecs.decode(b"abc ", codec), str)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=windows-1252"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "text/html; charset=utf-8"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), None),
        (TEXT.encode(), "text/html; charset=UTF-8"),
        (TEXT.encode(), 'text/html; charset="utf-8"; x=y'),
        (TEXT.encode(), "text/html"),
        (TEXT.encode(), None),
        (TEXT.encode(), "text/html; charset=no-such-thing"),
        (TEXT.encode("utf-16-le"), "text/html; charset=utf-16"),
    ],
)
def test_mark_then_header_then_being_utf_8_decide(body: bytes, content_type: str | None) -> None:
    assert decode(body, content_type) == TEXT


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251>",
        "<meta name=x charset = 'windows-1251' />",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        "<meta content='text/html;charset=windows-1251' http-equiv=content-type>",
        "<!-- <meta charset=koi8-r> --><meta charset=windows-1251>",
        "<!doctype html><html a='<meta charset=koi8-r>'><meta charset=windows-1251>",
        "<meta charset=no-such-thing><meta charset=windows-1251>",
        '<meta name="x" content="charset=koi8-r"><meta charset=windows-1251>',
        '<?xml version="1.0" encoding="windows-1251"?>',
        "<meta/charset=windows-1251>",
    ],
)
def test_the_document_declares_its_encoding(declaration: str) -> None:
    body = declaration.encode() + "Привет".encode("cp1251")
    assert decode(body, "text/html").endswith("Привет")


def test_the_header_outranks_the_document() -> None:
    assert decode(b"<meta charset=koi8-r>" + TEXT.encode(), "text/html; charset=utf-8").endswith(TEXT)


def test_a_document_that_calls_itself_utf_16_is_read_as_utf_8() -> None:
    assert decode(b"<meta charset=utf-16>" + TEXT.encode(), None).endswith(TEXT)


def test_a_declaration_beyond_the_first_kilobyte_does_not_count() -> None:
    body = b" " * 1024 + b"<meta charset=windows-1251>\xe9t\xe9."
    assert decode(body, None).endswith("été.")


def test_without_anything_to_go_by_it_is_windows_1252() -> None:
    assert decode(b"caf\xe9 \x80", None) == "café €"


def test_a_body_cut_inside_a_character_is_still_utf_8() -> None:
    assert decode("à".encode() * 10 + b"\xe1\xbb", None) == "à" * 10 + "\ufffd"


@pytest.mark.parametrize(
    "head", [b"<meta", b"<meta charset", b"<meta charset=", b"<!--", b"<", b"</", b'<meta =">']
)
def test_broken_declarations_do_no_harm(head: bytes) -> None:
    assert decode(head, 'text/html; charset="') == head.decode()
