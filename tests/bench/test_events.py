"""What a labelled step was, and how long an outage lasts."""

from pathlib import Path

import pytest

from bench.detect.events import BACK, BOT_WALL, ERROR_PAGE, MOVED, ORDINARY, REDESIGN, Event, classes, read

SITE = "mau.example"
HOME = (60_000, "Cong thong tin Mau", "http://mau.example/")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (HOME, (90_000, "Cong thong tin Mau moi", "http://mau.example/"), REDESIGN),
        (HOME, (9_000, "503 Service Unavailable", "http://mau.example/"), ERROR_PAGE),
        ((9_000, "Error 503", "http://mau.example/"), HOME, BACK),
        ((1_000, "", "http://mau.example/"), HOME, BACK),
        (HOME, (2_000, "", "http://mau.example/"), BOT_WALL),
        (HOME, (60_000, "Cong thong tin Mau", "http://khac.example/"), MOVED),
        (HOME, (60_000, "Domain for sale", "http://mau.example/"), MOVED),
        (HOME, (2_000, "Cong thong tin Mau", "http://mau.example/"), MOVED),
    ],
)
def test_a_step_is_classified_by_titles_sizes_and_addresses(
    tmp_path: Path, before: tuple[int, str, str], after: tuple[int, str, str], kind: str
) -> None:
    file = tmp_path / "events.txt"
    file.write_text(f"{SITE} 3->4 pc=1 wc=2 {before} => {after}\nnot an event\n")
    assert list(read(file)) == [Event(SITE, 3, 4, kind)]


def sized(*sizes: int) -> list[tuple[int, int]]:
    return list(enumerate(sizes, 1))


def test_steps_without_a_label_are_ordinary() -> None:
    other = Event("khac.example", 1, 2, REDESIGN)
    assert classes([other], sized(60_000, 61_000), site=SITE) == {1: ORDINARY, 2: ORDINARY}


def test_an_outage_lasts_until_a_version_three_times_its_size() -> None:
    found = classes([Event(SITE, 1, 2, ERROR_PAGE)], sized(60_000, 2_000, 5_000, 60_000, 60_000), site=SITE)
    assert list(found.values()) == [ORDINARY, ERROR_PAGE, ERROR_PAGE, BACK, ORDINARY]


def test_a_labelled_step_ends_an_outage() -> None:
    labelled = [Event(SITE, 1, 2, BOT_WALL), Event(SITE, 3, 4, BACK)]
    found = classes(labelled, sized(60_000, 2_000, 2_000, 4_000, 4_000), site=SITE)
    assert list(found.values()) == [ORDINARY, BOT_WALL, BOT_WALL, BACK, ORDINARY]


def test_a_site_can_begin_with_a_bot_wall() -> None:
    found = classes([], sized(900, 60_000, 60_000), site=SITE)
    assert list(found.values()) == [BOT_WALL, BACK, ORDINARY]


def test_of_several_events_between_two_versions_the_last_counts() -> None:
    labelled = [Event(SITE, 1, 2, BOT_WALL), Event(SITE, 2, 3, REDESIGN)]
    assert classes(labelled, [(1, 60_000), (3, 60_000)], site=SITE) == {1: ORDINARY, 3: REDESIGN}
