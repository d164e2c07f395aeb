"""How SQLite finds its rows: what is asked all the time never reads a whole table, however large it gets.

SQLite plans by the indexes that there are, not by how full its tables are, so a small store shows it.
"""

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from defacewatch.alerts import AlertKind, Wanted
from defacewatch.figures import Period
from defacewatch.records import Quiet
from defacewatch.store import Store
from tests.store.samples import CLEAN, DEFACED, MINUTE, NOW, captured, checked, registered
from tests.store.statements import asked

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

LATER = NOW + timedelta(hours=1)
SMALL = (
    "look VIRTUAL",
    "CONSTANT ROW",
    "(subquery",
    "SCAN anon_",  # what a subquery found
    "deliveries USING COVERING INDEX ix_deliveries_unsent",
)


def whole_tables(store: Store, seen: dict[str, Any]) -> dict[str, list[str]]:
    """The statements among `seen` that read a whole table, with the lines of their plan that say so."""
    found = {}
    with closing(sqlite3.connect(str(store.engine.url.database))) as database:
        for statement, parameters in seen.items():
            if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            scans = [step for step in plan if step.startswith("SCAN ") and not any(s in step for s in SMALL)]
            if scans:
                found[statement] = scans
    return found


async def test_a_check_reads_no_whole_table(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    await store.baselines.approve(capture, by="an", reason="first", now=NOW)
    with asked(store) as seen:
        await store.baselines.outdated(1, page=page)
        await checked(store, page, CLEAN, NOW)
        await checked(store, page, CLEAN, NOW + MINUTE, "a")
        await checked(store, page, DEFACED, NOW + 2 * MINUTE, "bb")
        await checked(store, page, DEFACED, NOW + 3 * MINUTE)
        await store.checks.quiet([Quiet(page, 5, NOW + 4 * MINUTE)])
        await store.checks.materials_of(page)
        await store.checks.history(page)
        await store.checks.days(page)
    assert len(seen) > 10
    assert whole_tables(store, seen) == {}


async def test_the_outbox_reads_no_whole_table(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="bb")
    with asked(store) as seen:
        alert = await store.alerts.claim(LATER)
        assert alert is not None
        assert await store.alerts.claim(LATER) is None
        await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=LATER, now=NOW)
        delivery = await store.alerts.claim_delivery("email", now=LATER)
        assert delivery is not None
        assert await store.alerts.claim_delivery("email", now=LATER) is None
        await store.alerts.failed(delivery.id, "550 no", now=LATER)
        await store.alerts.tell_again(alert.id, [Wanted("email", "an")], now=LATER)
        await store.alerts.sent(delivery.id, "250 ok", now=LATER)
        await store.alerts.facts(alert.id)
        await store.alerts.backlog(LATER)
        await store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
    assert len(seen) > 20
    assert whole_tables(store, seen) == {}


async def test_to_plan_what_goes_out_reads_no_whole_table(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="bb")
    alert = await store.alerts.claim(LATER)
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=LATER)
    await checked(store, await registered(store, "other"), DEFACED, mark="bb")
    alert = await store.alerts.claim(LATER)
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    with asked(store) as seen:
        assert await store.messages.claim("email", editable=False, now=NOW) is not None
    assert len(seen) > 8
    assert whole_tables(store, seen) == {}
    (looking,) = (s for s in seen if "campaign_members.campaign AS of_campaign" in s)
    with closing(sqlite3.connect(str(store.engine.url.database))) as database:
        steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {looking}", seen[looking])]
    assert steps[0] == "SEARCH deliveries USING INDEX ix_deliveries_channel_next_at (channel=? AND next_at>?)"
    assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]


async def test_rolling_up_reads_only_what_it_takes(store: Store) -> None:
    await registered(store)
    with asked(store) as seen:
        await store.upkeep.retention(now=LATER, max_age=timedelta(days=365), max_bytes=10**12)
    (rolling,) = [statement for statement in seen if "RETURNING" in statement]
    with closing(sqlite3.connect(str(store.engine.url.database))) as database:
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {rolling}", seen[rolling])]
    assert "SEARCH checks USING INDEX ix_checks_found_nothing (at<?)" in plan
    (naming,) = [statement for statement in seen if statement.startswith("SELECT captures.id")]
    assert whole_tables(store, {naming: seen[naming]}) == {
        naming: ["SCAN captures USING COVERING INDEX ix_captures_kept"]
    }


async def test_a_statement_that_reads_a_whole_table_would_be_found(store: Store) -> None:
    await registered(store)
    with asked(store) as seen:
        await store.checks.standing()
    assert list(whole_tables(store, seen).values()) == [["SCAN pages"]]


async def test_the_figures_of_a_period_read_neither_old_incidents_nor_old_alerts(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, NOW)
    (view,) = await store.incidents.list()
    with asked(store) as seen:
        await store.duty.happened(Period.month(2026, 9, ZoneInfo("Asia/Ho_Chi_Minh")))
        await store.incidents.acknowledge(view.incident.id, by="an", via="cli", now=LATER)
        assert len(await store.duty.done_since(0)) == 1
    assert len(seen) > 10
    of_portals = {statement for statement in seen if "GROUP BY pages.portal" in statement}
    assert len(of_portals) == 1  # pages are counted, as many as there are
    assert whole_tables(store, {s: seen[s] for s in seen.keys() - of_portals}) == {}


async def test_what_grows_for_years_is_not_searched_for_what_is_rare_in_it(store: Store) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page), by="an", reason="first", now=NOW)
    await checked(store, page, DEFACED, NOW + MINUTE, "bb")
    with asked(store) as seen:
        await store.audit.findings()
        assert await store.baselines.outdated(1) == []
        assert len(await store.wall.open_incidents(12)) == 1
    assert len(seen) > 4
    assert {step for steps in whole_tables(store, seen).values() for step in steps} == {
        "SCAN audit USING INDEX ix_audit_broken",  # what is rare
        "SCAN incidents USING INDEX uq_incidents_unresolved",
        "SCAN captures USING INDEX ix_captures_version",  # the rows of those alone that are others
    }
    with closing(sqlite3.connect(str(store.engine.url.database))) as database:
        plans = {
            statement: [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in seen.items()
            if statement.startswith("SELECT")
        }
    (said,) = (plan for statement, plan in plans.items() if "checks.incident = incidents.id" in statement)
    assert "SEARCH checks USING INDEX ix_checks_incident_id (incident=?)" in said
    assert not [step for step in said if "TEMP B-TREE" in step], "the last one is found from the end"
