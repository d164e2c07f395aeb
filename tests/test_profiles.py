from dataclasses import replace
from typing import Any

import pytest

from defacewatch.baselines import Baseline
from defacewatch.captures import Failure
from defacewatch.compare import extract
from defacewatch.compare.differences import differences
from defacewatch.features import Document, Features
from defacewatch.profiles import AT_ONCE, ENTRIES, HOSTS, MOST, Profile, teach
from defacewatch.signals import Kind
from defacewatch.verdicts import VerdictKind
from tests.compare.portal import (
    BASELINE,
    NEWS,
    baseline_of,
    portal,
    render_of,
    screenshot,
    signals_of,
    verdict_of,
)

EMPTY = Profile("mau")


def learned(html: str, *, learning: bool = False, profile: Profile = EMPTY) -> Profile:
    return teach(profile, BASELINE, extract(render_of(html)), learning=learning)


def test_the_approved_look_itself_teaches_nothing_but_a_sample() -> None:
    assert learned(portal()) == replace(EMPTY, samples=1, usual={"text": 0.0})


def test_what_differed_is_counted() -> None:
    once = learned(portal(("Một tin mới toanh về giáo dục", *NEWS[:3])))
    twice = learned(portal(("Một tin mới toanh về giáo dục", *NEWS[:3])), profile=once)
    assert once.words
    assert set(twice.words.values()) == {2}
    assert 0 < once.usual["text"] < 0.5


def test_a_part_moves_when_it_differed_often_enough() -> None:
    profile = Profile("mau", samples=200, paths={"1": 3, "2": 4, "3": 100})
    assert profile.moving(profile.paths, ["1", "2", "3", "4"], 1.0) == {"2", "3"}
    assert Profile("mau", 1, paths={"1": 1}).moving({"1": 1}, ["1"], 1.0) == {"1"}


def test_no_more_than_a_share_of_a_page_can_move() -> None:
    counts = {str(tile): 1 + tile % 5 for tile in range(160)}
    profile = Profile("mau", samples=5, tiles=counts, learned={"tiles": 1.0})
    moving = profile.moving(profile.tiles, map(str, range(160)), profile.allowance("tiles"))
    assert len(moving) == 64
    assert {profile.tiles[tile] for tile in moving} == {5, 4}


EVIL = (
    '<script src="https://s.example/x.js"></script><iframe src="https://f.example/"></iframe>'
    '<img src="https://i.example/a.png"><a href="https://l.example/">x</a>'
)


def test_hosts_that_are_evidence_are_learned_only_from_captures_that_a_person_approves() -> None:
    assert set(learned(portal(end=EVIL)).hosts) == {"image i.example", "link l.example"}
    assert set(learned(portal(end=EVIL), learning=True).hosts) >= {"script s.example", "frame f.example"}


def test_a_clean_look_with_one_link_does_not_let_a_farm_of_hidden_links_in() -> None:
    taught = learned(portal(end='<a href="https://shop.example/">x</a>'))
    farm = "".join(f'<a href="https://shop.example/{n}">x{n}</a>' for n in range(40))
    verdict = verdict_of(render_of(portal(end=f"<div hidden>{farm}</div>")), profile=taught)
    assert verdict.kind is VerdictKind.DEFACED


def test_hosts_of_hidden_links_are_learned_only_while_a_person_looks_on() -> None:
    page = portal(
        end='<div hidden><a href="https://h.example/">x</a></div><a href="https://l.example/">y</a>'
    )
    assert set(learned(page).hosts) == {"link l.example"}
    seen = learned(page, learning=True)
    assert {"seen h.example", "seen l.example"} <= set(seen.hosts)
    assert verdict_of(render_of(page), profile=seen).kind is VerdictKind.CLEAN
    assert not [s for s in signals_of(render_of(page), profile=seen) if s.kind is Kind.HIDDEN_LINKS]


def test_usual_text_has_a_bound_and_fades() -> None:
    all_new = extract(render_of("<p>hoàn toàn khác hẳn mọi thứ đã duyệt từ trước đến nay</p>"))
    profile = teach(EMPTY, BASELINE, all_new, learning=True)
    assert profile.usual["text"] == MOST["text"]
    assert teach(profile, BASELINE, extract(render_of(portal()))).usual["text"] < MOST["text"]


def test_what_moved_while_a_person_looked_on_is_learned_at_once_and_the_rest_slowly() -> None:
    new = extract(render_of(portal(content="<p>bài khác hẳn về mùa màng năm nay trên đồng</p>")))
    seen, alone = teach(EMPTY, BASELINE, new, learning=True), teach(EMPTY, BASELINE, new)
    assert seen.learned["words"] > 0
    assert alone.learned == {}
    assert seen.allowance("words") > alone.allowance("words")
    for _ in range(20):
        alone = teach(alone, BASELINE, new)
    assert alone.usual["text"] <= alone.allowance("text") < 0.36


@pytest.mark.parametrize("part", sorted(MOST))
def test_in_time_no_more_is_allowed_to_move_than_its_bound(part: str) -> None:
    old = Profile("mau", samples=10**6, learned={part: 0.9})
    assert old.allowance(part) == MOST[part]
    assert EMPTY.allowance(part) == AT_ONCE[part] <= 0.3
    assert Profile("mau", 10**6).allowance("identity") == Profile("mau", 10**6).allowance("paths") == 0.15


def test_tiles_and_pictures_that_moved_while_a_person_looked_on_may_move() -> None:
    other = extract(render_of(portal(), picture=screenshot(slider="#20a040")))
    seen, alone = teach(EMPTY, BASELINE, other, learning=True), teach(EMPTY, BASELINE, other)
    assert seen.tiles == alone.tiles
    assert seen.learned["tiles"] == len(seen.tiles) / 160 > 0.1
    assert seen.learned["pictures"] == 0
    assert seen.allowance("tiles") - alone.allowance("tiles") == pytest.approx(seen.learned["tiles"])
    assert alone.allowance("tiles") < 0.11


LINES = [
    f"{a} {b} {c}"
    for a in ("một", "hai", "ba", "bốn")
    for b in ("lúa", "ngô", "khoai")
    for c in ("đỏ", "xanh")
]
OTHER = [
    f"{a} {b} {c}" for a in ("xe", "tàu", "bè", "máy") for b in ("chạy", "dừng", "đỗ") for c in ("sớm", "tối")
]


def page_of(lines: list[str]) -> str:
    return portal(content="".join(f"<p>{line} trên đường về làng</p>" for line in lines))


def test_an_attacker_who_moves_in_ten_small_steps_teaches_no_more_than_the_budget_for_text() -> None:
    before = baseline_of(render_of(page_of(LINES)))
    profile = teach(EMPTY, before, before.looks[0].features, learning=True)
    texts = []
    for step in range(1, 11):
        replaced = round(len(LINES) * step / 10)
        features = extract(render_of(page_of([*OTHER[:replaced], *LINES[replaced:]])))
        texts.append(differences(before.looks[0].features.served, features.served, profile).text)
        for _ in range(3):
            profile = teach(profile, before, features)
    assert texts[0] < 0.1
    unknown = differences(before.looks[0].features.served, features.served, EMPTY).text
    assert 0 < unknown - texts[-1] <= profile.allowance("text") < 0.36


MENU = [
    f'<ul class="{name}"><li><a href="/{name}">Mục {name}</a></li></ul>' for name in "abcdefghijklmnopqrst"
]


def test_an_attacker_who_removes_the_menu_in_ten_small_steps_teaches_almost_nothing() -> None:
    before = baseline_of(render_of(portal(end="".join(MENU))))
    profile = teach(EMPTY, before, before.looks[0].features, learning=True)
    served = before.looks[0].features.served
    for step in range(1, 11):
        features = extract(render_of(portal(end="".join(MENU[2 * step :]))))
        for _ in range(3):
            profile = teach(profile, before, features)
    unknown = differences(served, features.served, EMPTY)
    taught = differences(served, features.served, profile)
    assert unknown.structure - taught.structure < 0.1
    assert unknown.identity - taught.identity < 0.1


def test_news_that_turn_over_every_day_become_usual_in_time() -> None:
    before = baseline_of(render_of(page_of(LINES)))
    features = extract(render_of(page_of(OTHER)))
    old = Profile("mau", samples=600, learned={})
    taught = teach(old, before, features)
    first = differences(before.looks[0].features.served, features.served, EMPTY).text
    assert differences(before.looks[0].features.served, features.served, taught).text < first / 2


@pytest.mark.parametrize("met", [{"status": 403}, {"status": None, "failure": Failure.CONNECT, "html": ""}])
def test_what_met_plain_http_alone_teaches_nothing(met: dict[str, Any]) -> None:
    look = render_of(portal(), served="<title>Access denied</title><p>Access denied</p>")
    walled = replace(look, probe=replace(look.probe, **met))
    assert teach(EMPTY, BASELINE, extract(walled)) == learned(portal())


def test_the_closest_approved_look_teaches() -> None:
    holiday = portal(content="<marquee><b>Chào mừng ngày lễ lớn của cả nước</b></marquee>")
    both = baseline_of(render_of(portal()), render_of(holiday))
    assert teach(EMPTY, both, extract(render_of(holiday))).paths == {}


def test_looks_that_differ_only_on_the_screen_teach_each_for_itself() -> None:
    day, night = (render_of(portal(), picture=screenshot(banner=banner)) for banner in ("#b01020", "#101060"))
    both = baseline_of(day, night)
    assert teach(EMPTY, both, extract(night)).tiles == {}
    assert teach(EMPTY, both, extract(day)).tiles == {}


def test_without_a_baseline_nothing_is_learned() -> None:
    assert teach(EMPTY, Baseline("mau", 0, ()), extract(render_of(portal()))) is EMPTY


def test_a_profile_stays_bounded_however_much_moves() -> None:
    base = BASELINE.looks[0].features.served
    profile = EMPTY
    for step in range(4):
        served = replace(
            base,
            paths=frozenset(range(step * 3000, step * 3000 + 3000)),
            hosts={"link": frozenset(f"h{step}-{n}.example" for n in range(300))},
        )
        profile = teach(profile, BASELINE, Features(1, served))
    assert len(profile.paths) <= ENTRIES
    assert len(profile.hosts) <= HOSTS


def test_documents_of_the_tests_are_documents() -> None:
    assert isinstance(BASELINE.looks[0].features.served, Document)
