"""The pages that `bench captures` looks at, served by a process of its own: the demo's portal, and real pages
that came with their style sheets and pictures; over plain http, or over TLS as portals are.

Over TLS the browser keeps its connections, each a tunnel through our proxy; over plain http the proxy takes
one for each request.
"""

import asyncio
import mimetypes
import multiprocessing
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from bench.detect.certificates import Certificates
from defacewatch.demo.portal import DemoPortal
from defacewatch.fetch.relay import Peer, relay

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
IDLE = 60.0  # seconds after which a connection over TLS ends that nobody uses
FIRST = 31  # the last number of the first real site's address, 127.0.0.31


@contextmanager
def served(corpus: Path, *, tls: bool = False) -> Iterator[tuple[dict[str, str], int]]:
    """URLs by name and the server's process id; real pages only where the corpus has them. With `tls` they
    are https, with a certificate that no browser knows."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    server = spawn.Process(target=_serve, args=(there, corpus, tls), daemon=True)
    server.start()
    try:
        yield here.recv(), server.pid or 0
    finally:
        server.kill()
        server.join()


def _serve(ready: Connection, corpus: Path, tls: bool) -> None:
    asyncio.run(_run(ready, corpus, tls))


async def _run(ready: Connection, corpus: Path, tls: bool) -> None:
    certificates = Certificates().server if tls else None
    front = await _reached(await DemoPortal().start(), certificates)
    urls = {name: front + path for name, path in DEMO.items()}
    for number, (name, (folder, page)) in enumerate(REAL.items(), FIRST):
        root = _last(corpus / folder)
        if (root / page).is_file():
            plain = await _site(f"127.0.0.{number}", root.resolve())
            urls[name] = await _reached(plain, certificates) + quote(page)
    ready.send(urls)
    await asyncio.Event().wait()


async def _reached(plain: str, certificates: ssl.SSLContext | None) -> str:
    """The address at which the site at `plain` is reached: that, or one over TLS in front of it."""
    if certificates is None:
        return plain
    site = urlsplit(plain)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = Peer(*await asyncio.open_connection(site.hostname, site.port))
        with suppress(OSError):
            await relay(Peer(reader, writer), upstream, idle=IDLE, count=lambda _: None)
        await upstream.drop()
        writer.close()

    listening = await asyncio.start_server(serve, site.hostname, 0, ssl=certificates)
    return f"https://{site.hostname}:{listening.sockets[0].getsockname()[1]}/"


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
