import pytest

from defacewatch.fetch.scripting import names_scripting


@pytest.mark.parametrize(
    "css",
    [
        "p { color: if(media(scripting: none): red) }",
        "<source media='( SCRIPTING : initial-only )'>",
        "not (scripting)",
        r"(s\63 ripting: none)",
        r"(\Scripting: none)",
        "(/* x */scripting/**/:none)",
    ],
)
def test_the_feature_is_known_however_it_is_written(css: str) -> None:
    assert names_scripting(css)


@pytest.mark.parametrize(
    "text", ["", "scripting: none", "(scripting languages)", r"C:\scripting)", r"(\0 \ffffff \110000)"]
)
def test_what_only_speaks_of_it_is_left_alone(text: str) -> None:
    assert not names_scripting(text)
