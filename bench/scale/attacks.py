"""How a page of the farm is defaced, and which of its addresses then answer differently."""

from enum import StrEnum
from functools import cache

from bench.scale.looks import File, Look, file
from bench.scale.pictures import graffiti


class Kind(StrEnum):
    """The ways in which a page is defaced; what probes can see of them differs."""

    WHOLE = "whole page"
    LINKS = "hidden links"
    HERO = "hero picture"
    SCRIPT = "supplier's script"
    SHEET = "style sheet"


_WHOLE = """<!doctype html><html><head><title>Hacked By Test Crew</title></head>
<body style="background: #000; color: #0f0; text-align: center"><h1>Hacked By Test Crew</h1>
<p>your security is a joke, greetz to all friends. page {number}</p></body></html>"""
_SCRIPT = """document.title='Hacked By Test Crew';
document.body.style.cssText='background:#000;color:#0f0;text-align:center';
document.body.innerHTML='<h1>Hacked By Test Crew</h1><p>your security is a joke. page {number}</p>';
"""
_SHEET = """body>*{{display:none!important}}body{{background:#000!important}}
body::before{{content:"HACKED BY TEST CREW - page {number} - your security is a joke";display:block;
font:bold 64px sans-serif;color:#f00;text-align:center;padding-top:120px}}
"""
_CASINOS = ("nohu88", "taixiu-vip", "soikeo-nhacai", "bancadoithuong", "xosotrungthuong", "caobet79")
_LINKED = 30


def possible(kind: Kind, look: Look, *, own_tag: bool) -> bool:
    """Whether a page of this look can be defaced so, without any other page being touched."""
    if kind is Kind.HERO:
        return look.hero is not None
    if kind is Kind.SHEET:
        return look.sheet is not None
    return kind is not Kind.SCRIPT or (own_tag and look.takes_tags)


def whole(number: int) -> bytes:
    return _WHOLE.format(number=number).encode()


def links(number: int) -> bytes:
    """A block of links that visitors do not see."""
    some = "".join(
        f'<a href="https://{_CASINOS[n % len(_CASINOS)]}-{number}-{n}.example/">nổ hũ tài xỉu uy tín {n}</a> '
        for n in range(_LINKED)
    )
    return f'<div style="position:absolute;left:-9999px;top:-9999px">{some}</div>'.encode()


@cache
def replacement(kind: Kind, number: int) -> File:
    """The file in place of the hero picture, the style sheet or the script."""
    if kind is Kind.HERO:
        return file(graffiti(f"HACKED BY TEST CREW {number}"), "banner.jpg")
    if kind is Kind.SHEET:
        return file(_SHEET.format(number=number).encode(), "cong.css")
    return file(_SCRIPT.format(number=number).encode(), "the.js")
