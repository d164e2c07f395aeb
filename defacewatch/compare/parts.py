"""A look, read part by part: the document as served, the page as shown, its picture, its icon.

Each part is read from a `piece` of the look that holds no more than the part depends on: equal pieces read
equally, whenever and with whatever else they came.
"""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from defacewatch.captures import Look, Probe, Rendering, Resource
from defacewatch.compare import icon
from defacewatch.compare.features import VERSION, served_of, shown_of
from defacewatch.compare.screen import screen_of
from defacewatch.features import Features

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Pieces = Mapping["Part", object]
Found = Mapping["Part", Any]  # what reading brought, by part: see `put_together`


class Part(StrEnum):
    """What is read by itself."""

    SERVED = "served"
    SHOWN = "shown"
    SCREEN = "screen"
    ICON = "icon"


def extract(look: Look) -> Features:
    """The features of a look that brought a page."""
    return put_together(look, read(pieces_of(look)))


def pieces_of(look: Look) -> Pieces:
    """Of each part that the look has, what reading it needs (picklable)."""
    probe, rendering = look.probe, look.rendering
    refresh = probe.headers.get("refresh")
    served = Probe(
        "",
        _NEVER,
        probe.final_url,
        status=probe.status,
        html=probe.html,
        headers={} if refresh is None else {"refresh": refresh},
        refusals=probe.refusals,
    )
    pieces: dict[Part, object] = {Part.SERVED: served}
    if rendering is None:
        return pieces
    pieces[Part.ICON] = rendering.icon
    if rendering.failure is not None:
        return pieces
    pieces[Part.SHOWN] = replace(
        rendering,
        at=_NEVER,
        elapsed=0.0,
        final_url=rendering.final_url or probe.final_url,
        screenshot=b"",
        icon=b"",
        page_height=0,
        boxes=(),
        resources=tuple(_asked(resource) for resource in rendering.resources),
        console_errors=0,
        page_errors=0,
    )
    pieces[Part.SCREEN] = Rendering(
        _NEVER,
        screenshot=rendering.screenshot,
        pictures=rendering.pictures,
        resources=tuple(_asked(resource) for resource in rendering.resources if resource.kind == "image"),
    )
    return pieces


def read(pieces: Pieces) -> dict[Part, Any]:
    """Every piece, read: what a hostile page costs is spent here."""
    return {part: _READS[part](piece) for part, piece in pieces.items()}


def put_together(look: Look, found: Found) -> Features:
    """The features of the look of which all parts have been read."""
    tls = look.probe.tls
    return Features(
        version=VERSION,
        served=found[Part.SERVED],
        shown=found.get(Part.SHOWN),
        screen=found.get(Part.SCREEN),
        tls=f"{tls.problem.value} {tls.fingerprint}" if tls is not None and tls.fingerprint else None,
        icon=found.get(Part.ICON),
    )


def mark_of(piece: object) -> bytes:
    """SHA-256 of all that a piece holds. Equal ones may differ in it; different ones do."""
    return hashlib.sha256(pickle.dumps(piece, pickle.HIGHEST_PROTOCOL)).digest()


def _asked(resource: Resource) -> Resource:
    """What was asked for and with which status it came; not what tells one version from the next."""
    return Resource(resource.url, resource.kind, resource.status)


_READS: Mapping[Part, Callable[[Any], object]] = {
    Part.SERVED: served_of,
    Part.SHOWN: shown_of,
    Part.SCREEN: screen_of,
    Part.ICON: icon.icon_of,
}
