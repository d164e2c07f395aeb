"""Which portals a wall shows, and in which order."""

from dataclasses import replace

import pytest

from defacewatch.incidents import State
from defacewatch.store.wall import WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.filters import SHOWN, Filters, choose, folded, options
from defacewatch.web.front import Front
from defacewatch.web.live import Snapshot

PLAIN = WallPage(
    "a-1", "https://a.gov.vn/", "a", "Sở Y tế", "UBND tỉnh", "VNPT", 3, False, False, VerdictKind.CLEAN, 0.0,
    None, None, None, None, None, None, True,
)  # fmt: skip


def page(key: str, **changes: object) -> WallPage:
    made = replace(PLAIN, page=f"{key}-1", portal=key, name=key)
    return replace(made, **changes)  # type: ignore[arg-type]


def keys(pages: list[WallPage], **query: str) -> list[str]:
    return [seat.page.portal for seat in choose(pages, Filters.of(query)).seats]


def test_what_stands_in_an_address_comes_back_out_of_it() -> None:
    asked = {"view": "rows", "q": "sở y", "owner": "UBND tỉnh", "level": "3", "critical": "1", "page": "2"}
    filters = Filters.of(asked)
    assert filters.address(page=2).startswith("/?view=rows&q=s%E1%BB%9F+y&owner=")
    assert filters.address() == filters.address(page=1)
    assert "page=" not in filters.address(verdict="clean")
    assert Filters().address() == "/"
    assert not Filters.of({"view": "rows", "page": "3"}).narrow
    assert filters.narrow


@pytest.mark.parametrize(
    "query",
    [{"level": "9"}, {"verdict": "<b>"}, {"page": "-1"}, {"page": "²"}, {"page": "9" * 40}, {"view": "x"}],
)
def test_what_makes_no_sense_in_an_address_is_left_out(query: dict[str, str]) -> None:
    assert Filters.of(query) == Filters()


def test_each_filter_leaves_what_it_names() -> None:
    some = [page("a"), page("b", owner="Sở Tài chính", operator="FPT", level=1, critical=True)]
    for query in ({"owner": "Sở Tài chính"}, {"operator": "FPT"}, {"level": "1"}, {"critical": "1"}):
        assert keys(some, **query) == ["b"]
    assert keys(some, owner="nobody") == []


def test_a_search_needs_neither_marks_nor_capital_letters_nor_order() -> None:
    some = [page("a", name="Sở Giáo dục và Đào tạo"), page("b", url="https://yte.gov.vn/")]
    assert keys(some, q="dao tao SO") == ["a"]
    assert keys(some, q="yte.gov") == ["b"]
    assert folded("Đông Hòa") == "dong hoa"


def test_a_portal_is_as_bad_as_its_worst_page_and_rows_show_each() -> None:
    some = [page("a"), page("a", page="a-2", verdict=VerdictKind.DEFACED), page("b")]
    tiles = choose(some, Filters()).seats
    assert [(seat.key, len(seat.pages), seat.page.page) for seat in tiles] == [
        ("t-a", 2, "a-2"),
        ("t-b", 1, "b-1"),
    ]
    rows = choose(some, Filters(view="rows")).seats
    assert [seat.key for seat in rows] == ["r-a-2", "r-a-1", "r-b-1"]


def test_the_worst_comes_first_then_what_nobody_has_then_what_is_critical() -> None:
    bad = {"verdict": VerdictKind.DEFACED, "incident": 1, "incident_verdict": VerdictKind.DEFACED}
    some = [
        page("paused", paused=True, **bad),
        page("clean"),
        page("critical", critical=True),
        page("taken", incident_state=State.ACKNOWLEDGED, **bad),
        page("waiting", incident_state=State.OPEN, **bad),
    ]
    assert keys(some) == ["waiting", "taken", "critical", "clean", "paused"]


def test_counts_are_of_what_the_other_filters_leave() -> None:
    some = [page("a"), page("b", verdict=VerdictKind.CHANGED), page("c", verdict=None), page("d", level=1)]
    choice = choose(some, Filters(verdict="clean", level="3"))
    assert choice.counts == {VerdictKind.CHANGED: 1, VerdictKind.CLEAN: 1, None: 1}
    assert [seat.page.portal for seat in choice.seats] == ["a"]
    assert keys(some, verdict="none") == ["c"]


def test_a_long_wall_comes_in_pages_and_never_past_the_last() -> None:
    some = [page(f"p{number:04}") for number in range(SHOWN["tiles"] + 1)]
    assert len(choose(some, Filters()).seats) == SHOWN["tiles"]
    last = choose(some, Filters(page=99))
    assert (last.page, last.last, len(last.seats)) == (2, 2, 1)
    assert choose([], Filters(page=4)).last == 1


def test_options_come_once_and_in_order() -> None:
    assert options(["b", None, "a", "b", ""]) == ["a", "b"]


def test_of_a_portal_that_page_stands_in_front_of_which_nobody_has_the_incident() -> None:
    """Of two attacks the one that waits, and of those the latest."""
    pages = [
        page(
            "a",
            page=f"a-{number}",
            incident=number,
            incident_verdict=VerdictKind.DEFACED,
            incident_state=state,
        )
        for number, state in ((1, State.OPEN), (2, State.OPEN), (3, State.ACKNOWLEDGED))
    ]
    (seat,) = choose(pages, Filters()).seats
    assert [found.incident for found in seat.pages] == [2, 1, 3]


def test_who_looks_at_the_same_shares_one_choice() -> None:
    snapshot = Snapshot(1, (page("a"), page("b")), Front())
    assert snapshot.choice(Filters.of({"q": "a"})) is snapshot.choice(Filters.of({"q": "a"}))
    assert len(snapshot.choice(Filters()).seats) == 2
