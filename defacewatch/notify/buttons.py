"""The buttons under a Telegram alert, and what a press of one means."""

from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from defacewatch.language import Translate

DATA_BYTES = 64  # what Telegram lets a button carry


class Action(StrEnum):
    ACKNOWLEDGE = "ack"
    FALSE_ALARM = "false"
    CONFIRM_FALSE_ALARM = "sure"
    LEGITIMATE = "legit"
    BACK = "back"
    HANDOVER = "hand"  # its number stands where the incident's would
    ALL = "all"  # and here that of the message


@dataclass(frozen=True)
class Press:
    """One press: what is wanted, for which incident, and the capture that was shown with it."""

    action: Action
    incident: int
    capture: str | None = None

    @property
    def data(self) -> str:
        """'ack:7', 'legit:7:01J…': what the button carries."""
        capture = f":{self.capture}" if self.capture else ""
        return f"{self.action}:{self.incident}{capture}"


def parse(data: str | None) -> Press | None:
    """The press that `data` stands for, or None if it is not from a button of ours."""
    action, _, rest = (data or "").partition(":")
    incident, _, capture = rest.partition(":")
    if action not in set(Action) or not (incident.isascii() and incident.isdecimal()):
        return None
    return Press(Action(action), int(incident), capture or None)


def choices(
    incident: int, capture: str | None, _: Translate, *, acknowledge: bool = True, judge: bool = True
) -> InlineKeyboardMarkup | None:
    """The buttons of an alert: acknowledge, false alarm, legitimate update (where a capture was shown).

    `acknowledge` and `judge` say which still make sense; None when none does.
    """
    rows: list[list[InlineKeyboardButton]] = []
    if acknowledge:
        rows.append([_button("✋ " + _("Acknowledge"), Press(Action.ACKNOWLEDGE, incident, capture))])
    if judge:
        second = [_button(_("False alarm"), Press(Action.FALSE_ALARM, incident, capture))]
        if capture:
            second.append(_button(_("Legitimate update"), Press(Action.LEGITIMATE, incident, capture)))
        rows.append(second)
    return InlineKeyboardMarkup(rows) if rows else None


def taking_all(message: int, count: int, up_to: int, _: Translate) -> InlineKeyboardMarkup:
    """The button under a message that carries several alerts; it takes none of incidents whose number is
    higher than `up_to`, which it does not tell of."""
    words = _("Take all {count}").format(count=count)
    return InlineKeyboardMarkup([[_button("✋ " + words, Press(Action.ALL, message, str(up_to)))]])


def handing(handover: int, _: Translate) -> InlineKeyboardMarkup:
    """The button under a handover."""
    return InlineKeyboardMarkup(
        [[_button("✅ " + _("I confirm the handover"), Press(Action.HANDOVER, handover))]]
    )


def confirmation(press: Press, _: Translate) -> InlineKeyboardMarkup:
    """The second question before an incident is closed as a false alarm."""
    sure = Press(Action.CONFIRM_FALSE_ALARM, press.incident, press.capture)
    back = Press(Action.BACK, press.incident, press.capture)
    return InlineKeyboardMarkup([[_button("⚠️ " + _("Yes, a false alarm"), sure), _button(_("Back"), back)]])


def _button(words: str, press: Press) -> InlineKeyboardButton:
    data = press.data
    if len(data.encode()) > DATA_BYTES:
        raise ValueError(f"{data!r} is longer than a button can carry")
    return InlineKeyboardButton(words, callback_data=data)
