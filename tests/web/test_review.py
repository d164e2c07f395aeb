"""Baselines in the console: what waits, one capture judged, an earlier look brought back."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import insert

from defacewatch.accounts import Role
from defacewatch.captures import Capture, Tier
from defacewatch.errors import Conflict
from defacewatch.identities import Identity, Trust
from defacewatch.incidents import Resolution, State
from defacewatch.looks import Seen, verdict_of
from defacewatch.profiles import Profile
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store, reviews
from defacewatch.store.rows import Columns, capture_of
from defacewatch.store.schema import mutes
from defacewatch.verdicts import Verdict
from defacewatch.web import proposals
from defacewatch.windows import Window
from tests.conftest import Clock
from tests.store.samples import (
    CHANGED,
    DEFACED,
    MINUTE,
    NOW,
    captured,
    checked,
    document,
    features,
    look,
    outcome,
    portal,
    registered,
)
from tests.web.conftest import Client, Serve, sign_in
from tests.web.people import ME, hidden, log_in, person
from tests.web.seeds import everything_hostile

OFFICERS = (
    Officer("an", "Nguyễn Văn An"),
    Officer("binh", "Trần Thị Bình"),
    Officer("cuong", "Lê Văn Cường"),
)


class People:
    """Whoever has signed in, each with a browser of their own."""

    def __init__(self, serve: Serve, store: Store) -> None:
        self.serve, self.store = serve, store

    async def come(
        self, name: str, role: Role = Role.APPROVER, *, officer: str | None = None, **settings: object
    ) -> Client:
        client = await self.serve(roster=lambda: Roster(OFFICERS), **settings)
        await person(self.store, name, role, officer=officer)
        assert (await log_in(client, name)).status == 303
        return client


@pytest.fixture
def people(serve: Serve, store: Store, clock: Clock) -> People:
    clock.now = NOW + 30 * MINUTE
    return People(serve, store)


async def text(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, path
    return await answer.text()


def form_of(page: str) -> dict[str, str]:
    """What the form of a decision sends."""
    decision = page[page.index('id="decision"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', decision))


async def decide(
    client: Client, capture: str, action: str = "approve", *, form: dict[str, str] | None = None, **more: str
) -> tuple[int, str]:
    """Send the form of a capture's page; the status, and where it leads or what is said."""
    form = form_of(await text(client, f"/baselines/{capture}")) if form is None else form
    address = f"/baselines/{capture}/{action}"
    answer = await client.post(address, data={**form, **more}, allow_redirects=False)
    return answer.status, answer.headers.get("Location") or await answer.text()


async def baseline(store: Store, page: str) -> str | None:
    found = await store.baselines.get(page)
    return None if found is None else found.looks[-1].capture


async def test_what_waits_is_listed_by_kind_with_pictures_of_both(people: People, store: Store) -> None:
    await store.portals.apply([portal("hungyen"), portal("langson"), portal("camau")], now=NOW)
    one, two = [(await store.portals.get(key)).pages[0].id for key in ("hungyen", "langson")]
    first = await captured(store, one, "a", by="an")
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    new = await captured(store, one, "b", at=NOW + MINUTE)
    await captured(store, two, "a", at=NOW + MINUTE)
    client = await people.come("an", officer="an")
    page = await text(client, "/baselines")
    assert len(re.findall(r'name="c"', page)) == 2
    assert len(re.findall(r"/pictures/[0-9a-f]{64}\?tiny", page)) == 3
    assert "https://camau.gov.vn/" in page[page.index("Pages without a baseline") :]
    only = await text(client, "/baselines?kind=learned")
    assert re.findall(r'name="c" value="([^"]+)"', only) == [new]
    assert 'href="/baselines?kind=announced"' not in page


async def test_of_what_waits_no_more_is_read_than_a_page_shows(
    people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "SHOWN", 2)
    keys = [f"tinh{number}" for number in range(5)]
    await store.portals.apply([portal(key) for key in [*keys, "camau"]], now=NOW)
    made = [
        await captured(store, (await store.portals.get(key)).pages[0].id, at=NOW + place * MINUTE)
        for place, key in enumerate(keys)
    ]
    client, read = await people.come("an"), list[str]()

    def noting(row: Columns) -> Capture:
        read.append(row["id"])
        return capture_of(row)

    monkeypatch.setattr(reviews, "capture_of", noting)
    for number, some in (("1", made[:2:-1]), ("2", made[2:0:-1]), ("3", made[:1]), ("99", made[:1])):
        page = await text(client, f"/baselines?page={number}")
        assert re.findall(r'name="c" value="([^"]+)"', page) == some
        assert sorted(read) == sorted(some)
        read.clear()
        assert "<b>5</b>" in page
    for asked, first in (("all=1&kind=first", made[-1]), (f"c={made[1]}&c={made[3]}&c=x", made[3])):
        answer = await client.get(f"/baselines/review?{asked}", allow_redirects=False)
        assert answer.headers["Location"].startswith(f"/baselines/{first}?rest=")
        assert read == []


async def test_exactly_the_capture_that_was_shown_is_approved_with_a_reason(
    people: People, store: Store
) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    client = await people.come("binh", officer="binh")
    assert (await decide(client, capture, why=" "))[0] == 409
    assert await decide(client, capture, why="đã gọi đơn vị") == (303, "/baselines?done=1")
    [approval] = await store.baselines.history(page)
    assert (approval.capture, approval.by, approval.reason) == (capture, "binh", "đã gọi đơn vị")
    entry = (await store.audit.list(limit=1))[0]
    assert (entry.act, entry.who, entry.source) == (
        "baseline-approved",
        "binh",
        "console:127.0.0.1 account binh",
    )
    assert "Approved: 1." in await text(client, "/baselines?done=1")


async def test_what_nobody_was_shown_is_not_approved(people: People, store: Store, clock: Clock) -> None:
    await store.portals.apply([portal("hungyen"), portal("langson")], now=NOW)
    pages = [(await store.portals.get(key)).pages[0].id for key in ("hungyen", "langson")]
    one, two = [await captured(store, page) for page in pages]
    an, binh = await people.come("an"), await people.come("binh")
    shown = form_of(await text(an, f"/baselines/{one}"))
    theirs = {**shown, "csrf": hidden(await text(binh, "/account"), "csrf")}
    for client, capture, form in (
        (an, two, shown),  # another capture
        (binh, one, theirs),  # what somebody else was shown
        (an, one, {**shown, "shown": "0" * 40}),
        (an, one, {**shown, "against": "7"}),
        (an, one, {"csrf": shown["csrf"]}),
    ):
        status, said = await decide(client, capture, form=form, why="x")
        assert (status, "Look at the capture on this page first" in said) == (409, True)
    clock.forward(hours=3)
    assert (await an.get("/baselines")).status in (200, 303)
    assert await store.baselines.history(pages[0]) == await store.baselines.history(pages[1]) == []


async def test_what_is_newer_is_to_be_looked_at_first(people: People, store: Store) -> None:
    page = await registered(store)
    old = await captured(store, page, "a")
    client = await people.come("an")
    form = form_of(await text(client, f"/baselines/{old}"))
    new = await captured(store, page, "b", at=NOW + MINUTE)
    status, said = await decide(client, old, form=form, why="x")
    assert status == 409
    assert said.count("There is a newer capture by now") == 1
    assert f'href="/baselines/{new}"' in said
    assert "/approve" not in said
    assert await baseline(store, page) is None


async def test_beside_another_baseline_it_is_to_be_looked_at_again(people: People, store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page, "a")
    client = await people.come("an")
    form = form_of(await text(client, f"/baselines/{capture}"))
    other = await captured(store, page, "b")
    await store.baselines.approve(other, by="binh", reason="x", now=NOW + MINUTE)
    status, said = await decide(client, capture, form=form, why="x")
    assert (status, "another baseline by now" in said) == (409, True)
    assert await baseline(store, page) == other


async def test_on_a_critical_portal_the_proposer_is_told_who_can_approve(
    people: People, store: Store
) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="an")
    an = await people.come("an.nguyen", officer="an")
    binh = await people.come("binh", officer="binh")
    await people.come("khach", Role.APPROVER)  # nobody in the roster
    shown = await text(an, f"/baselines/{capture}")
    assert "you have proposed this capture yourself" in shown
    assert "Who can approve: Binh<" in shown
    assert "/approve" not in shown
    status, said = await decide(an, capture, form=form_of(shown), why="mine")
    assert (status, "another person must approve it" in said) == (409, True)
    assert "You have proposed it: another person" in await text(an, "/baselines")
    assert (await decide(binh, capture, why="đã kiểm tra"))[0] == 303
    assert await baseline(store, page) == capture


async def test_on_a_critical_portal_an_account_that_is_linked_anew_is_no_second_person(
    people: People, store: Store
) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="learner")
    await people.come("binh", officer="binh")
    client = await people.come("an.nguyen", officer="an")
    form = form_of(await text(client, f"/baselines/{capture}"))
    assert (await decide(client, capture, "propose", form=form))[0] == 303
    account = await store.accounts.named("an.nguyen")
    await store.accounts.change(account.id, officer="cuong", actor=ME, now=NOW)
    shown = await text(client, f"/baselines/{capture}")
    assert "you have proposed this capture yourself" in shown
    assert "Who can approve: Binh<" in shown
    status, said = await decide(client, capture, form=form, why="x")
    assert (status, "with this account as well" in said) == (409, True)
    with pytest.raises(Conflict):
        await store.baselines.approve(
            capture, by="cuong", reason="x", now=NOW, via="api:192.0.2.1 account an.nguyen token 3"
        )
    assert await baseline(store, page) is None
    await store.baselines.approve(capture, by="cuong", reason="x", now=NOW, via="console:::1 account cuong")


@pytest.mark.parametrize("begun", ["lesson", "window"])
async def test_an_account_linked_anew_is_no_second_person_for_what_it_had_learned_or_announced(
    people: People, store: Store, begun: str
) -> None:
    page = await registered(store, critical=True)
    await people.come("binh", officer="binh")
    client = await people.come("an.nguyen", officer="an")
    via = "console:192.0.2.1 account an.nguyen"
    if begun == "lesson":
        await store.lessons.ask([page], by="an", via=via, samples=2, now=NOW)
    else:
        window = Window("hungyen", NOW, NOW + 60 * MINUTE, "an", "nâng cấp", via="console")
        await store.windows.announce(window, now=NOW, source=via)
    capture = await captured(store, page, by="an")  # by the program, under the name of who asked
    account = await store.accounts.named("an.nguyen")
    await store.accounts.change(account.id, officer="cuong", actor=ME, now=NOW)
    shown = await text(client, f"/baselines/{capture}")
    assert "you have proposed this capture yourself" in shown
    assert "Who can approve: Binh<" in shown
    status, said = await decide(client, capture, form=form_of(shown), why="x")
    assert (status, "with this account as well" in said) == (409, True)
    assert await baseline(store, page) is None


async def test_who_signs_in_by_a_provider_alone_is_named_among_those_who_can_approve(
    people: People, store: Store
) -> None:
    capture = await captured(store, await registered(store, critical=True), by="an")
    binh = await store.accounts.add("binh", "Bình", Role.APPROVER, officer="binh", actor=ME, now=NOW)
    trust = Trust("https://sso.example.gov.vn", "defacewatch")
    alone = await people.come("an.nguyen", officer="an", oidc=trust, oidc_secret="s")
    assert "Who can approve" not in await text(alone, f"/baselines/{capture}")
    await store.identities.bind(binh.id, Identity("https://old.example.vn", "b"), actor=ME, now=NOW)
    assert "Who can approve" not in await text(alone, f"/baselines/{capture}")
    await store.identities.bind(binh.id, Identity(trust.issuer, "b"), actor=ME, now=NOW)
    assert "Who can approve: Bình<" in await text(alone, f"/baselines/{capture}")


async def test_on_a_critical_portal_only_people_of_the_roster_propose_and_approve(
    people: People, store: Store
) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="an")
    stranger = await people.come("khach")
    shown = await text(stranger, f"/baselines/{capture}")
    assert "your account names none" in shown
    for action in ("approve", "propose"):
        status, said = await decide(stranger, capture, action, form=form_of(shown), why="x")
        assert (status, "your account names none" in said) == (409, True)
    assert await baseline(store, page) is None


async def test_on_a_critical_portal_what_a_stranger_had_learned_is_proposed_by_an_officer_first(
    people: People, store: Store
) -> None:
    page = await registered(store, critical=True)
    capture = await captured(store, page, by="mallory")
    an, binh = await people.come("an", officer="an"), await people.come("binh", officer="binh")
    shown = await text(binh, f"/baselines/{capture}")
    assert "one person has to propose the capture, and another to approve it" in shown
    status, said = await decide(binh, capture, form=form_of(shown), why="x")
    assert (status, "is no officer of the roster" in said) == (409, True)
    assert (await decide(an, capture, "propose"))[0] == 303
    assert (await store.baselines.capture(capture)).proposed_by == "an"
    assert (await decide(binh, capture, "propose"))[0] == 303
    assert (await store.baselines.capture(capture)).proposed_by == "an", "an officer's proposal stays theirs"
    assert (await decide(binh, capture, why="đã kiểm tra"))[0] == 303


async def test_evidence_of_attack_is_a_warning_that_has_to_be_answered(people: People, store: Store) -> None:
    page = await registered(store)
    first = await captured(store, page, "a")
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    made = await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    capture = made.kept.capture.id
    client = await people.come("an")
    shown = await text(client, f"/baselines/{capture}")
    assert "There is evidence of attack in this capture." in shown
    assert "words of a defacement" in shown
    status, said = await decide(client, capture, why="diễn tập")
    assert (status, "say that you have looked at it" in said) == (409, True)
    assert (await decide(client, capture, why="diễn tập", attack="1"))[0] == 303
    [view] = await store.incidents.list()
    assert view.incident.resolved_as is Resolution.LEGITIMATE


async def test_evidence_of_attack_does_not_lapse_with_many_later_checks(people: People, store: Store) -> None:
    page = await registered(store)
    first = await captured(store, page, "a")
    await store.baselines.approve(first, by="binh", reason="x", now=NOW)
    made = await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    await store.incidents.resolve(1, as_=Resolution.FALSE_ALARM, by="an", now=NOW + MINUTE)
    for n in range(201):
        await checked(store, page, CHANGED, NOW + (2 + n) * MINUTE)
    client = await people.come("an")
    status, said = await decide(client, made.kept.capture.id, why="x")
    assert (status, "say that you have looked at it" in said) == (409, True)


async def test_after_another_approval_a_capture_is_compared_again_with_what_stands_now(
    people: People, store: Store
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    made = await checked(store, page, CHANGED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    client = await people.come("an")
    address = f"/baselines/{made.kept.capture.id}"
    shown = await text(client, address)
    assert 'id="judged"' not in shown
    assert "35" in shown[shown.index("<h2>Signs") :]
    same = await captured(store, page, "b", at=NOW + 2 * MINUTE)
    await store.baselines.approve(same, by="binh", reason="x", now=NOW + 2 * MINUTE)
    shown = await text(client, address)
    said = shown[shown.index('id="judged"') :]
    assert "It has been compared again with that of now" in said
    assert "Unusual change" in said[: said.index("</p>")]
    assert "<h2>Signs" not in shown  # it looks as what stands now
    assert "Each verdict is beside the baseline of its time." in await text(client, f"/pages/{page}")


async def test_evidence_of_attack_beside_an_earlier_baseline_is_not_forgotten(
    people: People, store: Store
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    made = await checked(store, page, DEFACED, NOW + MINUTE, mark="b")
    await store.incidents.resolve(1, as_=Resolution.FALSE_ALARM, by="an", now=NOW + MINUTE)
    assert made.kept is not None
    same = await captured(store, page, "b", at=NOW + 2 * MINUTE)
    await store.baselines.approve(same, by="binh", reason="x", now=NOW + 2 * MINUTE)
    client = await people.come("an")
    assert "There is evidence of attack" in await text(client, f"/baselines/{made.kept.capture.id}")
    status, said = await decide(client, made.kept.capture.id, why="x")
    assert (status, "say that you have looked at it" in said) == (409, True)
    shown = await text(client, f"/baselines/{made.kept.capture.id}")
    assert "words of a defacement" in shown[shown.index('id="forgotten"') :]


HIDDEN = replace(document("b"), hidden_links=(("https://casino.example/", "nhà cái uy tín"),))
SPAM = replace(features("b"), served=HIDDEN, shown=HIDDEN)


async def mute(store: Store, page: str, seen: Seen) -> Verdict:
    """Mute all that a look differs in now; the verdict that is left."""
    context = await store.checks.context(page, now=NOW)
    found = verdict_of(context, seen)
    assert found.evidence > 0
    muting = [
        {"page": page, "identity": signal.identity, "by": "an", "at": NOW}
        for signal in found.signals
        if signal.points > 0
    ]
    async with store.engine.writing() as db:
        await db.execute(insert(mutes), muting)
    left = verdict_of(await store.checks.context(page, now=NOW), seen)
    assert left.score == 0
    return left


async def test_a_mute_hides_nothing_from_whoever_approves_what_was_learned(
    people: People, store: Store
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    seen = Seen(look("b", NOW + MINUTE), SPAM)
    await mute(store, page, seen)
    learned = await store.checks.keep(page, seen.look, SPAM)
    capture = await store.baselines.keep_capture(learned, proposed_by="an", profile=None, now=NOW + MINUTE)
    shown = await text(await people.come("binh"), f"/baselines/{capture.id}")
    assert "casino.example" in shown[shown.index("<h2>Signs") :]
    assert "muted as a false alarm" not in shown


@pytest.mark.parametrize("kept", [True, False])
async def test_a_check_under_a_mute_hides_nothing_from_whoever_approves_what_it_took(
    people: People, store: Store, kept: bool
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    seen = Seen(look("b", NOW + MINUTE), SPAM)
    told = await mute(store, page, seen)
    context = await store.checks.context(page, now=NOW + MINUTE)
    taken = await store.checks.keep(page, seen.look, SPAM)
    await store.checks.record(outcome(context, told, NOW + MINUTE, kept=taken, tier=Tier.RENDER))
    if not kept:
        store.blobs.delete(taken.capture.facts)
    client = await people.come("binh")
    shown = await text(client, f"/baselines/{taken.capture.id}")
    if kept:
        assert "compared again with nothing muted" in shown
        assert "casino.example" in shown[shown.index("<h2>Signs") :]
        assert "Another baseline was approved" not in shown
    else:
        assert "There is evidence of attack" in shown
        assert "beside the baseline of the time" not in shown
        status, said = await decide(client, taken.capture.id, why="x")
        assert (status, "say that you have looked at it" in said) == (409, True)


async def test_what_cannot_be_compared_again_is_said_to_be_of_its_time(people: People, store: Store) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    made = await checked(store, page, CHANGED, NOW + MINUTE, mark="b")
    assert made.kept is not None
    other = await captured(store, page, "c", at=NOW + 2 * MINUTE)
    await store.baselines.approve(other, by="binh", reason="x", now=NOW + 2 * MINUTE)
    store.blobs.delete(made.kept.capture.facts)
    client = await people.come("an")
    shown = await text(client, f"/baselines/{made.kept.capture.id}")
    assert "beside the baseline of the time at which the capture was taken" in shown
    assert "35" in shown[shown.index("<h2>Signs") :]


async def test_what_was_learned_is_compared_with_the_baseline_before_it_is_approved(
    people: People, store: Store
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    link = replace(document("b"), hidden_links=(("https://casino.example/", "nhà cái uy tín"),))
    learned = await store.checks.keep(
        page, look("b", NOW + MINUTE), replace(features("b"), served=link, shown=link)
    )
    capture = await store.baselines.keep_capture(learned, proposed_by="an", profile=None, now=NOW + MINUTE)
    shown = await text(await people.come("binh"), f"/baselines/{capture.id}")
    assert "casino.example" in shown[shown.index("<h2>Signs") :]


async def test_what_a_capture_was_judged_to_be_is_not_remembered_once_the_page_is_known_otherwise(
    people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await registered(store)
    await store.baselines.approve(await captured(store, page, "a"), by="binh", reason="x", now=NOW)
    moving = Profile(page, samples=9, hosts={"script ads.example": 9})
    await store.baselines.set_profile(page, moving)
    hosts = replace(document("b"), hosts={"script": frozenset({"cdn.example.vn", "ads.example"})})
    learned = await store.checks.keep(
        page, look("b", NOW + MINUTE), replace(features("b"), served=hosts, shown=hosts)
    )
    capture = await store.baselines.keep_capture(learned, proposed_by="an", profile=None, now=NOW + MINUTE)
    client = await people.come("binh")
    assert "There is evidence of attack" not in await text(client, f"/baselines/{capture.id}")
    with monkeypatch.context() as unread:  # what is remembered is not read again
        unread.setattr(store.baselines, "look", None)
        assert "There is evidence of attack" not in await text(client, f"/baselines/{capture.id}")
    await store.baselines.set_profile(page, Profile(page))
    shown = await text(client, f"/baselines/{capture.id}")
    assert "ads.example" in shown[shown.index("<h2>Signs") :]
    assert "There is evidence of attack" in shown


async def test_from_an_incident_a_legitimate_update_is_approved_and_resolves_it(
    people: People, store: Store
) -> None:
    page = await registered(store, critical=True)
    made = await checked(store, page, CHANGED, mark="b")
    assert made.kept is not None
    capture = made.kept.capture.id
    an = await people.come("an", Role.OFFICER, officer="an")
    binh = await people.come("binh", officer="binh")
    assert f'href="/baselines/{capture}?incident=1"' in await text(an, "/incidents/1")
    shown = await text(binh, f"/baselines/{capture}?incident=1")
    assert "one person has to propose the capture, and another to approve it" in shown
    assert (await decide(an, capture, "propose"))[0] == 303
    assert (await store.baselines.capture(capture)).proposed_by == "an"
    shown = await text(binh, f"/baselines/{capture}?incident=1")
    assert "Approve and resolve SC-000001" in shown
    done = await decide(binh, capture, form=form_of(shown), why="giao diện mới")
    assert done == (303, "/incidents/1")
    incident = (await store.incidents.get(1)).incident
    assert (incident.state, incident.resolved_as) == (State.RESOLVED, Resolution.LEGITIMATE)
    assert incident.resolved_by == "binh"


async def test_several_are_gone_through_one_after_the_other_with_what_is_left(
    people: People, store: Store
) -> None:
    await store.portals.apply([portal(key) for key in "abc"], now=NOW)
    pages = [(await store.portals.get(key)).pages[0].id for key in "abc"]
    captures = {await captured(store, page, at=NOW + n * MINUTE): page for n, page in enumerate(pages)}
    client = await people.come("an")
    assert (await client.get("/baselines/review", allow_redirects=False)).headers["Location"] == (
        "/baselines?none"
    )
    begins = await client.get("/baselines/review?kind=first&all=1", allow_redirects=False)
    address, seen = begins.headers["Location"], []
    for number in (1, 2, 3):
        shown = await text(client, address)
        assert f"<b>{number} of 3</b>" in shown
        capture = address.removeprefix("/baselines/")[:19]
        if number > 1:
            assert 'value="theo thông báo"' in shown
        seen.append(capture)
        if number == 2:  # this one is left
            skip = re.search(r'<a href="([^"]+)">Leave this one, next', shown)
            assert skip is not None
            address = skip[1].replace("&amp;", "&")
            continue
        status, address = await decide(client, capture, form=form_of(shown), why="theo thông báo")
        assert status == 303
    assert address == "/baselines?done=2"
    assert set(seen) == set(captures)
    assert [await baseline(store, captures[c]) is not None for c in seen] == [True, False, True]


async def test_of_chosen_ones_only_what_waits_is_gone_through(people: People, store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    client = await people.come("an")
    asked = f"/baselines/review?c={capture}&c=20260902-0000000000&c=https://bad.example/"
    answer = await client.get(asked, allow_redirects=False)
    assert answer.headers["Location"] == f"/baselines/{capture}?rest=&all=1&done=0"
    assert "1 of 1" in await text(client, f"/baselines/{capture}?rest=&all=1")


async def test_the_history_tells_who_approved_what_and_an_earlier_look_is_restored(
    people: People, store: Store
) -> None:
    page = await registered(store)
    first, second = await captured(store, page, "a"), await captured(store, page, "b", at=NOW + MINUTE)
    await store.baselines.approve(first, by="an", reason="lần đầu <b>", now=NOW + 2 * MINUTE)
    await store.baselines.approve(second, by="binh", reason="giao diện Tết", now=NOW + 3 * MINUTE)
    client = await people.come("an", officer="an")
    told = await text(client, f"/baselines/of/{page}")
    assert told.index("giao diện Tết") < told.index("lần đầu &lt;b&gt;")
    assert "Approved by Trần Thị Bình" in told
    assert told.count("Compare and restore") == 1
    assert "Restore this look" in await text(client, f"/baselines/{first}")
    assert (await decide(client, first, why="hết Tết"))[0] == 303
    assert await baseline(store, page) == first
    assert (await client.get("/baselines/of/nowhere-00000000")).status == 404


async def test_a_proposal_is_turned_down(people: People, store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    client = await people.come("an")
    assert (await decide(client, capture, "decline"))[0] == 409
    assert await decide(client, capture, "decline", why="đang bảo trì") == (303, "/baselines")
    assert await store.reviews.waiting() == []
    assert "Nothing waits for approval." in await text(client, "/baselines")


@pytest.mark.parametrize("action", ["approve", "decline"])
async def test_officers_and_readers_approve_nothing(people: People, store: Store, action: str) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    officer = await people.come("an", Role.OFFICER)
    reader = await people.serve()
    await sign_in(reader)
    assert "Nobody else can approve" in await text(officer, f"/baselines/{capture}")
    assert 'id="decision"' not in await text(reader, f"/baselines/{capture}")
    csrf = hidden(await text(officer, "/account"), "csrf")
    assert (await decide(officer, capture, action, form={"csrf": csrf}, why="x"))[0] == 403
    assert (await reader.post(f"/baselines/{capture}/{action}")).status == 403
    assert await baseline(store, page) is None


async def test_the_difference_is_shown_in_pictures_and_words(people: People, store: Store) -> None:
    page = await registered(store)
    first = await captured(store, page, "a")
    client = await people.come("an")
    assert (await client.get(f"/baselines/{first}/difference")).status == 404
    await store.baselines.approve(first, by="an", reason="x", now=NOW)
    second = await captured(store, page, "b", at=NOW + MINUTE)
    assert "Trang chủ" in await text(client, f"/baselines/{second}/words")
    answer = await client.get(f"/baselines/{second}/approve", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/baselines/{second}")


async def test_what_a_page_says_of_itself_is_shown_as_text(people: People, store: Store) -> None:
    said = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    await everything_hostile(store, said)
    capture = (await store.incidents.get(1)).incident.capture
    assert capture is not None
    await store.baselines.propose(capture, by=said, now=NOW + 20 * MINUTE)
    client = await people.come("an")
    for path in ("/baselines", f"/baselines/{capture}", f"/baselines/{capture}/words"):
        shown = await text(client, path)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
