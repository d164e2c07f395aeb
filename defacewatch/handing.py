"""Making handovers: what one shift leaves to the next, told to both, and to those who lead if unconfirmed."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from defacewatch import shifttests
from defacewatch.alerts import AlertKind, takes
from defacewatch.calling import Sending, Sends
from defacewatch.handovers import Handover, is_late, last_change
from defacewatch.incidents import State
from defacewatch.notify.content import incident_code
from defacewatch.roster import Duty, Officer, Roster, leads
from defacewatch.rostering import names
from defacewatch.shifttests import ChannelTest
from defacewatch.store import Store
from defacewatch.verdicts import VerdictKind

log = structlog.get_logger(__name__)

LISTED = 20  # incidents that a summary names
LOOKED_AT = 3  # changes of shift that may still have to be told of
SINCE = timedelta(hours=12)  # that is told of where there was no handover before

Facts = Mapping[str, object]


class HandingOver:
    """Makes a handover at each change of shift, once, whatever restarts between; its message tests the
    channels of whoever comes that are on (`sending`). Those that are not for handovers get a short test
    instead. `itself` says what is known of the watch itself (coverage, channels)."""

    def __init__(
        self,
        store: Store,
        roster: Callable[[], Roster],
        clock: Callable[[], datetime],
        itself: Callable[[], Facts] = dict,
        sending: Callable[[], Sends] = Sending,
    ) -> None:
        self.store, self.roster, self.clock = store, roster, clock
        self.itself, self.sending = itself, sending

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
        people = [officer for key in incoming if (officer := roster.officer(key)) is not None]
        sending = self.sending()
        tests = shifttests.wanted(people, sending.channels) if roster.shift_test.enabled else ()
        handover = Handover(at, outgoing, incoming, summary)
        short = [test for test in tests if not takes(sending.kinds, test[1], AlertKind.HANDOVER)]
        number = await self.store.handovers.begin(handover, now=now, tests=tests, short=short)
        if number is not None:
            log.info("handover", number=number, outgoing=outgoing, incoming=incoming)
        return number is not None

    async def _escalate(self) -> bool:
        """Tell those who lead who has not confirmed, and of channels that are not proved: in one message
        where both are due."""
        now, roster = self.clock(), self.roster()
        asked = await self.store.channel_tests.last(LOOKED_AT) if roster.shift_test.enabled else []
        left = list(shifttests.due(asked, roster.shift_test.within, now))
        begun = False
        for handover in await self.store.handovers.last(LOOKED_AT):
            if not is_late(handover, now):
                continue
            mine = [test for test in left if test.handover == handover.id]
            left = [test for test in left if test not in mine]
            begun |= await self.store.handovers.escalate(
                handover.id,
                to=_who_leads(roster, {*handover.missing, *(test.officer for test in mine)}, now),
                missing=names(roster, handover.missing),
                now=now,
                tests=[test.id for test in mine],
                unproved=_told(roster, mine),
            )
        if left:
            to = _who_leads(roster, {test.officer for test in left}, now)
            tests = [test.id for test in left]
            log.warning("channels not proved", tests=[f"{test.officer}: {test.channel}" for test in left])
            begun |= await self.store.channel_tests.tell(tests, _told(roster, left), to=to, now=now)
        return begun


def _who_leads(roster: Roster, about: Collection[str], now: datetime) -> tuple[str, ...]:
    """Those who lead, by key; the leadership as well where there is nobody else than those whom it is
    about."""
    found: tuple[Officer, ...] = leads(roster, now)
    if all(officer.key in about for officer in found):
        found += roster.with_role(Duty.LEADERSHIP)
    found = found or tuple(officer for officer in roster.officers if officer.key not in about)
    return tuple(officer.key for officer in found)


def _told(roster: Roster, tests: Sequence[ChannelTest]) -> list[dict[str, object]]:
    """Tests as those who lead are told of them."""
    return [
        {
            "officer": names(roster, [test.officer]),
            "channel": test.channel,
            "error": (test.error or "")[:200] if test.failed else None,
        }
        for test in tests
    ]


async def situation(store: Store, roster: Roster, since: datetime, now: datetime) -> dict[str, object]:
    """What a shift leaves: incidents that are not resolved and who has them, pages that are blind or paused,
    announcements that run, looks that wait for approval, and what happened since."""
    unresolved = await store.incidents.list(states=(State.OPEN, State.ACKNOWLEDGED))
    views = [view for view in unresolved if not view.page.drill]
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
        "muted": await store.duty.left_out(now),
        "windows": len(await store.windows.running(now)),
        "proposals": await store.baselines.count_proposals(),
        "since": since.isoformat(),
        "alerts": dict(Counter(await store.alerts.kinds_since(since))),
    }
