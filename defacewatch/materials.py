"""What a page is made of besides its document: style sheets, scripts, pictures, frames; pure rules.

A look with the browser tells it. From then on it can be asked, at the cost of conditional requests, whether
any of it has changed, and the browser need only look again when something has. What an asker is given is
reason enough to look, and never known for it alone: of two servers in a row one may be somebody else's by
now, and the browser may have been given the other one's copy.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urldefrag

from defacewatch.captures import Material, Probe, Resource

KINDS = frozenset(("document", "stylesheet", "script", "image", "font"))  # frames are documents
MOST = 120  # of one page
HIDDEN = 30  # of them places for pictures that were not loaded
URL = 2000  # characters; a longer address is a message and not a thing
HASHES = 4  # bodies that one thing is known to have had: servers in a row may differ
UNHASHED = ""  # first of the hashes: nobody has hashed the body that the validators are of, only earlier ones
RESTLESS = 3  # times in a row that something was another, and harmless: then its changes say nothing
RESTLESS_MOST = 6
SHOT = 300  # characters of the address that a shot keeps
FALSE_CALL = 2  # times that a call for the browser counts which found its own copy as it was
_GONE = frozenset((404, 410))
_NO_BODY = hashlib.sha256().hexdigest()


def made_of(
    resources: Sequence[Resource],
    *,
    page_urls: Iterable[str],
    previous: Sequence[Material] = (),
    called: Sequence[Material] = (),
    unseen: Collection[str] = (),
) -> tuple[Material, ...]:
    """What a page is made of as the browser has just loaded it, in that order.

    `page_urls` are those of the page's own document, which is probed anyway; `previous` is what was known:
    a thing that has changed since, on a page that looks as approved, is the more restless for it, and one
    that has not the less. `called` are the things that the browser was sent for, as they were `given`. Of
    `unseen` pictures (by their addresses, cut to `SHOT` characters) nobody knows what they look like now:
    what was known of them stays, so that they call again, some times and then once a round; those that are
    gone, no more. They take `HIDDEN` places from things that were loaded, at most.
    """
    own = {urldefrag(url).url for url in page_urls}
    known = {material.url: material for material in previous}
    given_to_us = {material.url: material for material in called}
    # Only the round's own captures take restlessness back: things that call in turn, each falsely, would
    # otherwise calm one another for ever.
    rest = 0 if called else 1
    loaded = [resource for resource in resources if _can_be_asked(resource, own)]
    addresses = {urldefrag(resource.url).url for resource in loaded}
    hidden = _hidden(
        _not_loaded(material, given_to_us.get(material.url), rest)
        for material in previous
        if material.kind == "image" and material.url[:SHOT] in unseen and material.url not in addresses
    )
    gone = [material for material in hidden if material.restless >= RESTLESS_MOST]
    resting = [material for material in hidden if RESTLESS <= material.restless < RESTLESS_MOST]
    asked = sorted(filter(is_worth_asking, hidden), key=lambda material: -material.restless)
    # What is known to be another may not be forgotten, nor push out all the others.
    kept = (*resting[: HIDDEN // 2], *asked, *resting[HIDDEN // 2 :])
    places = min(len(kept), HIDDEN)
    found: dict[str, Material] = {}
    for resource in loaded:
        url = urldefrag(resource.url).url
        if url in found:
            continue
        hashes = (resource.body_hash,) if resource.body_hash else ()
        fresh = Material(url, resource.kind, resource.etag, resource.last_modified, hashes)
        behind = resource.kind == "image" and url[:SHOT] in unseen
        found[url] = _since(known.get(url), fresh, given_to_us.get(url), rest, hidden=behind)
        if len(found) + places >= MOST:
            break
    return (*found.values(), *kept, *gone)[:MOST]


def _hidden(materials: Iterable[Material]) -> list[Material]:
    """Pictures that were not loaded, the latest first: of those that shots cannot tell apart the first one.
    Its address may have another signature than that of one that has called in vain, which it does not calm.
    """
    found: dict[str, Material] = {}
    for material in materials:
        latest = found.setdefault(material.url[:SHOT], material)
        if latest.restless < material.restless:
            restless = max(latest.restless, min(RESTLESS, material.restless))
            found[material.url[:SHOT]] = replace(latest, restless=restless)
    return list(found.values())


def _can_be_asked(resource: Resource, own: Collection[str]) -> bool:
    """Whether a thing that was loaded can be asked for, and be told from another one."""
    url = urldefrag(resource.url).url
    if resource.kind not in KINDS or resource.status != 200 or url in own:
        return False
    marks = resource.etag or resource.last_modified or resource.body_hash
    return bool(marks) and len(url) <= URL and url.startswith(("http://", "https://"))


def _not_loaded(material: Material, called: Material | None, rest: int) -> Material:
    """A picture that comes with another slide, or could not be told from another just now. One that is
    another by what we were given calls some times, and then once a round; one that is gone calls some times,
    and then no more before it is loaded again."""
    restless = material.restless
    if called is None:
        return material if restless >= RESTLESS_MOST else replace(material, restless=max(0, restless - rest))
    if called.hashes:
        return replace(material, restless=max(restless, min(RESTLESS, restless + 1)))
    return replace(material, restless=restless + 1 if restless + 1 < RESTLESS else RESTLESS_MOST)


def _since(
    before: Material | None, now: Material, called: Material | None, rest: int, *, hidden: bool
) -> Material:
    """`now`, with what is remembered of `before`; `before`, where it is another and `hidden`."""
    if before is None:
        return now
    hashes = now.hashes or _hashes_of_both(before, now, called)
    same_validators = (before.etag, before.last_modified) == (now.etag, now.last_modified)
    same = hashes[0] in before.hashes if hashes and _is_hashed(before) else same_validators
    if hidden and not same:
        again = before.restless - rest if called is None else before.restless + 1
        return replace(before, restless=min(RESTLESS_MOST, max(0, again)))
    if not same:
        restless = before.restless + 1
    elif called is not None and not (hashes and hashes[0] in called.hashes):
        restless = before.restless + FALSE_CALL  # only who asks is given another one, or another each time
    else:
        restless = max(0, before.restless - rest)
    return replace(
        now,
        hashes=_remembered(hashes, before, same_validators=same_validators),
        restless=min(RESTLESS_MOST, restless),
    )


def _hashes_of_both(before: Material, now: Material, called: Material | None) -> tuple[str, ...]:
    """The hash of the body that was asked for, where the browser's copy is the same one by its ETag. An ETag
    that has stood for another body before tells nothing."""
    if called is None or called.etag is None or now.etag is None or not _same_tag(called.etag, now.etag):
        return ()
    if before.etag is not None and _same_tag(before.etag, now.etag) and _is_hashed(before):
        return ()
    return called.hashes if _is_hashed(called) else ()


def _remembered(hashes: tuple[str, ...], before: Material, *, same_validators: bool) -> tuple[str, ...]:
    """Bodies known from now on: `hashes` are those of the copy that the browser has just been given."""
    if not hashes and same_validators:
        return before.hashes
    earlier = (known for known in before.hashes if known != UNHASHED)
    together = tuple(dict.fromkeys((*hashes, *earlier)))[:HASHES]
    return together if hashes or not together else (UNHASHED, *together)


def same_pictures(before: Iterable[Resource], after: Iterable[Resource]) -> frozenset[str]:
    """The addresses of pictures that were loaded both times, and whose hashes and validators are the same.
    One that was given in two ways in one look is another each time; with an error or by a detour, too, since
    browsers show what comes so."""
    one, other = _marks(before), _marks(after)
    return frozenset(url for url, marks in one.items() if marks is not None and other.get(url) == marks)


def _marks(resources: Iterable[Resource]) -> dict[str, tuple[str | None, ...] | None]:
    """By address, what tells a picture from another one; None where nothing does."""
    found: dict[str, tuple[str | None, ...] | None] = {}
    for resource in resources:
        if resource.kind != "image" or resource.status in (None, 304):  # nothing came; or what had come
            continue
        etag = None if resource.etag is None else _strong(resource.etag)
        marks = (resource.body_hash, etag, resource.last_modified)
        url = urldefrag(resource.url).url
        same = resource.status == 200 and any(marks) and found.get(url, marks) == marks
        found[url] = marks if same else None
    return found


def is_worth_asking(material: Material) -> bool:
    """Whether a change of it says anything: what is another each time is left to the round of captures."""
    return material.restless < RESTLESS


def body_hash_of(material: Material) -> str | None:
    """The hash of the body that its validators are of, where somebody has hashed that."""
    return material.hashes[0] if _is_hashed(material) else None


def given(material: Material, probe: Probe) -> Material:
    """`material` as an answer gave it: what to compare the browser's copy with. Only a whole body that came
    as the browser would have to take it has a hash; of another one, or an error, it is said that nobody knows
    it, and what is gone has none."""
    whole = probe.status == 200 and not probe.truncated
    nothing_known = () if probe.status in _GONE else (UNHASHED,)
    hashes = (probe.body_hash,) if whole and probe.body_hash is not None else nothing_known
    fresh = probe.validators
    return replace(material, etag=fresh.etag, last_modified=fresh.last_modified, hashes=hashes)


def has_changed(material: Material, probe: Probe) -> bool:
    """Whether an answer says that a thing is another than it was. No answer says nothing; that it is gone
    says that it is another, and so does an error with a body: browsers show pictures and apply style sheets
    whatever their status."""
    if probe.status in _GONE:
        return True
    if probe.failure is not None or probe.not_modified or probe.status is None:
        return False
    if not 200 <= probe.status < 300:
        return probe.body_hash not in (None, _NO_BODY)
    if not probe.truncated and probe.body_hash in material.hashes:
        return False
    if _is_hashed(material):
        return True  # whatever it is marked as: who can change a file can keep its ETag
    etag, last_modified = _validators(probe)
    if material.etag is not None and etag is not None:
        return not _same_tag(material.etag, etag)
    if material.last_modified is not None and last_modified is not None:
        return material.last_modified != last_modified
    # what can no longer be asked for as it was is another, as far as anybody can tell
    return True


def _is_hashed(material: Material) -> bool:
    return bool(material.hashes) and material.hashes[0] != UNHASHED


def _validators(probe: Probe) -> tuple[str | None, str | None]:
    """ETag and Last-Modified of an answer. Those of a body that was cut are not to be asked with, so a probe
    leaves them out; they tell a change all the same."""
    if not probe.truncated or probe.hops:
        return probe.validators.etag, probe.validators.last_modified
    return probe.headers.get("etag"), probe.headers.get("last-modified")


def _same_tag(one: str, other: str) -> bool:
    return _strong(one) == _strong(other)


def _strong(etag: str) -> str:
    """An ETag without the mark of a weak one, and without what servers add when they compress."""
    return etag.removeprefix("W/").replace("-gzip", "").replace(";gzip", "")
