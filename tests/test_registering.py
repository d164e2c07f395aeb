"""What an import would do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.portals import Contact, Page, Portal, Source, page_id
from defacewatch.registering import Move, digest, mark, planned, suggested_key

URL = "https://a.vn/"
PAGE = Page(page_id("a", URL), "a", URL, timedelta(seconds=15))
A = Portal("a", "A", "UBND", level=3, contacts=(Contact("Bình"),), pages=(PAGE,), tags=("x",))


def test_what_a_file_does_not_speak_of_stays_as_it_is() -> None:
    bare = replace(A, name="B", owner=None, contacts=(), tags=(), pages=(replace(PAGE, probe_every=None),))
    (step,) = planned({"a": A}, [bare], frozenset({"key", "name", "pages"}))
    assert step.move is Move.CHANGED
    assert step.portal == replace(A, name="B")


def test_what_a_file_speaks_of_is_taken_as_it_says() -> None:
    (step,) = planned({"a": A}, [replace(A, owner=None)], None)
    assert (step.move, step.portal.owner) == (Move.CHANGED, None)


@pytest.mark.parametrize(
    ("old", "move"),
    [
        (None, Move.ADDED),
        (A, Move.SAME),
        (replace(A, enabled=False), Move.ADDED),
        (replace(A, name="B"), Move.CHANGED),
        (replace(A, name="B", source=Source.FILE), Move.REFUSED),
        (replace(A, source=Source.FILE), Move.SAME),
    ],
)
def test_a_portal_is_added_changed_left_or_refused(old: Portal | None, move: Move) -> None:
    known = {} if old is None else {"a": old}
    assert [step.move for step in planned(known, [A], None)] == [move]


def test_any_difference_in_what_would_be_done_shows() -> None:
    steps = planned({}, [A], None)
    assert digest(steps) == digest(planned({}, [A], None))
    others = [
        planned({"a": A}, [A], None),
        planned({}, [replace(A, tags=())], None),
        planned({"a": replace(A, name="B")}, [A], None),
        (),
    ]
    assert len({digest(steps), *map(digest, others)}) == 5
    assert mark(A) != mark(replace(A, contacts=()))


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.hungyen.gov.vn/", "hungyen"),
        ("https://so-khcn.hungyen.gov.vn/x", "so-khcn-hungyen"),
        ("http://127.0.0.1:8080/", "127-0-0-1"),
        ("hungyen.gov.vn", ""),
        ("http://[", ""),
    ],
)
def test_a_key_is_suggested_after_the_host(url: str, key: str) -> None:
    assert suggested_key(url) == key
