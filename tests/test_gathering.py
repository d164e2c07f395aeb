"""Which deliveries travel together, and when."""

from datetime import timedelta

from defacewatch.alerts import AlertKind
from defacewatch.gathering import (
    CAP,
    DIGEST_EVERY,
    NOTIFY_AGAIN,
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
    number: int, kind: AlertKind = DEFACED, campaign: int | None = None, step: int = 0, ago: float = 0
) -> Due:
    return Due(number, kind, step, NOW - ago * SECOND, campaign)


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


def heard(
    ago: timedelta, of: int = 2, worst: AlertKind = DEFACED, changed: timedelta | None = None
) -> Thread:
    return Thread(7, 70, NOW - ago, NOW - (ago if changed is None else changed), of, worst)


def test_one_alert_goes_alone() -> None:
    assert planned(due(1)) == Plan(Manner.ALONE, (1,))


def test_the_worst_goes_first_and_then_what_has_waited_longest() -> None:
    assert planned(due(1, CHANGED, ago=50), due(2, ago=5), due(3, ago=9)) == Plan(Manner.ALONE, (3,))


def test_the_first_alert_of_a_campaign_goes_in_full() -> None:
    assert planned(due(1, campaign=7), due(2, campaign=7)) == Plan(Manner.ALONE, (1,), 7)


def test_the_others_of_a_campaign_go_in_its_thread_which_makes_itself_heard_at_first() -> None:
    first = planned(due(2, campaign=7), due(3, campaign=7), threads=(Thread(7),))
    assert first == Plan(Manner.THREAD, (2, 3), 7, loud=True)


def test_a_thread_is_edited_when_more_joins() -> None:
    assert planned(due(4, campaign=7), threads=(heard(MINUTE),), count=3) == Plan(
        Manner.THREAD, (4,), 7, loud=False
    )


def test_a_thread_that_has_doubled_makes_itself_heard_again_but_not_at_once() -> None:
    assert planned(due(4, campaign=7), threads=(heard(DIGEST_EVERY),), count=4).loud
    assert not planned(due(4, campaign=7), threads=(heard(DIGEST_EVERY - SECOND),), count=4).loud


def test_something_worse_makes_itself_heard_at_once() -> None:
    assert planned(due(4, campaign=7), threads=(heard(SECOND, worst=CHANGED),), count=3).loud
    assert not planned(due(4, CHANGED, 7), threads=(heard(SECOND, worst=CHANGED),), count=3).loud


def test_what_nobody_took_in_time_and_what_goes_on_for_long_is_heard() -> None:
    assert planned(due(4, campaign=7, step=1), threads=(heard(MINUTE),), count=2).loud
    assert planned(due(4, campaign=7), threads=(heard(NOTIFY_AGAIN, of=50),), count=51).loud


def test_that_somebody_took_it_is_edited_into_the_thread_without_a_sound() -> None:
    assert not planned(due(4, AlertKind.TAKEN, 7), threads=(heard(2 * NOTIFY_AGAIN),), count=9).loud


def test_a_thread_that_cannot_be_edited_waits_for_its_turn() -> None:
    waits = planned(due(4, campaign=7), threads=(heard(30 * SECOND),), count=3, editable=False)
    assert waits == Plan(Manner.LATER, (4,), until=NOW - 30 * SECOND + UPDATE_EVERY)
    goes = planned(due(4, campaign=7), threads=(heard(UPDATE_EVERY),), count=3, editable=False)
    assert goes == Plan(Manner.THREAD, (4,), 7, loud=True)


def test_a_thread_that_waits_holds_up_nothing_else() -> None:
    threads = (heard(30 * SECOND),)
    assert planned(due(4, campaign=7), due(5), threads=threads, count=3, editable=False) == Plan(
        Manner.ALONE, (5,)
    )


def test_beyond_the_cap_what_is_due_goes_in_one_digest() -> None:
    waiting = [due(n) for n in range(1, 30)]
    assert planned(*waiting, sent=CAP - 1).manner is Manner.ALONE
    assert planned(*waiting, sent=CAP) == Plan(Manner.DIGEST, tuple(range(1, 30)))


def test_digests_keep_their_distance_and_lose_nothing() -> None:
    waits = planned(due(1), due(2), sent=CAP, digested=5 * SECOND)
    assert waits == Plan(Manner.LATER, (1, 2), until=NOW - 5 * SECOND + DIGEST_EVERY)
    assert planned(due(1), due(2), sent=CAP, digested=DIGEST_EVERY).manner is Manner.DIGEST


def test_what_has_a_button_of_its_own_or_is_about_the_watch_itself_is_never_gathered() -> None:
    for kind in (AlertKind.HANDOVER, AlertKind.BLIND, AlertKind.CHANNEL_DOWN, AlertKind.TEST):
        assert planned(due(1), due(2, kind), sent=50, digested=SECOND) == Plan(Manner.ALONE, (2,))


def test_the_worst_of_kinds_is_an_attack_and_some_have_none() -> None:
    assert worst_of([AlertKind.UNREACHABLE, CHANGED, AlertKind.TAKEN]) is CHANGED
    assert worst_of([AlertKind.TAKEN]) is None
