"""A small portal in HTML and the looks at it that the comparison's tests are made of."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image, ImageDraw

from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.captures import Look, Probe, Rendering
from defacewatch.compare import compare, extract
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, judge

NOW = datetime(2026, 9, 2, 1, 0, tzinfo=UTC)
URL = "https://mau.gov.vn/"

NEWS = (
    "Chủ tịch tỉnh làm việc với các sở, ngành về chuyển đổi số",
    "Hội nghị triển khai nhiệm vụ sáu tháng cuối năm tại trung tâm hội nghị",
    "Khai mạc tuần lễ văn hóa và du lịch tỉnh với nhiều hoạt động mới",
    "Lịch tiếp công dân tháng chín của lãnh đạo tỉnh và các sở ngành",
)
MENU = ("Giới thiệu", "Tin tức", "Thủ tục hành chính", "Văn bản", "Công khai ngân sách", "Liên hệ")
CONTENT = """
<div class="intro"><h2>Giới thiệu chung</h2><p>Tỉnh nằm ở trung tâm đồng bằng, có truyền thống văn hóa lâu
đời, dân cư cần cù và nhiều làng nghề nổi tiếng trong cả nước.</p>
<table class="facts"><tr><td>Diện tích</td><td>chín trăm ki lô mét vuông</td></tr></table></div>"""


def portal(
    news: Iterable[str] = NEWS,
    *,
    title: str = "Cổng thông tin điện tử tỉnh Mẫu",
    content: str = CONTENT,
    head: str = "",
    end: str = "",
    clock: str = "08:00:01",
) -> str:
    """The front page of the portal, with whatever a test adds."""
    menu = "".join(f'<li><a href="/muc-{n}/trang">{text}</a></li>' for n, text in enumerate(MENU))
    items = "".join(
        f'<li class="item"><a href="/tin-tuc/{len(text)}-{text[:3].strip()}.html">{text}</a></li>'
        for text in news
    )
    return f"""<!DOCTYPE html><html lang="vi"><head><title>{title}</title>
<meta name="csrf-token" content="tok-{clock}">
<link rel="stylesheet" href="/static/giaodien/chinh.css?v={clock}">
<script src="/static/js/trang.js"></script>{head}</head>
<body><header class="top"><img src="/static/anh/quoc-huy.png" alt=""><nav class="menu"><ul>{menu}</ul></nav>
<span class="clock">{clock}</span></header>
<main><section class="news"><h2><a href="/tin-tuc">Tin mới</a></h2><ul>{items}</ul></section>
<section class="content">{content}</section></main>
<footer class="foot"><p>Cơ quan chủ quản: Ủy ban nhân dân tỉnh Mẫu</p>
<p>Lượt truy cập: 1{clock.replace(":", "")}</p></footer>{end}</body></html>"""


def screenshot(**changes: str) -> bytes:
    """A PNG of the portal's first screen: a red banner, a menu, columns of text, a slider."""
    picture = Image.new("RGB", (1280, 1600), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1279, 159), fill=changes.get("banner", "#b01020"))
    draw.rectangle((0, 160, 1279, 199), fill="#e8e0d0")
    draw.rectangle((80, 240, 719, 559), fill=changes.get("slider", "#3070a0"))
    for line in range(600, 1580, 20):
        for word in range(80, 1200, 97):
            draw.rectangle((word, line, word + 60 + (word * line) % 30, line + 8), fill="#303030")
    for line in range(240, 560, 20):
        draw.rectangle((760, line, 1160, line + 8), fill="#303030")
    return png(picture)


def png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def probe_of(html: str, **changes: object) -> Look:
    """A look over plain HTTP that brought `html`."""
    return Look(replace(Probe(URL, NOW, URL, 200, html), **changes))  # type: ignore[arg-type]


def render_of(
    html: str, *, served: str | None = None, picture: bytes | None = None, **changes: object
) -> Look:
    """A look with the browser that shows `html`."""
    shown = Rendering(NOW, URL, 200, html=html, screenshot=screenshot() if picture is None else picture)
    return Look(Probe(URL, NOW, URL, 200, html if served is None else served), replace(shown, **changes))  # type: ignore[arg-type]


def baseline_of(*looks: Look) -> Baseline:
    return Baseline("mau", 1, tuple(ApprovedLook(str(n), extract(look)) for n, look in enumerate(looks)))


APPROVED = render_of(portal())
BASELINE = baseline_of(APPROVED)


def signals_of(
    look: Look, baseline: Baseline | None = BASELINE, profile: Profile | None = None
) -> tuple[Signal, ...]:
    """The signals of a look that brought a page."""
    return compare(baseline, profile or Profile("mau"), look, extract(look))


def verdict_of(look: Look, baseline: Baseline | None = BASELINE, profile: Profile | None = None) -> Verdict:
    return judge(signals_of(look, baseline, profile), has_baseline=baseline is not None)


def one(signals: Iterable[Signal], kind: Kind) -> Signal:
    """The only signal of a kind."""
    found = [signal for signal in signals if signal.kind is kind]
    assert len(found) == 1, f"{kind}: {found}"
    return found[0]


def kinds(signals: Iterable[Signal]) -> set[Kind]:
    return {signal.kind for signal in signals}
