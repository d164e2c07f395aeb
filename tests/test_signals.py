import re
import string
from pathlib import Path

import pytest

from defacewatch.compare.letters import SYSTEMS
from defacewatch.compare.weights import weights
from defacewatch.language import translator
from defacewatch.signals import KINDS, TRAITS, Kind, Role, Severity, Signal, same_difference

DOCS = (Path(__file__).parents[1] / "docs" / "signals.md").read_text(encoding="utf-8")
MARKS = set(weights().points[Kind.MAKE_UP]) - {"standing"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("title:a", "title:a", True),
        ("title:a", "title:b", False),
        ("screen~00000000000000ff", "screen~0000000000000000", True),
        ("screen~00000000000007ff", "screen~0000000000000000", False),
        ("screen~0000000000000000", "text~0000000000000000", False),
        ("script-host=a", "script-host=a|b", True),
        ("script-host=a|b", "script-host=b|a", True),
        ("script-host=a|c", "script-host=a|b", False),
        ("script-host=a", "frame-host=a|b", False),
        ("title:x=a", "title:x=a|b", False),
        ("title:x~0", "title:x~1", False),
        ("script-host=evil.com~x1", "script-host=evil.com~x2", False),
        ("script-host=evil.com~x1", "script-host=evil.com~x1|b", True),
        ("title:a~00000000000000ff", "title:a~00000000000000fe", False),
        ("screen~not hexadecimal", "screen~0000000000000000", False),
        ("screen~0", "screen~1", False),
        ("screen~", "screen~0000000000000000", False),
        ("blank", "screen~0000000000000000", False),
        ("", "=", False),
    ],
)
def test_identities_name_the_same_difference(one: str, other: str, same: bool) -> None:
    assert same_difference(one, other) is same


def test_some_outages_leave_the_page_to_be_seen() -> None:
    hiding = {kind for kind in Kind if Signal(kind, 0, "x").hides_page}
    seen_through = {Kind.TLS, Kind.SERVED_AS_ERROR, Kind.NOT_SHOWN}
    assert hiding == {kind for kind, known in KINDS.items() if known.role is Role.OUTAGE} - seen_through


@pytest.mark.parametrize(
    ("kind", "points", "severity"),
    [
        (Kind.TEXT, 0, Severity.INFO),
        (Kind.TEXT, 14.9, Severity.LOW),
        (Kind.SCREEN, 15, Severity.MEDIUM),
        (Kind.DEFACE_PHRASE, 40, Severity.HIGH),
        (Kind.HTTP_ERROR, 0, Severity.MEDIUM),
        (Kind.TRUNCATED, 0, Severity.INFO),
    ],
)
def test_severity_follows_points_and_outages_stand_in_the_middle(
    kind: Kind, points: float, severity: Severity
) -> None:
    assert Signal(kind, points, "x").severity is severity


def test_every_kind_has_a_role_and_a_sentence() -> None:
    assert set(KINDS) == set(Kind)
    for known in KINDS.values():
        assert [field for _, field, _, _ in string.Formatter().parse(known.sentence) if field == ""] == []


def test_a_sentence_lists_names_its_place_and_survives_missing_evidence() -> None:
    signal = Signal(Kind.DEFACE_PHRASE, 50, "x", {"place": "anchor", "phrases": ["a", "{b}"]})
    assert signal.sentence(translator("en")) == "words of a defacement in the text of a link: “a, {b}”"
    assert "…" in Signal(Kind.TITLE, 5, "x").sentence(translator("en"))


def test_a_place_is_told_in_the_language_of_the_sentence() -> None:
    shout = {"title": "TIÊU ĐỀ"}
    signal = Signal(Kind.DEFACE_PHRASE, 50, "x", {"place": "title", "phrases": ["a"]})
    assert "TIÊU ĐỀ" in signal.sentence(lambda text: shout.get(text, text))


def spoken(signal: Signal, language: str) -> str:
    return signal.sentence(translator(language))


@pytest.mark.parametrize("trait", sorted(MARKS))
def test_every_mark_of_make_up_is_told_in_words(trait: str) -> None:
    signal = Signal(Kind.MAKE_UP, 9, "x", {"traits": [trait]})
    english, vietnamese = (spoken(signal, language).partition(": ")[2] for language in ("en", "vi"))
    assert english == TRAITS[trait]
    assert "-" not in english
    assert vietnamese not in (english, trait, "")


def test_no_mark_is_told_that_does_not_exist() -> None:
    assert set(TRAITS) == MARKS


@pytest.mark.parametrize("system", sorted({*SYSTEMS, "Vietnamese"}))
def test_every_writing_system_is_told_in_words(system: str) -> None:
    signal = Signal(Kind.LANGUAGE, 9, "x", {"before": system, "after": "Latin"})
    assert spoken(signal, "en").endswith(" → Latin without Vietnamese marks")
    assert f": {system}" in spoken(signal, "en")
    before, _, after = spoken(signal, "vi").partition(": ")[2].partition(" → ")
    assert before.startswith(("chữ ", "tiếng "))
    assert after == "chữ Latinh không dấu"


def test_a_title_that_names_a_writing_system_is_told_as_it_is() -> None:
    signal = Signal(Kind.TITLE, 9, "x", {"before": "Latin", "after": "marquee"})
    assert "“Latin”" in spoken(signal, "vi")
    assert "“marquee”" in spoken(signal, "vi")


def test_new_code_says_where_it_is_and_whom_it_reaches() -> None:
    file = Signal(Kind.ALTERED_SCRIPT, 50, "x", {"does": ["redirects"], "url": ["https://a.example/x.js"]})
    assert spoken(file, "en") == "new code on the page sends visitors elsewhere: https://a.example/x.js"
    inside = Signal(Kind.ALTERED_SCRIPT, 50, "x", {"does": ["rewrites"], "url": ["in-page"]})
    assert spoken(inside, "en") == "new code on the page rewrites the page: in the page itself"
    assert "tệp" not in spoken(inside, "vi")
    reached = {"does": ["reaches"], "url": ["in-scripts"], "hosts": ["evil.example", "{url}"]}
    reaching = Signal(Kind.ALTERED_SCRIPT, 50, "x", reached)
    assert spoken(reaching, "en") == "new code on the page reaches evil.example, {url}: in its scripts"
    assert "evil.example" in spoken(reaching, "vi")


def test_our_own_words_are_translated_before_values_are_cut_and_cleaned() -> None:
    signal = Signal(Kind.MAKE_UP, 9, "x", {"traits": ["marquee", "blink"]})
    vietnamese = translator("vi")
    told = [vietnamese(TRAITS[trait]) for trait in ("marquee", "blink")]
    assert signal.sentence(vietnamese, str).endswith(f": {told}")


def test_hidden_text_is_said_to_be_hidden_and_not_gone() -> None:
    signal = Signal(Kind.VISIBLE_TEXT, 30, "x", {"share": 60})
    assert spoken(signal, "en") == "60 % of what could be read on the page is hidden"
    assert "mất" not in spoken(signal, "vi")


@pytest.mark.parametrize("kind", list(Kind))
def test_the_documentation_tells_every_kind_in_both_languages(kind: Kind) -> None:
    section = re.search(rf"^### `{kind.value}`\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert section, f"docs/signals.md has no section for {kind.value}"
    told = section.group(1)
    assert f"*{KINDS[kind].role.value}" in told
    assert re.search(r"^EN\. \S.{40}", told, re.MULTILINE)
    assert re.search(r"^VI\. \S.{40}", told, re.MULTILINE)
    most = weights().most.get(kind)
    points = "0 points" if KINDS[kind].role in (Role.OUTAGE, Role.NOTE) else f"up to {most:g} points"
    assert points in told, f"{kind.value}: {points}"


def test_the_documentation_tells_no_kind_that_does_not_exist() -> None:
    assert set(re.findall(r"^### `(.*?)`", DOCS, re.MULTILINE)) == {kind.value for kind in Kind}
