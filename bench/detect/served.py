"""What the servers of a scene answer, and a probe made straight from that, without any server."""

import hashlib
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.detect.scene import Answer, Scene
from defacewatch.captures import Failure, Hop, Look, Probe
from defacewatch.fetch import headers, redirects
from defacewatch.fetch.charset import decode

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)  # of every look: nothing that is measured depends on the hour
_HOPS = 10
_MISSING = Answer(b"Not Found", 404, "text/plain")


def answer(scene: Scene, url: str) -> Answer:
    """What the visitor of `scene` gets for an absolute http address; hosts that nobody has say 404."""
    whole, plain = url.partition("#")[0], url.partition("#")[0].partition("?")[0]
    for address in (whole, plain):
        if address in scene.extra:
            return scene.extra[address]
    asked, page = urlsplit(plain), urlsplit(scene.url)
    if _site(asked.hostname) != _site(page.hostname):
        return _MISSING
    if whole == scene.url or (asked.path or "/") == (page.path or "/"):
        return scene.page
    return _file(scene.folder, asked.path)


def _site(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _file(folder: Path | None, path: str) -> Answer:
    if folder is None:
        return _MISSING
    root = folder.resolve()
    try:
        file = (root / unquote(path).lstrip("/")).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return _MISSING
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Answer(file.read_bytes(), kind=kind)
    except (OSError, ValueError):  # a name too long, a NUL in it
        return _MISSING


def probed(scene: Scene) -> Look:
    """The look of a probe at the scene's page, redirects followed."""
    url, got = scene.url, scene.page
    hops: list[Hop] = []
    failure = None
    while (location := _location(got)) is not None:
        hops.append(Hop(url, got.status, location))
        following = redirects.target(url, location)
        if len(hops) > _HOPS:
            failure = Failure.REDIRECTS
            break
        url, got = following, answer(scene, following)
    kept = {name.lower(): value for name, value in got.headers} | {"content-type": got.kind}
    text = decode(got.body, got.kind) if headers.is_text(got.kind, got.body) else ""
    return Look(
        Probe(
            url=scene.url,
            at=AT,
            final_url=url,
            status=got.status,
            html="" if failure else text,
            body_hash=hashlib.sha256(got.body).hexdigest(),
            content_type=got.kind,
            hops=tuple(hops),
            headers=kept,
            addresses=("127.0.0.1",),
            failure=failure,
        )
    )


def _location(got: Answer) -> str | None:
    named = {name.lower(): value for name, value in got.headers}
    return named.get("location") if got.status in redirects.STATUSES else None


class Straight:
    """Looks made of the scene's bytes, of any scene at once."""

    def __call__(self, scene: Scene, *, dwell: bool = False) -> Look:
        return probed(scene)
