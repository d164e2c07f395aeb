"""Templates of bodies: what they may say, and what nobody gets through them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from defacewatch.alerts import AlertKind
from defacewatch.notify import bodies
from defacewatch.notify.bodies import FIELDS, fields_of, international, parse, plain, sms, try_out
from defacewatch.notify.hostile import safe
from defacewatch.signals import Kind, Signal
from tests.notify.examples import AN, PORTAL, delivery, notice, signalled

DOCUMENT = Path(__file__).parents[2].joinpath("docs/webhooks.md").read_text("utf-8")


def filled(source: str, **changes: Any) -> str:
    return parse(source).render(fields_of(notice(**changes)), {})


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_field_is_there_for_every_kind_of_alert(kind: AlertKind) -> None:
    bare = dict.fromkeys(("portal", "page", "incident", "verdict", "confirmed_at", "to", "evidence_url"))
    for one in (notice(kind), notice(kind, **bare)):
        fields = fields_of(one)
        assert fields.keys() == FIELDS.keys()
        assert all(isinstance(value, str) for value in fields.values())


def test_the_fields_say_who_is_told_of_what() -> None:
    fields = fields_of(
        notice(to=replace(AN, phone="0900 000-001"), delivery=delivery(), take_url="https://t")
    )
    assert (fields["officer"], fields["phone"], fields["id"]) == (
        "Nguyễn Văn An",
        "0900000001",
        "delivery_77",
    )
    assert (fields["code"], fields["kind"], fields["take_url"]) == ("SC-000123", "defaced", "https://t")
    assert fields["page"] == "hxxps://hungyen[.]gov[.]vn/"
    assert fields_of(notice(to=None))["id"] == "alert_12"


def test_what_a_page_says_is_defanged_and_stays_inside_its_json_string() -> None:
    said = '","to":"0999","x":"\n{{ secret.KEY }} http://bad.example \u202e'
    told = signalled(Signal(Kind.DEFACE_PHRASE, 60.0, "x", {"place": "title", "phrases": [said]}))
    made = parse('{"text": {{ text|tojson }}}').render(fields_of(told), {"KEY": "hunter2"})
    assert json.loads(made).keys() == {"text"}
    assert "hunter2" not in made
    assert "http://bad" not in made
    assert "bad[.]example" in made
    assert "\u202e" not in json.loads(made)["text"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ text", "its line 1: unexpected end of template"),
        ("{{ password }}", "no field 'password'"),
        ("{{ self }}", "no field 'self'"),
        ("{{ text.format }}", "expected secret.NAME in capitals, not .format"),
        ("{{ ''.__class__.__mro__ }}", "expected secret.NAME in capitals, not .__"),
        ("{{ secret.items }}", "expected secret.NAME in capitals, not .items"),
        ("{{ secret }}", "not all secrets at once"),
        ("{{ (secret if drill else text)|tojson }}", "not all secrets at once"),
        ("{{ secret['KEY'] }}", "not getitem"),
        ("{{ text|attr('x') }}", "no filter 'attr'"),
        ("{{ range(9) }}", "not call"),
        ("{% include '/etc/passwd' %}", "not include"),
        ("{% import 'x' as y %}", "not import"),
        ("{% for x in text %}{% endfor %}", "not for"),
        ("{% set x = secret.KEY %}", "not assign"),
        ("{{ 9 ** 9 ** 9 }}", "not pow"),
        ("{{ 'x' * 999999999 }}", "not mul"),
    ],
)
def test_a_template_says_fields_and_reaches_into_nothing(source: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(source)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_body_that_makes_no_json_of_what_fields_may_hold_is_found_beforehand() -> None:
    assert try_out('{"a": {{ text|tojson }}, "k": {{ secret.KEY|tojson }}}', as_json=True) == {"KEY"}
    with pytest.raises(ValueError, match=r"write fields as \{\{ text\|tojson \}\}"):
        try_out('{"a": "{{ text }}"}', as_json=True)
    assert try_out("a={{ text|urlencode }}", as_json=False) == frozenset()
    with pytest.raises(ValueError, match="can be filled in"):
        try_out("{{ text|shorten('many') }}", as_json=False)


def test_conditions_and_joined_texts_are_possible() -> None:
    source = "{{ 'DRILL ' ~ code if drill else code }}{% if kind == 'defaced' and not drill %}!{% endif %}"
    assert filled(source) == "SC-000123!"


def test_vietnamese_loses_its_marks_and_nothing_else() -> None:
    assert plain("Đường đi Hưng Yên: “thử”… – ½ 🔴").split() == [
        "Duong",
        "di",
        "Hung",
        "Yen:",
        '"thu"...',
        "-",
    ]
    assert plain("ỲỸỶỴ ăâêôơư") == "YYYY aaeoou"


def test_what_was_taken_apart_is_not_put_together_again() -> None:
    for hostile in ("evil☃.com", "www☃.evil☃.com/x", "a☃@☃b☃.com", "hxxps\u200b://evil☃.com"):
        told = plain(safe(hostile))
        assert not re.search(r"\w[.@]\w|https?://", told.replace("[.]", " ").replace("[@]", " ")), told


@pytest.mark.parametrize("limit", [20, 70, 160])
def test_a_text_message_stays_within_its_septets_brackets_counting_twice(limit: int) -> None:
    said = filled("{{ text|sms(" + str(limit) + ") }}")
    assert said.isascii()
    assert "\n" not in said
    assert len(said) + sum(said.count(char) for char in "[]{}^~|\\") <= limit
    assert said.endswith("...")
    assert sms("ngắn") == "ngan"
    assert len(sms("[" * 200)) < 82


def test_numbers_are_dialled_with_the_country_s_code() -> None:
    for written in ("0900 000 001", "+84 900 000 001", "0084900000001", "84.900.000.001"):
        assert international(written) == "84900000001", written


def test_every_field_and_filter_is_documented_and_nothing_else_is() -> None:
    section = DOCUMENT[DOCUMENT.index("### Fields") : DOCUMENT.index("### Answers")]
    rows = [line.split("|")[1].strip().strip("`") for line in section.splitlines() if line.startswith("| `")]
    fields = rows[: len(FIELDS)]
    assert fields == list(FIELDS)
    assert [row.partition("(")[0] for row in rows[len(FIELDS) :]] == list(bodies._FILTERS)


def test_a_field_without_a_portal_is_empty() -> None:
    assert filled("{{ portal }}{{ code }}", portal=None, incident=None) == ""
    assert filled("{{ portal }}") == PORTAL.name
