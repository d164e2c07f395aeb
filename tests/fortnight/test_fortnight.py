"""A day of it: as the fortnight, with fewer incidents and kills."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from defacewatch.alerts import DeliveryState
from tests.fortnight.audit import audit
from tests.fortnight.report import CLASSES
from tests.fortnight.scenario import scenario
from tests.fortnight.simulation import Fortnight

INCIDENTS, KILLS = 5, 5


@pytest.mark.timeout(300)  # a busy machine needs its time
async def test_a_day_with_outages_and_kills_leaves_nobody_untold_and_nothing_unrecorded(
    tmp_path: Path,
) -> None:
    plan = scenario(9, days=1, incidents=INCIDENTS, kills=KILLS)

    record = await Fortnight(plan, tmp_path).run()

    found = audit(record)
    assert found.problems == ()
    assert len(found.reached) == len(record.incidents) == INCIDENTS
    assert len(record.kills) == KILLS
    assert any(kill.trapped and kill.sending for kill in record.kills), "some with a message on the way"
    assert {one.state for one in found.reached} == set(CLASSES)
    assert all(incident.acknowledged_by for incident in record.incidents)
    spoiled = [d for d in record.deliveries if d.state is DeliveryState.SENT][1:]
    assert audit(replace(record, deliveries=spoiled)).problems, "an audit that a lost row escapes is none"


def test_the_same_seed_gives_the_same_fortnight_and_another_one_another() -> None:
    first, again, other = (scenario(seed, days=14, incidents=60, kills=100) for seed in (1, 1, 2))
    assert first == again != other
    assert (len(first.stories), len(first.kills)) == (60, 100)


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_fortnight_has_what_is_to_be_shown(seed: int) -> None:
    plan = scenario(seed, days=14, incidents=60, kills=100)
    times = [story.at for story in plan.stories]
    away, back = plan.telegram_down
    assert (back - away).days == 2
    assert (plan.smtp_down[1] - plan.smtp_down[0]).seconds == 3600
    assert sum(away <= at < back for at in times) >= 8
    assert sum(plan.smtp_down[0] <= at < plan.smtp_down[1] for at in times) >= 8
    assert all(plan.begins <= at < plan.ends for at in times)
    assert sum(kill.moment is not None for kill in plan.kills) >= 30
    assert min(b - a for a, b in pairwise(times)).total_seconds() < 60, "a storm"
