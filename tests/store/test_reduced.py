"""That others hear of it when something is taken out of the watch."""

from dataclasses import replace
from datetime import timedelta

from defacewatch.alerts import AlertKind
from defacewatch.reducing import GATHER
from defacewatch.registering import mark
from defacewatch.store import Store
from tests.store.samples import NOW, portal

SECOND = timedelta(seconds=1)


async def told(store: Store) -> list[tuple[str, str, str, str]]:
    """What the latest alert tells: what, of which portal, by whom, why."""
    alert = await store.alerts.last((AlertKind.WATCH_REDUCED,))
    acts = [] if alert is None else alert.facts["reduced"]
    assert isinstance(acts, list)
    return [(act["what"], act["portal"], act["by"], act["detail"]) for act in acts]


async def test_pauses_that_come_together_are_one_alert_which_waits_for_them(store: Store) -> None:
    await store.portals.import_([portal(f"p{n}", name=f"Cổng {n}") for n in range(30)], now=NOW)
    for n in range(30):
        await store.portals.pause(f"p{n}", by="root", now=NOW + n * SECOND, via="api", reason="bảo trì")
    assert await told(store) == [("paused", f"Cổng {n}", "root", "bảo trì") for n in range(30)]
    assert await store.alerts.claim(NOW + GATHER - SECOND) is None
    claimed = await store.alerts.claim(NOW + GATHER)
    assert claimed is not None
    assert (claimed.kind, claimed.facts["count"]) == (AlertKind.WATCH_REDUCED, 30)


async def test_what_comes_after_the_alert_has_gone_out_is_told_in_another(store: Store) -> None:
    await store.portals.import_([portal("a", name="A"), portal("b", name="B")], now=NOW)
    await store.portals.pause("a", by="root", now=NOW)
    first = await store.alerts.claim(NOW + GATHER)
    await store.portals.pause("b", by="root", now=NOW + GATHER)
    await store.portals.pause("b", by="root", now=NOW + GATHER)  # paused already
    assert [portal for _, portal, _, _ in await told(store)] == ["B"]
    later = await store.alerts.last((AlertKind.WATCH_REDUCED,))
    assert first is not None
    assert later is not None
    assert later.id != first.id
    assert first.facts["count"] == 1


async def test_an_import_and_a_form_that_take_something_away_are_told(store: Store) -> None:
    await store.portals.import_([portal("a", "/", "/tin", name="A", critical=True)], now=NOW)
    assert await told(store) == []
    less = portal("a", "/", name="A")
    await store.portals.import_([less], now=NOW, by="root", change=True)
    assert await told(store) == [
        ("not-critical", "A", "root", ""),
        ("pages", "A", "root", "https://a.gov.vn/tin"),
    ]
    there = await store.portals.get("a")
    slow = replace(there, pages=tuple(replace(p, probe_every=timedelta(hours=1)) for p in there.pages))
    await store.portals.change(slow, seen=mark(there), by="binh", now=NOW, via="web")
    assert (await told(store))[-1] == ("slower", "A", "binh", "https://a.gov.vn/")


async def test_resuming_and_adding_wake_nobody(store: Store) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    await store.portals.resume("a", by="root", now=NOW)
    assert await told(store) == []
