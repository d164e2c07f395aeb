"""The API does what the console does: each route of the console has its operation, for the same role, or it
stands here with the reason why not."""

from defacewatch.web.api import OPERATIONS
from defacewatch.web.api.described import BASE
from defacewatch.web.rules import RULES, Open
from tests.web.conftest import Client
from tests.web.test_rules import routes

DOES = {  # what changes something
    "/incidents/{id}/{action}": (
        "/incidents/{id}/acknowledge", "/incidents/{id}/assign", "/incidents/{id}/comment",
        "/incidents/{id}/resolve", "/incidents/{id}/tick", "/baselines/propose",
    ),
    "/baselines/{capture}/propose": ("/baselines/propose",),
    "/baselines/{capture}/approve": ("/baselines/approve",),
    "/baselines/{capture}/decline": ("/baselines/decline",),
    "/pages/{page}/masks": ("/pages/{page}/masks",),
    "/pages/{page}/masks/{mask}/{action}": ("/masks/{id}/confirm", "/masks/{id}/end"),
    "/pages/{id}/mutes/{mute}/end": ("/mutes/{id}/end",),
    "/register": ("/portals/import",),
    "/register/import": ("/portals/import",),  # with dry_run
    "/register/import/confirm": ("/portals/import",),  # with seen
    "/portals/{key}/edit": ("/portals/import",),  # with change
    "/portals/{key}/pause": ("/portals/{portal}/pause",),
    "/portals/{key}/resume": ("/portals/{portal}/resume",),
    "/portals/{key}/learn": ("/portals/{portal}/learn",),
    "/tour/learn": ("/lessons",),
    "/tour/test": ("/test-alert",),
    "/duty/leave": ("/absences",),
    "/duty/swap": ("/swaps",),
    "/duty/absences/{id}/withdraw": ("/absences/{id}/withdraw",),
    "/duty/calendar-link": ("/roster/calendar-link",),
    "/duty/handovers/{id}/confirm": ("/handovers/{id}/confirm",),
    "/duty/windows": ("/windows",),
    "/duty/windows/{id}/end": ("/windows/{id}/withdraw",),
    "/duty/announce-link": ("/portals/{portal}/announce-link", "/portals/{portal}/announce-link/revoke"),
    "/duty/channels/test": ("/channel-tests/ask",),
    "/duty/channels/received": ("/channel-tests/received",),
    "/account/language": ("/me/language",),
    "/account/sessions/end": ("/me/sessions/end", "/me/sessions/{id}/end"),
    "/account/tokens/revoke": ("/me/tokens/{id}/revoke",),
    "/accounts/{account}/disable": ("/accounts/{id}/disable",),
    "/accounts/{account}/enable": ("/accounts/{id}/enable",),
    "/accounts/{account}/sign-out": ("/accounts/{id}/sign-out",),
    "/accounts/{account}/tokens/revoke": ("/accounts/{account}/tokens/{id}/revoke",),
    "/take/{delivery}/{ends}/{token}": (
        "/incidents/{id}/acknowledge", "/campaigns/{id}/acknowledge", "/handovers/{id}/confirm",
        "/channel-tests/received",
    ),
    "/announce/{portal}/{token}": ("/windows",),
}  # fmt: skip
SIGN_IN = "signs in a browser; a program brings its token"
PASSWORD = "wants one's own password, which no program should have"
ADMINISTRATOR = "wants the administrator's own password, and their code"
NOT_DONE = {
    "/login": SIGN_IN,
    "/login/code": SIGN_IN,
    "/logout": SIGN_IN,
    "/setup/{issue}/{ends}/{token}": "makes the first account, by a link and a password",
    "/welcome/{account}/{ends}/{token}": "chooses one's password, by a link",
    "/account/password": PASSWORD,
    "/account/totp": PASSWORD,
    "/account/totp/confirm": PASSWORD,
    "/account/totp/off": PASSWORD,
    "/account/codes": PASSWORD,
    "/account/tokens": PASSWORD,
    "/accounts": ADMINISTRATOR,
    "/accounts/{account}/change": ADMINISTRATOR,
    "/accounts/{account}/link": ADMINISTRATOR,
    "/accounts/{account}/totp-off": ADMINISTRATOR,
    "/accounts/{account}/identity": ADMINISTRATOR,
}
SHOWS = {  # what is only shown
    "/": ("/status", "/pages", "/incidents", "/campaigns"),
    "/events": ("/status", "/pages"),
    "/incidents/{id}": ("/incidents/{id}", "/deliveries", "/captures/{capture}"),
    "/incidents/{id}/difference": ("/incidents/{id}/difference",),
    "/incidents/{id}/words": ("/incidents/{id}/words",),
    "/incidents/{id}/report.{form}": ("/incidents/{id}/report.docx", "/incidents/{id}/report.pdf"),
    "/campaigns/{id}": ("/campaigns/{id}",),
    "/baselines": ("/baselines/proposals", "/baselines/waiting"),
    "/baselines/review": ("/baselines/proposals",),
    "/baselines/of/{page}": ("/baselines/{page}", "/baselines/{page}/history"),
    "/baselines/{capture}": ("/captures/{capture}/review",),
    "/baselines/{capture}/difference": ("/captures/{capture}/difference",),
    "/baselines/{capture}/words": ("/captures/{capture}/words",),
    "/pages/{page}/masks": ("/masks", "/pages/{page}/maskable"),
    "/pages/{id}": ("/pages/{page}", "/pages/{page}/history", "/checks", "/captures", "/mutes", "/lessons"),
    "/pictures/{sha}": ("/pictures/{sha}",),
    "/portals": ("/portals",),
    "/portals/{key}": ("/portals/{portal}", "/pages", "/lessons"),
    "/register/export.{form}": ("/portals.yaml", "/portals.csv"),
    "/tour": ("/pages", "/lessons", "/baselines/proposals", "/test-alert"),
    "/duty": ("/duty", "/roster/turns", "/roster/raised-watch", "/channels", "/handovers", "/windows"),
    "/duty/roster": ("/roster", "/roster/turns", "/roster/findings", "/absences"),
    "/duty/preview": ("/roster/calls",),
    "/duty/handovers": ("/handovers", "/handovers/{id}"),
    "/duty/handovers/{id}/record.docx": ("/handovers/{id}/record.docx", "/handovers/{id}/record.pdf"),
    "/duty/windows": ("/windows",),
    "/duty/channels": ("/channels", "/channel-tests", "/channel-tests/asked"),
    "/duty/reports": ("/figures",),
    "/duty/reports/{month}.{form}": ("/reports/{month}.docx", "/reports/{month}.pdf", "/reports/{month}.csv"),
    "/account": ("/me", "/me/tokens", "/me/sessions"),
    "/accounts": ("/accounts", "/accounts/{id}/tokens", "/identities"),
    "/audit": ("/audit", "/audit/verification"),
}
BACK = "leads back to the page that a form stands on"
FORM = "an empty form"
NOT_SHOWN = {
    "/healthz": "is for everybody as it is",
    "/metrics": "has a token of its own",
    "/static/{name}": "belongs to pages",
    "/login": SIGN_IN,
    "/login/oidc": SIGN_IN,
    "/login/oidc/back": SIGN_IN,
    "/setup/{issue}/{ends}/{token}": FORM,
    "/welcome/{account}/{ends}/{token}": FORM,
    "/take/{delivery}/{ends}/{token}": "shows an incident to whoever has the link",
    "/announce/{portal}/{token}": FORM,
    "/calendar/{whose}/{token}.ics": "is for calendars, by its own address",
    "/incidents/{id}/{action}": BACK,
    "/baselines/{capture}/{action}": BACK,
    "/pages/{page}/masks/{mask}/{action}": BACK,
    "/pages/{id}/mutes/{mute}/end": BACK,
    "/portals/{key}/{action}": BACK,
    "/portals/{key}/edit": FORM,
    "/register": FORM,
    "/register/import": FORM,
}


def of_console(client: Client, method: str) -> set[str]:
    return {path for m, path in routes(client) if m == method and not path.startswith(BASE)}


async def test_whatever_the_console_does_the_api_does(client: Client) -> None:
    assert of_console(client, "POST") == DOES.keys() | NOT_DONE.keys()
    assert not DOES.keys() & NOT_DONE.keys()
    known = {operation.path for operation in OPERATIONS if operation.method == "POST"}
    assert {path for paths in DOES.values() for path in paths} == known


async def test_whatever_the_console_shows_the_api_tells(client: Client) -> None:
    assert of_console(client, "GET") == SHOWS.keys() | NOT_SHOWN.keys()
    assert not SHOWS.keys() & NOT_SHOWN.keys()
    known = {operation.path for operation in OPERATIONS if operation.method == "GET"}
    assert {path for paths in SHOWS.values() for path in paths} <= known


def test_the_api_wants_the_role_that_the_console_wants() -> None:
    for method, pairs in (("POST", DOES), ("GET", SHOWS)):
        for path, operations in pairs.items():
            rule = RULES[method, path]
            if isinstance(rule, Open):
                continue
            for operation in operations:
                assert RULES[method, BASE + operation] is rule, (path, operation)
