"""Vietnamese and English texts: gettext catalogues read through Babel.

English is the language of the source (the message ids); `locales/<language>/defacewatch.po` holds the
others. The catalogues are compiled in memory, so nothing generated is kept in the repository.
"""

import gettext
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("vi", "en")

Translate = Callable[[str], str]


def N_(message: str) -> str:
    """Mark a text for translation where it is defined; it is translated where it is shown."""
    return message


def more(count: int, translate: Translate) -> str:
    """What stands at the end of a list that goes on, in `count` more of whatever it lists."""
    return translate(N_("and {count} more")).format(count=count)


@dataclass(frozen=True)
class Sentence:
    """A text (in English, marked with N_) and what is filled into it."""

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.facts)

    def said(self, translate: Translate) -> str:
        return translate(self.text).format(**self.facts)


@cache
def translator(language: str) -> Translate:
    """A function from English text to `language`; a text without a translation stays English.

    Raises ValueError for a language that is not in `LANGUAGES`.
    """
    if language == "en":
        return gettext.NullTranslations().gettext
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    source = resources.files("defacewatch") / "locales" / language / "defacewatch.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled).gettext


def local_time(moment: datetime, zone: str) -> str:
    """`moment` (aware) as an officer reads it, e.g. '14:05:09 02/09/2026 (GMT+7)'."""
    there = moment.astimezone(ZoneInfo(zone))
    offset = there.utcoffset()
    hours = 0.0 if offset is None else offset.total_seconds() / 3600
    return f"{there:%H:%M:%S %d/%m/%Y} (GMT{hours:+g})"
