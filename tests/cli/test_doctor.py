import os
from dataclasses import replace
from datetime import timedelta

from defacewatch import processors
from defacewatch.cli.doctor import foretold, kept_to
from defacewatch.costs import Costs
from defacewatch.intervals import Intervals
from defacewatch.store.figures import KeptFigures
from tests.cli.conftest import Shell
from tests.conftest import Clock

ROUND = timedelta(minutes=10)
EVERY = Intervals(timedelta(seconds=30), timedelta(minutes=30), ROUND)
COSTS = Costs(probe=0.005, capture=1.0, revalidation=0.01)


def kept(clock: Clock, coverage: float = 1.0) -> KeptFigures:
    return KeptFigures(clock(), coverage, clock() - timedelta(minutes=42), COSTS)


def test_a_schedule_that_can_be_afforded_is_well_and_shows_its_sum(clock: Clock) -> None:
    finding = foretold([EVERY] * 900, kept(clock), 2)
    assert finding.ok
    assert "900 pages: 30.0 probes/s × 5.0 ms" in finding.text
    assert "of 2 processors" in finding.text
    assert "another machine" not in finding.text


def test_the_processors_count_that_may_be_used_not_those_of_the_host(shell: Shell) -> None:
    shell.monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    shell.monkeypatch.setattr(os, "cpu_count", lambda: 64)
    shell.monkeypatch.setattr(processors, "_quotas", lambda *_: iter(()))  # this test may run under one
    (schedule,) = (line for line in shell.run("doctor", "--json").lines if line["what"] == "schedule")
    assert "of 3 processors" in schedule["text"]


def test_a_quota_makes_a_schedule_too_dear_that_the_host_could_afford(clock: Clock) -> None:
    assert foretold([EVERY] * 900, kept(clock), 8).ok
    assert foretold([EVERY] * 900, kept(clock), 0.5).ok is False


def test_what_was_not_measured_here_is_said_to_be_another_machine_s(clock: Clock) -> None:
    assert "costs of another machine" in foretold([EVERY], None, 2).text


def test_a_round_of_captures_that_cannot_be_afforded_is_said_beforehand_with_its_stretch(
    clock: Clock,
) -> None:
    finding = foretold([EVERY] * 4000, kept(clock), 2)
    assert finding.ok is False
    assert "the round of captures will take" in finding.text
    assert "watch.render_every" in finding.text


def test_probes_that_cannot_be_afforded_are_said_beforehand(clock: Clock) -> None:
    finding = foretold([EVERY] * 40_000, kept(clock), 2)
    assert finding.ok is False
    assert "even without captures" in finding.text


def test_a_daemon_that_keeps_up_and_one_that_does_not_are_told_apart(clock: Clock) -> None:
    coverage, captures, revalidation = kept_to(kept(clock), clock(), ROUND)
    assert coverage.ok
    assert revalidation.ok
    assert "100.00% of the probes" in coverage.text
    assert "42 minutes ago" in captures.text
    assert kept_to(kept(clock, 0.98), clock(), ROUND)[0].ok is False


def test_what_is_asked_for_too_late_is_said(clock: Clock) -> None:
    for late, well in ((ROUND.total_seconds() - 1, True), (ROUND.total_seconds(), False)):
        (finding,) = (
            one
            for one in kept_to(replace(kept(clock), revalidation_late=late), clock(), ROUND)
            if one.what == "revalidation"
        )
        assert finding.ok is well
    assert "10 minutes ago" in finding.text
    assert "watch.revalidate_every" in finding.text


def test_what_a_daemon_measured_long_ago_says_nothing_of_now(clock: Clock) -> None:
    before = kept(clock, 0.5)
    assert kept_to(before, clock.forward(minutes=6), ROUND) == []
    assert kept_to(None, clock(), ROUND) == []


def test_a_sign_in_service_that_does_not_answer_is_a_finding(shell: Shell) -> None:
    shell.general["web"] = {"oidc": {"issuer": "http://127.0.0.1:9", "client_id": "defacewatch"}}
    shell.write()
    said = shell.run("doctor", "--json")
    (line,) = (line for line in said.lines if line["what"] == "sign-in")
    assert said.code == 3
    assert (line["ok"], line["text"]) == (False, "127.0.0.1:9 does not answer (ClientConnectorError)")
