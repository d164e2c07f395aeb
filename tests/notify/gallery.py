"""The messages as an officer sees them, as pictures for docs/messages.md:

    .venv/bin/python -m tests.notify.gallery docs/messages

Telegram's texts are put into a bubble of a phone's width, mails are shown as they are, 390 pixels wide. Signs
such as 🔴 need a font that has them (fonts-noto-color-emoji).
"""

import asyncio
import base64
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import Page as Tab
from playwright.async_api import async_playwright

from defacewatch.alerts import Alert, AlertKind, Notice
from defacewatch.campaigns import Campaign, Mark, Trait
from defacewatch.deadlines import Deadline
from defacewatch.deadlines import What as Owed
from defacewatch.fetch.chromium import find_chromium
from defacewatch.gathering import Entry, Gathered
from defacewatch.incidents import Incident, State
from defacewatch.language import translator
from defacewatch.notify import buttons, message
from defacewatch.portals import Page, Portal, Urgency
from defacewatch.reducing import Reduced, What
from defacewatch.reducing import reduced as loss
from defacewatch.verdicts import Verdict, VerdictKind
from tests.notify.examples import AN, AT, PORTAL, SIGNALS, notice

WIDTH = 390
CAMPAIGN = Campaign(7, AT, Mark(Trait.CODE_HOST, "keo.example"))
_BUBBLE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 12px 8px; background: #c9d8c5; font: 15px/1.38 'Noto Sans', Roboto, sans-serif }
.bubble { background: #fff; border-radius: 14px; padding: 9px 12px 7px; max-width: 356px; margin-bottom: 4px;
  white-space: pre-wrap; overflow-wrap: anywhere }
.bubble a { color: #2a7fc4; text-decoration: none }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; max-width: 380px; margin: 2px 0 4px }
.pictures img { width: 100%; height: 150px; object-fit: cover; object-position: top; border-radius: 8px }
.keys { display: grid; gap: 4px; grid-template-columns: repeat(2, 1fr); max-width: 380px;
  margin-bottom: 16px }
.keys span { background: #7c9a80; color: #fff; border-radius: 8px; text-align: center; padding: 8px 4px;
  font-size: 14px }
.keys span.wide { grid-column: 1 / 3 }
</style>"""


def _shot(words: str, paper: str, ink: str, bar: str) -> bytes:
    """A page in little, drawn by us."""
    image = Image.new("RGB", (800, 1000), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 800, 110), fill=bar)
    draw.text((30, 40), words, fill=ink, font_size=40)
    for line in range(18):
        draw.rectangle((30, 150 + line * 45, 770 - line * 23 % 220, 168 + line * 45), fill=bar)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


BEFORE = _shot("HUNG YEN", "#ffffff", "#ffffff", "#a61b1b")
AFTER = _shot("HACKED BY X", "#000000", "#39ff14", "#101010")


def attack(language: str) -> Notice:
    return replace(
        notice(language=language),
        before=BEFORE,
        after=AFTER,
        to=AN,
        take_url="https://watch.example.gov.vn/take/…",
        clocks=(
            Deadline(Owed.RESTORE, AT + timedelta(hours=24), timedelta(hours=6)),
            Deadline(Owed.REPORT, AT + timedelta(days=5), timedelta(days=1)),
        ),
    )


def gathered(language: str, *, campaign: bool = True) -> Gathered:
    """A campaign over three portals, or a digest of what has nothing in common."""
    entries = []
    names = ("Sở Y tế", "Sở Tài chính", "UBND thành phố Hưng Yên")
    for number, name in enumerate(names):
        portal = Portal(f"p{number}", f"Cổng Thông tin điện tử {name}")
        page = Page(f"p{number}-1", portal.key, f"https://p{number}.hungyen.gov.vn/")
        kind = VerdictKind.DEFACED if campaign or number == 0 else VerdictKind.CHANGED
        story = Incident(page.id, kind, AT + timedelta(seconds=40 * number), id=126 - number)
        if number == 2:
            story = replace(story, state=State.ACKNOWLEDGED, acknowledged_by="Trần Thị Bình")
        entries.append(Entry(page, portal, story, Verdict(kind, 60.0, 60.0, SIGNALS[1:3]), fresh=number < 2))
    return Gathered(
        tuple(entries),
        70,
        AN,
        AT + timedelta(minutes=2),
        language,
        "Asia/Ho_Chi_Minh",
        campaign=CAMPAIGN if campaign else None,
        url="https://watch.example.gov.vn/campaigns/7",
        take_url="https://watch.example.gov.vn/take/…",
    )


def handover(language: str) -> Notice:
    summary = {
        "goes": "Nguyễn Văn An, Trần Thị Bình", "comes": "Lê Mạnh Cường", "unresolved": 2, "blind": 0,
        "paused": 1, "windows": 1, "proposals": 1, "coverage": "99.9 %",
        "incidents": [{"code": "SC-000124", "portal": PORTAL.name, "by": "Nguyễn Văn An"},
                      {"code": "SC-000125", "portal": "Cổng Thông tin điện tử Sở Y tế", "by": None}],
        "alerts": {"defaced": 1, "changed": 2}, "since": (AT - timedelta(hours=8)).isoformat(),
    }  # fmt: skip
    alert = Alert(40, AlertKind.HANDOVER, Urgency.HIGH, AT, facts={"handover": 9, "summary": summary})
    bare = notice(
        language=language, portal=None, page=None, incident=None, verdict=None, before=None, after=None
    )
    return replace(bare, alert=alert, to=AN, deadline=None, evidence_url=None, confirmed_at=None)


def reduced(language: str) -> Notice:
    """Somebody has taken something out of the watch."""
    facts = loss(
        (
            Reduced(What.PAUSED, "Cổng Thông tin điện tử Sở Nội vụ", "đơn vị chuyển máy chủ"),
            Reduced(What.NOT_CRITICAL, PORTAL.name),
            Reduced(What.SLOWER, PORTAL.name, "https://hungyen.gov.vn/, https://hungyen.gov.vn/tin-tuc"),
        ),
        "Phạm Thị Dung",
        "console:10.20.0.7 account dung",
    ).facts
    bare = handover(language)
    return replace(bare, alert=Alert(41, AlertKind.WATCH_REDUCED, Urgency.HIGH, AT, facts=facts))


def change(language: str) -> Notice:
    whole = notice(AlertKind.CHANGED, language=language)
    return replace(
        whole,
        verdict=Verdict(VerdictKind.CHANGED, 35.0, 0.0, SIGNALS[:1] + SIGNALS[3:4]),
        before=None,
        after=None,
    )


def _keys(rows: Sequence[Sequence[str]]) -> str:
    cells = [
        f"<span{' class=wide' if len(row) == 1 else ''}>{escape(words)}</span>"
        for row in rows
        for words in row
    ]
    return f"<div class=keys>{''.join(cells)}</div>"


def _image(data: bytes) -> str:
    return f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def bubbles(language: str) -> str:
    """What an officer's chat looks like after an attack, a campaign and a change of shift."""
    _ = translator(language)
    keyboards = (
        buttons.choices(123, "c", _),
        buttons.taking_all(70, 2, 126, _),
        buttons.choices(124, None, _),
        buttons.handing(9, _),
        None,
    )
    said: tuple[message.Said, ...] = (
        attack(language),
        gathered(language),
        change(language),
        handover(language),
        reduced(language),
    )
    parts = [_BUBBLE]
    for one, keyboard in zip(said, keyboards, strict=True):
        parts.append(f"<div class=bubble>{message.telegram_html(one)}</div>")
        if keyboard is not None:
            parts.append(_keys([[button.text for button in row] for row in keyboard.inline_keyboard]))
        if isinstance(one, Notice) and one.before and one.after:
            parts.append(f"<div class=pictures>{_image(one.before)}{_image(one.after)}</div>")
    return "".join(parts)


def mail(said: message.Said) -> str:
    """The HTML of a mail, with its pictures in it."""
    if isinstance(said, Gathered):
        return message.html(said)
    page = message.html(said, before="b" if said.before else None, after="a" if said.after else None)
    for cid, data in (("b", said.before), ("a", said.after)):
        if data:
            page = page.replace(f"cid:{cid}", f"data:image/jpeg;base64,{base64.b64encode(data).decode()}")
    return page


async def _picture(tab: Tab, page: str, file: Path) -> None:
    await tab.set_content(page)
    shot = await tab.screenshot(full_page=True)
    Image.open(io.BytesIO(shot)).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
        file, optimize=True
    )
    print(file, file.stat().st_size)


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"telegram-{language}.png": bubbles(language) for language in ("vi", "en")}
    for language in ("vi", "en"):
        pages[f"mail-attack-{language}.png"] = mail(attack(language))
    pages["mail-campaign-vi.png"] = mail(gathered("vi"))
    pages["mail-digest-vi.png"] = mail(gathered("vi", campaign=False))
    pages["mail-handover-vi.png"] = mail(handover("vi"))
    pages["mail-reduced-vi.png"] = mail(reduced("vi"))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        tab = await browser.new_page(viewport={"width": WIDTH, "height": 600})
        for name, page in pages.items():
            await _picture(tab, page, folder / name)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
