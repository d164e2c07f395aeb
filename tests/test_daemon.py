"""The daemon: in this process for its parts, as a process of its own for its end."""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import structlog
import yaml
from prometheus_client import REGISTRY

from defacewatch.agenda import Errand
from defacewatch.alerts import AlertKind, Delivery, DeliveryState
from defacewatch.calm import CalmPages
from defacewatch.captures import Validators
from defacewatch.cli.common import Settled, session
from defacewatch.cli.service import make_daemon
from defacewatch.daemon import Daemon, again_after
from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError, StoreError
from defacewatch.renewal import Renewal
from defacewatch.runbooks import Runbook
from defacewatch.shifts import Absence
from defacewatch.store.upkeep import Upkeep
from defacewatch.verdicts import VerdictKind
from defacewatch.web.take import take_url
from defacewatch.windows import Window
from tests.conftest import Clock
from tests.site import Site
from tests.store.samples import CLEAN, DEFACED, NOW, checked, outcome, portal

TOKEN = "status-token-of-the-test"


class Stand:
    """A configuration in a folder, and a daemon over it."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder, self.site, self.port = folder, site, free_port()
        self.environ = {"DEFACEWATCH_STATUS_TOKEN": TOKEN}
        self.portals = [{"key": "tinh", "name": "Cổng tỉnh", "pages": [{"url": site.url}]}]
        self.general: dict[str, object] = {
            "store": {
                "url": f"sqlite+aiosqlite:///{folder}/store.db",
                "baselines": f"{folder}/baselines",
                "evidence": f"{folder}/data/evidence",
            },
            "watch": {"probe_every": "1s", "allow_networks": ["127.0.0.0/8"]},
            "web": {"listen": f"127.0.0.1:{self.port}"},
        }
        self.roster: dict[str, list[dict[str, object]]] = {
            "officers": [{"key": "an", "name": "An", "email": "an@example.gov.vn"}]
        }

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def write(self) -> None:
        self.config.mkdir(exist_ok=True)
        for name, content in {
            "portals": {"portals": self.portals},
            "defacewatch": self.general,
            "roster": self.roster,
        }.items():
            (self.config / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")

    async def daemon(self, stack: AsyncExitStack, clock: Clock | None = None) -> Daemon:
        self.write()
        opened = await stack.enter_async_context(session(Settled(self.config, self.environ)))
        daemon = make_daemon(opened, self.config)
        daemon.clock = clock or daemon.clock
        running = asyncio.create_task(daemon.run())

        async def ended() -> None:
            daemon.stop()
            await running

        stack.push_async_callback(ended)
        ready = asyncio.create_task(daemon.ready.wait())
        await asyncio.wait({ready, running}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), running
        return daemon

    async def get(self, path: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            return answer.status, await answer.text()


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    site = Site()
    await site.start()
    yield Stand(tmp_path, site)
    await site.stop()


async def until(true: Callable[[], bool], within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what another loop does is asked for
            await asyncio.sleep(0.02)


async def test_a_running_daemon_probes_and_is_healthy_and_counted(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        async with asyncio.timeout(30):
            while (await daemon.store.checks.latest())[0].verdict is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await stand.get("/healthz"))[0] == 200
        (page,) = await daemon.store.checks.latest()
        assert page.verdict is VerdictKind.LEARNING
        assert "learning" in (await stand.get("/api/v1/pages"))[1]


async def test_what_was_seen_in_time_and_how_old_captures_are_is_exported_and_kept_for_the_doctor(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exported(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(f"defacewatch_{name}", labels)

    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        schedule, (page,) = daemon.schedule, daemon.schedule.planned
        await schedule.stop(timedelta(seconds=20))
        long_ago = daemon.clock() - timedelta(hours=3)
        monkeypatch.setattr(schedule, "covered", lambda: 0.875)
        monkeypatch.setattr(
            schedule, "lateness", lambda errand: 750.0 if errand is Errand.REVALIDATE else 0.0
        )
        schedule.coverage.missed, schedule.captured[page] = 42, long_ago
        await daemon.gauges.measure()
        assert (exported("coverage_ratio"), exported("probes_missed")) == (0.875, 42)
        assert exported("errand_late_seconds", errand="revalidate") == 750
        assert (exported("capture_age_seconds", quantile="1") or 0) == pytest.approx(3 * 3600, abs=60)
        await daemon.gauges.use()
        kept = await daemon.store.figures.last()
        assert kept is not None
        assert (kept.coverage, kept.oldest_capture, kept.revalidation_late) == (0.875, long_ago, 750.0)
        assert json.loads((await stand.get("/api/v1/status"))[1])["coverage"] == 0.875


async def test_a_daemon_that_does_not_keep_up_tells_of_it_and_that_it_does_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.daemon.BLIND_EVERY", 0.01)
    monkeypatch.setattr("defacewatch.daemon.CAUGHT_UP_AFTER", 0.03)
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        kinds = (AlertKind.BEHIND, AlertKind.CAUGHT_UP)
        assert await daemon.store.alerts.last(kinds) is None
        for covered, kind in ((0.98, AlertKind.BEHIND), (1.0, AlertKind.CAUGHT_UP)):
            monkeypatch.setattr(daemon.schedule, "covered", lambda covered=covered: covered)
            async with asyncio.timeout(60):
                while (told := await daemon.store.alerts.last(kinds)) is None or told.kind is not kind:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert told.facts["coverage"] == covered


async def test_the_console_and_the_bot_go_by_the_daemons_clock(stand: Stand, clock: Clock) -> None:
    stand.environ["DEFACEWATCH_TELEGRAM_TOKEN"] = "1:only-for-the-test"
    stand.general["alerts"] = {"telegram": {"api_url": f"http://127.0.0.1:{free_port()}"}}
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack, clock)
        assert daemon.messenger.bot is not None
        assert daemon.messenger.bot.clock() == clock()
        made = Delivery(1, 1, "email", "an", DeliveryState.SENT, 1, 0, clock(), None)
        link = urlsplit(take_url("", daemon.secret_key)(made)).path
        assert (await stand.get(link))[0] == 404, "it holds, and there is no such delivery"
        clock.forward(hours=25)
        assert (await stand.get(link))[0] == 410, "by the clock of the daemon it has ended"


async def test_the_duty_desk_shows_the_channels_of_the_daemon_and_which_do_not_answer(stand: Stand) -> None:
    stand.environ["DEFACEWATCH_TELEGRAM_TOKEN"] = "1:only-for-the-test"
    stand.general["alerts"] = {"telegram": {"api_url": f"http://127.0.0.1:{free_port()}"}}
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        await until(lambda: "telegram" in daemon.channelwatch.trouble)
        status, text = await stand.get("/duty?lang=en")
        assert status == 200
        assert "<b>telegram</b>" in text
        assert "does not answer" in text
        assert "Nobody is on duty." in text
        assert (await stand.get("/duty/preview?lang=en"))[0] == 200


async def test_reading_kept_captures_again_keeps_nothing_waiting(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(renewal: Renewal) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Renewal, "all", endless)
    async with AsyncExitStack() as stack:
        await stand.daemon(stack)
        await until(lambda: begun.is_set() and stand.site.requests >= 2)
        assert (await stand.get("/healthz"))[0] == 200


async def test_health_names_a_silent_loop_a_sick_store_and_a_sick_browser(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        daemon.watchdog.beats["planning"] = daemon.watchdog.beats["plan"] - 100
        daemon.errands.store_trouble["p-1"] = "the disk is full"
        daemon.errands.browser_failures = 3
        status, text = await stand.get("/healthz")
        assert status == 503
        for word in ("planning", "disk is full", "browser"):
            assert word in text
        daemon.watchdog.forget("planning")


async def test_a_database_that_another_process_holds_does_not_end_the_daemon(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()

    async def held(calm: CalmPages) -> frozenset[str]:
        waiting.set()
        await asyncio.Event().wait()
        return frozenset()

    monkeypatch.setattr(CalmPages, "flush", held)
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        await until(waiting.is_set)
        beating = {"event loop", "plan", "schedule"}
        await until(lambda: beating <= daemon.watchdog.beats.keys())
        assert "note" not in daemon.watchdog.beats, "a restart would not end the wait"
        monkeypatch.undo()


async def test_health_names_pages_whose_checks_are_cut_off(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        daemon.schedule.cut_off["p-1"] = "no end of the probe within 900 s"
        status, text = await stand.get("/healthz")
        assert status == 503
        assert "no end of the probe" in text


async def test_a_changed_configuration_is_taken_over_while_running(stand: Stand) -> None:
    async with AsyncExitStack() as stack, Mailbox() as mailbox:
        daemon = await stand.daemon(stack)
        stand.portals.append({"key": "so", "name": "Sở", "pages": [{"url": stand.site.url + "?so"}]})
        stand.general["alerts"] = {"email": {"host": "127.0.0.1", "port": mailbox.port}}
        stand.roster["officers"].append({"key": "binh", "name": "Bình"})
        stand.general["watch"] = {**stand.general["watch"], "revalidate_every": "4m"}  # type: ignore[dict-item]
        stand.write()
        await until(lambda: len(daemon.schedule.planned) == 2 and "email" in daemon.messenger.channels)
        assert daemon.roster.officer("binh") is not None
        assert daemon.eyes.revalidation.fresh == timedelta(minutes=1)
        assert {portal.key for portal in await daemon.store.portals.all()} == {"so", "tinh"}


async def test_an_invalid_configuration_is_said_and_the_old_one_kept(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        with structlog.testing.capture_logs() as logs:
            (stand.config / "portals.yaml").write_text("portals: [{key: tinh, nmae: x}]\n", "utf-8")
            await until(lambda: any(log["event"] == "configuration not taken over" for log in logs))
        assert any("portals.yaml:1" in log.get("problem", "") for log in logs)
        assert len(daemon.schedule.planned) == 1


async def test_a_portal_paused_by_another_process_is_no_longer_watched(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        await daemon.store.portals.pause("tinh", by="an", now=daemon.clock())
        await until(lambda: not daemon.schedule.planned)


async def test_when_an_announced_time_is_over_its_portal_is_captured_before_the_round(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        (page,) = daemon.schedule.planned
        now = daemon.clock()
        window = Window("tinh", now - timedelta(hours=1), now + timedelta(hours=1), "Sở", "Nâng cấp")
        number = await daemon.store.windows.announce(window, now=now)
        await daemon._plan()
        assert daemon.announced == {number: "tinh"}
        await until(lambda: page in daemon.schedule.captured)
        due = daemon.schedule.agenda.get(page, Errand.RENDER)
        assert due is not None
        assert not due.urgent
        await daemon.store.windows.withdraw(number, by="an", now=now)
        before = daemon.schedule.captured[page]
        await daemon._plan()
        assert daemon.announced == {}
        await until(lambda: daemon.schedule.captured[page] > before)


async def test_what_stays_is_set_apart_from_what_the_collector_looks_through_again_and_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.daemon.TIDY_AFTER", (0.0,))
    gc.unfreeze()
    async with AsyncExitStack() as stack:
        await stand.daemon(stack)
        await until(lambda: gc.get_freeze_count() > 10_000)


async def test_pages_that_can_be_asked_whether_they_are_as_they_were_are_asked_once_before_they_are_read(
    stand: Stand,
) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        daemon.askable = {"asked"}
        assert [daemon._reads(page) for page in ("asked", "asked", "other")] == [False, True, True]


async def test_pages_are_asked_that_were_clean_and_have_marks_unless_a_kept_look_is_to_be_read_again_first(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        checks, now = daemon.store.checks, daemon.clock()
        (page,) = daemon.schedule.planned
        for validators, asked in ((Validators(), set()), (Validators('"1"'), {page})):
            context = await checks.context(page, now=now)
            await checks.record(outcome(context, CLEAN, now, validators=validators))
            await daemon._take_over_calm()
            assert daemon.askable == asked

        async def begin() -> tuple[str, ...]:
            return (page,)

        monkeypatch.setattr(daemon.eyes.renewal, "begin", begin)
        await daemon._take_over_calm()
        assert daemon.askable == set()


async def test_a_page_is_captured_in_its_turn_only_where_enough_waits_for_the_browser(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        (page,) = daemon.schedule.planned
        later = daemon.eyes.checker.later
        assert not later(page)
        monkeypatch.setattr(type(daemon.eyes.browser), "waiting", 100)
        assert not later("nobody watches it")
        assert later(page)
        due = daemon.schedule.agenda.get(page, Errand.RENDER)
        assert due is not None
        assert due.urgent, "before the round"


async def test_leave_that_another_process_enters_holds_at_the_next_plan(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        now = daemon.clock()
        away = Absence("an", now - timedelta(hours=1), now + timedelta(hours=1))
        await daemon.store.absences.add([away], by="an", now=now)
        await daemon._plan()
        assert [absence.officer for absence in daemon.roster.absences] == ["an"]


async def test_a_taken_address_is_one_clear_error(stand: Stand) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stand.port))
        taken.listen()
        stand.write()
        async with session(Settled(stand.config, stand.environ)) as opened:
            with pytest.raises(DefacewatchError, match="cannot listen"):
                await make_daemon(opened, stand.config).run()


async def test_a_dead_telegram_neither_stops_the_start_nor_the_checks(stand: Stand) -> None:
    async with AsyncExitStack() as stack, BotApi() as api:
        await api.refuse_connections()
        stand.general["alerts"] = {"telegram": {"api_url": api.url}}
        stand.environ["DEFACEWATCH_TELEGRAM_TOKEN"] = api.token
        await stand.daemon(stack)
        await until(lambda: stand.site.requests >= 2)


async def test_sigterm_finishes_what_is_in_flight_and_exits_0(stand: Stand) -> None:
    stand.write()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "defacewatch",
        "--config",
        str(stand.config),
        "--log-format",
        "json",
        "run",
        env={**os.environ, **stand.environ},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await until(lambda: stand.site.requests >= 1)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(45):
            _, said = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode == 0, said.decode()
    assert '"event": "stopped"' in said.decode()


async def test_what_is_done_by_a_command_is_counted_by_the_daemon(stand: Stand) -> None:
    name = "defacewatch_time_to_acknowledge_seconds_sum"
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        command = await stack.enter_async_context(session(Settled(stand.config, stand.environ)))
        await command.store.portals.import_([portal("songhong")], now=NOW)
        await command.store.portals.pause("songhong", by="an", now=NOW)
        page = (await command.store.portals.get("songhong")).pages[0].id
        await checked(command.store, page, DEFACED, NOW)
        (view,) = await command.store.incidents.list(page=page)
        await daemon.gauges.measure()
        before = REGISTRY.get_sample_value(name, {"verdict": "defaced"}) or 0.0
        await command.store.incidents.acknowledge(
            view.incident.id, by="an", via="cli", now=NOW + timedelta(minutes=4)
        )
        await daemon.gauges.measure()
        assert REGISTRY.get_sample_value(name, {"verdict": "defaced"}) == before + 240


async def test_a_configuration_that_cannot_be_taken_over_leaves_the_desk_as_it_was(stand: Stand) -> None:
    async with AsyncExitStack() as stack, Mailbox() as mailbox:
        stand.general["alerts"] = {
            "email": {"host": "127.0.0.1", "port": mailbox.port},
            "webhooks": [{"name": "siem", "url": "http://127.0.0.1:9/x"}],
        }
        daemon = await stand.daemon(stack)
        before, messenger = daemon.settings, daemon.messenger
        broken = replace(before, secrets=replace(before.secrets, webhook_secret="whsec_!"))
        with pytest.raises(ValueError, match="must be base64"):
            await daemon.reload(broken)
        assert daemon.settings is before
        assert daemon.messenger is messenger
        assert messenger.running
        runbooks = {"default": Runbook("Khác", ())}
        await daemon.reload(replace(before, runbooks=runbooks))
        assert messenger.outbox.notices.runbooks() == runbooks, "without a new messenger"


async def test_a_daemon_whose_outbox_has_ended_is_not_well(stand: Stand) -> None:
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        assert (await stand.get("/healthz"))[0] == 200
        assert daemon.messenger.task is not None
        daemon.messenger.task.cancel()
        await asyncio.wait({daemon.messenger.task})
        status, text = await stand.get("/healthz")
        assert (status, "alerts: nothing sends them" in text) == (503, True)


async def test_one_look_at_itself_that_fails_keeps_no_other_from_its_turn_and_is_told_of(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Look:
        def __init__(self, error: Exception | None = None) -> None:
            self.error, self.turns = error, 0

        async def watch(self) -> bool:
            self.turns += 1
            if self.error is not None:
                raise self.error
            return False

    monkeypatch.setattr("defacewatch.daemon.BLIND_EVERY", 0.01)
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        daemon.failures.long = 0.0
        broken, sound = Look(KeyError("ours")), Look()
        daemon.selfwatches = (broken, sound)  # type: ignore[assignment]
        await until(lambda: sound.turns > 3)
        said = [str(one) for one in daemon.health()]
        assert [one for one in said if one.startswith("itself: failed")]
        assert (await stand.get("/healthz"))[0] == 503
        broken.error = None
        await until(lambda: not daemon.health())


def test_what_fails_is_tried_again_ever_later_but_never_seldom() -> None:
    waits = [again_after(times) / 60 for times in (1, 2, 3, 4, 10_000)]
    assert waits == [5, 10, 15, 15, 15]


async def test_an_hourly_turn_that_fails_is_tried_again_soon_and_told_of_until_it_works(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, turns = True, 0
    shipped = Upkeep.retention

    async def retention(upkeep: Upkeep, **bounds: Any) -> Any:
        nonlocal turns
        turns += 1
        if full:
            raise StoreError("no space left on the disk: make room")
        return await shipped(upkeep, **bounds)

    monkeypatch.setattr(Upkeep, "retention", retention)
    monkeypatch.setattr("defacewatch.daemon.AGAIN_AFTER", 0.001)
    async with AsyncExitStack() as stack:
        daemon = await stand.daemon(stack)
        daemon.failures.long = 0.0
        await until(lambda: turns > 3)
        (said,) = [text for one in daemon.health() if (text := str(one)).startswith("upkeep: failed")]
        assert (await stand.get("/healthz"))[0] == 503
        assert said.endswith("no space left on the disk: make room")
        full = False
        await until(lambda: not daemon.health())
