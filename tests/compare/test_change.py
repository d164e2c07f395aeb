import pytest
from PIL import Image

from defacewatch.captures import Refusal
from defacewatch.compare.change import changes_of
from defacewatch.compare.differences import Facts
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.verdicts import SALIENT_AT, VerdictKind
from tests.compare.portal import kinds, one, png, portal, render_of, screenshot, signals_of, verdict_of

WHITE = png(Image.new("RGB", (1280, 800), "white"))


@pytest.mark.parametrize(
    ("field", "kind"),
    [("identity", Kind.IDENTITY_LOST), ("structure", Kind.STRUCTURE), ("text", Kind.TEXT)],
)
def test_points_grow_with_the_share(field: str, kind: Kind) -> None:
    shares = (0.5, 0.8, 1.0)
    points = [one(changes_of(Facts(**{field: share})), kind).points for share in shares]  # type: ignore[arg-type]
    assert points == sorted(points)
    assert not list(changes_of(Facts(**{field: 0.05})))  # type: ignore[arg-type]


def test_text_alone_is_never_more_than_an_update() -> None:
    assert one(changes_of(Facts(text=1.0)), Kind.TEXT).points < 30


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (Facts(hosts={"link": frozenset(f"h{n}.example" for n in range(99))}), Kind.LINK_HOSTS),
        (Facts(hosts={"image": frozenset(f"h{n}.example" for n in range(99))}), Kind.RESOURCE_HOST),
        (Facts(inline_scripts=frozenset(map(str, range(99)))), Kind.INLINE_SCRIPT),
    ],
)
def test_what_ordinary_updates_cause_is_never_salient(facts: Facts, kind: Kind) -> None:
    assert 0 < one(changes_of(facts), kind).points < SALIENT_AT


def test_a_picture_in_place_of_the_page_is_seen_though_its_markup_is_the_same() -> None:
    found = verdict_of(render_of(portal(), picture=png(Image.new("RGB", (1280, 800), "#400000"))))
    assert found.kind is VerdictKind.CHANGED
    assert {Kind.SCREEN, Kind.COLOUR, Kind.BLANK_SCREEN} <= kinds(found.signals)


def test_a_blank_screen_is_a_change() -> None:
    assert Kind.BLANK_SCREEN in kinds(signals_of(render_of(portal(), picture=WHITE)))


def test_a_slider_that_moves_is_clean_and_silent_once_known() -> None:
    look = render_of(portal(), picture=screenshot(slider="#c0a020"))
    assert verdict_of(look).kind is VerdictKind.CLEAN
    slider = {str(row * 16 + column): 2 for row in range(3, 7) for column in range(1, 9)}
    assert signals_of(look, profile=Profile("mau", 2, tiles=slider)) == ()


def test_no_more_of_the_screen_than_its_bound_can_move() -> None:
    everything = Profile("mau", 2, tiles={str(tile): 2 for tile in range(160)})
    look = render_of(portal(), picture=png(Image.new("RGB", (1280, 800), "#400000")))
    assert one(signals_of(look, profile=everything), Kind.SCREEN).points > 20


def test_a_forbidden_address_is_a_difference_unless_it_was_approved() -> None:
    refused = (Refusal("http://10.0.0.5/admin", "private address 10.0.0.5"),)
    signal = one(signals_of(render_of(portal(), refusals=refused)), Kind.REFUSED_REQUEST)
    assert signal.evidence == {"url": "http://10.0.0.5/admin", "reason": "private address 10.0.0.5"}
    assert signal.identity == "refused-request=10.0.0.5"


def test_a_refused_address_without_a_host_is_named_as_it_is() -> None:
    refused = (Refusal("ftp://files.evil.example/a", "scheme ftp"),)
    signal = one(signals_of(render_of(portal(), refusals=refused)), Kind.REFUSED_REQUEST)
    assert signal.identity == "refused-request=ftp://files.evil.example/a"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"popups": ("https://evil.example/",)}, Kind.POPUP), ({"downloads": 2}, Kind.DOWNLOAD)],
)
def test_windows_and_downloads_are_differences(changes: dict[str, object], kind: Kind) -> None:
    look = render_of(portal(), served=None, picture=None, **changes)
    assert one(signals_of(look), kind).points >= SALIENT_AT


@pytest.mark.parametrize(
    ("one_title", "another", "same"),
    [
        ("Trang mới 08:30:01", "Trang mới 23:59:59", True),
        ("Trang mới 8h30", "Trang mới 23h05", True),
        ("Trang mới của tỉnh", "mới của tỉnh Trang", True),
        ("Trang mới", "Trang cũ", False),
        ("☠ 1", "☠ 2", True),
        ("☠", "…", False),
    ],
)
def test_a_clock_or_a_running_title_is_not_another_title(one_title: str, another: str, same: bool) -> None:
    first, again = (
        one(changes_of(Facts(title=("Cổng tỉnh", title), title_lost=1.0)), Kind.TITLE)
        for title in (one_title, another)
    )
    assert (first.identity == again.identity) is same
    assert again.evidence["after"] == another


def blank(colour: str) -> list[Signal]:
    look = render_of(portal(), picture=png(Image.new("RGB", (1280, 800), colour)))
    return [s for s in signals_of(look) if s.kind in (Kind.BLANK_SCREEN, Kind.COLOUR)]


def test_a_blank_screen_is_named_by_its_colour() -> None:
    (black, _), (nearly_black, _), (red, _) = map(blank, ("#000000", "#040404", "#c00000"))
    assert same_difference(nearly_black.identity, black.identity)
    assert not same_difference(red.identity, black.identity)


def test_a_shift_of_colour_is_named_by_the_new_colour() -> None:
    (_, black), (_, nearly_black), (_, red) = map(blank, ("#000000", "#040404", "#c00000"))
    assert same_difference(nearly_black.identity, black.identity)
    assert not same_difference(red.identity, black.identity)


def test_downloads_are_named_by_whose_page_starts_about_how_many() -> None:
    names = [
        one(signals_of(render_of(portal(), downloads=count, final_url=url)), Kind.DOWNLOAD).identity
        for count, url in [
            (2, "https://mau.gov.vn/"),
            (3, "https://www.mau.gov.vn/trang"),
            (9, "https://mau.gov.vn/"),
            (2, "https://evil.example/"),
        ]
    ]
    assert names[0] == names[1] == "download:mau.gov.vn 2"
    assert len(set(names)) == 3


def test_new_scripts_in_the_page_are_named_each() -> None:
    few, more = (
        one(changes_of(Facts(inline_scripts=frozenset(scripts))), Kind.INLINE_SCRIPT)
        for scripts in ("a", "ab")
    )
    assert same_difference(few.identity, more.identity)
    assert not same_difference(more.identity, few.identity)


def test_titles_are_told_before_and_after() -> None:
    signal = one(signals_of(render_of(portal(title="Trang mới " + "x" * 400))), Kind.TITLE)
    assert signal.evidence["before"] == "Cổng thông tin điện tử tỉnh Mẫu"
    assert len(str(signal.evidence["after"])) <= 160
