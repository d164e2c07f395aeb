"""From what was measured to what is printed."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.scale import report
from bench.scale.attackers import Told
from bench.scale.attacks import Kind
from bench.scale.farm import Defacement
from bench.scale.figures import samples
from bench.scale.layout import Layout
from bench.scale.main import plans, read_options
from bench.scale.processes import Part, Usage
from bench.scale.results import figures
from bench.scale.run import Plan, Run, Sample
from bench.scale.storage import Sizes
from bench.scale.subject import Ending
from bench.scale.tiers import BEGUN, SPENT, Tier, Where

MIB = 2**20
METRICS = """# TYPE defacewatch_probes counter
defacewatch_probes_total{{found="still"}} {probes}
# TYPE defacewatch_captures counter
defacewatch_captures_total {captures}
# TYPE defacewatch_probe_lateness_seconds histogram
defacewatch_probe_lateness_seconds_bucket{{le="0.5"}} {probes}
defacewatch_probe_lateness_seconds_bucket{{le="+Inf"}} {probes}
# TYPE defacewatch_capture_age_seconds gauge
defacewatch_capture_age_seconds{{quantile="1"}} {age}
"""


def usage(daemon: float, renderer: float, memory: int) -> Usage:
    return Usage({Part.DAEMON: daemon, Part.RENDERER: renderer}, memory, memory, 9, zombies=int(daemon > 0))


def sample(at: float, tree: Usage, age: float) -> Sample:
    found = samples(METRICS.format(probes=0, captures=0, age=age))
    return Sample(at, tree, at / 10, at / 100, at / 100, 0.0, at, found)


@pytest.fixture
def run() -> Run:
    """A hundred seconds of a thousand pages: 3,000 probes, 50 captures, 60 s of CPU."""
    at = {"telegram": 1022.0, "email": 1023.0}
    told = Told(Defacement(1, Kind.WHOLE, 1000.0, 1010.0), "defaced", 1021.0, at)
    return Run(
        Plan(Layout(1000, 4, 20080), name="1,000"),
        samples=[
            sample(500, usage(10, 5, 400 * MIB), 1000),
            sample(550, usage(20, 20, 500 * MIB), 1800),
            sample(600, usage(30, 45, 450 * MIB), 1500),
        ],
        first=samples(METRICS.format(probes=1000, captures=10, age=0)),
        last=samples(METRICS.format(probes=4000, captures=60, age=0)),
        told=[told],
        before=Sizes(100 * MIB, 50 * MIB, 0, 0),
        after=Sizes(101 * MIB, 52 * MIB, 40, 3),
        began={"probes": 500},
        counts={"probes": 3500, "most": 1, "gaps": {"0.5": 30.0, "0.99": 30.4, "1": 31.0}},
        ended_at=2000.0,
        answers={"wall": [0.02] * 19 + [0.1]},
    )


def value(run: Run, section: str, name: str) -> float:
    return next(one.value for one in figures(run) if (one.section, one.name) == (section, name))


@pytest.mark.parametrize(
    ("section", "name", "wanted"),
    [
        ("work", "probes", 30.0),
        ("work", "captures", 0.5),
        ("work", "asked of the farm: probes", 30.0),
        ("cpu", "daemon's tree", 60.0),
        ("cpu", "… for a page and hour", 2.16),
        ("cpu", "driver and browser, a capture", 800.0),
        ("cpu", "farm", 10.0),
        ("memory", "PSS at first", 400.0),
        ("memory", "PSS max", 500.0),
        ("memory", "PSS grows", 1800.0),
        ("memory", "zombies at once, most", 1.0),
        ("timing", "lateness at most", 0.5),
        ("timing", "between two looks at a healthy page p99", 30.4),
        ("timing", "capture age seconds quantile=1 most", 1800.0),
        ("telling", "first alert after", 22.0),
        ("telling", "all told everywhere after", 23.0),
        ("telling", "record p50", 21.0),
        ("telling", "from first given away to first told p50", 12.0),
        ("console", "wall (20 answers) p50", 20.0),
        ("console", "wall (20 answers) p95", 20.0),
        ("storage", "database grows", 864.0),
        ("storage", "blobs grow", 1728.0),
    ],
)
def test_a_figure_is_what_happened_in_the_measured_time(
    run: Run, section: str, name: str, wanted: float
) -> None:
    assert value(run, section, name) == pytest.approx(wanted)


def test_what_the_daemons_time_was_for_is_told_where_it_was_told_apart(run: Run) -> None:
    assert not [one for one in figures(run) if one.section == "cpu by tier"]
    spent = (SPENT, (("tier", Tier.PROBE), ("where", Where.LOOP)))
    besides = (SPENT, (("tier", Tier.OTHER), ("where", Where.OTHER)))
    read = (SPENT, (("tier", Tier.CHECK), ("where", Where.WORKERS)))
    begun = (BEGUN, (("tier", Tier.PROBE),))
    run.first = {**run.first, spent: 2.0, besides: 1.0, begun: 100}
    run.last = {**run.last, spent: 5.0, besides: 2.0, read: 3.0, begun: 400}
    for number, one in enumerate(run.samples):
        worked = replace(one.tree, cpu={**one.tree.cpu, Part.WORKER: 2.0 * number})
        run.samples[number] = replace(one, tree=worked)
    assert value(run, "cpu by tier", "probe: daemon and workers") == 3
    assert value(run, "cpu by tier", "probe: … event loop") == 3
    assert value(run, "cpu by tier", "workers besides their work") == 1
    assert value(run, "cpu by tier", "probe: share of theirs") == 12.5  # of 20 s of the daemon, 4 of workers
    assert value(run, "cpu by tier", "probe: each") == pytest.approx(10)  # ms


def test_a_run_that_ended_well_has_no_problems(run: Run) -> None:
    assert report.problems(run) == []


def test_what_was_not_told_in_time_is_a_problem_and_what_could_still_be_is_none(run: Run) -> None:
    run.told.append(Told(Defacement(2, Kind.WHOLE, 1900.0)))
    run.told.append(Told(Defacement(3, Kind.SHEET, 1900.0)))
    (problem,) = report.problems(run)
    assert "page 2" in problem


def test_a_bad_end_and_what_was_left_behind_are_problems(run: Run) -> None:
    run.ended = Ending(1, ("77 chromium",), 2.0)
    assert len(report.problems(run)) == 2


def test_runs_stand_beside_each_other_with_how_cost_grows(run: Run) -> None:
    larger = replace(run, plan=replace(run.plan, layout=Layout(2000, 4, 20080), name="2,000"))
    out = io.StringIO()
    report.show([run, larger], Console(file=out, width=200))
    assert "0.50×" in out.getvalue()
    assert "whole page" in out.getvalue()


def test_everything_is_written_as_json(run: Run, tmp_path: Path) -> None:
    report.write(tmp_path / "x.json", [run])
    (written,) = json.loads((tmp_path / "x.json").read_text())["runs"]
    assert written["plan"]["layout"]["size"] == 1000
    assert len(written["samples"]) == 3
    assert all(one["value"] is None or math.isfinite(one["value"]) for one in written["figures"])


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.01234, "0.0123"), (12.34, "12.3"), (345.67, "345.7"), (6543.2, "6,543"), (3.0, "3")],
)
def test_numbers_are_short(number: float, shown: str) -> None:
    assert report.number(number) == shown
    assert (report.number(math.nan), report.number(math.inf)) == ("–", "∞")


def test_isolation_runs_the_same_farm_without_and_with_troubles() -> None:
    healthy, troubled = plans(read_options(["--scenario", "isolation"]), None)
    assert healthy.layout == troubled.layout
    assert not healthy.troubles
    assert len(troubled.troubles) == 3


def test_sizes_are_probed_at_one_pace_so_that_their_cost_can_be_compared() -> None:
    found = list(plans(read_options(["--sizes", "200,10_000"]), None))
    assert [plan.layout.size for plan in found] == [200, 10_000]
    assert {plan.pace.probe for plan in found} == {"60s"}


def test_a_storm_never_takes_more_than_half_of_the_pages() -> None:
    options = read_options(["--scenario", "storm", "--sizes", "100,1000"])
    assert [plan.storm for plan in plans(options, None)] == [50, 200]
