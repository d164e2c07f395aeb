"""Pictures of captures: as they were taken, or small for a page. Nothing else of a capture is ever served."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import hdrs, web

from defacewatch.notify.pictures import picture as made_small
from defacewatch.web.console import console_of

JPEG = ("image/jpeg", "jpg")
KINDS = {b"\x89PNG\r\n\x1a\n": ("image/png", "png"), b"\xff\xd8\xff": JPEG}
SMALL_KEPT = 64  # small pictures kept in memory, some 50 KB each
TINY_KEPT = 2000  # and of the tiny ones of the wall, some 8 KB each
A_DAY = "private, max-age=86400, immutable"  # what is named by its content stays as it is
SMALL: web.AppKey["SmallPictures"] = web.AppKey("small_pictures")
TINY: web.AppKey["SmallPictures"] = web.AppKey("tiny_pictures")


class SmallPictures:
    """The small pictures asked for last. Each is made once, however many ask at the same time."""

    def __init__(self, make: Callable[[bytes], bytes] = made_small, most: int = SMALL_KEPT) -> None:
        self._make, self._most = make, most
        self._made: OrderedDict[str, bytes] = OrderedDict()
        self._making = asyncio.Lock()

    def known(self, sha: str) -> bytes | None:
        """A picture that was made already."""
        return self._made.get(sha)

    async def get(self, sha: str, screenshot: bytes) -> bytes:
        async with self._making:
            if sha not in self._made:
                self._made[sha] = await asyncio.to_thread(self._make, screenshot)
            self._made.move_to_end(sha)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
            return self._made[sha]


async def picture(request: web.Request) -> web.Response:
    """The picture with the SHA-256 in the address; with `?small` a JPEG of its first screen, 800 px wide,
    with `?tiny` one of 320 px.

    A blob that is not a picture is not there: the documents of watched pages never leave by this door.
    """
    sha = request.match_info["sha"]
    for name, key in (("tiny", TINY), ("small", SMALL)):
        made = request.app[key].known(sha) if name in request.query else None
        if made is not None:
            return answer(made, JPEG, keep=key is TINY)
    body = await console_of(request).store.pictures(sha)
    kind = next((kind for magic, kind in KINDS.items() if body.startswith(magic)), None)
    if kind is None:
        raise web.HTTPNotFound
    if "tiny" in request.query:
        return answer(await request.app[TINY].get(sha, body), JPEG, keep=True)
    if "small" in request.query:
        return answer(await request.app[SMALL].get(sha, body), JPEG)
    return answer(body, kind)


def answer(body: bytes, kind: tuple[str, str], *, keep: bool = False) -> web.Response:
    """A picture by itself, of a content type and a file's ending, that can do nothing wherever it is opened.
    A reader's browser may `keep` it for a day."""
    content_type, ending = kind
    headers = {
        hdrs.CONTENT_DISPOSITION: f'inline; filename="capture.{ending}"',
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    if keep:
        headers[hdrs.CACHE_CONTROL] = A_DAY
    return web.Response(body=body, content_type=content_type, headers=headers)
