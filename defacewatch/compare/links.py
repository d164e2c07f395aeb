"""Where a page leads: the hosts it takes scripts, frames and pictures from, sends forms and visitors to."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from defacewatch.captures import Rendering
from defacewatch.compare import code, domains, noise, scripts, text
from defacewatch.compare.dom import Attributes, Reading

ROLE_LIMIT = 300  # hosts of one role
HIDDEN_LIMIT = 200  # links that a browser tells of: where it tells of so many, there may be more
_TWIN = 3  # letters that a link must show to be one that somebody can see and click

_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*[\"']?(.*?)[\"']?\s*$", re.IGNORECASE | re.DOTALL)
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
    reading: Reading,
    own: str,
    rendering: Rendering | None,
    refused: Iterable[str],
    said: Iterable[scripts.Reading] = (),
) -> Mapping[str, frozenset[str]]:
    """Host names by role (see `Document.hosts`) of a page whose host is `own`, its own among them; `said` is
    what its scripts were read to do."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for role, url in _addresses(reading, rendering):
        host = domains.host_of(url[:2000], own)
        if host and len(found[role]) < ROLE_LIMIT:
            found[role].add(host)
    for role, host in code.hosts_in(said):
        if len(found[role]) < ROLE_LIMIT:
            found[role].add(host)
    for url in refused:
        found["refused"].add(domains.host_of(url[:2000], own) or url[:100])
    return {role: frozenset(hosts) for role, hosts in sorted(found.items()) if hosts}


def _addresses(reading: Reading, rendering: Rendering | None) -> Iterator[tuple[str, str]]:
    for link in reading.links:
        yield "link", link.href
    for tag, attributes in reading.elements:
        yield from _of_element(tag, attributes)
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
    """Hidden links to other sites, (address, text): by the markup, and as the browser computed them.

    A link that the page shows elsewhere hides nothing: menus come once for large screens and once for small.
    It must say the same there, and something: a dot that leads to the same place shows nobody the link.
    """
    marked = [(link.href, link.text) for link in reading.links if link.hidden]
    computed = [] if rendering is None else list(rendering.hidden_links)
    if not marked and not computed:
        return []
    shown = _shown(reading, marked, computed)
    return [
        (noise.squeeze(href)[:300], noise.squeeze(words)[:200])
        for href, words in dict.fromkeys([*marked, *computed])
        if _likeness(href, words) not in shown and is_offsite(href, own)
    ]


def _shown(
    reading: Reading, marked: list[tuple[str, str]], computed: list[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Links with words that are on the page more often than they are hidden."""
    every = Counter(_likeness(link.href, link.text) for link in reading.links)
    hidden = Counter(_likeness(*link) for link in marked)
    seen = Counter(_likeness(*link) for link in computed)
    if len(computed) >= HIDDEN_LIMIT:
        every = Counter({link: number for link, number in every.items() if link not in seen})
    return {
        link
        for link, number in every.items()
        if number > max(hidden[link], seen[link]) and sum(map(str.isalpha, link[1])) >= _TWIN
    }


def _likeness(href: str, words: str) -> tuple[str, str]:
    """By what two links are the same, however each was written."""
    return noise.squeeze(href).rstrip("/")[:300], "".join(text.fold(words[:200]).split())[:100]


def is_offsite(href: str, own: str) -> bool:
    """Whether an address leads to somebody else's host."""
    host = domains.host_of(href[:2000], own)
    return host is not None and domains.registrable(host) != domains.registrable(own)
