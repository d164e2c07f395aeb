"""The audit log, for administrators: a page, and the API."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from defacewatch.audit import Act, Entry, account_in, facts_of
from defacewatch.errors import UsageError
from defacewatch.language import N_, Translate
from defacewatch.notify.refusals import RESOLUTIONS
from defacewatch.web.console import console_of, words_of
from defacewatch.web.words import SCOPES, Words
from defacewatch.web.wrongs import FIELDS

SHOWN = 100
VERIFIED = 5000  # entries that the page verifies; the command verifies all
LONG = 160  # characters of a fact that are shown

ACTS: Mapping[str, str] = {
    Act.ACCOUNT_ADDED: N_("Account added"),
    Act.ACCOUNT_CHANGED: N_("Account changed"),
    Act.ACCOUNT_DISABLED: N_("Account disabled"),
    Act.ACCOUNT_ENABLED: N_("Account enabled"),
    Act.PASSWORD_SET: N_("Password set"),
    Act.LINK_GIVEN: N_("Link for a password given out"),
    Act.TOTP_ON: N_("Sign-in code turned on"),
    Act.TOTP_OFF: N_("Sign-in code turned off"),
    Act.CODES_MADE: N_("New recovery codes made"),
    Act.CODE_USED: N_("Recovery code used"),
    Act.TOKEN_MADE: N_("Token made"),
    Act.TOKEN_REVOKED: N_("Token revoked"),
    Act.SIGNED_IN: N_("Signed in"),
    Act.SIGN_IN_FAILED: N_("Sign-in failed"),
    Act.SIGNED_OUT: N_("Signed out"),
    Act.SESSIONS_ENDED: N_("Sessions ended"),
    Act.IDENTITY_BOUND: N_("Sign-in by provider bound"),
    Act.IDENTITY_UNBOUND: N_("Sign-in by provider taken away"),
    Act.ROLE_KEPT: N_("Only administrator kept, against the provider"),
    Act.ACKNOWLEDGED: N_("Incident acknowledged"),
    Act.RESOLVED: N_("Incident resolved"),
    Act.COMMENTED: N_("Remark"),
    Act.ASSIGNED: N_("Incident assigned"),
    Act.TICKED: N_("Step done"),
    Act.UNTICKED: N_("Step not done after all"),
    Act.PROPOSED: N_("Baseline proposed"),
    Act.APPROVED: N_("Baseline approved"),
    Act.DECLINED: N_("Proposal turned down"),
    Act.MASK_DRAWN: N_("Mask drawn"),
    Act.MASK_CONFIRMED: N_("Mask confirmed"),
    Act.MASK_ENDED: N_("Mask ended"),
    Act.MUTE_ENDED: N_("Mute ended"),
    Act.HANDOVER_CONFIRMED: N_("Handover confirmed"),
    Act.ABSENCE_ENTERED: N_("Absence entered"),
    Act.ABSENCE_WITHDRAWN: N_("Absence withdrawn"),
    Act.ANNOUNCED: N_("Update announced"),
    Act.CALLED_OFF: N_("Announcement called off"),
    Act.ADDRESS_GIVEN: N_("Secret address given out"),
    Act.ADDRESS_RENEWED: N_("Secret address renewed"),
    Act.CHANNEL_TESTED: N_("Test of a channel sent"),
    Act.CHANNEL_RECEIVED: N_("Test of a channel has arrived"),
    Act.PORTAL_PAUSED: N_("Portal paused"),
    Act.PORTAL_RESUMED: N_("Portal resumed"),
    Act.PORTALS_IMPORTED: N_("Portals imported"),
    Act.PORTAL_CHANGED: N_("Portal changed"),
    Act.LEARNING_ASKED: N_("Learning asked for"),
    Act.TEST_SENT: N_("Test alert sent"),
    Act.CONFIGURED: N_("Configuration taken over"),
    Act.RESTORED: N_("Backup restored"),
    Act.LOG_BROKEN: N_("Audit log found broken"),
}

FACTS: Mapping[str, str] = {  # what the facts of entries are called; others stand as they are
    **FIELDS,
    "text": N_("Text"),
    "reason": N_("Reason"),
    "by": N_("By"),
    "channel": N_("Channel"),
    "page": N_("Page"),
    "officer": N_("Officer"),
    "officers": N_("Officers"),
    "scope": N_("Scope"),
    "label": N_("Purpose"),
    "expires": N_("Expires"),
    "role": N_("Role"),
    "display": N_("Full name"),
    "disabled": N_("Disabled"),
    "wrong": N_("What was wrong"),
    "state": N_("State"),
    "as": N_("Resolved as"),
    "acknowledged_by": N_("Acknowledged by"),
    "proposed_by": N_("Proposed by"),
    "step": N_("Step"),
    "starts": N_("From"),
    "ends": N_("Until"),
    "contact": N_("Contact"),
    "portal": N_("Web portal"),
    "added": N_("Added"),
    "changed": N_("Changed"),
    "token": N_("Token"),
    "alert": N_("Alert"),
    "announcement": N_("Announcement"),
    "also": N_("Also approved"),
    "instead": N_("Instead"),
    "via": N_("By way of"),
    "issuer": N_("Sign-in service"),
    "subject": N_("Subject"),
    "rectangle": N_("Rectangle"),
    "blocks": N_("Blocks"),
    "absences": N_("Leave and swaps"),
}


OBJECTS: Mapping[str, str] = {  # what acts are of; what they are called stands behind it
    "account": N_("account"),
    "address": N_("secret address"),
    "backup": N_("backup"),
    "capture": N_("capture"),
    "handover": N_("handover"),
    "incident": N_("incident"),
    "mask": N_("mask"),
    "mute": N_("mute"),
    "no account": N_("no account"),
    "officer": N_("officer"),
    "portal": N_("portal"),
}
VALUES: Mapping[str, Mapping[str, str]] = {  # what facts that are names of ours say
    "role": {
        "viewer": N_("viewer"),
        "officer": N_("officer"),
        "approver": N_("approver"),
        "admin": N_("administrator"),
    },
    "scope": {scope.value: text for scope, text in SCOPES.items()},
    "as": {end.value: text for end, text in RESOLUTIONS.items()},
    "disabled": {"true": N_("yes"), "false": N_("no")},
}
CHANNELS = frozenset({"telegram", "email"})  # by which officers of the roster act, whoever else does not
TIMES = frozenset({"starts", "ends", "expires"})  # facts that are moments; what people type is shown as typed


def said(entry: Entry, words: Words) -> list[tuple[str, str, str]]:
    """What an entry says was, and is: name, before and after of each fact that differs or is new, by the
    reader's words and in their time zone."""
    before = facts_of(entry.before)
    after = facts_of(entry.after)
    names = [name for name in after if name not in before or before[name] != after[name]]
    shown = (name for name in names if name in before or after[name] not in ("", None, False, []))
    return [
        (name, _fact(name, before.get(name, ""), words), _fact(name, after[name], words)) for name in shown
    ]


def officer_of(entry: Entry, officers: Mapping[str, str]) -> str | None:
    """The full name of the officer who acted; None where nobody of the roster did, or with an account alone:
    what it is called says nothing of officers."""
    kind = entry.source.partition(":")[0]
    known = kind in CHANNELS or account_in(entry.source) is not None
    return officers.get(entry.who) if known else None


def about(of: str, translate: Translate) -> str:
    """What an act is of, such as 'account an', by the reader's word for it."""
    kind, space, name = (of, "", "") if of in OBJECTS else of.partition(" ")
    return f"{translate(OBJECTS[kind])}{space}{name}" if kind in OBJECTS else of


def _fact(name: str, value: object, words: Words) -> str:
    if name in TIMES and isinstance(value, str):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return f"{moment.astimezone(ZoneInfo(words.zone)):%H:%M %d/%m/%Y}"
    text = _short(value)
    known = VALUES.get(name, {})
    return words._(known[text]) if text in known else text


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_short(part) for part in value)[:LONG]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else text[:LONG] + "…"


async def show(request: web.Request) -> web.Response:
    """The latest entries, a page of them; with the first whether the end of the log is whole."""
    console, before = console_of(request), _before(request)
    entries = await console.store.audit.list(limit=SHOWN + 1, before=before)
    broken, head = (None, None) if before is not None else await console.store.audit.verify(VERIFIED)
    words = words_of(request)
    return console.renderer.page(
        "audit.html",
        words,
        entries=[(entry, said(entry, words)) for entry in entries[:SHOWN]],
        officer_of=lambda entry: officer_of(entry, words.officers),
        about=lambda of: about(of, words._),
        acts=ACTS,
        names=FACTS,
        older=entries[SHOWN - 1].number if len(entries) > SHOWN else None,
        broken=broken,
        head=head,
        verified=VERIFIED,
    )


def _before(request: web.Request) -> int | None:
    given = request.query.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise UsageError("before is the number of an entry")
    return int(given)
