"""What is kept unpacked is what the rows say, whoever wrote them last."""

import hashlib

from sqlalchemy import select, update

from defacewatch.profiles import Profile
from defacewatch.store import Store
from defacewatch.store.schema import approvals, profiles
from tests.conftest import OpenStore
from tests.store.samples import NOW, captured, features, registered


async def approved(store: Store, page: str, mark: str, *, also: bool = False) -> str:
    capture = await captured(store, page, mark)
    await store.baselines.approve(capture, by="an", reason="new look", also=also, now=NOW)
    return capture


async def test_an_approved_look_and_a_profile_are_unpacked_once(store: Store) -> None:
    page = await registered(store)
    await approved(store, page, "a")
    await store.baselines.set_profile(page, Profile(page, samples=3, words={"5": 2}))
    first = await store.checks.context(page, now=NOW)
    again = await store.checks.context(page, now=NOW)
    assert first == again
    assert first.baseline is not None
    assert again.baseline is not None
    assert first.baseline.looks[0].features is again.baseline.looks[0].features
    assert first.profile is again.profile


async def test_what_another_process_approves_or_learns_is_read(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    page = await registered(store)
    first = await approved(store, page, "a")
    await store.baselines.set_profile(page, Profile(page, samples=3))
    await store.checks.context(page, now=NOW)

    second = await approved(other, page, "bb", also=True)
    await other.baselines.set_profile(page, Profile(page, samples=3, words={"5": 2}))
    context = await store.checks.context(page, now=NOW)
    assert context.baseline is not None
    assert [look.capture for look in context.baseline.looks] == [first, second]
    assert context.profile == Profile(page, samples=3, words={"5": 2})

    third = await approved(other, page, "ccc")
    context = await store.checks.context(page, now=NOW)
    assert context.baseline == await other.baselines.get(page)
    assert context.baseline is not None
    assert [look.capture for look in context.baseline.looks] == [third]


async def test_features_that_another_process_made_again_are_read(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    page = await registered(store)
    capture = await approved(store, page, "a")
    await store.checks.context(page, now=NOW)
    await other.baselines.renew(capture, features("b", version=2))
    context = await store.checks.context(page, now=NOW)
    assert context.baseline is not None
    assert context.baseline.looks[0].features == features("b", version=2)


async def test_a_profile_of_an_older_program_is_remembered_as_soon_as_it_is_read(store: Store) -> None:
    page = await registered(store)
    await store.baselines.set_profile(page, Profile(page, samples=3))
    for samples in (4, 5):
        async with store.engine.writing() as db:
            data = f'{{"page": "{page}", "samples": {samples}}}'
            await db.execute(update(profiles).values(data=data, digest=None))
        first = (await store.checks.context(page, now=NOW)).profile
        assert first == Profile(page, samples=samples)
        assert (await store.checks.context(page, now=NOW)).profile is first
        async with store.engine.reading() as db:
            assert await db.scalar(select(profiles.c.digest)) == hashlib.sha256(data.encode()).hexdigest()


async def test_a_profile_that_was_written_meanwhile_is_not_named_for_what_it_was(
    open_store: OpenStore,
) -> None:
    store, other = await open_store(), await open_store()
    page = await registered(store)
    await store.baselines.set_profile(page, Profile(page, samples=3))
    async with store.engine.writing() as db:
        await db.execute(update(profiles).values(data=f'{{"page": "{page}", "samples": 4}}', digest=None))
    await store.engine.read(lambda db: store.checks.known.profile(db, page, None, None))
    async with other.engine.writing() as db:
        await db.execute(update(profiles).values(data=f'{{"page": "{page}", "samples": 5}}', digest=None))
    await store.engine.write(store.checks.known.name)
    async with store.engine.reading() as db:
        assert await db.scalar(select(profiles.c.digest)) is None
    assert (await store.checks.context(page, now=NOW)).profile == Profile(page, samples=5)


async def test_a_look_that_cannot_be_unpacked_is_no_baseline_but_approved_all_the_same(store: Store) -> None:
    page = await registered(store)
    await approved(store, page, "a")
    async with store.engine.writing() as db:
        await db.execute(update(approvals).values(features=b"rubbish"))
    context = await store.checks.context(page, now=NOW)
    assert (context.baseline, context.unread) == (None, True)
    assert await store.baselines.get(page) is None


async def test_the_context_is_the_same_whether_it_is_remembered_or_read(open_store: OpenStore) -> None:
    store, fresh = await open_store(), await open_store()
    page = await registered(store)
    await approved(store, page, "a")
    odd = Profile(page, samples=1, identity={"heading \ud83d": 1})
    await store.baselines.set_profile(page, odd)
    remembered = [await store.checks.context(page, now=NOW) for _ in range(2)][1]
    assert remembered == await fresh.checks.context(page, now=NOW)
    assert remembered.profile != odd, "what cannot be kept is kept as something else"
