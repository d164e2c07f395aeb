"""Headers: those that a probe sends, and as much as it keeps of those that came."""

from multidict import CIMultiDictProxy

from defacewatch.fetch.body import ACCEPT_ENCODING

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
REQUEST = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "vi-VN,vi;q=0.9,en-US;q=0.6,en;q=0.5",
    "Accept-Encoding": ACCEPT_ENCODING,
    "Upgrade-Insecure-Requests": "1",
}
_HEADERS = 64  # response headers that are kept
_VALUE = 1000  # characters of each
_VALIDATOR = 500  # characters; longer ones are not sent back
_TEXT = ("text/", "application/xhtml+xml", "application/xml", "application/json", "application/javascript")


def clean(value: str) -> str:
    """A header's value as proper text: bytes that are not UTF-8 become U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def kept(received: CIMultiDictProxy[str]) -> dict[str, str]:
    """The headers with lower-case names, repeated ones joined, bounded; cookies are left out."""
    found: dict[str, str] = {}
    for name, value in received.items():
        key = clean(name).lower()[:100]
        if key == "set-cookie" or (key not in found and len(found) >= _HEADERS):
            continue
        joined = f"{found[key]}, {clean(value)}" if key in found else clean(value)
        found[key] = joined[:_VALUE]
    return found


def sendable(value: str | None) -> str | None:
    """A validator as it can be sent back, or None when it is too long or not plain text."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= _VALIDATOR else None


def is_text(content_type: str | None, body: bytes) -> bool:
    """Whether a browser would show this as text; without a usable type, whether it holds no NUL."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if "/" not in kind:
        return b"\0" not in body[:512]
    return kind.startswith(_TEXT) or kind.endswith(("+xml", "+json"))
