from collections.abc import Callable

import pytest

from defacewatch.captures import Phrase
from defacewatch.compare.attack import evidence_of, host_signals, standing
from defacewatch.compare.differences import Facts
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


def test_hidden_links_weigh_more_the_more_owners_they_lead_to() -> None:
    few = Facts(hidden_links=(("https://a.example.net/", ""),))
    many = Facts(hidden_links=tuple((f"https://a.example{n}.net/", "") for n in range(9)))
    weighed = [one(evidence_of(facts), Kind.HIDDEN_LINKS).points for facts in (few, many)]
    assert weighed[0] < 30 <= 50 <= weighed[1]
    assert one(evidence_of(many), Kind.HIDDEN_LINKS).evidence["count"] == 9


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("10.0.0.9", "address"),
        ("www.youtube.com", "wellknown"),
        ("so.gov.vn", "official"),
        ("evil.example", "unknown"),
    ],
)
def test_what_is_known_of_a_host(host: str, known: str) -> None:
    assert standing(host) == known


def test_one_unknown_script_host_is_a_change_and_more_of_them_are_no_proof() -> None:
    one_host = next(iter(host_signals(Kind.SCRIPT_HOST, ["evil.example"])))
    many = next(iter(host_signals(Kind.SCRIPT_HOST, [f"h{n}.example{n}.net" for n in range(9)])))
    assert 30 <= one_host.points < many.points < 50
    assert list(host_signals(Kind.SCRIPT_HOST, [])) == []


def test_fewer_hosts_of_the_same_kind_are_the_same_difference() -> None:
    served, shown = (
        next(iter(host_signals(Kind.SCRIPT_HOST, hosts)))
        for hosts in (["a.example"], ["a.example", "b.example"])
    )
    assert same_difference(served.identity, shown.identity)
    assert not same_difference(shown.identity, served.identity)


@pytest.mark.parametrize(
    ("kind", "one_host", "another", "same"),
    [
        (Kind.SCRIPT_HOST, "a1.evil.example", "b2.evil.example", True),
        (Kind.FRAME_HOST, "evil.example", "www.evil.example", True),
        (Kind.FORM_HOST, "203.0.113.9", "203.0.113.10", False),
        (Kind.RESOURCE_HOST, "a.evil.example", "a.other.example", False),
        (Kind.LINK_HOSTS, "a.github.io", "b.github.io", False),
        (Kind.SCRIPT_HOST, "evil.com~x1", "a.evil.com~x1", True),
    ],
)
def test_a_host_is_named_by_its_owner_and_shown_in_full(
    kind: Kind, one_host: str, another: str, same: bool
) -> None:
    first, again = (next(iter(host_signals(kind, [host]))) for host in (one_host, another))
    assert same_difference(again.identity, first.identity) is same
    assert again.evidence == {"hosts": [another]}


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


@pytest.mark.parametrize(
    ("facts", "at_least", "at_most"),
    [
        (Facts(moved_to="evil.example"), 50, 60),
        (Facts(moved_to="khac.gov.vn"), 10, 29),
        (Facts(hosts={"refresh": frozenset({"evil.example"})}), 50, 50),
        (Facts(hosts={"jump": frozenset({"evil.example"})}), 10, 29),
    ],
)
def test_a_redirect_weighs_by_its_kind_and_where_it_leads(
    facts: Facts, at_least: float, at_most: float
) -> None:
    assert at_least <= one(evidence_of(facts), Kind.OFFSITE_REDIRECT).points <= at_most


def test_a_dialog_is_a_change_and_no_defacement_by_itself() -> None:
    signal = one(evidence_of(Facts(dialogs=frozenset({"xin chao"}))), Kind.DIALOG)
    assert 30 <= signal.points < 50
    assert points(deface("dialog")) >= 50


def test_a_page_that_unpacks_code_anyway_may_unpack_other_code() -> None:
    new = Facts(packed_scripts=frozenset({"00"}))
    other = Facts(packed_scripts=frozenset({"00"}), had_packed_scripts=True)
    assert one(evidence_of(new), Kind.PACKED_SCRIPT).points >= 30
    assert one(evidence_of(other), Kind.PACKED_SCRIPT).points < 10


def test_what_a_page_says_is_bounded_in_evidence() -> None:
    long = "x" * 5000
    facts = Facts(
        phrases=frozenset(deface("text", f"{n} hacked") for n in range(99)), dialogs=frozenset({long})
    )
    signals: list[Signal] = list(evidence_of(facts))
    assert kinds(signals) == {Kind.DEFACE_PHRASE, Kind.DIALOG}
    assert all(len(str(signal.evidence)) < 400 for signal in signals)
