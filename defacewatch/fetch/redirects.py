"""Where a redirect points, read as a browser reads it."""

from urllib.parse import urldefrag, urljoin

from yarl import URL

from defacewatch.fetch.remembering import remembered

STATUSES = frozenset((301, 302, 303, 307, 308))
_STRIPPED = dict.fromkeys(map(ord, "\t\n\r"))


def target(base: str, location: str) -> str:
    """The absolute URL that `location` names on the page `base`, without its fragment.

    The result may have any scheme: the caller still has to ask the guard. Raises ValueError.
    """
    # The header's bytes, read as UTF-8 where they are: aiohttp keeps the others as surrogates.
    text = location.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = text.strip("".join(map(chr, range(0x21)))).translate(_STRIPPED)
    cut = min((place for mark in "?#" if (place := text.find(mark)) >= 0), default=len(text))
    # In http(s) URLs a backslash is a slash: '/\\host' leaves the site as '//host' does.
    text = text[:cut].replace("\\", "/") + text[cut:]
    return urldefrag(urljoin(base, text)).url


@remembered
def requestable(url: str) -> URL:
    """`url` as aiohttp is to ask for it: quoted once, no user name. Raises ValueError."""
    parsed = URL(url)
    if parsed.host is None:
        raise ValueError("no host")
    return parsed.with_user(None).with_fragment(None)
