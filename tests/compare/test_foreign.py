import pytest

from defacewatch.compare.arrivals import Circle, NewCode
from defacewatch.compare.differences import Facts
from defacewatch.compare.foreign import PARTS, foreign_signals, host_signals, parts
from defacewatch.features import Phrase
from defacewatch.language import translator
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.verdicts import CHANGED_AT, DEFACED_AT, VerdictKind, judge
from tests.compare.portal import baseline_of, one, portal, render_of, signals_of

CIRCLE = Circle(own=frozenset({"baomau.example"}), friends=frozenset({"partner.example"}))


def hidden(*hosts: str) -> Facts:
    links = tuple((f"https://{host}/{n}", "x") for n, host in enumerate(hosts))
    return Facts(hidden_links=links, circle=CIRCLE)


def host(role: str, name: str, **facts: object) -> Facts:
    return Facts(hosts={role: frozenset({name})}, **{"circle": CIRCLE, **facts})  # type: ignore[arg-type]


def points(facts: Facts) -> float:
    return sum(signal.points for signal in foreign_signals(facts))


@pytest.mark.parametrize("name", ["thirdparty.example", "somebody.github.io", "x.top", "203.0.113.9"])
def test_a_script_from_a_stranger_is_an_attack(name: str) -> None:
    assert points(host("script", name)) >= DEFACED_AT


@pytest.mark.parametrize("name", ["www.youtube.com", "so.gov.vn", "cdn-baomau.net", "cdn.partner.example"])
def test_a_script_of_a_service_a_relative_or_a_friend_is_none(name: str) -> None:
    assert points(host("script", name)) < CHANGED_AT


def test_a_stranger_weighs_less_in_a_crowd_and_where_everything_is_new() -> None:
    crowd = Circle(suppliers=20)
    loader = Circle(suppliers=4, companions=2)
    assert CHANGED_AT <= points(host("script", "thirdparty.example", circle=crowd)) < DEFACED_AT
    assert CHANGED_AT <= points(host("script", "thirdparty.example", circle=loader)) < DEFACED_AT
    assert points(host("script", "thirdparty.example", structure=0.8, rebuilt=0.8)) < CHANGED_AT


@pytest.mark.parametrize("role", ["script", "reach"])
def test_structure_that_was_only_added_excuses_no_stranger(role: str) -> None:
    assert points(host(role, "thirdparty.example", structure=0.6, rebuilt=0.0)) >= DEFACED_AT


def test_well_known_services_that_come_along_excuse_no_stranger_where_there_was_no_company() -> None:
    alone = Circle(suppliers=2, companions=4)
    assert points(host("script", "thirdparty.example", circle=alone)) >= DEFACED_AT


@pytest.mark.parametrize("name", ["somebody.github.io", "x.top", "203.0.113.9"])
@pytest.mark.parametrize("role", ["script", "reach"])
def test_nothing_about_a_page_excuses_a_host_that_attackers_prefer(role: str, name: str) -> None:
    crowd = Circle(suppliers=20, companions=9)
    assert points(host(role, name, circle=crowd, rebuilt=0.2)) >= DEFACED_AT


def test_a_page_built_anew_may_come_from_somebodys_hosting_but_from_no_bare_address() -> None:
    assert points(host("script", "somebody.github.io", rebuilt=0.9)) < CHANGED_AT
    assert points(host("script", "203.0.113.9", rebuilt=0.9)) >= DEFACED_AT


@pytest.mark.parametrize("role", ["script", "frame", "form"])
def test_a_public_body_that_the_page_does_not_know_is_a_suspect_and_one_that_it_names_is_none(
    role: str,
) -> None:
    friends = Circle(friends=frozenset({"truong.edu.vn", "so.gov.vn"}))
    assert CHANGED_AT <= points(host(role, "www.truong.edu.vn")) < DEFACED_AT
    assert 15 <= points(host(role, "so.gov.vn")) < CHANGED_AT
    for name in ("www.truong.edu.vn", "so.gov.vn"):
        assert points(host(role, name, circle=friends)) < 10


@pytest.mark.parametrize("role", ["frame", "form"])
def test_a_frame_or_form_of_a_stranger_is_a_change(role: str) -> None:
    assert CHANGED_AT <= points(host(role, "thirdparty.example")) < DEFACED_AT
    assert points(host(role, "www.youtube.com")) < 10


@pytest.mark.parametrize(
    ("hosts", "at_least", "at_most"),
    [
        (["a.example"], 10, 29),
        (["a.example"] * 3, 50, 60),
        (["a.example", "b.example"], 10, 29),
        (["a.example", "b.example", "c.example", "d.example", "e.example"], 50, 60),
        (["x.bet", "y.casino", "z.top"], 30, 60),
        (["www.youtube.com", "so.gov.vn"] * 9, 0, 0),
    ],
)
def test_hidden_links_weigh_by_number_and_by_name(hosts: list[str], at_least: float, at_most: float) -> None:
    assert at_least <= points(hidden(*hosts)) <= at_most


def test_hidden_links_to_public_bodies_count_beside_hidden_spam() -> None:
    spam = frozenset({Phrase("spam", "hidden", "slot gacor")})
    links = hidden("a.gov.vn", "b.gov.vn", "c.gov.vn", "d.gov.vn", "e.gov.vn").hidden_links
    facts = Facts(hidden_links=links, phrases=spam)
    assert one(foreign_signals(facts), Kind.HIDDEN_LINKS).points >= DEFACED_AT


def test_a_mute_of_many_hidden_hosts_covers_no_others() -> None:
    names = [f"a{chr(97 + n // 26)}{chr(97 + n % 26)}.example" for n in range(2 * PARTS)]
    muted, fewer, other = (
        one(foreign_signals(hidden(*hosts)), Kind.HIDDEN_LINKS).identity
        for hosts in (names, names[:PARTS], [*names[:-1], "zz.example"])
    )
    assert same_difference(muted, muted)
    assert same_difference(fewer, muted)
    assert not same_difference(other, muted)


def test_an_identity_has_a_bounded_number_of_parts() -> None:
    assert parts(f"{n:04}" for n in range(9999)).count("|") == PARTS


@pytest.mark.parametrize(
    ("facts", "at_least", "at_most"),
    [
        (Facts(moved_to="evil.example"), 50, 60),
        (Facts(moved_to="khac.gov.vn"), 10, 29),
        (Facts(moved_to="accounts.google.com"), 30, 49),
        (host("refresh", "evil.example"), 50, 60),
        (host("refresh", "so.gov.vn"), 10, 29),
        (host("sent", "evil.example"), 50, 60),
        (host("sent", "www.partner.example"), 30, 49),
        (host("jump", "evil.example"), 10, 29),
    ],
)
def test_a_redirect_weighs_by_its_kind_and_where_it_leads(
    facts: Facts, at_least: float, at_most: float
) -> None:
    assert at_least <= one(foreign_signals(facts), Kind.OFFSITE_REDIRECT).points <= at_most


def test_a_page_that_unpacks_code_anyway_may_unpack_other_code() -> None:
    new = Facts(packed_scripts=frozenset({"00"}))
    other = Facts(packed_scripts=frozenset({"00"}), had_packed_scripts=True)
    assert points(new) >= DEFACED_AT
    assert points(other) < CHANGED_AT


def test_a_page_that_packs_its_code_anew_at_every_load_is_clean() -> None:
    pages = [portal(end=f"<script>eval(unescape('%61%62{n}'))</script>") for n in "xy"]
    signals = signals_of(render_of(pages[1]), baseline_of(render_of(pages[0])))
    assert one(signals, Kind.PACKED_SCRIPT).points == 20
    assert judge(signals).kind is VerdictKind.CLEAN


@pytest.mark.parametrize("does", ["obfuscated", "rewrites", "redirects"])
def test_known_code_that_begins_to_serve_an_attack_is_one(does: str) -> None:
    facts = Facts(new_code=frozenset({NewCode("https://mau.gov.vn/a.js", "00", does)}))
    signal = one(foreign_signals(facts), Kind.ALTERED_SCRIPT)
    assert signal.points >= DEFACED_AT
    assert signal.evidence == {"does": [does], "url": ["https://mau.gov.vn/a.js"]}


def test_what_new_code_does_is_said_in_the_officers_language() -> None:
    facts = Facts(new_code=frozenset({NewCode("", "00", "rewrites"), NewCode("", "01", "redirects")}))
    signal = one(foreign_signals(facts), Kind.ALTERED_SCRIPT)
    assert "sends visitors elsewhere, rewrites the page: in the page itself" in signal.sentence(
        translator("en")
    )
    assert "ghi đè nội dung trang" in signal.sentence(translator("vi"))


def test_new_code_that_reaches_a_stranger_is_an_attack_and_a_service_nothing() -> None:
    signal = one(foreign_signals(host("reach", "thirdparty.example")), Kind.ALTERED_SCRIPT)
    assert signal.points >= DEFACED_AT
    assert signal.evidence == {"does": ["reaches"], "url": ["in-scripts"], "hosts": ["thirdparty.example"]}
    assert points(host("reach", "www.googletagmanager.com")) == 0


def test_other_code_in_the_same_file_is_another_difference() -> None:
    def identity(code: str) -> str:
        new = frozenset({NewCode("https://mau.gov.vn/a.js", code, "rewrites")})
        return one(foreign_signals(Facts(new_code=new)), Kind.ALTERED_SCRIPT).identity

    assert same_difference(identity("00"), identity("00"))
    assert not same_difference(identity("01"), identity("00"))


def first(kind: Kind, *hosts: str) -> Signal:
    return next(iter(host_signals(kind, hosts)))


def test_no_hosts_are_no_signal() -> None:
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
