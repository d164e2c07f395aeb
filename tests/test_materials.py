import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from defacewatch.captures import Failure, Material, Probe, Resource, Validators
from defacewatch.materials import (
    HASHES,
    HIDDEN,
    MOST,
    RESTLESS,
    RESTLESS_MOST,
    SHOT,
    UNHASHED,
    body_hash_of,
    given,
    has_changed,
    is_worth_asking,
    made_of,
    same_pictures,
)

PAGE = "https://tinh.gov.vn/"
CSS = "https://tinh.gov.vn/style.css"
NOW = datetime(2026, 9, 2, tzinfo=UTC)


def css(**changes: object) -> Resource:
    return Resource(**{"url": CSS, "kind": "stylesheet", "status": 200, "etag": '"1"', **changes})  # type: ignore[arg-type]


def test_a_picture_is_the_same_where_all_that_marks_it_is_and_something_does() -> None:
    def hero(**changes: object) -> Resource:
        fields = {"url": PAGE + "hero.jpg", "kind": "image", "status": 200, "etag": '"1"', **changes}
        return Resource(**fields)  # type: ignore[arg-type]

    same = frozenset([PAGE + "hero.jpg"])
    assert same_pictures([hero()], [hero(), css()]) == same
    assert same_pictures([hero()], [hero(), hero(url=PAGE + "hero.jpg#x", etag='W/"1-gzip"')]) == same
    unmarked = hero(etag=None)
    assert same_pictures([unmarked], [unmarked]) == frozenset(), "nothing tells that it is"
    assert same_pictures([hero(etag=None, body_hash="ab")], [hero(etag=None, body_hash="ab")]) == same
    for other in (hero(etag='"2"'), hero(body_hash="cd"), hero(last_modified="x"), hero(status=404)):
        assert same_pictures([hero(body_hash="ab")], [other]) == frozenset()
    assert same_pictures([hero()], [hero(), hero(etag='"2"')]) == frozenset(), "given in two ways"
    for status in (302, 404):
        shown = [hero(), hero(status=status, etag=None)]
        assert same_pictures([hero()], shown) == frozenset(), "a browser shows what comes with an error"
    assert same_pictures([hero()], [hero(status=None), hero(), hero(status=304)]) == same
    assert same_pictures([css()], [css()]) == frozenset(), "no picture"


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


def test_pictures_that_were_not_loaded_take_no_more_than_their_places_from_what_was() -> None:
    slides = [Material(f"{PAGE}{n}.png", "image", '"1"') for n in range(2 * MOST)]
    unseen = {slide.url for slide in slides}
    loaded = [css(url=f"{CSS}?{number}") for number in range(2 * MOST)]
    made = made_of(loaded, page_urls=[PAGE], previous=slides, unseen=unseen)
    assert len(made) == MOST
    assert [m.url for m in made if m.kind == "image"] == [slide.url for slide in slides[:HIDDEN]]


def test_where_there_is_room_all_pictures_that_were_not_loaded_are_kept() -> None:
    slides = [Material(f"{PAGE}{n}.png", "image", '"1"') for n in range(2 * HIDDEN)]
    made = made_of([css()], page_urls=[PAGE], previous=slides, unseen={slide.url for slide in slides})
    assert len(made) == 1 + 2 * HIDDEN


def test_a_hidden_picture_that_is_known_to_be_another_is_never_forgotten_for_others() -> None:
    slides = [Material(f"{PAGE}{n}.png", "image", '"1"') for n in range(MOST)]
    slides[-1] = replace(slides[-1], restless=RESTLESS)
    loaded = [css(url=f"{CSS}?{number}") for number in range(2 * MOST)]
    called = (
        Material(f"{PAGE}0.png", "image", '"2"', hashes=("cd",)),
    )  # not the round: nothing is given back
    made = made_of(loaded, page_urls=[PAGE], previous=slides, called=called, unseen={m.url for m in slides})
    assert slides[-1] in made


def test_pictures_that_are_not_asked_for_take_no_place_from_what_was_loaded() -> None:
    gone = [Material(f"{PAGE}{n}.png", "image", '"1"', restless=RESTLESS_MOST) for n in range(MOST)]
    loaded = [css(url=f"{CSS}?{number}") for number in range(MOST - 1)]
    made = made_of(loaded, page_urls=[PAGE], previous=gone, unseen={m.url for m in gone})
    assert [m.kind for m in made] == ["stylesheet"] * (MOST - 1) + ["image"]


def test_of_addresses_that_shots_cannot_tell_apart_one_is_kept() -> None:
    signed = PAGE + "a" * SHOT
    known: tuple[Material, ...] = ()
    for number in range(5):
        picture = Resource(f"{signed}?sig={number}", "image", 200, etag='"1"')
        known = made_of([picture], page_urls=[PAGE], previous=known, unseen={signed[:SHOT]})
    known = made_of([css()], page_urls=[PAGE], previous=known, unseen={signed[:SHOT]})
    assert [m.url for m in known] == [CSS, f"{signed}?sig=4"], "the latest"


def test_a_signature_that_has_expired_calls_some_times_only_whatever_the_next_one_is() -> None:
    signed = PAGE + "a" * SHOT
    known: tuple[Material, ...] = ()
    for number in range(RESTLESS + 1):
        expired = [given(m, Probe(m.url, NOW, m.url, status=403, body_hash="no")) for m in known]
        assert all(is_worth_asking(m) for m in known)
        known = made_of([css()], page_urls=[PAGE], previous=known, called=expired, unseen={signed[:SHOT]})
        if number < RESTLESS:
            fresh = Material(f"{signed}?sig={number}", "image", '"1"')  # as a capture that loads it finds it
            known = (fresh, *(m for m in known if m.kind == "image"))
    assert not is_worth_asking(known[-1])


def test_pictures_that_are_others_for_long_do_not_push_out_those_that_are_still() -> None:
    restless = [Material(f"{PAGE}{n}.png", "image", '"1"', restless=RESTLESS) for n in range(2 * HIDDEN)]
    calm = Material(PAGE + "calm.png", "image", '"1"')
    previous, loaded = [*restless, calm], [css(url=f"{CSS}?{number}") for number in range(2 * MOST)]
    called = (replace(calm, hashes=("cd",)),)
    unseen = {m.url for m in previous}
    made = made_of(loaded, page_urls=[PAGE], previous=previous, called=called, unseen=unseen)
    assert calm.url in {m.url for m in made}


def test_a_hidden_picture_that_cannot_be_told_from_another_one_just_now_stays_known_as_it_was() -> None:
    known = (Material(PAGE + "hero.png", "image", '"1"', hashes=("ab",)),)
    for other in (
        Resource(PAGE + "hero.png", "image", 200),
        Resource(PAGE + "hero.png", "other", 200, etag='"2"'),
    ):
        assert made_of([other], page_urls=[PAGE], previous=known, unseen={PAGE + "hero.png"}) == known


def test_a_hidden_picture_that_is_another_calls_some_times_and_then_once_a_round_and_a_gone_one_no_more() -> (
    None
):
    hero = Material(PAGE + "hero.png", "image", '"1"')

    def after(known: Material, *called: Material) -> Material:
        (found,) = made_of([], page_urls=[PAGE], previous=[known], called=called, unseen={hero.url})
        return found

    for status in (200, 403, 503, 404):
        answer = Probe(hero.url, NOW, hero.url, status=status, validators=Validators('"2"'), body_hash="cd")
        called = given(hero, answer)
        known = hero
        for _ in range(RESTLESS):
            assert is_worth_asking(known)
            known = after(known, called)
        assert not is_worth_asking(known)
        assert is_worth_asking(after(known)) == (status != 404), "what the round gives back"
        assert after(replace(hero, restless=1)).restless == 0


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
MOVED = Material(CSS, "stylesheet", '"2"', hashes=(UNHASHED, "a"))
EMPTY = hashlib.sha256(b"").hexdigest()


def answer(
    status: int | None = 200, *, etag: str | None = None, date: str | None = None, **more: object
) -> Probe:
    body = more.pop("body_hash", "z")
    fields = {"status": status, "body_hash": body, "validators": Validators(etag, date, str(body)), **more}
    return Probe(CSS, NOW, CSS, **fields)  # type: ignore[arg-type]


def cut(**headers: str) -> Probe:
    """An answer beyond the size limit, as a probe leaves it: without validators to ask with."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(answer(truncated=True, headers=named), validators=Validators())


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
        (HASHED, answer(body_hash="c", truncated=True), True),
        (HASHED, answer(body_hash="a", truncated=True), True),
        (BOTH, answer(etag='"1"', body_hash="z"), True),
        (BOTH, answer(etag='"1"', body_hash="a"), False),
        (MOVED, answer(etag='"2"', body_hash="z"), False),
        (MOVED, answer(etag='"1"', body_hash="a"), False),
        (TAGGED, answer(date="Thu, 03 Sep 2026 00:00:00 GMT"), True),
        (TAGGED, answer(truncated=True), True),
        (TAGGED, cut(etag='"1"'), False),
        (TAGGED, cut(etag='"2"'), True),
        (DATED, cut(last_modified="Wed, 02 Sep 2026 00:00:00 GMT"), False),
        (DATED, cut(last_modified="Thu, 03 Sep 2026 00:00:00 GMT"), True),
        (BOTH, cut(etag='"1"'), True),
        (TAGGED, answer(404), True),
        (TAGGED, answer(410), True),
        (HASHED, answer(203, body_hash="c"), True),
        (HASHED, answer(206, body_hash="c"), True),
        (HASHED, answer(203, body_hash="b"), False),
        (HASHED, answer(204, body_hash=EMPTY), True),
        (TAGGED, answer(403), True),
        (TAGGED, answer(500), True),
        (TAGGED, answer(503), True),
        (BOTH, answer(503, body_hash="a", truncated=True), True),
        (TAGGED, answer(503, body_hash=EMPTY), False),
        (TAGGED, answer(503, body_hash=None), False),
        (TAGGED, answer(None, failure=Failure.TIMEOUT, body_hash=None), False),
        (TAGGED, answer(200, failure=Failure.TIMEOUT, etag='"2"'), False),
    ],
)
def test_an_answer_tells_whether_a_thing_is_another(material: Material, probe: Probe, changed: bool) -> None:
    assert has_changed(material, probe) is changed


def look(known: Material, *called: Material, **loaded: object) -> Material:
    """What is known of a thing after a clean look of the browser's, that was `called` for or was due."""
    (after,) = made_of([css(**loaded)], page_urls=[PAGE], previous=[known], called=called)
    return after


EVIL = answer(etag='"2"', body_hash="evil")


def test_what_the_browser_was_given_as_well_is_known_by_both_its_marks_from_then_on() -> None:
    known = look(TAGGED, given(TAGGED, answer(etag='W/"2"', body_hash="n")), etag='"2"')
    assert (known.etag, known.hashes, known.restless) == ('"2"', ("n",), 1)
    assert not has_changed(known, answer(etag='"3"', body_hash="n"))
    assert has_changed(known, answer(etag='"2"', body_hash="o"))
    known = look(HASHED, given(HASHED, answer(body_hash="n")), etag=None, body_hash="n")
    assert (known.hashes, known.restless) == (("n", "a", "b"), 1)


@pytest.mark.parametrize(
    ("known", "got", "loaded"),
    [
        (TAGGED, EVIL, {"etag": '"1"'}),
        (BOTH, EVIL, {"etag": '"1"'}),
        (BOTH, answer(etag='"1"', body_hash="evil"), {"etag": '"1"'}),
        (HASHED, answer(body_hash="evil"), {"etag": None, "body_hash": "a"}),
        (DATED, answer(body_hash="evil"), {"etag": None, "last_modified": DATED.last_modified}),
    ],
    ids=["tagged", "tagged and hashed", "evil under the old tag", "hashed", "dated"],
)
def test_a_copy_that_the_browser_was_not_given_is_never_known_and_calls_a_few_times_only(
    known: Material, got: Probe, loaded: dict[str, object]
) -> None:
    calls = 0
    while is_worth_asking(known):
        assert has_changed(known, got)
        known = look(known, given(known, got), **loaded)
        assert "evil" not in known.hashes
        calls += 1
    assert calls == 2


@pytest.mark.parametrize("probe", [answer(404), answer(403), answer(503)])
def test_an_error_that_only_the_asker_is_given_calls_a_few_times_and_then_once_in_some_rounds(
    probe: Probe,
) -> None:
    known, calls = TAGGED, 0
    for _ in range(20):  # as many captures are due in ten hours
        for _ in range(3):
            if is_worth_asking(known) and has_changed(known, probe):
                known = look(known, given(known, probe))
                calls += 1
        known = look(known)
    assert calls <= 12


def test_a_body_that_is_new_for_each_request_calls_a_few_times_only() -> None:
    known, calls = DATED, 0
    while is_worth_asking(known):
        got = answer(body_hash=f"nonce {calls}")
        known = look(known, given(known, got), etag=None, last_modified=DATED.last_modified)
        calls += 1
    assert calls == 2


def test_things_that_call_in_turn_do_not_calm_one_another() -> None:
    urls = [f"{CSS}?{number}" for number in range(9)]
    known = made_of([css(url=url) for url in urls], page_urls=[PAGE])
    calls = 0
    while asked := [material for material in known if is_worth_asking(material)]:
        called = [given(asked[calls % len(asked)], answer(403))]
        known = made_of([css(url=url) for url in urls], page_urls=[PAGE], previous=known, called=called)
        calls += 1
    assert calls == 2 * len(urls)


def test_a_body_of_an_earlier_etag_does_not_speak_for_the_next_one() -> None:
    known = look(BOTH, etag='"2"')
    assert (known.hashes, body_hash_of(known), body_hash_of(BOTH)) == ((UNHASHED, "a"), None, "a")
    assert look(known, etag='"2"').hashes == (UNHASHED, "a")
    got = given(known, answer(etag='"2"', body_hash="b"))
    assert look(known, got, etag='"2"').hashes == ("b", "a"), "it may be learnt, for nobody hashed it before"


def test_what_has_no_hash_to_go_by_is_given_none() -> None:
    assert given(TAGGED, answer(etag='"2"', body_hash="n")) == Material(
        CSS, "stylesheet", '"2"', None, ("n",)
    )
    for probe in (answer(403), cut(etag='"2"')):
        assert given(BOTH, probe).hashes == (UNHASHED,), "something came that nobody knows"
    assert given(BOTH, answer(404, body_hash=None)).hashes == (), "it is gone"
