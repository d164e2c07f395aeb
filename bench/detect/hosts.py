"""The address that a stored page had, so that its absolute links to itself are its own.

In this order: the address that the corpus gives for the site; the `<base>` of its first versions; the host
that a mirror names in its comment; the most frequent host among canonical, og:url and absolute links; at
last '<site>.example'.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from defacewatch.compare import domains

_GIVEN = re.compile(r"https?://[^\s;<>\"']{4,300}")
_BASE = re.compile(rb"<base\s{1,9}h?ref=[\"']?(https?://[^\s\"'>]{4,500})", re.IGNORECASE)
_MIRROR = re.compile(rb"<!-- Mirrored from ([^\s<>]{4,300}) by HTTrack")
_CANONICAL = re.compile(
    rb"(?:rel=[\"']?canonical[\"']?[^<>]{0,200}href=|og:url[\"'][^<>]{0,200}content=)[\"']?(https?://[^\s\"'>]{4,500})",
    re.IGNORECASE,
)
_LINK = re.compile(rb"<a\s[^<>]{0,300}?href=[\"']?(https?://[^\s\"'>/:]{4,200})", re.IGNORECASE)


@cache
def _sources(corpus: Path) -> dict[str, str]:
    with (corpus / "sources.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = ((row["path"], _GIVEN.search(row.get("note") or "")) for row in rows)
    return {path: match[0] for path, match in found if match}


def address_of(corpus: Path, name: str, page: str, bodies: Iterable[bytes]) -> str:
    """The http address of the stored page `page` (its path in the site's folder) of the site `name`."""
    host = host_of(_sources(corpus).get(f"sites/{name}", ""), name, bodies)
    # Assets lie where the page asks for them: a page in a folder keeps its path, another is the front page.
    path = f"/{quote(page)}" if "/" in page else "/"
    return f"http://{host}{path}"


def host_of(given: str, name: str, bodies: Iterable[bytes]) -> str:
    """The host of a site, by the rules of this module; `given` is an address that is known of it, or ''."""
    if host := _host(given):
        return host
    first = list(bodies)
    for pattern in (_BASE, _MIRROR):
        for body in first:
            if found := pattern.search(body):
                text = found[1].decode("ascii", "replace")
                if host := _host(text if "://" in text else f"http://{text}"):
                    return host
    counted: Counter[str] = Counter()
    for body in first:
        counted.update({_host(found.decode("ascii", "replace")): 50 for found in _CANONICAL.findall(body)})
        counted.update(_host(found.decode("ascii", "replace")) for found in _LINK.findall(body))
    counted = Counter({host: n for host, n in counted.items() if host and not domains.is_wellknown(host)})
    return counted.most_common(1)[0][0] if counted else f"{name.replace('_', '-')}.example"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
