"""Text that an attacker may have written, made fit to be shown to an officer.

Everything that comes from a watched page goes through `safe` before it enters a message: no control or
bidirectional characters, no piled-up accents, bounded, and with nothing left that a mail or chat client
would make clickable.
"""

import re
import unicodedata

ACCENTS = 2  # combining marks in a row that any real script needs after composition
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"  # letters that look like nothing
_FSI, _PDI = "\u2068", "\u2069"

_HTTP = re.compile(r"\bhttp(?=s?\s*:)", re.IGNORECASE)
_SCHEME = re.compile(r"(?<!hxxp)(?<!hxxps):(?=//)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_DOT = re.compile(r"(?<=[^\W_])[.。．｡](?=[^\W\d_])|(?<=[-\])])[.。．｡](?=[^\W\d_])")
_AT = re.compile(r"@(?=\w)")
_COMMAND = re.compile(r"(?<![\w/.:\])}-])/(?=[A-Za-z])")


def clean(text: str) -> str:
    """`text` on one line, composed (NFC), without control, format, private or unassigned characters and
    with at most `ACCENTS` combining marks in a row."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char in _BLANKS or category in ("Zs", "Zl", "Zp") or char in "\t\n\v\f\r\x85":
            kept.append(" ")
            marks = 0
        elif category[0] == "C":
            continue
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= ACCENTS:
                kept.append(char)
        else:
            marks = 0
            kept.append(char)
    return " ".join("".join(kept).split())


def bounded(text: str, limit: int) -> str:
    """`text`, or its beginning and an ellipsis, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def defang(text: str) -> str:
    """`text` with addresses that no client makes clickable: 'hxxps://bad[.]example', 'user[@]bad[.]example'.

    Bare host names, IPv4 addresses, mentions and chat commands are taken apart too.
    """
    text = _HTTP.sub("hxxp", text)
    text = _SCHEME.sub("[:]", text)
    text = _ADDRESS.sub(lambda found: found[0].replace(".", "[.]"), text)
    text = _DOT.sub("[.]", text)
    text = _AT.sub("[@]", text)
    return _COMMAND.sub("[/]", text)


def safe(text: object, limit: int = 160) -> str:
    """`text` cleaned, cut to `limit` characters and defanged (which may lengthen it up to threefold).

    Right-to-left writing is isolated, so that it cannot reorder the sentence around it.
    """
    shown = defang(bounded(clean(str(text)[: limit * 8]), limit))
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in shown):
        return f"{_FSI}{shown}{_PDI}"
    return shown
