"""Which pages are as their last check left them: what has to be so for what is known of them to be true."""

from dataclasses import replace
from datetime import timedelta

from defacewatch.captures import Validators
from defacewatch.incidents import Resolution
from defacewatch.masks import Mask, Rectangle
from defacewatch.records import Quiet, Sound
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.windows import Window
from tests.store.samples import CLEAN, DEFACED, MINUTE, NOW, captured, checked, outcome, portal, registered

DAY = timedelta(days=1)
KNOWN = Validators('"1"', "Wed, 02 Sep 2026 07:30:00 GMT", "hash")


async def looked_at(store: Store, **changes: object) -> str:
    """A page that was clean a minute after its portal was registered."""
    page = await registered(store, **changes)  # type: ignore[arg-type]
    context = await store.checks.context(page, now=NOW)
    await store.checks.record(outcome(context, CLEAN, NOW + MINUTE, validators=KNOWN))
    return page


async def sound(store: Store, days: float = 0) -> list[Sound]:
    return await store.checks.sound(now=NOW + 2 * MINUTE + days * DAY)


async def test_a_clean_page_is_sound_as_its_state_says(store: Store) -> None:
    page = await looked_at(store)
    found = Sound(page, "https://hungyen.gov.vn/", 1, KNOWN, NOW + MINUTE, NOW)
    assert await sound(store) == [found]
    await store.checks.quiet([Quiet(page, 1, NOW + 2 * MINUTE)])
    assert await sound(store) == [replace(found, checked_at=NOW + 2 * MINUTE)]


async def test_pages_that_are_not_clean_or_not_known_are_not(store: Store) -> None:
    await store.portals.apply([portal("a", *(f"/{n}" for n in range(4)))], now=NOW)
    pages = [page.id for _, page in await store.portals.find(())]
    await checked(store, pages[0], DEFACED)
    await checked(store, pages[1], Verdict(VerdictKind.LEARNING))
    await checked(store, pages[2], CLEAN)
    assert [page.page for page in await sound(store)] == [pages[2]]


async def test_a_page_with_an_incident_is_not_until_it_looks_as_it_should_again(store: Store) -> None:
    page = await looked_at(store)
    await checked(store, page, DEFACED, NOW + 2 * MINUTE)
    assert await sound(store) == []
    await checked(store, page, CLEAN, NOW + 3 * MINUTE)
    assert [found.page for found in await sound(store)] == [page], "a person still has to resolve it"
    (view,) = await store.incidents.list(page=page)
    await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=NOW + 4 * MINUTE)
    assert [found.page for found in await sound(store)] == [page]


async def test_a_page_whose_attack_comes_and_goes_is_not(store: Store) -> None:
    page = await looked_at(store)
    for minute, verdict in enumerate((DEFACED, CLEAN, DEFACED, CLEAN), 2):
        await checked(store, page, verdict, NOW + minute * MINUTE)
    assert await sound(store) == []


async def test_a_page_that_is_not_watched_is_not(store: Store) -> None:
    page = await looked_at(store)
    await store.portals.pause("hungyen", by="an", now=NOW)
    assert await sound(store) == []
    await store.portals.resume("hungyen", by="an", now=NOW)
    assert [found.page for found in await sound(store)] == [page]
    await store.portals.apply([], now=NOW)
    assert await sound(store) == []


async def test_an_approval_moves_the_version_and_takes_the_validators(store: Store) -> None:
    page = await looked_at(store)
    capture = await captured(store, page, "a")
    await store.baselines.approve(capture, by="binh", reason="mới", now=NOW + 2 * MINUTE)
    assert await sound(store) == []
    await checked(store, page, CLEAN, NOW + 3 * MINUTE)
    (found,) = await sound(store)
    assert (found.version > 1, found.validators) == (True, Validators())


async def test_a_portal_that_is_registered_otherwise_moves_its_pages(store: Store) -> None:
    await looked_at(store)
    await registered(store, critical=True)
    assert [found.moved_at for found in await sound(store)] == [NOW]
    await store.portals.apply([portal(critical=False)], now=NOW + 2 * MINUTE)
    assert [found.moved_at for found in await sound(store)] == [NOW + 2 * MINUTE]


async def test_what_has_come_to_its_end_by_time_moves_its_pages(store: Store) -> None:
    await store.portals.apply([portal(key) for key in ("hungyen", "caobang")], now=NOW)
    other, page = [page.id for _, page in await store.portals.find(())]
    for each in (page, other):
        await checked(store, each, CLEAN, NOW + MINUTE)
    ends = NOW + timedelta(hours=2)
    await store.windows.announce(Window("caobang", NOW, ends, "an", "Nâng cấp"), now=NOW)
    rectangle = Rectangle(160, 40, 320, 80)
    for days in (1, 3):
        mask = Mask(page, rectangle, "băng rôn", "an", NOW, NOW + days * DAY, "c")
        await store.masks.add(mask, now=NOW, via="cli:an")
    seen = [{found.page: found.moved_at for found in await sound(store, days)} for days in (0, 0.5, 2, 4)]
    assert [moved[other] for moved in seen] == [NOW, ends, ends, ends]
    assert [moved[page] for moved in seen] == [NOW, NOW, NOW + DAY, NOW + 3 * DAY]


async def test_a_mute_that_has_ended_moves_its_page(store: Store) -> None:
    page = await looked_at(store, critical=True)
    await checked(store, page, DEFACED, NOW + 2 * MINUTE)
    (view,) = await store.incidents.list(page=page)
    await store.incidents.resolve(view.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW + 3 * MINUTE)
    await checked(store, page, CLEAN, NOW + 4 * MINUTE)
    assert [found.moved_at for found in await sound(store)] == [NOW]
    assert [found.moved_at for found in await sound(store, 2)] == [NOW + 3 * MINUTE + DAY]
