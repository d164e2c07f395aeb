"""Pages that are given what is known of a learned one, on the real store."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.scale.cloning import Twin, clone, engine_of, spread, transfer
from defacewatch.incidents import State
from defacewatch.store import Store
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from tests.store.samples import DEFACED, MINUTE, NOW, captured, checked, portal

DONOR, COPY, STRANGER = "hungyen", "bacninh", "haiduong"


@pytest.fixture
async def three(store: Store) -> dict[str, str]:
    """A learned page that has been looked at, and two that are new; their ids by portal."""
    await store.portals.apply([portal(key) for key in (DONOR, COPY, STRANGER)], now=NOW)
    pages = {key: (await store.portals.get(key)).pages[0].id for key in (DONOR, COPY, STRANGER)}
    capture = await captured(store, pages[DONOR])
    await store.baselines.approve(capture, by="binh", reason="first", now=NOW)
    await checked(store, pages[DONOR], mark="a", at=NOW + MINUTE)
    return pages


def cloned(url: str, pages: dict[str, str]) -> None:
    twin = Twin(pages[COPY], f"{COPY}.gov.vn", pages[DONOR], f"{DONOR}.gov.vn")
    with engine_of(url).begin() as db:
        clone(db, [twin])


async def test_a_copy_has_the_baseline_of_its_donor_with_its_own_hosts(
    store: Store, url: str, three: dict[str, str]
) -> None:
    cloned(url, three)
    donor, copy = [await store.baselines.get(three[key]) for key in (DONOR, COPY)]
    assert donor is not None
    assert copy is not None
    (look,), (other,) = copy.looks, donor.looks
    assert look.capture != other.capture
    assert look.features.served.url == f"https://{COPY}.gov.vn/"
    assert replace(look.features.served, url=other.features.served.url) == other.features.served


async def test_a_copy_stands_as_its_donor_does_and_has_no_history(
    store: Store, url: str, three: dict[str, str]
) -> None:
    await checked(store, three[DONOR], DEFACED, at=NOW + 2 * MINUTE)
    cloned(url, three)
    donor, copy = [await store.checks.context(three[key], now=NOW) for key in (DONOR, COPY)]
    assert copy.captured_at == donor.captured_at
    assert copy.page.id == three[COPY]
    assert copy.incident is None
    assert donor.incident is not None
    assert donor.incident.state is State.OPEN
    assert await store.checks.history(three[COPY]) == []


async def test_other_pages_stay_as_they_are(store: Store, url: str, three: dict[str, str]) -> None:
    before = await store.checks.context(three[DONOR], now=NOW)
    cloned(url, three)
    assert await store.checks.context(three[DONOR], now=NOW) == before
    assert await store.baselines.get(three[STRANGER]) is None


async def test_cloning_again_changes_nothing(store: Store, url: str, three: dict[str, str]) -> None:
    cloned(url, three)
    once = await store.baselines.get(three[COPY])
    cloned(url, three)
    again = await store.baselines.get(three[COPY])
    assert once is not None
    assert again is not None
    assert again.looks == once.looks


async def test_a_copy_can_be_approved_anew(store: Store, url: str, three: dict[str, str]) -> None:
    cloned(url, three)
    baseline = await store.baselines.get(three[COPY])
    assert baseline is not None
    approval = await store.baselines.approve(
        baseline.looks[0].capture, by="binh", reason="again", now=NOW + 3 * MINUTE
    )
    assert approval.page == three[COPY]


async def test_last_looks_are_spread_over_the_time_before(
    store: Store, url: str, three: dict[str, str]
) -> None:
    cloned(url, three)
    later = NOW + timedelta(hours=5)
    with engine_of(url).begin() as db:
        spread(db, now=later, captures_over=timedelta(minutes=30), probes_over=timedelta(seconds=30))
    contexts = [await store.checks.context(three[key], now=later) for key in (DONOR, COPY)]
    ages = [later - c.captured_at for c in contexts if c.captured_at]
    assert len(set(ages)) == 2
    assert all(timedelta(0) <= age <= timedelta(minutes=30) for age in ages)
    assert all(c.checked_at and later - c.checked_at <= timedelta(seconds=30) for c in contexts)


async def test_a_whole_store_moves_to_another_database_and_goes_on_there(
    store: Store, url: str, three: dict[str, str], tmp_path: Path
) -> None:
    kept = f"sqlite+aiosqlite:///{tmp_path}/kept.db"
    migrate(parse(kept))
    with engine_of(url).connect() as source, engine_of(kept).begin() as target:
        transfer(source, target)
    with engine_of(kept).connect() as source, engine_of(url).begin() as target:
        transfer(source, target)
    assert await store.baselines.get(three[DONOR]) is not None
    capture = await captured(store, three[STRANGER])
    approval = await store.baselines.approve(capture, by="binh", reason="first", now=NOW)
    assert approval.page == three[STRANGER]
