"""Channels that do not answer are told of on the others, before they are needed."""

from datetime import timedelta

from defacewatch.alerts import AlertKind, DeliveryError, Notice, Wanted
from defacewatch.channelwatch import KINDS, ChannelWatch
from defacewatch.gathering import Channel, Gathered
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.telling import first_wanted
from tests.conftest import Clock
from tests.store.samples import DEFACED, checked, registered


class Line:
    """A channel that answers, or not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.error: str | None = None
        self.odd: Exception | None = None

    @property
    def name(self) -> str:
        return self._name

    async def send(self, notice: Notice) -> str:
        raise AssertionError("nothing is sent")

    @property
    def editable(self) -> bool:
        return False

    async def send_gathered(self, gathered: Gathered) -> str:
        raise AssertionError("nothing is sent")

    async def reachable(self) -> str:
        if self.odd is not None:
            raise self.odd
        if self.error is not None:
            raise DeliveryError(self.error)
        return "here"

    async def close(self) -> None: ...


class Lines:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.telegram, self.email = Line("telegram"), Line("email")
        self.channels: dict[str, Channel] = {"telegram": self.telegram, "email": self.email}

    def watching(self) -> ChannelWatch:
        return ChannelWatch(self.store, lambda: self.channels, self.clock)

    async def turns(self, count: int = 3) -> list[bool]:
        """So many turns after a restart."""
        watching = self.watching()
        return [await watching.watch() for _ in range(count)]

    async def told(self, channel: str) -> AlertKind | None:
        alert = await self.store.alerts.last(KINDS, facts={"channel": channel})
        return None if alert is None else alert.kind


async def test_a_channel_that_goes_and_comes_back_is_told_of_once_each_also_over_a_restart(
    store: Store, clock: Clock
) -> None:
    lines = Lines(store, clock)
    assert not any(await lines.turns())
    lines.telegram.error = "Telegram: connection refused"
    assert await lines.turns() == [False, True, False]
    assert not any(await lines.turns())
    assert await lines.told("telegram") is AlertKind.CHANNEL_DOWN
    assert await lines.told("email") is None
    lines.telegram.error = None
    assert await lines.turns() == [True, False, False]
    assert await lines.told("telegram") is AlertKind.CHANNEL_UP


async def test_each_channel_is_told_of_by_itself(store: Store, clock: Clock) -> None:
    lines = Lines(store, clock)
    lines.telegram.error = "away"
    assert await lines.turns() == [False, True, False]
    lines.email.error = "SMTP: 451 try later"
    assert await lines.turns() == [False, True, False]
    lines.telegram.error = None
    assert await lines.turns() == [True, False, False]
    assert await lines.told("telegram") is AlertKind.CHANNEL_UP
    assert await lines.told("email") is AlertKind.CHANNEL_DOWN


async def test_one_silence_is_a_hiccup_and_trouble_is_known_meanwhile(store: Store, clock: Clock) -> None:
    lines = Lines(store, clock)
    watching = lines.watching()
    lines.telegram.error = "away"
    assert not await watching.watch()
    assert watching.trouble == {"telegram": "away"}
    lines.telegram.error = None
    assert not await watching.watch()
    assert watching.trouble == {}
    lines.telegram.error = "away"
    assert not await watching.watch()
    del lines.channels["telegram"]
    await watching.watch()
    assert watching.trouble == {}


async def test_what_waits_for_a_channel_is_due_at_once_when_it_answers_again(
    store: Store, clock: Clock
) -> None:
    lines = Lines(store, clock)
    await checked(store, await registered(store), DEFACED, clock())
    alert = await store.alerts.claim(clock())
    assert alert is not None
    wanted = [Wanted("telegram", "an"), Wanted("email", "an")]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=clock())
    for channel in ("telegram", "email"):
        delivery = await store.alerts.claim_delivery(channel, now=clock())
        assert delivery is not None
        again = clock() + timedelta(minutes=10)
        await store.alerts.failed(delivery.id, "no answer", next_at=again, now=clock())
    lines.telegram.error = "Telegram: connection refused"
    await lines.turns()
    assert await store.alerts.claim_delivery("telegram", now=clock()) is None
    lines.telegram.error = None
    await lines.turns(1)
    assert await store.alerts.claim_delivery("telegram", now=clock()) is not None
    assert await store.alerts.claim_delivery("email", now=clock()) is None, "it was never away"


async def test_a_channel_that_is_removed_while_it_is_away_is_over_also_after_a_restart_and_wakes_nobody(
    store: Store, clock: Clock
) -> None:
    lines = Lines(store, clock)
    lines.telegram.error = "away"
    await lines.turns()
    del lines.channels["telegram"]
    assert not any(await lines.turns())
    alert = await store.alerts.last(KINDS, facts={"channel": "telegram"})
    assert alert is not None
    assert (alert.kind, alert.facts["removed"]) == (AlertKind.CHANNEL_UP, True)
    roster = Roster((Officer("an", "An", email="an@example.gov.vn"),))
    assert first_wanted(alert, roster, ("email",), clock()) == ()
    await lines.turns()
    assert await store.alerts.last(KINDS, facts={"channel": "telegram"}) == alert


async def test_a_channel_that_fails_in_an_unforeseen_way_hides_no_other(store: Store, clock: Clock) -> None:
    lines = Lines(store, clock)
    lines.telegram.error = "away"
    lines.email.odd = UnicodeError("label empty or too long")
    assert await lines.turns(2) == [False, True]
    assert await lines.told("telegram") is AlertKind.CHANNEL_DOWN
    assert await lines.told("email") is AlertKind.CHANNEL_DOWN
