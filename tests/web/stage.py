"""A console in which a good deal has happened, to look at: every kind of verdict, an incident with two
pictures, a campaign, a handover, people with and without codes; and the links that such a night sends out."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import unused_port
from PIL import Image, ImageDraw, ImageFont
from prometheus_client import CollectorRegistry

from defacewatch.accounts import Role, Scope
from defacewatch.alerts import AlertKind, Delivery, Wanted
from defacewatch.audit import Actor
from defacewatch.campaigns import Mark, Trait
from defacewatch.captures import Refusal, Tier
from defacewatch.config import Registrar
from defacewatch.handovers import Handover
from defacewatch.identities import Identity, Trust
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind
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
    portal,
)
from tests.web.conftest import TOKEN
from tests.web.people import KEY, ME, PASSWORD, hash_of, person
from tests.web.seeds import defaced, hostile_look, tell

AN = Officer("an", "Nguyễn Văn An", email="an@example.gov.vn", phone="0900000001")
BINH = Officer("binh", "Trần Thị Bình", role=Duty.SHIFT_LEAD, email="binh@example.gov.vn")
ROSTER = Roster((AN, BINH))
REWRITTEN = Verdict(VerdictKind.CHANGED, 35.0, 0.0, (Signal(Kind.TEXT, 35.0, "text~00", {"share": 62}),))
ALIKE = frozenset({Mark(Trait.WORDS, "hacked by x"), Mark(Trait.CODE_HOST, "bad.example")})
AT = NOW + 14 * MINUTE  # when the console is looked at
ADMIN, OFFICER, WALL = "root", "an", "wall"  # who looks: the last by the shared token
SIGN_IN_SERVICE = Trust("https://sso.example.gov.vn", "defacewatch", "SSO tỉnh")
BEFORE = """<html><title>Cổng Thông tin điện tử tỉnh</title><body><h1>Cổng Thông tin điện tử tỉnh</h1>
<ul><li>Kỳ họp thứ 12 Hội đồng nhân dân tỉnh</li><li>Lịch tiếp công dân tháng 9</li></ul></body></html>"""
AFTER = """<html><title>Hacked by x</title><body><h1>Hacked by x</h1><p>your security is a joke</p>
<div style="display:none"><a href="https://bad.example/">nhà cái uy tín</a></div></body></html>"""


@dataclass(frozen=True)
class Stage:
    """The console at `base`; `values` are what addresses are made of, `cookies` the sessions of who looks."""

    base: str
    store: Store
    clock: Clock
    values: dict[str, str]
    cookies: dict[str, str]


@asynccontextmanager
async def staged(url: str, folder: Path, *, empty: bool = False, said: str = "") -> AsyncIterator[Stage]:
    """The console over a store with its tables; `empty`: as it is after the first start. With `said` that is
    all that anybody from outside says of anything."""
    store = await Store.open(url, baselines=folder / "baselines", evidence=folder / "evidence")
    try:
        clock = Clock(AT)
        values = {} if empty else await set_stage(store, said)
        cookies = {} if empty else await _signed_in(store, said)
        if empty:
            first = await setup_url(store, "", KEY, clock())
            assert first is not None
            values["setup"] = first
        async with console_over(store, clock, roster=Roster() if empty else ROSTER) as stage:
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
        duty=lambda: [AN.name] if roster.officers else [],
        roster=lambda: roster,
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


def picture(*, hacked: bool = False, hue: str = "#b71c1c", height: int = 1600) -> bytes:
    """A screenshot: a portal's front page, or what an attacker has put there."""
    out, page = io.BytesIO(), Image.new("RGB", (1280, height), "#000" if hacked else "#fff")
    draw, large, small = ImageDraw.Draw(page), ImageFont.load_default(64), ImageFont.load_default(24)
    if hacked:
        draw.text((640, 360), "HACKED BY X", "#0f0", large, anchor="mm")
        draw.text((640, 450), "your security is a joke", "#0f0", small, anchor="mm")
    else:
        draw.rectangle((0, 0, 1280, 150), hue)
        draw.text((60, 40), "CONG THONG TIN DIEN TU", "#fff", large)
        for row in range(8):
            top = 200 + 170 * row
            draw.rectangle((60, top, 300, top + 130), "#cfd8dc")
            draw.text((340, top + 10), "Tin hoat dong cua tinh trong tuan", "#1a237e", small)
            draw.rectangle((340, top + 60, 1200, top + 74), "#e0e0e0")
            draw.rectangle((340, top + 92, 1100, top + 106), "#e0e0e0")
    page.save(out, "PNG")
    return out.getvalue()


async def set_stage(store: Store, said: str = "") -> dict[str, str]:
    """Everything that has happened by `AT`; what the addresses of the pages are made of, by its name. `said`
    stands wherever a watched page, a provider or somebody with a link has a say."""
    alike = frozenset({Mark(Trait.WORDS, said), Mark(Trait.CODE_HOST, said)}) if said else ALIKE
    portals = [
        portal("hungyen", name="Cổng Thông tin điện tử tỉnh Hưng Yên", critical=True),
        portal("songhong", name="Sở Nội vụ"),
        portal("phohien", name="Sở Y tế"),
        portal("vanlam", name="UBND huyện Văn Lâm"),
        portal("myhao", name="UBND thị xã Mỹ Hào"),
        portal("khoaichau", name="UBND huyện Khoái Châu"),
        portal("moi", name="Báo Hưng Yên"),
    ]
    await store.portals.apply(portals, now=NOW)
    pages = {one.key: one.pages[0].id for one in await store.portals.all()}
    for key, hue in (("songhong", "#0d47a1"), ("phohien", "#1b5e20"), ("vanlam", "#4a148c")):
        await _learned(store, pages[key], picture(hue=hue))
    incident = await _attack(store, pages["hungyen"], said, alike)
    for key in ("vanlam", "myhao"):
        verdict = defaced(said) if said else DEFACED
        await checked(store, pages[key], verdict, NOW + 11 * MINUTE, marks=alike)
    await checked(store, pages["phohien"], REWRITTEN, NOW + 9 * MINUTE)
    for minute in (8, 9, 10):
        await checked(store, pages["khoaichau"], UNREACHABLE, NOW + minute * MINUTE)
    several = await _told_together(store)
    await store.incidents.acknowledge(incident, by="binh", via="telegram", now=NOW + 13 * MINUTE)
    await store.incidents.comment(incident, by="binh", text=said or "Đã gọi cho đơn vị vận hành.", now=AT)
    handover = await _handed_over(store, AT)
    campaign = next(view.campaign for view in await store.incidents.list() if view.campaign)
    people = await _people(store)
    return {
        "incident": str(incident),
        "campaign": str(campaign),
        "take": await _link(store, 0),
        "several": several,
        "handover": handover,
        "announce": announce_url("", KEY, "songhong", 0),
        "calendar": calendar_url("", KEY, "an", 0),
        **people,
    }


async def _learned(store: Store, page: str, png: bytes, **shown: object) -> None:
    """A page with an approved baseline, which looks as approved."""
    kept = await store.checks.keep(page, look("a", NOW, screenshot=png, **shown), features("a"))
    capture = await store.baselines.keep_capture(kept, proposed_by="learner", profile=None, now=NOW)
    await store.baselines.approve(capture.id, by="Trần Thị Bình", reason="đăng ký lần đầu", now=NOW)
    await checked(store, page, CLEAN, NOW + 8 * MINUTE)


async def _attack(store: Store, page: str, said: str, alike: frozenset[Mark]) -> int:
    """A page that was learned, and defaced; its incident."""
    await _learned(store, page, picture(), html=BEFORE)
    at = NOW + 10 * MINUTE
    refused = (Refusal("http://169.254.169.254/", "a private address"),)
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


async def _link(store: Store, which: int) -> str:
    mailed = [one for one in await store.alerts.deliveries() if one.channel == "email"]
    return take_url("", KEY)(sorted(mailed, key=lambda one: one.id)[which])


async def _handed_over(store: Store, now: datetime) -> str:
    """A handover that tests two channels of Bình, who comes; the link in her mail."""
    tests = (("binh", "email"), ("binh", "gateway:sms"))
    assert await store.handovers.begin(Handover(now, ("an",), ("binh",), {}), now=now, tests=tests)
    while (alert := await store.alerts.claim(now)) is not None:
        told = [Wanted(channel, officer) for officer, channel in tests]
        wanted = told if alert.kind is AlertKind.HANDOVER else []
        await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=now)
    return await _link(store, -1)


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
