"""Which incidents belong together."""

from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.campaigns import LONGEST, MARKS, Joined, Known, Mark, Trait, alike, joined, marks_of
from defacewatch.portals import Page
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, VerdictKind
from tests.store.samples import CHANGED, DEFACED, MINUTE, NOW, UNREACHABLE, phrase, portal

PORTAL = portal("hungyen", operator="Trung tâm  CNTT")
PAGE = Page("hungyen-1", "hungyen", "https://hungyen.gov.vn/tin")
ADDRESS = Mark(Trait.ADDRESS, "192.0.2.1")
OPERATOR = Mark(Trait.OPERATOR, "trung tâm cntt")
HOST = Mark(Trait.CODE_HOST, "evil.example")


def known(incident: int, mark: Mark, minutes: float = 1, campaign: int | None = None) -> Known:
    return Known(incident, NOW - minutes * MINUTE, mark, campaign)


def test_an_incident_is_marked_by_where_its_page_lives_and_by_what_is_seen() -> None:
    foreign = Signal(Kind.SCRIPT_HOST, 55.0, "script-host=evil.example", {"hosts": ["evil.example"]})
    verdict = Verdict(VerdictKind.DEFACED, 115.0, 115.0, (phrase("Hacked by  X"), foreign))
    marks = marks_of(PAGE, PORTAL, verdict, addresses=("192.0.2.1",), generator="wordpress 6.4")
    assert marks == {
        Mark(Trait.HOST, "hungyen.gov.vn"),
        Mark(Trait.GENERATOR, "wordpress 6.4"),
        Mark(Trait.WORDS, "hacked by x"),
        ADDRESS,
        OPERATOR,
        HOST,
    }


def test_looks_and_words_of_a_page_mark_only_a_defacement() -> None:
    sketch = Signal(Kind.SCREEN, 30.0, "screen~00ff00ff00ff00ff", {"share": 90})
    attack = Verdict(VerdictKind.DEFACED, 90.0, 60.0, (phrase(), sketch))
    assert Mark(Trait.SCREEN, "00ff00ff00ff00ff") in marks_of(PAGE, PORTAL, attack)
    assert {mark.trait for mark in marks_of(PAGE, PORTAL, CHANGED)} == {Trait.HOST, Trait.OPERATOR}


def test_an_outage_is_not_marked_by_the_program_that_made_the_page() -> None:
    assert Trait.GENERATOR not in {
        mark.trait for mark in marks_of(PAGE, PORTAL, UNREACHABLE, generator="wordpress 6.4")
    }


def test_a_drill_belongs_to_nothing() -> None:
    assert marks_of(replace(PAGE, id="hungyen-drill"), PORTAL, DEFACED) == frozenset()


def test_what_a_page_says_marks_it_only_so_often() -> None:
    hosts = [f"h{n}.example" for n in range(MARKS * 2)]
    flood = Signal(Kind.HIDDEN_LINKS, 60.0, "hidden-links=…", {"hosts": hosts})
    marks = marks_of(PAGE, PORTAL, Verdict(VerdictKind.DEFACED, 60.0, 60.0, (flood,)))
    assert len(marks) == MARKS
    assert all(mark.trait is Trait.CODE_HOST for mark in marks)


def test_sketches_that_are_near_are_alike_and_words_have_to_be_the_same() -> None:
    assert alike(Mark(Trait.SCREEN, "00ff00ff00ff00ff"), Mark(Trait.SCREEN, "00ff00ff00ff00fe"))
    assert not alike(Mark(Trait.SCREEN, "00ff00ff00ff00ff"), Mark(Trait.SCREEN, "ff00ff00ff00ff00"))
    assert not alike(Mark(Trait.SCREEN, "00ff00ff00ff00ff"), Mark(Trait.TEXT, "00ff00ff00ff00ff"))
    assert not alike(Mark(Trait.WORDS, "hacked by x"), Mark(Trait.WORDS, "hacked by y"))


def test_two_incidents_with_code_from_the_same_host_belong_together_for_a_day() -> None:
    assert joined({HOST}, [known(1, HOST, 23 * 60)], NOW) == Joined(None, (1,), HOST)
    assert joined({HOST}, [known(1, HOST, 25 * 60)], NOW) is None
    assert timedelta(hours=24) == LONGEST


def test_a_shared_address_counts_while_incidents_come_at_the_same_time() -> None:
    assert joined({ADDRESS}, [known(1, ADDRESS, 9)], NOW) == Joined(None, (1,), ADDRESS)
    assert joined({ADDRESS}, [known(1, ADDRESS, 11)], NOW) is None


def test_what_many_portals_share_anyway_counts_when_several_come() -> None:
    assert joined({OPERATOR}, [known(1, OPERATOR)], NOW) is None
    assert joined({OPERATOR}, [known(1, OPERATOR), known(2, OPERATOR)], NOW) == Joined(None, (1, 2), OPERATOR)


def test_what_tells_most_decides_and_the_oldest_campaign_is_joined() -> None:
    there = [known(1, ADDRESS, campaign=9), known(2, HOST, campaign=7), known(3, HOST, campaign=8)]
    assert joined({ADDRESS, HOST}, there, NOW) == Joined(7, (), HOST)


@pytest.mark.parametrize("marks", [frozenset[Mark](), frozenset({Mark(Trait.HOST, "other.gov.vn")})])
def test_an_incident_that_shares_nothing_stands_alone(marks: frozenset[Mark]) -> None:
    assert joined(marks, [known(1, HOST), known(2, ADDRESS)], NOW) is None
