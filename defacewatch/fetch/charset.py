"""The character encoding of a page, decided as a browser does.

Labels and their encodings are those of the WHATWG Encoding standard; the search for a declaration is the
"prescan a byte stream" algorithm of the HTML standard, on the first 1024 bytes.
"""

import codecs
import re
from collections.abc import Iterator

PRESCAN = 1024  # bytes
FALLBACK = "windows-1252"

# Python's codec of each encoding, and its labels. Python's own aliases are not used: they differ
# ('latin-1' there is not the windows-1252 that browsers read it as).
_LABELS = """
utf-8: unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8
cp866: 866 cp866 csibm866 ibm866
iso8859-2: csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso8859-3: csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso8859-4: csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso8859-5: csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso8859-6: arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e
iso8859-6: iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
iso8859-7: csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597
iso8859-7: iso_8859-7 iso_8859-7:1987 sun_eu_greek
iso8859-8: csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598
iso8859-8: iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical
iso8859-10: csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso8859-13: iso-8859-13 iso8859-13 iso885913
iso8859-14: iso-8859-14 iso8859-14 iso885914
iso8859-15: csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9
iso8859-16: iso-8859-16
koi8-r: cskoi8r koi koi8 koi8-r koi8_r
koi8-u: koi8-ru koi8-u
mac-roman: csmacintosh mac macintosh x-mac-roman
cp874: dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874
cp1250: cp1250 windows-1250 x-cp1250
cp1251: cp1251 windows-1251 x-cp1251
windows-1252: ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591
windows-1252: iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 x-user-defined
cp1253: cp1253 windows-1253 x-cp1253
cp1254: cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5
cp1254: windows-1254 x-cp1254
cp1255: cp1255 windows-1255 x-cp1255
cp1256: cp1256 windows-1256 x-cp1256
cp1257: cp1257 windows-1257 x-cp1257
cp1258: cp1258 windows-1258 x-cp1258
mac-cyrillic: x-mac-cyrillic x-mac-ukrainian
gb18030: chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030
big5hkscs: big5 big5-hkscs cn-big5 csbig5 x-x-big5
euc-jp: cseucpkdfmtjapanese euc-jp x-euc-jp
iso2022-jp: csiso2022jp iso-2022-jp
cp932: csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis
cp949: cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601
cp949: windows-949
utf-16-be: unicodefffe utf-16be
utf-16-le: csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le
"""
_ENCODINGS = {
    label: line.partition(": ")[0]
    for line in _LABELS.strip().splitlines()
    for label in line.partition(": ")[2].split()
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))

_SPACE = rb"\t\n\x0c\r "
_ATTRIBUTE = re.compile(
    rb"[%b/]*([^%b/>=]+)(?:[%b]*=[%b]*(?:\"([^\"]*)\"|'([^']*)'|([^%b>]*)))?" % ((_SPACE,) * 5)
)
_CHARSET = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([^\"'>]+)[\"']")
_TAG = re.compile(rb"</?[a-zA-Z][^%b/>]*" % _SPACE)


def encoding_of(label: str) -> str | None:
    """Python's codec for a label as pages write it, or None when no browser knows the label."""
    return _ENCODINGS.get(label.strip("\t\n\x0c\r ").lower())


def decode(body: bytes, content_type: str | None) -> str:
    """`body` as text: by its byte order mark, the header, its own declaration, being UTF-8, or windows-1252.

    Undecodable bytes become U+FFFD. Never raises.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _in_header(content_type) or _in_document(body[:PRESCAN])
    return body.decode(declared or _guess(body), "replace")


def _in_header(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return encoding_of(next(group for group in found.groups() if group is not None)) if found else None


def _in_document(head: bytes) -> str | None:
    for attributes in _metas(head):
        label = attributes.get("charset")
        if label is None and attributes.get("http-equiv", "").lower() == "content-type":
            found = _CHARSET.search(attributes.get("content", ""))
            label = next(group for group in found.groups() if group is not None) if found else None
        encoding = encoding_of(label) if label is not None else None
        if encoding is not None:
            # A declaration that can be read as ASCII cannot be UTF-16.
            return "utf-8" if encoding.startswith("utf-16") else encoding
    xml = _XML.match(head)
    return encoding_of(xml[1].decode("latin-1")) if xml else None


def _metas(head: bytes) -> Iterator[dict[str, str]]:
    """The attributes of each meta element in `head`; comments and other elements are passed over."""
    place = 0
    while (place := head.find(b"<", place)) >= 0:
        if head.startswith(b"<!--", place):
            end = head.find(b"-->", place + 2)
            place = len(head) if end < 0 else end + 3
        elif tag := _TAG.match(head, place):
            attributes, place = _attributes(head, tag.end())
            if tag[0].lower() == b"<meta":
                yield attributes
        elif head[place + 1 : place + 2] in (b"!", b"/", b"?"):
            end = head.find(b">", place)
            place = len(head) if end < 0 else end + 1
        else:
            place += 1


def _attributes(head: bytes, place: int) -> tuple[dict[str, str], int]:
    attributes: dict[str, str] = {}
    while found := _ATTRIBUTE.match(head, place):
        value = next((group for group in found.groups()[1:] if group is not None), b"")
        attributes.setdefault(found[1].decode("latin-1").lower(), value.decode("latin-1"))
        place = found.end()
    return attributes, place


def _guess(body: bytes) -> str:
    try:
        # Not final: a body that was cut may end inside a character.
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return FALLBACK
    return "utf-8"
