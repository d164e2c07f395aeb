"""What the wall reads, on both databases."""

from datetime import timedelta

from defacewatch.campaigns import Mark, Trait
from defacewatch.incidents import State
from defacewatch.portals import Source
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.store.samples import CHANGED, CLEAN, DEFACED, MINUTE, NOW, UNREACHABLE, checked, portal, registered


async def test_a_page_stands_with_its_portal_its_incident_and_its_picture(store: Store) -> None:
    page = await registered(store, operator="VNPT", critical=True)
    (bare,) = await store.wall.pages()
    assert (bare.page, bare.verdict, bare.incident, bare.shot) == (page, None, None, None)
    assert (bare.operator, bare.level, bare.critical, bare.has_baseline) == ("VNPT", 3, True, False)
    await checked(store, page, DEFACED, mark="b")
    capture = (await store.baselines.captures(page, 1))[0]
    (seen,) = await store.wall.pages()
    assert (seen.verdict, seen.incident_state, seen.shot) == (
        VerdictKind.DEFACED,
        State.OPEN,
        capture.screenshot,
    )
    assert seen.checked_at == NOW


async def test_a_page_that_looks_well_again_is_as_bad_as_its_open_incident(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="b")
    await checked(store, page, CLEAN, NOW + MINUTE, mark="a")
    (seen,) = await store.wall.pages()
    assert (seen.verdict, seen.worst) == (VerdictKind.CLEAN, VerdictKind.DEFACED)


async def test_pages_are_read_of_some_portals_alone(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/tin"), portal("b"), portal("c")], now=NOW)
    some = await store.wall.pages(["c", "a"])
    assert [page.url for page in some] == ["https://a.gov.vn/", "https://a.gov.vn/tin", "https://c.gov.vn/"]
    assert await store.wall.pages([]) == []


async def test_all_portals_are_listed_with_the_pages_that_are_enabled(store: Store) -> None:
    one = portal("a", "/", "/tin", operator="VNPT", level=4, critical=True, tags=("tỉnh",))
    await store.portals.apply([one, portal("b")], now=NOW)
    await store.portals.apply([portal("b", "/moi")], now=NOW + MINUTE)
    await store.portals.import_([portal("c")], now=NOW)
    await store.portals.pause("c", by="an", now=NOW)
    first, second, third = await store.wall.portals()
    assert (first.portal, first.name, first.owner, first.operator) == ("a", one.name, one.owner, "VNPT")
    assert (first.level, first.critical, first.tags, first.enabled) == (4, True, ("tỉnh",), False)
    assert first.url == "https://a.gov.vn/ https://a.gov.vn/tin"
    assert (second.urls, second.source, second.paused) == (("https://b.gov.vn/moi",), Source.FILE, False)
    assert (third.source, third.paused, third.enabled) == (Source.STORE, True, True)


async def test_that_a_page_was_looked_at_again_does_not_change_its_face(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    (before,) = await store.wall.pages()
    await checked(store, page, CLEAN, NOW + MINUTE)
    (after,) = await store.wall.pages()
    assert after.checked_at == NOW + MINUTE
    assert after.face == before.face
    await checked(store, page, CHANGED, NOW + 2 * MINUTE)
    assert (await store.wall.pages())[0].face != before.face


async def test_the_checks_of_a_day_come_by_quarters_of_an_hour(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN, NOW - timedelta(days=2))
    await checked(store, page, CHANGED, NOW)  # 07:30 is the beginning of one
    await checked(store, page, CLEAN, NOW + 14 * MINUTE)
    await checked(store, page, CHANGED, NOW + 15 * MINUTE)
    found = (await store.wall.days([page], NOW - timedelta(days=1)))[page]
    first = int(NOW.timestamp()) // 900
    assert [(m.slot - first, m.verdict.value) for m in found] == [
        (0, "changed"),
        (0, "clean"),
        (1, "changed"),
    ]
    assert await store.wall.days([], NOW) == {}


async def test_open_incidents_come_attacks_first_with_what_was_said_of_them(store: Store) -> None:
    keys = ("away", "odd", "bad", "worse")
    await store.portals.apply([portal(key) for key in keys], now=NOW)
    found = {p.key: p.pages[0].id for p in await store.portals.all()}
    for minute in range(3):
        await checked(store, found["away"], UNREACHABLE, NOW + minute * MINUTE)
    await checked(store, found["odd"], CHANGED, mark="o")
    await checked(store, found["bad"], DEFACED, mark="b")
    await checked(store, found["worse"], DEFACED, mark="c")
    await checked(store, found["bad"], CLEAN, NOW + MINUTE, mark="a")
    cards = await store.wall.open_incidents(3)
    assert [card.view.portal.key for card in cards] == ["worse", "bad", "odd"]
    assert cards[1].verdict is not None
    assert cards[1].verdict.kind is VerdictKind.DEFACED
    assert cards[1].shot == (await store.baselines.captures(found["bad"]))[-1].screenshot
    assert len(await store.wall.open_incidents(9)) == 4


async def test_incidents_are_counted_by_what_is_done_about_them(store: Store) -> None:
    await store.portals.apply([portal("a"), portal("b")], now=NOW)
    for one in await store.portals.all():
        await checked(store, one.pages[0].id, DEFACED)
    first = (await store.incidents.list())[0].incident.id
    await store.incidents.acknowledge(first, by="an", via="cli", now=NOW + MINUTE)
    assert await store.wall.unresolved() == {State.OPEN: 1, State.ACKNOWLEDGED: 1}


async def test_a_campaign_is_under_way_while_one_of_its_incidents_is_unresolved(store: Store) -> None:
    await store.portals.apply([portal("a"), portal("b")], now=NOW)
    same = frozenset({Mark(Trait.WORDS, "hacked by x")})
    for one in await store.portals.all():
        await checked(store, one.pages[0].id, DEFACED, marks=same)
    first = (await store.incidents.list())[0].incident.id
    await store.incidents.acknowledge(first, by="an", via="cli", now=NOW + MINUTE)
    (found,) = await store.wall.open_campaigns(5)
    assert (found.unresolved, found.waiting, found.campaign.because.value) == (2, 1, "hacked by x")
