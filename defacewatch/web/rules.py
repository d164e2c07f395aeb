"""Who may use which route. What is not in this table is refused to everybody: a new route needs a line here,
and a test that walks the router says so."""

from collections.abc import Mapping
from enum import Enum

from aiohttp import web

from defacewatch.accounts import Account, Role


class Open(Enum):
    """Routes that need no sign-in."""

    ALWAYS = "always"  # tells nothing
    FORM = "form"  # a form for those who are not signed in; what it sends needs its token
    LINK = "link"  # the address itself is the secret, for one purpose
    METRICS = "metrics"  # a bearer token of its own


Rule = Open | Role

VIEWER, OFFICER, APPROVER, ADMIN = Role.VIEWER, Role.OFFICER, Role.APPROVER, Role.ADMIN

# By method and route, as the router has it. HEAD is as GET.
RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/healthz"): Open.ALWAYS,
    ("GET", "/metrics"): Open.METRICS,
    ("GET", "/login"): Open.FORM,
    ("POST", "/login"): Open.FORM,
    ("POST", "/login/code"): Open.FORM,
    ("GET", "/login/oidc"): Open.FORM,
    ("GET", "/login/oidc/back"): Open.FORM,
    ("GET", "/setup/{issue}/{ends}/{token}"): Open.FORM,
    ("POST", "/setup/{issue}/{ends}/{token}"): Open.FORM,
    ("GET", "/welcome/{account}/{ends}/{token}"): Open.FORM,
    ("POST", "/welcome/{account}/{ends}/{token}"): Open.FORM,
    ("GET", "/calendar/{whose}/{token}.ics"): Open.LINK,
    ("GET", "/take/{delivery}/{ends}/{token}"): Open.LINK,
    ("POST", "/take/{delivery}/{ends}/{token}"): Open.LINK,
    ("GET", "/announce/{portal}/{token}"): Open.LINK,
    ("POST", "/announce/{portal}/{token}"): Open.LINK,
    ("GET", "/static/{name}"): VIEWER,  # but for those that the forms need (OPEN_FILES)
    ("GET", "/"): VIEWER,
    ("GET", "/events"): VIEWER,
    ("GET", "/incidents/{id}"): VIEWER,
    ("GET", "/incidents/{id}/difference"): VIEWER,
    ("GET", "/incidents/{id}/words"): VIEWER,
    ("GET", "/incidents/{id}/report.{form}"): OFFICER,
    ("GET", "/incidents/{id}/{action}"): VIEWER,
    ("POST", "/incidents/{id}/{action}"): OFFICER,
    ("GET", "/campaigns/{id}"): VIEWER,
    ("GET", "/baselines"): VIEWER,
    ("GET", "/baselines/review"): VIEWER,
    ("GET", "/baselines/of/{page}"): VIEWER,
    ("GET", "/baselines/{capture}"): VIEWER,
    ("GET", "/baselines/{capture}/difference"): VIEWER,
    ("GET", "/baselines/{capture}/words"): VIEWER,
    ("GET", "/baselines/{capture}/{action}"): VIEWER,
    ("POST", "/baselines/{capture}/propose"): OFFICER,
    ("POST", "/baselines/{capture}/approve"): APPROVER,
    ("POST", "/baselines/{capture}/decline"): APPROVER,
    ("GET", "/pages/{page}/masks"): VIEWER,
    ("POST", "/pages/{page}/masks"): APPROVER,
    ("POST", "/pages/{page}/masks/{mask}/{action}"): APPROVER,
    ("GET", "/pages/{page}/masks/{mask}/{action}"): VIEWER,
    ("GET", "/pictures/{sha}"): VIEWER,
    ("POST", "/logout"): VIEWER,
    # The API, as the console and its pages.
    ("GET", "/api/v1/openapi.json"): VIEWER,
    ("GET", "/api/v1/portals"): VIEWER,
    ("GET", "/api/v1/portals/{portal}"): VIEWER,
    ("GET", "/api/v1/pages"): VIEWER,
    ("GET", "/api/v1/pages/{page}"): VIEWER,
    ("GET", "/api/v1/checks"): VIEWER,
    ("GET", "/api/v1/captures"): VIEWER,
    ("GET", "/api/v1/captures/{capture}"): VIEWER,
    ("GET", "/api/v1/captures/{capture}/picture"): VIEWER,
    ("GET", "/api/v1/portals.yaml"): OFFICER,
    ("GET", "/api/v1/portals.csv"): OFFICER,
    ("POST", "/api/v1/portals/import"): ADMIN,
    ("POST", "/api/v1/portals/{portal}/pause"): ADMIN,
    ("POST", "/api/v1/portals/{portal}/resume"): ADMIN,
    ("GET", "/api/v1/status"): VIEWER,
    ("GET", "/api/v1/pages/{page}/history"): VIEWER,
    ("GET", "/api/v1/pictures/{sha}"): VIEWER,
    ("GET", "/api/v1/lessons"): VIEWER,
    ("POST", "/api/v1/lessons"): ADMIN,
    ("POST", "/api/v1/portals/{portal}/learn"): ADMIN,
    ("GET", "/api/v1/masks"): VIEWER,
    ("GET", "/api/v1/pages/{page}/maskable"): VIEWER,
    ("POST", "/api/v1/pages/{page}/masks"): APPROVER,
    ("POST", "/api/v1/masks/{id}/confirm"): APPROVER,
    ("POST", "/api/v1/masks/{id}/end"): APPROVER,
    ("GET", "/api/v1/mutes"): VIEWER,
    ("POST", "/api/v1/mutes/{id}/end"): APPROVER,
    ("GET", "/api/v1/incidents"): VIEWER,
    ("GET", "/api/v1/incidents/{id}"): VIEWER,
    ("GET", "/api/v1/incidents/{id}/export"): OFFICER,
    ("GET", "/api/v1/incidents/{id}/report.docx"): OFFICER,
    ("GET", "/api/v1/incidents/{id}/report.pdf"): OFFICER,
    ("GET", "/api/v1/incidents/{id}/difference"): VIEWER,
    ("GET", "/api/v1/incidents/{id}/words"): VIEWER,
    ("POST", "/api/v1/incidents/{id}/acknowledge"): OFFICER,
    ("POST", "/api/v1/incidents/{id}/assign"): OFFICER,
    ("POST", "/api/v1/incidents/{id}/comment"): OFFICER,
    ("POST", "/api/v1/incidents/{id}/resolve"): OFFICER,
    ("POST", "/api/v1/incidents/{id}/tick"): OFFICER,
    ("GET", "/api/v1/campaigns"): VIEWER,
    ("GET", "/api/v1/campaigns/{id}"): VIEWER,
    ("POST", "/api/v1/campaigns/{id}/acknowledge"): OFFICER,
    ("GET", "/api/v1/deliveries"): VIEWER,
    ("GET", "/api/v1/baselines/proposals"): VIEWER,
    ("GET", "/api/v1/baselines/waiting"): VIEWER,
    ("GET", "/api/v1/captures/{capture}/review"): VIEWER,
    ("GET", "/api/v1/captures/{capture}/difference"): VIEWER,
    ("GET", "/api/v1/captures/{capture}/words"): VIEWER,
    ("GET", "/api/v1/baselines/{page}"): VIEWER,
    ("GET", "/api/v1/baselines/{page}/history"): VIEWER,
    ("POST", "/api/v1/baselines/propose"): OFFICER,
    ("POST", "/api/v1/baselines/approve"): APPROVER,
    ("POST", "/api/v1/baselines/decline"): APPROVER,
    ("GET", "/api/v1/duty"): VIEWER,
    ("GET", "/api/v1/roster"): VIEWER,
    ("GET", "/api/v1/roster/turns"): VIEWER,
    ("GET", "/api/v1/roster/findings"): VIEWER,
    ("GET", "/api/v1/roster/calls"): VIEWER,
    ("GET", "/api/v1/roster/raised-watch"): VIEWER,
    ("POST", "/api/v1/roster/calendar-link"): OFFICER,
    ("GET", "/api/v1/absences"): VIEWER,
    ("POST", "/api/v1/absences"): OFFICER,
    ("POST", "/api/v1/swaps"): OFFICER,
    ("POST", "/api/v1/absences/{id}/withdraw"): OFFICER,
    ("GET", "/api/v1/windows"): VIEWER,
    ("POST", "/api/v1/windows"): OFFICER,
    ("POST", "/api/v1/windows/{id}/withdraw"): OFFICER,
    ("POST", "/api/v1/portals/{portal}/announce-link"): OFFICER,
    ("POST", "/api/v1/portals/{portal}/announce-link/revoke"): OFFICER,
    ("GET", "/api/v1/handovers"): VIEWER,
    ("GET", "/api/v1/handovers/{id}"): VIEWER,
    ("GET", "/api/v1/handovers/{id}/record.docx"): OFFICER,
    ("GET", "/api/v1/handovers/{id}/record.pdf"): OFFICER,
    ("GET", "/api/v1/reports/{month}.docx"): OFFICER,
    ("GET", "/api/v1/reports/{month}.pdf"): OFFICER,
    ("GET", "/api/v1/reports/{month}.csv"): OFFICER,
    ("GET", "/api/v1/channels"): VIEWER,
    ("POST", "/api/v1/handovers/{id}/confirm"): OFFICER,
    ("GET", "/api/v1/channel-tests"): VIEWER,
    ("POST", "/api/v1/channel-tests/received"): OFFICER,
    ("GET", "/api/v1/channel-tests/asked"): VIEWER,
    ("POST", "/api/v1/channel-tests/ask"): OFFICER,
    ("GET", "/api/v1/test-alert"): VIEWER,
    ("POST", "/api/v1/test-alert"): ADMIN,
    ("GET", "/api/v1/figures"): OFFICER,
    ("GET", "/api/v1/me"): VIEWER,
    ("GET", "/api/v1/me/tokens"): VIEWER,
    ("POST", "/api/v1/me/tokens/{id}/revoke"): VIEWER,
    ("GET", "/api/v1/me/sessions"): VIEWER,
    ("POST", "/api/v1/me/sessions/end"): VIEWER,
    ("POST", "/api/v1/me/sessions/{id}/end"): VIEWER,
    ("POST", "/api/v1/me/language"): VIEWER,
    ("GET", "/api/v1/identities"): ADMIN,
    ("GET", "/api/v1/accounts"): ADMIN,
    ("GET", "/api/v1/accounts/{id}"): ADMIN,
    ("GET", "/api/v1/accounts/{id}/tokens"): ADMIN,
    ("POST", "/api/v1/accounts/{id}/disable"): ADMIN,
    ("POST", "/api/v1/accounts/{id}/enable"): ADMIN,
    ("POST", "/api/v1/accounts/{id}/sign-out"): ADMIN,
    ("POST", "/api/v1/accounts/{account}/tokens/{id}/revoke"): ADMIN,
    ("GET", "/api/v1/audit"): ADMIN,
    ("GET", "/api/v1/audit/verification"): ADMIN,
    # One's own account: each of these looks after the objects of whoever is signed in, and no others.
    ("GET", "/account"): VIEWER,
    ("POST", "/account/password"): VIEWER,
    ("POST", "/account/language"): VIEWER,
    ("POST", "/account/totp"): VIEWER,
    ("POST", "/account/totp/confirm"): VIEWER,
    ("POST", "/account/totp/off"): VIEWER,
    ("POST", "/account/codes"): VIEWER,
    ("POST", "/account/sessions/end"): VIEWER,
    ("POST", "/account/tokens"): VIEWER,
    ("POST", "/account/tokens/revoke"): VIEWER,
    ("GET", "/accounts"): ADMIN,
    ("POST", "/accounts"): ADMIN,
    ("POST", "/accounts/{account}/change"): ADMIN,
    ("POST", "/accounts/{account}/disable"): ADMIN,
    ("POST", "/accounts/{account}/enable"): ADMIN,
    ("POST", "/accounts/{account}/link"): ADMIN,
    ("POST", "/accounts/{account}/sign-out"): ADMIN,
    ("POST", "/accounts/{account}/totp-off"): ADMIN,
    ("POST", "/accounts/{account}/tokens/revoke"): ADMIN,
    ("POST", "/accounts/{account}/identity"): ADMIN,
    ("GET", "/audit"): ADMIN,
    ("GET", "/portals"): VIEWER,
    ("GET", "/portals/{key}"): VIEWER,
    ("GET", "/portals/{key}/{action}"): VIEWER,
    ("GET", "/portals/{key}/edit"): ADMIN,
    ("POST", "/portals/{key}/edit"): ADMIN,
    ("POST", "/portals/{key}/pause"): ADMIN,
    ("POST", "/portals/{key}/resume"): ADMIN,
    ("POST", "/portals/{key}/learn"): ADMIN,
    ("GET", "/register"): ADMIN,
    ("POST", "/register"): ADMIN,
    ("GET", "/register/import"): ADMIN,
    ("POST", "/register/import"): ADMIN,
    ("POST", "/register/import/confirm"): ADMIN,
    ("GET", "/register/export.{form}"): OFFICER,
    ("GET", "/pages/{id}"): VIEWER,
    ("POST", "/pages/{id}/mutes/{mute}/end"): APPROVER,
    ("GET", "/pages/{id}/mutes/{mute}/end"): VIEWER,
    ("GET", "/tour"): VIEWER,
    ("POST", "/tour/learn"): ADMIN,
    ("POST", "/tour/test"): ADMIN,
    # The duty desk. What is another's is for shift leads and administrators (desk.py); telephone numbers,
    # receipts and reports are for officers.
    ("GET", "/duty"): VIEWER,
    ("GET", "/duty/roster"): VIEWER,
    ("POST", "/duty/leave"): OFFICER,
    ("POST", "/duty/swap"): OFFICER,
    ("POST", "/duty/absences/{id}/withdraw"): OFFICER,
    ("POST", "/duty/calendar-link"): OFFICER,
    ("GET", "/duty/preview"): VIEWER,
    ("GET", "/duty/handovers"): VIEWER,
    ("POST", "/duty/handovers/{id}/confirm"): OFFICER,
    ("GET", "/duty/handovers/{id}/record.docx"): OFFICER,
    ("GET", "/duty/windows"): VIEWER,
    ("POST", "/duty/windows"): OFFICER,
    ("POST", "/duty/windows/{id}/end"): OFFICER,
    ("POST", "/duty/announce-link"): OFFICER,
    ("GET", "/duty/channels"): VIEWER,
    ("POST", "/duty/channels/test"): OFFICER,
    ("POST", "/duty/channels/received"): OFFICER,
    ("GET", "/duty/reports"): OFFICER,
    ("GET", "/duty/reports/{month}.{form}"): OFFICER,
}

MEGABYTE = 1024 * 1024
# How much a request may bring that is more than others, in bytes; only who may use the route is listened to.
LARGEST: Mapping[tuple[str, str], int] = {
    ("POST", "/register"): 256 * 1024,
    ("POST", "/portals/{key}/edit"): 256 * 1024,
    ("POST", "/register/import"): MEGABYTE + 64 * 1024,
    ("POST", "/register/import/confirm"): 2 * MEGABYTE,  # the file once more, as text
}


# What an account may use whose role needs an authenticator, until it has one.
WITHOUT_CODE = frozenset(
    {
        ("GET", "/static/{name}"),
        ("POST", "/logout"),
        ("GET", "/account"),
        ("POST", "/account/password"),
        ("POST", "/account/language"),
        ("POST", "/account/totp"),
        ("POST", "/account/totp/confirm"),
    }
)


def key_of(method: str, resource: web.AbstractResource | None) -> tuple[str, str]:
    """Under which a route is in the table."""
    return ("GET" if method == "HEAD" else method, resource.canonical if resource is not None else "")


def needs_code(
    request: web.Request, account: Account | None, least: Role | None, *, strong: bool = False
) -> bool:
    """Whether an account has to set up its authenticator before it may use a route; not where a provider has
    seen a second factor (`strong`)."""
    if account is None or least is None or strong or account.has_totp or not account.role.covers(least):
        return False
    return key_of(request.method, request.match_info.route.resource) not in WITHOUT_CODE


def largest(request: web.Request) -> int | None:
    """How much a request may bring, in bytes; None: as much as any other."""
    return LARGEST.get(key_of(request.method, request.match_info.route.resource))


def rule_for(request: web.Request) -> Rule | None:
    """The rule of the route that a request was sent to; None where there is none."""
    return RULES.get(key_of(request.method, request.match_info.route.resource))
