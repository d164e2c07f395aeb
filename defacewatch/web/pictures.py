"""Pictures of captures: as they were taken, or small for a page. Nothing else of a capture is ever served."""

import asyncio
from collections import OrderedDict

from aiohttp import hdrs, web

from defacewatch.notify.pictures import picture as made_small
from defacewatch.web.console import console_of

KINDS = {b"\x89PNG\r\n\x1a\n": ("image/png", "png"), b"\xff\xd8\xff": ("image/jpeg", "jpg")}
SMALL_KEPT = 64  # small pictures kept in memory, some 50 KB each
SMALL: web.AppKey["SmallPictures"] = web.AppKey("small_pictures")


class SmallPictures:
    """The small pictures asked for last. Each is made once, however many ask at the same time."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, bytes] = OrderedDict()
        self._making = asyncio.Lock()

    async def get(self, sha: str, screenshot: bytes) -> bytes:
        async with self._making:
            if sha not in self._made:
                self._made[sha] = await asyncio.to_thread(made_small, screenshot)
            self._made.move_to_end(sha)
            while len(self._made) > SMALL_KEPT:
                self._made.popitem(last=False)
            return self._made[sha]


async def picture(request: web.Request) -> web.Response:
    """The picture with the SHA-256 in the address; with `?small` a JPEG of its first screen, 800 px wide.

    A blob that is not a picture is not there: the documents of watched pages never leave by this door.
    """
    sha = request.match_info["sha"]
    body = await console_of(request).store.pictures(sha)
    kind = next((kind for magic, kind in KINDS.items() if body.startswith(magic)), None)
    if kind is None:
        raise web.HTTPNotFound
    if "small" in request.query:
        kind = KINDS[b"\xff\xd8\xff"]
        body = await request.app[SMALL].get(sha, body)
    content_type, ending = kind
    return web.Response(
        body=body,
        content_type=content_type,
        headers={
            hdrs.CONTENT_DISPOSITION: f'inline; filename="capture.{ending}"',
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        },
    )
