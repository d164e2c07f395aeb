"""Which deliveries travel together, and when."""

from datetime import timedelta

from defacewatch.alerts import AlertKind
from defacewatch.gathering import (
    CAP,
    DIGEST_EVERY,
    EDIT_EVERY,
    FEW,
    FOR_OTHERS,
    MORE_EVERY,
    NOTIFY_AGAIN,
    PATIENCE,
    TOGETHER,
    UPDATE_EVERY,
    Due,
    Manner,
    Plan,
    Thread,
    plan,
    worst_of,
)
from tests.store.samples import MINUTE, NOW

SECOND = timedelta(seconds=1)
DEFACED, CHANGED = AlertKind.DEFACED, AlertKind.CHANGED


def due(
    number: int,
    kind: AlertKind = DEFACED,
    campaign: int | None = None,
    step: int = 0,
    ago: float = 0,
    attempts: int = 0,
    *,
    grave: bool = False,
) -> Due:
    return Due(number, kind, step, NOW - ago * SECOND, campaign, attempts, grave)


def planned(
    *waiting: Due,
    threads: tuple[Thread, ...] = (),
    count: int = 2,
    sent: int = 0,
    digested: timedelta | None = None,
    editable: bool = True,
) -> Plan:
    counts = {thread.campaign: count for thread in threads}
    at = None if digested is None else NOW - digested
    return plan(waiting, threads, counts, sent=sent, digested_at=at, editable=editable, now=NOW)


FULL = frozenset({DEFACED, CHANGED})


def heard(
    ago: timedelta,
    of: int = 2,
    worst: AlertKind = DEFACED,
    changed: timedelta | None = None,
    *,
    taken: bool = False,
) -> Thread:
    at = NOW - (ago if changed is None else changed)
    return Thread(7, 70, NOW - ago, at, of, worst, FULL, taken)


BEGUN = Thread(7, full=FULL)


def test_one_alert_goes_alone() -> None:
    assert planned(due(1)) == Plan(Manner.ALONE, (1,))


def test_the_worst_goes_first_and_then_what_has_waited_longest() -> None:
    assert planned(due(1, CHANGED, ago=50), due(2, ago=5), due(3, ago=9)) == Plan(Manner.ALONE, (3,))


def test_the_first_alert_of_a_campaign_goes_in_full_and_so_does_its_first_attack() -> None:
    assert planned(due(1, campaign=7), due(2, campaign=7)) == Plan(Manner.ALONE, (1,), 7)
    changed = Thread(7, full=frozenset({CHANGED}))
    assert planned(due(3, CHANGED, 7), due(4, campaign=7), threads=(changed,)) == Plan(Manner.ALONE, (4,), 7)


def test_the_others_of_a_campaign_go_in_its_thread_which_makes_itself_heard_at_first() -> None:
    first = planned(due(2, campaign=7), due(3, campaign=7), threads=(BEGUN,))
    assert first == Plan(Manner.THREAD, (2, 3), 7, loud=True)


def test_a_further_attack_is_heard_as_long_as_nobody_has_any_of_the_campaign() -> None:
    assert planned(due(4, campaign=7), threads=(heard(MINUTE),), count=3) == Plan(Manner.THREAD, (4,), 7)
    taken = planned(due(4, campaign=7), threads=(heard(MINUTE, taken=True),), count=3)
    assert taken == Plan(Manner.THREAD, (4,), 7, loud=False)


def test_what_ought_to_be_heard_waits_for_the_next_sound_and_is_never_edited_in_silently() -> None:
    soon = heard(4 * SECOND, of=2)
    for some in (due(4, campaign=7), due(4, CHANGED, 7, step=1)):
        for sent, pause in ((CAP - 2, EDIT_EVERY), (CAP - 1, MORE_EVERY)):
            waits = planned(some, threads=(soon,), count=200, sent=sent)
            assert waits == Plan(Manner.LATER, (4,), until=NOW - 4 * SECOND + pause)
            assert planned(some, threads=(heard(pause),), count=200, sent=sent).loud


def test_what_makes_no_sound_waits_for_nothing_that_does() -> None:
    flood = tuple(due(n, campaign=7) for n in range(FEW + 1))
    calmed = due(9, AlertKind.CALMED, 7)
    soon = heard(6 * SECOND)
    everything = (*range(FEW + 1), 9)
    assert planned(*flood, calmed, threads=(soon,)) == Plan(Manner.THREAD, (9,), 7, loud=False)
    full = planned(*flood, calmed, threads=(soon,), sent=CAP, digested=4 * SECOND)
    assert full == Plan(Manner.THREAD, (9,), 7, loud=False)
    assert planned(*flood, calmed, threads=(heard(DIGEST_EVERY),)) == Plan(Manner.THREAD, everything, 7)
    waits = planned(*flood, calmed, threads=(heard(6 * SECOND, changed=SECOND),))
    assert waits == Plan(Manner.LATER, everything, until=NOW + EDIT_EVERY - SECOND)


def test_but_for_a_sound_that_is_near_which_it_would_hold_up() -> None:
    flood = tuple(due(n, campaign=7) for n in range(FEW + 1))
    calmed = due(9, AlertKind.CALMED, 7, ago=60)
    waits = planned(*flood, calmed, threads=(heard(17 * SECOND, changed=9 * SECOND),))
    assert waits == Plan(Manner.LATER, (*range(FEW + 1), 9), until=NOW + 3 * SECOND)
    full = planned(*flood, calmed, threads=(heard(17 * SECOND),), sent=CAP, digested=18 * SECOND)
    assert full == Plan(Manner.LATER, (*range(FEW + 1), 9), until=NOW + 2 * SECOND)


def test_a_digest_goes_before_what_makes_no_sound_however_bad_that_is() -> None:
    known = due(1, campaign=7, ago=60)
    of_another = due(2, CHANGED, ago=20)
    taken = heard(MINUTE, taken=True, of=2)
    some = planned(known, of_another, threads=(taken,), count=3, sent=CAP)
    assert some == Plan(Manner.DIGEST, (2,))
    assert planned(known, threads=(taken,), count=3, sent=CAP) == Plan(Manner.THREAD, (1,), 7, loud=False)


def test_pages_that_join_one_by_one_are_heard_soon_and_a_flood_of_them_less_often() -> None:
    for many, pause in ((FEW, EDIT_EVERY), (FEW + 1, DIGEST_EVERY)):
        some = tuple(due(n, campaign=7) for n in range(many))
        assert planned(*some, threads=(heard(4 * SECOND),)).until == NOW - 4 * SECOND + pause
    few = tuple(due(n, campaign=7) for n in range(FEW))
    for some, sent, pause in (
        (few, 2, EDIT_EVERY),
        (few, 3, MORE_EVERY),
        (few, CAP - 1, DIGEST_EVERY),
        ((*few, due(9, campaign=7)), 2, DIGEST_EVERY),
    ):
        waits = planned(*some, threads=(heard(4 * SECOND),), sent=sent, editable=False)
        assert waits.until == NOW - 4 * SECOND + pause, "a mail, or a paid message, more for each"
    late = tuple(due(n, CHANGED, 7, step=1) for n in range(FEW + 1))
    assert planned(*late, threads=(heard(4 * SECOND),)).until == NOW - 4 * SECOND + DIGEST_EVERY


def test_what_makes_no_sound_and_waits_for_its_turn_makes_no_flood_of_an_attack_that_joins_alone() -> None:
    silent = tuple(due(n, CHANGED, 7) for n in range(FEW + 3))
    for editable in (True, False):
        one = planned(*silent, due(9, campaign=7), threads=(heard(4 * SECOND),), editable=editable)
        assert one.until == NOW - 4 * SECOND + EDIT_EVERY
    gone = planned(*silent, due(9, campaign=7), threads=(heard(5 * SECOND),), editable=False)
    assert gone == Plan(Manner.THREAD, (*range(FEW + 3), 9), 7), "and what waited goes along"
    doubled = planned(*silent, threads=(heard(4 * SECOND),), count=7, editable=False)
    assert doubled.until == NOW - 4 * SECOND + DIGEST_EVERY, "a flood of changes is one"


def test_a_thread_of_changes_that_has_doubled_makes_itself_heard_again() -> None:
    thread = heard(MINUTE, worst=CHANGED)
    assert planned(due(4, CHANGED, 7), threads=(thread,), count=4).loud
    assert not planned(due(4, CHANGED, 7), threads=(thread,), count=3).loud


def test_something_worse_or_grave_makes_itself_heard_at_once() -> None:
    assert planned(due(4, campaign=7), threads=(heard(SECOND, worst=CHANGED),), count=3).loud
    critical = planned(due(4, campaign=7, grave=True), threads=(heard(SECOND, taken=True),), count=3)
    assert critical == Plan(Manner.THREAD, (4,), 7, loud=True)


def test_what_goes_on_for_long_is_heard() -> None:
    thread = heard(NOTIFY_AGAIN, of=50, taken=True)
    assert planned(due(4, campaign=7), threads=(thread,), count=51).loud


def test_that_somebody_took_it_is_edited_into_the_thread_without_a_sound() -> None:
    assert not planned(due(4, AlertKind.TAKEN, 7), threads=(heard(2 * NOTIFY_AGAIN),), count=9).loud


def test_a_deadline_is_never_edited_in_without_a_sound() -> None:
    reminder = due(4, AlertKind.DEADLINE, 7)
    thread = heard(MINUTE, taken=True)
    assert planned(reminder, threads=(thread,), count=2) == Plan(Manner.THREAD, (4,), 7, loud=True)
    waits = planned(reminder, threads=(heard(5 * SECOND, taken=True),), count=2, sent=CAP - 1)
    assert waits == Plan(Manner.LATER, (4,), until=NOW - 5 * SECOND + MORE_EVERY)


def test_what_one_message_cannot_name_waits_for_the_next_and_that_is_what_matters_least() -> None:
    many = [due(n, CHANGED, ago=60) for n in range(1, TOGETHER + 50)]
    digest = planned(*many, due(999), sent=CAP)
    assert digest == Plan(Manner.DIGEST, (*range(1, TOGETHER), 999))
    storm = [due(n, campaign=7) for n in range(1, TOGETHER + 50)]
    assert planned(*storm, threads=(BEGUN,)).deliveries == tuple(range(1, TOGETHER + 1))


def test_edits_keep_their_distance() -> None:
    thread = heard(MINUTE, changed=2 * SECOND, taken=True)
    waits = planned(due(4, campaign=7), threads=(thread,), count=3)
    assert waits == Plan(Manner.LATER, (4,), until=NOW - 2 * SECOND + EDIT_EVERY)


def test_a_thread_that_cannot_be_edited_waits_for_its_turn() -> None:
    waits = planned(due(4, CHANGED, 7), threads=(heard(30 * SECOND),), count=3, editable=False)
    assert waits == Plan(Manner.LATER, (4,), until=NOW - 30 * SECOND + UPDATE_EVERY)
    goes = planned(due(4, CHANGED, 7), threads=(heard(UPDATE_EVERY),), count=3, editable=False)
    assert goes == Plan(Manner.THREAD, (4,), 7, loud=True)


def test_a_thread_that_waits_holds_up_nothing_else_and_no_edit_comes_before_an_attack() -> None:
    threads = (heard(4 * SECOND),)
    assert planned(due(4, campaign=7), due(5), threads=threads, count=3) == Plan(Manner.ALONE, (5,))
    taken = due(4, AlertKind.TAKEN, 7, ago=60)
    assert planned(taken, due(5), threads=(heard(MINUTE),), count=3) == Plan(Manner.ALONE, (5,))


def test_at_the_cap_what_makes_no_sound_is_edited_in_all_the_same() -> None:
    taken = due(4, AlertKind.TAKEN, 7, ago=60)
    edit = planned(taken, threads=(heard(MINUTE),), count=3, sent=CAP)
    assert edit == Plan(Manner.THREAD, (4,), 7, loud=False)
    assert planned(taken, threads=(heard(MINUTE),), count=3, sent=CAP, editable=False).manner is Manner.DIGEST
    assert planned(due(4, campaign=7), threads=(heard(MINUTE),), count=3, sent=CAP).manner is Manner.DIGEST


def test_beyond_the_cap_what_is_due_goes_in_one_digest() -> None:
    waiting = [due(n) for n in range(1, 30)]
    assert planned(*waiting, sent=CAP - 1).manner is Manner.ALONE
    assert planned(*waiting, sent=CAP) == Plan(Manner.DIGEST, tuple(range(1, 30)))


def test_what_tells_of_no_attack_leaves_room_below_the_cap_for_one() -> None:
    for kind in (CHANGED, AlertKind.CALMED, AlertKind.UNREACHABLE):
        some = (due(1, kind), due(2, kind))
        assert planned(*some, sent=FOR_OTHERS - 1).manner is Manner.ALONE
        for sent in (FOR_OTHERS, CAP - 2):
            assert planned(*some, sent=sent) == Plan(Manner.DIGEST, (1, 2))
            assert planned(some[0], sent=sent) == Plan(Manner.ALONE, (1,)), "one is told as it is"
            waits = planned(*some, sent=sent, digested=5 * SECOND)
            assert waits == Plan(Manner.LATER, (1, 2), until=NOW - 5 * SECOND + DIGEST_EVERY)
            attacked = planned(*some, due(3), sent=sent, digested=5 * SECOND)
            assert attacked == Plan(Manner.ALONE, (3,)), "which has it"
        for sent in (CAP - 1, CAP, CAP + 3):
            waits = planned(*some, sent=sent)
            assert waits == Plan(Manner.LATER, (1, 2), until=NOW + EDIT_EVERY), "the last place is kept"
            together = planned(*some, due(3), sent=sent)
            assert together == (Plan(Manner.ALONE, (3,)) if sent < CAP else Plan(Manner.DIGEST, (1, 2, 3)))


def test_what_leaves_room_for_attacks_does_not_wait_for_long() -> None:
    for kind, patience in ((CHANGED, PATIENCE), (AlertKind.CALMED, UPDATE_EVERY)):
        waited = patience.total_seconds()
        some = due(1, kind, ago=waited - 2), due(2, kind)
        for sent in (CAP - 1, CAP):
            assert planned(*some, sent=sent).until == NOW + 2 * SECOND
            assert planned(due(1, kind, ago=waited), due(2, kind), sent=sent) == Plan(Manner.DIGEST, (1, 2))
        assert planned(due(1, kind, ago=waited), sent=CAP - 1) == Plan(Manner.ALONE, (1,))


def test_what_has_waited_for_its_turn_goes_together() -> None:
    taken = tuple(due(n, AlertKind.TAKEN, ago=5) for n in range(15))
    assert planned(*taken) == Plan(Manner.DIGEST, tuple(range(15)))
    assert planned(taken[0]) == Plan(Manner.ALONE, (0,))
    assert planned(*taken, due(20)) == Plan(Manner.ALONE, (20,)), "an attack goes before"


def test_what_is_critical_or_late_goes_before_others_that_leave_room() -> None:
    others = tuple(due(n, CHANGED, ago=9) for n in range(4))
    for one in (due(9, AlertKind.UNREACHABLE, grave=True), due(9, CHANGED, step=1)):
        for sent in (FOR_OTHERS, CAP - 1):
            assert planned(*others, one, sent=sent, digested=5 * SECOND) == Plan(Manner.ALONE, (9,))


def test_a_channel_that_fails_is_tried_again_with_all_that_waits_however_much_was_heard() -> None:
    for sent in (0, FOR_OTHERS, CAP - 1):
        for kind in (DEFACED, CHANGED):
            waiting = (due(1, kind, attempts=1), due(2, kind))
            assert planned(*waiting, sent=sent, digested=5 * SECOND) == Plan(Manner.DIGEST, (1, 2))


def test_threads_obey_the_cap_however_many_there_are() -> None:
    waiting = [due(n, campaign=n) for n in range(1, 60)]
    threads = tuple(Thread(n, full=FULL) for n in range(1, 60))
    assert planned(*waiting, threads=threads, sent=CAP) == Plan(Manner.DIGEST, tuple(range(1, 60)))


def test_digests_keep_their_distance_and_lose_nothing() -> None:
    waits = planned(due(1), due(2), sent=CAP, digested=5 * SECOND)
    assert waits == Plan(Manner.LATER, (1, 2), until=NOW - 5 * SECOND + DIGEST_EVERY)
    assert planned(due(1), due(2), sent=CAP, digested=DIGEST_EVERY).manner is Manner.DIGEST


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    assert planned(due(1), due(2), sent=CAP, digested=-7 * 60 * MINUTE).manner is Manner.DIGEST
    ahead = heard(-7 * 60 * MINUTE, taken=True)
    assert planned(due(4, campaign=7), threads=(ahead,), count=3, editable=False).manner is Manner.THREAD
    taken, edited = due(4, AlertKind.TAKEN, 7, ago=60), heard(MINUTE, changed=-7 * 60 * MINUTE)
    assert planned(taken, threads=(edited,), count=3, sent=CAP).manner is Manner.DIGEST, "the cap holds"


def test_where_a_message_failed_the_next_one_carries_all_that_waits() -> None:
    failed = due(1, campaign=7, attempts=1)
    assert planned(failed, due(2, campaign=7)) == Plan(Manner.THREAD, (1, 2), 7)
    assert planned(due(1, attempts=2), due(2), due(3)) == Plan(Manner.DIGEST, (1, 2, 3))
    assert planned(due(1, attempts=2)) == Plan(Manner.ALONE, (1,))


def test_what_has_a_button_of_its_own_or_is_about_the_watch_itself_is_never_gathered() -> None:
    for kind in (AlertKind.HANDOVER, AlertKind.BLIND, AlertKind.CHANNEL_DOWN, AlertKind.TEST):
        assert planned(due(1, CHANGED), due(2, kind), sent=50) == Plan(Manner.ALONE, (2,))


def test_reminders_go_behind_an_attack_and_in_digests() -> None:
    reminders = [due(n, AlertKind.DEADLINE, ago=60) for n in range(1, 60)]
    assert planned(*reminders, due(99)) == Plan(Manner.ALONE, (99,))
    assert planned(*reminders, sent=CAP).manner is Manner.DIGEST


def test_a_drill_is_never_gathered() -> None:
    drill = Due(1, DEFACED, 0, NOW - MINUTE, apart=True)
    assert planned(drill, due(2), due(3), sent=CAP) == Plan(Manner.ALONE, (1,))
    assert planned(due(2), due(3), sent=CAP) == Plan(Manner.DIGEST, (2, 3))


def test_the_worst_of_kinds_is_an_attack_and_some_have_none() -> None:
    assert worst_of([AlertKind.UNREACHABLE, CHANGED, AlertKind.TAKEN]) is CHANGED
    assert worst_of([AlertKind.TAKEN]) is None
