"""Templates: every text has its Vietnamese, and nothing in them runs or styles inline."""

import re
from pathlib import Path

import pytest

from defacewatch import incidents
from defacewatch.language import translator
from defacewatch.notify import refusals, sayings
from defacewatch.verdicts import VerdictKind
from defacewatch.web import front, rendering, security, words

TEMPLATES = sorted((Path(rendering.__file__).parent / "templates").glob("*.html"))
TEXT = re.compile(r"""\b_\((["'])(.+?)\1\)""")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_every_text_of_a_template_has_its_vietnamese(file: Path) -> None:
    vietnamese = translator("vi")
    for _, text in TEXT.findall(file.read_text("utf-8")):
        assert vietnamese(text) != text, text


def test_every_word_has_its_vietnamese() -> None:
    vietnamese = translator("vi")
    tables = (
        words.VERDICTS, sayings.STATES, refusals.RESOLUTIONS, sayings.EVENTS, sayings.DELIVERIES,
        words.SEVERITIES,
        front.SITUATIONS, security.ERRORS,
    )  # fmt: skip
    for table in tables:
        for text in table.values():
            assert vietnamese(text) != text, text
    assert vietnamese(security.OTHERWISE) != security.OTHERWISE
    for text in (front.NOTHING_WATCHED, front.ALL_PAUSED, security.WAIT_SECONDS, security.WAIT_MINUTES):
        assert vietnamese(text) != text
    refused = {name: text for name, text in vars(incidents).items() if name.isupper() and " " in str(text)}
    for text in refused.values():
        assert not isinstance(text, str) or vietnamese(text) != text


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_no_template_has_inline_script_or_style_or_turns_escaping_off(file: Path) -> None:
    source = file.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|\|\s*safe\b|autoescape", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


def test_every_verdict_has_its_place_in_the_order() -> None:
    assert set(words.WORST_FIRST) == {*VerdictKind, None}
    assert set(front.SITUATIONS) == set(words.WORST_FIRST)
