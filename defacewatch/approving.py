"""Who may propose and approve a baseline: what commands and console have in common."""

from defacewatch.baselines import plain_name
from defacewatch.portals import Portal
from defacewatch.roster import Roster


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
