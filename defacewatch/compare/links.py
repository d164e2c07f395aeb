"""Where a page leads: the hosts it takes scripts, frames and pictures from, sends forms and visitors to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from defacewatch.captures import Rendering
from defacewatch.compare import domains, noise
from defacewatch.compare.dom import Attributes, Reading

ROLE_LIMIT = 300  # hosts of one role

_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*[\"']?(.*?)[\"']?\s*$", re.IGNORECASE | re.DOTALL)
_JUMP = re.compile(
    r"(?:location(?:\.href)?\s*=\s*|location\.(?:replace|assign)\s*\(\s*)[\"'`]((?:https?:)?//[^\"'`]{1,300})",
    re.IGNORECASE,
)
# Chromium's names of what it loaded, as far as they matter here.
_RESOURCE_ROLES = {"script": "script", "stylesheet": "style", "image": "image", "media": "media"}
_TARGETS = {"form": "action", "input": "formaction", "button": "formaction"}
_SOURCES = {
    "script": "script",
    "iframe": "frame",
    "frame": "frame",
    "embed": "frame",
    "img": "image",
    "image": "image",
    "source": "media",
    "video": "media",
    "audio": "media",
}


def hosts_of(
    reading: Reading, own: str, rendering: Rendering | None, refused: Iterable[str]
) -> Mapping[str, frozenset[str]]:
    """Host names by role (see `Document.hosts`) of a page whose host is `own`, its own among them."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for role, url in _addresses(reading, rendering):
        host = domains.host_of(url[:2000], own)
        if host and len(found[role]) < ROLE_LIMIT:
            found[role].add(host)
    for url in refused:
        found["refused"].add(domains.host_of(url[:2000], own) or url[:100])
    return {role: frozenset(hosts) for role, hosts in sorted(found.items()) if hosts}


def _addresses(reading: Reading, rendering: Rendering | None) -> Iterator[tuple[str, str]]:
    for link in reading.links:
        yield "link", link.href
    for tag, attributes in reading.elements:
        yield from _of_element(tag, attributes)
    for script in reading.scripts:
        for found in _JUMP.finditer(script[: noise.SCRIPT_LIMIT]):
            yield "jump", found.group(1)
    if rendering is not None:
        for resource in rendering.resources:
            if resource.kind in _RESOURCE_ROLES:
                yield _RESOURCE_ROLES[resource.kind], resource.url
        for url in rendering.frames:
            yield "frame", url
        for url in rendering.popups:
            yield "popup", url


def _of_element(tag: str, attributes: Attributes) -> Iterator[tuple[str, str]]:
    role = _SOURCES.get(tag)
    if role and (source := attributes.get("src")):
        yield role, source
    elif tag == "object" and (data := attributes.get("data")):
        yield "frame", data
    elif (key := _TARGETS.get(tag)) and (target := attributes.get(key)):
        yield "form", target
    elif tag == "link" and "stylesheet" in (attributes.get("rel") or "").lower():
        yield "style", attributes.get("href") or ""
    elif tag == "base" and (base := attributes.get("href")):
        yield "script", base  # it moves every relative address, scripts among them
    elif tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
        found = _REFRESH.match((attributes.get("content") or "")[:2000])
        if found and found.group(1):
            yield "refresh", found.group(1)


def hidden_links(reading: Reading, own: str, rendering: Rendering | None) -> list[tuple[str, str]]:
    """Hidden links to other sites, (address, text): by the markup, and as the browser computed them."""
    every = [(link.href, link.text) for link in reading.links if link.hidden]
    if rendering is not None:
        every += rendering.hidden_links
    return [
        (noise.squeeze(href)[:300], noise.squeeze(text)[:200])
        for href, text in dict.fromkeys(every)
        if is_offsite(href, own)
    ]


def is_offsite(href: str, own: str) -> bool:
    """Whether an address leads to somebody else's host."""
    host = domains.host_of(href[:2000], own)
    return host is not None and domains.registrable(host) != domains.registrable(own)
