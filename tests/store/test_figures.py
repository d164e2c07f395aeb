from datetime import timedelta

from sqlalchemy import update

from defacewatch.costs import Costs
from defacewatch.store import Store
from defacewatch.store.figures import KeptFigures
from defacewatch.store.schema import meta
from tests.conftest import Clock


async def test_what_a_daemon_measured_last_is_read_by_others(store: Store, clock: Clock) -> None:
    assert await store.figures.last() is None
    await store.figures.keep(clock(), coverage=0.5, oldest_capture=None, costs=None)
    now, costs = clock.forward(minutes=1), Costs(0.001, 0.9, 0.01)
    oldest = now - timedelta(hours=2)
    await store.figures.keep(now, coverage=0.999, oldest_capture=oldest, costs=costs, revalidation_late=7.5)
    assert await store.figures.last() == KeptFigures(now, 0.999, oldest, costs, 7.5)


async def test_figures_of_another_form_are_none(store: Store, clock: Clock) -> None:
    await store.figures.keep(clock(), coverage=0.5, oldest_capture=None, costs=None)
    async with store.engine.writing() as db:
        await db.execute(update(meta).where(meta.c.key == "figures").values(value='{"at": 1}'))
    assert await store.figures.last() is None
