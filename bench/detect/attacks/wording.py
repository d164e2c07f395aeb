"""Something said: a message in the content, as heading, text or title, as spam, as a picture of words."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

from html import escape
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.markup import (
    Node,
    Tree,
    at_end,
    at_top,
    base_of,
    chosen,
    content_area,
    edited,
    letters,
    retitled,
    text_of,
    title_of,
    with_content,
    with_extra,
    with_text,
)
from bench.detect.attacks.pictures import defacer
from bench.detect.scene import Answer, Kind, Scene


def block(dice: Random) -> str:
    """What an attacker puts in place of content: a claim, mostly with a message and greetings."""
    said, told, greeted = (
        escape(texts.claim(dice)),
        escape(texts.message(dice)),
        escape(texts.greetings(dice)),
    )
    style = dice.randrange(5)
    if style == 0:
        return (
            f'<center><h1 style="color:red">{said}</h1><p>{told}</p><p><small>{greeted}</small></p></center>'
        )
    if style == 1:
        return (
            '<div style="background:#000;color:#0f0;font-family:monospace;padding:80px 20px;text-align:center">'
            f"<p style='font-size:36px'>{said}</p><p>{told}</p></div>"
        )
    if style == 2:
        return f'<p align="center"><font size="7" color="#ff0000"><b>{said}</b></font><br><br>{told}</p>'
    if style == 3:
        return f"<h2>{said}</h2>"
    return f'<pre style="font-size:18px">root@server:~# whoami\n{said}\nroot@server:~# cat readme.txt\n{told}\n{greeted}\n</pre>'


def replace_content(scene: Scene, dice: Random) -> Scene | None:
    """The content area replaced, the site's own template kept."""

    def edit(tree: Tree) -> bool:
        area = content_area(tree)
        if area is None:
            return False
        area.inner_html = block(dice)
        return True

    return edited(scene, edit)


def _insert(tree: Tree, piece: str, dice: Random) -> bool:
    """`piece` before a block of the content: the first of it, or one in its middle."""
    area = content_area(tree) or tree.body
    if area is None:
        return False
    blocks = [
        child for child in area.iter() if letters(child) > 20 and child.tag not in ("tbody", "tr", "li")
    ]
    if not blocks:
        return False
    place: Node = blocks[0] if dice.random() < 0.5 else blocks[len(blocks) // 2]
    # The parser takes mark-up only as the inside of an element.
    body = Tree(f"<body>{piece}</body>").body
    made = body.first_child if body else None
    if made is None:
        return False
    place.insert_before(made)
    return True


def insert_heading(scene: Scene, dice: Random) -> Scene | None:
    """A claim as one more heading: at the top of the page or in its content."""
    tag = dice.choice(("h1", "h1", "h2", "h3"))
    style = dice.choice(("", ' style="color:red;text-align:center"', ' style="background:#000;color:#fff"'))
    piece = f"<{tag}{style}>{escape(texts.claim(dice))}</{tag}>"
    if dice.random() < 0.5:
        return with_text(scene, at_top(text_of(scene), piece))
    return edited(scene, lambda tree: _insert(tree, piece, dice))


def replace_heading(scene: Scene, dice: Random) -> Scene | None:
    """The first heading of the page says something else."""
    said = texts.claim(dice)

    def edit(tree: Tree) -> bool:
        found = [node for node in tree.css("h1,h2,h3") if letters(node) > 3]
        if not found:
            return False
        found[0].inner_html = escape(said)
        return True

    return edited(scene, edit)


def insert_text(scene: Scene, dice: Random) -> Scene | None:
    """A claim, mostly with a message, as ordinary text of the page: a paragraph, or words in one that is there."""
    said = texts.claim(dice)
    told = f"{said}. {texts.message(dice)}" if dice.random() < 0.7 else said

    def into_paragraph(tree: Tree) -> bool:
        area = content_area(tree) or tree.body
        found = [node for node in area.css("p") if letters(node) > 20] if area else []
        if not found:
            return False
        node = dice.choice(found[:8])
        node.inner_html = f"{escape(told)} {node.inner_html or ''}"
        return True

    if dice.random() < 0.4 and (made := edited(scene, into_paragraph)):
        return made
    return edited(scene, lambda tree: _insert(tree, f"<p>{escape(told)}</p>", dice))


def title_only(scene: Scene, dice: Random) -> Scene | None:
    """The title alone: replaced, or with a claim before or after what it said."""
    text = text_of(scene)
    said, old = texts.claim(dice), title_of(text)
    if not old:
        return None
    return with_text(scene, retitled(text, dice.choice((said, said, f"{said} - {old}", f"{old} | {said}"))))


def picture_page(scene: Scene, dice: Random) -> Scene:
    """The page replaced by one big picture that holds all the words."""
    said = texts.claim(dice)
    url = _picture_host(scene, dice) + f"/{dice.choice(('index', 'x', 'img_001', 'banner'))}.png"
    title = dice.choice(("", title_of(text_of(scene)) or "Index", "index"))
    style = dice.choice(('style="width:100%"', 'width="1280"', 'style="display:block;margin:0 auto"'))
    page = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body style="margin:0;background:#000"><img src="{url}" {style} alt=""></body></html>'
    )
    picture = Answer(defacer(dice, 1280, dice.choice((720, 960, 1400)), said), kind="image/png")
    return with_extra(with_text(scene, page), {url: picture})


def picture_content(scene: Scene, dice: Random) -> Scene | None:
    """The content area replaced by a picture that holds all the words."""
    url = _picture_host(scene, dice) + f"/{dice.choice(('2', 'up/x', 'anh', 'new'))}{dice.randrange(999)}.png"
    made = with_content(scene, f'<p><img src="{url}" width="900" height="600" alt=""></p>')
    picture = Answer(defacer(dice, 900, 600, texts.claim(dice)), kind="image/png")
    return with_extra(made, {url: picture}) if made else None


def _picture_host(scene: Scene, dice: Random) -> str:
    return dice.choice((base_of(scene), f"https://{texts.host(dice)}", "https://i.imgstore-upload.xyz"))


def footer_spam(scene: Scene, dice: Random) -> Scene:
    """A block of spam links for everybody to see, at the foot of the page."""
    links = texts.links(dice)
    joint = dice.choice((" | ", " - ", "<br>", " "))
    made = joint.join(f'<a href="{escape(url)}">{escape(text)}</a>' for url, text in links)
    piece = dice.choice(
        (
            f"<div>{made}</div>",
            f'<p style="font-size:12px">{made}</p>',
            f"<footer><h4>{escape(links[0][1])}</h4>{made}</footer>",
            "<ul>" + "".join(f'<li><a href="{escape(u)}">{escape(t)}</a></li>' for u, t in links) + "</ul>",
        )
    )

    def edit(tree: Tree) -> bool:
        found = tree.css_first("footer,#footer,.footer")
        if found is None:
            return False
        found.inner_html = (found.inner_html or "") + piece
        return True

    inside = edited(scene, edit) if dice.random() < 0.5 else None
    return inside or with_text(scene, at_end(text_of(scene), piece))


WORDING = (
    Kind("content replaced", "partial", "changed", replace_content, browser=False),
    Kind("message as heading", "partial", "changed", chosen(insert_heading, insert_heading, replace_heading), browser=False),
    Kind("message as text", "partial", "changed", insert_text, browser=False),
    Kind("message as title only", "partial", "changed", title_only, browser=False),
    Kind("picture for a page", "partial", "changed", picture_page, browser=False),
    Kind("picture for the content", "partial", "changed", picture_content, browser=False),
    Kind("spam in the footer", "partial", "changed", footer_spam, browser=False),
)  # fmt: skip
