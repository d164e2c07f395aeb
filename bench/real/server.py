"""The sites on loopback, each at an address of its own (127.0.0.11 and on), serving the version of now."""

import hashlib
import mimetypes
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from bench.real.corpus import LEARNED, Site, Version

FIRST_HOST = 11


class ServedSite:
    """One site. While it is `learning`, each visit of the browser finds the next of the first versions, and
    each probe too, so that samples differ whoever comes first; afterwards it changes when it is told to.

    `shown_at` is when the browser was first given the document of now, `before` the version before it;
    `walks` is whether it still goes through its versions.
    """

    def __init__(self, number: int, site: Site) -> None:
        self.number, self.site = number, site
        self.learning = True
        self.shown_at: datetime | None = None
        self.url = ""
        self._place = LEARNED - 1
        self._defacement: bytes | None = None
        self._visits: Counter[str] = Counter()
        self.before = self.version
        self.walks = True
        page = site.versions[0].page
        self.path = "/" if page == "index.html" else f"/{quote(page)}"

    @property
    def label(self) -> str:
        """What messages about this site can be known by."""
        return f"Site{self.number:02d}"

    @property
    def key(self) -> str:
        return self.label.lower()

    @property
    def version(self) -> Version:
        return self.site.versions[self._place]

    def move_on(self) -> bool:
        """Serve the next version; whether that step is a labelled event."""
        self.before = self.version
        self._place += 1
        return self.site.labelled(self.before, self.version)

    def go_back(self) -> None:
        """Serve the version before again, and stay there."""
        self._place -= 1
        self.walks = False

    def deface(self, page: bytes) -> None:
        """Serve `page` in place of the site's; what else the site had stays."""
        self._defacement, self.shown_at = page, None

    def watch_again(self) -> None:
        """Forget that the browser has been here; learning is over."""
        self.learning, self.shown_at = False, None

    def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path in (self.path, f"/{self.version.page}"):
            return self._document(request)
        return self._asset(request.path)

    def _document(self, request: web.BaseRequest) -> web.Response:
        visitor = "browser" if "Sec-Fetch-Dest" in request.headers else "probe"
        version = self.version
        if self.learning:
            version = self.site.versions[min(self._visits[visitor], LEARNED - 1)]
            self._visits[visitor] += 1
        body = self._defacement or (version.folder / version.page).read_bytes()
        if visitor == "browser" and self.shown_at is None:
            self.shown_at = datetime.now(UTC)
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, headers={"Content-Type": "text/html", "ETag": etag})

    def _asset(self, path: str) -> web.StreamResponse:
        folder = self.version.folder.resolve()
        file = (folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return web.Response(body=file.read_bytes(), headers={"Content-Type": kind})


@asynccontextmanager
async def serving(sites: Sequence[Site]) -> AsyncIterator[list[ServedSite]]:
    """The sites, served until the end of the block."""
    served = [ServedSite(number, site) for number, site in enumerate(sites, 1)]
    by_host = {f"127.0.0.{FIRST_HOST + i}": one for i, one in enumerate(served)}

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        host = request.transport.get_extra_info("sockname")[0]
        return by_host[host].answer(request)

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    try:
        for host in by_host:
            await web.TCPSite(runner, host, 0).start()
        for host, port in runner.addresses:
            by_host[host].url = f"http://{host}:{port}{by_host[host].path}"
        yield served
    finally:
        await runner.cleanup()
