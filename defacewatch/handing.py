"""Making handovers: what one shift leaves to the next, told to both, and to those who lead if unconfirmed."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from defacewatch.handovers import Handover, is_late, last_change
from defacewatch.incidents import State
from defacewatch.notify.content import incident_code
from defacewatch.roster import Roster, leads
from defacewatch.rostering import names
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind

log = structlog.get_logger(__name__)

LISTED = 20  # incidents that a summary names
SINCE = timedelta(hours=12)  # that is told of where there was no handover before

Facts = Mapping[str, object]


class HandingOver:
    """Makes a handover at each change of shift, once, whatever restarts between. `itself` says what is known
    of the watch itself (coverage, channels)."""

    def __init__(
        self,
        store: Store,
        roster: Callable[[], Roster],
        clock: Callable[[], datetime],
        itself: Callable[[], Facts] = dict,
    ) -> None:
        self.store, self.roster, self.clock, self.itself = store, roster, clock, itself

    async def watch(self) -> bool:
        """One turn; True when somebody is to be told."""
        begun, late = await self._begin(), await self._escalate()
        return begun or late

    async def _begin(self) -> bool:
        now = self.clock()
        roster = self.roster()
        change = last_change(roster, now)
        last = await self.store.handovers.last()
        if change is None or (last and last[0].at >= change[0]):
            return False
        at, outgoing, incoming = change
        since = last[0].at if last and now - last[0].at < 2 * SINCE else now - SINCE
        summary = {
            "goes": names(roster, outgoing),
            "comes": names(roster, incoming),
            **await situation(self.store, roster, since, now),
            **self.itself(),
        }
        number = await self.store.handovers.begin(Handover(at, outgoing, incoming, summary), now=now)
        if number is not None:
            log.info("handover", number=number, outgoing=outgoing, incoming=incoming)
        return number is not None

    async def _escalate(self) -> bool:
        now = self.clock()
        told = False
        for handover in await self.store.handovers.last(3):
            if is_late(handover, now):
                roster = self.roster()
                to = tuple(officer.key for officer in leads(roster, now))
                missing = names(roster, handover.missing)
                told |= await self.store.handovers.escalate(handover.id, to=to, missing=missing, now=now)
        return told


async def situation(store: Store, roster: Roster, since: datetime, now: datetime) -> dict[str, object]:
    """What a shift leaves: incidents that are not resolved and who has them, pages that are blind or paused,
    announcements that run, looks that wait for approval, and what happened since."""
    views = await store.incidents.list(states=(State.OPEN, State.ACKNOWLEDGED))
    states = await store.checks.latest()
    return {
        "incidents": [
            {
                "code": incident_code(view.incident.id),
                "portal": view.portal.name,
                "verdict": view.incident.verdict.value,
                "by": names(roster, filter(None, [view.incident.acknowledged_by])) or None,
            }
            for view in views[:LISTED]
        ],
        "unresolved": len(views),
        "blind": sum(state.worst in (VerdictKind.UNKNOWN, VerdictKind.UNREACHABLE) for state in states),
        "paused": len({state.portal.key for state in states if state.portal.paused}),
        "windows": len(await store.windows.running(now)),
        "proposals": len(await store.baselines.proposals()),
        "since": since.isoformat(),
        "alerts": dict(Counter(await store.alerts.kinds_since(since))),
    }
