"""What a page is made of besides its document: style sheets, scripts, pictures, frames; pure rules.

A look with the browser tells it. From then on it can be asked, at the cost of conditional requests, whether
any of it has changed, and the browser need only look again when something has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urldefrag

from defacewatch.captures import Material, Probe, Resource

KINDS = frozenset(("document", "stylesheet", "script", "image", "font"))  # frames are documents
MOST = 120  # of one page
URL = 2000  # characters; a longer address is a message and not a thing
HASHES = 4  # bodies that one thing is known to have had: servers in a row may differ
RESTLESS = 3  # times in a row that something was another, and harmless: then its changes say nothing
RESTLESS_MOST = 6


def made_of(
    resources: Iterable[Resource], *, page_urls: Iterable[str], previous: Sequence[Material] = ()
) -> tuple[Material, ...]:
    """What a page is made of as the browser has just loaded it, in that order.

    `page_urls` are those of the page's own document, which is probed anyway; `previous` is what was known:
    a thing that has changed since, on a page that looks as approved, is the more restless for it, and one
    that has not the less.
    """
    own = {urldefrag(url).url for url in page_urls}
    known = {material.url: material for material in previous}
    found: dict[str, Material] = {}
    for resource in resources:
        url = urldefrag(resource.url).url
        if resource.kind not in KINDS or resource.status != 200 or url in own or url in found:
            continue
        askable = resource.etag or resource.last_modified or resource.body_hash
        if not askable or len(url) > URL or not url.startswith(("http://", "https://")):
            continue
        hashes = (resource.body_hash,) if resource.body_hash else ()
        fresh = Material(url, resource.kind, resource.etag, resource.last_modified, hashes)
        found[url] = _since(known.get(url), fresh)
        if len(found) >= MOST:
            break
    return tuple(found.values())


def _since(before: Material | None, now: Material) -> Material:
    if before is None:
        return now
    same_validators = (before.etag, before.last_modified) == (now.etag, now.last_modified)
    if now.hashes:
        same = now.hashes[0] in before.hashes
    else:
        same = same_validators
    restless = max(0, before.restless - 1) if same else min(RESTLESS_MOST, before.restless + 1)
    hashes = tuple(dict.fromkeys((*now.hashes, *before.hashes)))[:HASHES]
    return replace(now, hashes=hashes, restless=restless)


def is_worth_asking(material: Material) -> bool:
    """Whether a change of it says anything: what is another each time is left to the round of captures."""
    return material.restless < RESTLESS


def with_body(material: Material, body_hash: str) -> Material:
    """`material`, known to have had a body as well."""
    return replace(material, hashes=tuple(dict.fromkeys((body_hash, *material.hashes)))[:HASHES])


def has_changed(material: Material, probe: Probe) -> bool:
    """Whether an answer says that a thing is another than it was. No answer says nothing; that it is gone
    says that it is another."""
    if probe.status in (404, 410):
        return True
    if probe.failure is not None or probe.not_modified or probe.status != 200:
        return False
    if probe.body_hash is not None and probe.body_hash in material.hashes:
        return False
    fresh = probe.validators
    if material.etag is not None and fresh.etag is not None:
        return _strong(material.etag) != _strong(fresh.etag)
    if material.last_modified is not None and fresh.last_modified is not None and not material.hashes:
        return material.last_modified != fresh.last_modified
    # what can no longer be asked for as it was is another, as far as anybody can tell
    return probe.body_hash is not None and not probe.truncated


def _strong(etag: str) -> str:
    """An ETag without the mark of a weak one, and without what servers add when they compress."""
    return etag.removeprefix("W/").replace("-gzip", "").replace(";gzip", "")
