"""What the store says of a period, as it was really written: by checks, the outbox, and people."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from defacewatch.alerts import AlertKind, Draft, Wanted
from defacewatch.figures import ChannelUse, Period, figures_of
from defacewatch.handovers import Handover
from defacewatch.incidents import Event, Resolution
from defacewatch.portals import Urgency
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind
from tests.store.samples import (
    CHANGED,
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    UNREACHABLE,
    captured,
    checked,
    registered,
)

SEPTEMBER = Period.month(2026, 9, ZoneInfo("Asia/Ho_Chi_Minh"))
AUGUST = Period.month(2026, 8, ZoneInfo("Asia/Ho_Chi_Minh"))
SECOND = timedelta(seconds=1)


async def told(store: Store, at: datetime, *officers: str, channel: str = "email", step: int = 0) -> None:
    """Have the alert that is due told to officers, as the outbox does."""
    alert = await store.alerts.claim(at)
    assert alert is not None
    wanted = [Wanted(channel, officer or None, step) for officer in officers]
    await store.alerts.expand(alert.id, wanted, step=step + 1, next_step_at=None, now=at)
    for number in range(len(officers)):
        delivery = await store.alerts.claim_delivery(channel, now=at)
        assert delivery is not None
        await store.alerts.sent(delivery.id, "250 ok", now=at + (number + 1) * SECOND)


async def attacked(store: Store, at: datetime = NOW, key: str = "hungyen") -> tuple[str, int]:
    page = await registered(store, key)
    await checked(store, page, DEFACED, at)
    return page, (await store.incidents.list(page=page))[0].incident.id


async def test_an_incident_is_told_of_with_its_first_receipts_its_escalation_and_its_calm(
    store: Store,
) -> None:
    page, incident = await attacked(store)
    await told(store, NOW + MINUTE, "an", "binh")
    await told_later(store, incident, NOW + 11 * MINUTE)
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW + 12 * MINUTE)
    await checked(store, page, CLEAN, NOW + 30 * MINUTE)
    await store.incidents.resolve(incident, as_=Resolution.RESTORED, by="an", now=NOW + 40 * MINUTE)
    (story,) = (await store.duty.happened(SEPTEMBER)).stories
    assert (story.incident, story.portal, story.verdict) == (incident, "hungyen", VerdictKind.DEFACED)
    assert (story.name, story.url) == ("Cổng Thông tin điện tử hungyen", "https://hungyen.gov.vn/")
    assert story.told == {
        "an": NOW + MINUTE + SECOND,
        "binh": NOW + MINUTE + 2 * SECOND,
        "giang": NOW + 11 * MINUTE + SECOND,
    }
    assert story.escalated_at == NOW + 11 * MINUTE
    assert (story.acknowledged_by, story.acknowledged_at) == ("an", NOW + 12 * MINUTE)
    assert story.calmed_at == story.restored_at == NOW + 30 * MINUTE
    assert story.in_time is False
    assert not story.drill


async def told_later(store: Store, incident: int, at: datetime) -> None:
    """The next step of an incident's alert, to the shift lead."""
    (alert,) = await store.alerts.of_incident(incident, AlertKind.DEFACED)
    await store.alerts.expand(alert.id, [Wanted("email", "giang", 1)], step=2, next_step_at=None, now=at)
    delivery = await store.alerts.claim_delivery("email", now=at)
    assert delivery is not None
    await store.alerts.sent(delivery.id, "250 ok", now=at + SECOND)


async def test_what_officers_hear_of_an_acknowledgement_is_no_alert_to_them(store: Store) -> None:
    _, incident = await attacked(store)
    await told(store, NOW, "an", "binh")
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW + MINUTE)
    await told(store, NOW + MINUTE, "cuong")
    (story,) = (await store.duty.happened(SEPTEMBER)).stories
    assert set(story.told) == {"an", "binh"}


async def test_a_webhook_is_no_officer(store: Store) -> None:
    await attacked(store)
    await told(store, NOW, "", channel="webhook:siem")
    (story,) = (await store.duty.happened(SEPTEMBER)).stories
    assert story.told == {}


async def test_a_period_has_what_was_unresolved_in_it_and_nothing_else(store: Store) -> None:
    page, incident = await attacked(store, datetime(2026, 8, 31, 16, 59, tzinfo=NOW.tzinfo))
    assert [s.incident for s in (await store.duty.happened(AUGUST)).stories] == [incident]
    assert [s.incident for s in (await store.duty.happened(SEPTEMBER)).stories] == [incident]
    await store.incidents.resolve(incident, as_=Resolution.FALSE_ALARM, by="an", now=SEPTEMBER.start)
    assert [s.incident for s in (await store.duty.happened(SEPTEMBER)).stories] == [incident]
    later = Period.month(2026, 10, SEPTEMBER.zone)
    assert (await store.duty.happened(later)).stories == []
    assert (await store.duty.happened(Period.month(2026, 7, SEPTEMBER.zone))).stories == []
    figures = figures_of(await store.duty.happened(SEPTEMBER), SEPTEMBER, NOW)
    assert ([s.incident for s in figures.carried], figures.stories) == ([incident], ())
    assert page


async def test_a_drill_is_marked_and_its_deliveries_are_no_channel_s(store: Store) -> None:
    await registered(store)
    drill = await store.portals.drill_page("hungyen", now=NOW)
    await checked(store, drill.id, DEFACED, NOW)
    await told(store, NOW, "an")
    happened = await store.duty.happened(SEPTEMBER)
    assert [story.drill for story in happened.stories] == [True]
    assert happened.channels == []
    assert happened.pages == {"hungyen": 1}
    figures = figures_of(happened, SEPTEMBER, NOW)
    assert (len(figures.drills), figures.stories, figures.alert.count) == (1, (), 0)


async def test_deliveries_are_counted_by_channel_with_what_was_given_up(store: Store) -> None:
    await attacked(store)
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    wanted = [
        Wanted("telegram", "an"),
        Wanted("telegram", "binh"),
        Wanted("email", "an"),
        Wanted("email", "binh"),
    ]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=NOW)
    for ends in (True, False):
        delivery = await store.alerts.claim_delivery("telegram", now=NOW)
        assert delivery is not None
        if ends:
            await store.alerts.sent(delivery.id, "42", now=NOW)
        else:
            await store.alerts.failed(delivery.id, "403", now=NOW)
    happened = await store.duty.happened(SEPTEMBER)
    assert sorted(happened.channels, key=lambda use: use.channel) == [
        ChannelUse("email", waiting=2),
        ChannelUse("telegram", sent=1, failed=1, attempts=2),
    ]
    assert (await store.duty.happened(AUGUST)).channels == []


async def test_the_times_when_the_watch_was_not_well_come_from_what_was_told_of_them(store: Store) -> None:
    for kind, facts, minutes in (
        (AlertKind.BLIND, {}, 0),
        (AlertKind.CHANNEL_DOWN, {"channel": "telegram", "error": "x"}, 1),
        (AlertKind.SIGHTED, {}, 12),
    ):
        await store.alerts.raise_(Draft(kind, Urgency.HIGH, facts), now=NOW + minutes * MINUTE)
    blind, telegram = (await store.duty.happened(SEPTEMBER)).interruptions
    assert (blind.kind, blind.start, blind.end) == (AlertKind.BLIND, NOW, NOW + 12 * MINUTE)
    assert (telegram.kind, telegram.channel, telegram.end) == (AlertKind.CHANNEL_DOWN, "telegram", None)


async def test_handovers_of_the_period_come_with_who_has_confirmed(store: Store) -> None:
    for moment in (AUGUST.end - SECOND, SEPTEMBER.start, NOW):
        await store.handovers.begin(Handover(moment, ("an",), ("binh",), {"blind": 1}), now=moment)
    last = (await store.handovers.last())[0]
    await store.handovers.confirm(last.id, officer="binh", via="cli", now=NOW + MINUTE)
    first, second = (await store.duty.happened(SEPTEMBER)).handovers
    assert (first.at, first.missing) == (SEPTEMBER.start, ("an", "binh"))
    assert second == await store.handovers.get(last.id)
    assert second.missing == ("an",)


async def test_an_outage_counts_until_its_end(store: Store) -> None:
    page = await registered(store)
    for number in range(3):
        await checked(store, page, UNREACHABLE, NOW + number * MINUTE)
    await checked(store, page, CLEAN, NOW + 62 * MINUTE)
    figures = figures_of(await store.duty.happened(SEPTEMBER), SEPTEMBER, NOW + timedelta(hours=2))
    (portal,) = figures.portals
    assert portal.down == timedelta(hours=1)
    assert figures.restore.longest == timedelta(hours=1)


async def test_what_was_done_is_followed_once_whoever_did_it(store: Store) -> None:
    page, incident = await attacked(store)
    seen = await store.duty.newest()
    assert await store.duty.done_since(seen) == []
    await store.incidents.acknowledge(incident, by="an", via="cli", now=NOW + MINUTE)
    await checked(store, page, CLEAN, NOW + 5 * MINUTE)
    await store.incidents.resolve(incident, as_=Resolution.RESTORED, by="an", now=NOW + 9 * MINUTE)
    taken, closed = await store.duty.done_since(seen)
    assert (taken.event, closed.event) == (Event.ACKNOWLEDGED, Event.RESOLVED)
    assert closed.story.restored_at == NOW + 5 * MINUTE
    assert await store.duty.done_since(closed.number, {taken.number, closed.number}) == []


async def test_approval_of_a_legitimate_update_is_no_restoration(store: Store) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page), by="an", reason="first", now=NOW)
    await checked(store, page, CHANGED, NOW, "bb")
    (view,) = await store.incidents.list()
    assert view.incident.capture is not None
    await store.baselines.approve(view.incident.capture, by="an", reason="new", now=NOW + MINUTE)
    (story,) = (await store.duty.happened(SEPTEMBER)).stories
    assert (story.resolved_as, story.restored_at) == (Resolution.LEGITIMATE, None)


async def test_the_newest_event_moves_with_what_happens_and_is_0_before(store: Store) -> None:
    before = await store.duty.newest()
    await attacked(store)
    assert await store.duty.newest() > before >= 0
