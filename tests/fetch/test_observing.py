import dataclasses
import re

import pytest

from defacewatch.captures import Box, Cover, Picture, Rendering
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.observing import Observed, observed, shows_others
from tests.fetch.conftest import NOW
from tests.fetch.portal import Portal, page

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEWS = "".join(f"<li>Tin số {number} của cổng thông tin" for number in range(60))
GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="

HIDDEN = """<!doctype html><body><style>
.none { display: none } .vanished { visibility: hidden } .seen { visibility: visible }
.clear { opacity: 0.01 } .away { position: absolute; left: -5000px } .small { font-size: 1px }
.ink { color: #fefefe } .dark { background: #000 } .shut { height: 0; overflow: hidden }
.clip { position: absolute; clip: rect(0, 0, 0, 0) } .scaled { transform: scale(0) }
.picture { background-image: url(/dark.png); width: 400px; height: 100px }
.gradient { color: transparent; background: linear-gradient(red, blue); background-clip: text }
</style><h1>Tin tức</h1>
<div class=none>none <p>of <b>it</b></p><script>code()</script><style>b { color: red }</style></div>
<div class=vanished>vanished <i class=seen>back again</i></div><div class=clear>clear</div>
<div class=away><p>away</p><p>together</p></div><p class=small>small</p><p class=ink>ink</p>
<div class=shut>shut</div><p class=clip>clip</p><p class=scaled>scaled</p>
<p class="dark ink">read on black</p><p class=gradient>read in colours</p>
<div class=picture><p class=ink>read on a picture</p></div>
<div style="position: relative"><img width=300 height=60 src="%s"><p class=ink
 style="position: absolute; top: 0; left: 5px; margin: 0">read on an image</p></div>
<select><option>one of many</option></select><noscript>no script</noscript><template>template</template>
<div class=none>!!!</div>
""".replace("%s", GIF)

INSET = """<!doctype html><body><style>
.said::before { content: "bị tấn " "c\\f4ng" } .also::after { content: attr(data-by); font-size: 20px }
.icon::before { content: "\\e001\\e002\\e003" } .short::before { content: "»»" }
.unseen::before { content: "unseen"; opacity: 0 }
.none { display: none } .none::before { content: "not at all" }
</style><h1 class=said>Tin</h1><p class=also data-by="by nobody">Bài</p><p class="icon short">x</p>
<p class=unseen>y</p><p class=none>z</p><div id=tree></div><div id=deep></div>
<iframe srcdoc="<p>trong <b>khung</b></p><iframe srcdoc='khung sâu'></iframe>"></iframe>
<iframe src=/own></iframe>
<iframe src="http://localhost:PORT/own"></iframe><iframe srcdoc="hidden frame" class=none></iframe>
<script>tree.attachShadow({mode: "open"}).innerHTML = "<p>trong bóng</p><p hidden>no</p>";
deep.attachShadow({mode: "open"}).innerHTML = "<div></div>";
deep.shadowRoot.firstChild.attachShadow({mode: "open"}).innerHTML =
  "<b>rất sâu</b><i hidden>giấu</i>";</script>
"""

PICTURES = f"""<!doctype html><body style="margin: 0"><style>img, svg, video {{ display: block }}</style>
<header id=top class="band w-100 is-open sticky"><a class="logo">
<img class="lazyloaded" width=200 height=50 src=/logo.png></a></header>
<img width=20 height=200 src=/thin.png><img width=25 height=25 src=/tiny.png>
<img width=100 height=100 src=/gone.png style="visibility: hidden">
<div style="display: none"><img width=100 height=100 src=/none.png></div>
<svg width=60 height=60><circle r=9 /></svg><svg width=60 height=60><text>x</text></svg>
<picture><source srcset=/source.png><img width=40 height=40 src=/fallback.png></picture>
<video poster=/poster.png width=100 height=60></video><video width=100 height=60></video>
<input type=image src=/button.png width=50 height=30 style="display: block">
<section style="background: url(/wide.png); height: 100px"></section>
<section style="background: linear-gradient(red, blue); height: 100px"></section>
<b style="background: url(/bullet.png); width: 60px; height: 60px; display: block"></b>
<div style="height: 2000px"></div><img width=80 height=80 src="{GIF}">
"""


# Ways to hide a link that leave it in the layout, and links that look much alike and can be seen.
SUBTLE = """<!doctype html><body style="overflow-x: hidden"><style>
.low { height: 2px; overflow: hidden } .box { height: 20px; overflow: hidden; position: relative }
.polygon { clip-path: polygon(0 0, 0 0, 0 0) } .ellipse { clip-path: ellipse(0 0 at 50% 50%) }
.inset { clip-path: inset(0 0 100% 0) } .filter { filter: opacity(0) }
.right { position: absolute; left: 9999px } .ink { color: rgba(0, 0, 0, .06) } .pale { color: #f2f2f2 }
.small { font-size: 2px } .fifth { opacity: .2 }
.slides { width: 300px; overflow: hidden; white-space: nowrap }
.slide { display: inline-block; width: 300px } .scroller { height: 40px; overflow: auto }
.half { opacity: .5; clip-path: inset(0 0 10% 0) } .free { position: absolute; top: 300px; left: 0 }
</style><div class=low>LINK(low)</div><div class=box><p style="height: 400px"></p>LINK(spacer)</div>
<p class=polygon>LINK(polygon)</p><p class=ellipse>LINK(ellipse)</p><p class=inset>LINK(inset)</p>
<p class=filter>LINK(filter)</p><p class=right>LINK(right)</p><p>INK(ink)</p><p>INK(pale)</p>
<p class=small>LINK(small)</p><div class=fifth><p class=fifth>LINK(layers)</p></div>
<div class=slides><i class=slide>LINK(seen-1)</i><i class=slide>LINK(seen-2)</i></div>
<div class=scroller><p style="height: 400px"></p>LINK(seen-3)</div><p class=half>LINK(seen-4)</p>
<div style="height: 30px; overflow: hidden"><p class=free>LINK(seen-5)</p></div><p>LINK(seen-6)</p>
"""


async def see(browser: Browser, site: Portal, html: str) -> Rendering:
    site.answers["/"] = page(html)
    rendering = await browser.render(site.url(), now=NOW)
    assert rendering.failure is None
    return rendering


async def test_hidden_texts_are_those_that_the_browser_computes_so(browser: Browser, site: Portal) -> None:
    seen = await see(browser, site, HIDDEN)
    assert seen.hidden_texts == (
        "none of it",
        "vanished",
        "clear",
        "away together",
        "small",
        "shut",
        "clip",
        "scaled",
        "ink",
    )


async def test_links_elsewhere_that_nobody_can_see_are_told_however_they_are_hidden(
    browser: Browser, site: Portal
) -> None:
    html = re.sub(r"LINK\((\S+?)\)", r"<a href=http://spam.example/\1>a link that is \1</a>", SUBTLE)
    html = re.sub(r"INK\((\S+?)\)", r"<a class=\1 href=http://spam.example/\1>a link that is \1</a>", html)
    seen = await see(browser, site, html)
    ways = "low spacer polygon ellipse inset filter right ink pale small layers"
    assert [href.rpartition("/")[2] for href, _ in seen.hidden_links] == ways.split()


async def test_layers_in_one_another_take_no_time_from_the_capture(browser: Browser, site: Portal) -> None:
    deep = "<div style='position: fixed; inset: 0'>" * 400 + "hacked" + "</div>" * 400
    ghost = "<div style='position: fixed; inset: 0; pointer-events: none'></div>" * 400
    nested = "<b><i>" * 200 + "<a href=http://spam.example/ style='font-size: 1px'>x</a>" * 300
    seen = await see(browser, site, f"<!doctype html><body><ul>{NEWS}</ul>{ghost}{deep}{nested}")
    (cover,) = seen.covers
    assert (cover.text, cover.share) == ("hacked", 1.0)
    assert len(seen.hidden_links) == 200
    assert seen.elapsed < 12


async def test_what_is_shown_and_not_in_the_source_is_told(browser: Browser, site: Portal) -> None:
    site.answers["/own"] = page("<p>trang con</p>")
    seen = await see(browser, site, INSET.replace("PORT", str(site.port)))
    assert seen.inset == (
        "bị tấn công",
        "by nobody",
        "trong khung",
        "khung sâu",
        "trang con",
        "trong bóng",
        "rất sâu",
    )


async def test_pictures_have_a_lasting_place_and_a_box(browser: Browser, site: Portal) -> None:
    seen = await see(browser, site, PICTURES)
    names = [picture.url.rpartition("/")[2] for picture in seen.pictures]
    gif = GIF.rpartition("/")[2]
    assert names == ["logo.png", "", "source.png", "poster.png", "button.png", "wide.png", gif]
    assert seen.pictures[0] == Picture(
        "html>body>header#top.band>a.logo>img", site.url("/logo.png"), 0, 0, 200, 50
    )
    last = seen.pictures[-1]
    assert (last.path, last.width, last.height) == ("html>body>img", 80, 80)
    assert last.top > 2000


@pytest.mark.parametrize(
    ("html", "cover"),
    [
        (
            "<div style='position: fixed; inset: 0; background: black'><h2>hacked by nobody</h2>"
            "<img src=/skull.png></div>",
            Cover("div", "/skull.png", "hacked by nobody", 1.0),
        ),
        (
            "<div style='position: absolute; top: 0; left: 0; width: 1280px; height: 500px; z-index: 9;"
            " background: url(/flag.png)'><p>hacked</div>",
            Cover("div", "/flag.png", "hacked", 0.6),
        ),
        (
            "<iframe style='position: fixed; inset: 0; width: 100%; height: 100%' src=/own></iframe>",
            Cover("iframe", "/own", "trang con", 1.0),
        ),
        (
            "<div style='position: fixed; inset: 0; pointer-events: none; background: #000'>no click</div>",
            Cover("div", "", "no click", 1.0),
        ),
        (
            "<dialog id=d>modal</dialog><script>d.showModal()</script>",
            Cover("dialog", "", "modal", 1.0),  # with what it puts over the rest of the page
        ),
        ("<p style='position: fixed; bottom: 0; width: 100%; background: #eee'>We use cookies</p>", None),
        ("<div style='position: fixed; inset: 0; pointer-events: none'></div>", None),
    ],
    ids=["overlay", "absolute", "frame", "click-through", "dialog", "cookie-bar", "nothing"],
)
async def test_what_lies_over_the_first_screen_is_told(
    browser: Browser, site: Portal, html: str, cover: Cover | None
) -> None:
    site.answers["/own"] = page("<p>trang con</p>")
    seen = await see(browser, site, f"<!doctype html><body><ul>{NEWS}</ul>{html}")
    if cover is None:
        assert seen.covers == ()
        return
    (found,) = seen.covers
    expected = dataclasses.replace(cover, url=site.url(cover.url) if cover.url else "", share=found.share)
    assert found == expected
    assert abs(found.share - cover.share) <= 0.1


async def test_what_holds_the_page_covers_nothing(browser: Browser, site: Portal) -> None:
    wrapped = (
        "<div style='position: absolute; inset: 0; z-index: 1'><ul>{}</ul>"
        "<div style='position: absolute; top: 0; width: 600px; height: 300px'>slide</div></div>"
    )
    assert (await see(browser, site, wrapped.format(NEWS))).covers == ()


async def test_a_page_without_end_is_observed_within_bounds(browser: Browser, site: Portal) -> None:
    many = (
        "<p style='display: none'>hidden " + "x " * 1000 + "</p>",
        f"<img width=50 height=50 src='{GIF}'>",
        "<p class=b>b</p>",
    )
    style = f"<style>.b::before {{ content: '{'said ' * 300}' }}</style>"
    seen = await see(browser, site, style + "".join(part * 220 for part in many))
    assert (len(seen.hidden_texts), len(seen.pictures), len(seen.inset)) == (100, 200, 100)
    assert max(map(len, seen.hidden_texts)) <= 500
    assert max(map(len, seen.inset)) <= 1000


async def test_an_answer_is_not_taken_on_trust() -> None:
    assert observed(
        {
            "html": "<p>\ud800",
            "title": 5,
            "height": 1e300,
            "hiddenLinks": [["a", "b"], ["a"], "ab", [1, None]],
            "hiddenTexts": ["x" * 1000, 3],
            "covers": [["div", "u", "t", 7], {}],
            "pictures": [["p", "u", 1.4, -2, float("nan"), None]],
        }
    ) == Observed(
        html="<p>?",
        hidden_links=(("a", "b"), ("", "")),
        hidden_texts=("x" * 500,),
        covers=(Cover("div", "u", "t", 0.0),),
        pictures=(Picture("p", "u", 1, -2, 0, 0),),
    )
    nothings: list[object] = [None, [], {}, {"html": None}]
    for nothing in nothings:
        with pytest.raises(ValueError, match="not an observation"):
            observed(nothing)


BLOCKS = """<!doctype html><body class="home page-7" style="margin: 0">
<div id=main class="wrap news-2"><section style="height: 120px">một</section><p><b>hai</b></p>
<span><div style="height: 30px">trong dòng</div></span><div hidden>giấu</div></div>
<footer style="height: 50px">cuối</footer>"""


async def test_blocks_have_a_box_and_the_block_that_they_stand_in(browser: Browser, site: Portal) -> None:
    seen = (await see(browser, site, BLOCKS)).boxes
    assert [(box.parent, box.tag) for box in seen] == [
        (-1, "body"), (0, "div"), (1, "section"), (0, "footer"),
    ]  # fmt: skip
    assert (seen[1].name, seen[1].classes) == ("main", "wrap news-2")
    assert (seen[2].left, seen[2].top, seen[2].width, seen[2].height) == (0, 0, 1280, 120)


async def test_boxes_that_are_none_are_left_out() -> None:
    answer = {"html": "", "boxes": [[0, "div", None, 7, 1, 2, 3, 4.4], [1, 2], "x"]}
    assert observed(answer).boxes == (Box(0, "div", "", "", 1, 2, 3, 4),)


async def test_pictures_are_others_where_they_come_go_or_leave_their_places() -> None:
    one, other = Picture("img", "/a.png", 0, 0, 400, 200), Picture("div>img", "/b.png", 0, 300, 400, 200)
    assert not shows_others([one, other], [one, other])
    assert shows_others([one], [other])
    assert shows_others([one, other], [one])
    assert shows_others([one], [dataclasses.replace(one, url="/b.png")])
    assert not shows_others([one], [dataclasses.replace(one, left=30, top=-100)]), "it creeps on"
    assert shows_others([one], [dataclasses.replace(one, left=-400)])
    assert shows_others([one], [dataclasses.replace(one, top=101)])
