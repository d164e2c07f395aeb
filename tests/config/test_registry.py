from datetime import timedelta
from pathlib import Path

import pytest

from defacewatch.config import load
from defacewatch.portals import Contact, Urgency
from tests.config.conftest import Problems


def test_every_key_is_read(folder: Path) -> None:
    (folder / "portals.yaml").write_text(
        """\
portals:
  - key: hungyen
    name: Cổng
    owner: Văn phòng UBND tỉnh
    operator: Trung tâm CNTT
    level: 3
    critical: yes
    changed_urgency: high
    defaced_urgency: normal
    tags: [tỉnh, một cửa, tỉnh]
    contacts: [{name: Đỗ Thị Hạnh, phone: 0221000001, email: hanh@example.gov.vn}, {name: Trực}]
    pages:
      - {url: "HTTPS://HungYen.gov.vn:443", probe_every: 15s, render_every: 1h}
      - url: https://hungyen.gov.vn/tin-tức
"""
    )
    (portal,) = load(folder, {}).portals
    assert portal.tags == ("một cửa", "tỉnh")
    assert load(folder, {}).places == {"hungyen": f"{folder}/portals.yaml:2"}
    assert (portal.name, portal.owner, portal.operator) == ("Cổng", "Văn phòng UBND tỉnh", "Trung tâm CNTT")
    assert (portal.level, portal.critical) == (3, True)
    assert (portal.changed_urgency, portal.defaced_urgency) == (Urgency.HIGH, Urgency.NORMAL)
    assert portal.contacts == (Contact("Đỗ Thị Hạnh", "0221000001", "hanh@example.gov.vn"), Contact("Trực"))
    first, second = portal.pages
    assert first.url == "https://hungyen.gov.vn/"
    assert (first.probe_every, first.render_every) == (timedelta(seconds=15), timedelta(hours=1))
    assert second.url == "https://hungyen.gov.vn/tin-tức"
    assert first.portal == "hungyen"


def test_a_duplicate_portal_names_both_lines(problems: Problems) -> None:
    assert problems(
        portals="portals:\n"
        "  - {key: a, name: A, pages: [{url: 'https://a.vn/'}]}\n"
        "  - {key: a, name: B, pages: [{url: 'https://b.vn/'}]}\n"
    ) == ["portals.yaml:3: portals[1].key: 'a' is on line 2 already; expected once"]


def test_a_duplicate_page_is_found_however_it_is_written(problems: Problems) -> None:
    assert problems(
        portals="portals:\n"
        "  - {key: a, name: A, pages: [{url: 'https://a.vn/'}]}\n"
        "  - {key: b, name: B, pages: [{url: 'https://A.vn:443#top'}]}\n"
    ) == ["portals.yaml:3: portals[1].pages[0].url: page https://a.vn/ is on line 2 already; expected once"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "portals.yaml:1: portals: is missing; expected the list of portals to watch"),
        ("portals: {a: b}", "portals.yaml:1: portals: expected a list, not keys and values"),
        ("portals: [a]", "portals.yaml:1: portals[0]: expected keys and values, not 'a'"),
        ("portals: [null]", "portals.yaml:1: portals[0]: expected keys and values, not nothing"),
        (
            "portals:\n- {name: A, pages: [{url: 'https://a.vn'}]}",
            "portals.yaml:2: portals[0].key: is missing; expected a value",
        ),
        (
            "portals:\n- {key: a, name: A}",
            "portals.yaml:2: portals[0].pages: is missing; expected a value",
        ),
        (
            "portals:\n- {key: a, name: A, pages: [{url: 'file:///etc/passwd'}]}",
            "portals.yaml:2: portals[0].pages[0].url: expected an http:// or https:// URL without user name,"
            " not 'file:///etc/passwd'",
        ),
        (
            "portals:\n- {key: a, name: A, pages: [{url: 'https://a.vn', probe_every: 0s}]}",
            "portals.yaml:2: portals[0].pages[0].probe_every: expected at least 1s, not '0s'",
        ),
        (
            "portals:\n- {key: a, name: A, changed_urgency: soon, pages: [{url: 'https://a.vn'}]}",
            "portals.yaml:2: portals[0].changed_urgency: expected one of high, normal, not 'soon'",
        ),
        (
            "portals:\n- {key: a, name: A, contacts: [{phone: 1}], pages: [{url: 'https://a.vn'}]}",
            "portals.yaml:2: portals[0].contacts[0].name: is missing; expected a value",
        ),
    ],
)
def test_a_wrong_portal_is_one_line(problems: Problems, text: str, expected: str) -> None:
    assert problems(portals=text) == [expected]
