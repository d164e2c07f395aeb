"""Tests of channels at the start of a shift: who comes on duty says of each of their channels that it
works."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

SHIFTS = (
    3  # of an officer's, without an answer on a channel, before it counts as one that does not reach them
)


@dataclass(frozen=True)
class ShiftTest:
    """Whether channels are tested at the start of a shift, and how long an officer has to answer on each."""

    enabled: bool = True
    within: timedelta = timedelta(minutes=15)


class Outcome(StrEnum):
    PROVED = "proved"  # the officer has answered on this very channel
    WAITING = "waiting"
    FAILED = "failed"  # the message could not be delivered
    UNPROVED = "unproved"  # it was delivered, for all that is known, and the officer has not answered


@dataclass(frozen=True)
class ChannelTest:
    """One test: of an officer's channel, at the change of shift `at`, by the message of that handover, which
    was raised at `asked_at`. What is known of its delivery: `sent_at` and the provider's receipt, or that it
    `failed` and why. `told_at` is when those who lead were told of it."""

    id: int
    handover: int
    at: datetime
    asked_at: datetime
    officer: str
    channel: str
    sent_at: datetime | None = None
    receipt: str | None = None
    failed: bool = False
    error: str | None = None
    acknowledged_at: datetime | None = None
    via: str | None = None
    told_at: datetime | None = None

    def outcome(self, within: timedelta, now: datetime) -> Outcome:
        if self.acknowledged_at is not None:
            return Outcome.PROVED
        if self.failed:
            return Outcome.FAILED
        return Outcome.UNPROVED if now >= self.asked_at + within else Outcome.WAITING


class Reached(Protocol):
    """Somebody who is told on channels; an officer is."""

    @property
    def key(self) -> str: ...
    @property
    def channels(self) -> Sequence[str]: ...


def wanted(people: Iterable[Reached], usable: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What is to be tested: each of these officers (by key) on each of their channels that is on."""
    return tuple((one.key, channel) for one in people for channel in one.channels if channel in usable)


def due(tests: Iterable[ChannelTest], within: timedelta, now: datetime) -> tuple[ChannelTest, ...]:
    """The tests that those who lead have to hear of now: what could not be delivered at once, the others when
    the officer's time is up; each once."""
    wrong = (Outcome.FAILED, Outcome.UNPROVED)
    return tuple(test for test in tests if test.told_at is None and test.outcome(within, now) in wrong)


@dataclass(frozen=True)
class Standing:
    """How an officer's channel stands: the latest tests of it, the newest first, and when it was last
    proved."""

    officer: str
    channel: str
    outcomes: tuple[Outcome, ...]
    proved_at: datetime | None

    @property
    def silent(self) -> bool:
        """Whether none of the latest tests was answered, and there were enough of them to say so."""
        return len(self.outcomes) == SHIFTS and Outcome.PROVED not in self.outcomes


def standings(tests: Iterable[ChannelTest], within: timedelta, now: datetime) -> tuple[Standing, ...]:
    """How each channel of each officer stands by its last `SHIFTS` tests that are settled; `tests` come the
    newest first."""
    found: dict[tuple[str, str], list[ChannelTest]] = {}
    for test in tests:
        if test.outcome(within, now) is not Outcome.WAITING:
            found.setdefault((test.officer, test.channel), []).append(test)
    return tuple(
        Standing(
            officer,
            channel,
            tuple(test.outcome(within, now) for test in every[:SHIFTS]),
            next((test.acknowledged_at for test in every if test.acknowledged_at is not None), None),
        )
        for (officer, channel), every in sorted(found.items())
    )
