"""What lies over the page or comes from a style sheet or a script: the bytes of the page say little of it."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

from dataclasses import replace
from html import escape
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.hidden import own_sheet
from bench.detect.attacks.markup import (
    Tree,
    at_end,
    at_top,
    base_of,
    chosen,
    css_string,
    edited,
    in_head,
    js,
    letters,
    site_file,
    text_of,
    with_content,
    with_extra,
    with_text,
)
from bench.detect.attacks.pictures import defacer, size_of
from bench.detect.attacks.wording import block, replace_content, title_only
from bench.detect.scene import Answer, Kind, Make, Scene

_FILL = (
    "position:fixed;top:0;left:0;width:100%;height:100%;z-index:999999",
    "position:fixed;inset:0;z-index:2147483647",
    "position:absolute;top:0;left:0;width:100vw;height:100vh;z-index:99999",
)
_GROUND = ("#000", "rgba(0,0,0,.92)", "#8b0000", "#fff", "linear-gradient(#000,#300)")


def whole_page(dice: Random) -> str:
    """A small page of the attacker's own."""
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{escape(texts.claim(dice))}</title></head>"
        f"<body style='background:{dice.choice(('#000', '#111', '#300'))};color:#eee'>{block(dice)}</body></html>"
    )


def overlay_mark_up(dice: Random) -> str:
    """An element that fills the screen."""
    ground = dice.choice(_GROUND)
    ink = "#c00" if ground == "#fff" else dice.choice(("#0f0", "#fff", "#f33"))
    style = f"{dice.choice(_FILL)};background:{ground};color:{ink};text-align:center;padding-top:12%"
    return f'<div style="{style}">{block(dice)}</div>'


def overlay(scene: Scene, dice: Random) -> Scene:
    """A full-screen element over the page."""
    put = dice.choice((at_top, at_end))
    return with_text(scene, put(text_of(scene), overlay_mark_up(dice)))


def frame(scene: Scene, dice: Random) -> Scene:
    """A full-screen frame from the attacker's host."""
    url = f"https://{texts.host(dice)}/{dice.choice(('', 'index.php', 'd/1.html'))}"
    piece = f'<iframe src="{url}" style="{dice.choice(_FILL)};width:100%;height:100%;border:0" frameborder="0"></iframe>'
    made = with_text(scene, dice.choice((at_top, at_end))(text_of(scene), piece))
    return with_extra(made, {url: Answer(whole_page(dice).encode())})


def srcdoc_frame(scene: Scene, dice: Random) -> Scene:
    """A full-screen frame that carries its page with it."""
    inside = escape(whole_page(dice), quote=True)
    piece = (
        f'<iframe style="{dice.choice(_FILL)};width:100%;height:100%;border:0" srcdoc="{inside}"></iframe>'
    )
    return with_text(scene, dice.choice((at_top, at_end))(text_of(scene), piece))


def style(scene: Scene, rules: str, dice: Random) -> Scene:
    """More rules: in a style element, or at the end of a style sheet of the site's own."""
    sheet = own_sheet(scene) if dice.random() < 0.5 else None
    if sheet is None:
        return with_text(scene, in_head(text_of(scene), f"<style>{rules}</style>"))
    return with_extra(scene, {sheet[0]: Answer(sheet[1] + b"\n" + rules.encode(), kind="text/css")})


def css_picture(scene: Scene, dice: Random) -> Scene:
    """A background picture over everything, the content made transparent or hidden."""
    url = (
        f"{dice.choice((base_of(scene), 'https://' + texts.host(dice)))}/{dice.choice(('bg', 'x', 'h4'))}.png"
    )
    hide = dice.choice(("body>*{visibility:hidden!important}", "body>*{opacity:.06!important}"))
    rules = (
        f"html,body{{background:#000 url({url}) center top/cover no-repeat fixed!important;min-height:100vh}}"
    )
    picture = Answer(defacer(dice, 1280, 900, texts.claim(dice)), kind="image/png")
    return with_extra(style(scene, rules + hide, dice), {url: picture})


def css_colour(scene: Scene, dice: Random) -> Scene:
    """Every colour of the page taken over."""
    ground, ink = dice.choice((("#000", "#0f0"), ("#000", "#f00"), ("#a00", "#ff0"), ("#111", "#e00")))
    return style(scene, f"html,body,body *{{background:{ground}!important;color:{ink}!important}}", dice)


def css_text(scene: Scene, dice: Random) -> Scene:
    """A claim that the style sheet writes before or after the body or its first heading."""
    where = dice.choice(("body::before", "body::after", "body>*:first-child::before"))
    fill = f"{dice.choice(_FILL)};background:#000" if dice.random() < 0.5 else "display:block;padding:60px"
    look = f"{fill};color:{dice.choice(('#f00', '#0c0'))};font:bold 48px monospace;text-align:center"
    return style(scene, f"{where}{{content:{css_string(texts.claim(dice))}!important;{look}}}", dice)


def css_hides(scene: Scene, dice: Random) -> Scene | None:
    """Everything hidden but one block of the page: no word is new, and next to nothing is left."""
    tree = Tree(text_of(scene))
    if tree.body is None or letters(tree.body) < 300:
        return None
    kept = dice.choice(("h1", "h2", "footer", "p:first-of-type", "form"))
    if tree.css_first(kept) is None:
        kept = "h3"
    shown = f"{kept},{kept} *{{visibility:visible!important}}"
    return style(scene, f"body *{{visibility:hidden!important}}{shown}", dice)


def swap_picture(scene: Scene, dice: Random, *, logo: bool) -> Scene | None:
    """The hero picture or the logo becomes the attacker's: its file has other bytes, or its address changes."""
    images = Tree(text_of(scene)).css("img[src]")
    marks = ("logo", "emblem", "huy", "brand", "header", "seal")
    places = [
        n for n, image in enumerate(images) if any(m in (image.html or "").lower() for m in marks) == logo
    ]
    weights = {n: _area(scene, images[n].attributes) for n in places}
    if logo:
        weights = {n: weights[n] for n in places[:1]}
    if not weights or 0 < max(weights.values()) < 1000:
        return None
    if not max(weights.values()):  # of no known size: the files are lost
        weights = {places[0]: 120 * 120 if logo else 800 * 300}
    place = max(weights, key=lambda n: weights[n])
    width = max(120 if logo else 400, min(1280, _width(scene, images[place].attributes)))
    height = max(40, min(900, weights[place] // width))
    picture = Answer(defacer(dice, width, height, texts.claim(dice)), kind="image/png")
    found = site_file(scene, images[place].attributes.get("src"))
    if found and dice.random() < 0.6:
        return with_extra(scene, {found[0]: picture})
    url = f"{dice.choice((base_of(scene), 'https://' + texts.host(dice)))}/up/{dice.randrange(9999)}.png"

    def edit(tree: Tree) -> bool:
        image = tree.css("img[src]")[place]
        image.attrs["src"] = url
        for other in ("srcset", "data-src"):
            if other in image.attributes:
                del image.attrs[other]
        return True

    made = edited(scene, edit)
    return with_extra(made, {url: picture}) if made else None


def _size(scene: Scene, attributes: dict[str, str | None]) -> tuple[int, int]:
    found = site_file(scene, attributes.get("src"))
    drawn = size_of(found[1]) if found else None
    sides = [(attributes.get(name) or "").rstrip("px") for name in ("width", "height")]
    given = [int(side) if side.isascii() and side.isdigit() and len(side) < 5 else 0 for side in sides]
    if drawn and not given[0]:
        return drawn
    return given[0], given[1] or (given[0] * drawn[1] // max(1, drawn[0]) if drawn else 0)


def _area(scene: Scene, attributes: dict[str, str | None]) -> int:
    width, height = _size(scene, attributes)
    return width * height


def _width(scene: Scene, attributes: dict[str, str | None]) -> int:
    return _size(scene, attributes)[0]


def swap_all(scene: Scene, dice: Random) -> Scene | None:
    """Every picture of the page becomes the same one."""
    picture = Answer(defacer(dice, 400, 300, texts.claim(dice)), kind="image/png")
    sources = [image.attributes.get("src") for image in Tree(text_of(scene)).css("img[src]")]
    files = [found[0] for source in sources if (found := site_file(scene, source))]
    if len(sources) < 2:
        return None
    if len(files) == len(sources) and dice.random() < 0.5:
        return with_extra(scene, dict.fromkeys(files, picture))
    url = (
        f"{dice.choice((base_of(scene), 'https://' + texts.host(dice)))}/{dice.choice(('h', '1', 'own'))}.png"
    )

    def edit(tree: Tree) -> bool:
        for image in tree.css("img[src]"):
            image.attrs["src"] = url
            if "srcset" in image.attributes:
                del image.attrs["srcset"]
        return True

    made = edited(scene, edit)
    return with_extra(made, {url: picture}) if made else None


def later(seconds: int) -> Make:
    """A script defaces the page so many seconds after it has loaded."""

    def make(scene: Scene, dice: Random) -> Scene:
        inside = block(dice)
        effect = dice.choice(
            (
                f"document.body.innerHTML={js(inside)};document.title={js(texts.claim(dice))};",
                f"var d=document.createElement('div');d.innerHTML={js(overlay_mark_up(dice))};document.body.appendChild(d);",
                f"document.body.innerHTML={js(inside)};document.body.style.background='#000';document.body.style.color='#f00';",
                f"var m=document.querySelector('main,#content,article')||document.body;m.innerHTML={js(inside)};",
            )
        )
        code = dice.choice(
            (
                f"window.addEventListener('load',function(){{setTimeout(function(){{{effect}}},{seconds * 1000});}});",
                f"setTimeout(function(){{{effect}}},{seconds * 1000});",
                f"var t0=Date.now(),iv=setInterval(function(){{if(Date.now()-t0>{seconds * 1000}){{clearInterval(iv);{effect}}}}},100);",
            )
        )
        return put_script(scene, code, dice)

    return make


def put_script(scene: Scene, code: str, dice: Random) -> Scene:
    """`code` in the page, or at the end of a script file of the site's own."""
    own = own_script(scene, dice) if dice.random() < 0.4 else None
    if own:
        return with_extra(scene, {own[0]: Answer(own[1] + f"\n;{code}".encode(), kind="text/javascript")})
    return with_text(scene, at_end(text_of(scene), f"<script>{code}</script>"))


def own_script(scene: Scene, dice: Random) -> tuple[str, bytes] | None:
    """A script file of the site's own that the page loads: its address and its bytes."""
    nodes = Tree(text_of(scene)).css("script[src]")
    found = [one for node in nodes if (one := site_file(scene, node.attributes.get("src"))) and one[1]]
    return dice.choice(found) if found else None


def every_third(scene: Scene, dice: Random) -> Scene | None:
    """One visitor of three gets the attack, the others the page as it was."""
    make = dice.choice((replace_content, overlay, frame, title_only, _whole))
    made = make(scene, dice) or overlay(scene, dice)
    return replace(made, clean=scene)


def _whole(scene: Scene, dice: Random) -> Scene:
    return with_text(scene, whole_page(dice))


def content_gone_black(scene: Scene, dice: Random) -> Scene | None:
    """The content area holds nothing but a dark block with a claim that a style sheet writes."""
    name = f"x{dice.randrange(1000)}"
    made = with_content(scene, f'<div class="{name}"></div>')
    rules = f".{name}{{height:600px;background:#000}}.{name}::before{{content:{css_string(texts.claim(dice))};color:red;font-size:40px}}"
    return style(made, rules, dice) if made else None


SHOWN = (
    Kind("overlay", "partial", "changed", overlay, browser=False),
    Kind("frame from elsewhere", "partial", "changed", frame, browser=False),
    Kind("frame with its page", "partial", "changed", srcdoc_frame, browser=False),
    Kind("hero picture swapped", "partial", "changed", lambda scene, dice: swap_picture(scene, dice, logo=False), css=True),
    Kind("logo swapped", "partial", "changed", lambda scene, dice: swap_picture(scene, dice, logo=True), css=True),
    Kind("every picture swapped", "partial", "changed", swap_all, css=True),
    Kind("css background picture", "partial", "changed", css_picture),
    Kind("css colours", "partial", "changed", css_colour),
    Kind("css text", "partial", "changed", chosen(css_text, css_text, content_gone_black)),
    Kind("css hides all but one block", "partial", "changed", css_hides),
    Kind("by script after 1 s", "partial", "changed", later(1), late=1.0),
    Kind("by script after 3 s", "partial", "changed", later(3), late=3.0),
    Kind("by script after 8 s", "partial", "changed", later(8), late=8.0),
    Kind("to every third visitor", "partial", "changed", every_third, browser=False),
)  # fmt: skip
