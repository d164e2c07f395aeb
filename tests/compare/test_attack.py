from collections.abc import Callable

import pytest

from defacewatch.compare.attack import evidence_of
from defacewatch.compare.differences import Facts
from defacewatch.features import Phrase
from defacewatch.signals import Kind, Signal, same_difference
from tests.compare.portal import kinds, one


def points(*phrases: Phrase) -> float:
    return sum(signal.points for signal in evidence_of(Facts(phrases=frozenset(phrases))))


def deface(place: str, phrase: str = "hacked by x", *, strong: bool = True, bare: bool = True) -> Phrase:
    return Phrase("deface", place, phrase, strong, bare)


def test_the_place_of_a_claim_decides_what_it_weighs() -> None:
    order = ["title", "heading", "hidden", "text", "anchor"]
    weighed = [points(deface(place)) for place in order]
    assert weighed == sorted(weighed, reverse=True)
    assert weighed[0] >= 50 > weighed[-1]


def test_weak_and_reported_wording_weighs_less() -> None:
    assert (
        points(deface("title", strong=False)) < points(deface("title", bare=False)) < points(deface("title"))
    )


@pytest.mark.parametrize("place", ["text", "anchor", "link"])
def test_any_amount_of_reported_wording_in_the_text_is_no_defacement(place: str) -> None:
    assert points(*(deface(place, f"hacked by {n}", bare=False) for n in "abcdefghijk")) <= 20


def test_each_place_has_its_sentence_and_identity() -> None:
    found = list(
        evidence_of(Facts(phrases=frozenset({deface("title"), deface("text"), deface("text", "greetz")})))
    )
    assert {signal.identity for signal in found} == {
        "deface-phrase.title=hacked by x",
        "deface-phrase.text=greetz|hacked by x",
    }
    assert found[1].evidence == {"place": "title", "phrases": ["hacked by x"]}


def test_gambling_headlines_are_not_gambling_links() -> None:
    headline = Phrase("spam", "anchor", "ca cuoc bong da", bare=False)
    links = [Phrase("spam", "link", phrase) for phrase in ("nha cai", "slot gacor", "tai xiu")]
    assert points(headline) < 10
    assert points(*links) >= 50


@pytest.mark.parametrize(
    "facts_of",
    [
        lambda host: Facts(moved_to=host),
        lambda host: Facts(hosts={"jump": frozenset({host})}),
        lambda host: Facts(hidden_links=((f"https://{host}/", ""),)),
        lambda host: Facts(phrases=frozenset({Phrase("spam", "url", host)})),
    ],
)
def test_other_names_of_the_same_owner_are_no_other_redirect_link_or_spam(
    facts_of: Callable[[str], Facts],
) -> None:
    (first,), (again,), (other,) = (
        list(evidence_of(facts_of(host)))
        for host in ("x1.nhacai.example", "x2.nhacai.example", "x1.casino.example")
    )
    assert same_difference(again.identity, first.identity)
    assert not same_difference(other.identity, first.identity)
    assert "x2.nhacai.example" in str(again.evidence)


def test_a_dialog_is_a_change_and_no_defacement_by_itself() -> None:
    signal = one(evidence_of(Facts(dialogs=frozenset({"xin chao"}))), Kind.DIALOG)
    assert 30 <= signal.points < 50
    assert points(deface("dialog")) >= 50


def test_what_a_page_says_is_bounded_in_evidence() -> None:
    long = "x" * 5000
    facts = Facts(
        phrases=frozenset(deface("text", f"{n} hacked") for n in range(99)), dialogs=frozenset({long})
    )
    signals: list[Signal] = list(evidence_of(facts))
    assert kinds(signals) == {Kind.DEFACE_PHRASE, Kind.DIALOG}
    assert all(len(str(signal.evidence)) < 400 for signal in signals)
