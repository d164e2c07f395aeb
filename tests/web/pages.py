"""Every page of the console, as data: a page that is added to the router is added here by a line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page

from defacewatch.totp import code_at, step_at
from tests.web.people import PASSWORD, TOTP
from tests.web.stage import ADMIN, OFFICER, WALL, Stage
from tests.web.touring import approve, learn

Step = Callable[[Page, Stage], Awaitable[None]]

# GET routes that are no pages: feeds, files, pictures, what programs read, and what leads elsewhere.
NO_PAGES = {
    "/healthz",
    "/metrics",
    "/static/{name}",
    "/events",
    "/login/oidc",
    "/pictures/{sha}",
    "/incidents/{id}/difference",
    "/incidents/{id}/report.{form}",
    "/incidents/{id}/{action}",
    "/baselines/review",
    "/baselines/{capture}/difference",
    "/baselines/{capture}/{action}",
    "/pages/{page}/masks/{mask}/{action}",
    "/pages/{id}/mutes/{mute}/end",
    "/portals/{key}/{action}",
    "/register/export.{form}",
    "/duty/handovers/{id}/record.docx",
    "/duty/reports/{month}.{form}",
    "/calendar/{whose}/{token}.ics",
}
API = "/api/"


@dataclass(frozen=True)
class Shown:
    """A page: `address` with {names} of what the stage has, `who` looks (None: nobody has signed in), `steps`
    what is done there before it is looked at. `empty`: as it is after the first start."""

    name: str
    route: str
    address: str
    who: str | None = ADMIN
    steps: Step | None = None
    empty: bool = False


async def unfold(page: Page, _: Stage) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


async def read_words(page: Page, stage: Stage) -> None:
    await unfold(page, stage)
    await page.locator("#words .reading").wait_for(state="attached", timeout=60_000)


async def wrong_password(page: Page, _: Stage) -> None:
    await page.fill("#user", "nobody")
    await page.fill("#password", "sai mật khẩu rồi")
    await page.locator("main button").first.click()
    await page.locator("[role=alert]").wait_for()


async def first_step(page: Page, _: Stage) -> None:
    await page.fill("#user", ADMIN)
    await page.fill("#password", PASSWORD)
    await page.locator("main button").first.click()
    await page.locator("#code").wait_for()


async def enrol(page: Page, _: Stage) -> None:
    await page.fill("#totp-password", PASSWORD)
    await page.click("form[action='/account/totp'] button")
    await page.locator(".qr svg").wait_for()


async def new_codes(page: Page, _: Stage) -> None:
    await page.fill("#codes-password", PASSWORD)
    await page.locator("form[action='/account/codes'] button").first.click()
    await page.locator(".codes li").first.wait_for()


async def new_token(page: Page, stage: Stage) -> None:
    await unfold(page, stage)
    await page.fill("#label", "Bảng điện tử")
    await page.fill("#token-password", PASSWORD)
    await page.click("form[action='/account/tokens'] button")
    await page.locator(".shown .secret").wait_for()


async def new_link(page: Page, stage: Stage) -> None:
    number = (await stage.store.accounts.named("em")).id
    await unfold(page, stage)
    await page.fill(f"#proof-{number}-password", PASSWORD)
    await page.fill(f"#proof-{number}-code", code_at(TOTP, step_at(stage.clock.forward(seconds=30))))
    await page.click(f"button[formaction='/accounts/{number}/link']")
    await page.locator(".shown .secret").wait_for()


async def refused(page: Page, _: Stage) -> None:
    await page.fill("#user", "khoa")
    await page.fill("#display", "Hồ Văn Khoa")
    await page.click("form[action='/accounts'] button")
    await page.locator("[role=alert]").wait_for()


PAGES = (
    Shown("setup", "/setup/{issue}/{ends}/{token}", "{setup}", None, empty=True),
    Shown("login-first", "/login", "/login", None, empty=True),
    Shown("wall-empty", "/", "/", WALL, empty=True),
    Shown("login", "/login", "/login", None),
    Shown("login-wrong", "/login", "/login", None, wrong_password),
    Shown("login-refused", "/login/oidc/back", "/login/oidc/back?state=x", None),
    Shown("code", "/login", "/login", None, first_step),
    Shown("welcome", "/welcome/{account}/{ends}/{token}", "{welcome}", None),
    Shown("take", "/take/{delivery}/{ends}/{token}", "{take}", None),
    Shown("take-several", "/take/{delivery}/{ends}/{token}", "{several}", None),
    Shown("handover", "/take/{delivery}/{ends}/{token}", "{handover}", None),
    Shown("announce", "/announce/{portal}/{token}", "{announce}", None),
    Shown("wall", "/", "/"),
    Shown("wall-rows", "/", "/?view=rows"),
    Shown("incident", "/incidents/{id}", "/incidents/{incident}"),
    Shown("incident-drill", "/incidents/{id}", "/incidents/{drill}"),
    Shown("incident-open", "/incidents/{id}", "/incidents/{incident}", steps=read_words),
    Shown("words", "/incidents/{id}/words", "/incidents/{incident}/words"),
    Shown("campaign", "/campaigns/{id}", "/campaigns/{campaign}"),
    Shown("baselines", "/baselines", "/baselines"),
    Shown("baseline", "/baselines/{capture}", "/baselines/{proposal}", steps=unfold),
    Shown("baseline-words", "/baselines/{capture}/words", "/baselines/{proposal}/words"),
    Shown("baseline-history", "/baselines/of/{page}", "/baselines/of/{page}"),
    Shown("masks", "/pages/{page}/masks", "/pages/{page}/masks", steps=unfold),
    Shown("portals", "/portals", "/portals"),
    Shown("portal", "/portals/{key}", "/portals/hungyen", steps=unfold),
    Shown("portal-edit", "/portals/{key}/edit", "/portals/hungyen/edit"),
    Shown("register", "/register", "/register"),
    Shown("import", "/register/import", "/register/import"),
    Shown("page", "/pages/{id}", "/pages/{page}", steps=unfold),
    Shown("tour", "/tour", "/tour"),
    Shown("tour-empty", "/tour", "/tour", WALL, empty=True),
    Shown("tour-learn", "/tour", "/tour", None, learn, empty=True),
    Shown("tour-approve", "/tour", "/tour", None, approve, empty=True),
    Shown("duty", "/duty", "/duty", steps=unfold),
    Shown("duty-roster", "/duty/roster", "/duty/roster", steps=unfold),
    Shown("duty-preview", "/duty/preview", "/duty/preview"),
    Shown("duty-handovers", "/duty/handovers", "/duty/handovers", steps=unfold),
    Shown("duty-windows", "/duty/windows", "/duty/windows", steps=unfold),
    Shown("duty-channels", "/duty/channels", "/duty/channels", steps=unfold),
    Shown("duty-own", "/duty", "/duty", OFFICER),
    Shown("duty-handover-own", "/duty/handovers", "/duty/handovers", OFFICER),
    Shown("duty-roster-week", "/duty/roster", "/duty/roster?week=2026-08-31", OFFICER),
    Shown("duty-reports", "/duty/reports", "/duty/reports"),
    Shown("account", "/account", "/account"),
    Shown("account-token", "/account", "/account", steps=new_token),
    Shown("codes", "/account", "/account", steps=new_codes),
    Shown("account-without-code", "/account", "/account", OFFICER),
    Shown("enrol", "/account", "/account", OFFICER, enrol),
    Shown("accounts", "/accounts", "/accounts"),
    Shown("accounts-open", "/accounts", "/accounts", steps=unfold),
    Shown("accounts-link", "/accounts", "/accounts", steps=new_link),
    Shown("accounts-refused", "/accounts", "/accounts", steps=refused),
    Shown("audit", "/audit", "/audit"),
    Shown("forbidden", "/accounts", "/accounts", OFFICER),
    Shown("not-found", "/incidents/{id}", "/incidents/999999"),
)


def address_of(shown: Shown, stage: Stage, language: str) -> str:
    path = shown.address.format(**stage.values)
    return f"{stage.base}{path}{'&' if '?' in path else '?'}lang={language}"


async def visit(page: Page, shown: Shown, stage: Stage, *, language: str = "vi") -> None:
    """Open a page as whoever looks at it, with everything done that it takes."""
    await page.context.clear_cookies()
    if shown.who is not None:
        cookie = {"name": "defacewatch_session", "value": stage.cookies[shown.who], "url": stage.base}
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.goto(address_of(shown, stage, language), wait_until="load")
    if shown.steps is not None:
        await shown.steps(page, stage)
