import pytest

from defacewatch.compare import noise


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("/a.css?v=12", "/a.css"),
        ("/a.css?ver=5.2&id=7", "/a.css?id=7"),
        ("/a.js?_=1584000000000", "/a.js"),
        ("/a.js?t=1584000000", "/a.js"),
        ("/a.js?t=tin-tuc", "/a.js?t=tin-tuc"),
        ("/a.js?3f2a9c1b77", "/a.js"),
        ("/main.3f2a9c1b.js", "/main..js"),
        ("/trang;jsessionid=AB12?id=7", "/trang?id=7"),
        ("/web?p_auth=Xy7#top", "/web#top"),
        ("/tin?id=123", "/tin?id=123"),
    ],
)
def test_cache_busters_and_sessions_leave_an_address(url: str, plain: str) -> None:
    assert noise.normal_url(url) == plain


def test_an_address_that_carries_data_stays_as_it_is() -> None:
    address = "data:image/png;base64," + "A1" * 2000
    assert noise.normal_url(address) == address


@pytest.mark.parametrize(
    "name", ["__VIEWSTATE", "__EVENTVALIDATION", "_token", "csrf-token", "X-XSRF", "p_auth"]
)
def test_token_fields_are_known_by_name(name: str) -> None:
    assert noise.is_token_name(name)


@pytest.mark.parametrize("name", ["q", "description", "email", "viewport"])
def test_other_fields_are_no_tokens(name: str) -> None:
    assert not noise.is_token_name(name)


def test_white_space_normal_form_and_what_cannot_be_stored_go() -> None:
    assert noise.squeeze(" Ti\u0302n \n\t mo\u031b\u0301i ") == "Tîn mới"
    assert noise.squeeze("a\0b \ud800é") == "ab ?é"


def test_a_script_loses_time_stamps_and_short_tokens_but_keeps_a_payload() -> None:
    one = noise.normal_script('var t=1584000000, k="9f86d081884c7d659a2feaa0c55ad015";')
    assert one == noise.normal_script('var t=1584009999,  k="60303ae22b998861bce3b28f33eec1be";')
    payload = '"' + "QUJD1" * 40 + '"'
    assert payload in noise.normal_script(f"eval({payload})")


def test_two_copies_of_a_script_with_other_data_have_one_skeleton() -> None:
    one = noise.skeleton('var items = ["a", "b"]; show(items, 3);')
    assert one == noise.skeleton("var items = ['c'];\n show(items, 12)")
    assert one != noise.skeleton("var items = []; send(items)")
