"""What the comparison says of whole pages: the table that officers live by."""

import time

import pytest

from defacewatch.baselines import Baseline
from defacewatch.compare import compare, extract
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, same_difference
from defacewatch.verdicts import SALIENT_AT, VerdictKind, judge
from tests.compare.portal import (
    APPROVED,
    BASELINE,
    NEWS,
    baseline_of,
    kinds,
    one,
    portal,
    probe_of,
    render_of,
    signals_of,
    verdict_of,
)

CLEAN, CHANGED, DEFACED = VerdictKind.CLEAN, VerdictKind.CHANGED, VerdictKind.DEFACED

DEFACEMENT = """<html><head><title>Hacked By Foo Team</title></head><body bgcolor=black><center>
<img src="https://i.evil.example/skull.gif"><h1>Hacked By Foo Team</h1><p>Your security is low, admin!</p>
<p>Greetz to: a - b - c</p></center></body></html>"""
SILENT_DEFACEMENT = """<html><head><title>. . .</title></head><body bgcolor=black><center>
<img src="https://i.evil.example/skull.gif"><p>we were never here</p></center></body></html>"""
FARM = """<div style="position:absolute;left:-9999px"><a href="https://nha-cai.example/">nhà cái uy tín</a>
<a href="https://gacor.example.net/">situs slot gacor</a>
<a href="https://khac.example.org/">tài xỉu online</a></div>"""


@pytest.mark.parametrize(
    "page",
    [
        portal(),
        portal(clock="23:59:59"),
        portal(("Bão số ba gây mưa lớn trên địa bàn toàn tỉnh", *NEWS[:3])),
        portal(("Tin một về giáo dục", "Tin hai về y tế", "Tin ba về giao thông", "Tin bốn về đất đai")),
        portal((*NEWS, "Website sân bay bị hacker tấn công, hành khách chờ đợi nhiều giờ liền")),
        portal((*NEWS, "Website hacked by Foo Team: what agencies must do now to protect their portals")),
        portal((*NEWS, "Triệt phá đường dây cá cược bóng đá nghìn tỷ trên địa bàn")),
        portal((*NEWS, "Thông báo bảo trì hệ thống đêm thứ bảy")),
        portal(end='<script src="https://www.googletagmanager.com/gtag/js"></script>'),
        portal(end='<iframe src="https://www.youtube.com/embed/x"></iframe>'),
        portal(end='<a href="https://dichvucong.gov.vn/">Dịch vụ công</a>'),
        portal(end='<script src="https://cdn.mau.gov.vn/x.js"></script>'),
    ],
)
def test_ordinary_updates_are_clean(page: str) -> None:
    assert verdict_of(probe_of(page)).kind is CLEAN
    assert verdict_of(render_of(page)).kind is CLEAN


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (DEFACEMENT, DEFACED),
        (SILENT_DEFACEMENT, DEFACED),
        ("<html><body><img src=/a.jpg></body></html>", DEFACED),
        (portal(end=FARM), DEFACED),
        (portal(title="Hacked by Foo"), DEFACED),
        (portal(title="Nhà cái uy tín số 1"), DEFACED),
        (portal(content="<h1>Hacked by Foo Team</h1><p>Greetz to all</p>"), DEFACED),
        (portal(head='<meta http-equiv=refresh content="0;url=https://evil.example/">'), DEFACED),
        (portal(end='<script src="https://evil.example/x.js"></script>'), DEFACED),
        (portal(end='<script src="http://203.0.113.9/x.js"></script>'), DEFACED),
        (
            portal(
                end='<script src="https://evil.example/x.js"></script><script>eval(atob("YQ=="))</script>'
            ),
            DEFACED,
        ),
        (portal(end='<script>eval(unescape("%61"))</script>'), DEFACED),
        (portal(end='<iframe src="https://evil.example/" width=1></iframe>'), CHANGED),
        (portal(end='<form action="https://evil.example/"><input name=p></form>'), CHANGED),
    ],
)
def test_attacks_are_seen_at_either_tier(page: str, expected: VerdictKind) -> None:
    assert verdict_of(probe_of(page)).kind is expected
    assert verdict_of(render_of(page)).kind is expected


def test_a_content_area_that_was_replaced_is_a_change() -> None:
    rest = '<div id="khac"><div class="one"><blockquote>Một nội dung hoàn toàn khác</blockquote></div></div>'
    empty: tuple[str, ...] = ()
    page = portal(empty, content=rest).replace("<section", "<article").replace("</section", "</article")
    assert verdict_of(probe_of(page)).kind is CHANGED


def test_scripts_can_deface_what_the_server_serves_unchanged() -> None:
    assert verdict_of(render_of(DEFACEMENT, served=portal())).kind is DEFACED


def test_a_look_that_is_seen_twice_does_not_count_double() -> None:
    once = one(signals_of(probe_of(DEFACEMENT)), Kind.IDENTITY_LOST)
    both = one(signals_of(render_of(DEFACEMENT)), Kind.IDENTITY_LOST)
    assert once.points == both.points


def test_of_several_approved_looks_the_closest_counts() -> None:
    holiday = portal(title="Chào mừng Quốc khánh", content="<marquee><b>Chào mừng ngày lễ lớn</b></marquee>")
    both = baseline_of(APPROVED, render_of(holiday))
    assert verdict_of(probe_of(holiday)).score > 0
    assert verdict_of(probe_of(holiday), both).score == 0
    assert verdict_of(probe_of(portal()), both).score == 0


def test_what_was_approved_is_no_evidence() -> None:
    page = portal(
        title="Câu lạc bộ Hacked by Design", end='<script src="https://x.example/a.js"></script>' + FARM
    )
    assert signals_of(probe_of(page), baseline_of(render_of(page))) == ()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (DEFACEMENT, DEFACED),
        ("<p>Hacked by Foo</p>", DEFACED),
        (portal(end=FARM), DEFACED),
        (portal(title="Hacked by Foo"), DEFACED),
        (portal(), VerdictKind.LEARNING),
        (portal((*NEWS, "Website hacked by Foo Team: what agencies must do now")), VerdictKind.LEARNING),
        (
            portal(
                content="<p>"
                + "Bài viết dài. " * 150
                + "</p><p>Màn hình hiện 'Hacked by Foo' suốt hai giờ.</p>"
            ),
            VerdictKind.LEARNING,
        ),
        (
            portal(end='<nav hidden><a href="https://doitac.example/">Đối tác</a></nav>'),
            VerdictKind.LEARNING,
        ),
    ],
)
def test_without_a_baseline_only_evidence_that_needs_none_speaks(page: str, expected: VerdictKind) -> None:
    assert verdict_of(render_of(page), None).kind is expected
    assert signals_of(render_of(page), Baseline("mau", 0, ())) == signals_of(render_of(page), None)


def test_a_look_that_brought_nothing_new_says_nothing() -> None:
    look = probe_of("", not_modified=True, status=304)
    assert compare(BASELINE, Profile("mau"), look, None) == ()


def test_signals_come_strongest_first_and_their_evidence_fills_their_sentences() -> None:
    page = DEFACEMENT.replace("</body>", FARM + '<script src="https://evil.example/x.js"></script></body>')
    signals = signals_of(
        render_of(page, dialogs=("xin chào",), popups=("https://evil.example/p",), downloads=1)
    )
    assert [s.points for s in signals] == sorted((s.points for s in signals), reverse=True)
    assert len(kinds(signals)) > 8
    for signal in signals:
        assert "…" not in signal.sentence(lambda text: text), signal


def test_the_same_defacement_seen_again_is_no_news() -> None:
    first = verdict_of(render_of(DEFACEMENT))
    later = DEFACEMENT.replace("</center>", "<p>visitor 12345</p></center>")
    for again in (
        verdict_of(render_of(later)),
        verdict_of(probe_of(later)),
        verdict_of(probe_of(DEFACEMENT)),
    ):
        news = [
            d for d in again.differences if not any(same_difference(d, told) for told in first.differences)
        ]
        assert news == []


def test_ordinary_news_under_an_injected_script_are_no_news() -> None:
    script = '<script src="https://evil.example/x.js"></script>'
    first = verdict_of(render_of(portal(end=script)))
    again = verdict_of(render_of(portal(("Tin mới nhất vừa đăng sáng nay", *NEWS[:3]), end=script)))
    news = [d for d in again.differences if not any(same_difference(d, told) for told in first.differences)]
    assert news == []


def test_another_defacement_is_news() -> None:
    first = verdict_of(probe_of(DEFACEMENT))
    other = verdict_of(probe_of(DEFACEMENT.replace("Foo Team", "Bar Crew")))
    assert any(not any(same_difference(d, told) for told in first.differences) for d in other.differences)
    assert all(s.points >= SALIENT_AT for s in other.signals if s.identity in other.differences)


def test_comparing_and_judging_is_quick() -> None:
    page = portal([f"Tin số {chr(97 + n % 26)} {n} về hội nghị của tỉnh" for n in range(900)])
    look, baseline = render_of(page), baseline_of(APPROVED)
    features = extract(look)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        judge(compare(baseline, Profile("mau"), look, features))
        times.append(time.perf_counter() - began)
    assert min(times) < 0.04
