"""The path, with a real site, a real browser and a real store."""

import asyncio
import ssl
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import trustme
from aiohttp import web

from defacewatch.alerts import AlertKind
from defacewatch.baselines import Baseline
from defacewatch.campaigns import Trait
from defacewatch.captures import Failure, Look, Material, Rendering, Tier
from defacewatch.check import Rank
from defacewatch.compare import compare
from defacewatch.dwelling import EVERY as DWELL_EVERY
from defacewatch.errors import Postponed
from defacewatch.features import Features
from defacewatch.incidents import Event, Resolution, State
from defacewatch.keeping import HANGING
from defacewatch.masks import Masked
from defacewatch.portals import Page
from defacewatch.portals import Portal as Registered
from defacewatch.profiles import Profile
from defacewatch.records import Outcome, Recorded
from defacewatch.signals import Signal
from defacewatch.store.blobs import DiskFull
from defacewatch.verdicts import BAD, VerdictKind
from defacewatch.windows import Window
from defacewatch.workers import TooMuch
from tests.fetch.portal import Portal as TlsPortal
from tests.fetch.portal import page as raw_page
from tests.site import DEFACED, USUAL, html, page
from tests.watched import Patient, Watch, approved, fetch, unlearned, watch

__all__ = ["approved", "fetch", "unlearned", "watch"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

Signals = tuple[Signal, ...]

LINKS = "".join(
    f'<a href="https://nha-cai-{n}.example/">nhà cái uy tín, cá cược bóng đá</a>' for n in range(8)
)
SPAM = page(more=f'<div style="position: absolute; left: -9999px">{LINKS}</div>')
SCRIPTED = page(
    more="<script>setTimeout(() => { document.body.innerHTML = '<h1>Hacked By Test Crew</h1>';"
    " document.title = 'Hacked By Test Crew' }, 300)</script>"
)


async def test_an_unchanged_page_is_clean_and_needs_no_browser(watch: Watch) -> None:
    first = await watch.check()
    assert first.outcome.tier is Tier.RENDER, "the first look after an approval is a whole one"
    result = await watch.check()
    assert (result.outcome.verdict.kind, result.outcome.tier) == (VerdictKind.CLEAN, Tier.PROBE)
    assert result.recorded == Recorded(result.recorded.check, None, None)
    assert (await watch.check()).recorded.check is None, "a probe that finds nothing costs no row"


async def test_an_ordinary_update_wakes_nobody_on_either_tier(watch: Watch) -> None:
    watch.site.show(page("Hội nghị tổng kết công tác phòng chống bão lụt"))
    for render in (False, True):
        result = await watch.check(render=render)
        assert result.outcome.verdict.kind is VerdictKind.CLEAN
        assert not result.outcome.alerts


async def test_a_changed_document_is_captured_when_the_revalidation_is_due(watch: Watch) -> None:
    await watch.check()
    watch.site.show(page("Hội nghị tổng kết"))
    assert (await watch.check()).outcome.tier is Tier.PROBE
    watch.clock.forward(minutes=10)
    assert (await watch.check()).outcome.tier is Tier.RENDER
    watch.clock.forward(minutes=10)
    assert (await watch.check()).outcome.tier is Tier.PROBE, "this document has been captured"


async def test_a_changed_document_is_captured_in_its_turn_while_the_browser_has_no_time(watch: Watch) -> None:
    await watch.check(render=True)
    asked: list[str] = []

    def later(page_id: str) -> bool:
        asked.append(page_id)
        return True

    watch.checker.later = later
    watch.site.show(page("Hội nghị tổng kết", more="<button>Tra cứu</button>"))
    watch.clock.forward(minutes=11)
    first = await watch.checker.probe_page(watch.page_id)
    assert first is not None
    assert first.outcome.tier is Tier.PROBE
    assert asked == [watch.page_id]
    watch.clock.forward(seconds=30)
    assert await watch.checker.probe_page(watch.page_id) is None, "meanwhile this document is what it was"
    watch.site.show(DEFACED)
    attacked = await watch.checker.probe_page(watch.page_id)
    assert attacked is not None
    assert attacked.outcome.verdict.kind is VerdictKind.DEFACED
    assert attacked.outcome.tier is Tier.RENDER
    assert asked == [watch.page_id], "that does not wait"


async def test_a_changed_document_is_read_once_and_waits_for_its_capture(watch: Watch) -> None:
    await watch.check(render=True)
    watch.site.show(page("Hội nghị tổng kết", more="<button>Tra cứu</button>"))
    first = await watch.checker.probe_page(watch.page_id)
    assert first is not None
    assert first.outcome.tier is Tier.PROBE
    assert await watch.checker.probe_page(watch.page_id) is None, "the same document says nothing else"
    watch.clock.forward(minutes=10)
    captured = await watch.checker.probe_page(watch.page_id)
    assert captured is not None
    assert captured.outcome.tier is Tier.RENDER


async def test_a_little_news_in_a_long_page_is_not_read_in_full_until_its_capture(watch: Watch) -> None:
    foot = "<p>Ban biên tập cổng thông tin điện tử, đường Quảng Trường</p>" * 60
    watch.site.show(page(more=foot))
    await watch.approve()
    await watch.check(render=True)
    watch.site.show(page(more=foot.replace("Ban biên tập", "Ban biên tập mới", 1)))
    assert await watch.checker.probe_page(watch.page_id) is None
    watch.site.show(page(more=foot.replace("Ban biên tập", "Hacked by Test Crew", 1)))
    seen = await watch.checker.probe_page(watch.page_id)
    assert seen is not None
    assert seen.outcome.verdict.kind in BAD


async def test_pages_whose_last_check_was_clean_are_known(watch: Watch) -> None:
    await watch.check()
    assert watch.checker.clean == {watch.page_id}
    watch.site.show(DEFACED)
    await watch.check()
    assert watch.checker.clean == set()


async def test_a_replaced_page_is_looked_at_twice_then_alerts_with_proof(watch: Watch) -> None:
    watch.site.show(DEFACED)
    result = await watch.check()
    outcome = result.outcome
    assert (outcome.verdict.kind, outcome.change.event) == (VerdictKind.DEFACED, Event.OPENED)
    first, _ = watch.fetch.took
    waits = max(2.5, 10.0 - first - min(first, 10.0 / 3))
    assert watch.slept == [pytest.approx(waits)], "from being seen to being seen"
    assert [alert.kind for alert in outcome.alerts] == [AlertKind.DEFACED]
    assert not outcome.verdict.intermittent
    assert result.recorded.capture is not None
    capture = await watch.store.baselines.capture(result.recorded.capture)
    assert (await watch.store.pictures(capture.screenshot)).startswith(b"\x89PNG")
    assert b"Hacked By" in await watch.store.pictures(capture.dom)
    again = await watch.check()
    assert not again.outcome.alerts, "what stays does not alert again"


@pytest.mark.parametrize(
    ("passes", "waits"),
    [(timedelta(seconds=4), 5.0), (timedelta(hours=1), 2.5), (timedelta(hours=-1), 8.0)],
    ids=["four seconds", "a clock that is set forward", "a clock that is set back"],
)
async def test_what_a_probe_has_seen_is_seen_again_so_long_after_that(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, passes: timedelta, waits: float
) -> None:
    watch.fetch.slow = 1.0
    render = watch.fetch.render

    async def waiting_for_its_turn(url: str, **wanted: Any) -> Look:
        if not watch.slept:
            watch.clock.now += passes
        return await render(url, **wanted)

    monkeypatch.setattr(watch.fetch, "render", waiting_for_its_turn)
    watch.site.show(DEFACED)
    assert (await watch.check()).outcome.looks == 2
    assert watch.slept == [waits]


@pytest.mark.parametrize(("slow", "waits"), [(60.0, 2.5), (4.0, 2.7), (0.0, 10.0)])
async def test_a_second_look_comes_a_while_after_the_first_however_slow_that_was(
    watch: Watch, slow: float, waits: float
) -> None:
    watch.site.show(DEFACED)
    watch.fetch.slow = slow
    assert (await watch.check()).outcome.looks == 2
    assert watch.slept == [pytest.approx(waits, abs=0.05)]


@pytest.mark.parametrize(("slow", "waits"), [(60.0, 2.5), (4.0, 6.0), (0.0, 10.0)])
async def test_what_the_browser_saw_first_is_looked_at_again_from_opening_to_opening(
    watch: Watch, slow: float, waits: float
) -> None:
    watch.site.show(SCRIPTED)
    watch.fetch.slow = slow
    assert (await watch.check(render=True)).outcome.looks == 2
    assert watch.slept == [waits]


async def test_hidden_gambling_links_are_an_attack(watch: Watch) -> None:
    watch.site.show(SPAM)
    assert (await watch.check()).outcome.verdict.kind is VerdictKind.DEFACED


async def test_an_attack_under_an_error_status_is_an_attack(watch: Watch) -> None:
    watch.site.show(DEFACED, status=503)
    assert (await watch.check()).outcome.verdict.kind is VerdictKind.DEFACED


async def test_a_page_changed_by_script_alone_is_found_by_the_round_of_captures(watch: Watch) -> None:
    watch.site.show(SCRIPTED)
    result = await watch.check(render=True)
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    probe = await watch.check()
    assert probe.outcome.verdict.kind is VerdictKind.DEFACED, "a clean probe cannot outvote the browser"
    assert probe.outcome.change.event is None


async def test_an_attack_shown_once_alerts_as_intermittent(watch: Watch) -> None:
    watch.site.show(DEFACED, USUAL)
    result = await watch.check()
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    assert result.outcome.verdict.intermittent
    assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.DEFACED]


async def test_two_weak_disagreements_in_a_day_alert_and_one_does_not(watch: Watch) -> None:
    other = page().replace("Cổng thông tin điện tử tỉnh", "Trang khác").split("<main>")[0] + "</body></html>"
    watch.site.show(other, USUAL)
    first = await watch.check()
    assert first.outcome.verdict.wavered, first.outcome.verdict
    assert not first.outcome.alerts
    watch.site.show(other, USUAL)
    second = await watch.check()
    assert second.outcome.verdict.intermittent
    assert [alert.kind for alert in second.outcome.alerts] == [AlertKind.CHANGED]


async def test_three_failures_in_a_row_alert_and_the_recovery_is_told(watch: Watch) -> None:
    watch.site.show("<h1>Service Unavailable</h1>", status=503)
    told = [[alert.kind for alert in (await watch.check()).outcome.alerts] for _ in range(4)]
    assert told == [[], [], [AlertKind.UNREACHABLE], []]
    watch.site.show(USUAL)
    back = await watch.check()
    assert [alert.kind for alert in back.outcome.alerts] == [AlertKind.RECOVERED]
    assert back.outcome.change.incident is not None
    assert back.outcome.change.incident.state is State.RESOLVED


async def test_a_site_that_turns_probes_away_and_lets_browsers_in_is_not_unreachable(watch: Watch) -> None:
    wall = "<title>Attention Required! | Cloudflare</title><h1>Please complete the captcha</h1>"
    watch.site.answer = lambda request: (
        html(USUAL)
        if "sec-ch-ua" in request.headers or "upgrade-insecure-requests" in request.headers
        else html(wall, 403)
    )
    outcomes = [(await watch.check()).outcome for _ in range(4)]
    assert not any(outcome.alerts for outcome in outcomes)
    assert VerdictKind.CLEAN in {outcome.verdict.kind for outcome in outcomes}


async def test_a_blind_monitor_blames_no_site(watch: Watch) -> None:
    watch.site.show("<h1>Bad Gateway</h1>", status=502)
    watch.online = False
    kinds = {(await watch.check()).outcome.verdict.kind for _ in range(4)}
    assert kinds == {VerdictKind.UNKNOWN}
    watch.site.show(DEFACED)
    assert (await watch.check()).outcome.verdict.kind is VerdictKind.DEFACED, "evidence is evidence"


async def test_a_restored_page_is_told_and_waits_for_a_person(watch: Watch) -> None:
    watch.site.show(DEFACED)
    incident = (await watch.check()).recorded.incident
    assert incident is not None
    watch.site.show(USUAL)
    calm = await watch.check(render=True)
    assert [alert.kind for alert in calm.outcome.alerts] == [AlertKind.CALMED]
    done = await watch.store.incidents.resolve(
        incident, as_=Resolution.RESTORED, by="an", now=watch.clock(), reason=""
    )
    assert done.state is State.RESOLVED
    watch.site.show(DEFACED)
    later = await watch.check()
    assert later.outcome.change.incident is not None
    assert later.outcome.change.incident.previous == incident


async def test_a_false_alarm_mutes_that_difference_and_no_new_evidence(watch: Watch) -> None:
    watch.site.show(DEFACED)
    incident = (await watch.check()).recorded.incident
    assert incident is not None
    await watch.store.incidents.resolve(
        incident, as_=Resolution.FALSE_ALARM, by="an", now=watch.clock(), reason=""
    )
    assert (await watch.check(render=True)).outcome.verdict.kind is VerdictKind.CLEAN
    watch.site.show(SPAM)
    assert (await watch.check()).outcome.verdict.kind is VerdictKind.DEFACED


async def test_an_approved_new_look_is_clean_from_then_on(watch: Watch) -> None:
    redesign = (
        USUAL.replace("#b71c1c", "#0d47a1")
        .replace("<main>", "<main><section><div>")
        .replace("</main>", "</div></section></main>")
        .replace("Tin mới", "Thông tin chỉ đạo điều hành")
    )
    watch.site.show(redesign)
    result = await watch.checker.check_page(watch.page_id, render=True, keep=True)
    assert result.recorded.capture is not None
    await watch.store.baselines.approve(
        result.recorded.capture, by="binh", reason="giao diện mới", now=watch.clock()
    )
    for render in (False, True):
        after = await watch.check(render=render)
        assert (after.outcome.verdict.kind, after.outcome.verdict.score) == (VerdictKind.CLEAN, 0)


async def test_a_dry_run_writes_nothing(watch: Watch) -> None:
    watch.site.show(DEFACED)
    result = await watch.checker.check_page(watch.page_id, dry_run=True)
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    assert result.recorded == Recorded(None, None, None)
    assert await watch.store.incidents.list() == []


async def test_before_a_baseline_only_evidence_of_attack_speaks(unlearned: Watch) -> None:
    assert (await unlearned.check()).outcome.verdict.kind is VerdictKind.LEARNING
    unlearned.site.show(DEFACED)
    assert (await unlearned.check()).outcome.verdict.kind is VerdictKind.DEFACED


async def test_an_already_defaced_page_is_reported_and_not_learned_as_normal(unlearned: Watch) -> None:
    unlearned.site.show(DEFACED)
    lesson = await unlearned.learn(samples=2)
    assert lesson.verdict.kind is VerdictKind.DEFACED
    assert lesson.capture is not None
    assert lesson.capture.attack
    context = await unlearned.store.checks.context(unlearned.page_id, now=unlearned.clock())
    assert context.profile.samples == 0


async def test_learning_knows_what_moves_by_itself(unlearned: Watch) -> None:
    ticks = iter(range(1000))
    unlearned.site.answer = lambda _: html(page(more=f"<p>Lượt truy cập: {next(ticks) * 7919}</p>"))
    lesson = await unlearned.learn(samples=3)
    assert lesson.capture is not None
    context = await unlearned.store.checks.context(unlearned.page_id, now=unlearned.clock())
    assert context.profile.samples > 0
    assert unlearned.fetch.dwelt == [False, True, False], "what comes late is learned too"


class Racing:
    """The store's checks, with something that happens just before the first record."""

    def __init__(self, watch: Watch, first: object) -> None:
        self.watch, self.first = watch, first

    def __getattr__(self, name: str) -> object:
        return getattr(self.watch.store.checks, name)

    async def record(self, outcome: Outcome) -> Recorded:
        if self.first is not None:
            first, self.first = self.first, None
            await first()  # type: ignore[operator]
        return await self.watch.store.checks.record(outcome)


async def test_a_check_that_lost_a_race_reads_again_and_judges_by_what_stands(watch: Watch) -> None:
    watch.site.show(DEFACED)
    opened = await watch.check()
    incident = opened.recorded.incident
    assert incident is not None

    async def acknowledged() -> None:
        await watch.store.incidents.acknowledge(incident, by="an", via="test", now=watch.clock())

    watch.clock.forward(minutes=2)
    watch.site.show(SPAM)
    watch.checker.checks = Racing(watch, acknowledged)  # type: ignore[assignment]
    result = await watch.check()
    assert result.outcome.change.incident is not None
    assert result.outcome.change.incident.state is State.ACKNOWLEDGED
    assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.DEFACED]


async def test_a_look_is_compared_once_and_again_only_with_what_has_moved(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Look] = []

    def noted(
        baseline: Baseline | None,
        profile: Profile,
        look: Look,
        features: Features | None,
        masked: Masked | None,
        kept: Mapping[str, frozenset[str]],
    ) -> Signals:
        compared.append(look)
        return compare(baseline, profile, look, features, masked, kept)

    monkeypatch.setattr("defacewatch.looks.compare", noted)
    watch.site.show(DEFACED)
    opened = await watch.check()
    incident = opened.recorded.incident
    assert incident is not None
    # a probe, then the browser, then the second look
    assert [look.tier for look in compared] == [Tier.PROBE, Tier.RENDER, Tier.RENDER]
    assert len({id(look) for look in compared}) == len(compared)

    async def acknowledged() -> None:
        await watch.store.incidents.acknowledge(incident, by="an", via="test", now=watch.clock())

    compared.clear()
    watch.checker.checks = Racing(watch, acknowledged)  # type: ignore[assignment]
    result = await watch.check(render=True)
    assert result.outcome.context.incident is not None
    assert result.outcome.context.incident.state is State.ACKNOWLEDGED
    assert [id(look) for look in compared] == [id(compared[0])] * 2, "once before the race, once after it"


async def test_two_checks_at_once_open_one_incident_and_send_one_alert(watch: Watch) -> None:
    watch.site.show(DEFACED)
    results = await asyncio.gather(*(watch.check() for _ in range(2)))
    assert len({result.recorded.incident for result in results}) == 1
    assert sum(len(result.outcome.alerts) for result in results) == 1
    assert replace(results[0].recorded, check=0, capture=None) == replace(
        results[1].recorded, check=0, capture=None
    )


class Ranking:
    """The fetcher, which notes the ranks of captures."""

    def __init__(self, fetch: Patient) -> None:
        self.fetch, self.probe = fetch, fetch.probe
        self.ranks: list[int] = []

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        self.ranks.append(rank)
        return await self.fetch.render(url, now=now, dwell=dwell)


async def test_a_capture_that_has_waited_for_too_long_comes_in_turn_with_what_is_suspect(
    watch: Watch,
) -> None:
    watch.checker.fetch = ranking = Ranking(watch.fetch)
    called = (Material("https://cdn.example/library.js", "script"),)
    for options in ({}, {"changed": called}, {"starved": True}, {"starved": True, "changed": called}):
        await watch.checker.check_page(watch.page_id, render=True, **options)
    assert ranking.ranks == [Rank.ROUND, Rank.CHANGED, Rank.SUSPICION, Rank.SUSPICION]


class Broken:
    """The fetcher, with a browser of ours that fails so many times."""

    def __init__(self, fetch: Patient, times: int = 1000) -> None:
        self.fetch, self.probe, self.left = fetch, fetch.probe, times

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        self.left -= 1
        if self.left < 0:
            return await self.fetch.render(url, now=now, dwell=dwell)
        look = await self.fetch.probe(url, now=now)
        return replace(look, rendering=Rendering(now, failure=Failure.BROWSER, detail="it died"))


async def test_a_failure_of_our_own_browser_says_nothing_about_an_open_incident(watch: Watch) -> None:
    watch.site.show(SCRIPTED)
    await watch.check(render=True)
    watch.checker.fetch = Broken(watch.fetch)
    after = await watch.check(render=True)
    assert after.outcome.browser_failed
    assert (after.outcome.tier, after.outcome.change.event) == (Tier.PROBE, None)
    assert after.outcome.verdict.kind is VerdictKind.DEFACED


async def test_a_capture_that_a_browser_of_ours_fails_in_is_made_again(watch: Watch) -> None:
    watch.checker.fetch = Broken(watch.fetch, times=1)
    result = await watch.check(render=True)
    assert not result.outcome.browser_failed
    assert (result.outcome.tier, result.outcome.verdict.kind) == (Tier.RENDER, VerdictKind.CLEAN)


async def test_of_clean_captures_one_a_day_is_kept_and_the_others_take_no_room(watch: Watch) -> None:
    def blobs() -> set[str]:
        return {file.name for file in watch.store.blobs.folder.rglob("*") if file.is_file()}

    for hours, kept in ((0, False), (23, False), (1, True), (0, False)):
        watch.clock.forward(hours=hours)
        watch.site.show(page(f"Hội nghị tổng kết công tác {watch.clock.now:%H}"))
        before = blobs()
        assert ((await watch.check(render=True)).recorded.capture is not None) is kept
        assert (blobs() > before, blobs() == before) == (kept, not kept)


async def test_a_page_that_breaks_the_browser_each_time_is_said_to(watch: Watch) -> None:
    await watch.check(render=True)
    watch.checker.fetch = Broken(watch.fetch)
    kinds = []
    for _ in range(5):
        watch.checker.rendered_at = watch.clock.forward(seconds=1)  # other pages are shown meanwhile
        kinds.append((await watch.check(render=True)).outcome.verdict.kind)
    assert kinds[0] is VerdictKind.CLEAN
    assert kinds[-1] is VerdictKind.UNREACHABLE


async def test_the_kept_capture_shows_the_attack_and_not_the_clean_look_after_it(watch: Watch) -> None:
    watch.site.show(DEFACED, DEFACED, USUAL)
    result = await watch.check(render=True)
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    assert result.recorded.capture is not None
    capture = await watch.store.baselines.capture(result.recorded.capture)
    assert b"Hacked By" in await watch.store.pictures(capture.dom)


async def test_an_intermittent_incident_can_be_resolved_as_restored(watch: Watch) -> None:
    watch.site.show(DEFACED, USUAL)
    incident = (await watch.check()).recorded.incident
    assert incident is not None
    await watch.check(render=True)
    assert (await watch.check()).outcome.verdict.kind is VerdictKind.CLEAN
    done = await watch.store.incidents.resolve(incident, as_=Resolution.RESTORED, by="an", now=watch.clock())
    assert done.state is State.RESOLVED


async def test_a_full_disk_for_evidence_does_not_stop_the_alert(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(data: bytes, suffix: str) -> str:
        raise DiskFull("the disk is full")

    monkeypatch.setattr(watch.store.blobs, "put", full)
    watch.site.show(DEFACED)
    result = await watch.check()
    assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.DEFACED]
    assert result.recorded.capture is None
    assert watch.page_id in watch.checker.unkept
    monkeypatch.undo()
    assert (await watch.check(render=True)).recorded.capture is not None, "kept as soon as there is room"


async def test_a_disk_that_hangs_does_not_hold_up_the_alert_nor_take_all_threads(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, begun = threading.Event(), 0

    def hangs(data: bytes, suffix: str) -> str:
        nonlocal begun
        begun += 1
        let_go.wait(60)
        raise DiskFull("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(watch.store.blobs, "put", hangs)
        patch.setattr("defacewatch.keeping.WITHIN", 0.1)
        watch.site.show(DEFACED)
        result = await watch.check()
        assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.DEFACED]
        assert "does its disk hang?" in watch.checker.unkept[watch.page_id]
        for _ in range(3):
            assert (await watch.check(render=True)).recorded.capture is None
        assert begun == HANGING
        hanging = set(watch.checker.keeping.hanging)
        let_go.set()
        await asyncio.wait(hanging)
    assert (await watch.check(render=True)).recorded.capture is not None, "kept as soon as it hangs no more"


async def test_a_page_that_cannot_be_read_is_unreachable_and_no_error(watch: Watch) -> None:
    async def too_much(look: Look) -> Features:
        raise TooMuch("reading the page took more than 20 s")

    watch.checker.extract = too_much
    result = await watch.check(render=True)
    assert result.outcome.verdict.kind is VerdictKind.UNREACHABLE


async def test_a_page_behind_a_certificate_that_nobody_knows_can_be_learned_and_watched(
    unlearned: Watch,
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    portal = TlsPortal(tls=context, answers={"/": raw_page(USUAL)})
    await portal.start()
    unlearned.site.url = portal.url()
    await unlearned.register()
    assert (await unlearned.check()).outcome.verdict.kind is VerdictKind.UNREACHABLE, "said, not silent"
    await unlearned.approve()
    for render in (True, False):
        assert (await unlearned.check(render=render)).outcome.verdict.kind is VerdictKind.CLEAN
    portal.answers["/"] = raw_page(DEFACED)
    assert (await unlearned.check()).outcome.verdict.kind is VerdictKind.DEFACED
    await portal.stop()


async def test_what_a_script_does_late_is_found_by_the_capture_that_dwells_and_confirmed_alike(
    watch: Watch,
) -> None:
    watch.fetch.dwelt.clear()
    watch.fetch.late = DEFACED
    watch.checker.dwelling.brief[watch.page_id] = DWELL_EVERY - 2
    kinds = [(await watch.check(render=True)).outcome.verdict.kind for _ in range(3)]
    assert kinds == [VerdictKind.CLEAN, VerdictKind.DEFACED, VerdictKind.DEFACED]
    assert watch.fetch.dwelt == [False, True, True, True], "and looked for late until it has gone"
    watch.fetch.late = None
    restored = [await watch.check(render=True) for _ in range(2)]
    assert [result.outcome.verdict.kind for result in restored] == [VerdictKind.CLEAN] * 2
    assert [result.outcome.change.event for result in restored] == [Event.CALMED, None]
    assert watch.fetch.dwelt[4:] == [True, False]


async def found_late(watch: Watch) -> None:
    """Let a capture that dwells find what a script does late; then start the program anew."""
    watch.fetch.late = DEFACED
    watch.checker.dwelling.brief[watch.page_id] = DWELL_EVERY - 1
    found = await watch.check(render=True)
    assert found.outcome.change.event is Event.OPENED
    watch.restart()
    watch.fetch.dwelt.clear()


async def test_a_restart_or_another_process_still_looks_late_for_what_was_found_late(watch: Watch) -> None:
    await found_late(watch)
    results = [await watch.check(render=True), await watch.check(render=True)]
    assert watch.fetch.dwelt == [True, True]
    assert [result.outcome.change.event for result in results] == [None, None]
    assert {result.outcome.verdict.kind for result in results} == {VerdictKind.DEFACED}
    watch.fetch.late = None
    assert (await watch.check(render=True)).outcome.change.event is Event.CALMED


async def test_an_outage_does_not_make_what_was_found_late_forgotten(watch: Watch) -> None:
    await found_late(watch)
    late, watch.fetch.late = watch.fetch.late, None
    watch.site.show("<h1>Service Unavailable</h1>", status=503)
    for online, kind in ((True, VerdictKind.UNREACHABLE), (False, VerdictKind.UNKNOWN)):
        watch.online = online
        assert (await watch.check(render=True)).outcome.verdict.kind is kind
    watch.online = True
    watch.site.show(USUAL)
    watch.fetch.late = late
    result = await watch.check(render=True)
    assert (result.outcome.verdict.kind, result.outcome.change.event) == (VerdictKind.DEFACED, None)
    assert all(watch.fetch.dwelt)


async def test_a_look_made_before_something_was_found_late_does_not_calm_it(watch: Watch) -> None:
    other = watch.started()

    async def found() -> None:
        watch.fetch.late = DEFACED
        other.dwelling.brief[watch.page_id] = DWELL_EVERY - 1
        assert (await other.check_page(watch.page_id, render=True)).outcome.change.event is Event.OPENED
        watch.fetch.late = None

    watch.checker.checks = Racing(watch, found)  # type: ignore[assignment]
    result = await watch.check(render=True)
    assert watch.fetch.dwelt[-3:] == [False, True, True]
    assert (result.outcome.verdict.kind, result.outcome.change.event) == (VerdictKind.DEFACED, None)


async def test_every_sixth_capture_of_the_round_dwells_and_not_all_pages_at_once(watch: Watch) -> None:
    pages = [f"page-{number}" for number in range(50)]
    firsts = set()
    for name in pages:
        dwells = [watch.checker.dwelling.has_turn(name, due=True) for _ in range(3 * DWELL_EVERY)]
        assert not dwells[0], "the first look after a start is not kept waiting"
        firsts.add(dwells.index(True))
        assert dwells[dwells.index(True) :: DWELL_EVERY] == [True] * 3
        assert sum(dwells) == 3
    assert firsts == set(range(1, DWELL_EVERY))
    assert not any(watch.checker.dwelling.has_turn("suspect", due=False) for _ in range(2 * DWELL_EVERY))
    assert watch.checker.dwelling.has_turn("suspect", due=True)


TOKENS = "<form><input type=hidden name=csrf_token value={0}></form><p>Lượt truy cập: {1}</p>"


async def test_a_calm_page_is_probed_at_little_cost_until_something_is_new(watch: Watch) -> None:
    assert (await watch.check()).outcome.tier is Tier.RENDER
    for _ in range(3):
        watch.clock.forward(seconds=30)
        assert await watch.checker.probe_page(watch.page_id) is None
    assert await watch.checker.calm.flush() == frozenset()
    (standing,) = await watch.store.checks.standing()
    assert standing.checked_at == watch.clock()
    watch.site.show(DEFACED)
    result = await watch.checker.probe_page(watch.page_id)
    assert result is not None
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    assert watch.checker.calm.get(watch.page_id) is None
    assert await watch.checker.probe_page(watch.page_id) is not None, "not calm while it is defaced"


async def test_a_page_that_was_restored_is_calm_before_somebody_resolves_its_incident(watch: Watch) -> None:
    await watch.check()
    watch.site.show(DEFACED)
    await watch.checker.probe_page(watch.page_id)
    watch.site.show(page())
    assert (await watch.check(render=True)).outcome.change.event is Event.CALMED
    watch.clock.forward(seconds=30)
    assert await watch.checker.probe_page(watch.page_id) is not None, "once more in full"
    assert await watch.checker.probe_page(watch.page_id) is None, "the incident waits for a person"
    watch.site.show(DEFACED)
    returned = await watch.checker.probe_page(watch.page_id)
    assert returned is not None
    assert returned.outcome.change.event is Event.RETURNED
    assert returned.outcome.change.alert


async def test_a_page_that_never_comes_twice_the_same_is_calm_where_that_means_nothing(watch: Watch) -> None:
    count = 0

    def answer(_: object) -> web.Response:
        nonlocal count
        count += 1
        return html(page(more=TOKENS.format(f"{count:040x}", count)))

    watch.site.answer = answer
    await watch.approve()
    await watch.check(render=True)
    watch.clock.forward(seconds=30)
    assert await watch.checker.probe_page(watch.page_id) is None
    assert count > 2


async def test_a_page_with_news_is_fetched_again_in_its_turn_while_too_much_waits_to_be_read(
    watch: Watch,
) -> None:
    await watch.check()
    watch.checker.crowded = lambda: True
    watch.clock.forward(seconds=30)
    assert await watch.checker.probe_page(watch.page_id, waited=False) is None, "it is as it was"
    watch.site.show(DEFACED)
    with pytest.raises(Postponed):
        await watch.checker.probe_page(watch.page_id, waited=False)
    assert watch.checker.calm.get(watch.page_id) is not None, "nothing is decided"
    result = await watch.checker.probe_page(watch.page_id, waited=True)
    assert result is not None
    assert result.outcome.verdict.kind is VerdictKind.DEFACED
    watch.site.show(page("Hội nghị tổng kết"))
    with pytest.raises(Postponed):
        await watch.checker.probe_page(watch.page_id, waited=False)
    assert (await watch.store.checks.standing())[0].verdict is VerdictKind.DEFACED, "nothing is recorded"
    watch.checker.crowded = lambda: False
    assert await watch.checker.probe_page(watch.page_id, waited=False) is not None
    assert watch.checker.held == set(), "it has its verdict"


async def test_a_document_is_counted_from_its_coming_to_its_verdict(watch: Watch) -> None:
    held: list[set[str]] = []
    extract = watch.checker.extract

    async def counted(look: Look) -> Features:
        held.append(set(watch.checker.held))
        return await extract(look)

    watch.checker.extract = counted
    await watch.checker.probe_page(watch.page_id)
    assert held[0] == {watch.page_id}
    assert watch.checker.held == set()


async def test_a_page_that_says_that_it_is_as_it_was_need_not_wait_to_be_read_after_a_restart(
    watch: Watch,
) -> None:
    mark = {"ETag": '"1"'}

    def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers=mark)
        return web.Response(text=page(), content_type="text/html", headers=mark)

    watch.site.answer = answer
    await watch.check(render=True)
    watch.restart()
    watch.checker.crowded = lambda: True
    watch.clock.forward(seconds=30)
    result = await watch.checker.probe_page(watch.page_id, waited=False)
    assert result is not None
    assert result.outcome.verdict.kind is VerdictKind.CLEAN
    assert watch.checker.calm.get(watch.page_id) is not None


async def test_a_server_that_says_that_it_is_as_it_was_is_not_believed_for_long(watch: Watch) -> None:
    mark, shown, asked = {"ETag": '"1"'}, [page()], list[bool]()

    def answer(request: web.Request) -> web.Response:
        if "sec-ch-ua" not in request.headers:
            asked.append("If-None-Match" in request.headers)
            if asked[-1]:
                return web.Response(status=304, headers=mark)
        return web.Response(text=shown[0], content_type="text/html", headers=mark)

    watch.site.answer = answer
    await watch.check(render=True)
    for _ in range(40):
        watch.clock.forward(seconds=30)
        assert await watch.checker.probe_page(watch.page_id) is None
    assert 2 <= asked.count(False) <= 4, "in twenty minutes"
    shown[0] = DEFACED  # in a file that has the time of the one before
    watch.checker.crowded, postponed = lambda: True, 0
    for _ in range(21):
        watch.clock.forward(seconds=30)
        try:
            result = await watch.checker.probe_page(watch.page_id, waited=postponed > 1)
        except Postponed:
            postponed += 1
            result = None
        if result is not None:
            break
    assert postponed == 2, "what came when there was no time for it is asked for again in the same way"
    assert result is not None, "within ten minutes"
    assert result.outcome.verdict.kind is VerdictKind.DEFACED


async def test_an_approval_by_another_process_ends_the_calm(watch: Watch) -> None:
    await watch.check()
    watch.clock.forward(seconds=30)
    assert await watch.checker.probe_page(watch.page_id) is None
    await watch.approve()
    assert await watch.checker.calm.flush() == {watch.page_id}
    assert watch.checker.calm.get(watch.page_id) is None
    (standing,) = await watch.store.checks.standing()
    assert standing.verdict is None, "a look from before the approval says nothing about it"
    result = await watch.checker.probe_page(watch.page_id)
    assert result is not None, "it is judged in full"
    assert (await watch.store.checks.standing())[0].verdict is VerdictKind.CLEAN


async def announced(watch: Watch, *, hours: float = 2.0) -> None:
    start = watch.clock()
    window = Window(
        "p", start, start + timedelta(hours=hours), "Sở TTTT", "Nâng cấp giao diện", "0900", "test"
    )
    await watch.store.windows.announce(window, now=start)


# Other colours, another structure; what makes the page its organisation's is all there.
REDESIGNED = page(
    more="".join(f"<section><h2>Chuyên mục {n}</h2><p>Tin</p></section>" for n in range(30))
).replace("<style>", "<style>header, main { background: #00695c !important; color: #fff }")


async def test_in_an_announced_time_a_change_wakes_nobody_and_is_proposed_by_whoever_announced_it(
    watch: Watch,
) -> None:
    await announced(watch)
    watch.site.show(REDESIGNED)
    result = await watch.check(render=True)
    assert result.outcome.verdict.kind is VerdictKind.CHANGED
    assert result.outcome.expected
    assert (result.recorded.incident, result.outcome.alerts) == (None, ())
    (proposal,) = await watch.store.baselines.proposals()
    assert (proposal.id, proposal.proposed_by) == (result.recorded.capture, "Sở TTTT")
    again = await watch.check()
    assert again.outcome.tier is Tier.PROBE, "nor does it keep the browser busy"


async def test_what_is_still_there_when_the_time_is_over_is_told(watch: Watch) -> None:
    await announced(watch)
    watch.site.show(REDESIGNED)
    await watch.check(render=True)
    watch.clock.forward(hours=2)
    result = await watch.check()
    assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.CHANGED]
    assert result.recorded.incident is not None


async def test_what_was_approved_meanwhile_is_clean_afterwards(watch: Watch) -> None:
    await announced(watch)
    watch.site.show(REDESIGNED)
    kept = (await watch.check(render=True)).recorded.capture
    assert kept is not None
    await watch.store.baselines.approve(kept, by="binh", reason="đã thông báo", now=watch.clock())
    watch.clock.forward(hours=2)
    assert (await watch.check(render=True)).outcome.verdict.kind is VerdictKind.CLEAN


async def test_an_attack_is_told_in_an_announced_time_too(watch: Watch) -> None:
    await announced(watch)
    watch.site.show(DEFACED)
    result = await watch.check()
    assert [alert.kind for alert in result.outcome.alerts] == [AlertKind.DEFACED]
    assert not result.outcome.expected


async def test_an_open_incident_is_not_hidden_by_an_announcement(watch: Watch) -> None:
    watch.site.show(DEFACED)
    await watch.check()
    await announced(watch)
    watch.site.show(REDESIGNED)
    watch.clock.forward(minutes=3)
    result = await watch.check(render=True)
    assert result.outcome.change.incident is not None
    assert not result.outcome.expected


async def test_a_second_page_of_the_same_host_that_is_attacked_belongs_to_the_first(watch: Watch) -> None:
    other = watch.site.url + "?trang=2"
    pages = (Page("", "p", watch.site.url), Page("", "p", other))
    await watch.store.portals.apply([Registered("p", "Cổng", pages=pages)], now=watch.clock())
    first, second = (page.id for page in (await watch.store.portals.get("p")).pages)
    watch.site.show(DEFACED)
    one = await watch.checker.check_page(first)
    two = await watch.checker.check_page(second)
    marks = one.outcome.marks & two.outcome.marks
    assert {mark.trait for mark in marks} >= {Trait.WORDS, Trait.HOST, Trait.ADDRESS}
    assert two.recorded.incident is not None
    campaign = await watch.store.campaigns.of_incident(two.recorded.incident)
    assert campaign is not None
    assert campaign.because.trait is Trait.WORDS
    members = await watch.store.campaigns.members(campaign.id)
    assert {view.page.id for view in members} == {first, second}
