"""The models of channels, their tests, and addresses that are secrets."""

from defacewatch.alerts import DeliveryState
from defacewatch.shifttests import Outcome
from defacewatch.web.api.lines import DeliveryLine
from defacewatch.web.api.shared import Listed, Moment, Shape


class ChannelTestLine(Shape):
    shift: Moment
    officer: str
    channel: str
    state: Outcome
    sent_at: Moment | None
    receipt: str | None
    error: str | None
    acknowledged_at: Moment | None
    via: str | None
    told_at: Moment | None


class ChannelTests(Listed):
    channel_tests: list[ChannelTestLine]


class ChannelLine(Shape):
    """A channel that is on: whether it answers, how many officers it reaches, what waits or was given up."""

    channel: str
    works: bool
    error: str | None
    reaches: int
    waiting: int
    failed: int


class Channels(Shape):
    channels: list[ChannelLine]


class TriedLine(Shape):
    """One message of a test that somebody asked for."""

    officer: str
    channel: str
    at: Moment
    by: str
    state: DeliveryState
    sent_at: Moment | None
    receipt: str | None
    error: str | None


class TriedTests(Shape):
    tests: list[TriedLine]


class TestAsked(Shape):
    alert: int


class TestAlert(Shape):
    """To whom it goes, by keys."""

    officers: list[str]


class TrialLine(Shape):
    """`waiting`: something is on its way. `passed`: all was delivered, and everybody reached."""

    at: Moment
    officers: list[str]
    waiting: bool
    passed: bool
    unreached: list[str]
    deliveries: list[DeliveryLine]


class LastTrial(Shape):
    """Null before the first."""

    trial: TrialLine | None


class Address(Shape):
    """A secret, told once."""

    url: str


class AddressEnded(Shape):
    """The portal whose address has ended."""

    ended: str
