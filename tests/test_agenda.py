from defacewatch.agenda import Agenda, Coverage, Due, Errand, Way

PROBE, RENDER = Errand.PROBE, Errand.RENDER


def due(page: str, at: float, *, every: float = 30.0, weight: float = 1.0, errand: Errand = PROBE) -> Due:
    return Due(page, errand, every, at, weight)


def taken(agenda: Agenda, errand: Errand = PROBE) -> list[str]:
    pages = []
    while (one := agenda.take(Way(errand))) is not None:
        pages.append(one.page)
    return pages


def test_nothing_is_taken_before_it_is_due() -> None:
    agenda = Agenda()
    agenda.put(due("a", 10))
    agenda.advance(9.9)
    assert taken(agenda) == []
    agenda.advance(10)
    assert taken(agenda) == ["a"]
    assert taken(agenda) == []


def test_what_is_overdue_comes_by_deadline_so_that_the_important_and_the_late_come_first() -> None:
    agenda = Agenda()
    agenda.put(due("late", 0))
    agenda.put(due("later", 10))
    agenda.put(due("important", 12, weight=2))
    agenda.put(due("often", 14, every=10))
    agenda.put(due("hardly answers", 0, weight=0.25))
    agenda.advance(20)
    assert taken(agenda) == ["often", "important", "late", "later", "hardly answers"]


def test_errands_of_different_kinds_do_not_wait_for_one_another() -> None:
    agenda = Agenda()
    agenda.put(due("a", 0, errand=RENDER))
    agenda.put(due("b", 0))
    agenda.advance(1)
    assert (taken(agenda, RENDER), taken(agenda)) == (["a"], ["b"])


def test_a_new_time_takes_the_place_of_the_old_one_also_of_what_waits() -> None:
    agenda = Agenda()
    agenda.put(due("a", 0))
    agenda.put(due("a", 50))
    agenda.advance(10)
    assert taken(agenda) == []
    agenda.put(due("b", 0))
    agenda.advance(10)
    agenda.put(due("b", 60))
    assert (taken(agenda), len(agenda)) == ([], 2)


def test_a_page_that_is_dropped_is_not_run() -> None:
    agenda = Agenda()
    agenda.put(due("a", 0))
    agenda.put(due("a", 0, errand=RENDER))
    agenda.advance(1)
    agenda.drop("a")
    assert (taken(agenda), taken(agenda, RENDER), list(agenda.waiting(PROBE))) == ([], [], [])


def test_the_next_time_keeps_the_rhythm_and_leaves_out_what_has_passed() -> None:
    one = due("a", 10)
    assert (one.next(10), one.next(39.9), one.next(40), one.next(101)) == (40, 40, 70, 130)
    assert (one.missed(39.9), one.missed(40), one.missed(101)) == (0, 1, 3)


def test_an_errand_that_is_dropped_alone_leaves_the_others_of_its_page() -> None:
    agenda = Agenda()
    agenda.put(due("a", 0))
    agenda.put(due("a", 0, errand=RENDER))
    agenda.drop("a", RENDER)
    agenda.advance(1)
    assert (taken(agenda, RENDER), taken(agenda)) == ([], ["a"])


def test_what_is_urgent_comes_before_all_that_is_late_and_by_deadline_among_itself() -> None:
    agenda = Agenda()
    agenda.put(due("hours late", 0, every=30, weight=4))
    agenda.put(due("urgent", 9000, every=1800).hurried(8000))
    agenda.put(due("urgent and important", 9000, every=1800, weight=2).hurried(8000))
    agenda.advance(8000)
    assert taken(agenda) == ["urgent and important", "urgent", "hours late"]


def test_what_is_brought_forward_is_due_at_its_own_times_afterwards() -> None:
    one = due("a", 100, every=30).sooner(80)
    assert (one.at, one.next(81), one.next(99.9)) == (80, 100, 100)
    assert (one.next(100), one.next(135)) == (130, 160), "it waited beyond its own time"
    assert due("a", 70).sooner(80) == due("a", 70), "it is due already"


def test_coverage_is_the_share_of_looks_made_in_time_in_the_window() -> None:
    coverage = Coverage(window=300, step=10)
    assert coverage.ratio(0) is None, "nothing was due, which says nothing"
    coverage.note(0, seen=90, missed=10)
    assert coverage.ratio(5) == 0.9
    coverage.note(200, seen=100)
    assert coverage.ratio(200) == 0.95
    assert coverage.ratio(310) == 1.0, "the misses are out of the window"
    assert coverage.missed == 10


def test_what_is_still_to_be_made_counts_as_missed() -> None:
    coverage = Coverage()
    coverage.note(0, seen=3)
    assert coverage.ratio(1, overdue=1) == 0.75
