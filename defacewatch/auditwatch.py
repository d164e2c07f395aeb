"""Telling that the audit log is not as the program wrote it: each finding once, to those who administer and
to the leadership, since whoever did it may be an administrator.

It is no reason for /healthz to fail: a restart mends nothing, and the watch goes on.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from defacewatch import metrics
from defacewatch.alerts import AlertKind, Draft
from defacewatch.audit import WAS_BROKEN, Broken
from defacewatch.portals import Urgency
from defacewatch.roster import Duty, Roster
from defacewatch.store import Store

TOLD = (Duty.ADMIN, Duty.LEADERSHIP)

log = structlog.get_logger(__name__)


class AuditWatch:
    """Looks at the end of the log, at the file beside the secret key, and for what was found when something
    was added. What was told is read from the alerts, so a restart neither repeats nor forgets it."""

    def __init__(self, store: Store, roster: Callable[[], Roster], clock: Callable[[], datetime]) -> None:
        self.store, self.roster, self.clock = store, roster, clock

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        broken = await self.store.audit.witness()
        count, latest = await self.store.audit.findings()
        metrics.AUDIT_BROKEN.set(0 if broken is None else 1)
        metrics.AUDIT_FINDINGS.set(count)
        found = [broken] if broken is not None else []
        found += [Broken(latest, WAS_BROKEN)] if latest else []
        raised = [await self._tell(each) for each in found]
        return any(raised)

    async def _tell(self, broken: Broken) -> bool:
        facts: dict[str, object] = {"entry": broken.number, "found": broken.why}
        if await self.store.alerts.last((AlertKind.AUDIT_BROKEN,), facts=facts) is not None:
            return False
        roster = self.roster()
        if to := [officer.key for role in TOLD for officer in roster.with_role(role)]:
            facts["to"] = to  # else those on duty
        log.error("the audit log is told to be broken", entry=broken.number, found=broken.why)
        draft = Draft(AlertKind.AUDIT_BROKEN, Urgency.HIGH, facts)
        await self.store.alerts.raise_(draft, now=self.clock())
        return True
