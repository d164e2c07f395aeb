"""The generated portals: each look has its own colours, layout, pictures, scripts and texts.

A document has 60 to 120 KB, as those of Vietnamese agencies do: menus, a slider, lists of news, documents and
links, and in half of the looks a kilobyte-long state of the form.
"""

import base64
from collections.abc import Iterator
from random import Random

from bench.scale import pictures
from bench.scale.layout import SUPPLIER
from bench.scale.looks import File, Look, Slot, file
from bench.scale.stitch import Part, part
from bench.scale.words import MENU, agency, headline, teaser

PATHS = ("/", "/vi/", "/Pages/Home.aspx", "/portal/pages/index", "/trang-chu", "/home")
SMALLEST, LARGEST = 60_000, 120_000  # bytes of a document
SHOWN = 12  # news in the list on top
HEADLINES = 240  # that go round in it
THUMBNAILS = 8
_COLOURS = ("#b71c1c", "#c62828", "#0d47a1", "#1565c0", "#00695c", "#2e7d32", "#4527a0", "#ad1457")

SLIDER = """(function(){
var slides=document.querySelectorAll('.slide'),at=0;
function show(n){for(var i=0;i<slides.length;i++){slides[i].style.display=i===n?'block':'none';}}
show(0);
setInterval(function(){at=(at+1)%slides.length;show(at);},5000);
})();
"""
WIDGET = """(function(){
var places=document.querySelectorAll('[data-tien-ich]');
for(var i=0;i<places.length;i++){places[i].textContent='Tiện ích dành cho người khuyết tật: Alt + A';}
})();
"""


def looks(count: int, *, seed: int, supplier_port: int, first: int = 0) -> list[Look]:
    """So many looks, numbered from `first`."""
    return [look(number, seed=seed, supplier_port=supplier_port) for number in range(first, first + count)]


def look(number: int, *, seed: int, supplier_port: int) -> Look:
    dice = Random(f"{seed}:look:{number}")
    base = f"/{dice.choice(('static', 'Content', 'assets', 'themes/cong'))}/{number:02d}"
    hero, sheet = f"{base}/banner.jpg", f"{base}/cong.css"
    headlines = tuple(headline(dice) for _ in range(HEADLINES))
    return Look(
        number,
        agency(number),
        PATHS[number % len(PATHS)],
        tuple(_pieces(dice, number, base, f"http://{SUPPLIER}:{supplier_port}")),
        _files(dice, base, hero, sheet),
        headlines,
        SHOWN,
        hero,
        sheet,
        bare=number % 4 == 3,
    )


def _files(dice: Random, base: str, hero: str, sheet: str) -> dict[str, File]:
    contents = {
        hero: pictures.photo(dice, pictures.HERO),
        sheet: _css(dice).encode(),
        f"{base}/luoi.css": _grid(dice).encode(),
        f"{base}/cong.js": _library(dice, 30_000).encode(),
        f"{base}/truot.js": SLIDER.encode(),
        f"{base}/logo.png": pictures.emblem(dice),
        "/favicon.ico": pictures.emblem(dice),
    }
    for n in range(THUMBNAILS):
        contents[f"{base}/anh/{n}.jpg"] = pictures.photo(dice, pictures.THUMBNAIL)
    return {path: file(content, path) for path, content in contents.items()}


def _pieces(dice: Random, number: int, base: str, supplier: str) -> Iterator[Part | Slot]:
    """The document: what stays as few large parts, what moves between them."""
    name, size = agency(number), dice.randrange(SMALLEST, LARGEST)
    yield part(
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta property="og:site_name" content="{name}"><meta name="description" content="{name}">'
        f'<link rel="stylesheet" href="{base}/luoi.css">'
        f'<link rel="stylesheet" href="{base}/cong.css">'.encode()
    )
    yield Slot.META
    yield part(f'<script src="{supplier}/cdn/tien-ich.js" defer></script>'.encode())
    yield Slot.TAG
    yield part(
        f"</head><body><header><img src='{base}/logo.png' alt='logo' width=96 height=96><h1>{name}</h1>"
        f"<div data-tien-ich></div>{_menu(dice)}</header>"
        "<form action='/tim-kiem' method=get><input name=q placeholder='Tìm kiếm'>".encode()
    )
    yield Slot.FORM
    yield part(
        f"{_state(dice, number)}<button>Tìm</button></form>"
        f"<div class=slider><div class=slide><img src='{base}/banner.jpg' alt='' class=hero></div>"
        f"{_slides(dice, base)}</div><main><section class=top><h2>Tin mới nhất</h2><ul class=news>".encode()
    )
    yield Slot.NEWS
    body = "</ul></section>" + _sections(dice, base, size)
    yield part(f"{body}</main>{_footer(dice, name)}<script src='{base}/cong.js'></script>".encode())
    yield Slot.NONCE
    yield part(f"<script src='{base}/truot.js".encode())
    yield Slot.FRESH
    yield part(b"'></script>")
    yield Slot.INJECTED
    yield Slot.STAMP
    yield part(b"</body></html>\n")


def _menu(dice: Random) -> str:
    items = list(MENU)
    dice.shuffle(items)
    entries = []
    for n, item in enumerate(items[:14]):
        below = "".join(
            f'<li><a href="/muc-{n}/{k}">{dice.choice(MENU)} {k}</a></li>' for k in range(dice.randrange(6))
        )
        entries.append(f'<li><a href="/muc-{n}">{item}</a>{f"<ul>{below}</ul>" if below else ""}</li>')
    return f"<nav><ul>{''.join(entries)}</ul></nav>"


def _state(dice: Random, number: int) -> str:
    if number % 2:
        return ""
    value = base64.b64encode(dice.randbytes(1200)).decode()
    return f'<input type="hidden" name="__VIEWSTATE" value="{value}">'


def _slides(dice: Random, base: str) -> str:
    return "".join(
        f"<div class=slide style='display:none'><img src='{base}/anh/{n}.jpg' alt=''>"
        f"<p>{headline(dice)}</p></div>"
        for n in range(3)
    )


def _sections(dice: Random, base: str, size: int) -> str:
    """Blocks of news and documents until the document has about its size."""
    blocks: list[str] = []
    length = 0
    while length < size:
        n = len(blocks)
        block = _documents(dice, n) if n % 3 == 2 else _news(dice, base, n)
        blocks.append(block)
        length += len(block.encode())
    return "".join(blocks)


def _news(dice: Random, base: str, n: int) -> str:
    items = "".join(
        f"<li class=item-{k % 3}><a href='/tin/{n}-{k}'>"
        + (f"<img src='{base}/anh/{(n + k) % THUMBNAILS}.jpg' alt='' width=150 height=100>" if k < 2 else "")
        + f"<strong>{headline(dice)}</strong></a><span class=day>{_day(dice)}</span>"
        f"<p>{teaser(dice)}</p></li>"
        for k in range(10)
    )
    return f"<section class=block><h2>{MENU[n % len(MENU)]}</h2><ul>{items}</ul></section>"


def _documents(dice: Random, n: int) -> str:
    rows = "".join(
        f"<tr><td><a href='/van-ban/{n}-{k}'>{dice.randint(1, 4000)}/QĐ-UBND</a></td>"
        f"<td>{_day(dice)}</td><td>Về việc {headline(dice)}</td></tr>"
        for k in range(12)
    )
    return f"<section class=papers><h2>Văn bản mới</h2><table>{rows}</table></section>"


def _day(dice: Random) -> str:
    return f"{dice.randint(1, 28):02d}/{dice.randint(1, 12):02d}/2025"


def _footer(dice: Random, name: str) -> str:
    links = "".join(f"<option>{agency(dice.randrange(200))}</option>" for _ in range(40))
    return (
        f"<footer><select aria-label='Liên kết'>{links}</select><p>Cơ quan chủ quản: {name}</p>"
        f"<p>Điện thoại: 02{dice.randrange(10**8):08d}. Bản quyền thuộc về {name}.</p></footer>"
    )


def _css(dice: Random) -> str:
    main, other = dice.sample(_COLOURS, 2)
    rules = [
        f"body{{font:{dice.choice((14, 15, 16))}px/1.5 sans-serif;margin:0;color:#222;background:#f4f4f4}}",
        f"header{{background:{main};color:#fff;padding:12px {dice.randrange(16, 60)}px}}",
        f"nav>ul{{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0;background:{other}}}",
        "nav ul ul{display:none}nav a{color:#fff;padding:8px 12px;display:block;text-decoration:none}",
        f"main{{width:{dice.randrange(1000, 1200)}px;margin:0 auto;background:#fff;padding:16px}}",
        f"h2{{color:{main};border-bottom:2px solid {other}}}",
        ".hero{width:100%;height:400px;object-fit:cover}",
        ".slide{position:relative}.slider{height:400px;overflow:hidden}ul{padding-left:18px}",
        f".block ul{{columns:{dice.choice((1, 2))}}}td{{border:1px solid #ddd;padding:4px}}",
        f"footer{{background:{other};color:#fff;padding:20px}}",
    ]
    rules += [
        f".thanh-phan-{n}{{margin:{dice.randrange(20)}px;padding:{dice.randrange(20)}px;color:{dice.choice(_COLOURS)}}}"
        for n in range(dice.randrange(150, 400))
    ]
    return "\n".join(rules)


def _grid(dice: Random) -> str:
    return "\n".join(
        f".cot-{n}{{width:{100 * n / 12:.4f}%;float:left;min-height:{dice.randrange(1, 4)}px}}"
        for n in range(1, 200)
    )


def _library(dice: Random, size: int) -> str:
    """Functions that are defined and do nothing to the page, as most of a script library."""
    lines: list[str] = ["var Cong=Cong||{};"]
    length = 0
    while length < size:
        a, b = dice.randrange(1000), dice.randrange(1000)
        line = f"Cong.ham{len(lines)}=function(x,y){{if(x>{a}){{return y*{b};}}return x+y-{a};}};"
        lines.append(line)
        length += len(line)
    return "\n".join(lines)
