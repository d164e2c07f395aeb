"""What differs between two copies of the same page and means nothing: tokens, cache-busters, nonces.

Each function returns its text without that noise, so that two loads of an unchanged page are equal.
"""

import re
import unicodedata
from functools import lru_cache

URL_LIMIT = 2000  # characters; longer ones are data: addresses
VALUE_LIMIT = 200  # characters of an attribute's value that is remembered: pages repeat their classes
SCRIPT_LIMIT = 210_000  # characters of one script that are looked at, no fewer than are fetched of a file

_TOKEN_NAME = re.compile(
    r"__viewstate|__eventvalidation|__previouspage|__eventtarget|requestverificationtoken|csrf|xsrf"
    r"|authenticity_token|^_?token$|form_build_id|form_token|javax\.faces\.viewstate|p_auth|formdate|nonce|captcha",
    re.IGNORECASE,
)
# Parameters that are there to get past a cache or to carry a session, whatever their value.
_DROPPED_PARAMETER = re.compile(
    r"^(?:v|ver|version|_|cb|cache|nocache|cachebuster|rnd|rand|random|ts|timestamp|bust|build|rev|hash|p_auth"
    r"|browserid|phpsessid|jsessionid|sid|sessionid|token|csrf\w*|nonce|__cf_chl\w*|utm_\w+)$",
    re.IGNORECASE,
)
# … and those that are only when their value looks like a time, a version or a hash.
_DOUBTFUL_PARAMETER = re.compile(r"^(?:t|r|d|q|x|time|date|modified|c)$", re.IGNORECASE)
_STAMP = re.compile(r"^(?:[\d.]+|[0-9a-f]{6,})$", re.IGNORECASE)
_LOOKS_HASHED = re.compile(r"^(?=[a-z]*\d)[0-9a-f]{8,}$|^1[5-9]\d{8}(?:\d{3})?$", re.IGNORECASE)
# Scheme and host of an address, and the rest; one with a scheme and no host (data:, javascript:) has no path.
_AUTHORITY = re.compile(r"((?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}[^/\\?#]*)?(.*)", re.IGNORECASE | re.DOTALL)
_SCHEMED = re.compile(r"[a-z][a-z0-9+.-]*:(?!/)", re.IGNORECASE)
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.IGNORECASE)
_PATH_HASH = re.compile(r"([._-])(?=[a-f]*\d)[0-9a-f]{8,64}(?=\.[a-z0-9]{2,5}(?:$|[.?#]))", re.IGNORECASE)
_GENERATED = re.compile(r"\d{6,}|(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{16,64}(?![0-9a-z])", re.IGNORECASE)
_SCRIPT_TOKEN = re.compile(
    r"\b1\d{9}(?:\d{3})?\b|\b(?=[a-f]*\d)[0-9a-f]{16,64}\b|(?<=[\"'])(?=[^\"']*\d)[A-Za-z0-9+/_=-]{20,88}(?=[\"'])"
)
# Possessive, and what follows a back-slash never opens a literal: an open one is tried once a line.
_SCRIPT_LITERAL = re.compile(
    r"\"(?:[^\"\\\n]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+'|\\.|\d+|\s+|[\[\]{}(),:;]+", re.DOTALL
)


# Classes that say in what state an element is, or what a slider or an animation makes of it.
_STATEFUL = re.compile(
    r"^(?:active|open|show|in|hover|current|selected|focus|odd|even|first|last|lazy\w*|loaded|loading|js|no-js"
    r"|visible|not-click|(?:slick|swiper|owl|carousel|flex|bx|nivo|is|has|aos|wow|animated?)(?:[-_].*)?)$",
    re.IGNORECASE,
)
# Classes that say how an element looks and not what it is ('mb-4', 'text-sm', 'col-md-6'): every redeployment
# of a site made with such a style sheet moves them about.
_UTILITY = re.compile(
    r"^-?(?:[mp][xytrblse]?|[wh]|min|max|gap|space|text|bg|font|leading|tracking|items|justify|content|self|place"
    r"|grid|cols?|rows?|order|z|top|right|bottom|left|inset|border|rounded|shadow|opacity|overflow|object|align|d|fs"
    r"|fw|lh|float|stroke|fill|duration|ease|transition|transform|translate|rotate|scale|cursor|pointer|select"
    r"|grow|shrink|basis|divide|ring|outline|whitespace|break|line|list|from|to|via|sm|md|lg|xl|xs|small|medium"
    r"|large|offset|push|pull)-[\w.%-]*$|^(?:flex|grid|block|hidden|inline|inline-\w+|relative|absolute|fixed|sticky"
    r"|static|contents|group|truncate|italic|underline|uppercase|container|row|clearfix|border|rounded|shadow"
    r"|grow|shrink|transition|duration|antialiased|sr-only|visually-hidden|isolate|table-cell|float-\w+)$",
    re.IGNORECASE,
)
# Prefixes after which a style compiler writes a hash, and the hash that it appends to a name.
_COMPILED = re.compile(
    r"^(?:css|sc|jsx|jss|svelte|emotion|makeStyles|lst-kix|data-v|astro|v)[-_]", re.IGNORECASE
)
_COMPILED_LABEL = re.compile(r"^css-[0-9a-z]{4,12}-([A-Za-z].*)$")
_COMPILED_TAIL = re.compile(r"(?:__|--|_|-)(?=[a-zA-Z_-]{0,7}[0-9A-Z])[A-Za-z0-9_-]{5,8}$")
_MIXED = re.compile(r"^(?=[a-zA-Z]*\d)(?=.*[A-Z])[A-Za-z0-9_-]{5,12}$|^c\d+$")
_GENERATED_ID = re.compile(
    r"^:r\w*:$|^[a-z]{0,4}[-_]?[0-9a-f]{8,}$|^ember|^yui|^ext-gen|^react-", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")


@lru_cache(maxsize=16384)
def class_stem(word: str) -> str:
    """What a class says of an element's part in the page: without numbers and hashes, '' where it says only
    how the element looks, in what state it is, or nothing because a compiler made it up."""
    if ":" in word or "[" in word or "/" in word or _STATEFUL.match(word) or _UTILITY.match(word):
        return ""
    if found := _COMPILED_LABEL.match(word):
        return found.group(1)
    if _COMPILED.match(word) or _MIXED.match(word):
        return ""
    return _NUMBER.sub("", _COMPILED_TAIL.sub("", word))


def is_generated_id(identifier: str) -> bool:
    """Whether an id was made up by a framework for this one load of the page."""
    return _GENERATED_ID.match(identifier) is not None


def squeeze(text: str) -> str:
    """`text` in NFC with every run of white space made one space, none at the ends.

    NULs and lone surrogates go too: they can be neither stored nor sent.
    """
    text = " ".join(text.replace("\0", "").split())
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))


def is_token_name(name: str) -> bool:
    """Whether a form field or meta tag of this name carries a value made anew for every visitor."""
    return _TOKEN_NAME.search(name) is not None


def normal_url(url: str) -> str:
    """`url` without cache-busters, session ids and hashes in file names; data: addresses stay as they are."""
    return _normal_url(url) if len(url) <= URL_LIMIT else url


@lru_cache(maxsize=8192)
def _normal_url(url: str) -> str:
    """What stands before the path stays: a host must not hide in what is dropped."""
    found = _AUTHORITY.match(url.strip())
    assert found is not None
    front, url = found.group(1) or "", found.group(2)
    if not front and _SCHEMED.match(url):
        return url
    url = _PATH_SESSION.sub("", url)
    path, question, query = url.partition("?")
    path = front + _PATH_HASH.sub(r"\1", path)
    if not question:
        return path
    query, mark, fragment = query.partition("#")
    kept = [part for part in query.split("&") if part and not _is_buster(part)]
    return path + ("?" + "&".join(kept) if kept else "") + mark + fragment


def _is_buster(parameter: str) -> bool:
    name, equals, value = parameter.partition("=")
    if not equals:
        return _LOOKS_HASHED.match(name) is not None or (name.isdigit() and len(name) > 5)
    if _DROPPED_PARAMETER.match(name) or _LOOKS_HASHED.match(value):
        return True
    return _DOUBTFUL_PARAMETER.match(name) is not None and _STAMP.match(value) is not None


def normal_value(value: str) -> str:
    """An attribute's value without generated numbers (ids of a framework, hashes)."""
    return _remembered(value) if len(value) <= VALUE_LIMIT else _without_generated(value)


def _without_generated(value: str) -> str:
    return _GENERATED.sub("0", squeeze(value))


_remembered = lru_cache(maxsize=8192)(_without_generated)


def normal_script(text: str) -> str:
    """An inline script or style without white space, time stamps and short tokens.

    Longer strings stay: a payload must not hide as a token.
    """
    return _SCRIPT_TOKEN.sub("0", squeeze(text))


def skeleton(text: str) -> str:
    """The code of a script without its data: no literals, numbers, white space or brackets.

    Two copies of a script that differ only in the values they carry have the same skeleton.
    """
    return _SCRIPT_LITERAL.sub("", text[:SCRIPT_LIMIT])
