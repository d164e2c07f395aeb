from dataclasses import replace

import pytest

from defacewatch.captures import Cover, Rendering
from defacewatch.compare import extract
from defacewatch.compare.covers import COVERS, cover_signals, covers_of
from defacewatch.features import Document
from defacewatch.profiles import COVERS as LEARNED
from defacewatch.profiles import Profile, teach
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.verdicts import CHANGED_AT
from tests.compare.portal import BASELINE, NOW, kinds, one, portal, render_of, signals_of

PAGE = BASELINE.looks[0].features.served
FRAME = Cover("iframe", "https://x.example/", "", 1.0)
NOTICE = Cover("div", "", "Thông báo: cổng sẽ bảo trì từ 22 giờ ngày 30 tháng 4, mong quý vị thông cảm", 0.4)


EMPTY = Profile("mau")


def covered(*covers: Cover) -> Document:
    return replace(PAGE, covers=covers_of(Rendering(NOW, covers=covers)))


def points(cover: Cover, *known: Cover) -> float:
    return sum(signal.points for signal in cover_signals(covered(*known), covered(cover), EMPTY))


def new(cover: Cover) -> Signal:
    (signal,) = cover_signals(PAGE, covered(cover), EMPTY)
    return signal


@pytest.mark.parametrize("tag", ["div", "iframe", "img"])
def test_a_cover_of_the_whole_screen_is_a_change(tag: str) -> None:
    assert new(Cover(tag, "", "HACKED BY SOMEBODY", 0.95)).points >= 35


def test_points_grow_with_what_is_covered() -> None:
    found = [points(replace(NOTICE, share=share)) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert found == sorted(found)
    assert found[0] == 0 < found[1]


def test_a_picture_from_a_host_nobody_knows_weighs_more() -> None:
    own = replace(FRAME, url=PAGE.url + "khung.html", share=0.5)
    video = replace(FRAME, url="https://www.youtube.com/embed/x", share=0.5)
    strange = replace(FRAME, share=0.5)
    assert points(own) == points(video) < points(strange)
    assert points(replace(strange, text=NOTICE.text)) == points(own)


@pytest.mark.parametrize(
    "text",
    [
        "Trang này sử dụng cookie để nâng cao trải nghiệm",
        "Bằng cách tiếp tục, bạn đồng ý với điều khoản",
        "CHẤP NHẬN tất cả",
        "Your consent, please",
    ],
)
def test_asking_for_consent_weighs_half(text: str) -> None:
    asked, said = Cover("div", "", text, 0.9), Cover("div", "", "x" * len(text), 0.9)
    assert points(asked) == pytest.approx(points(said) / 2, abs=0.1)
    assert points(asked) < CHANGED_AT


def test_words_within_words_ask_for_nothing() -> None:
    assert points(Cover("div", "", "dongychaphhan", 0.9)) >= 35


def test_a_cover_that_was_approved_says_nothing() -> None:
    assert points(NOTICE, NOTICE) == 0
    assert (
        points(replace(NOTICE, share=0.5, text=NOTICE.text.replace("30 tháng 4", "2 tháng 9")), NOTICE) == 0
    )


def test_a_cover_where_one_was_approved_weighs_half() -> None:
    other = replace(NOTICE, text="Chúc mừng năm mới, kính chúc quý vị an khang thịnh vượng trong năm tới")
    assert points(other, NOTICE) == points(other) / 2
    assert points(replace(other, share=0.9), NOTICE) == points(replace(other, share=0.9)) > 35
    assert points(replace(other, tag="iframe"), NOTICE) == points(other)


def test_the_worst_of_several_counts() -> None:
    found = list(cover_signals(PAGE, covered(NOTICE, FRAME, replace(NOTICE, share=0.3)), EMPTY))
    assert [signal.evidence for signal in found] == [{"share": 100, "what": "https://x.example/"}]


def test_a_cover_is_named_by_what_it_is_and_says() -> None:
    later = replace(NOTICE, text=NOTICE.text.replace("22 giờ", "23 giờ"))
    assert same_difference(new(later).identity, new(NOTICE).identity)
    assert not same_difference(new(FRAME).identity, new(NOTICE).identity)
    long = new(replace(NOTICE, tag="t" * 900, text="chữ " * 900, url="https://x.example/" + "a" * 900))
    assert len(long.identity) <= 200
    assert len(str(long.evidence["what"])) <= 80


@pytest.mark.parametrize(
    ("one_url", "another", "same"),
    [
        (f"data:image/png;base64,{'A' * 900}b", f"data:image/png;base64,{'A' * 900}c", False),
        (PAGE.url + "anh/a.png", PAGE.url + "anh/b.png", False),
        (PAGE.url + "anh/a.png?v=1", PAGE.url + "anh/a.png?v=2", True),
        ("https://i.example/a.png", "https://i.example/b.png", False),
    ],
)
@pytest.mark.parametrize("tag", ["div", "img"])
def test_a_cover_that_shows_a_picture_is_named_by_the_picture(
    tag: str, one_url: str, another: str, same: bool
) -> None:
    first, again = (new(Cover(tag, url, "Đóng", 0.9)) for url in (one_url, another))
    assert same_difference(again.identity, first.identity) is same


def test_a_frame_of_others_is_named_by_its_owner() -> None:
    first, again = (new(replace(FRAME, url=f"https://{name}.x.example/{name}")) for name in "ab")
    assert first.identity == again.identity
    data = new(Cover("img", "data:image/png;base64,AAAA", "", 0.9))
    assert data.evidence["what"] == "img"


def test_a_cover_of_many_words_is_named_by_them_and_not_by_its_picture() -> None:
    first, again = (new(replace(NOTICE, url=f"{PAGE.url}{name}.png")) for name in "ab")
    assert first.identity == again.identity


POPUP = Cover("div", "https://mau.gov.vn/anh/chuc-mung.png", "Đóng", 0.6)


def test_a_cover_that_came_and_went_while_the_page_was_learned_says_nothing() -> None:
    sample = render_of(portal(), covers=(POPUP,))
    before = BASELINE.looks[0].features
    taught = teach(EMPTY, BASELINE, extract(sample), learning=True)
    assert Kind.COVER in kinds(signals_of(sample))
    assert Kind.COVER not in kinds(signals_of(sample, BASELINE, taught))
    other = render_of(portal(), covers=(replace(POPUP, url="https://mau.gov.vn/anh/hacked.png"),))
    assert Kind.COVER in kinds(signals_of(other, BASELINE, taught))
    for _ in range(500):
        taught = teach(taught, BASELINE, before)
    assert Kind.COVER not in kinds(signals_of(sample, BASELINE, taught))


def test_a_cover_that_no_person_looked_at_is_not_learned() -> None:
    sample = render_of(portal(), covers=(POPUP,))
    taught = teach(EMPTY, BASELINE, extract(sample))
    assert Kind.COVER in kinds(signals_of(sample, BASELINE, taught))


def test_a_cover_without_anything_to_name_it_by_is_not_learned() -> None:
    plain = render_of(portal(), covers=(Cover("div", "", "", 0.9),))
    taught = teach(EMPTY, BASELINE, extract(plain), learning=True)
    assert Kind.COVER in kinds(signals_of(plain, BASELINE, taught))


def test_the_covers_of_a_profile_are_bounded() -> None:
    taught = EMPTY
    for step in range(8):
        urls = (f"https://mau.gov.vn/{step}-{n}.png" for n in range(COVERS))
        look = render_of(portal(), covers=tuple(Cover("img", url, "", 0.5) for url in urls))
        taught = teach(taught, BASELINE, extract(look), learning=True)
    assert len(taught.covers) == LEARNED


def test_what_is_kept_of_covers_is_bounded() -> None:
    many = tuple(Cover("t" * 99, "u" * 9999, "x" * 99_999, n / 100) for n in range(100))
    kept = covers_of(Rendering(NOW, covers=many))
    assert [cover.share for cover in kept] == [n / 100 for n in range(99, 99 - COVERS, -1)]
    assert all(len(cover.tag) <= 40 and len(cover.url) <= 500 and len(cover.text) <= 1000 for cover in kept)
    assert all(len(cover.name) <= 160 for cover in kept)
    assert covers_of(None) == ()


def test_a_look_with_a_cover_says_so() -> None:
    look = render_of(portal(), covers=(FRAME,))
    assert one(signals_of(look), Kind.COVER).points >= 35
