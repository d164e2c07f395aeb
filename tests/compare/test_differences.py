import pytest

from defacewatch.captures import Document
from defacewatch.compare import extract
from defacewatch.compare.differences import Facts, differences, joined, offsite_hosts
from defacewatch.profiles import Profile
from tests.compare.portal import NEWS, URL, portal, probe_of

NOTHING = Profile("mau")


def served(html: str, url: str = URL) -> Document:
    return extract(probe_of(html, final_url=url)).served


BEFORE = served(portal())


def facts(html: str, profile: Profile = NOTHING, url: str = URL) -> Facts:
    return differences(BEFORE, served(html, url), profile)


def test_nothing_differs_from_itself() -> None:
    found = facts(portal())
    assert (found.identity, found.structure, found.text, found.title, found.hosts) == (0, 0, 0, None, {})


def test_a_new_item_in_a_list_moves_the_text_and_not_the_structure() -> None:
    found = facts(portal(("Một tin rất mới vừa được đăng lên trang", *NEWS[:3])))
    assert found.structure == 0
    assert 0 < found.text < 0.5


def test_words_that_move_weigh_nothing() -> None:
    page = portal(("Tin một về giáo dục mầm non", *NEWS[:3]))
    lost = BEFORE.words - served(page).words
    moving = Profile("mau", 3, words={str(word): 3 for word in lost}, usual={"text": 0.4})
    assert facts(page, moving).text == 0 < facts(page).text


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("https://www.mau.gov.vn/trang-chu", None),
        ("http://mau.gov.vn/", None),
        ("https://khac.gov.vn/", "khac.gov.vn"),
        ("https://evil.example/", "evil.example"),
    ],
)
def test_a_page_that_comes_from_another_organisation_has_moved(url: str, moved: str | None) -> None:
    assert facts(portal(), url=url).moved_to == moved


def test_hosts_are_new_by_owner_and_role() -> None:
    page = portal(
        end='<script src="https://cdn.mau.gov.vn/a.js"></script><script src="https://x.example/a.js"></script>'
        '<img src="https://x.example/a.png">'
    )
    assert facts(page).hosts == {"script": {"x.example"}, "image": {"x.example"}}
    moving = Profile("mau", 3, hosts={"script x.example": 1})
    assert facts(page, moving).hosts == {"image": {"x.example"}}


def test_a_counter_in_the_title_is_no_other_title() -> None:
    assert facts(portal(title="(12) Cổng thông tin điện tử tỉnh Mẫu")).title is None
    assert facts(portal(title="Trang khác")).title == ("Cổng thông tin điện tử tỉnh Mẫu", "Trang khác")


def test_joining_keeps_the_larger_share_and_every_new_thing() -> None:
    one = Facts(
        hosts={"script": frozenset({"a"})}, structure=0.9, text=0.1, structure_sketch=1, text_sketch=2
    )
    other = Facts(
        hosts={"script": frozenset({"b"})}, structure=0.2, text=0.8, structure_sketch=3, text_sketch=4
    )
    both = joined(one, other)
    assert (both.structure, both.text, both.hosts) == (0.9, 0.8, {"script": frozenset({"a", "b"})})
    assert (both.structure_sketch, both.text_sketch) == (1, 4)


def test_hidden_links_count_by_owner_without_services_and_public_bodies() -> None:
    hidden = [
        (f"https://{host}/", "x")
        for host in ("a.evil.example", "b.evil.example", "facebook.com", "so.gov.vn")
    ]
    assert offsite_hosts(hidden) == ("a.evil.example",)
