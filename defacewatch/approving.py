"""Who may propose and approve a baseline: what commands and console have in common."""

from collections.abc import Collection, Iterable

from defacewatch.accounts import Account, Role
from defacewatch.audit import account_in
from defacewatch.baselines import Hurdle, hurdle, plain_name
from defacewatch.captures import Capture
from defacewatch.errors import Conflict
from defacewatch.language import N_
from defacewatch.portals import Portal
from defacewatch.roster import Roster

STRANGER = N_(
    "This portal is critical: only officers of the roster do that, and you are known as none."
    " An administrator can link your account with one."
)

FOREIGN = N_(
    "This portal is critical, and who proposed the capture is no officer of the roster:"
    " an officer has to propose it first, and another to approve it."
)


SAME_ACCOUNT = N_(
    "This portal is critical, and the first of the two steps was done with this account as well, whomever it"
    " was linked with: another person has to do the second."
)


def check_account(source: str, used: Collection[str]) -> None:
    """Raise Conflict where who acts from `source` does so with an account that is among those `used` for the
    first of two steps: an account that was linked with another officer meanwhile is no second person."""
    if account_in(source) in used:
        raise Conflict(SAME_ACCOUNT)


def known_as(given: str, roster: Roster) -> str:
    """The key of the one officer whose key, name or e-mail `given` is (as names are compared, `plain_name`),
    so that a person has one name however they act; otherwise `given`."""
    wanted = plain_name(given)
    keys = {o.key for o in roster.officers if plain_name(o.key) == wanted} or {
        o.key for o in roster.officers if wanted in (plain_name(o.name), plain_name(o.email or ""))
    }
    return keys.pop() if len(keys) == 1 else given


def is_stranger(name: str, roster: Roster, portal: Portal) -> bool:
    """Whether somebody may neither propose nor approve for a portal, since it is critical and the roster that
    there is does not know them: two names of one person must not pass for two people."""
    return portal.critical and bool(roster.officers) and roster.officer(name) is None


def check_known(name: str, roster: Roster, portal: Portal) -> None:
    """Raise Conflict where `name` is a stranger."""
    if is_stranger(name, roster, portal):
        raise Conflict(STRANGER)


def in_the_way(portal: Portal, capture: Capture, *, by: str, waiting: bool, roster: Roster) -> Hurdle | None:
    """What is in the way of `by`, who would approve a capture that is a proposal, `waiting` or not."""
    if is_stranger(by, roster, portal):
        return Hurdle.NO_OFFICER
    waits = waiting and not proposed_by_stranger(capture, roster, portal)
    return hurdle(portal, capture, by=by, waiting=waits)


def proposed_by_stranger(capture: Capture, roster: Roster, portal: Portal) -> bool:
    """Whether nobody has proposed a capture who counts: whoever had it learned may be a stranger as well, or
    an agency that announced it. An officer has to propose it then, in their place."""
    return capture.proposed_by is not None and is_stranger(capture.proposed_by, roster, portal)


def check_people(by: str, capture: Capture, roster: Roster, portal: Portal) -> None:
    """Raise Conflict where who would approve a capture is a stranger, or who proposed it."""
    check_known(by, roster, portal)
    if proposed_by_stranger(capture, roster, portal):
        raise Conflict(FOREIGN)


def who_can(
    accounts: Iterable[Account],
    portal: Portal,
    capture: Capture,
    *,
    roster: Roster,
    bound: Collection[int] = (),
) -> list[Account]:
    """Those who can approve a capture that waits; nobody twice who has several accounts. Accounts `bound`
    are those that a provider outside signs in, with a password here or without."""
    able = {
        account.signs_as: account
        for account in accounts
        if account.role.covers(Role.APPROVER)
        and not account.disabled
        and (account.has_password or account.id in bound)
        and in_the_way(portal, capture, by=account.signs_as, waiting=True, roster=roster) is None
    }
    return sorted(able.values(), key=lambda account: account.display)
