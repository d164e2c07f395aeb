from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacewatch.config import load, portals_from_csv, portals_from_yaml, portals_to_yaml
from defacewatch.config.documents import parse_yaml
from defacewatch.config.registry import portals_in
from defacewatch.errors import ConfigError
from defacewatch.portals import Contact, Page, Portal, Source, Urgency, page_id

ROOT = Path(__file__).parents[2]


def write(folder: Path, text: str, name: str = "portals.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def csv_problems(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        portals_from_csv(path)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def page(key: str, url: str) -> Page:
    return Page(page_id(key, url), key, url)


def test_rows_with_the_same_key_are_pages_of_one_portal(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "key,name,owner,operator,level,critical,url\n"
        'hungyen,"Cổng TTĐT, tỉnh Hưng Yên",UBND,TTCNTT,3,true,https://hungyen.gov.vn/\n'
        "skhcn,Sở KHCN,,,,,https://skhcn.hungyen.gov.vn\n"
        "hungyen,,,,,,https://hungyen.gov.vn/tin-tuc\n"
        "\n",
    )
    hungyen, skhcn = portals_from_csv(path)
    assert hungyen == Portal(
        "hungyen",
        "Cổng TTĐT, tỉnh Hưng Yên",
        "UBND",
        "TTCNTT",
        3,
        True,
        pages=(page("hungyen", "https://hungyen.gov.vn/"), page("hungyen", "https://hungyen.gov.vn/tin-tuc")),
    )
    assert skhcn.pages == (page("skhcn", "https://skhcn.hungyen.gov.vn/"),)
    assert hungyen.source is Source.STORE


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffkey;name;url\r\na;Cổng A;https://a.vn/\r\n",
        "URL,Name,Key\nhttps://a.vn/,Cổng A,a\n",
        "key,name,url,critical\na,Cổng A,https://a.vn/,no",
    ],
    ids=["as Excel saves it", "another order", "no last newline"],
)
def test_csv_is_read_as_people_save_it(tmp_path: Path, text: str) -> None:
    assert portals_from_csv(write(tmp_path, text)) == (
        Portal("a", "Cổng A", pages=(page("a", "https://a.vn/"),)),
    )


def test_every_wrong_row_is_named(tmp_path: Path) -> None:
    assert csv_problems(
        tmp_path,
        "key,name,level,url\n"
        "a,A,9,https://a.vn/\n"
        "b,B,1,ftp://b.vn/\n"
        "c,C,1,\n"
        ",D,1,https://d.vn/\n"
        "e,E,1,https://e.vn/\n"
        "e,F,1,https://f.vn/\n"
        "g,G,1,https://e.vn/\n"
        "h,H,1,https://h.vn/,more\n",
    ) == [
        "portals.csv:2: portals[0].level: expected a whole number from 1 to 5, not '9'",
        "portals.csv:3: portals[1].pages[0].url: expected an http:// or https:// URL without user name,"
        " not 'ftp://b.vn/'",
        "portals.csv:4: portals[2].pages[0].url: is missing; expected a value",
        "portals.csv:5: portals[3].key: is missing; expected a value",
        "portals.csv:7: name: expected 'E' as on line 6, not 'F'",
        "portals.csv:8: portals[5].pages[0].url: page https://e.vn/ is on line 6 already; expected once",
        "portals.csv:9: expected no more values than columns",
    ]


@pytest.mark.parametrize("header", ["key,name", "key,name,url,colour", "key,name,url,url", "", "a|b"])
def test_other_columns_are_refused(tmp_path: Path, header: str) -> None:
    (problem,) = csv_problems(tmp_path, f"{header}\na,A,https://a.vn/\n")
    assert problem.startswith(
        "portals.csv:1: expected the columns key,name,owner,operator,level,critical,tags,url"
    )


def test_broken_csv_is_one_line(tmp_path: Path) -> None:
    (problem,) = csv_problems(tmp_path, 'key,name,url\na,"A"x,https://a.vn/\n')
    assert problem.startswith("portals.csv:2: expected CSV: ")


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for read in (portals_from_csv, portals_from_yaml):
        with pytest.raises(ConfigError, match=r"gone.csv: cannot be read"):
            read(tmp_path / "gone.csv")


def test_problems_of_a_yaml_file_carry_its_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path, "portals:\n  - key: a\n    nam: A\n    pages: [{url: 'https://a.vn/'}]\n", "p.yaml"
    )
    with pytest.raises(ConfigError) as caught:
        portals_from_yaml(path)
    assert [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems] == [
        "p.yaml:2: portals[0].name: is missing; expected a value",
        "p.yaml:3: portals[0].nam: unknown key (did you mean name?); expected one of key, name, owner,"
        " operator, level, critical, changed_urgency, defaced_urgency, tags, contacts, pages",
    ]


def test_the_shipped_portals_come_back_from_an_export(tmp_path: Path) -> None:
    portals = load(ROOT / "config", {}).portals
    assert portals_from_yaml(write(tmp_path, portals_to_yaml(portals), "p.yaml")) == portals


def test_no_portals_come_back_from_an_export(tmp_path: Path) -> None:
    assert portals_from_yaml(write(tmp_path, portals_to_yaml(()), "p.yaml")) == ()


TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=40)
    .map(lambda text: parse_name(text))
    .filter(bool)
)
INTERVALS = st.none() | st.integers(1000, 86_400_000).map(lambda ms: timedelta(milliseconds=ms))
PROBES = st.none() | st.integers(1000, 3_600_000).map(lambda ms: timedelta(milliseconds=ms))


def parse_name(text: str) -> str:
    """`text` as it is once registered."""
    document = parse_yaml(
        portals_to_yaml([Portal("a", text or "-", pages=(page("a", "https://a.vn/"),))]), "x"
    )
    portals, _ = portals_in(document, Source.STORE)
    return portals[0].name if portals else ""


@settings(deadline=None)
@given(
    name=TEXTS,
    owner=st.none() | TEXTS,
    level=st.none() | st.integers(1, 5),
    critical=st.booleans(),
    urgency=st.sampled_from(Urgency),
    phone=st.none() | TEXTS,
    probe_every=PROBES,
    render_every=INTERVALS,
)
def test_any_portal_comes_back_from_an_export(
    name: str,
    owner: str | None,
    level: int | None,
    critical: bool,
    urgency: Urgency,
    phone: str | None,
    probe_every: timedelta | None,
    render_every: timedelta | None,
) -> None:
    url = "https://a.vn/?q=%C3%AA&x=1"
    portal = Portal(
        "a",
        name,
        owner,
        level=level,
        critical=critical,
        changed_urgency=urgency,
        contacts=(Contact(name, phone),),
        pages=(Page(page_id("a", url), "a", url, probe_every, render_every),),
    )
    portals, problems = portals_in(parse_yaml(portals_to_yaml([portal]), "x"), Source.STORE)
    assert (portals, problems) == ((portal,), [])
