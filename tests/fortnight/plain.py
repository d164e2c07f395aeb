"""A browser without scripts: what the server sent is what is shown, and the picture is drawn from its words.

The subject of the fortnight is the way of an alert, not the looks: a hundred daemons in ten minutes cannot
each have a Chromium of their own. The probes beside it are the daemon's own, over HTTP."""

import io
from datetime import datetime
from functools import lru_cache

from PIL import Image, ImageDraw
from selectolax.lexbor import LexborHTMLParser

from defacewatch.captures import Look, Rendering, Validators
from defacewatch.fetch.http import HttpFetcher

WIDTH, HEIGHT = 1280, 48


class PlainFetcher:
    """The fetcher that a checker looks with. A capture asks for the page over HTTP, as a probe does."""

    def __init__(self, http: HttpFetcher) -> None:
        self.http = http

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look:
        return Look(await self.http.probe(url, now=now, validators=validators))

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        probe = await self.http.probe(url, now=now)
        tree = LexborHTMLParser(probe.html)
        body = tree.body
        text = body.text(separator="\n", strip=True) if body is not None else ""
        title = tree.css_first("title")
        rendering = Rendering(
            now,
            final_url=probe.final_url,
            status=probe.status,
            title=title.text() if title is not None else "",
            html=probe.html,
            text=text,
            screenshot=_drawn(text) if probe.failure is None else b"",
            page_height=HEIGHT,
            dwelt=dwell,
            failure=probe.failure,
            detail=probe.detail,
        )
        return Look(probe, rendering)


@lru_cache(maxsize=64)
def _drawn(text: str) -> bytes:
    """A screenshot (PNG) of so many words."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    ImageDraw.Draw(picture).multiline_text((20, 20), text[:4000], fill="black", font_size=20)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
