"""What the pages of the duty desk share: their tabs, who may do what, and what forms bring."""

from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import structlog
from aiohttp import hdrs, web

from defacewatch.accounts import Account, Role
from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.language import N_
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.rostering import arranges, as_entered, names
from defacewatch.web.console import VISITOR, Visitor, console_of, words_of
from defacewatch.web.problems import Refused
from defacewatch.web.visitors import owner_of
from defacewatch.web.words import Words

log = structlog.get_logger(__name__)

VIA = "console"
FORM = "%Y-%m-%dT%H:%M"  # as a browser's field for a local time has it
YEARS = (2000, 2200)  # that a form may speak of
NEED_TIMES = N_("both times are needed")
NOT_YOURS = N_("Only a shift lead or an administrator may do this for others.")
WORKED = {
    "entered": N_("Entered. Alerts follow the new roster within seconds."),
    "withdrawn": N_("Taken back. It stays in the history."),
    "confirmed": N_("You have confirmed the handover."),
    "announced": N_("The window is entered, and those on duty are told."),
    "ended": N_("The window is ended. What it let pass is looked at afresh."),
    "sent": N_("The test is on its way; its receipt appears below."),
    "received": N_("Noted: this channel reaches you."),
}
REPORTS = "reports"  # name people with their times: not for those who only look
TABS = (
    ("duty", "/duty", N_("Now")),
    ("roster", "/duty/roster", N_("Roster")),
    ("preview", "/duty/preview", N_("Who would be called")),
    ("handovers", "/duty/handovers", N_("Handovers")),
    ("windows", "/duty/windows", N_("Maintenance windows")),
    ("channels", "/duty/channels", N_("Channels")),
    (REPORTS, "/duty/reports", N_("Reports")),
)
ROLES = {
    Duty.OFFICER: N_("officer on watch"),
    Duty.SHIFT_LEAD: N_("shift lead"),
    Duty.LEADERSHIP: N_("leadership"),
    Duty.ADMIN: N_("administrator of the roster"),
    Duty.OUTSIDE: N_("outside body"),
}


async def roster_of(request: web.Request) -> Roster:
    """The roster with the leave and swaps that stand at this moment."""
    console = console_of(request)
    return as_entered(console.roster(), await console.store.absences.standing())


def account_of(request: web.Request) -> Account | None:
    visitor: Visitor | None = request.get(VISITOR)
    return visitor.account if visitor is not None else None


def role_of(request: web.Request) -> Role | None:
    """What whoever asks by name may do: a program what its token may, which can be less than its owner."""
    visitor: Visitor | None = request.get(VISITOR)
    return visitor.role if visitor is not None and visitor.account is not None else None


def acts(request: web.Request) -> bool:
    """Whether whoever asks may act at all, and see how others are reached."""
    role = role_of(request)
    return role is not None and role.covers(Role.OFFICER)


def officer_of(request: web.Request, roster: Roster) -> Officer | None:
    """The officer that the account of whoever asks is of."""
    account = account_of(request)
    own = account.officer if account is not None else None
    return next((one for one in roster.officers if own and one.key == own), None)


def arranging(request: web.Request, roster: Roster) -> bool:
    """Whether whoever asks may act for others: a shift lead, or an administrator."""
    if not acts(request):
        return False
    me, now = officer_of(request, roster), console_of(request).clock()
    return role_of(request) is Role.ADMIN or (me is not None and arranges(roster, me.key, now))


def by(request: web.Request) -> str:
    return owner_of(request).signs_as


def refused(request: web.Request, *, of: str) -> Refused:
    """Why something is not done: it is another's."""
    log.warning("refused: not theirs", path=request.path, of=of, by=by(request), remote=request.remote)
    return Refused(NOT_YOURS)


def page(
    request: web.Request,
    template: str,
    tab: str,
    roster: Roster,
    *,
    problem: DefacewatchError | None = None,
    **values: object,
) -> web.Response:
    """A page of the desk, with what was in the way where something was."""
    words = words_of(request)
    status = HTTPStatus.OK
    if problem is not None:
        status = HTTPStatus.FORBIDDEN if isinstance(problem, Refused) else HTTPStatus.UNPROCESSABLE_ENTITY
    called = {one.key: one for one in (*roster.officers, *roster.outside)}
    return console_of(request).renderer.page(
        template,
        words,
        status=status,
        tabs=[tab for tab in TABS if acts(request) or tab[0] != REPORTS],
        tab=tab,
        here=next(address for key, address, _ in TABS if key == tab),
        problem=_said(problem, roster, words) if problem is not None else None,
        done=WORKED.get(request.query.get("done", "")),
        acts=acts(request),
        arranging=arranging(request, roster),
        me=officer_of(request, roster),
        people=called,
        names=lambda keys: words.text(names(roster, keys)),
        duties={key: words._(text) for key, text in ROLES.items()},
        **values,
    )


def _said(problem: DefacewatchError, roster: Roster, words: Words) -> str:
    """What was in the way, with the officer's name in place of the key."""
    key = problem.facts.get("officer")
    return (
        problem.said(words._, officer=names(roster, [key])) if isinstance(key, str) else problem.said(words._)
    )


def worked(where: str, what: str) -> web.Response:
    mark = "&" if "?" in where else "?"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"{where}{mark}done={what}"})


def local(text: str, zone: str) -> datetime:
    """A local time of a form's field. Raises UsageError."""
    try:
        at = datetime.strptime(text, FORM).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise UsageError(NEED_TIMES) from None
    if not YEARS[0] <= at.year <= YEARS[1]:  # what is reckoned from it has to be a time as well
        raise UsageError(NEED_TIMES)
    return at


def written(moment: datetime, zone: str) -> str:
    """A moment as the value of a form's field."""
    return moment.astimezone(ZoneInfo(zone)).strftime(FORM)


def whole(moment: datetime, zone: str) -> datetime:
    """The full hour that a moment is in."""
    return moment.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
