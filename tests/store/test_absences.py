"""Leave and swaps in the store."""

from datetime import timedelta

import pytest

from defacewatch.errors import Conflict, NotFound
from defacewatch.shifts import Absence
from defacewatch.store import Store
from tests.store.samples import NOW

LEAVE = Absence("an", NOW, NOW + timedelta(days=1), "binh", "nghỉ phép")
BACK = Absence("binh", NOW + timedelta(days=2), NOW + timedelta(days=3), "an")


async def test_what_is_entered_reads_back_and_says_by_whom(store: Store) -> None:
    (number,) = await store.absences.add([LEAVE], by="giang", now=NOW)
    (entered,) = await store.absences.every()
    assert (entered.by, entered.at, entered.swap, entered.withdrawn_at) == ("giang", NOW, None, None)
    assert entered.absence == Absence("an", LEAVE.start, LEAVE.end, "binh", "nghỉ phép", number)
    assert await store.absences.standing() == (entered.absence,)


async def test_what_is_withdrawn_holds_no_more_and_stays_on_record(store: Store) -> None:
    (number,) = await store.absences.add([LEAVE], by="giang", now=NOW)
    later = NOW + timedelta(hours=1)
    assert await store.absences.withdraw(number, by="hai", now=later) == (number,)
    assert await store.absences.standing() == ()
    (entered,) = await store.absences.every()
    assert (entered.withdrawn_by, entered.withdrawn_at) == ("hai", later)
    with pytest.raises(Conflict, match=f"absence {number} was withdrawn by hai already"):
        await store.absences.withdraw(number, by="giang", now=later)


async def test_both_halves_of_a_swap_are_withdrawn_together(store: Store) -> None:
    halves = await store.absences.add([LEAVE, BACK], by="giang", now=NOW)
    assert {entered.swap for entered in await store.absences.every()} == {halves[0]}
    assert await store.absences.withdraw(halves[1], by="hai", now=NOW) == halves
    assert await store.absences.standing() == ()


async def test_there_is_nothing_to_withdraw_where_nothing_was_entered(store: Store) -> None:
    with pytest.raises(NotFound, match="there is no absence 7"):
        await store.absences.withdraw(7, by="hai", now=NOW)


async def test_the_latest_are_read_without_those_before_and_a_swap_as_a_whole(store: Store) -> None:
    first, second = await store.absences.add([LEAVE, BACK], by="giang", now=NOW)
    (third,) = await store.absences.add([LEAVE], by="giang", now=NOW)
    assert [one.absence.id for one in await store.absences.latest(2)] == [third, second]
    assert [one.absence.id for one in await store.absences.latest(2, before=second)] == [first]
    for half in (first, second):
        assert [one.absence.id for one in await store.absences.whole(half)] == [first, second]
    assert [one.absence.id for one in await store.absences.whole(third)] == [third]
    with pytest.raises(NotFound):
        await store.absences.whole(99)
