"""The pages that `bench captures` looks at, served by a process of its own: the demo's portal, and real pages
that came with their style sheets and pictures."""

import asyncio
import mimetypes
import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import quote, unquote

from aiohttp import web

from defacewatch.demo.portal import DemoPortal

# Folder and page in the corpus, the last version where there are several.
REAL: Mapping[str, tuple[str, str]] = {
    "couchdb": ("sites/apache-couchdb", "index.html"),
    "lucene": ("sites/apache-lucene", "index.html"),
    "lucene-news": ("sites/apache-lucene-news", "core/corenews.html"),
    "boost": ("sites/boost-org", "index.html"),
    "tcpdump": ("sites/tcpdump", "index.html"),
    "hanoi": ("vn/sotttt-hanoi", "index.html"),
    "hanoi-en": ("vn/sotttt-hanoi", "en.html"),
    "hanoi-about": ("vn/sotttt-hanoi", "gioi-thieu.html"),
    "alaska": ("sites/us-gov-ak", "AK.html"),
    "washington": ("sites/us-gov-wa", "WA.html"),
}
DEMO: Mapping[str, str] = {"demo": "", "demo-news": "tin-tuc"}
FIRST = 31  # the last number of the first real site's address, 127.0.0.31


@contextmanager
def served(corpus: Path) -> Iterator[tuple[dict[str, str], int]]:
    """URLs by name and the server's process id; real pages only where the corpus has them."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    server = spawn.Process(target=_serve, args=(there, corpus), daemon=True)
    server.start()
    try:
        yield here.recv(), server.pid or 0
    finally:
        server.kill()
        server.join()


def _serve(ready: Connection, corpus: Path) -> None:
    asyncio.run(_run(ready, corpus))


async def _run(ready: Connection, corpus: Path) -> None:
    front = await DemoPortal().start()
    urls = {name: front + path for name, path in DEMO.items()}
    for number, (name, (folder, page)) in enumerate(REAL.items(), FIRST):
        root = _last(corpus / folder)
        if (root / page).is_file():
            urls[name] = await _site(f"127.0.0.{number}", root.resolve()) + quote(page)
    ready.send(urls)
    await asyncio.Event().wait()


def _last(folder: Path) -> Path:
    versions = sorted(path for path in folder.glob("[0-9][0-9][0-9]") if path.is_dir())
    return versions[-1] if versions else folder


async def _site(host: str, root: Path) -> str:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        file = (root / unquote(request.path).lstrip("/")).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return web.Response(status=404)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return web.Response(body=file.read_bytes(), content_type=kind, headers={"ETag": f'"{file.name}"'})

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    return f"http://{host}:{runner.addresses[0][1]}/"
