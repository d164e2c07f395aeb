"""Handover (giao ca): at each change of shift both shifts get the same summary, and both confirm it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defacewatch.shifts import Pattern, turns, turns_at

LOOKED_BACK = timedelta(hours=2)  # for a change of shift that was not handed over yet
CONFIRM_WITHIN = timedelta(minutes=15)  # before those who lead are told
MOMENT = timedelta(seconds=1)


@dataclass(frozen=True)
class Confirmed:
    """Who has confirmed a handover when, and how."""

    at: datetime
    via: str


@dataclass(frozen=True)
class Handover:
    """One change of shift: who goes and who comes (keys), what was handed over, and who has confirmed it.
    `escalated_at` is when those who lead were told that somebody has not; `begun_at` when it was told, later
    than `at` where nothing ran at the change."""

    at: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    summary: Mapping[str, object]
    id: int = 0
    confirmed: Mapping[str, Confirmed] = field(default_factory=dict)
    escalated_at: datetime | None = None
    begun_at: datetime | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """All who have to confirm, each once."""
        return tuple(dict.fromkeys((*self.outgoing, *self.incoming)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Who has not confirmed."""
        return tuple(key for key in self.people if key not in self.confirmed)


def last_change(pattern: Pattern, now: datetime) -> tuple[datetime, tuple[str, ...], tuple[str, ...]] | None:
    """The latest change of those on duty in the last `LOOKED_BACK`: when, who went, who came. None where
    there was none; somebody who stays on duty is in both."""
    near = turns(pattern, now - LOOKED_BACK, now + MOMENT)
    edges = {edge for turn in near for edge in (turn.start, turn.end)}
    for edge in sorted((edge for edge in edges if now - LOOKED_BACK < edge <= now), reverse=True):
        before, after = (_people(pattern, moment) for moment in (edge - MOMENT, edge))
        if before != after:
            return edge, before, after
    return None


def is_late(handover: Handover, now: datetime) -> bool:
    """Whether somebody has not confirmed in time, and those who lead were not told."""
    begun = handover.begun_at or handover.at
    return bool(handover.missing) and handover.escalated_at is None and now >= begun + CONFIRM_WITHIN


def _people(pattern: Pattern, moment: datetime) -> tuple[str, ...]:
    found: Sequence[str] = [key for turn in turns_at(pattern, moment) for key in turn.people]
    return tuple(dict.fromkeys(found))
