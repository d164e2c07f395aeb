"""The beginning and the end of a raised watch are told once each."""

from datetime import date, timedelta

from defacewatch.alerts import AlertKind, Notice
from defacewatch.announcing import KINDS, Announcing
from defacewatch.notify import message
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Roster
from defacewatch.store import Store
from tests.conftest import Clock


class Desk:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.roster = Roster()

    def announcing(self) -> Announcing:
        return Announcing(self.store, lambda: self.roster, self.clock)

    def raise_(self, name: str, *, days: int = 2) -> RaisedWatch:
        first = self.clock().date()
        watch = RaisedWatch(name, first, first + timedelta(days=days))
        self.roster = Roster(raised_watch=(watch,))
        return watch

    async def told(self) -> list[AlertKind]:
        """What was told, in order, each followed by nothing."""
        kinds = []
        while (alert := await self.store.alerts.claim(self.clock())) is not None:
            kinds.append(alert.kind)
            await self.store.alerts.expand(alert.id, (), step=1, next_step_at=None, now=self.clock())
        return kinds


async def test_both_ends_are_told_once_however_often_it_is_asked_and_after_a_restart(
    store: Store, clock: Clock
) -> None:
    desk = Desk(store, clock)
    assert not await desk.announcing().watch()
    desk.raise_("Quốc khánh 2/9")
    assert [await desk.announcing().watch() for _ in range(3)] == [True, False, False]
    clock.forward(hours=24 * 4)
    assert [await desk.announcing().watch() for _ in range(3)] == [True, False, False]
    assert await desk.told() == [AlertKind.WATCH_RAISED, AlertKind.WATCH_LOWERED]


async def test_one_that_follows_another_at_once_is_told_and_a_longer_one_is_not_told_again(
    store: Store, clock: Clock
) -> None:
    desk = Desk(store, clock)
    desk.raise_("Đại hội")
    assert await desk.announcing().watch()
    desk.raise_("Đại hội", days=5)
    assert not await desk.announcing().watch()
    desk.raise_("Quốc khánh 2/9")
    assert await desk.announcing().watch()
    assert await desk.told() == [AlertKind.WATCH_RAISED, AlertKind.WATCH_RAISED]


async def test_it_says_which_days_and_what_is_to_be_done(store: Store, clock: Clock) -> None:
    desk = Desk(store, clock)
    watch = desk.raise_("Quốc khánh 2/9")
    await desk.announcing().watch()
    alert = await store.alerts.last(KINDS)
    assert alert is not None
    said = message.text(Notice(alert, "vi", "Asia/Ho_Chi_Minh"))
    assert "BẮT ĐẦU TĂNG CƯỜNG GIÁM SÁT" in said
    assert f"Thời gian: {watch.first:%d/%m/%Y} – {watch.last:%d/%m/%Y}" in said
    assert "Dịp: Quốc khánh 2/9" in said
    assert said.count("☐") == 5
    assert isinstance(date.fromisoformat(str(alert.facts["first"])), date)
    in_telegram = message.telegram_html(Notice(alert, "en", "Asia/Ho_Chi_Minh"))
    assert "RAISED WATCH BEGINS" in in_telegram
    assert len(in_telegram) < 1024
