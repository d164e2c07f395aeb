"""A console in which a good deal has happened, to look at: every kind of verdict, an incident with two
pictures, a campaign, a handover, people with and without codes; and the links that such a night sends out."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import unused_port
from prometheus_client import CollectorRegistry

from defacewatch.accounts import Role, Scope
from defacewatch.alerts import Delivery, Wanted
from defacewatch.audit import Actor
from defacewatch.campaigns import Mark, Trait
from defacewatch.captures import Refusal, Tier
from defacewatch.config import Registrar
from defacewatch.identities import Identity, Trust
from defacewatch.masks import Mask, Rectangle
from defacewatch.roster import Roster, on_duty
from defacewatch.store import Store
from defacewatch.web import make_app
from defacewatch.web.announce import announce_url
from defacewatch.web.calendar import calendar_url
from defacewatch.web.console import CONSOLE
from defacewatch.web.take import take_url
from defacewatch.web.welcome import setup_url, welcome_url
from tests.conftest import Clock
from tests.store.samples import (
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    UNREACHABLE,
    checked,
    features,
    look,
    outcome,
)
from tests.web.conftest import TOKEN
from tests.web.dutystage import (
    CHANGE,
    DAY,
    ROSTER,
    SENDING,
    TROUBLE,
    announce,
    arrange,
    ask_for_tests,
    hand_over,
    rehearse,
    shifts_before,
)
from tests.web.pagestage import AFTER, HUES, PORTALS, REWRITTEN, learned, mistaken, noted, picture
from tests.web.people import KEY, ME, PASSWORD, hash_of, person
from tests.web.seeds import defaced, hostile_look, tell

ALIKE = frozenset({Mark(Trait.WORDS, "hacked by x"), Mark(Trait.CODE_HOST, "bad.example")})
AT = NOW + 14 * MINUTE  # when the console is looked at
ADMIN, OFFICER, WALL = "root", "an", "wall"  # who looks: the last by the shared token
SIGN_IN_SERVICE = Trust("https://sso.example.gov.vn", "defacewatch", "SSO tỉnh")


@dataclass(frozen=True)
class Stage:
    """The console at `base`; `values` are what addresses are made of, `cookies` the sessions of who looks."""

    base: str
    store: Store
    clock: Clock
    values: dict[str, str]
    cookies: dict[str, str]


@dataclass(frozen=True)
class Night:
    """What has happened, in a `folder` with its store: to copy that is far quicker than to have it happen."""

    folder: Path
    values: dict[str, str]
    cookies: dict[str, str]

    async def staged(self, folder: Path) -> Store:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return await _opened(f"sqlite+aiosqlite:///{folder}/store.db", folder)


async def spent(folder: Path) -> Night:
    """Have it happen, over the SQLite file with its tables that is in the folder."""
    store = await _opened(f"sqlite+aiosqlite:///{folder}/store.db", folder)
    try:
        return Night(folder, await set_stage(store), await _signed_in(store, ""))
    finally:
        await store.close()


async def _opened(url: str, folder: Path) -> Store:
    return await Store.open(url, baselines=folder / "baselines", evidence=folder / "evidence")


@asynccontextmanager
async def staged(
    url: str, folder: Path, *, empty: bool = False, said: str = "", night: Night | None = None
) -> AsyncIterator[Stage]:
    """The console over a store with its tables; `empty`: as it is after the first start, `night`: as it is
    after that. With `said` that is all that anybody from outside says of anything."""
    store = await (night.staged(folder) if night else _opened(url, folder))
    try:
        clock = Clock(AT)
        values, cookies = ({}, {}) if night is None else (dict(night.values), dict(night.cookies))
        if night is None and not empty:
            values, cookies = await set_stage(store, said), await _signed_in(store, said)
        if empty:
            first = await setup_url(store, "", KEY, clock())
            assert first is not None
            values["setup"] = first
        trouble = {} if empty else {"gateway:sms": said or TROUBLE}
        async with console_over(store, clock, roster=Roster() if empty else ROSTER, trouble=trouble) as stage:
            stage.values.update(values)
            stage.cookies.update(cookies)
            yield stage
    finally:
        await store.close()


@asynccontextmanager
async def console_over(
    store: Store,
    clock: Clock,
    *,
    roster: Roster = ROSTER,
    trouble: Mapping[str, str] | None = None,
    oidc: Trust = SIGN_IN_SERVICE,
    oidc_secret: str | None = None,
) -> AsyncIterator[Stage]:
    """The real application over a store, at which the screen on the wall may look."""
    port = unused_port()
    app = make_app(
        store=store,
        secret_key=KEY,
        token=TOKEN,
        metrics_token=None,
        metrics_enabled=True,
        zone="Asia/Ho_Chi_Minh",
        language="vi",
        public_url=f"http://127.0.0.1:{port}",
        health=list,
        duty=lambda: [officer.name for officer in on_duty(roster, clock())],
        roster=lambda: roster,
        sending=lambda: SENDING,
        trouble=lambda: trouble or {},
        registry=CollectorRegistry(),
        registrar=Registrar(dict),
        coverage=lambda: 0.9987,
        oidc=oidc,
        oidc_secret=oidc_secret,
        clock=clock,
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield Stage(f"http://127.0.0.1:{port}", store, clock, {}, {WALL: app[CONSOLE].access.open_session()})
    finally:
        await runner.cleanup()


async def _signed_in(store: Store, said: str) -> dict[str, str]:
    """The session of each who looks, and one more from elsewhere."""
    cookies: dict[str, str] = {}
    for address, agent in (("10.20.0.7", "Mozilla/5.0 (Linux; Android 14)"), ("10.20.0.12", "Mozilla/5.0")):
        for name in (ADMIN, OFFICER):
            cookies[name] = await store.sessions.begin(
                await store.accounts.named(name),
                verified=hash_of(PASSWORD),
                address=address,
                agent=said or agent,
                actor=Actor(name, address),
                now=AT - 3 * MINUTE,
            )
    return cookies


async def set_stage(store: Store, said: str = "") -> dict[str, str]:
    """Everything that has happened by `AT`; what the addresses of the pages are made of, by its name. `said`
    stands wherever a watched page, a provider or somebody with a link has a say."""
    alike = frozenset({Mark(Trait.WORDS, said), Mark(Trait.CODE_HOST, said)}) if said else ALIKE
    await store.portals.apply(PORTALS, now=NOW - 9 * DAY)
    await store.portals.pause(
        "phucu", by="hai", now=AT - DAY, via="console", reason=said or "đơn vị chuyển máy chủ"
    )
    pages = {one.key: one.pages[0].id for one in await store.portals.all()}
    for key, hue in HUES.items():
        await learned(store, pages[key], picture(hue=hue))
    await mistaken(store, pages["hungyen"], said)
    await shifts_before(store)
    await announce(store, AT, said)
    await ask_for_tests(store, AT)
    incident = await _attack(store, pages["hungyen"], said, alike)
    for key in ("vanlam", "myhao"):
        at, verdict = NOW + 11 * MINUTE, defaced(said) if said else DEFACED
        context = await store.checks.context(pages[key], now=at)
        seen = look("e", at, screenshot=picture(hacked=True), title=said or "Hacked by x")
        kept = await store.checks.keep(pages[key], seen, features("e"))
        await store.checks.record(outcome(context, verdict, at, kept=kept, tier=Tier.RENDER, marks=alike))
    await checked(store, pages["phohien"], REWRITTEN, NOW + 9 * MINUTE)
    for minute in (8, 9, 10):
        await checked(store, pages["khoaichau"], UNREACHABLE, NOW + minute * MINUTE)
    for key in ("dichvucong", "songhong", "sotc", "anthi"):
        await noted(store, pages[key], CLEAN, AT - MINUTE, 0.4)
    several = await _told_together(store)
    await store.incidents.acknowledge(incident, by="binh", via="telegram", now=NOW + 13 * MINUTE)
    await store.incidents.comment(incident, by="binh", text=said or "Đã gọi cho đơn vị vận hành.", now=AT)
    drill = await rehearse(store, "anthi", AT - 2 * MINUTE)
    handover = await _handed_over(store)
    views = await store.incidents.list()
    campaign = next(view.campaign for view in views if view.campaign)
    waiting = next(view.incident.id for view in views if view.portal.key == "vanlam")
    people = await _people(store)
    await arrange(store, AT, said)
    return {
        "incident": str(incident),
        "drill": str(drill),
        "waiting": str(waiting),
        "campaign": str(campaign),
        "take": await _link(store, incident),
        "several": several,
        "handover": handover,
        "announce": announce_url("", KEY, "songhong", 0),
        "calendar": calendar_url("", KEY, "an", 0),
        "page": pages["hungyen"],
        **await _proposed(store, pages, said),
        **people,
    }


async def _proposed(store: Store, pages: Mapping[str, str], said: str) -> dict[str, str]:
    """A new look that somebody has proposed, of a portal whose update was announced; and a mask."""
    new = picture(hue="#e65100")
    kept = await store.checks.keep(
        pages["songhong"], look("c", AT - MINUTE, screenshot=new, title=said or "Sở Nội vụ"), features("c")
    )
    proposed = await store.baselines.keep_capture(kept, proposed_by="Nguyễn Văn An", profile=None, now=AT)
    (stands,) = (await store.baselines.history(pages["hungyen"]))[-1:]
    for area, label, by, days in (
        (Rectangle(320, 200, 480, 160), "băng ảnh tự chuyển", "binh", 30),
        (Rectangle(60, 1220, 1100, 130), "khối liên kết của đơn vị", "an", 7),
    ):
        ends = AT + days * DAY
        mask = Mask(pages["hungyen"], area, said or label, by, AT, ends, stands.capture)
        await store.masks.add(mask, now=AT, via="console")
    return {"proposal": proposed.id}


async def _attack(store: Store, page: str, said: str, alike: frozenset[Mark]) -> int:
    """A page that was learned, and defaced; its incident."""
    at = NOW + 10 * MINUTE
    refused = (Refusal("http://169.254.169.254/", "metadata address 169.254.169.254"),)
    shown = {"html": AFTER, "title": "Hacked by x", "refusals": refused, "text": "Hacked by x"}
    seen = look("b", at, screenshot=picture(hacked=True), **shown)
    if said:
        seen = hostile_look(said, at)
    kept = await store.checks.keep(page, seen, features("b"))
    context = await store.checks.context(page, now=at)
    made = outcome(context, defaced(said or "hacked by x"), at, kept=kept, tier=Tier.RENDER, marks=alike)
    incident = (await store.checks.record(made)).incident
    assert incident is not None
    await tell(store)
    return incident


async def _told_together(store: Store) -> str:
    """One mail about what is left to tell; its link."""
    now = NOW + 12 * MINUTE
    while (alert := await store.alerts.claim(now)) is not None:
        await store.alerts.expand(alert.id, [Wanted("email", "an")], step=1, next_step_at=None, now=now)
    several: tuple[Delivery, ...] = ()
    for _ in range(2):
        message = await store.messages.claim("email", editable=False, now=now)
        assert message is not None
        several = message.deliveries
        await store.messages.sent(message, "250 ok", of=1, now=now)
    return take_url("", KEY)(several[0])


async def _link(store: Store, incident: int) -> str:
    """The link in the first mail about an incident."""
    told = await store.alerts.deliveries(incident=incident)
    return take_url("", KEY)(min((one for one in told if one.channel == "email"), key=lambda one: one.id))


async def _handed_over(store: Store) -> str:
    """A handover that tests channels of those who come, of whom one has confirmed; the link in the mail to
    the other."""
    tests = (("dung", "telegram"), ("dung", "gateway:sms"), ("binh", "email"), ("binh", "gateway:sms"))
    number = await hand_over(store, CHANGE, ("an", "mai"), ("binh", "dung"), tests, now=AT - 4 * MINUTE)
    for officer, channel, via in (("dung", "telegram", "telegram"), ("an", None, "console")):
        await store.handovers.confirm(number, officer=officer, channel=channel, via=via, now=AT - MINUTE)
    mailed = [one for one in await store.alerts.deliveries() if one.channel == "email"]
    return take_url("", KEY)(max(mailed, key=lambda one: one.id))


async def _people(store: Store) -> dict[str, str]:
    """An administrator with a code, an approver, somebody disabled, and somebody who was invited."""
    root = await person(store, ADMIN, Role.ADMIN, totp=True)
    await store.accounts.change(root.id, display="Phạm Thị Dung", actor=ME, now=NOW)
    an = await person(store, OFFICER, Role.OFFICER, officer="an")
    await store.accounts.change(an.id, display="Nguyễn Văn An", actor=ME, now=NOW)
    binh = await person(store, "binh", Role.APPROVER, officer="binh", totp=True)
    await store.accounts.change(binh.id, display="Trần Thị Bình", actor=ME, now=NOW)
    who = Identity(SIGN_IN_SERVICE.issuer, "8f2c41e0-6d1b-4b0f-9b7e-2f6f0c3c1a55")
    await store.identities.bind(binh.id, who, actor=ME, now=NOW)
    gone = await person(store, "cuong", Role.VIEWER)
    await store.accounts.change(gone.id, display="Lê Văn Cường", disabled=True, actor=ME, now=NOW)
    invited = await store.accounts.add("em", "Vũ Thị Em", Role.OFFICER, actor=ME, now=NOW)
    expires = AT + timedelta(days=30)
    for whose, label, scope in ((root, "Grafana", Scope.READ), (binh, "Phần mềm trực ban", Scope.ACT)):
        await store.api_tokens.make(whose, label, scope, expires=expires, actor=ME, now=NOW)
    found = await store.accounts.credentials(number=invited.id)
    assert found is not None
    return {"welcome": welcome_url("", KEY, found, AT)}
