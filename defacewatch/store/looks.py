"""From a look to a capture, and back: its parts become blobs, and a row that names them is made.

The documents and the screenshot are blobs of their own, since people look at them; everything else that the
look brought (`facts`) is one blob of JSON, so that features can be made again by a later version.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from pydantic import TypeAdapter

from defacewatch.captures import Capture, Hop, Look, Refusal, Resource, TlsFinding
from defacewatch.errors import DefacewatchError
from defacewatch.features import Features
from defacewatch.records import Kept
from defacewatch.store.blobs import Blobs
from defacewatch.store.screenshots import smaller

RESOURCES = 500  # of a page's requests, how many are listed with its capture
WORDS = 2000  # characters of what a page says of itself (title, URL, header) that are kept

_HOPS = TypeAdapter(tuple[Hop, ...])
_RESOURCES = TypeAdapter(tuple[Resource, ...])
_REFUSALS = TypeAdapter(tuple[Refusal, ...])
_TLS = TypeAdapter(TlsFinding | None)
_LOOK = TypeAdapter(Look)


async def keep(blobs: Blobs, page: str, look: Look, features: Features, *, attack: bool) -> Kept:
    """Put the parts of a rendered `look` on disk and make the capture that names them.

    The SHA-256 of a document is that of its UTF-8 text.
    """
    rendering = look.rendering
    if rendering is None:
        raise ValueError("only a look with the browser is kept")
    served, dom, screenshot, facts = await asyncio.to_thread(
        lambda: (
            blobs.put(_bytes(look.probe.html), ".html"),
            blobs.put(_bytes(rendering.html), ".html"),
            blobs.put(smaller(rendering.screenshot), ".png"),
            blobs.put(_facts(look), ".json"),
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
        facts=facts,
        dom_hash=document.dom_hash,
        screen_hash=features.screen.page if features.screen else "",
        final_url=rendering.final_url[:WORDS],
        status=look.probe.status if rendering.status is None else rendering.status,
        title=rendering.title[:WORDS],
        attack=attack,
        details=_details(look),
    )
    return Kept(look, features, capture)


def load(read: Callable[[str], bytes], capture: Capture) -> Look:
    """The look that a capture was made of; `read` gives the content of a blob. Blocks.

    Raises NotFound or Damaged as `read` does, and DefacewatchError where the facts are of another form.
    """
    facts = read(capture.facts)
    try:
        plain = json.loads(facts)
        look = _LOOK.validate_python(plain["look"])
        icon = base64.b64decode(plain["icon"])
    except (ValueError, KeyError, TypeError) as error:
        raise DefacewatchError(f"the facts of capture {capture.id} cannot be read: {error}") from error
    if look.rendering is None:
        raise DefacewatchError(f"the facts of capture {capture.id} are not of a look with the browser")
    rendering = replace(
        look.rendering, html=_text(read(capture.dom)), screenshot=read(capture.screenshot), icon=icon
    )
    return Look(replace(look.probe, html=_text(read(capture.served))), rendering)


def _facts(look: Look) -> bytes:
    """A look without what are blobs of their own. What it holds of a page was bounded when it was fetched."""
    rendering = look.rendering
    if rendering is None:
        raise ValueError("only a look with the browser is kept")
    bare = Look(replace(look.probe, html=""), replace(rendering, html="", screenshot=b"", icon=b""))
    plain = {
        "look": _LOOK.dump_python(bare, mode="json"),
        "icon": base64.b64encode(rendering.icon).decode(),
    }
    return _bytes(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def _text(document: bytes) -> str:
    return document.decode("utf-8", "replace")


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
