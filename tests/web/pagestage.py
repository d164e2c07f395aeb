"""The pages of the stage: portals with a past, and what a browser saw of them."""

import io
from dataclasses import replace
from datetime import datetime

from PIL import Image, ImageDraw, ImageFont

from defacewatch.captures import Tier
from defacewatch.incidents import Resolution
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind
from tests.store.samples import CLEAN, MINUTE, NOW, features, look, outcome, phrase, portal
from tests.web.dutystage import DAY, HOUR, heard

VNPT = "VNPT Hưng Yên"
REWRITTEN = Verdict(VerdictKind.CHANGED, 35.0, 0.0, (Signal(Kind.TEXT, 35.0, "text~00", {"share": 62}),))
PORTALS = (
    portal("hungyen", name="Cổng Thông tin điện tử tỉnh Hưng Yên", critical=True, tags=("tỉnh",), level=4),
    portal("dichvucong", name="Cổng Dịch vụ công tỉnh", critical=True, tags=("tỉnh",), operator=VNPT),
    portal("songhong", name="Sở Nội vụ", tags=("sở",)),
    portal("phohien", name="Sở Y tế", tags=("sở",), operator=VNPT),
    portal("sotc", name="Sở Tài chính", tags=("sở",)),
    portal("vanlam", name="UBND huyện Văn Lâm", tags=("huyện",), level=2),
    portal("myhao", name="UBND thị xã Mỹ Hào", tags=("huyện",), level=2, operator=VNPT),
    portal("khoaichau", name="UBND huyện Khoái Châu", tags=("huyện",), level=2),
    portal("anthi", name="UBND huyện Ân Thi", tags=("huyện",), level=2),
    portal("phucu", name="UBND huyện Phù Cừ", tags=("huyện",), level=2),
    portal("moi", name="Báo Hưng Yên"),
)
HUES = {
    "songhong": "#0d47a1",
    "phohien": "#1b5e20",
    "vanlam": "#4a148c",
    "dichvucong": "#b71c1c",
    "sotc": "#004d40",
    "anthi": "#bf360c",
    "phucu": "#263238",
}
BEFORE = """<html><title>Cổng Thông tin điện tử tỉnh</title><body><h1>Cổng Thông tin điện tử tỉnh</h1>
<ul><li>Kỳ họp thứ 12 Hội đồng nhân dân tỉnh</li><li>Lịch tiếp công dân tháng 9</li></ul></body></html>"""
AFTER = """<html><title>Hacked by x</title><body><h1>Hacked by x</h1><p>your security is a joke</p>
<div style="display:none"><a href="https://bad.example/">nhà cái uy tín</a></div></body></html>"""


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


async def learned(store: Store, page: str, png: bytes, *, every: int = 4, **shown: object) -> None:
    """A page with an approved baseline, which looks as approved, and has for a day, by checks `every` so many
    hours."""
    at = NOW - 8 * DAY
    kept = await store.checks.keep(page, look("a", at, screenshot=png, **shown), features("a"))
    capture = await store.baselines.keep_capture(kept, proposed_by="learner", profile=None, now=at)
    await store.baselines.approve(capture.id, by="Trần Thị Bình", reason="đăng ký lần đầu", now=at + HOUR)
    for hours in range(23, -1, -every):
        await noted(store, page, CLEAN, NOW - hours * HOUR, 0.2 + sum(page.encode()) * hours % 7 / 20)


async def noted(store: Store, page: str, verdict: Verdict, at: datetime, seconds: float) -> int | None:
    """A check that took so long; the incident that it is of."""
    made = outcome(await store.checks.context(page, now=at), verdict, at)
    return (await store.checks.record(replace(made, elapsed=seconds, tier=Tier.RENDER))).incident


async def mistaken(store: Store, page: str, said: str) -> None:
    """A page on which two were false alarms: of one the differences are muted, of the other for a day."""
    await learned(store, page, picture(), every=2, html=BEFORE)
    about = said or "trang tin bị tin tặc tấn công"
    for verdict, minutes, why in (
        (REWRITTEN, 180, "biểu mẫu mới của phòng"),
        (Verdict(VerdictKind.DEFACED, 60.0, 60.0, (phrase(about),)), 100, "bài báo viết về một vụ tấn công"),
    ):
        at = NOW - minutes * MINUTE
        incident = await noted(store, page, verdict, at, 1.9)
        assert incident is not None
        await heard(store, at, {})
        closed = {"as_": Resolution.FALSE_ALARM, "by": "binh", "reason": said or why, "via": "console"}
        await store.incidents.resolve(incident, now=at + 9 * MINUTE, **closed)  # type: ignore[arg-type]
        await noted(store, page, CLEAN, at + 10 * MINUTE, 1.4)
