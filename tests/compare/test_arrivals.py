from dataclasses import replace

from defacewatch.captures import Script
from defacewatch.compare import arrivals, extract
from defacewatch.compare.arrivals import Circle
from defacewatch.features import Document
from defacewatch.profiles import Profile
from tests.compare.portal import URL, portal, probe_of, render_of

NOTHING = Profile("mau")
FILE = "https://mau.gov.vn/js/app.js"
REWRITES = "document.body.innerHTML='x';"
PACKED = "eval(atob('x'));"


def served(html: str) -> Document:
    return extract(probe_of(html, final_url=URL)).served


def shown(*files: Script, end: str = "") -> Document:
    document = extract(render_of(portal(end=end), scripts=files)).shown
    assert document is not None
    return document


def does(before: Document, after: Document) -> set[tuple[str, str]]:
    return {(new.url, new.does) for new in arrivals.new_code(before, after)}


def test_new_code_in_the_page_counts_for_what_the_page_did_not_do() -> None:
    before, after = served(portal()), served(portal(end=f"<script>{REWRITES}</script>"))
    assert does(before, after) == {("", "rewrites")}
    assert does(after, served(portal(end=f"<script>f();{REWRITES}</script>"))) == set()


def test_a_known_file_counts_for_what_it_did_not_do() -> None:
    before = shown(Script(FILE, "f()"))
    assert does(before, shown(Script(FILE + "?v=2", "f();g()"))) == set()
    assert does(before, shown(Script(FILE, f"f();{REWRITES}{PACKED}"))) == {
        (FILE, "rewrites"),
        (FILE, "obfuscated"),
    }


def test_obfuscated_code_is_said_once_by_its_hash_or_by_its_file() -> None:
    before = shown(Script(FILE, "f()"))
    assert len(arrivals.new_packed(before, shown(Script(FILE, "f()"), end=f"<script>{PACKED}</script>"))) == 1
    assert len(arrivals.new_packed(before, shown(Script(FILE, "f()"), Script(FILE + "x", PACKED)))) == 1
    assert arrivals.new_packed(before, shown(Script(FILE, PACKED))) == frozenset()


def test_other_obfuscated_code_in_a_file_that_held_some_is_new() -> None:
    before = shown(Script(FILE, PACKED))
    assert len(arrivals.new_packed(before, shown(Script(FILE, "eval(atob('location'))")))) == 1


def test_of_a_file_that_could_not_be_read_when_the_page_was_approved_nothing_is_said() -> None:
    before = shown(Script(FILE, "f()"))
    before = replace(before, scripts={**before.scripts, FILE + "x": ""})
    after = shown(Script(FILE, "f()"), Script(FILE + "x", REWRITES + PACKED))
    assert does(before, after) == set()
    assert arrivals.new_packed(before, after) == frozenset()
    assert does(before, shown(Script(FILE + "y", REWRITES))) == {(FILE + "y", "rewrites")}
    nothing = replace(before, scripts={FILE: ""})
    assert does(nothing, after) == set()


def test_files_that_were_never_read_before_say_nothing() -> None:
    before, after = shown(), shown(Script(FILE, REWRITES + PACKED))
    assert does(before, after) == set()
    assert arrivals.new_packed(before, after) == frozenset()


def test_code_may_reach_whom_the_page_names_already() -> None:
    before = served(portal(end='<img src="https://a.example/x.png">'))
    after = served(portal(end="<script>fetch('https://cdn.a.example/');fetch('https://b.example/')</script>"))
    assert arrivals.new_hosts(before, after, NOTHING) == {"reach": {"b.example"}}


def test_hidden_links_are_new_by_owner_and_unless_a_person_has_seen_them() -> None:
    before = served(portal(end='<a href="https://a.example/">a</a>'))
    links = "".join(f'<a href="https://www.{name}.example/">x</a>' for name in "abc")
    after = served(portal(end=f"<div hidden>{links}</div>"))
    moving = Profile("mau", 99, hosts={"seen www.b.example": 1, "link www.c.example": 99})
    found = arrivals.new_hidden(before, after, moving)
    assert [arrivals.link_host(href) for href, _ in found] == ["www.c.example"]


def test_a_circle_knows_the_page_and_its_friends() -> None:
    before = served(
        portal(end='<a href="https://a.example/">a</a><script src="https://b.example/x.js"></script>')
    )
    found = arrivals.circle(
        before, before, {"script": frozenset({"www.youtube.com", "ytimg.com", "c.example"})}
    )
    assert found.own == {"mau.gov.vn"}
    assert found.companions == 2
    assert {"a.example", "b.example"} <= found.friends
    assert found.standing("cdn.a.example") == "acquainted"
    assert found.standing("c.example") == "unknown"


def test_joined_circles_know_whom_either_knows() -> None:
    one, other = Circle(frozenset("a"), frozenset("b"), 1, 2), Circle(frozenset("a"), frozenset("c"), 3, 0)
    assert one.joined(other) == Circle(frozenset("a"), frozenset("bc"), 3, 2)
