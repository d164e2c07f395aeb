from dataclasses import replace
from typing import Any

import pytest

from defacewatch.baselines import Baseline
from defacewatch.captures import Document, Failure, Features, Screen
from defacewatch.compare import extract
from defacewatch.profiles import ENTRIES, HOSTS, TILES_SHARE, USUAL_TEXT, Profile, differing_tiles, teach
from tests.compare.portal import BASELINE, NEWS, baseline_of, portal, render_of

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
    assert 0 < once.usual["text"] == twice.usual["text"] < 0.5


def test_a_part_moves_when_it_differed_often_enough() -> None:
    profile = Profile("mau", samples=200, paths={"1": 3, "2": 4, "3": 100})
    assert profile.moving(profile.paths, ["1", "2", "3", "4"], 1.0) == {"2", "3"}
    assert Profile("mau", 1, paths={"1": 1}).moving({"1": 1}, ["1"], 1.0) == {"1"}


def test_no_more_than_a_share_of_a_page_can_move() -> None:
    profile = Profile("mau", samples=5, tiles={str(tile): 1 + tile % 5 for tile in range(160)})
    moving = profile.moving(profile.tiles, map(str, range(160)), TILES_SHARE)
    assert len(moving) == 64
    assert {profile.tiles[tile] for tile in moving} == {5, 4}


EVIL = (
    '<script src="https://s.example/x.js"></script><iframe src="https://f.example/"></iframe>'
    '<img src="https://i.example/a.png"><a href="https://l.example/">x</a>'
)


def test_hosts_that_are_evidence_are_learned_only_from_captures_that_a_person_approves() -> None:
    assert set(learned(portal(end=EVIL)).hosts) == {"image i.example", "link l.example"}
    assert set(learned(portal(end=EVIL), learning=True).hosts) >= {"script s.example", "frame f.example"}


def test_usual_text_has_a_bound_and_fades() -> None:
    all_new = extract(render_of("<p>hoàn toàn khác hẳn mọi thứ đã duyệt từ trước đến nay</p>"))
    profile = teach(EMPTY, BASELINE, all_new)
    assert profile.usual["text"] == USUAL_TEXT
    assert teach(profile, BASELINE, extract(render_of(portal()))).usual["text"] < USUAL_TEXT


@pytest.mark.parametrize("met", [{"status": 403}, {"status": None, "failure": Failure.CONNECT, "html": ""}])
def test_what_met_plain_http_alone_teaches_nothing(met: dict[str, Any]) -> None:
    look = render_of(portal(), served="<title>Access denied</title><p>Access denied</p>")
    walled = replace(look, probe=replace(look.probe, **met))
    assert teach(EMPTY, BASELINE, extract(walled)) == learned(portal())


def test_the_closest_approved_look_teaches() -> None:
    holiday = portal(content="<marquee><b>Chào mừng ngày lễ lớn của cả nước</b></marquee>")
    both = baseline_of(render_of(portal()), render_of(holiday))
    assert teach(EMPTY, both, extract(render_of(holiday))).paths == {}


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


def screen(tiles: tuple[int, ...], colour: tuple[int, int, int] = (9, 9, 9), columns: int = 2) -> Screen:
    return Screen("0" * 16, "0" * 16, columns, len(tiles) // columns, tiles, (colour,) * len(tiles), 0.0)


def test_tiles_differ_by_pattern_or_colour_and_not_by_a_little_noise() -> None:
    assert differing_tiles(screen((0, 0)), screen((7, 2**64 - 1))) == {1}
    assert differing_tiles(screen((0, 0)), screen((0, 0), (9, 19, 9))) == frozenset()
    assert differing_tiles(screen((0, 0)), screen((0, 0), (9, 99, 9))) == {0, 1}
    assert differing_tiles(screen((0, 0)), screen((0,), columns=1)) == {0, 1}


def test_documents_of_the_tests_are_documents() -> None:
    assert isinstance(BASELINE.looks[0].features.served, Document)
