"""The link in an e-mail by which an officer takes an incident."""

import re
from datetime import timedelta

import pytest

from defacewatch.alerts import Wanted
from defacewatch.campaigns import Mark, Trait
from defacewatch.handovers import Handover
from defacewatch.incidents import Event, State
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.store import Store
from defacewatch.web.access import FAILURES
from defacewatch.web.take import LASTS, take_url
from tests.conftest import Clock
from tests.store.samples import DEFACED, checked, registered
from tests.web.conftest import Around, Client, Serve, sign_in
from tests.web.seeds import MINUTE, NOW, attacked

KEY = b"k" * 32
AN = Officer("an", "Nguyễn Văn An", email="an@example.gov.vn")
BINH = Officer("binh", "Trần Thị Bình", role=Duty.SHIFT_LEAD, email="binh@example.gov.vn")


@pytest.fixture
async def client(serve: Serve, around: Around, clock: Clock) -> Client:
    around.roster = Roster((AN, BINH))
    clock.forward(seconds=(NOW + 12 * MINUTE - clock()).total_seconds())
    return await serve()


async def link(store: Store, key: bytes = KEY) -> str:
    """The link that went to the officer by mail."""
    every = await store.alerts.deliveries()
    (mailed,) = [delivery for delivery in every if delivery.channel == "email"]
    return take_url("", key)(mailed)


async def state(store: Store, incident: int) -> State:
    return (await store.incidents.get(incident)).incident.state


async def test_opening_the_link_shows_a_button_and_does_nothing(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    for method in ("GET", "HEAD", "GET"):
        answer = await client.request(method, await link(store))
        assert answer.status == 200
    text = await answer.text()
    assert "Take this incident as Nguyễn Văn An" in text
    assert f"SC-{incident:06d}" in text
    assert await state(store, incident) is State.OPEN


async def test_pressing_the_button_takes_the_incident_as_the_officer_whom_the_mail_went_to(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    answer = await client.post(await link(store))
    assert answer.status == 200
    assert "You have taken this incident, Nguyễn Văn An." in await answer.text()
    taken = (await store.incidents.get(incident)).incident
    assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "an")
    last = (await store.incidents.timeline(incident))[-1]
    assert (last.event, last.by, last.via) == (Event.ACKNOWLEDGED, "an", "email")


async def test_pressed_again_or_too_late_it_says_who_has_it_and_changes_nothing(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    await store.incidents.acknowledge(incident, by="binh", via="telegram", now=NOW + 12 * MINUTE)
    for _ in range(2):
        answer = await client.post(await link(store))
        assert answer.status == 200
        assert "Trần Thị Bình has taken this incident at" in await answer.text()
    assert (await store.incidents.get(incident)).incident.acknowledged_by == "binh"
    assert "<button>Take" not in await (await client.get(await link(store))).text()


async def test_a_link_ends(client: Client, store: Store, clock: Clock) -> None:
    _, incident = await attacked(store)
    there = await link(store)
    clock.forward(seconds=(LASTS + timedelta(minutes=1)).total_seconds())
    for answer in (await client.get(there), await client.post(there)):
        assert answer.status == 410
        assert "This link has ended" in await answer.text()
    assert await state(store, incident) is State.OPEN


async def test_a_forged_link_is_refused_and_guessing_is_slow(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    forged = await link(store, b"x" * 32)
    real = await link(store)
    longer = re.sub(r"/(\d+)/([0-9a-f]{40})$", lambda m: f"/{int(m[1]) + 1}/{m[2]}", real)
    other = real.replace("/take/2/", "/take/1/")
    assert len({real, forged, longer, other}) == 4
    for wrong in (forged, longer, other):
        assert (await client.post(wrong)).status == 404
    for _ in range(FAILURES):
        last = await client.post(forged)
    assert last.status == 429
    assert await state(store, incident) is State.OPEN


async def test_a_link_of_somebody_who_is_no_officer_any_more_is_refused(
    client: Client, store: Store, around: Around
) -> None:
    _, incident = await attacked(store)
    around.roster = Roster((BINH,))
    assert (await client.post(await link(store))).status == 410
    assert await state(store, incident) is State.OPEN


async def test_another_site_cannot_press_the_button(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    answer = await client.post(await link(store), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert await state(store, incident) is State.OPEN


async def test_what_a_page_says_is_text_there_too(client: Client, store: Store) -> None:
    await attacked(store, said='<script>alert("x")</script>')
    assert "<script" not in await (await client.get(await link(store))).text()


async def test_the_link_in_a_handover_s_mail_confirms_it(client: Client, store: Store, clock: Clock) -> None:
    handover = Handover(clock(), ("an",), ("binh",), {})
    number = await store.handovers.begin(handover, now=clock())
    assert number is not None
    alert = await store.alerts.claim(clock())
    assert alert is not None
    await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=clock())
    there = await link(store)
    shown = await (await client.get(there)).text()
    assert "I confirm the handover" in shown
    assert "Nguyễn Văn An" in shown
    assert (await store.handovers.get(number)).confirmed == {}
    answer = await (await client.post(there)).text()
    assert "You have confirmed the handover, Nguyễn Văn An." in answer
    assert "Still to confirm: Trần Thị Bình" in answer
    assert (await store.handovers.get(number)).confirmed["an"].via == "email"


async def several(store: Store) -> str:
    """The link in a mail that tells of three incidents, one of which somebody has."""
    alike = frozenset({Mark(Trait.WORDS, "hacked by x")})
    for key in ("one", "two", "three"):
        await checked(store, await registered(store, key), DEFACED, marks=alike)
    for _ in range(3):
        alert = await store.alerts.claim(NOW)
        assert alert is not None
        await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=NOW)
    first = await store.messages.claim("email", editable=False, now=NOW)
    assert first is not None
    await store.messages.sent(first, "250 ok", of=1, now=NOW)
    rest = await store.messages.claim("email", editable=False, now=NOW)
    assert rest is not None
    assert len(rest.deliveries) == 2
    await store.incidents.acknowledge(1, by="binh", via="telegram", now=NOW + 12 * MINUTE)
    return take_url("", KEY)(rest.deliveries[0])


async def test_the_link_in_a_mail_about_several_incidents_takes_those_that_nobody_has(
    client: Client, store: Store
) -> None:
    there = await several(store)
    shown = await (await client.get(there)).text()
    assert "Take 2 incidents as Nguyễn Văn An" in shown
    assert all(code in shown for code in ("SC-000001", "SC-000002", "SC-000003"))
    assert await state(store, 2) is State.OPEN, "what looks through mail opens links"
    answer = await (await client.post(there)).text()
    assert "You have taken 2 incidents, Nguyễn Văn An." in answer
    holders = {v.incident.id: v.incident.acknowledged_by for v in await store.incidents.list()}
    assert holders == {1: "binh", 2: "an", 3: "an"}
    again = await (await client.post(there)).text()
    assert "Nothing is left to take." in again
    assert "<button>Take" not in again


async def test_a_campaign_has_a_page_of_its_own_and_its_incidents_lead_there(
    client: Client, store: Store
) -> None:
    await several(store)
    await sign_in(client)
    shown = await (await client.get("/campaigns/1")).text()
    assert "DT-000001" in shown
    assert "the words “hacked by x”" in shown
    assert shown.count("/incidents/") == 3
    assert "/campaigns/1" in await (await client.get("/incidents/2")).text()
    assert (await client.get("/campaigns/9")).status == 404
