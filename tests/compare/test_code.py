import base64

import pytest

from defacewatch.captures import Rendering, Resource, Script
from defacewatch.compare import code, dom
from defacewatch.compare.scripts import OBFUSCATED
from defacewatch.fetch.script_files import EACH
from tests.compare.portal import NOW

PACKED = "eval(atob('x'))"


def test_scripts_inside_the_page_and_in_files_are_told_by_their_code() -> None:
    html = "<script>var a = 1;</script><script type='application/json'>{}</script>"
    files = (Script("https://mau.gov.vn/js/app.js?v=17", f"f(); {PACKED}"),)
    found = code.code_of(dom.read(html), Rendering(NOW, scripts=files))
    assert len(found.inline) == 1
    (hashed,) = found.files.values()
    assert list(found.files) == ["https://mau.gov.vn/js/app.js"]
    assert found.packed == {hashed}
    assert found.doings == {hashed: {OBFUSCATED}}


def test_data_in_a_script_does_not_make_it_another() -> None:
    assert code.known("var n = 17, s = 'a';").hash == code.known("var n = 4, s = 'b';").hash


def test_files_of_services_that_every_site_uses_are_left_out() -> None:
    files = (Script("https://www.google-analytics.com/ga.js", PACKED), Script("data:,x", PACKED))
    assert code.code_of(dom.read(""), Rendering(NOW, scripts=files)).files == {}


def test_of_files_that_anybody_can_publish_counts_what_they_do_and_not_whom_they_name() -> None:
    text = f"fetch('https://elsewhere.example/x'); {PACKED}"
    files = (Script("https://cdn.jsdelivr.net/gh/anybody/a/a.js", text),)
    found = code.code_of(dom.read(""), Rendering(NOW, scripts=files))
    assert list(found.files) == [files[0].url]
    assert found.packed == set(found.files.values())
    assert found.said == ()
    own = code.code_of(dom.read(""), Rendering(NOW, scripts=(Script("https://mau.gov.vn/a.js", text),)))
    assert own.said[0].reaches == {"elsewhere.example"}


def test_how_much_code_is_read_is_bounded() -> None:
    text = "x" * 100_000
    files = tuple(Script(f"https://mau.gov.vn/{n}a.js", text + str(n)) for n in range(300))
    found = code.code_of(dom.read("<script>f()</script>" * 2000), Rendering(NOW, scripts=files))
    assert len(found.said) <= code.SCRIPTS + code.ALL_TEXT // len(text) + 1


@pytest.mark.parametrize(
    "packed",
    [
        "eval(function(p,a,c,k,e,d){{return p}}('0 1',2,2,'{}|go'.split('|'),0,{{}}))",
        "eval(unescape('%61%62{}'))",
        "eval(atob('bG9jYXRpb249J{}'))",
        "eval(unescape('%6c%6f%63')); var t='{}'",
    ],
)
def test_other_data_makes_obfuscated_code_another(packed: str) -> None:
    one, other = code.known(packed.format("slider")), code.known(packed.format("miner"))
    assert OBFUSCATED in one.said.doings
    assert one.hash != other.hash


def test_a_short_payload_that_looks_like_a_token_makes_obfuscated_code_another() -> None:
    payloads = ("location='//x1.example/'", "location='//x2.example/'")
    one, other = (f"eval(atob('{base64.b64encode(text.encode()).decode()}'))" for text in payloads)
    assert code.known(one).hash != code.known(other).hash


def test_a_token_does_not_make_obfuscated_code_another() -> None:
    packed = "eval(atob(x)); var t='{}',n={}"
    one = code.known(packed.format("9f86d081884c7d659a2feaa0c55ad015", 1584000000))
    assert one.hash == code.known(packed.format("60303ae22b998861bce3b28f33eec1be", 1584009999)).hash


def test_a_file_that_was_loaded_and_not_read_is_kept_as_unknown() -> None:
    resources = tuple(
        Resource(url, kind, status)
        for url, kind, status in (
            ("https://mau.gov.vn/js/a.js?v=17", "script", 200),
            ("https://mau.gov.vn/js/b.js?v=17", "script", 200),
            ("https://mau.gov.vn/js/gone.js", "script", 404),
            ("https://mau.gov.vn/chinh.css", "stylesheet", 200),
            ("https://www.google-analytics.com/ga.js", "script", 200),
        )
    )
    rendering = Rendering(NOW, resources=resources, scripts=(Script(resources[0].url, "f()"),))
    assert code.code_of(dom.read(""), rendering).files == {
        "https://mau.gov.vn/js/a.js": code.known("f()").hash,
        "https://mau.gov.vn/js/b.js": "",
    }


def test_code_at_the_end_of_the_longest_file_is_read() -> None:
    text = "f();".ljust(EACH - len(PACKED)) + "\n" + PACKED
    assert OBFUSCATED in code.known(text).said.doings
