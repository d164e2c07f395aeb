"""Visitors, or what they type, sent to another host; and the site's icon."""

from dataclasses import replace
from html import escape
from random import Random
from urllib.parse import urljoin

from bench.detect.attacks import texts
from bench.detect.attacks.markup import (
    Tree,
    base_of,
    chosen,
    edited,
    in_head,
    js,
    site_file,
    text_of,
    with_extra,
    with_text,
)
from bench.detect.attacks.pictures import icon
from bench.detect.attacks.shown import put_script, whole_page
from bench.detect.scene import Answer, Kind, Scene


def target(dice: Random) -> tuple[str, Answer]:
    """Where visitors are sent: the attacker's page, or a shop window for gambling."""
    url = f"https://{texts.host(dice)}/{dice.choice(('', 'vn/', '?ref=' + str(dice.randrange(9999))))}"
    return url, Answer((whole_page(dice) if dice.random() < 0.5 else landing(dice)).encode())


def landing(dice: Random) -> str:
    """The page that a gambling site greets visitors with."""
    words = texts.anchors(dice, 8)
    items = "".join(f"<li><a href='/{n}'>{escape(text)}</a></li>" for n, text in enumerate(words))
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{escape(words[0])}</title></head>"
        "<body style='background:#1a0b2e;color:#ffd700'>"
        f"<h1>{escape(words[1])}</h1><ul>{items}</ul></body></html>"
    )


def refresh(scene: Scene, dice: Random) -> Scene:
    """A meta refresh to another site."""
    url, page = target(dice)
    tag = f'<meta http-equiv="refresh" content="{dice.choice((0, 0, 1))};url={escape(url)}">'
    if dice.random() < 0.4:
        made = with_text(scene, f"<html><head>{tag}</head><body></body></html>")
    else:
        made = with_text(scene, in_head(text_of(scene), tag))
    return with_extra(made, {url: page})


def script_jump(scene: Scene, dice: Random) -> Scene:
    """A script that leaves for another site at once."""
    url, page = target(dice)
    halves = url.split("//", 1)
    code = dice.choice(
        (
            f"window.location.href={js(url)};",
            f"location.replace({js(url)});",
            f"top.location={js(url)};",
            f"var p={js(halves[0])}+'//',h={js(halves[1])};window['loc'+'ation']['href']=p+h;",
            f"setTimeout(function(){{window.location={js(url)}}},200);",
        )
    )
    return with_extra(put_script(scene, code, dice), {url: page})


def http_jump(scene: Scene, dice: Random) -> Scene:
    """A redirect by the server itself."""
    url, page = target(dice)
    status = dice.choice((301, 302, 302, 307))
    return with_extra(replace(scene, page=Answer(b"", status, headers=(("Location", url),))), {url: page})


def form_action(scene: Scene, dice: Random) -> Scene | None:
    """A form of the page posts to another host."""
    url = f"https://{texts.host(dice)}/{dice.choice(('post.php', 'login', 'api/s', 'save.php'))}"

    def edit(tree: Tree) -> bool:
        forms = tree.css("form")
        if not forms:
            return False
        for form in forms if dice.random() < 0.5 else [dice.choice(forms)]:
            form.attrs["action"] = url
        return True

    return edited(scene, edit)


def icon_file(scene: Scene, dice: Random) -> Scene | None:
    """The icon's file has other bytes."""
    named = Tree(text_of(scene)).css_first("link[rel~=icon]")
    found = site_file(scene, named.attributes.get("href") if named else "/favicon.ico")
    return with_extra(scene, {found[0]: Answer(icon(dice), kind="image/png")}) if found else None


def icon_address(scene: Scene, dice: Random) -> Scene | None:
    """The page names another icon."""
    host = dice.choice((base_of(scene), f"https://{texts.host(dice)}"))
    url = f"{host}/{dice.choice(('fav', 'icon', 'x'))}.png"
    answer = Answer(icon(dice), kind="image/png")

    def edit(tree: Tree) -> bool:
        named = tree.css("link[rel~=icon]")
        for one in named:
            one.attrs["href"] = url
        return bool(named)

    made = edited(scene, edit)
    if made is None:
        made = with_text(scene, in_head(text_of(scene), f'<link rel="icon" href="{url}">'))
    return with_extra(made, {urljoin(scene.url, url): answer})


ELSEWHERE = (
    Kind("meta refresh off-site", "partial", "changed", refresh, browser=False),
    Kind("script redirect off-site", "partial", "changed", script_jump),
    Kind("http redirect off-site", "partial", "changed", http_jump, browser=False),
    Kind("form action elsewhere", "partial", "changed", form_action, browser=False),
    Kind("icon swapped", "partial", "changed", chosen(icon_file, icon_address), css=True),
)
