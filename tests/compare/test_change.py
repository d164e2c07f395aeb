import pytest

from defacewatch.captures import Refusal
from defacewatch.compare.change import changes_of
from defacewatch.compare.differences import Facts
from defacewatch.signals import Kind, same_difference
from defacewatch.verdicts import CHANGED_AT, SALIENT_AT
from tests.compare.portal import baseline_of, one, portal, render_of, signals_of

NUMBERS = ("một", "hai", "ba", "bốn", "năm")


@pytest.mark.parametrize(
    ("field", "kind"),
    [("identity", Kind.IDENTITY_LOST), ("structure", Kind.STRUCTURE), ("text", Kind.TEXT)],
)
def test_points_grow_with_the_share(field: str, kind: Kind) -> None:
    shares = (0.5, 0.8, 1.0)
    points = [one(changes_of(Facts(**{field: share})), kind).points for share in shares]  # type: ignore[arg-type]
    assert points == sorted(points)
    assert not list(changes_of(Facts(**{field: 0.05})))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_text_alone_never_alerts(share: float) -> None:
    assert 15 < one(changes_of(Facts(text=share)), Kind.TEXT).points < CHANGED_AT


def test_what_can_be_read_no_longer_is_a_change_when_it_is_most_of_the_page() -> None:
    assert not list(changes_of(Facts(unseen=0.2)))
    assert one(changes_of(Facts(unseen=0.8)), Kind.VISIBLE_TEXT).points >= CHANGED_AT


def test_what_is_hidden_is_named_by_what_can_still_be_read() -> None:
    lines = [f"{a} {b} {c} đi về làng" for a in NUMBERS for b in NUMBERS for c in ("lúa", "ngô")]
    page = portal(content="".join(f"<p>{line}</p>" for line in lines))
    approved = baseline_of(render_of(page, text="\n".join(lines)))
    half, same, most = (
        one(signals_of(render_of(page, text="\n".join(left)), approved), Kind.VISIBLE_TEXT)
        for left in (lines[:25], [*lines[:24], "một câu khác hẳn"], lines[-3:])
    )
    assert same_difference(same.identity, half.identity)
    assert not same_difference(most.identity, half.identity)


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
