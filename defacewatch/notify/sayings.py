"""What messages, pages and papers call things, in words that are translated where they are shown."""

from collections.abc import Mapping

from defacewatch.alerts import AlertKind, DeliveryState
from defacewatch.campaigns import Trait
from defacewatch.deadlines import What as Owed
from defacewatch.incidents import Event, State
from defacewatch.language import N_
from defacewatch.reducing import What
from defacewatch.roster import ON_DUTY, Duty

HEADLINES: Mapping[AlertKind, tuple[str, str, str]] = {  # emoji, words, colour of the e-mail's bar
    AlertKind.DEFACED: ("🔴", N_("SUSPECTED DEFACEMENT ATTACK"), "#b3261e"),
    AlertKind.CHANGED: ("🟠", N_("UNUSUAL CHANGE"), "#b45309"),
    AlertKind.UNREACHABLE: ("⚫", N_("PORTAL UNREACHABLE"), "#374151"),
    AlertKind.CALMED: ("🟢", N_("PAGE LOOKS AS APPROVED AGAIN"), "#166534"),
    AlertKind.RECOVERED: ("🟢", N_("PORTAL REACHABLE AGAIN"), "#166534"),
    AlertKind.CERTIFICATE: ("🟡", N_("CERTIFICATE EXPIRES SOON"), "#8a6100"),
    AlertKind.BLIND: ("⚠️", N_("THE MONITOR IS BLIND"), "#7c2d12"),
    AlertKind.SIGHTED: ("✅", N_("THE MONITOR SEES AGAIN"), "#166534"),
    AlertKind.BEHIND: ("⚠️", N_("THE MONITOR DOES NOT KEEP UP"), "#7c2d12"),
    AlertKind.CAUGHT_UP: ("✅", N_("THE MONITOR KEEPS UP AGAIN"), "#166534"),
    AlertKind.CHANNEL_DOWN: ("⚠️", N_("A CHANNEL DOES NOT ANSWER"), "#7c2d12"),
    AlertKind.CHANNEL_UP: ("✅", N_("THE CHANNEL ANSWERS AGAIN"), "#166534"),
    AlertKind.CHANNEL_UNPROVED: ("⚠️", N_("A CHANNEL IS NOT PROVED TO WORK"), "#7c2d12"),
    AlertKind.AUDIT_BROKEN: ("⚠️", N_("THE AUDIT LOG IS BROKEN"), "#7c2d12"),
    AlertKind.ANNOUNCED: ("🛠️", N_("UPDATE ANNOUNCED"), "#1f4e8c"),
    AlertKind.WATCH_RAISED: ("🛡️", N_("RAISED WATCH BEGINS"), "#7c2d12"),
    AlertKind.WATCH_LOWERED: ("🛡️", N_("RAISED WATCH IS OVER"), "#166534"),
    AlertKind.WATCH_REDUCED: ("⚠️", N_("LESS IS WATCHED"), "#7c2d12"),
    AlertKind.HANDOVER: ("🔁", N_("HANDOVER OF THE SHIFT"), "#1f4e8c"),
    AlertKind.HANDOVER_OPEN: ("🔁", N_("HANDOVER NOT CONFIRMED"), "#7c2d12"),
    AlertKind.DEADLINE: ("⏰", N_("A DEADLINE"), "#b45309"),
    AlertKind.TAKEN: ("✋", N_("INCIDENT TAKEN"), "#1f4e8c"),
    AlertKind.TEST: ("🔔", N_("TEST MESSAGE"), "#1f4e8c"),
}

EXPLAINED: Mapping[AlertKind, str] = {
    AlertKind.CALMED: N_("The incident stays open until a person resolves it."),
    AlertKind.BLIND: N_(
        "None of the canary sites answers: the watch's own connection is gone."
        " Portals that do not answer are not judged until it is back."
    ),
    AlertKind.SIGHTED: N_("The canary sites answer again. The watch goes on."),
    AlertKind.BEHIND: N_(
        "Pages are not looked at as often as they should be: this host has too little to spare."
        " Fewer pages, longer intervals, or a stronger host will help; `defacewatch doctor` shows the sum."
    ),
    AlertKind.CAUGHT_UP: N_("All pages are looked at as often as they should be. The watch goes on."),
    AlertKind.CHANNEL_DOWN: N_(
        "Alerts come on the other channels meanwhile. `defacewatch alert test` shows what is wrong."
    ),
    AlertKind.CHANNEL_UP: N_("Alerts come on this channel again."),
    AlertKind.CHANNEL_UNPROVED: N_(
        "The officer on duty has not answered there since the shift began: an alert may not reach them."
        " Call them; `defacewatch alert tests` shows all channels."
    ),
    AlertKind.AUDIT_BROKEN: N_(
        "Somebody has changed the record of who did what, past the program. Leave the host as it is, save the"
        " database and audit.head, and see what `defacewatch audit verify` says."
    ),
    AlertKind.ANNOUNCED: N_(
        "Changes of this portal wake nobody in this time, and are proposed for approval."
        " Signs of an attack are still told at once."
    ),
    AlertKind.WATCH_REDUCED: N_(
        "Somebody has taken something out of the watch. Where you do not know why, ask them;"
        " the audit log has it."
    ),
    AlertKind.TEST: N_("This is only a test. Nothing has happened."),
}

DRILL = N_(
    "This is a drill: act as you would in earnest, but do not call the agency. The portal is untouched."
)

# What those on duty go through when a raised watch begins.
CHECKLIST = (
    N_("Every shift of these days has its officers, and everybody can be reached (defacewatch roster check)"),
    N_("Every channel delivers (defacewatch alert test)"),
    N_("Who restores each portal is known, with a telephone that is answered at night"),
    N_("Fresh backups of the portals are there, away from their servers"),
    N_("Updates that can wait do wait; the others are announced beforehand"),
)

HAPPENED: Mapping[str, str] = {
    Event.WORSENED: N_("The incident has become worse"),
    Event.CHANGED_AGAIN: N_("A further change of an open incident"),
    Event.RETURNED: N_("The change has come back"),
}

DEADLINES: Mapping[tuple[str, str], str] = {  # by what is due, and how far its clock has run
    ("restore", "soon"): N_("The time to restore the portal is nearly over"),
    ("restore", "over"): N_("The time to restore the portal is over, and it is not restored"),
    ("report", "soon"): N_("The report on the incident is due soon"),
    ("report", "over"): N_("The report on the incident is overdue"),
}

REDUCED: Mapping[str, str] = {  # how the watch of a portal was reduced
    What.PAUSED: N_("Watch paused"),
    What.NOT_CRITICAL: N_("No longer a critical portal"),
    What.PAGES: N_("Pages dropped or moved"),
    What.SLOWER: N_("Pages looked at less often"),
    What.QUIETER: N_("Told with less urgency"),
}

DUES: Mapping[Owed, str] = {Owed.RESTORE: N_("Restore by"), Owed.REPORT: N_("Report by")}

ROLES: Mapping[str, str] = {
    ON_DUTY: N_("the officer on duty"),
    Duty.OFFICER: N_("the officers"),
    Duty.SHIFT_LEAD: N_("the shift lead"),
    Duty.LEADERSHIP: N_("the leadership"),
    Duty.ADMIN: N_("the administrator"),
}

STATES: Mapping[State, str] = {
    State.OPEN: N_("Waiting to be acknowledged"),
    State.ACKNOWLEDGED: N_("Acknowledged"),
    State.RESOLVED: N_("Resolved"),
}

EVENTS: Mapping[Event, str] = {
    Event.OPENED: N_("Incident opened"),
    Event.WORSENED: N_("It has become worse"),
    Event.CHANGED_AGAIN: N_("The page has changed further"),
    Event.CALMED: N_("The page looks as approved again"),
    Event.RETURNED: N_("The difference has come back"),
    Event.UNREACHABLE: N_("The page can no longer be reached"),
    Event.ACKNOWLEDGED: N_("Incident acknowledged"),
    Event.ASSIGNED: N_("Incident assigned"),
    Event.RESOLVED: N_("Incident resolved"),
    Event.COMMENT: N_("Remark"),
    Event.TICKED: N_("Done"),
    Event.UNTICKED: N_("Not done after all"),
}

DELIVERIES: Mapping[DeliveryState, str] = {
    DeliveryState.PENDING: N_("Waiting"),
    DeliveryState.SENDING: N_("Being sent"),
    DeliveryState.SENT: N_("Delivered"),
    DeliveryState.FAILED: N_("Failed"),
}

TRAITS: Mapping[Trait, str] = {  # what the incidents of a campaign have in common
    Trait.CODE_HOST: N_("code or links from {value}"),
    Trait.WORDS: N_("the words “{value}”"),
    Trait.TEXT: N_("what the pages say now"),
    Trait.SCREEN: N_("what the pages look like now"),
    Trait.HOST: N_("the host {value}"),
    Trait.ADDRESS: N_("the IP address {value}"),
    Trait.GENERATOR: N_("made with {value}"),
    Trait.OPERATOR: N_("operated by {value}"),
}
