from dataclasses import replace

import pytest

from defacewatch.captures import Failure, Look, Probe, Rendering, TlsFinding, TlsProblem
from defacewatch.compare import compare
from defacewatch.looks import unreadable
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Role
from defacewatch.verdicts import VerdictKind, judge
from defacewatch.workers import TooMuch
from tests.compare.portal import (
    BASELINE,
    NOW,
    URL,
    baseline_of,
    kinds,
    one,
    portal,
    probe_of,
    render_of,
    signals_of,
    verdict_of,
)

UNREACHABLE = VerdictKind.UNREACHABLE
BROKEN = TlsFinding(TlsProblem.UNKNOWN_ISSUER, "unable to get local issuer certificate", "ab" * 32)


def page(title: str, text: str = "") -> str:
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"


@pytest.mark.parametrize("failure", [f for f in Failure if f is not Failure.BROWSER])
def test_a_look_that_failed_is_an_outage(failure: Failure) -> None:
    look = probe_of("", failure=failure, detail="no answer", status=None)
    signals = compare(BASELINE, Profile("mau"), look, None)
    assert one(signals, Kind.FETCH_FAILED).evidence == {"detail": f"{failure.value}: no answer"}
    assert judge(signals).kind is UNREACHABLE


@pytest.mark.parametrize("failure", [Failure.CRASH, Failure.TIMEOUT])
def test_a_page_that_kills_the_browser_is_an_outage(failure: Failure) -> None:
    look = Look(probe_of(portal()).probe, Rendering(NOW, failure=failure, detail="after 30 s"))
    assert verdict_of(look).kind is UNREACHABLE


def test_our_own_browser_failing_blames_nobody() -> None:
    look = Look(probe_of(portal()).probe, Rendering(NOW, failure=Failure.BROWSER, detail="gone"))
    assert verdict_of(look).kind is VerdictKind.CLEAN
    assert kinds(signals_of(look)) == {Kind.BROWSER_FAILED}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_error_statuses_are_outages_with_whatever_page(status: int) -> None:
    look = probe_of(page("Lỗi"), status=status)
    assert verdict_of(look).kind is UNREACHABLE
    assert one(signals_of(look), Kind.HTTP_ERROR).evidence == {"status": status}


def test_a_defacement_served_as_503_is_a_defacement() -> None:
    assert (
        verdict_of(probe_of(page("Hacked by Foo", "Down for maintenance"), status=503)).kind
        is VerdictKind.DEFACED
    )


def test_a_page_approved_with_an_error_status_is_no_outage() -> None:
    approved = baseline_of(probe_of(portal(), status=403))
    assert signals_of(probe_of(portal(), status=403), approved) == ()


WALL = page("Access denied", "You are a robot") + "<script>eval(atob('YQ=='))</script>"
RESET = Probe(URL, NOW, URL, failure=Failure.CONNECT, detail="reset by peer")
WALLED = probe_of(WALL, status=403).probe
TURNED_AWAY = pytest.mark.parametrize(
    ("probe", "why"),
    [
        (RESET, "connect: reset by peer"),
        (WALLED, "status 403"),
        (replace(WALLED, status=200), "access denied"),
    ],
)


@TURNED_AWAY
def test_a_page_that_the_browser_was_given_is_clean_whatever_plain_http_met(probe: Probe, why: str) -> None:
    look = Look(probe, render_of(portal()).rendering)
    assert verdict_of(look).kind is VerdictKind.CLEAN
    assert {s.kind: s.evidence for s in signals_of(look)} == {Kind.NOT_SERVED: {"detail": why}}


@TURNED_AWAY
def test_a_page_that_the_browser_saw_replaced_is_a_defacement_whatever_plain_http_met(
    probe: Probe, why: str
) -> None:
    look = Look(probe, render_of("<h1>we were here</h1><img src=/a.jpg>").rendering)
    assert verdict_of(look).kind is VerdictKind.DEFACED


def test_evidence_in_what_plain_http_was_given_counts_beside_a_page_that_the_browser_was_given() -> None:
    served = probe_of(page("Hacked by Foo"), status=403).probe
    assert verdict_of(Look(served, render_of(portal()).rendering)).kind is VerdictKind.DEFACED


@TURNED_AWAY
def test_a_page_that_nobody_was_given_is_an_outage(probe: Probe, why: str) -> None:
    for rendering in (
        Rendering(NOW, failure=Failure.TIMEOUT, detail="after 30 s"),
        replace(render_of(WALL).rendering or Rendering(NOW), status=403),
        Rendering(NOW, URL, None, html="<html><head></head><body></body></html>"),
        Rendering(NOW, URL, 200, html="<html><head></head><body></body></html>"),
    ):
        look = Look(probe, rendering)
        assert verdict_of(look).kind is UNREACHABLE
        assert verdict_of(look, None).kind is UNREACHABLE


LOCKED = [
    replace(WALLED, html=page("Access denied", "You are a robot")),
    replace(WALLED, status=503),
    replace(WALLED, status=200),
    replace(WALLED, status=200, html='<html><script src="/TSPD/08a"></script></html>'),
    RESET,
]


@pytest.mark.parametrize("met", LOCKED, ids=["403", "503", "wall", "script", "reset"])
def test_a_page_approved_while_plain_http_was_turned_away_is_no_attack_once_it_is_served(met: Probe) -> None:
    approved = baseline_of(Look(met, render_of(portal()).rendering))
    for look in (probe_of(portal()), render_of(portal()), Look(met, render_of(portal()).rendering)):
        assert verdict_of(look, approved).kind is VerdictKind.CLEAN
        assert not [s for s in signals_of(look, approved) if s.points]
    script = portal(end='<script src="https://evil.example/x.js"></script>')
    for html in (page("Hacked by Foo"), script):
        assert verdict_of(probe_of(html), approved).kind is VerdictKind.DEFACED
    replaced = render_of("<h1>we were here</h1><img src=/a.jpg>")
    assert verdict_of(replaced, approved).kind is VerdictKind.DEFACED


def test_a_page_that_cannot_be_read_hides_no_claim_in_its_title_or_headings() -> None:
    for claim in ("<title>Hacked by Foo</title>", "<h2><b>Hacked</b>\n by Foo</h2>"):
        look = unreadable(probe_of("<b>" * 9000 + claim), TooMuch("more than 10 s"))
        for baseline in (BASELINE, None):
            signals = compare(baseline, Profile("mau"), look, None)
            assert one(signals, Kind.DEFACE_PHRASE)
            assert judge(signals, has_baseline=baseline is not None).kind is VerdictKind.DEFACED
    look = unreadable(probe_of("<b>" * 9000 + "<title>Cổng thông tin</title>"), TooMuch("more than 10 s"))
    assert judge(compare(BASELINE, Profile("mau"), look, None)).kind is UNREACHABLE


def test_a_page_without_a_status_counts_as_given() -> None:
    look = Look(RESET, render_of(portal(), status=None).rendering)
    assert verdict_of(look).kind is VerdictKind.CLEAN


def test_a_page_that_was_never_approved_as_shown_is_no_word_against_an_outage() -> None:
    approved = baseline_of(probe_of(portal()))
    assert verdict_of(Look(RESET, render_of(portal()).rendering), approved).kind is UNREACHABLE


def test_without_a_baseline_a_page_that_the_browser_was_given_is_learned() -> None:
    look = Look(RESET, render_of(portal()).rendering)
    assert verdict_of(look, None).kind is VerdictKind.LEARNING
    assert kinds(signals_of(look, None)) == {Kind.NOT_SERVED}


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        (page("Hệ thống đang bảo trì", "Mời quay lại sau"), Kind.MAINTENANCE),
        (page("Under maintenance"), Kind.MAINTENANCE),
        (page("Just a moment...", "Checking your browser before accessing"), Kind.BOT_WALL),
        ('<html><script src="/TSPD/08a"></script><noscript></noscript></html>', Kind.BOT_WALL),
        (page("502 Bad Gateway", "nginx"), Kind.ERROR_PAGE),
        (page("Lỗi", "Không tìm thấy trang"), Kind.ERROR_PAGE),
        ("<html><body></body></html>", Kind.ERROR_PAGE),
        ("", Kind.ERROR_PAGE),
    ],
)
def test_pages_that_stand_in_for_the_page_are_outages_and_no_replacement(html: str, kind: Kind) -> None:
    assert kind in kinds(signals_of(probe_of(html)))
    assert verdict_of(probe_of(html)).kind is UNREACHABLE
    assert verdict_of(render_of(html)).kind is UNREACHABLE


def test_an_announcement_of_maintenance_on_the_portal_is_no_outage() -> None:
    found = portal(content="<h2>Thông báo bảo trì hệ thống đêm thứ bảy</h2>")
    assert not [s for s in signals_of(probe_of(found)) if s.role is Role.OUTAGE]


def test_an_outage_needs_no_baseline() -> None:
    assert verdict_of(probe_of(page("Down for maintenance")), None).kind is UNREACHABLE


def test_a_certificate_problem_alone_is_an_outage() -> None:
    look = probe_of(portal(), tls=BROKEN)
    assert verdict_of(look).kind is UNREACHABLE
    assert one(signals_of(look), Kind.TLS).evidence["fingerprint"] == "ab" * 32


EXPIRED = TlsFinding(TlsProblem.EXPIRED, "expired", "ab" * 32)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (probe_of("<h1>we were here</h1><img src=/a.jpg>", tls=EXPIRED), VerdictKind.DEFACED),
        (
            probe_of(portal(end='<script src="https://evil.example/x.js"></script>'), tls=EXPIRED),
            VerdictKind.DEFACED,
        ),
        (probe_of(page("Lỗi"), tls=EXPIRED, status=500), UNREACHABLE),
    ],
)
def test_a_page_behind_a_bad_certificate_is_judged_as_any_other(look: Look, expected: VerdictKind) -> None:
    assert verdict_of(look).kind is expected


def test_a_handshake_that_failed_is_told_once() -> None:
    look = probe_of("", tls=BROKEN, failure=Failure.TLS, status=None)
    assert kinds(compare(BASELINE, Profile("mau"), look, None)) == {Kind.TLS}


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        (BROKEN, Kind.TLS_KNOWN),
        (replace(BROKEN, fingerprint="cd" * 32), Kind.TLS),
        (replace(BROKEN, problem=TlsProblem.EXPIRED), Kind.TLS),
        (replace(BROKEN, fingerprint=None), Kind.TLS),
    ],
)
def test_a_broken_chain_that_was_approved_is_a_note_while_the_leaf_is_the_same(
    finding: TlsFinding, kind: Kind
) -> None:
    approved = baseline_of(render_of(portal()), probe_of(portal(), tls=BROKEN))
    alone = baseline_of(probe_of(portal(), tls=BROKEN))
    assert kinds(signals_of(probe_of(portal(), tls=finding), alone)) == {kind}
    assert approved.looks[1].features.tls == f"unknown-issuer {'ab' * 32}"


def test_a_certificate_that_expires_soon_is_a_note() -> None:
    finding = TlsFinding(TlsProblem.EXPIRES_SOON, "in 5 days", "ab" * 32, NOW)
    look = probe_of(portal(), tls=finding)
    assert one(signals_of(look), Kind.TLS_EXPIRES_SOON).evidence == {"not_after": "02/09/2026"}
    assert verdict_of(look).kind is VerdictKind.CLEAN


def test_a_page_that_was_cut_is_a_note() -> None:
    assert kinds(signals_of(probe_of(portal(), truncated=True))) == {Kind.TRUNCATED}


def test_outages_add_no_points_so_nothing_of_them_can_be_muted() -> None:
    signals = signals_of(probe_of(page("Lỗi"), status=500, tls=BROKEN))
    assert {s.points for s in signals if s.role is Role.OUTAGE} == {0.0}


@pytest.mark.parametrize("failure", [Failure.CRASH, Failure.TIMEOUT, Failure.CONNECT])
def test_a_page_that_kills_the_browser_hides_nothing_that_was_served(failure: Failure) -> None:
    replaced = probe_of("<h1>we were here</h1><img src=/a.jpg>").probe
    look = Look(replaced, Rendering(NOW, failure=failure, detail="after 30 s"))
    assert verdict_of(look).kind is VerdictKind.DEFACED
    assert one(signals_of(look), Kind.NOT_SHOWN).evidence == {"detail": f"{failure.value}: after 30 s"}
