"""Link farms that visitors do not see and search engines do."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

from collections.abc import Callable
from html import escape
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.markup import (
    Tree,
    at_end,
    at_top,
    chosen,
    content_area,
    edited,
    in_head,
    js,
    site_file,
    text_of,
    with_extra,
    with_text,
)
from bench.detect.scene import Answer, Kind, Make, Scene

_NAMES = ("abc", "wgl", "ftr-x", "clearfx", "sb-widget", "post-meta2", "nvx")


def farm(dice: Random) -> str:
    """The links as mark-up, in one of the ways they are written."""
    links = [f'<a href="{escape(url)}">{escape(text)}</a>' for url, text in texts.links(dice)]
    style = dice.randrange(4)
    if style == 0:
        return " ".join(links)
    if style == 1:
        return "<ul>" + "".join(f"<li>{link}</li>" for link in links) + "</ul>"
    if style == 2:
        return "".join(f"<p>{link}</p>" for link in links)
    return f"<h3>{escape(texts.anchors(dice, 1)[0])}</h3>" + ", ".join(links)


def _put(scene: Scene, dice: Random, piece: str) -> Scene:
    """`piece` somewhere in the body: at its top, at its end, or at the end of its content."""
    text, place = text_of(scene), dice.randrange(3)

    def edit(tree: Tree) -> bool:
        area = content_area(tree)
        if area is None:
            return False
        area.inner_html = (area.inner_html or "") + piece
        return True

    if place == 0:
        return with_text(scene, at_top(text, piece))
    inside = edited(scene, edit) if place == 1 else None
    return inside or with_text(scene, at_end(text, piece))


def styled(*styles: str) -> Make:
    """The farm in an element with one of these inline styles."""

    def make(scene: Scene, dice: Random) -> Scene:
        tag = dice.choice(("div", "div", "span", "section", "p"))
        inside = farm(dice)
        if tag in ("span", "p"):
            tag = "div" if "<ul" in inside or "<p>" in inside or "<h3" in inside else tag
        return _put(scene, dice, f'<{tag} style="{dice.choice(styles)}">{inside}</{tag}>')

    return make


def by_class(*rules: str) -> Make:
    """The farm under a class whose rule stands in the page's head or in the site's own style sheet."""

    def make(scene: Scene, dice: Random) -> Scene:
        name = f"{dice.choice(_NAMES)}{dice.randrange(100)}"
        rule = f".{name}{{{dice.choice(rules)}}}"
        put = _put(scene, dice, f'<div class="{name}">{farm(dice)}</div>')
        sheet = own_sheet(scene) if dice.random() < 0.5 else None
        if sheet is None:
            return with_text(put, in_head(text_of(put), f"<style>{rule}</style>"))
        url, body = sheet
        return with_extra(put, {url: Answer(body + b"\n" + rule.encode(), kind="text/css")})

    return make


def own_sheet(scene: Scene) -> tuple[str, bytes] | None:
    """A style sheet of the site's own that the page loads: its address and its bytes."""
    for node in Tree(text_of(scene)).css("link[rel~=stylesheet]"):
        found = site_file(scene, node.attributes.get("href"))
        if found:
            return found
    return None


def same_colour(scene: Scene, dice: Random) -> Scene:
    """Links in the colour of what they stand on."""
    colour = dice.choice(("#ffffff", "#fff", "white", "#fefefe", "#000000"))
    links = [
        f'<a href="{escape(url)}" style="color:{colour};text-decoration:none">{escape(text)}</a>'
        for url, text in texts.links(dice)
    ]
    size = dice.choice(("", "font-size:2px;", "font-size:10px;"))
    return _put(
        scene, dice, f'<div style="background:{colour};color:{colour};{size}">{" ".join(links)}</div>'
    )


def in_noscript(scene: Scene, dice: Random) -> Scene:
    """For those without scripts, which is to say for search engines."""
    return _put(scene, dice, f"<noscript><div>{farm(dice)}</div></noscript>")


def in_comment(scene: Scene, dice: Random) -> Scene:
    """In a comment that a script of the page turns into hidden nodes."""
    name = f"{dice.choice(_NAMES)}{dice.randrange(100)}"
    hiding = dice.choice(("position:absolute;left:-9999px", "display:none", "height:0;overflow:hidden"))
    script = dice.choice(
        (
            f"(function(){{var e=document.getElementById({js(name)}),c=e.firstChild;e.innerHTML=c.nodeValue;}})();",
            f"window.addEventListener('load',function(){{var e=document.getElementById({js(name)});"
            "e.innerHTML=e.innerHTML.replace('<!--','').replace('--'+'>','');});",
        )
    )
    piece = f'<div id="{name}" style="{hiding}"><!--{farm(dice)}--></div><script>{script}</script>'
    return with_text(scene, at_end(text_of(scene), piece))


def written_hidden(scene: Scene, dice: Random) -> Scene:
    """Shown in the source, and hidden by a script that follows at once."""
    name = f"{dice.choice(_NAMES)}{dice.randrange(100)}"
    act: Callable[[str], str] = dice.choice(
        (
            lambda n: f"document.getElementById({js(n)}).style.display='none';",
            lambda n: (
                f"var s=document.getElementById({js(n)});s.style.position='absolute';s.style.top='-5000px';"
            ),
            lambda n: f"document.write('<style>#{n}{{display:none}}<\\/style>');",
        )
    )
    return _put(scene, dice, f'<div id="{name}">{farm(dice)}</div><script>{act(name)}</script>')


_OFF = (
    "position:absolute;left:-9999px", "position:absolute;top:-2000px;left:-2000px", "position:fixed;left:-10000px;top:0",
    "text-indent:-9999px;height:1px;overflow:hidden", "margin-left:-9999px;position:absolute", "transform:translateX(-9999px);position:absolute",
)  # fmt: skip
_SIZE = (
    "height:0;overflow:hidden", "width:0;height:0;overflow:hidden", "font-size:0;line-height:0", "height:1px;width:1px;overflow:hidden",
    "max-height:0;overflow:hidden", "overflow:auto;height:0px;width:0px;position:absolute", "opacity:0;height:1px;overflow:hidden;font-size:1px",
)  # fmt: skip
_CLIP = (
    "position:absolute;clip:rect(0,0,0,0)", "position:absolute;clip:rect(1px,1px,1px,1px);overflow:hidden", "clip-path:inset(100%);position:absolute",
    "position:absolute;clip-path:circle(0)", "clip-path:polygon(0 0,0 0,0 0);height:1px",
)  # fmt: skip
_NONE = (
    "display:none",
    "display: none !important",
    "visibility:hidden;position:absolute",
    "display:none;font-size:9px",
)

HIDDEN = (
    Kind("links hidden: display none", "hidden", "defaced", styled(*_NONE), browser=False),
    Kind("links hidden: by class", "hidden", "defaced", by_class(*_NONE, *_OFF, *_SIZE)),
    Kind("links hidden: off screen", "hidden", "defaced", styled(*_OFF), browser=False),
    Kind("links hidden: zero size", "hidden", "defaced", styled(*_SIZE), browser=False),
    Kind("links hidden: same colour", "hidden", "defaced", same_colour, browser=False),
    Kind("links hidden: clipped", "hidden", "defaced", styled(*_CLIP), browser=False),
    Kind("links hidden: noscript", "hidden", "defaced", in_noscript, browser=False),
    Kind("links hidden: comment", "hidden", "defaced", in_comment),
    Kind("links hidden: by script", "hidden", "defaced", chosen(written_hidden)),
)
