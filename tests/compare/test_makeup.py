import time

import pytest

from defacewatch.compare import dom
from defacewatch.compare.makeup import is_loud, makeup_signals, traits_of
from defacewatch.compare.weights import weights
from defacewatch.signals import Kind
from tests.compare.portal import NEWS, kinds, one, portal, probe_of, signals_of


def traits(html: str) -> frozenset[str]:
    return traits_of(html, dom.read(html))


@pytest.mark.parametrize(
    ("trait", "html"),
    [
        ("marquee", "<marquee>hello</marquee>"),
        ("blink", "<blink>hello</blink>"),
        ("black-page", '<body bgcolor="#000000">'),
        ("black-page", '<body style="background: black">'),
        ("black-page", "<style>html, body { color: red; background-color: #000 }</style>"),
        ("autoplay", '<audio src="a.mp3" autoplay loop></audio>'),
        ("autoplay", '<iframe src="https://www.youtube.com/embed/x?rel=0&autoplay=1"></iframe>'),
        ("no-right-click", '<body oncontextmenu="return false">'),
        ("no-right-click", '<body onkeydown="return false">'),
        ("typing", "<script>out.innerHTML += text.charAt(i)</script>"),
        ("falling", "<script>for(i=0;i<n;i++) drops[i] = 1</script>"),
        ("terminal-font", "<style>h1{font-family:'Share Tech Mono'}</style>"),
        ("title-flash", "<script>document.title = words[n++]</script>"),
        ("glow", "<style>h1{text-shadow: 0 0 9px red}</style>"),
        ("glaring-text", '<font color="red">x</font>'),
        ("mirror-link", '<a href="http://zone-h.org/">mirror</a>'),
        ("lent-picture", '<img src="https://i.imgur.com/a.png">'),
        ("hacker-picture", '<img src="/img/anonymous-mask.png">'),
        ("framed-text", "<p>-=[ Rose ]=- ./Thorn [+] friends</p>"),
        ("contact", "<p>telegram: @rose</p>"),
        ("leetspeak", "<p>r0s3s and th0rn5</p>"),
        ("poster", "<center><img src=a.png></center>"),
    ],
)
def test_marks_of_defacements_are_seen(trait: str, html: str) -> None:
    assert trait in traits(html)


def test_every_mark_has_its_points() -> None:
    marks = '<marquee><body bgcolor=black onkeydown="return false"><audio autoplay>'
    assert traits(marks) <= set(weights().points[Kind.MAKE_UP])


def test_a_portal_and_a_festive_portal_carry_none() -> None:
    assert traits(portal()) == frozenset()
    theme = "<style>.blossom{position:fixed;animation:fall 9s} .banner{background:#c00}</style>"
    assert traits(portal(head=theme)) == frozenset()


ERRORS = [
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr>"
    "<center>nginx/1.18.0</center></body></html>",
    "<html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1><p>You don't have permission to "
    "access this resource.</p><hr><address>Apache/2.4.41 (Ubuntu) Server</address></body></html>",
    "<html><head><title>Runtime Error</title><style>H1 {color:red} H2 {color:maroon}</style></head>"
    "<body><h1>Server Error in Application.</h1><h2><i>Runtime Error</i></h2></body></html>",
    "<html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and cookies to "
    "continue</noscript><h2>Checking if the site connection is secure</h2></body></html>",
    "<html><head><title>Bảo trì</title></head><body style='background:#000;color:#fff'><h1>Hệ thống đang bảo "
    "trì</h1><p>Xin lỗi vì sự bất tiện này.</p></body></html>",
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_error_maintenance_and_wall_pages_stay_near_nothing(number: int) -> None:
    found = signals_of(probe_of(ERRORS[number], status=503))
    assert sum(s.points for s in found if s.kind in (Kind.MAKE_UP, Kind.WORDING)) < 15


def test_one_mark_is_not_loud_and_several_are() -> None:
    assert not any(is_loud(frozenset({mark})) for mark in ("black-page", "glaring-text", "poster", "contact"))
    assert is_loud(frozenset({"black-page", "marquee"}))
    assert not is_loud(frozenset({"black-page", "marquee"}), 2)
    assert is_loud(frozenset({"black-page", "marquee", "autoplay"}), 2)


def test_make_up_counts_in_full_where_the_page_was_replaced() -> None:
    marks = frozenset({"marquee", "black-page"})
    full, standing = (one(makeup_signals(marks, share), Kind.MAKE_UP) for share in (0.9, 0.1))
    assert full.points > 2 * standing.points > 0
    assert full.identity == standing.identity == "make-up=black-page|marquee"
    assert full.evidence == {"traits": ["black-page", "marquee"]}


def test_any_amount_of_make_up_is_bounded_and_none_is_no_signal() -> None:
    every = frozenset(weights().points[Kind.MAKE_UP]) - {"standing"}
    assert one(makeup_signals(every, 1.0), Kind.MAKE_UP).points == weights().most[Kind.MAKE_UP]
    assert list(makeup_signals(frozenset({"unheard-of"}), 1.0)) == []


def test_only_new_make_up_counts() -> None:
    page = portal(end="<marquee>Chúc mừng năm mới</marquee>")
    assert Kind.MAKE_UP in kinds(signals_of(probe_of(page)))
    assert Kind.MAKE_UP not in kinds(signals_of(probe_of(portal(NEWS[:3]))))


def test_hostile_markup_costs_little_time() -> None:
    hostile = "<body " + "background:" * 9000 + "{" * 9000 + "<audio " * 9000 + "oncontextmenu = " * 3000
    before = time.process_time()
    traits_of(hostile, dom.Reading())
    assert time.process_time() - before < 2.0
