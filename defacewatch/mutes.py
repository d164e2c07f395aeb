"""Differences that a false alarm has muted: told of no more, some of them for a day only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from defacewatch.incidents import Incident
from defacewatch.portals import Portal
from defacewatch.signals import tells_of_attack

LASTS = timedelta(hours=24)  # on a critical portal, where it could hide an attack


@dataclass(frozen=True)
class Mute:
    """What `by` called a false alarm in `incident`; `ends_at` None: it holds while the baseline does."""

    id: int
    page: str
    identity: str
    by: str
    at: datetime
    incident: int | None = None
    ends_at: datetime | None = None


def end_of(identity: str, incident: Incident, portal: Portal, now: datetime) -> datetime | None:
    """Until when a difference is muted. One person alone does not silence an attack on a critical portal for
    good: what is evidence of attack, and all that an incident showed which was one, is told of again."""
    if portal.critical and (incident.attacked_at is not None or tells_of_attack(identity)):
        return now + LASTS
    return None
