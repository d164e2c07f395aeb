"""Whether a page asks if scripts run (`@media (scripting: none)`). One that is held has none that do, and can
show us, by its style sheets alone, what nobody else sees."""

import asyncio
import re
from typing import Any

from playwright.async_api import CDPSession, Error

SHEETS = 200  # that are read; a page with more of them is not believed
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FEATURE = re.compile(r"\(\s*scripting\s*[:)]", re.IGNORECASE)


async def asks_for_scripts(session: CDPSession, html: str, *, within: float) -> bool:
    """Whether the document or a style sheet of a page asks, or does not let us know in so many seconds."""
    sheets: list[str] = []

    def note(event: dict[str, Any]) -> None:
        sheets.append(event["header"]["styleSheetId"])

    session.on("CSS.styleSheetAdded", note)
    try:
        async with asyncio.timeout(within):
            await session.send("DOM.enable")
            await session.send("CSS.enable")
            # as the browser has read them: also of links, imports, shadow trees and frames
            queries = await session.send("CSS.getMediaQueries")
            if len(sheets) > SHEETS or any(_FEATURE.search(media["text"]) for media in queries["medias"]):
                return True
            # what is no media query of a sheet: if(media(…)), and attributes of pictures
            texts = [html]
            for sheet in sheets:
                texts.append((await session.send("CSS.getStyleSheetText", {"styleSheetId": sheet}))["text"])
            return await asyncio.to_thread(lambda: any(names_scripting(text) for text in texts))
    except (Error, TimeoutError):
        return True
    finally:
        session.remove_listener("CSS.styleSheetAdded", note)


def names_scripting(text: str) -> bool:
    """Whether CSS, or HTML with CSS in it, names that feature of a medium in brackets."""
    if "scripting" not in text.lower() and "\\" not in text:
        return False
    return _FEATURE.search(_ESCAPE.sub(_unescaped, _COMMENT.sub("", text))) is not None


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2]
    number = int(found[1], 16)
    return chr(number) if 0 < number < 0xD800 else "\ufffd"
