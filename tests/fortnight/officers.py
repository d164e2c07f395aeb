"""The officers: they read what reaches them, and answer by a button, the link in a mail, or the console, most
of them, after a while; some twice, one never."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

import aiohttp

from defacewatch.demo.botapi import BotApi
from defacewatch.demo.botrules import Sent
from defacewatch.errors import Conflict
from defacewatch.notify.buttons import Action, parse
from defacewatch.store import Store
from tests.fortnight.outside import Received
from tests.fortnight.setting import ROLES, SILENT, TELEGRAM

ANSWERED_WITHIN = 5.0  # real seconds
LATER = timedelta(minutes=2)  # where the daemon does not answer just then
ANSWERS = {"officer": 0.75, "shift_lead": 0.9, "leadership": 0.95, "admin": 0.5}  # how likely
TAKES = {"officer": (1, 9), "shift_lead": (1, 10), "leadership": (3, 20), "admin": (5, 30)}  # minutes
CONFIRMS = 0.9  # how likely a handover is confirmed
TWICE = 0.1  # how likely somebody presses twice


class What(StrEnum):
    TAKE = "take an incident"
    TAKE_ALL = "take all that a message tells of"
    CONFIRM = "confirm a handover"


WANTS = {Action.ACKNOWLEDGE: What.TAKE, Action.ALL: What.TAKE_ALL, Action.HANDOVER: What.CONFIRM}


@dataclass(frozen=True)
class Act:
    """What an officer is going to do, about incident or handover `number` (of several incidents the highest);
    `message` or `link` brought it, `data` is its button."""

    at: datetime
    officer: str
    what: What
    via: str
    number: int
    message: Sent | None = None
    link: str | None = None
    data: str | None = None


@dataclass(frozen=True)
class Done:
    """What an officer did, and whether it was taken as done."""

    act: Act
    at: datetime
    took: bool


class Officers:
    """`plan` is called with each act that is to come; `perform` does it."""

    def __init__(self, dice: random.Random, plan: Callable[[Act], None]) -> None:
        self.dice, self.plan = dice, plan
        self.decided: set[tuple[str, What, int]] = set()
        self.done: list[Done] = []

    def reads(self, received: Received, message: Sent | EmailMessage) -> None:
        """An officer has a new message."""
        asked = _asked(message, received.incidents)
        if asked is None or received.officer == SILENT:
            return
        what, number, link, data = asked
        if (received.officer, what, number) in self.decided:
            return
        self.decided.add((received.officer, what, number))
        role = ROLES.get(received.officer, "officer")
        if self.dice.random() > (CONFIRMS if what is What.CONFIRM else ANSWERS[role]):
            return
        via = received.channel
        if what is What.TAKE and self.dice.random() < 0.1:
            via = "console"
        at = received.at + timedelta(minutes=self.dice.uniform(*TAKES[role]))
        sent = message if isinstance(message, Sent) else None
        act = Act(at, received.officer, what, via, number, sent, link, data)
        self.plan(act)
        if self.dice.random() < TWICE:
            self.plan(_again(act, at + timedelta(seconds=30)))

    async def perform(
        self, act: Act, now: datetime, *, store: Store, botapi: BotApi, reachable: bool, daemon: bool
    ) -> None:
        """Do it. `reachable` says whether Telegram works, `daemon` whether the daemon runs: a link that does
        not answer, or a button that cannot be pressed, is tried again later."""
        if act.via == "telegram" and reachable:
            assert act.message is not None
            answers = len(botapi.answers)
            assert act.data is not None
            await botapi.press(act.message, act.data, TELEGRAM[act.officer])
            if daemon:
                try:
                    await botapi.wait_for_answer(answers + 1, ANSWERED_WITHIN)
                except TimeoutError:
                    return  # it is in Telegram's queue
            self._note(act, now, took=True)
        elif act.via == "email" and daemon:
            assert act.link is not None
            self._note(act, now, took=await _follow(act.link))
        elif act.via == "console":
            try:
                await store.incidents.acknowledge(act.number, by=act.officer, via="console", now=now)
            except Conflict:
                self._note(act, now, took=False)
            else:
                self._note(act, now, took=True)
        else:
            self.plan(_again(act, now + LATER))

    def _note(self, act: Act, at: datetime, *, took: bool) -> None:
        self.done.append(Done(act, at, took))


def _again(act: Act, at: datetime) -> Act:
    return Act(at, act.officer, act.what, act.via, act.number, act.message, act.link, act.data)


def _asked(
    message: Sent | EmailMessage, incidents: frozenset[int]
) -> tuple[What, int, str | None, str | None] | None:
    """What a message asks its reader to do: by its buttons, or by the link in a mail."""
    if isinstance(message, Sent):
        presses = [parse(data) for data in message.button_data]
        for press in presses:
            if press is not None and press.action in WANTS:
                number = int(press.capture or 0) if press.action is Action.ALL else press.incident
                return WANTS[press.action], number, None, press.data
        return None
    body = message.get_body(("plain",))
    link = re.search(r"http://127\.0\.0\.1:\d+/take/\S+", body.get_content() if body is not None else "")
    if link is None:
        return None
    if str(message["Message-ID"]).startswith("<message-"):
        return What.TAKE_ALL, max(incidents), link[0], None
    if message["X-Defacewatch-Incident"]:
        return What.TAKE, int(message["X-Defacewatch-Incident"]), link[0], None
    return What.CONFIRM, int(link[0].split("/take/")[1].split("/")[0]), link[0], None


async def _follow(link: str) -> bool:
    """Open the link, and press the button on its page; whether it was accepted."""
    try:
        async with aiohttp.ClientSession() as client:
            async with client.get(link) as page:
                if page.status != 200:
                    return False
                shown = re.search(r'name="up_to" value="(\d+)"', await page.text())
            async with client.post(link, data={"up_to": shown[1]} if shown else None) as answer:
                return answer.status == 200
    except aiohttp.ClientError:
        return False
