"""Telling those on duty that a raised watch has begun, with what is to be done, and that it has ended."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from defacewatch.alerts import AlertKind, Draft
from defacewatch.portals import Urgency
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Roster, raised
from defacewatch.store import Store

log = structlog.get_logger(__name__)

KINDS = (AlertKind.WATCH_RAISED, AlertKind.WATCH_LOWERED)


class Announcing:
    """What was told last is read from the alerts themselves, so a restart neither repeats nor forgets it."""

    def __init__(self, store: Store, roster: Callable[[], Roster], clock: Callable[[], datetime]) -> None:
        self.store, self.roster, self.clock = store, roster, clock

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        now = self.clock()
        running = raised(self.roster(), now)
        last = await self.store.alerts.last(KINDS)
        told = last.facts if last is not None and last.kind is AlertKind.WATCH_RAISED else None
        if running is not None and (told is None or not _is_same(told, running)):
            draft = Draft(AlertKind.WATCH_RAISED, Urgency.NORMAL, _facts(running))
        elif running is None and told is not None:
            draft = Draft(AlertKind.WATCH_LOWERED, Urgency.NORMAL, told)
        else:
            return False
        log.info("raised watch", state=draft.kind.value, watch=draft.facts.get("name"))
        await self.store.alerts.raise_(draft, now=now)
        return True


def _facts(watch: RaisedWatch) -> Mapping[str, object]:
    return {"name": watch.name, "first": watch.first.isoformat(), "last": watch.last.isoformat()}


def _is_same(told: Mapping[str, object], running: RaisedWatch) -> bool:
    """Whether this period was told; its end may have been moved since."""
    facts = _facts(running)
    return all(told.get(name) == facts[name] for name in ("name", "first"))
