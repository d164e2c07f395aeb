"""Pages that stand in for the page, and defacements that pass themselves off as such."""

from collections.abc import Mapping

import pytest

from defacewatch.captures import Picture
from defacewatch.signals import Kind
from defacewatch.verdicts import VerdictKind
from tests.compare import bodies
from tests.compare.portal import NEWS, kinds, portal, probe_of, render_of, signals_of, verdict_of

UNREACHABLE, CHANGED, DEFACED = VerdictKind.UNREACHABLE, VerdictKind.CHANGED, VerdictKind.DEFACED
OUTAGES: Mapping[str, tuple[int, str]] = {
    f"{name}, {group}": answer
    for group, answers in (
        ("server", bodies.SERVERS),
        ("wall", bodies.WALLS),
        ("maintenance", bodies.MAINTENANCE),
        ("session", bodies.SESSIONS),
    )
    for name, answer in answers.items()
}


@pytest.mark.parametrize("name", OUTAGES)
def test_outages_are_said_as_such_at_either_tier_whatever_their_status(name: str) -> None:
    status, html = OUTAGES[name]
    for code in (status, 200, 503):
        assert verdict_of(probe_of(html, status=code)).kind is UNREACHABLE
        assert verdict_of(render_of(html, status=code)).kind is UNREACHABLE


@pytest.mark.parametrize("name", bodies.VACANT)
def test_a_default_or_parked_page_is_a_change_and_no_attack(name: str) -> None:
    status, html = bodies.VACANT[name]
    assert verdict_of(probe_of(html, status=status)).kind is CHANGED
    assert verdict_of(render_of(html, status=status)).kind is CHANGED
    assert Kind.VACANT in kinds(signals_of(probe_of(html)))
    assert verdict_of(probe_of(html, status=503)).kind is UNREACHABLE
    assert verdict_of(probe_of(html.replace("<p>", "<p>Hacked by Foo</p><p>", 1), status=status)).kind in (
        (DEFACED,) if "<p>" in html else (CHANGED,)
    )


def test_a_listing_is_known_on_a_portal_that_speaks_of_an_index() -> None:
    spoken = render_of(portal(["Index of public services", *NEWS]))
    _, html = bodies.VACANT["listing"]
    assert Kind.VACANT in kinds(signals_of(probe_of(html)))
    assert verdict_of(spoken).kind is VerdictKind.CLEAN


LONG = "We came, we saw, and what we found was open to all of us. Nobody listens until it is too late. " * 8
REPLACED = {
    "long": bodies.page("we were here", LONG),
    "pictured": bodies.page("", "0wn3d", end="<img src=/x.jpg>"),
    "loud": bodies.page("", "hello", end="<audio autoplay src=/x.mp3></audio>"),
    "framed": bodies.page("", "hello", end='<iframe src="https://tube.example/v"></iframe>'),
    "linked": bodies.page("", "visit us", end='<a href="https://crew.example/">we</a>'),
}


@pytest.mark.parametrize("status", [403, 404, 503])
@pytest.mark.parametrize("name", REPLACED)
def test_a_replaced_page_is_a_defacement_whatever_status_it_is_served_with(name: str, status: int) -> None:
    look = probe_of(REPLACED[name], status=status)
    assert verdict_of(look).kind is DEFACED
    assert Kind.SERVED_AS_ERROR in kinds(signals_of(look))
    assert verdict_of(render_of(REPLACED[name], status=status)).kind is DEFACED


@pytest.mark.parametrize("title", ["Bảo trì", "Website đang bảo trì", "503 Service Unavailable"])
@pytest.mark.parametrize("status", [200, 503])
def test_a_title_alone_makes_no_error_page_of_a_replaced_one(title: str, status: int) -> None:
    for html in (bodies.page(title, LONG), bodies.page(title, "0wn3d", end="<img src=/x.jpg>")):
        assert verdict_of(probe_of(html, status=status)).kind is DEFACED


@pytest.mark.parametrize(
    "end",
    [
        "<audio autoplay src=/x.mp3></audio>",
        '<iframe src="https://tube.example/v"></iframe>',
        f"<p>{LONG * 2}</p>",
        "<p>Hacked by Foo</p>",
    ],
    ids=["sound", "frame", "text", "claim"],
)
def test_error_wording_hides_no_page_that_is_more_than_an_error_page(end: str) -> None:
    html = bodies.page("404 Not Found", "The requested URL was not found.", heading="Not Found", end=end)
    for status in (200, 404):
        assert verdict_of(probe_of(html, status=status)).kind is DEFACED


_SVG = '<svg viewBox="0 0 800 400">{}</svg>'
_DATA = "data:image/png;base64," + "iVBORw0KGgo" * 40
DRAWN = {
    "svg, text": _SVG.format("<text>HACKED BY Foo</text>"),
    "svg, pieces": _SVG.format("<text>HACKED<tspan> BY</tspan></text><text>Foo</text>"),
    "svg, html": _SVG.format("<foreignObject><h1>HACKED BY Foo</h1></foreignObject>"),
    "svg, shapes": _SVG.format('<path d="M0 0h9"/>'),
    "svg, sized": '<svg class="a" width="900" height="400"><path d="M0 0h9"/></svg>',
    "data": f'<img src="{_DATA}">',
    "data, svg": "<img src='data:image/svg+xml,<svg><text>0wn</text></svg>'>",
    "canvas": "<canvas></canvas><script src=/x.js></script>",
    "video": "<video></video>",
    "style": '<div style="background: #000 url(/x.jpg)"></div>',
    "sheet": "<style>body{background-image:url('/x.jpg')}</style>",
    "attribute": "<table background=/x.jpg></table>",
    "frame": "<iframe srcdoc='<h1>we</h1>'></iframe>",
}


@pytest.mark.parametrize("status", [200, 403, 503])
@pytest.mark.parametrize("name", DRAWN)
def test_a_page_of_drawings_is_no_error_page(name: str, status: int) -> None:
    html = f"<html><body>{DRAWN[name]}</body></html>"
    assert verdict_of(probe_of(html, status=status)).kind in (DEFACED, CHANGED)
    assert verdict_of(render_of(html, status=status)).kind in (DEFACED, CHANGED)
    if status != 200:
        assert Kind.SERVED_AS_ERROR in kinds(signals_of(probe_of(html, status=status)))


@pytest.mark.parametrize("title", ["Bảo trì", "503 Service Unavailable"])
def test_a_title_alone_speaks_for_no_drawing(title: str) -> None:
    assert verdict_of(probe_of(bodies.page(title, end=DRAWN["data"]))).kind is DEFACED


def test_a_large_picture_that_only_the_browser_finds_is_no_error_page() -> None:
    large, logo = (Picture("body", "https://mau.gov.vn/x.jpg", 0, 0, side, side) for side in (800, 90))
    assert verdict_of(render_of("<p>hi</p>", status=503, pictures=(large,))).kind is DEFACED
    assert verdict_of(render_of("<p>hi</p>", status=503, pictures=(logo,))).kind is UNREACHABLE


@pytest.mark.parametrize(
    "end",
    [
        '<svg width="24" height="24"><title>Facebook</title><path d="M0 0h9"/></svg>',
        '<svg class="icon"><path d="M0 0h9"/></svg>',
        '<svg style="display:none"><symbol><text>Trang</text></symbol></svg>',
        "<svg width=90><text>404</text></svg>",
        '<img width="24" height="24" src="' + _DATA + '">',
        "<style>body{background:#fff}</style>",
    ],
    ids=["icon", "styled", "sprite", "figures", "small", "plain"],
)
def test_an_icon_makes_no_attack_of_an_error_page(end: str) -> None:
    assert verdict_of(probe_of(bodies.page("", "hi there", end=end), status=503)).kind is UNREACHABLE


@pytest.mark.parametrize("field", ['<input type="password">', '<input name="captcha">'])
def test_a_field_that_anybody_can_add_speaks_for_no_picture_or_claim(field: str) -> None:
    for end in (DRAWN["data"], "<p>security is low, owned by Foo</p><p>Hacked by Foo</p>"):
        html = bodies.page("", "we were here", end=field + end)
        assert verdict_of(probe_of(html)).kind is DEFACED
    assert verdict_of(probe_of(bodies.page("", "hello", end=field))).kind is not DEFACED


def test_a_wordless_page_that_imitates_a_short_error_page_stays_hidden() -> None:
    assert verdict_of(probe_of(bodies.page("", "hi there"), status=503)).kind is UNREACHABLE


def test_the_page_itself_with_an_error_status_is_an_outage() -> None:
    look = probe_of(portal(), status=500)
    assert kinds(signals_of(look)) == {Kind.HTTP_ERROR}
    assert verdict_of(look).kind is UNREACHABLE


def test_a_page_cut_in_the_middle_is_no_attack() -> None:
    whole = portal()
    for share in (0.15, 0.3, 0.5, 0.7, 0.9):
        assert verdict_of(probe_of(whole[: int(share * len(whole))])).kind is not DEFACED


def test_a_page_that_scripts_build_over_an_error_page_is_judged_by_what_is_shown() -> None:
    _, error = bodies.SERVERS["nginx 503"]
    assert verdict_of(render_of(bodies.page("", LONG), served=error)).kind is DEFACED
