import pytest

from defacewatch.captures import Rendering, Resource
from defacewatch.compare import code, dom, links
from tests.compare.portal import NOW

OWN = "mau.gov.vn"


@pytest.mark.parametrize(
    ("html", "role"),
    [
        ('<a href="https://x.example/">', "link"),
        ('<script src="//x.example/a.js"></script>', "script"),
        ('<base href="https://x.example/">', "script"),
        ('<iframe src="https://x.example/"></iframe>', "frame"),
        ('<object data="https://x.example/a.swf"></object>', "frame"),
        ('<embed src="https://x.example/a.swf">', "frame"),
        ('<form action="https://x.example/"></form>', "form"),
        ('<button formaction="https://x.example/">', "form"),
        ('<link rel="stylesheet" href="https://x.example/a.css">', "style"),
        ('<img src="https://x.example/a.png">', "image"),
        ('<video src="https://x.example/a.mp4"></video>', "media"),
        ('<meta http-equiv="Refresh" content="0; URL=\'https://x.example/\'">', "refresh"),
        ('<meta http-equiv="refresh" content="3;https://x.example/">', "refresh"),
    ],
)
def test_where_a_page_leads_is_read_from_its_markup(html: str, role: str) -> None:
    assert links.hosts_of(dom.read(html), OWN, None, ()).get(role) == frozenset({"x.example"})


def test_a_browser_adds_what_it_loaded_opened_and_was_refused() -> None:
    rendering = Rendering(
        NOW,
        resources=(
            Resource("https://a.example/x.js", "script", 200),
            Resource("https://b.example/", "xhr", 200),
        ),
        frames=("https://c.example/",),
        popups=("https://d.example/",),
    )
    found = links.hosts_of(dom.read(""), OWN, rendering, ["http://10.0.0.1/admin"])
    assert found == {
        "script": {"a.example"},
        "frame": {"c.example"},
        "popup": {"d.example"},
        "refused": {"10.0.0.1"},
    }


def test_hidden_links_to_other_sites_come_from_markup_and_browser() -> None:
    reading = dom.read(
        '<div hidden><a href="https://x.example/a">slot</a><a href="/own">own</a></div><a href="https://y.example">y</a>'
    )
    rendering = Rendering(NOW, hidden_links=(("https://z.example/", "z"), ("https://tin.mau.gov.vn/", "own")))
    assert links.hidden_links(reading, OWN, None) == [("https://x.example/a", "slot")]
    assert links.hidden_links(reading, OWN, rendering) == [
        ("https://x.example/a", "slot"),
        ("https://z.example/", "z"),
    ]


def test_the_number_of_hosts_is_bounded() -> None:
    html = "".join(f'<a href="https://h{n}.example/">' for n in range(2 * links.ROLE_LIMIT))
    assert len(links.hosts_of(dom.read(html), OWN, None, ())["link"]) == links.ROLE_LIMIT


def test_what_scripts_do_names_hosts_by_what_is_done_with_them() -> None:
    reading = dom.read(
        '<script>window.location.href = "https://a.example/"</script>'
        "<body onload=\"location='https://b.example/'\"><script>fetch('//c.example/x')</script>"
    )
    said = code.code_of(reading, None).said
    found = links.hosts_of(reading, OWN, None, (), said)
    assert found == {"sent": {"a.example", "b.example"}, "reach": {"c.example"}}


def test_a_link_that_the_page_shows_elsewhere_is_not_hidden() -> None:
    html = '<div hidden><a href="https://x.example/">Ban X</a></div><a href="https://x.example">BAN x</a>'
    assert links.hidden_links(dom.read(html), OWN, None) == []
    plain = dom.read(html.replace("<div hidden>", "<div>"))
    told = Rendering(NOW, hidden_links=(("https://x.example/", "Ban X"),))
    assert links.hidden_links(plain, OWN, told) == []


@pytest.mark.parametrize("twin", [".", "", "xy", "another name"])
def test_a_link_that_shows_other_words_or_none_is_no_twin_of_a_hidden_one(twin: str) -> None:
    pair = '<div hidden><a href="https://x{0}.example/">slot</a></div><a href="https://x{0}.example/">{1}</a>'
    html = "".join(pair.format(number, twin) for number in range(30))
    assert len(links.hidden_links(dom.read(html), OWN, None)) == 30


def test_a_link_is_shown_nowhere_when_all_that_are_like_it_are_hidden() -> None:
    html = '<a href="https://x.example/">slot</a>' * 300
    for count in (links.HIDDEN_LIMIT, 300):
        told = Rendering(NOW, hidden_links=(("https://x.example/", "slot"),) * count)
        assert links.hidden_links(dom.read(html), OWN, told) == [("https://x.example/", "slot")]
