"""Turns pages into the text that other monitors compare. Runs in their environment, not in ours.

One JSON line in, {"html": …, "url": …}; one out, {peer: hash of its text}.
"""

import hashlib
import json
import sys
from collections.abc import Callable

import html2text  # type: ignore[import-not-found,unused-ignore]
from changedetectionio import html_tools  # type: ignore[import-not-found,unused-ignore]
from changedetectionio.processors.text_json_diff.processor import (  # type: ignore[import-not-found,unused-ignore]
    ChecksumCalculator,
)
from urlwatch import html2txt as urlwatch  # type: ignore[import-not-found,unused-ignore]


def changedetection(html: str, url: str) -> str:
    """changedetection.io with its defaults: its text of the page, and its own checksum of that."""
    return str(ChecksumCalculator.calculate(html_tools.html_to_text(html), ignore_whitespace=False))


def webchanges(html: str, url: str) -> str:
    """webchanges' html2text filter with the settings that it makes its default."""
    parser = html2text.HTML2Text(baseurl=url)
    parser.unicode_snob = True
    parser.body_width = 0
    parser.ignore_images = True
    parser.single_line_break = True
    parser.wrap_links = False
    return _hash("\n".join(line.rstrip() for line in parser.handle(html).splitlines()))


def urlwatch_text(html: str, url: str) -> str:
    """urlwatch's html2text filter with its default method, which strips tags."""
    return _hash(urlwatch.html2text(html, baseurl=url, method="re", options={}))


PEERS: dict[str, Callable[[str, str], str]] = {
    "changedetection.io": changedetection,
    "webchanges": webchanges,
    "urlwatch": urlwatch_text,
}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _safely(peer: Callable[[str, str], str], html: str, url: str) -> str:
    """The peer's hash; a page that it cannot read is one text of its own, as its users see an error."""
    try:
        return peer(html, url)
    except Exception as error:  # whatever breaks in somebody else's program
        return f"error: {type(error).__name__}"


def main() -> None:
    for line in sys.stdin:
        page = json.loads(line)
        said = {name: _safely(peer, page["html"], page["url"]) for name, peer in PEERS.items()}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
