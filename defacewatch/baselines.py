"""Baselines: the captures that a person approved as "this is how it looks". Append-only."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from defacewatch.captures import Capture
from defacewatch.errors import Conflict, UsageError
from defacewatch.features import Features
from defacewatch.language import N_
from defacewatch.portals import Portal


@dataclass(frozen=True)
class Approval:
    """One line of a page's baseline history. `also` added a look; otherwise it replaced those before.
    `withdrawn_at` is when a later approval replaced it."""

    id: int
    page: str
    capture: str
    by: str
    at: datetime
    reason: str
    also: bool = False
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class ApprovedLook:
    """An approved capture, reduced to what comparing needs."""

    capture: str
    features: Features


@dataclass(frozen=True)
class Baseline:
    """The looks of a page that are approved now; `version` grows with every approval."""

    page: str
    version: int
    looks: tuple[ApprovedLook, ...]


def plain_name(name: str) -> str:
    """A person's name or key as it is compared: what looks the same on a screen is the same.

    NFKC, case folded, white space collapsed, controls and invisible formats (category C) left out.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (c for c in folded if c.isspace() or not unicodedata.category(c).startswith("C"))
    return " ".join("".join(seen).split())


class Hurdle(StrEnum):
    """What is in the way of somebody who would approve a capture of a critical portal."""

    NOT_PROPOSED = "not-proposed"  # nobody has proposed it, or what was proposed has been settled since
    OWN_PROPOSAL = "own-proposal"
    NO_OFFICER = "no-officer"  # the roster knows nobody of that name


def hurdle(portal: Portal, capture: Capture, *, by: str, waiting: bool) -> Hurdle | None:
    """The rule of the second person; `waiting` tells whether the capture is a proposal that still waits."""
    if not portal.critical:
        return None
    if capture.proposed_by is None or not waiting:
        return Hurdle.NOT_PROPOSED
    return Hurdle.OWN_PROPOSAL if plain_name(capture.proposed_by) == plain_name(by) else None


def check_approval(portal: Portal, capture: Capture, *, by: str, reason: str, waiting: bool = True) -> None:
    """Raise unless `by` may approve `capture` as baseline of a page of `portal`.

    Raises UsageError without a name or reason, and Conflict when the portal is critical and the capture
    is no proposal that waits, or was proposed by the same person.
    """
    if not plain_name(by) or not plain_name(reason):
        raise UsageError(N_("an approval needs a name (--by) and a reason (--reason)"))
    found = hurdle(portal, capture, by=by, waiting=waiting)
    if found is Hurdle.NOT_PROPOSED:
        text = N_(
            "portal {portal} is critical: capture {capture} must first be proposed by another person"
            " (defacewatch baseline propose, or the button in an alert)"
        )
        raise Conflict(text, portal=portal.key, capture=capture.id)
    if found is Hurdle.OWN_PROPOSAL:
        text = N_(
            "portal {portal} is critical: {by} proposed capture {capture}, so another person must approve it"
        )
        raise Conflict(text, portal=portal.key, capture=capture.id, by=by)
