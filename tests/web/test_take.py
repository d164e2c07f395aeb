"""The link in an e-mail by which an officer takes an incident."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

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


async def test_the_language_of_a_link_can_be_changed_and_changed_back(
    serve: Serve, store: Store, around: Around, clock: Clock
) -> None:
    clock.forward(seconds=(NOW + 12 * MINUTE - clock()).total_seconds())
    around.roster = Roster((replace(AN, language="en"),))
    client = await serve(language="vi")
    await attacked(store)
    path = await link(store)
    for query, language in (
        ("", "en"),
        ("?lang=vi", "vi"),
        ("?lang=en", "en"),
        ("", "en"),
        ("?lang=vi", "vi"),
        ("", "vi"),
    ):
        assert f'<html lang="{language}">' in await (await client.get(path + query)).text()


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
    assert 'name="up_to" value="3"' in shown
    nothing = await (await client.post(there)).text()
    assert "Take 2 incidents" in nothing, "without what was shown nothing is taken"
    answer = await (await client.post(there, data={"up_to": "2"})).text()
    assert "You have taken 1 incidents, Nguyễn Văn An." in answer
    assert await state(store, 3) is State.OPEN, "it was not shown"
    answer = await (await client.post(there, data={"up_to": "3"})).text()
    assert "You have taken 1 incidents, Nguyễn Văn An." in answer
    holders = {v.incident.id: v.incident.acknowledged_by for v in await store.incidents.list()}
    assert holders == {1: "binh", 2: "an", 3: "an"}
    again = await (await client.post(there, data={"up_to": "3"})).text()
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


async def handed_over(store: Store, clock: Clock) -> tuple[int, dict[str, str]]:
    """A handover that tests two channels of Bình, who comes; its number, and the link on each channel."""
    tests = (("binh", "email"), ("binh", "gateway:sms"))
    number = await store.handovers.begin(Handover(clock(), ("an",), ("binh",), {}), now=clock(), tests=tests)
    assert number is not None
    alert = await store.alerts.claim(clock())
    assert alert is not None
    wanted = [Wanted(channel, officer) for officer, channel in tests]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=clock())
    url = take_url("", KEY)
    return number, {delivery.channel: url(delivery) for delivery in await store.alerts.deliveries()}


async def proved(store: Store, number: int) -> dict[str, str | None]:
    return {test.channel: test.via for test in await store.channel_tests.of(number) if test.acknowledged_at}


async def test_the_link_proves_the_channel_that_it_came_by_and_no_other(
    client: Client, store: Store, clock: Clock
) -> None:
    number, links = await handed_over(store, clock)
    said = await (await client.post(links["email"])).text()
    assert "Press in the message on your other channels, too: gateway:sms" in said
    assert await proved(store, number) == {"email": "email"}
    shown = await (await client.get(links["gateway:sms"])).text()
    assert "You have confirmed the handover, Trần Thị Bình." in shown
    assert "Received here" in shown
    assert await proved(store, number) == {"email": "email"}
    said = await (await client.post(links["gateway:sms"])).text()
    assert "Received here" not in said
    assert "other channels" not in said
    assert await proved(store, number) == {"email": "email", "gateway:sms": "gateway:sms"}


async def test_the_link_of_a_short_test_proves_its_channel_and_confirms_the_handover(
    client: Client, store: Store, clock: Clock
) -> None:
    tests = (("binh", "gateway:sms"),)
    number = await store.handovers.begin(
        Handover(clock(), ("an",), ("binh",), {}), now=clock(), tests=tests, short=tests
    )
    assert number is not None
    alerts = [await store.alerts.claim(clock()) for _ in range(2)]
    assert alerts[1] is not None
    wanted = [Wanted("gateway:sms", "binh")]
    await store.alerts.expand(alerts[1].id, wanted, step=1, next_step_at=None, now=clock())
    (delivery,) = await store.alerts.deliveries()
    there = take_url("", KEY)(delivery)
    assert "I confirm the handover" in await (await client.get(there)).text()
    assert await proved(store, number) == {}
    await client.post(there)
    assert await proved(store, number) == {"gateway:sms": "gateway:sms"}
    assert "binh" in (await store.handovers.get(number)).confirmed


async def test_a_test_answered_again_stays_as_it_was(client: Client, store: Store, clock: Clock) -> None:
    number, links = await handed_over(store, clock)
    first = clock()
    await client.post(links["email"])
    clock.forward(minutes=5)
    assert (await client.post(links["email"])).status == 200
    assert (await store.channel_tests.of(number))[0].acknowledged_at == first


SCANNERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"}),
    ("GET", {"User-Agent": "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Microsoft Safe Links)"}),
    ("OPTIONS", {}),
    ("PUT", {}),
)


@pytest.mark.parametrize(("method", "headers"), SCANNERS)
async def test_a_program_that_looks_through_mail_takes_nothing_and_proves_nothing(
    client: Client, store: Store, clock: Clock, method: str, headers: dict[str, str]
) -> None:
    _, incident = await attacked(store)
    take = await link(store)
    number, links = await handed_over(store, clock)
    for there in (take, *links.values()):
        answer = await client.request(method, there, headers=headers)
        assert answer.status == (200 if method in ("GET", "HEAD") else 405)
    assert await state(store, incident) is State.OPEN
    assert await proved(store, number) == {}
    assert (await store.handovers.get(number)).confirmed == {}


def without_token(there: str) -> str:
    return there.rpartition("/")[0]


def forged(there: str) -> str:
    return without_token(there) + "/" + "0" * 40


def prolonged(there: str) -> str:
    return re.sub(r"/(\d+)/([0-9a-f]{40})$", lambda m: f"/{int(m[1]) + 86400}/{m[2]}", there)


async def test_a_forged_or_prolonged_link_is_refused_and_logged_with_who_asked(
    client: Client, store: Store, clock: Clock
) -> None:
    _, incident = await attacked(store)
    take = await link(store)
    number, links = await handed_over(store, clock)
    wrong = [change(there) for there in (take, *links.values()) for change in (forged, prolonged)]
    with capture_logs() as logs:
        for there in wrong:
            assert (await client.post(there)).status in (404, 429)
    lines = [line for line in logs if line["event"] == "a forged link was refused"]
    assert [(line["kind"], line["remote"]) for line in lines] == [("take", "127.0.0.1")] * len(wrong)
    assert await state(store, incident) is State.OPEN
    assert await proved(store, number) == {}


async def test_a_post_without_the_token_is_nowhere(client: Client, store: Store, clock: Clock) -> None:
    _, incident = await attacked(store)
    take = await link(store)
    number, links = await handed_over(store, clock)
    for there in (take, *links.values()):
        bare = without_token(there)
        for wrong in (bare, bare + "/", bare + "/" + "0" * 39, without_token(bare)):
            with capture_logs() as logs:
                assert (await client.post(wrong, allow_redirects=False)).status in (404, 429)
            assert [line["event"] for line in logs] == ["a forged link was refused"], wrong
    assert await state(store, incident) is State.OPEN
    assert await proved(store, number) == {}


async def test_a_link_that_has_ended_is_refused_and_logged(
    client: Client, store: Store, clock: Clock
) -> None:
    _, incident = await attacked(store)
    take = await link(store)
    number, links = await handed_over(store, clock)
    clock.forward(seconds=(LASTS + timedelta(minutes=1)).total_seconds())
    for there in (take, *links.values()):
        with capture_logs() as logs:
            assert (await client.post(there)).status == 410
        (line,) = [line for line in logs if line["event"] == "a link that has ended was refused"]
        assert line["remote"] == "127.0.0.1"
    assert await state(store, incident) is State.OPEN
    assert await proved(store, number) == {}


async def test_a_link_that_is_used_again_changes_nothing_and_is_logged(client: Client, store: Store) -> None:
    _, incident = await attacked(store)
    there = await link(store)
    await client.post(there)
    with capture_logs() as logs:
        assert (await client.post(there)).status == 200
    (line,) = [line for line in logs if line["event"] == "an incident was taken already"]
    assert line["by"] == "an"
    events = [entry.event for entry in await store.incidents.timeline(incident)]
    assert events.count(Event.ACKNOWLEDGED) == 1


async def test_a_handover_s_link_that_is_used_again_changes_nothing_and_is_logged(
    client: Client, store: Store, clock: Clock
) -> None:
    number, links = await handed_over(store, clock)
    await client.post(links["email"])
    before = await store.handovers.get(number), await store.channel_tests.of(number)
    clock.forward(minutes=1)
    with capture_logs() as logs:
        await client.post(links["email"])
    (line,) = [line for line in logs if line["event"] == "a handover was confirmed already"]
    assert (line["by"], line["via"]) == ("binh", "email")
    assert (await store.handovers.get(number), await store.channel_tests.of(number)) == before


async def test_a_button_pressed_from_another_site_is_logged(
    client: Client, store: Store, clock: Clock
) -> None:
    number, links = await handed_over(store, clock)
    with capture_logs() as logs:
        answer = await client.post(links["email"], headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert [line["event"] for line in logs if "pressed" in line["event"]] == [
        "a link was pressed from another site"
    ]
    assert await proved(store, number) == {}


async def test_a_link_of_nobody_known_is_logged(client: Client, store: Store, around: Around) -> None:
    await attacked(store)
    around.roster = Roster((BINH,))
    with capture_logs() as logs:
        await client.post(await link(store))
    assert "a link of somebody who is no officer was refused" in [line["event"] for line in logs]
