"""Calling to mind that a portal is to be restored, or a report handed in: once when the time is nearly over,
and once when it is."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from defacewatch.alerts import AlertKind, Draft
from defacewatch.deadlines import Deadline, Response, Stage, clocks
from defacewatch.portals import Urgency
from defacewatch.roster import ON_DUTY, Duty, Officer, Roster, leads, recipients, stand_ins
from defacewatch.runbooks import Runbook, runbook_for
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView

log = structlog.get_logger(__name__)

LATE = timedelta(days=2)  # after a clock has run out, for which it is still looked at


class Reminding:
    """What was told is read from the alerts themselves, so a restart neither repeats nor forgets it."""

    def __init__(
        self,
        store: Store,
        roster: Callable[[], Roster],
        runbooks: Callable[[], Mapping[str, Runbook]],
        clock: Callable[[], datetime],
    ) -> None:
        self.store, self.roster, self.runbooks, self.clock = store, roster, runbooks, clock

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        now, response = self.clock(), self.roster().response
        oldest = now - max(response.restore_within, response.report_within) - LATE
        views = await self.store.incidents.attacks(since=oldest)
        raised = [await self._of(view, now, response) for view in views if not view.page.drill]
        return any(raised)

    async def _clocks(self, view: IncidentView, now: datetime, response: Response) -> list[Deadline]:
        """The clocks of an incident that are nearly over, or over. Hardly any is: what is ticked is asked for
        only then."""
        steps = runbook_for(self.runbooks(), view.portal.key, view.incident.verdict).steps
        if not any(clock.stage(now) for clock in clocks(view.incident, response, steps, ())):
            return []
        ticked = await self.store.incidents.ticked(view.incident.id)
        left = clocks(view.incident, response, steps, ticked)
        return [clock for clock in left if clock.stage(now) is not None]

    async def _of(self, view: IncidentView, now: datetime, response: Response) -> bool:
        raised = False
        for clock in await self._clocks(view, now, response):
            stage = clock.stage(now)
            facts = {"what": clock.what.value, "stage": stage.value if stage else None}
            if stage is None or await self._is_told(view.incident.id, facts):
                continue
            to = [officer.key for officer in self._who(stage, now)]
            draft = Draft(
                AlertKind.DEADLINE,
                Urgency.HIGH,
                {**facts, "due": clock.due.isoformat(), "to": list(dict.fromkeys(to))},
            )
            log.warning("deadline", incident=view.incident.id, **facts)
            await self.store.alerts.raise_(draft, now=now, page=view.page.id, incident=view.incident.id)
            raised = True
        return raised

    async def _is_told(self, incident: int, facts: Mapping[str, object]) -> bool:
        told = await self.store.alerts.of_incident(incident, AlertKind.DEADLINE)
        named = [dict(alert.facts) for alert in told if alert.facts.get("to")]
        return any(facts.items() <= one.items() for one in named)

    def _who(self, stage: Stage, now: datetime) -> list[Officer]:
        """Those on duty and who leads them; the leadership as well, when the time is over. In a gap it falls
        to others, as an alert does, and so it does when none of them can be reached."""
        roster = self.roster()
        above = roster.with_role(Duty.LEADERSHIP) if stage is Stage.OVER else ()
        people = [*recipients(roster, ON_DUTY, now), *leads(roster, now), *above]
        if not any(officer.channels for officer in people):
            people += stand_ins(roster, [officer.key for officer in people], now)
        return people
