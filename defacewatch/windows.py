"""Maintenance windows and announced updates: when a portal is expected to change, who says so, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from defacewatch.errors import UsageError
from defacewatch.language import N_
from defacewatch.verdicts import Verdict, VerdictKind

LONGEST = timedelta(days=7)
AHEAD = timedelta(days=60)  # that it may begin from now
LINK = "link"  # how an agency announces by its own link: whoever has it types the name
TEXT = 300  # characters of a reason or a name


@dataclass(frozen=True)
class Window:
    """From `start` to before `end` changes of a portal are expected. `by` announced it, `contact` is whom to
    ask; `via` how it was announced ('cli', 'link' …). `id` is 0 until the store gives one."""

    portal: str
    start: datetime
    end: datetime
    by: str
    reason: str
    contact: str = ""
    via: str = ""
    id: int = 0

    @property
    def signed(self) -> str:
        """Who announced it, as it is written down: by a link nobody is known."""
        return f"{LINK}:{self.portal}" if self.via == LINK else self.by


@dataclass(frozen=True)
class Announced:
    """A window as it was entered: when, and who has withdrawn it."""

    window: Window
    at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


def checked(window: Window, now: datetime) -> Window:
    """The window, its texts squeezed, if it can be. Raises UsageError, saying what is wrong."""
    by, reason, contact = (
        " ".join(text.split())[:TEXT] for text in (window.by, window.reason, window.contact)
    )
    if not by or not reason:
        raise UsageError(N_("a name and what will be done are needed"))
    if window.end <= window.start:
        raise UsageError(N_("it must end after it begins"))
    if window.end - window.start > LONGEST:
        raise UsageError(N_("it may last seven days at most"))
    if window.end <= now:
        raise UsageError(N_("it is over already"))
    if window.start - now > AHEAD:
        raise UsageError(N_("it must begin within sixty days"))
    return Window(window.portal, window.start, window.end, by, reason, contact, window.via, window.id)


def is_expected(window: Window | None, verdict: Verdict) -> bool:
    """Whether a verdict is what a window lets expect: a change, or that the portal is away. Evidence of
    attack never is."""
    if window is None or verdict.wavered or verdict.intermittent:
        return False
    return verdict.kind in (VerdictKind.CHANGED, VerdictKind.UNREACHABLE)
