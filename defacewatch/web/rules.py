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

VIEWER, OFFICER, ADMIN = Role.VIEWER, Role.OFFICER, Role.ADMIN

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
    ("GET", "/incidents/{id}/{action}"): VIEWER,
    ("POST", "/incidents/{id}/{action}"): OFFICER,
    ("GET", "/campaigns/{id}"): VIEWER,
    ("GET", "/pictures/{sha}"): VIEWER,
    ("POST", "/logout"): VIEWER,
    ("GET", "/api/v1/portals"): VIEWER,
    ("GET", "/api/v1/pages"): VIEWER,
    ("GET", "/api/v1/checks"): VIEWER,
    ("GET", "/api/v1/incidents"): VIEWER,
    ("GET", "/api/v1/incidents/{id}"): VIEWER,
    ("GET", "/api/v1/channel-tests"): VIEWER,
    ("POST", "/api/v1/incidents/{id}/acknowledge"): OFFICER,
    ("POST", "/api/v1/incidents/{id}/comment"): OFFICER,
    ("GET", "/api/v1/audit"): ADMIN,
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


def rule_for(request: web.Request) -> Rule | None:
    """The rule of the route that a request was sent to; None where there is none."""
    return RULES.get(key_of(request.method, request.match_info.route.resource))
