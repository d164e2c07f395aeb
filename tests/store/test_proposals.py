"""Proposals that wait, that are settled, turned down, or would bring an earlier look back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from defacewatch.alerts import AlertKind
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.incidents import Resolution, State
from defacewatch.store import Store, auditrows, baselines, moves
from defacewatch.store.reviews import AFTERWARDS, Origin
from defacewatch.windows import Window
from tests.store.samples import CHANGED, MINUTE, NOW, captured, checked, portal, registered


async def baseline(store: Store, page: str) -> str | None:
    found = await store.baselines.get(page)
    return None if found is None else found.looks[-1].capture


async def test_what_was_shown_beside_another_baseline_is_not_approved(store: Store) -> None:
    page = await registered(store)
    first, second = await captured(store, page, "a"), await captured(store, page, "b", at=NOW + MINUTE)
    await store.baselines.approve(second, by="an", reason="x", now=NOW + 2 * MINUTE, against=0)
    third = await captured(store, page, "c", at=NOW + 3 * MINUTE)
    with pytest.raises(Conflict, match="another baseline by now"):
        await store.baselines.approve(third, by="an", reason="x", now=NOW + 4 * MINUTE, against=0)
    shown = (await store.reviews.of(third)).version
    await store.baselines.approve(third, by="an", reason="x", now=NOW + 4 * MINUTE, against=shown)
    assert await baseline(store, page) == third
    assert (await store.reviews.of(first)).waiting is False


async def test_what_was_proposed_since_is_to_be_looked_at_first(store: Store) -> None:
    page = await registered(store)
    first, second = await captured(store, page, "a"), await captured(store, page, "b", at=NOW + MINUTE)
    assert (await store.reviews.of(first)).newer == second
    with pytest.raises(Conflict, match="newer capture"):
        await store.baselines.approve(first, by="an", reason="x", now=NOW + 2 * MINUTE, against=0)
    assert (await store.reviews.of(second)).newer is None
    await store.baselines.approve(second, by="an", reason="x", now=NOW + 2 * MINUTE, against=0)


async def test_what_an_open_incident_shows_since_is_to_be_looked_at_first(store: Store) -> None:
    page = await registered(store)
    old = await captured(store, page, "a")
    made = await checked(store, page, CHANGED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    review = await store.reviews.of(old)
    assert review.newer == made.kept.capture.id
    with pytest.raises(Conflict, match="newer capture"):
        await store.baselines.approve(old, by="an", reason="x", now=NOW + 2 * MINUTE, against=0)
    await store.baselines.approve(review.newer, by="an", reason="x", now=NOW + 2 * MINUTE, against=0)
    [view] = await store.incidents.list()
    assert (view.incident.state, view.incident.resolved_as) == (State.RESOLVED, Resolution.LEGITIMATE)


async def test_an_earlier_look_is_brought_back_with_a_reason(store: Store) -> None:
    page = await registered(store)
    first, second = await captured(store, page, "a"), await captured(store, page, "b", at=NOW + MINUTE)
    await store.baselines.approve(first, by="an", reason="one", now=NOW + 2 * MINUTE)
    await store.baselines.approve(second, by="an", reason="two", now=NOW + 3 * MINUTE)
    review = await store.reviews.of(first)
    assert (review.origin, review.newer, review.stands) == (Origin.EARLIER, None, False)
    assert review.earlier is not None
    assert review.earlier.reason == "one"
    await store.baselines.approve(
        first, by="binh", reason="two was a mistake", now=NOW + 4 * MINUTE, against=review.version
    )
    assert await baseline(store, page) == first
    assert [c.approval.capture for c in await store.reviews.history(page)] == [first, second, first]
    assert (await store.reviews.of(first)).stands


async def test_on_a_critical_portal_an_earlier_look_is_brought_back_by_two(store: Store) -> None:
    page = await registered(store, critical=True)
    first = await captured(store, page, "a", by="an")
    await store.baselines.approve(first, by="binh", reason="one", now=NOW + MINUTE)
    second = await captured(store, page, "b", by="an", at=NOW + 2 * MINUTE)
    await store.baselines.approve(second, by="binh", reason="two", now=NOW + 3 * MINUTE)
    at = NOW + 4 * MINUTE
    for alone in ("an", "binh", "cuc"):  # that it was proposed once does not count for ever
        with pytest.raises(Conflict, match="must first be proposed"):
            await store.baselines.approve(first, by=alone, reason="back", now=at)
    assert (await store.baselines.propose(first, by="binh", now=at)).proposed_by == "binh"
    assert [(r.capture.id, r.origin) for r in await store.reviews.waiting()] == [(first, Origin.EARLIER)]
    with pytest.raises(Conflict, match="another person must approve"):
        await store.baselines.approve(first, by="binh", reason="back", now=at + MINUTE)
    await store.baselines.approve(first, by="an", reason="back", now=at + MINUTE)
    assert await baseline(store, page) == first
    assert await store.reviews.waiting() == []


async def test_the_log_is_read_once_for_an_approval_and_before_others_have_to_wait_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="an")
    await store.audit.note(Actor("an", "console:192.0.2.1 account mai"), Act.LEARNING_ASKED, at=NOW)
    read = list[str]()

    def accounts_of(db: Connection, *, who: str) -> frozenset[str]:
        read.append(who)
        return auditrows.accounts_of(db, who=who)

    def touched(db: Connection, *args: Any) -> None:
        read.append("write")
        moves.touch(db, *args)

    monkeypatch.setattr(baselines, "accounts_of", accounts_of)
    monkeypatch.setattr(baselines, "touch", touched)
    with pytest.raises(Conflict, match="with this account as well"):
        await store.baselines.approve(
            capture, by="binh", reason="x", now=NOW, via="api:192.0.2.1 account mai token 3"
        )
    assert read == ["an"]
    await store.baselines.approve(capture, by="binh", reason="x", now=NOW, via="console:::1 account binh")
    assert read == ["an", "an", "write"]


async def test_what_is_proposed_waits_also_where_an_approval_is_to_come_by_a_clock_set_back(
    store: Store,
) -> None:
    page = await registered(store, critical=True)
    first = await captured(store, page, "a", by="an")
    await store.baselines.approve(first, by="binh", reason="x", now=NOW + 60 * MINUTE)
    second = await captured(store, page, "b", by="an", at=NOW + MINUTE)  # the clock was set back
    assert [capture.id for capture in await store.baselines.proposals()] == [second]
    assert (await store.reviews.of(second)).waiting
    await store.baselines.approve(second, by="binh", reason="x", now=NOW + 2 * MINUTE)
    assert await baseline(store, page) == second
    assert await store.baselines.proposals() == []


async def test_while_a_proposal_waits_nobody_takes_it_over(store: Store) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="an")
    assert (await store.baselines.propose(capture, by="binh", now=NOW + MINUTE)).proposed_by == "an"
    with pytest.raises(Conflict, match="another person"):
        await store.baselines.approve(capture, by="an", reason="x", now=NOW + MINUTE)


async def test_of_each_page_the_newest_proposal_is_listed_and_the_others_counted(store: Store) -> None:
    await store.portals.apply([portal("hungyen"), portal("langson"), portal("camau")], now=NOW)
    page, other = [(await store.portals.get(key)).pages[0].id for key in ("hungyen", "langson")]
    await captured(store, page, "a")
    newest = await captured(store, page, "b", at=NOW + MINUTE)
    elsewhere = await captured(store, other, at=NOW + 2 * MINUTE)
    found = await store.reviews.waiting()
    assert [(r.capture.id, r.older, r.origin) for r in found] == [
        (elsewhere, 0, Origin.FIRST),
        (newest, 1, Origin.FIRST),
    ]
    count, bare = await store.reviews.without(limit=5)
    assert (count, [of.key for of, _ in bare]) == (1, ["camau"])
    assert await store.reviews.without(limit=0) == (1, [])


async def test_what_waits_is_counted_by_origin_and_given_page_by_page(store: Store) -> None:
    keys = ("hungyen", "langson", "camau", "kontum", "angiang")
    await store.portals.apply([portal(key) for key in keys], now=NOW)
    of = {key: (await store.portals.get(key)).pages[0].id for key in keys}
    firsts = {key: await captured(store, of[key], "a") for key in keys}
    for key in keys[1:]:
        await store.baselines.approve(firsts[key], by="an", reason="x", now=NOW)
    soon = Window("langson", NOW + MINUTE, NOW + 60 * MINUTE, "Lê Văn Tư", "giao diện mới")
    await store.windows.announce(soon, now=NOW)
    last = soon.end + AFTERWARDS - timedelta(microseconds=1)
    announced = await captured(store, of["langson"], "b", at=last)
    made = await checked(store, of["camau"], CHANGED, NOW + 2 * MINUTE, mark="b")
    assert made.kept is not None
    shown = made.kept.capture.id
    await store.baselines.propose(shown, by="an", now=NOW + 3 * MINUTE)
    learned = await captured(store, of["kontum"], "b", at=NOW + 4 * MINUTE)
    second = await captured(store, of["angiang"], "b", at=NOW + 5 * MINUTE)
    await store.baselines.approve(second, by="an", reason="x", now=NOW + 6 * MINUTE)
    await store.baselines.propose(firsts["angiang"], by="an", now=NOW + 7 * MINUTE)

    reviews = await store.reviews.waiting()
    assert {review.capture.id: review.origin for review in reviews} == {
        firsts["hungyen"]: Origin.FIRST,
        announced: Origin.ANNOUNCED,
        shown: Origin.INCIDENT,
        learned: Origin.LEARNED,
        firsts["angiang"]: Origin.EARLIER,
    }
    assert await store.reviews.counts() == dict.fromkeys(Origin, 1)
    ids = [review.capture.id for review in reviews]
    assert await store.reviews.chosen(limit=4) == ids[:4]
    assert await store.reviews.chosen(among=(ids[3], ids[1], "nope"), limit=9) == [ids[1], ids[3]]
    for place, review in enumerate(reviews):
        assert await store.reviews.waiting(limit=1, offset=place) == [review]
        assert await store.reviews.waiting(review.origin, limit=9) == [review]
        assert await store.reviews.chosen(review.origin, limit=9) == [review.capture.id]


async def test_what_came_a_day_after_an_announced_update_does_not_belong_to_it(store: Store) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="an", reason="x", now=NOW)
    window = Window("hungyen", NOW, NOW + MINUTE - timedelta(microseconds=400), "Lê Văn Tư", "x")
    await store.windows.announce(window, now=NOW)
    await captured(store, page, "b", at=window.end + AFTERWARDS)
    assert [review.origin for review in await store.reviews.waiting()] == [Origin.LEARNED]
    assert await store.reviews.counts() == {Origin.LEARNED: 1}


async def test_what_came_with_an_announced_update_says_so(store: Store) -> None:
    page = await registered(store)
    first = await captured(store, page, "a")
    await store.baselines.approve(first, by="an", reason="x", now=NOW)
    window = Window("hungyen", NOW + MINUTE, NOW + 60 * MINUTE, "Lê Văn Tư", "giao diện mới")
    await store.windows.announce(window, now=NOW)
    capture = await captured(store, page, "b", by="Lê Văn Tư", at=NOW + 10 * MINUTE)
    [review] = await store.reviews.waiting()
    assert (review.capture.id, review.origin) == (capture, Origin.ANNOUNCED)
    assert review.window is not None
    assert review.window.reason == "giao diện mới"
    assert review.before is not None
    assert review.before.id == first


async def test_a_proposal_is_turned_down_with_a_reason_and_may_be_made_again(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    with pytest.raises(UsageError):
        await store.baselines.decline(capture, by="an", reason=" ", now=NOW)
    await store.baselines.decline(capture, by="an", reason="đang bảo trì", now=NOW)
    assert await store.baselines.proposals() == []
    with pytest.raises(Conflict, match="waits no more"):
        await store.baselines.decline(capture, by="an", reason="again", now=NOW)
    entry = (await store.audit.list(limit=1))[0]
    assert (entry.act, entry.who, entry.object) == ("baseline-declined", "an", f"capture {capture}")
    await store.baselines.propose(capture, by="binh", now=NOW + MINUTE)
    assert [c.proposed_by for c in await store.baselines.proposals()] == ["binh"]


async def test_an_unknown_capture_cannot_be_reviewed(store: Store) -> None:
    with pytest.raises(NotFound, match="no capture nope"):
        await store.reviews.of("nope")


async def test_an_incident_is_assigned_and_everybody_concerned_is_told(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CHANGED, mark="b")
    [view] = await store.incidents.list()
    number = view.incident.id
    given = await store.incidents.assign(number, to="binh", by="an", via="console", now=NOW + MINUTE)
    assert (given.state, given.acknowledged_by, given.acknowledged_at) == (
        State.ACKNOWLEDGED,
        "binh",
        NOW + MINUTE,
    )
    moved = await store.incidents.assign(number, to="cuc", by="an", via="cli", now=NOW + 2 * MINUTE)
    assert (moved.acknowledged_by, moved.acknowledged_at) == ("cuc", NOW + MINUTE)
    events = [(e.event.value, e.by, e.text) for e in await store.incidents.timeline(number)]
    assert events[1:] == [("acknowledged", "an", ""), ("assigned", "an", "binh"), ("assigned", "an", "cuc")]
    alerts = [alert.facts for alert in await store.alerts.of_incident(number, AlertKind.TAKEN)]
    assert [(facts["to"], facts["assigned_by"]) for facts in alerts] == [
        (["binh"], "an"),
        (["binh", "cuc"], "an"),
    ]
    entry = (await store.audit.list(limit=1))[0]
    assert (entry.act, entry.object) == ("assigned", f"incident {number}")
    with pytest.raises(Conflict, match="assigned to cuc already"):
        await store.incidents.assign(number, to="cuc", by="an", via="cli", now=NOW + 3 * MINUTE)
