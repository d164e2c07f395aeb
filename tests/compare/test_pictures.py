from collections.abc import Mapping
from dataclasses import replace

import pytest
from PIL import Image

from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.captures import Picture
from defacewatch.compare import extract
from defacewatch.compare.pictures import lasting_pictures, picture_signals
from defacewatch.features import Features, Screen
from defacewatch.profiles import Profile, teach
from defacewatch.shots import other_places
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.verdicts import CHANGED_AT
from tests.compare.portal import one, portal, render_of
from tests.compare.screens import pattern, picture, seen

EMPTY = Profile("mau")
HOST = "https://mau.gov.vn/"
EMBLEM = Picture("header.top>a.logo>img", HOST + "quoc-huy.png", 40, 20, 100, 100)
ICON = Picture("header.top>div.tools>img", HOST + "vi.png", 1200, 20, 40, 28)
HERO = Picture("main>div.hero>img", HOST + "cong-so.jpg", 80, 240, 640, 320)
THUMBS = tuple(
    Picture("section.news>ul>li>img", f"{HOST}tin/{n}.jpg", 80 + 160 * n, 900, 140, 100) for n in range(6)
)
SHOWN = {EMBLEM: 1, ICON: 2, HERO: 3} | {thumb: 10 + n for n, thumb in enumerate(THUMBS)}


def shown(pictures: Mapping[Picture, int]) -> Screen:
    """The portal with pictures in their places, each known by its pattern."""
    page = picture()
    for place, number in pictures.items():
        page.paste(pattern((place.width, place.height), number), (place.left, place.top))
    return seen(page, pictures=tuple(pictures))


BEFORE = shown(SHOWN)


def against(after: Mapping[Picture, int], profile: Profile = EMPTY, before: Screen = BEFORE) -> list[Signal]:
    return list(picture_signals(before, shown(after), profile))


def points(after: Mapping[Picture, int], profile: Profile = EMPTY) -> float:
    return sum(signal.points for signal in against(after, profile))


def test_the_same_pictures_say_nothing() -> None:
    assert against(SHOWN) == []


def test_a_picture_that_takes_turns_with_another_of_the_page_says_nothing() -> None:
    other = replace(HERO, url=HOST + "cau.jpg")
    turned = {(other if place is HERO else place): number for place, number in SHOWN.items()} | {other: 77}

    def told(*kept: str) -> bool:
        return bool(list(picture_signals(BEFORE, shown(turned), EMPTY, kept)))

    assert not told(HERO.url, other.url)
    assert not told(HERO.url, other.url, EMBLEM.url)
    assert told(), "nothing is known of either"
    assert told(other.url), "the one that stood there is not loaded any more, or is another"
    assert told(HERO.url), "what stands there now is new, or another than it was"
    overwritten = SHOWN | {HERO: 77}
    assert list(picture_signals(BEFORE, shown(overwritten), EMPTY, (HERO.url,))), "it looks otherwise"


@pytest.mark.parametrize("place", [EMBLEM, HERO], ids=["emblem", "hero"])
def test_another_emblem_or_hero_is_a_change_by_itself(place: Picture) -> None:
    overwritten = SHOWN | {place: 77}
    assert points(overwritten) >= CHANGED_AT
    elsewhere = {
        (replace(p, url="https://x.example/skull.gif") if p is place else p): n for p, n in SHOWN.items()
    }
    elsewhere[replace(place, url="https://x.example/skull.gif")] = 77
    signal = one(against(elsewhere), Kind.PICTURES)
    assert signal.points >= CHANGED_AT
    assert signal.evidence == {"count": 1, "total": 9, "where": [place.url.removeprefix(HOST)]}


def test_another_element_in_the_place_of_the_hero_is_a_change() -> None:
    after = {place: number for place, number in SHOWN.items() if place is not HERO}
    after[replace(HERO, path="body>img", url="https://x.example/x.gif")] = 77
    assert points(after) >= CHANGED_AT


def test_all_pictures_swapped_is_a_change_even_without_emblem_and_hero() -> None:
    before = shown({thumb: n for n, thumb in enumerate(THUMBS)})
    same_everywhere = {replace(thumb, url=HOST + "x.png"): 50 for thumb in THUMBS}
    (signal,) = against(same_everywhere, before=before)
    assert signal.points >= CHANGED_AT


def test_another_icon_is_next_to_nothing() -> None:
    assert points(SHOWN | {ICON: 77}) <= 3


def test_other_thumbnails_are_no_change() -> None:
    after = {place: number for place, number in SHOWN.items() if place not in THUMBS}
    after |= {replace(thumb, url=f"{HOST}tin/{n}.jpg"): 60 + n for n, thumb in enumerate(THUMBS)}
    assert points(after) < 20


def test_a_picture_that_did_not_load_once_weighs_little() -> None:
    for missing in (EMBLEM, HERO):
        assert points({place: number for place, number in SHOWN.items() if place is not missing}) < 12
    assert points({}) < CHANGED_AT


def test_pictures_that_only_moved_say_nothing() -> None:
    lower = {replace(place, top=place.top + 60): number for place, number in SHOWN.items()}
    assert against(lower) == []
    turned = {thumb: 10 + (n + 1) % 6 for n, thumb in enumerate(THUMBS)}
    assert against(SHOWN | turned) == []


def test_a_slide_that_is_the_next_one_is_silent_once_learned() -> None:
    slide = replace(HERO, path="main>div.slides>img")
    before = shown({EMBLEM: 1, ICON: 2, slide: 3})
    learned = other_places(before.shots, shown({EMBLEM: 1, ICON: 2, replace(slide, url="/2.jpg"): 4}).shots)
    profile = Profile("mau", 1, pictures=dict.fromkeys(learned, 1), learned={"pictures": 0.34})
    after = {EMBLEM: 1, ICON: 2, replace(slide, url="/3.jpg"): 5}
    assert 0 < sum(s.points for s in against(after, before=before)) < CHANGED_AT
    assert against(after, profile, before) == []


def test_a_profile_learns_which_pictures_are_others() -> None:
    served = extract(render_of(portal())).served
    approved = Baseline("mau", 1, (ApprovedLook("1", Features(1, served, served, BEFORE)),))
    after = shown({place: number for place, number in (SHOWN | {HERO: 77}).items() if place is not EMBLEM})
    profile = teach(EMPTY, approved, Features(1, served, served, after))
    assert profile.pictures == {HERO.path: 1}


def test_what_is_learned_to_move_does_not_hide_the_emblem() -> None:
    profile = Profile("mau", 5, pictures={HERO.path: 5, THUMBS[0].path: 3}, learned={"pictures": 0.6})
    assert points(SHOWN | {EMBLEM: 77, HERO: 78}, profile) >= CHANGED_AT


def test_no_more_than_a_share_of_the_pictures_can_move() -> None:
    paths = [f"div.n{n}>img" for n in range(10)]
    shots = [replace(BEFORE.shots[0], path=path) for path in paths]
    profile = Profile("mau", 5, pictures={path: n for n, path in enumerate(paths, 1)})
    assert [shot.path for shot in lasting_pictures(shots, profile)] == paths[:9]
    seen = replace(profile, learned={"pictures": 0.9})
    assert [shot.path for shot in lasting_pictures(shots, seen)] == paths[:4]


def test_the_only_picture_can_move() -> None:
    profile = Profile("mau", 5, pictures={HERO.path: 2})
    (hero,) = shown({HERO: 3}).shots
    assert lasting_pictures([hero], profile) == []
    assert lasting_pictures([hero], EMPTY) == [hero]


def test_what_stands_on_a_background_is_not_the_background() -> None:
    ground = replace(HERO, path="main>div.intro")
    before = shown({ground: 3})
    assert against({ground: 77}, before=before) == []
    assert (
        against({replace(ground, url="https://x.example/x.png"): 77}, before=before)[0].points >= CHANGED_AT
    )


def test_pictures_in_greys_are_the_same_pictures() -> None:
    page = picture()
    for place, number in SHOWN.items():
        page.paste(pattern((place.width, place.height), number), (place.left, place.top))
    grey = page.convert("L", matrix=(0.2126, 0.7152, 0.0722, 0)).convert("RGB")
    assert list(picture_signals(BEFORE, seen(grey, pictures=tuple(SHOWN)), EMPTY)) == []


def test_a_swap_is_named_by_what_came_in_its_place() -> None:
    one_skull, again, other = (against(SHOWN | {EMBLEM: number})[0].identity for number in (77, 77, 78))
    assert same_difference(one_skull, again)
    assert not same_difference(one_skull, other)


def test_names_in_the_evidence_are_short() -> None:
    data = replace(HERO, url="data:image/png;base64," + "A" * 500)
    long = replace(EMBLEM, url=HOST + "x" * 280 + ".png?v=1")
    before = shown({data: 3, long: 1})
    where = against({data: 77, long: 78}, before=before)[0].evidence["where"]
    assert where == ["x" * 60, HERO.path]


def test_a_flat_picture_in_place_of_the_emblem_is_another_one() -> None:
    page = picture()
    for place, number in SHOWN.items():
        page.paste(pattern((place.width, place.height), number), (place.left, place.top))
    page.paste(Image.new("RGB", (100, 100), "black"), (40, 20))
    assert next(picture_signals(BEFORE, seen(page, pictures=tuple(SHOWN)), EMPTY)).points >= CHANGED_AT
