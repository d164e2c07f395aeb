"""What officers do through the bot: acknowledge, call a false alarm, propose the new look.

Each of these may be asked twice (Telegram hands out an update again when its receipt was lost), so asking
again for what one has already done is answered as done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram import InlineKeyboardMarkup

from defacewatch.bot import answers
from defacewatch.errors import Conflict
from defacewatch.incidents import CHANGED_FURTHER, Incident, Resolution, Shown, State
from defacewatch.language import Translate
from defacewatch.notify.buttons import Action, Press, choices, confirmation, taking_all
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store

VIA = "telegram"


@dataclass(frozen=True)
class Answer:
    """What to tell, and the buttons that are left under the alert. `told` puts it into the chat as well."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None
    told: bool = True


class Presses:
    """Carries out what is asked, for an officer who is known."""

    def __init__(
        self, store: Store, roster: Callable[[], Roster], clock: Callable[[], datetime], zone: str
    ) -> None:
        self.store, self.roster, self.clock, self.zone = store, roster, clock, zone

    async def press(
        self, press: Press, officer: Officer, _: Translate, *, shown_at: datetime | None
    ) -> Answer:
        """Do what a button asks; `shown_at` is when its message was sent. Raises DefacewatchError."""
        if press.action is Action.HANDOVER:
            return await self._handover(press, officer, _)
        if press.action is Action.ALL:
            return await self._take_all(press, officer, _)
        if press.action is Action.ACKNOWLEDGE:
            return await self.acknowledge(press, officer, _)
        if press.action is Action.LEGITIMATE:
            return await self._propose(press, officer, _)
        if press.action is Action.BACK:
            return await self._back(press, _)
        return await self._false_alarm(press, officer, _, shown_at)

    async def acknowledge(self, press: Press, officer: Officer, _: Translate) -> Answer:
        """Take an incident, or say who has it. Raises NotFound."""
        try:
            taken = await self.store.incidents.acknowledge(
                press.incident, by=officer.key, via=VIA, now=self.clock()
            )
        except Conflict:
            return await self._stands(press, _)
        text = answers.acknowledged(taken, self.roster(), self.zone, _)
        return Answer(text, choices(press.incident, press.capture, _, acknowledge=False))

    async def _take_all(self, press: Press, officer: Officer, _: Translate) -> Answer:
        """Take whatever nobody has of what a message told of when its button was made. Raises NotFound."""
        number = press.incident
        up_to = int(press.capture) if press.capture and press.capture.isdecimal() else 0
        carried = await self.store.messages.carried(number)
        incidents = [entry.incident for entry in carried if entry.incident is not None]
        taken = await self._take([incident for incident in incidents if incident.id <= up_to], officer)
        later = [i for i in incidents if i.id > up_to and i.state is State.OPEN]
        left = taking_all(number, len(later), max(i.id for i in later), _) if later else None
        mine = sum(incident.acknowledged_by == officer.key for incident in incidents)
        text = answers.took_all(len(taken), mine, len(later), officer, _)
        return Answer(text, left, told=bool(taken or later))

    async def take_campaign(self, campaign: int, officer: Officer, _: Translate) -> Answer:
        """Take whatever nobody has of a campaign. Raises NotFound."""
        await self.store.campaigns.get(campaign)
        incidents = [view.incident for view in await self.store.campaigns.members(campaign)]
        taken = await self._take(incidents, officer)
        mine = sum(incident.acknowledged_by == officer.key for incident in incidents)
        return Answer(answers.took_all(len(taken), mine, 0, officer, _))

    async def _take(self, incidents: Sequence[Incident], officer: Officer) -> list[Incident]:
        return await self.store.incidents.acknowledge_all(
            [incident.id for incident in incidents], by=officer.key, via=VIA, now=self.clock()
        )

    async def _handover(self, press: Press, officer: Officer, _: Translate) -> Answer:
        """Confirm a handover; asked again it says so again. Raises NotFound, Conflict."""
        handover = await self.store.handovers.confirm(
            press.incident, officer=officer.key, via=VIA, now=self.clock(), channel=VIA
        )
        mine = [t for t in await self.store.channel_tests.of(handover.id) if t.officer == officer.key]
        left = [test.channel for test in mine if test.acknowledged_at is None]
        return Answer(answers.handed_over(handover, self.roster(), _, unproved=left))

    async def _false_alarm(
        self, press: Press, officer: Officer, _: Translate, shown_at: datetime | None
    ) -> Answer:
        view = await self.store.incidents.get(press.incident)
        if view.incident.state is State.RESOLVED:
            return await self._stands(press, _)
        shown = Shown(capture=press.capture, at=shown_at)
        if shown.misses(await self.store.incidents.timeline(press.incident)):
            raise Conflict(CHANGED_FURTHER)
        if press.action is Action.FALSE_ALARM:
            words = _("Close it as a false alarm? This exact difference will not alert again.")
            return Answer(words, confirmation(press, _), told=False)
        closed = await self.store.incidents.resolve(
            press.incident,
            as_=Resolution.FALSE_ALARM,
            by=officer.key,
            now=self.clock(),
            via=VIA,
            shown=shown,
        )
        return Answer(answers.resolved(closed, self.roster(), self.zone, _))

    async def _propose(self, press: Press, officer: Officer, _: Translate) -> Answer:
        view = await self.store.incidents.get(press.incident)
        if press.capture is None or view.incident.state is State.RESOLVED:
            return await self._stands(press, _)
        if (await self.store.baselines.capture(press.capture)).page != view.page.id:
            raise Conflict(_("This button does nothing any more."))
        capture = await self.store.baselines.propose(
            press.capture, by=officer.key, now=self.clock(), via=VIA, roster=self.roster()
        )
        text = answers.proposed(capture.id, capture.proposed_by or officer.key, self.roster(), _)
        left = choices(press.incident, None, _, acknowledge=view.incident.state is State.OPEN)
        return Answer(text, left)

    async def _back(self, press: Press, _: Translate) -> Answer:
        stands = await self._stands(press, _)
        return Answer(_("Nothing was done."), stands.keyboard, told=False)

    async def _stands(self, press: Press, _: Translate) -> Answer:
        """How an incident stands, and the buttons that still make sense."""
        incident = (await self.store.incidents.get(press.incident)).incident
        if incident.state is State.RESOLVED:
            return Answer(answers.resolved(incident, self.roster(), self.zone, _), told=False)
        is_open = incident.state is State.OPEN
        left = choices(press.incident, press.capture, _, acknowledge=is_open)
        if is_open:
            return Answer(_("The incident is open."), left, told=False)
        return Answer(answers.acknowledged(incident, self.roster(), self.zone, _), left, told=False)
