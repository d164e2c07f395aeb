from pathlib import Path

import pytest

from defacewatch.config.documents import Unreadable, parse_yaml, shown
from tests.config.conftest import Problems


def test_scalars_stay_the_text_that_was_written() -> None:
    document = parse_yaml(
        'time: 07:00\nquoted: "07:00"\nphone: 0221000001\nday: 2027-02-05\nswitch: on\nno: no\nempty: ""\n',
        "x",
    )
    assert document.data == {
        "time": "07:00",
        "quoted": "07:00",
        "phone": "0221000001",
        "day": "2027-02-05",
        "switch": "on",
        "no": "no",
        "empty": "",
    }


def test_keys_without_a_value_are_left_out_but_known() -> None:
    document = parse_yaml("a:\nb: null\nc: ~\nd: 'null'\n", "x")
    assert document.data == {"d": "null"}
    assert document.lines[("c",)] == 3


def test_every_place_has_its_line() -> None:
    document = parse_yaml("portals:\n  - key: a\n    pages:\n      - url: x\n      - url: y\n", "x")
    assert document.lines[("portals", 0, "pages", 1, "url")] == 5
    assert str(document.problem(("portals", 0, "pages", 1, "nothing"), "wrong")) == (
        "x:5: portals[0].pages[1].nothing: wrong"
    )
    assert shown(("a", 0, "b")) == "a[0].b"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("portals:\n\t- key: a\n", 2),
        ("portals:\n  - key: 'a\n", 3),
        ("portals: [a, b\nc: d\n", 2),
        ("portals:\n  - a\n b: c\n", 3),
        ("a: *nobody\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("- a\n- b\n", 1),
        ("just words\n", 1),
    ],
    ids=["tab", "quote", "bracket", "indent", "alias", "two documents", "list", "words"],
)
def test_broken_yaml_is_one_line_with_its_line(problems: Problems, text: str, line: int) -> None:
    (problem,) = problems(roster=text)
    assert problem.startswith(f"roster.yaml:{line}: expected ")


def test_a_tab_is_named(problems: Problems) -> None:
    (problem,) = problems(roster="officers:\n\t- {key: a}\n")
    assert "is there a tab?" in problem


def test_a_duplicate_key_names_both_lines(problems: Problems) -> None:
    assert problems(defacewatch="watch:\n  browsers: 2\n  timeout: 5s\n  browsers: 3\n") == [
        "defacewatch.yaml:4: watch.browsers: duplicate key; expected once, and it is on line 2 already"
    ]


@pytest.mark.parametrize("tag", ["!secret x", "!!python/object/apply:os.system ['id']", "!!binary aGk="])
def test_tags_are_refused(problems: Problems, tag: str) -> None:
    (problem,) = problems(defacewatch=f"web:\n  public_url: {tag}\n")
    assert problem.startswith("defacewatch.yaml:2: web.public_url: tag ")
    assert problem.endswith("; expected plain YAML without tags")


def test_a_list_as_key_is_refused(problems: Problems) -> None:
    (problem,) = problems(defacewatch="web:\n  ? [a, b]\n  : c\n")
    assert problem == "defacewatch.yaml:2: web: expected a word as key"


def test_anchors_work() -> None:
    document = parse_yaml("a: &it [x, y]\nb: *it\n", "x")
    assert document.data == {"a": ["x", "y"], "b": ["x", "y"]}


def test_a_billion_laughs_end_early() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(Unreadable, match="holds too much"):
        parse_yaml("\n".join(lines), "x")


def test_an_alias_within_itself_ends_early() -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        parse_yaml("a: &a [*a]\n", "x")


@pytest.mark.parametrize("depth", [30, 5000, 200_000])
def test_deep_nesting_ends_early(depth: int) -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        parse_yaml("a: " + "[" * depth + "]" * depth, "x")


def test_a_file_that_is_not_utf_8_names_the_line(problems: Problems, folder: Path) -> None:
    (folder / "roster.yaml").write_bytes("officers:\n  - {key: an, name: An, note: Đ}\n".encode("utf-16"))
    (problem,) = problems()
    assert problem == "roster.yaml:1: is not UTF-8; expected the file saved as UTF-8"
    (folder / "roster.yaml").write_bytes(b"officers:\n  - {key: an, name: \xd0ng}\n")
    (problem,) = problems()
    assert problem == "roster.yaml:2: is not UTF-8; expected the file saved as UTF-8"


def test_a_byte_order_mark_is_fine() -> None:
    assert parse_yaml("\ufeffa: b".encode().decode("utf-8-sig"), "x").data == {"a": "b"}


def test_control_characters_are_one_line(problems: Problems) -> None:
    (problem,) = problems(roster="officers:\n  - {key: an, name: A\x01n}\n")
    assert problem.startswith("roster.yaml")
    assert "expected valid YAML" in problem


def test_a_file_that_is_too_large_is_one_line(problems: Problems) -> None:
    assert problems(roster="#" * 5_000_001) == ["roster.yaml: is too large; expected at most 5 MB"]
