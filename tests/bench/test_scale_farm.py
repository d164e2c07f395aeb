"""What the farm answers: validators, tokens, updates, defacements."""

import gzip
import re

import pytest

from bench.scale.attacks import Kind
from bench.scale.farm import Answer, Farm, Request
from bench.scale.generated import looks
from bench.scale.layout import SUPPLIER, Layout, Trouble
from bench.scale.looks import Look

PORT = 20080
PLAIN, TOKENS, TAGGED = 0, 1, 80  # pages: with validators; with tokens; with a supplier's script of its own


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def two() -> list[Look]:
    return looks(2, seed=4, supplier_port=PORT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def farm(two: list[Look], clock: Clock) -> Farm:
    return Farm(Layout(84, 4, PORT), two * 20, clock)


def ask(farm: Farm, number: int, path: str = "", **headers: str) -> Answer:
    place = farm.layout.places[number]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return farm.answer(Request(place.host, path or farm.looks[place.look].path, named))


def head(answer: Answer) -> dict[str, str]:
    lines = answer.head.decode().split("\r\n")[:-1]
    return dict(line.split(": ", 1) for line in lines)


def test_a_page_with_validators_is_not_sent_again(farm: Farm) -> None:
    etag = head(ask(farm, PLAIN))["etag"]
    again = ask(farm, PLAIN, if_none_match=etag)
    assert (again.status, again.body) == (304, b"")
    assert farm.counts[PLAIN].unchanged == 1


def test_a_page_has_the_size_of_a_vietnamese_portal_and_comes_compressed(farm: Farm) -> None:
    answer = ask(farm, PLAIN, accept_encoding="gzip, deflate")
    assert head(answer)["content-encoding"] == "gzip"
    document = gzip.decompress(answer.body)
    assert document == ask(farm, PLAIN).body
    assert 60_000 < len(document) < 140_000


def test_a_page_with_tokens_differs_each_time_and_has_no_validators(farm: Farm) -> None:
    first, second = ask(farm, TOKENS), ask(farm, TOKENS)
    assert first.body != second.body
    assert head(first)["cache-control"] == "no-store"
    assert "etag" not in head(first)
    without = re.compile(rb"[0-9a-f]{10,32}|<!-- .*? -->")
    assert without.sub(b"", first.body) == without.sub(b"", second.body)


def test_pages_of_one_look_are_the_same_byte_for_byte(two: list[Look], clock: Clock) -> None:
    farm = Farm(Layout(244, 4, PORT), two, clock)
    assert ask(farm, PLAIN).body == ask(farm, 240).body
    assert head(ask(farm, PLAIN))["etag"] == head(ask(farm, 240))["etag"]


def test_what_the_document_names_is_there(farm: Farm) -> None:
    document = ask(farm, TAGGED).body.decode()
    for path in set(re.findall(r"(?:src|href)=['\"](/[^'\"?]+\.(?:css|js|jpg|png))", document)):
        assert ask(farm, TAGGED, path).status == 200
    scripts = re.findall(rf"src=\"http://{SUPPLIER}:{PORT}(/[^\"]+)\"", document)
    assert len(scripts) == 2
    for path in scripts:
        assert farm.answer(Request(SUPPLIER, path, {})).status == 200


def test_a_page_publishes_updates_at_its_own_time(farm: Farm, clock: Clock) -> None:
    farm.begin(update_every=7200)
    before = ask(farm, PLAIN)
    clock.now += 7200
    after = ask(farm, PLAIN, if_none_match=head(before)["etag"])
    assert after.status == 200
    titles = re.compile(r"<a href='/tin-moi'>([^<]+)</a>")
    old, new = titles.findall(before.body.decode()), titles.findall(after.body.decode())
    assert new[1:] == old[:-1]
    assert new[0] not in old


def test_updates_are_spread_over_the_interval(farm: Farm, clock: Clock) -> None:
    farm.begin(update_every=7200)
    clock.now += 3600
    changed = sum(farm.version(place) for place in farm.layout.places)
    assert 25 < changed < 60


def test_one_in_ten_answers_of_a_failing_page_is_an_error(two: list[Look], clock: Clock) -> None:
    farm = Farm(Layout(1000, 4, PORT), two, clock)
    number = next(p.number for p in farm.layout.places if p.fails and p.look < 2)
    assert {ask(farm, number).status for _ in range(20)} == {200}
    farm.begin(update_every=0)
    farm.failing = True
    assert [ask(farm, number).status for _ in range(20)].count(503) == 2
    assert farm.counts[number].errors == 2


@pytest.mark.parametrize("number", [PLAIN, TOKENS])
def test_a_whole_page_is_replaced_and_restored(farm: Farm, clock: Clock, number: int) -> None:
    usual = head(ask(farm, number)).get("etag", "")
    (done,) = farm.deface([number], Kind.WHOLE)
    clock.now += 5
    shown = ask(farm, number, if_none_match=usual)
    assert b"Hacked By" in shown.body
    assert (done.shown_at, done.at) == (clock.now, clock.now - 5)
    farm.restore([number])
    assert b"Hacked By" not in ask(farm, number).body
    assert done.restored_at == clock.now


def test_links_are_hidden_in_a_page_that_stays(farm: Farm) -> None:
    usual = ask(farm, PLAIN).body
    farm.deface([PLAIN], Kind.LINKS)
    body = ask(farm, PLAIN).body
    assert body.count(b".example/") == 30
    assert len(body) > len(usual)


@pytest.mark.parametrize(("kind", "named"), [(Kind.HERO, "banner.jpg"), (Kind.SHEET, "cong.css")])
def test_a_file_is_swapped_and_the_document_is_not(farm: Farm, kind: Kind, named: str) -> None:
    look = farm.looks[0]
    path = next(path for path in look.files if path.endswith(named))
    document, usual = ask(farm, PLAIN), ask(farm, PLAIN, path)
    farm.deface([PLAIN], kind)
    swapped = ask(farm, PLAIN, path, if_none_match=head(usual)["etag"])
    assert swapped.status == 200
    assert swapped.body != usual.body
    assert ask(farm, PLAIN, if_none_match=head(document)["etag"]).status == 304
    assert ask(farm, TAGGED, path).body == usual.body  # another page of that look


def test_a_suppliers_script_is_swapped_for_one_page_only(farm: Farm) -> None:
    def script(number: int) -> bytes:
        return farm.answer(Request(SUPPLIER, f"/the/{number}.js", {})).body

    farm.deface([TAGGED], Kind.SCRIPT)
    assert b"Hacked By" in script(TAGGED)
    assert b"Hacked By" not in script(82)


def test_a_page_without_a_script_of_its_own_cannot_be_defaced_by_it(farm: Farm) -> None:
    with pytest.raises(ValueError, match="nothing to swap"):
        farm.deface([TAGGED, PLAIN], Kind.SCRIPT)
    assert not farm.defaced


def test_a_page_is_not_defaced_twice_at_once(farm: Farm) -> None:
    farm.deface([PLAIN], Kind.WHOLE)
    with pytest.raises(ValueError, match="already"):
        farm.deface([PLAIN], Kind.LINKS)


def test_probes_and_browsers_are_told_apart(farm: Farm) -> None:
    ask(farm, PLAIN)
    ask(farm, PLAIN, sec_fetch_dest="document")
    counts = farm.counts[PLAIN]
    assert (counts.probes, counts.browsers) == (1, 1)


def test_the_time_between_two_looks_at_a_healthy_page_is_noted(farm: Farm, clock: Clock) -> None:
    healthy = next(p.number for p in farm.layout.places if p.trouble is None and p.look < 2)
    ask(farm, healthy)
    clock.now += 30
    ask(farm, healthy, sec_fetch_dest="document")
    assert farm.gaps == [30]


def test_hosts_ail_only_while_their_trouble_is_switched_on(farm: Farm) -> None:
    silent = next(p for p in farm.layout.places if p.trouble is Trouble.SILENT)
    assert farm.trouble(silent.host) is None
    farm.troubled = frozenset({Trouble.SILENT})
    assert farm.trouble(silent.host) is Trouble.SILENT


def test_a_host_and_a_path_that_nobody_has_are_missing(farm: Farm) -> None:
    assert farm.answer(Request("127.99.0.1", "/", {})).status == 404
    assert ask(farm, PLAIN, "/wp-login.php").status == 404
