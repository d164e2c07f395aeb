"""Why our guard would not go somewhere. A reason is kept in English, as it is logged and sent as JSON, and is
read again for whoever reads it in another language."""

import re
from collections.abc import Mapping
from functools import cache

from defacewatch.language import N_, Translate

NOT_A_URL = N_("not a URL")
NO_SCHEME = N_("scheme missing")
SCHEME = N_("scheme {scheme}")
NO_HOST = N_("no host")
NOT_A_HOST = N_("not a host: {host}")
NOT_AN_ADDRESS = N_("not an address: {address}")
PORT = N_("port {port}")
OURS = N_("our own listener {address} port {port}")

# By what an address is reserved for.
RESERVED: Mapping[str, str] = {
    "benchmarking": N_("benchmarking address {address}"),
    "documentation": N_("documentation address {address}"),
    "link-local": N_("link-local address {address}"),
    "loopback": N_("loopback address {address}"),
    "metadata": N_("metadata address {address}"),
    "multicast": N_("multicast address {address}"),
    "private": N_("private address {address}"),
    "reserved": N_("reserved address {address}"),
    "shared (CGNAT)": N_("shared (CGNAT) address {address}"),
    "unspecified": N_("unspecified address {address}"),
}

# A look that ended there says where, and its signal that it was refused.
THERE = N_("refused to go to {url}: {reason}")
REFUSED = N_("refused: {reason}")

_AROUND = (REFUSED, THERE)
_WHY = (NOT_A_URL, NO_SCHEME, NO_HOST, OURS, *RESERVED.values(), PORT, SCHEME, NOT_A_HOST, NOT_AN_ADDRESS)
_FIELD = re.compile(r"\\\{(\w+)\\\}")


def said(reason: str, translate: Translate) -> str:
    """`reason` in the language of `translate`; what is no reason of ours stays as it is, and so does what the
    page put into it."""
    return _said(reason, translate, _AROUND)


def _said(reason: str, translate: Translate, around: tuple[str, ...]) -> str:
    for place, text in enumerate(around):
        if found := _form(text).fullmatch(reason):
            inner = _said(found["reason"], translate, around[place + 1 :])
            return translate(text).format(**{**found.groupdict(), "reason": inner})
    for text in _WHY:
        if found := _form(text).fullmatch(reason):
            return translate(text).format(**found.groupdict())
    return reason


@cache
def _form(text: str) -> re.Pattern[str]:
    return re.compile(_FIELD.sub(r"(?P<\1>.+?)", re.escape(text)), re.DOTALL)
