from datetime import UTC, datetime

import pytest

from defacewatch.captures import Failure, Material, Probe, Resource, Validators
from defacewatch.materials import (
    HASHES,
    MOST,
    RESTLESS,
    RESTLESS_MOST,
    has_changed,
    is_worth_asking,
    made_of,
    with_body,
)

PAGE = "https://tinh.gov.vn/"
CSS = "https://tinh.gov.vn/style.css"
NOW = datetime(2026, 9, 2, tzinfo=UTC)


def css(**changes: object) -> Resource:
    return Resource(**{"url": CSS, "kind": "stylesheet", "status": 200, "etag": '"1"', **changes})  # type: ignore[arg-type]


def test_a_page_is_made_of_what_was_loaded_and_can_be_asked_for() -> None:
    loaded = [
        Resource(PAGE, "document", 200, etag='"p"'),
        css(),
        css(),
        Resource("https://cdn.vn/a.js", "script", 200, last_modified="Wed, 02 Sep 2026 00:00:00 GMT"),
        Resource("https://tinh.gov.vn/hero.jpg#x", "image", 200, body_hash="ab"),
        Resource("https://ads.vn/frame", "document", 200, etag='"f"'),
        Resource("https://tinh.gov.vn/gone.png", "image", 404, etag='"g"'),
        Resource("https://tinh.gov.vn/api", "xhr", 200, etag='"x"'),
        Resource("https://tinh.gov.vn/no-way-to-ask.css", "stylesheet", 200),
        Resource("data:image/png;base64,AA", "image", 200, body_hash="cd"),
        Resource("https://tinh.gov.vn/" + "a" * 3000, "image", 200, etag='"l"'),
    ]
    assert made_of(loaded, page_urls=[PAGE]) == (
        Material(CSS, "stylesheet", '"1"'),
        Material("https://cdn.vn/a.js", "script", None, "Wed, 02 Sep 2026 00:00:00 GMT"),
        Material("https://tinh.gov.vn/hero.jpg", "image", hashes=("ab",)),
        Material("https://ads.vn/frame", "document", '"f"'),
    )


def test_a_page_cannot_make_the_list_as_long_as_it_likes() -> None:
    loaded = [css(url=f"{CSS}?{number}") for number in range(2 * MOST)]
    assert len(made_of(loaded, page_urls=[PAGE])) == MOST


def test_what_changes_again_and_again_on_a_calm_page_is_restless_and_not_asked_for() -> None:
    known: tuple[Material, ...] = ()
    for number in range(RESTLESS + 1):
        known = made_of([css(etag=f'"{number}"')], page_urls=[PAGE], previous=known)
    assert known[0].restless == RESTLESS
    assert not is_worth_asking(known[0])
    for number in range(10):
        known = made_of([css(etag=f'"again {number}"')], page_urls=[PAGE], previous=known)
    assert known[0].restless == RESTLESS_MOST


def test_what_has_come_to_rest_is_asked_for_again() -> None:
    known: tuple[Material, ...] = (Material(CSS, "stylesheet", '"1"', restless=RESTLESS),)
    known = made_of([css()], page_urls=[PAGE], previous=known)
    assert is_worth_asking(known[0])


def test_a_body_that_is_known_is_no_change_and_stays_known() -> None:
    known = made_of([css(etag=None, body_hash="a")], page_urls=[PAGE])
    known = made_of([css(etag=None, body_hash="b")], page_urls=[PAGE], previous=known)
    assert (known[0].hashes, known[0].restless) == (("b", "a"), 1)
    known = made_of([css(etag=None, body_hash="a")], page_urls=[PAGE], previous=known)
    assert (known[0].hashes, known[0].restless) == (("a", "b"), 0)
    for letter in "cdefg":
        known = made_of([css(etag=None, body_hash=letter)], page_urls=[PAGE], previous=known)
    assert len(known[0].hashes) == HASHES


TAGGED = Material(CSS, "stylesheet", '"1"')
DATED = Material(CSS, "stylesheet", None, "Wed, 02 Sep 2026 00:00:00 GMT")
HASHED = Material(CSS, "stylesheet", hashes=("a", "b"))
BOTH = Material(CSS, "stylesheet", '"1"', hashes=("a",))


def answer(
    status: int | None = 200, *, etag: str | None = None, date: str | None = None, **more: object
) -> Probe:
    body = more.pop("body_hash", "z")
    fields = {"status": status, "body_hash": body, "validators": Validators(etag, date, str(body)), **more}
    return Probe(CSS, NOW, CSS, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("material", "probe", "changed"),
    [
        (TAGGED, answer(304, not_modified=True, etag='"1"'), False),
        (TAGGED, answer(etag='"1"'), False),
        (TAGGED, answer(etag='W/"1"'), False),
        (TAGGED, answer(etag='"1-gzip"'), False),
        (TAGGED, answer(etag='"2"'), True),
        (BOTH, answer(etag='"2"', body_hash="a"), False),
        (DATED, answer(date="Wed, 02 Sep 2026 00:00:00 GMT"), False),
        (DATED, answer(date="Thu, 03 Sep 2026 00:00:00 GMT"), True),
        (HASHED, answer(body_hash="b"), False),
        (HASHED, answer(body_hash="c"), True),
        (HASHED, answer(body_hash="c", truncated=True), False),
        (TAGGED, answer(date="Thu, 03 Sep 2026 00:00:00 GMT"), True),
        (TAGGED, answer(truncated=True), False),
        (TAGGED, answer(404), True),
        (TAGGED, answer(410), True),
        (TAGGED, answer(503), False),
        (TAGGED, answer(None, failure=Failure.TIMEOUT, body_hash=None), False),
        (TAGGED, answer(200, failure=Failure.TIMEOUT, etag='"2"'), False),
    ],
)
def test_an_answer_tells_whether_a_thing_is_another(material: Material, probe: Probe, changed: bool) -> None:
    assert has_changed(material, probe) is changed


def test_a_body_that_was_seen_is_known_from_then_on() -> None:
    known = with_body(TAGGED, "n")
    assert not has_changed(known, answer(etag='"2"', body_hash="n"))
    assert has_changed(known, answer(etag='"2"', body_hash="o"))
