"""Announcements in the store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.alerts import AlertKind
from defacewatch.errors import Conflict, NotFound
from defacewatch.store import Store
from defacewatch.store.windows import PENDING
from defacewatch.windows import Announced, Window
from tests.store.samples import NOW, portal, registered

HOUR = timedelta(hours=1)
WINDOW = Window("hungyen", NOW, NOW + HOUR, "Lê Văn Tám", "Nâng cấp", "0900", "cli")


async def test_what_is_announced_reads_back_and_is_told_to_those_on_duty(store: Store) -> None:
    await registered(store)
    number = await store.windows.announce(WINDOW, now=NOW)
    (entered,) = await store.windows.every(portal="hungyen")
    assert entered.window == replace(WINDOW, id=number)
    assert (entered.at, entered.withdrawn_at) == (NOW, None)
    alert = await store.alerts.last((AlertKind.ANNOUNCED,))
    assert alert is not None
    assert (alert.facts["by"], alert.facts["reason"]) == ("Lê Văn Tám", "Nâng cấp")


async def test_a_check_knows_what_runs_then_and_of_several_the_longest(store: Store) -> None:
    page = await registered(store)
    await store.windows.announce(WINDOW, now=NOW)
    longer = await store.windows.announce(replace(WINDOW, end=NOW + 3 * HOUR), now=NOW)
    expected = ((NOW, longer), (NOW + 2 * HOUR, longer), (NOW + 3 * HOUR, None), (NOW - HOUR, None))
    for moment, there in expected:
        window = (await store.checks.context(page, now=moment)).window
        assert (window.id if window else None) == there
    assert len(await store.windows.running(NOW)) == 2


async def test_what_is_withdrawn_holds_no_more_stays_on_record_and_makes_its_pages_looked_at_afresh(
    store: Store,
) -> None:
    page = await registered(store)
    number = await store.windows.announce(WINDOW, now=NOW)
    before = (await store.checks.context(page, now=NOW)).version
    await store.windows.withdraw(number, by="an", now=NOW + HOUR / 2)
    context = await store.checks.context(page, now=NOW + HOUR / 2)
    assert (context.window, context.version) == (None, before + 1)
    (entered,) = await store.windows.every()
    assert entered.withdrawn_by == "an"
    with pytest.raises(Conflict, match=f"announcement {number} was withdrawn by an already"):
        await store.windows.withdraw(number, by="binh", now=NOW)


async def test_unknown_portals_and_numbers_and_too_many_are_refused(store: Store) -> None:
    await registered(store)
    with pytest.raises(NotFound, match="there is no portal other"):
        await store.windows.announce(replace(WINDOW, portal="other"), now=NOW)
    with pytest.raises(NotFound, match="there is no announcement 99"):
        await store.windows.withdraw(99, by="an", now=NOW)
    for _ in range(PENDING):
        await store.windows.announce(WINDOW, now=NOW)
    with pytest.raises(Conflict, match="that are not over"):
        await store.windows.announce(WINDOW, now=NOW)
    assert await store.windows.announce(replace(WINDOW, end=NOW + 9 * HOUR), now=NOW + 2 * HOUR)


async def test_what_runs_what_comes_and_what_is_over_are_read_by_themselves(store: Store) -> None:
    await store.portals.apply([portal("hungyen"), portal("langson")], now=NOW)
    starts = {"over": -2, "runs": 0, "later": 5, "comes": 3, "called off": 4}
    of = {}
    for name, hours in starts.items():
        start = NOW + hours * HOUR
        window = replace(WINDOW, start=start, end=start + HOUR)
        of[await store.windows.announce(window, now=NOW - 3 * HOUR)] = name
    number = next(number for number, name in of.items() if name == "called off")
    await store.windows.withdraw(number, by="an", now=NOW)
    elsewhere = await store.windows.announce(replace(WINDOW, portal="langson"), now=NOW)
    of[elsewhere] = "elsewhere"

    def named(found: Iterable[Announced]) -> list[str]:
        return [of[one.window.id] for one in found]

    count, ahead = await store.windows.ahead(NOW, 3)
    assert (count, named(ahead)) == (4, ["runs", "elsewhere", "comes"])
    assert named(await store.windows.over(NOW, 9)) == ["called off", "over"]
    assert named(await store.windows.over(NOW, 1)) == ["called off"]
    assert named(await store.windows.latest(2)) == ["elsewhere", "called off"]
    assert named(await store.windows.latest(2, before=elsewhere)) == ["called off", "comes"]
    assert named(await store.windows.latest(9, portal="langson")) == ["elsewhere"]
    assert [w.id for w in await store.windows.running(NOW, portal="langson")] == [elsewhere]
