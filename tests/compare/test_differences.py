from dataclasses import replace

import pytest

from defacewatch.compare import extract
from defacewatch.compare.differences import REDESIGN, Facts, differences, joined
from defacewatch.features import Document
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
    known = {"words": 0.5, "text": 0.5}
    moving = Profile("mau", 3, words={str(word): 3 for word in lost}, usual={"text": 0.5}, learned=known)
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


MENU = "".join(f'<li><a href="/muc-moi-{chr(97 + n)}/">Mục {chr(97 + n)}</a></li>' for n in range(12))
SHELL = '<title>Ứng dụng</title><div id="root"></div><script src="/khac/a.js"></script>'


@pytest.mark.parametrize(
    "page",
    [f"<title>Tỉnh Mẫu – cổng thông tin mới</title><h1>Chào mừng</h1><ul>{MENU}</ul>", SHELL],
    ids=["a redesign", "a shell that scripts fill"],
)
def test_what_is_still_this_organisations_is_not_replaced_however_new_it_looks(page: str) -> None:
    assert facts(page).identity <= REDESIGN


def test_a_name_and_a_menu_that_nobody_sees_do_not_keep_the_identity() -> None:
    page = f"<title>Tỉnh Mẫu – cổng thông tin mới</title><h1>Chào mừng</h1><ul>{MENU}</ul>"
    after = served(page)
    blank = replace(after, visible=frozenset(), visible_length=0)
    assert differences(BEFORE, blank, NOTHING).identity > REDESIGN
    read = replace(after, visible=frozenset({1}), visible_length=90)
    assert differences(BEFORE, read, NOTHING).identity <= REDESIGN


@pytest.mark.parametrize(
    "page",
    [
        "<title>Hacked www.mau.gov.vn</title><h1>Cổng tỉnh Mẫu hacked</h1><script src=/a.js></script>",
        '<title>x</title><script src="/a.js"></script><img src="/owned.png">',
    ],
    ids=["a claim that names the site", "a picture alone"],
)
def test_a_page_put_in_its_place_has_lost_the_identity(page: str) -> None:
    assert facts(page).identity > 0.85


def test_what_is_gone_weighs_more_than_what_is_new_in_the_structure() -> None:
    widget = portal(end="".join(f"<x-{n}><y-{n}><i></i></y-{n}></x-{n}>" for n in range(9)))
    without = facts(widget).structure
    gone = differences(served(widget), BEFORE, NOTHING).structure
    assert 0 < without < gone


def test_a_page_is_rebuilt_by_what_it_lost_and_not_by_what_was_added() -> None:
    junk = portal(end="".join(f"<x-{n}><y-{n}><i></i></y-{n}></x-{n}>" for n in map(chr, range(97, 123))))
    added = facts(junk)
    assert (added.structure > 0.2, added.rebuilt) == (True, 0)
    gone = differences(served(junk), BEFORE, NOTHING)
    assert gone.rebuilt == gone.structure > 0.2
    assert joined(added, gone).rebuilt == gone.rebuilt


def test_no_profile_makes_a_page_forget_its_structure() -> None:
    everything = Profile("mau", 9, paths={str(path): 9 for path in BEFORE.paths})
    assert facts("<main><h1>x</h1></main>", everything).structure > 0.8
