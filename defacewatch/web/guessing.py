"""What makes guessing passwords slow: after some failures a name has to wait, ever longer, never for good.
Attempts are counted before they are tried, so that none goes round the wait beside others."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FREE = 5  # failures in a row before anybody has to wait
FIRST_WAIT = timedelta(seconds=2)  # doubled with each further failure
LONGEST_WAIT = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(hours=1)  # without a failure
NAMES = 4096  # remembered; the longest unheard of is forgotten first
TICKET_TRIES = 5  # codes that are tried for one password that was right


@dataclass
class Guesses:
    """Failures by name, whether there is such an account or not. Whoever comes from an address that the
    account knows is counted apart, so that strangers who guess do not keep an officer out."""

    seen: OrderedDict[str, tuple[int, datetime]] = field(default_factory=OrderedDict)

    def wait(self, name: str, now: datetime) -> timedelta | None:
        """How long until this name may be tried again, or None."""
        failures, last = self.seen.get(name, (0, now))
        if failures < FREE or now - last >= FORGOTTEN_AFTER:
            return None
        pause = min(FIRST_WAIT * 2 ** min(failures - FREE, 20), LONGEST_WAIT)
        return last + pause - now if last + pause > now else None

    def failed(self, name: str, now: datetime) -> datetime:
        """Count a failure, or an attempt as one before it is tried; when the one before it was."""
        failures, last = self.seen.pop(name, (0, now))
        self.seen[name] = (1 if now - last >= FORGOTTEN_AFTER else failures + 1, now)
        while len(self.seen) > NAMES:
            self.seen.popitem(last=False)
        return last

    def take_back(self, name: str, at: datetime, before: datetime) -> None:
        """An attempt counted `at` was none: the failures are again those `before`, but for later ones."""
        failures, last = self.seen.get(name, (0, at))
        if failures > 1:
            self.seen[name] = (failures - 1, before if last == at else last)
        else:
            self.seen.pop(name, None)

    def succeeded(self, name: str) -> None:
        self.seen.pop(name, None)


@dataclass
class Tries:
    """How often a code was tried with one ticket."""

    seen: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def take(self, ticket: str) -> bool:
        """Take one of the tries; False when there is none left."""
        taken = self.seen.pop(ticket, 0)
        self.seen[ticket] = taken + 1
        while len(self.seen) > NAMES:
            self.seen.popitem(last=False)
        return taken < TICKET_TRIES
