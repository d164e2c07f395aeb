"""From a look to a capture: its parts become blobs, and a row that names them is made."""

import asyncio
import secrets
from datetime import UTC

from pydantic import TypeAdapter

from defacewatch.captures import Capture, Features, Hop, Look, Refusal, Resource, TlsFinding
from defacewatch.records import Kept
from defacewatch.store.blobs import Blobs

RESOURCES = 500  # of a page's requests, how many are listed with its capture
WORDS = 2000  # characters of what a page says of itself (title, URL, header) that are kept

_HOPS = TypeAdapter(tuple[Hop, ...])
_RESOURCES = TypeAdapter(tuple[Resource, ...])
_REFUSALS = TypeAdapter(tuple[Refusal, ...])
_TLS = TypeAdapter(TlsFinding | None)


async def keep(blobs: Blobs, page: str, look: Look, features: Features, *, attack: bool) -> Kept:
    """Put the parts of a rendered `look` on disk and make the capture that names them.

    The SHA-256 of a document is that of its UTF-8 text.
    """
    rendering = look.rendering
    if rendering is None:
        raise ValueError("only a look with the browser is kept")
    served, dom, screenshot = await asyncio.to_thread(
        lambda: (
            blobs.put(_bytes(look.probe.html), ".html"),
            blobs.put(_bytes(rendering.html), ".html"),
            blobs.put(rendering.screenshot, ".png"),
        )
    )
    document = features.shown or features.served
    capture = Capture(
        id=f"{look.at.astimezone(UTC):%Y%m%d}-{secrets.token_hex(5)}",
        page=page,
        at=look.at,
        served=served,
        dom=dom,
        screenshot=screenshot,
        dom_hash=document.dom_hash,
        screen_hash=features.screen.page if features.screen else "",
        final_url=rendering.final_url[:WORDS],
        status=look.probe.status if rendering.status is None else rendering.status,
        title=rendering.title[:WORDS],
        attack=attack,
        details=_details(look),
    )
    return Kept(look, features, capture)


def _bytes(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which a page's scripts can make, becomes '?'."""
    return text.encode("utf-8", "replace")


def _details(look: Look) -> dict[str, object]:
    """What a console may show of a capture without its blobs, as plain JSON values."""
    probe, rendering = look.probe, look.rendering
    details: dict[str, object] = {
        "hops": _HOPS.dump_python(probe.hops, mode="json"),
        "headers": {name: value[:WORDS] for name, value in probe.headers.items()},
        "addresses": list(probe.addresses),
        "tls": _TLS.dump_python(probe.tls, mode="json"),
        "served_status": probe.status,
        "served_hash": probe.body_hash,
    }
    if rendering is not None:
        refusals = probe.refusals + rendering.refusals
        details |= {
            "resources": _RESOURCES.dump_python(rendering.resources[:RESOURCES], mode="json"),
            "refusals": _REFUSALS.dump_python(refusals[:RESOURCES], mode="json"),
            "frames": [url[:WORDS] for url in rendering.frames[:RESOURCES]],
            "dialogs": [text[:WORDS] for text in rendering.dialogs[:RESOURCES]],
            "popups": [url[:WORDS] for url in rendering.popups[:RESOURCES]],
            "downloads": rendering.downloads,
            "console_errors": rendering.console_errors,
            "page_errors": rendering.page_errors,
            "page_height": rendering.page_height,
        }
    return details
