import struct
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from defacewatch.compare import dom, icon
from defacewatch.profiles import Profile, teach
from defacewatch.signals import Kind
from defacewatch.verdicts import CHANGED_AT
from tests.compare.portal import baseline_of, kinds, one, portal, probe_of, render_of, signals_of


def drawn(colour: str, *, form: str = "PNG", side: int = 32, back: str = "white") -> bytes:
    """An icon: a disc with a bar below it."""
    picture = Image.new("RGB", (side, side), back)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((side // 6, side // 8, side // 2, side // 2), fill=colour)
    draw.rectangle((side // 3, 2 * side // 3, side, side - 2), fill=colour)
    file = BytesIO()
    picture.save(file, form)
    return file.getvalue()


def described(data: bytes) -> str:
    found = icon.icon_of(data)
    assert found is not None
    return found


EMBLEM, SKULL = drawn("#b01020"), drawn("#e0e0e0", back="#101010")
SVG = b'<?xml version="1.0"?>\n<!-- emblem --><svg viewBox="0 0 9 9"><path d="M0 0h9v9"/></svg>'


@pytest.mark.parametrize("form", ["PNG", "ICO", "GIF", "BMP"])
@pytest.mark.parametrize("side", [16, 32, 64])
def test_the_same_emblem_in_another_form_or_size_looks_the_same(form: str, side: int) -> None:
    assert not icon.looks_other(described(EMBLEM), described(drawn("#b01020", form=form, side=side)))


def test_another_picture_or_colour_looks_different() -> None:
    assert icon.looks_other(described(EMBLEM), described(SKULL))
    assert icon.looks_other(described(EMBLEM), described(SVG))


def test_drawings_are_told_apart_by_their_text() -> None:
    assert described(SVG).startswith("svg:")
    assert not icon.looks_other(described(SVG), described(SVG.replace(b"\n", b"  \n ")))
    assert icon.looks_other(described(SVG), described(SVG.replace(b"h9", b"h8")))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, small as it is."""
    return EMBLEM[:16] + struct.pack(">II", width, height) + EMBLEM[24:]


def packed(picture: bytes, *, said: int = 32) -> bytes:
    """An icon file with one picture in it, whatever size the list says."""
    entry = struct.pack("<BBBBHHII", said, said, 0, 0, 1, 32, len(picture), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + picture


def transparent() -> bytes:
    file = BytesIO()
    Image.new("RGBA", (16, 16), (255, 0, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!DOCTYPE html><html><body><svg></svg></body></html>",
        b"not found",
        b"BMW and Mini",
        b"x" * (2 * icon.BYTES),
    ],
    ids=range(5),
)
def test_what_is_no_picture_is_not_known(data: bytes) -> None:
    assert icon.icon_of(data) is None


@pytest.mark.parametrize(
    "data",
    [
        EMBLEM[:60],
        b"\x89PNG\r\n\x1a\n",
        bomb(30_000, 30_000),
        bomb(1025, 8),
        packed(bomb(30_000, 30_000)),
        packed(b"\x28\0\0\0" + struct.pack("<ii", 60_000, -60_000) + b"\0" * 40),
        packed(EMBLEM)[:30],
        b"\0\0\1\0\xff\xff" + b"\0" * 500,
        drawn("#b01020") + b"\0" * icon.BYTES,
        b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + b"\0" * 30,
        b"\xff\xd8\xff\xe0" + b"\0" * 200,
        b"\0\0\0\x20ftypavif" + b"\0" * 200,
    ],
    ids=range(12),
)
def test_a_picture_that_is_broken_or_larger_than_an_icon_is_known_by_its_bytes_alone(data: bytes) -> None:
    found = described(data)
    assert found.startswith("large:")
    assert icon.looks_other(found, described(EMBLEM))
    assert icon.looks_other(found, described(data[:50] + b"\1" + data[50:]))
    assert not icon.looks_other(found, described(bytes(data)))


def test_an_icon_that_shows_nothing_is_not_known() -> None:
    assert icon.icon_of(transparent()) is None


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<link rel="shortcut icon" href="/favicon.ico?v=3">', "/favicon.ico"),
        ('<link rel=ICON href=" /a.png ">', "/a.png"),
        ('<link rel="mask-icon" href="/m.svg"><link rel="apple-touch-icon" href="/t.png">', ""),
        ("<link rel=icon>", ""),
        ('<link rel=icon href="/first.ico"><link rel="icon" href="/last.png"><link rel=icon>', "/last.png"),
        ('<link rel=icon href="/first.ico"><link rel="icon" href="">', ""),
    ],
)
def test_the_address_is_that_of_the_icon_a_page_names(html: str, address: str) -> None:
    assert icon.address_of(dom.read(html)) == address


def test_a_long_address_is_kept_as_its_hash() -> None:
    found = icon.address_of(dom.read(f'<link rel=icon href="data:image/png;base64,{"A" * 9000}">'))
    assert found.startswith("data:")
    assert len(found) < 30


BASELINE = baseline_of(render_of(portal(), icon=EMBLEM))


def test_another_icon_alone_is_a_change() -> None:
    for other in (SKULL, drawn("#e0e0e0", side=1500), SKULL + bytes(icon.BYTES)):
        signal = one(signals_of(render_of(portal(), icon=other), BASELINE), Kind.ICON)
        assert signal.points >= CHANGED_AT


@pytest.mark.parametrize("data", [EMBLEM, b"", b"<html>gone</html>"])
def test_the_same_icon_or_none_at_all_is_nothing(data: bytes) -> None:
    assert Kind.ICON not in kinds(signals_of(render_of(portal(), icon=data), BASELINE))


def test_another_address_counts_only_where_the_icon_itself_is_not_known() -> None:
    one_page, other = (portal(head=f'<link rel=icon href="/{name}.ico">') for name in ("a", "b"))
    unseen = baseline_of(render_of(one_page))
    assert 0 < one(signals_of(probe_of(other), unseen), Kind.ICON).points < CHANGED_AT
    seen = baseline_of(render_of(one_page, icon=EMBLEM))
    assert Kind.ICON not in kinds(signals_of(render_of(other, icon=EMBLEM), seen))


def test_an_icon_that_changed_while_the_page_was_learned_is_not_told() -> None:
    learned = render_of(portal(), icon=SKULL)
    taught = teach(Profile("mau"), BASELINE, BASELINE.looks[0].features, learning=True)
    assert Kind.ICON in kinds(signals_of(learned, BASELINE, taught))
    known = baseline_of(learned).looks[0].features
    taught = teach(taught, BASELINE, known, learning=True)
    assert Kind.ICON not in kinds(signals_of(learned, BASELINE, taught))
